"""One look at a source and at Lattice: everything that ``plan``, ``describe`` and ``sweep`` show. It writes nothing."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random

from lattice_gateway.adapters.aws.client import connect
from lattice_gateway.adapters.files import StateError, moment, read_once, read_state
from lattice_gateway.cli.exits import CommandError
from lattice_gateway.cli.where import Where
from lattice_gateway.core.lattice.keys import UnitKey
from lattice_gateway.core.lattice.observed import NetworkView, Observed, ObservedService
from lattice_gateway.core.lattice.units import Absent, Desired
from lattice_gateway.core.lattice.words import Arn
from lattice_gateway.core.objects import HTTPRoute
from lattice_gateway.core.plan.sweep import Account, Orphan, orphans
from lattice_gateway.core.translate.topology import Topology
from lattice_gateway.engine.clock import SystemClock
from lattice_gateway.engine.feed import Recorded, Snapshot
from lattice_gateway.engine.ledger import absence
from lattice_gateway.engine.ports import LatticeFailure
from lattice_gateway.engine.survey import Survey
from lattice_gateway.engine.translation import News, Translation, Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was seen.

    ``recorded`` None: there is no state directory, so nothing can be said of objects that vanished.
    ``desired`` holds the wanted units and those that are to go because a record says so.
    """

    where: Where
    snapshot: Snapshot
    recorded: Recorded | None
    topology: Topology
    desired: Mapping[UnitKey, Desired]
    observed: Mapping[UnitKey, Observed]
    account: Account

    @property
    def orphans(self) -> tuple[Orphan, ...]:
        """What is ours in Lattice and neither recorded nor wanted; nothing where there is no state directory."""
        if self.recorded is None:
            return ()
        recorded = {record.arn for record in self.recorded.units.values() if record.arn}
        return orphans(self.account, self.where.settings.owner, frozenset(recorded | set(_arns(self.observed))))


async def look(where: Where) -> Look:
    """Reads the source, then the account; raises ``CommandError`` where one of them cannot be read."""
    recorded = _recorded(where)
    snapshot = read_once(where.source, recorded, moment(SystemClock()))
    if not snapshot.complete:
        problems = "; ".join(str(problem) for problem in snapshot.problems)
        raise CommandError(problems or f"{where.source} cannot be read")
    async with _survey(where) as survey:
        translation = Translation(where.settings)
        translation.apply(
            News(
                puts=snapshot.objects,
                unreadable=tuple(Unreadable(one.ref, str(one.problem)) for one in snapshot.undecodable),
                services=await survey.records(),
                accepted=_accepted(recorded),
            )
        )
        desired = {**_going(recorded, snapshot, translation.desired()), **translation.desired()}
        return Look(
            where=where,
            snapshot=snapshot,
            recorded=recorded,
            topology=translation.topology(),
            desired=desired,
            observed=await survey.observed(desired.values()),
            account=await survey.account(),
        )


@asynccontextmanager
async def _survey(where: Where) -> AsyncIterator[Survey]:
    try:
        async with connect(where.settings) as lattice:
            yield Survey(where.settings, lattice, SystemClock(), Random())  # noqa: S311 - jitter, not secrets
    except LatticeFailure as failure:
        raise CommandError(f"VPC Lattice at {where.settings.endpoint or 'AWS'}: {failure}") from failure


def _recorded(where: Where) -> Recorded | None:
    if where.state_dir is None:
        return None
    try:
        return read_state(where.state_dir)
    except StateError as error:
        raise CommandError(str(error)) from error


def _accepted(recorded: Recorded | None) -> tuple[HTTPRoute, ...]:
    found = recorded.accepted.values() if recorded else ()
    return tuple(each for each in found if isinstance(each, HTTPRoute))


def _going(recorded: Recorded | None, snapshot: Snapshot, wanted: Mapping[UnitKey, Desired]) -> dict[UnitKey, Desired]:
    """Units that a record names, whose object is gone and that nobody wants any more."""
    if recorded is None:
        return {}
    live = {thing.ref for thing in snapshot.objects} | {one.ref for one in snapshot.undecodable}
    return {
        key: _absent(recorded, key)
        for key, record in recorded.units.items()
        if key not in wanted and record.owner not in live
    }


def _absent(recorded: Recorded, key: UnitKey) -> Absent:
    return absence(recorded.units[key])


def _arns(observed: Mapping[UnitKey, Observed]) -> Iterator[Arn]:
    """ARNs of everything that stands where a unit should stand."""
    for seen in observed.values():
        match seen:
            case ObservedService(arn=arn):
                yield arn
            case NetworkView(candidates=candidates, vpc_association=association):
                yield from (each.arn for each in candidates)
                if association is not None:
                    yield association.arn
            case tuple():
                yield from (group.arn for group in seen)
            case None:
                pass
