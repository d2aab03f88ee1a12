"""Deletes one orphan that a person named, with everything that only it holds. Its owner is read again first."""

import asyncio
from dataclasses import dataclass
from random import Random
from typing import assert_never

from prometheus_client import CollectorRegistry

from lattice_gateway.core.lattice.keys import NetworkKey, ServiceKey, UnitKey
from lattice_gateway.core.lattice.operations import (
    DeleteTargetGroup,
    DeleteVpcAssociation,
    DeregisterTargets,
    Known,
)
from lattice_gateway.core.lattice.outcome import Failed, Outcome, Refusal
from lattice_gateway.core.lattice.units import Absent, RouteOwner
from lattice_gateway.core.lattice.words import TARGETS_PER_CALL, SourceType, Tag, Tags, TargetStatus
from lattice_gateway.core.plan.ownership import is_ours
from lattice_gateway.core.plan.sweep import Orphan, OrphanKind
from lattice_gateway.core.translate.naming import ROUTE_TYPES
from lattice_gateway.engine.calls import Calls
from lattice_gateway.engine.feed import Recorded, UnitRecord
from lattice_gateway.engine.gate import Urgency
from lattice_gateway.engine.metrics import Metrics
from lattice_gateway.engine.ports import Clock, Lattice
from lattice_gateway.engine.reads import GetTargetGroup, ListTags, ListTargets, ListVpcAssociations
from lattice_gateway.engine.units import Units, said
from lattice_gateway.settings import Settings

LOOK = 1.0
"""Seconds between two looks at something that Lattice takes away by itself."""
PATIENCE = 600.0
"""Seconds after which a removal is given up; what was begun goes on in Lattice."""


class NotRemoved(Exception):  # noqa: N818 - reads as what is the case
    """The orphan is still there; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What a removal works with."""

    settings: Settings
    lattice: Lattice
    clock: Clock
    random: Random

    async def remove(self, orphan: Orphan) -> None:
        """Deletes it and returns when it is gone; raises ``NotRemoved`` or ``LatticeFailure``."""
        calls = Calls(self.lattice, self.clock, self.random, Metrics(CollectorRegistry()))
        tags = await calls.read(ListTags(orphan.arn))
        if not is_ours(tags, self.settings.owner):
            raise NotRemoved(f"{orphan.kind}/{orphan.name} is not ours any more: its tag {Tag.MANAGED_BY} changed")
        try:
            async with asyncio.timeout(PATIENCE):
                await self._remove(orphan, tags, calls)
        except TimeoutError:
            raise NotRemoved(f"{orphan.kind}/{orphan.name} was still there after {PATIENCE:g} s") from None

    async def _remove(self, orphan: Orphan, tags: Tags, calls: Calls) -> None:
        match orphan.kind:
            case OrphanKind.SERVICE:
                key = ServiceKey(orphan.name)
                await self._unit(calls, Absent(key, owner=_route(tags, orphan), arn=orphan.arn))
            case OrphanKind.NETWORK:
                await self._unit(calls, Absent(NetworkKey(orphan.name), arn=orphan.arn))
            case OrphanKind.VPC_ASSOCIATION:
                await self._vpc_association(calls, orphan)
            case OrphanKind.GROUP:
                await self._group(calls, Known(orphan.id, orphan.arn))
            case _:
                assert_never(orphan.kind)

    async def _unit(self, calls: Calls, absent: Absent) -> None:
        """Lets a unit of its own take the thing away, as the controller would."""
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def told(_: UnitKey, outcome: Outcome | None) -> None:
            if ended.done():
                return
            if outcome is None:
                ended.set_result(None)
            elif isinstance(outcome.result, Refusal | Failed):
                ended.set_exception(NotRemoved(f"{absent.key}: {said(outcome.result)}"))

        units = Units(
            settings=self.settings,
            calls=calls,
            state=_NoRecords(),
            clock=self.clock,
            random=self.random,
            process="sweep",
            metrics=Metrics(CollectorRegistry()),
            told=told,
        )
        await units.read_account()
        units.want(absent)
        working = asyncio.ensure_future(units.run())
        try:
            await asyncio.wait((working, ended), return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                await ended
        finally:
            working.cancel()
            await asyncio.wait((working,))

    async def _vpc_association(self, calls: Calls, orphan: Orphan) -> None:
        await calls.perform(DeleteVpcAssociation(Known(orphan.id, orphan.arn)), "", Urgency.CHANGE)
        vpc = self.settings.owner.vpc
        while orphan.id in {
            one.id for one in await calls.pages(lambda after: ListVpcAssociations(vpc, after), Urgency.CHANGE)
        }:
            await self.clock.sleep(LOOK)

    async def _group(self, calls: Calls, group: Known) -> None:
        """Empties the group, waits until it is drained, deletes it; one that a service uses is not touched."""
        users = (await calls.read(GetTargetGroup(group.id))).service_arns
        if users:
            raise NotRemoved(f"it is in use by {', '.join(sorted(users))}")
        while targets := await calls.pages(lambda after: ListTargets(group.id, after), Urgency.CHANGE):
            registered = tuple(one.target for one in targets if one.status is not TargetStatus.DRAINING)
            for start in range(0, len(registered), TARGETS_PER_CALL):
                chunk = registered[start : start + TARGETS_PER_CALL]
                await calls.perform(DeregisterTargets(group, chunk), "", Urgency.CHANGE)
            await self.clock.sleep(LOOK)
        await calls.perform(DeleteTargetGroup(group), "", Urgency.CHANGE)


class _NoRecords:
    """A state store that remembers nothing: a removal creates nothing."""

    recorded = Recorded()

    def remember_unit(self, record: UnitRecord) -> None:
        raise RuntimeError(f"a removal began to create {record.key}")

    def forget_unit(self, key: UnitKey) -> None:
        pass

    def remember_accepted(self, thing: object) -> None:
        pass

    def forget_accepted(self, ref: object) -> None:
        pass


def _route(tags: Tags, orphan: Orphan) -> RouteOwner:
    """The route that the tags of a service name; raises ``NotRemoved`` where they name none."""
    kinds: dict[str, SourceType] = {word: source for source, word in ROUTE_TYPES.items()}
    name, namespace = tags.get(Tag.ROUTE_NAME), tags.get(Tag.ROUTE_NAMESPACE)
    source = kinds.get(tags.get(Tag.ROUTE_TYPE, ""))
    if name is None or namespace is None or source is None:
        raise NotRemoved(f"service/{orphan.name} does not say in its tags whose it was; delete it by hand")
    return RouteOwner(namespace=namespace, name=name, source=source)
