"""What a crash or another controller left: orphans are told, unused target groups are collected (decision 35).

Only target groups go by themselves: ours, used by no service and chosen by no unit, seen so by this process for as
long as the settings say. The owner and the use of each are read again right before.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

import structlog

from lattice_gateway.core.lattice.observed import Observed, ObservedGroup
from lattice_gateway.core.lattice.outcome import ErrorKind
from lattice_gateway.core.lattice.words import Arn, Owner, Tags
from lattice_gateway.core.objects import Kind, Ref
from lattice_gateway.core.plan.apply import apply
from lattice_gateway.core.plan.conditions import holds
from lattice_gateway.core.plan.plan import Plan, Surroundings
from lattice_gateway.core.plan.sweep import (
    Account,
    Orphan,
    OrphanKind,
    collectable,
    origin_of,
    orphans,
    plan_collection,
)
from lattice_gateway.engine.call_names import call_name
from lattice_gateway.engine.gate import Urgency
from lattice_gateway.engine.metrics import Metrics
from lattice_gateway.engine.ports import Clock, LatticeFailure
from lattice_gateway.engine.reads import GetTargetGroup, ListTags, ListTargets
from lattice_gateway.engine.units import Units
from lattice_gateway.settings import Settings

LOOK = 15.0
"""Shortest time between two looks, in seconds: for groups that drain or are nearly old enough."""
LONGEST = 600.0
"""Longest time between two looks."""
TAGS_FRESH = 600.0
"""Seconds that the tags of what we own may be old; before something is deleted they are read again anyway."""

NOT_BUILT = (Kind.GRPC_ROUTE, Kind.TLS_ROUTE)
"""Kinds of routes that the Go controller makes services for and we do not yet."""

log = structlog.get_logger(__name__)


def origins_not_built(live: Iterable[Ref]) -> frozenset[str]:
    """Origins of what the Go controller made for routes that are there and whose kind is not built here.

    None of it is an orphan, and none of its groups is collected.
    """
    return frozenset(f"route {ref.namespace}/{ref.name}" for ref in live if ref.kind in NOT_BUILT)


class Sweep:
    """The collection of unused groups, and the telling of orphans. Begins when the units are at rest.

    ``live`` are the objects that are there now.
    """

    def __init__(
        self, settings: Settings, units: Units, clock: Clock, metrics: Metrics, live: Callable[[], Iterable[Ref]]
    ) -> None:
        self._settings = settings
        self._units = units
        self._clock = clock
        self._metrics = metrics
        self._live = live
        self._unused_since: dict[str, float] = {}
        self._told: frozenset[Orphan] = frozenset()

    async def run(self) -> None:
        """Sweep, as long as this process leads; what it knows of orphans is nobody's word afterwards."""
        try:
            while True:
                await self._once()
                await self._clock.sleep(self._pause())
        finally:
            self._count(())

    async def _once(self) -> None:
        try:
            await self.once()
        except LatticeFailure as failure:
            log.warning("not swept", error=str(failure))

    async def once(self) -> None:
        """Look at everything of ours, tell orphans, collect what is old enough; raises ``LatticeFailure``."""
        now = self._clock.now()
        tags = (await self._units.listings.owned.since(now - TAGS_FRESH)).items
        listing = await self._units.listings.groups.since(now - LOOK)
        groups = tuple(replace(each.group, tags=tags.get(each.group.arn)) for each in listing.items)
        self._note(groups, listing.begun)
        for group in self._collectable(groups):
            await self._collect(group)
        await self._tell_orphans(tags, groups)

    def _pause(self) -> float:
        """Until the oldest unused group is old enough."""
        if not self._unused_since:
            return LONGEST
        due = min(self._unused_since.values()) + self._settings.sweep_min_age
        return min(LONGEST, max(LOOK, due - self._clock.now()))

    def _note(self, groups: tuple[ObservedGroup, ...], begun: float) -> None:
        """Remember since when groups are seen unused."""
        unused = {group.id for group in collectable(groups, self._units.mirror.all_chosen(), {}, self._owner, 0.0)}
        self._unused_since = {group: self._unused_since.get(group, begun) for group in unused}

    def _collectable(self, groups: tuple[ObservedGroup, ...]) -> tuple[ObservedGroup, ...]:
        now = self._clock.now()
        unused_for = {group: now - since for group, since in self._unused_since.items()}
        chosen = self._units.mirror.all_chosen()
        old = collectable(groups, chosen, unused_for, self._owner, self._settings.sweep_min_age)
        foreign = origins_not_built(self._live())
        return tuple(group for group in old if origin_of(group.tags) not in foreign)

    async def _collect(self, listed: ObservedGroup) -> None:
        """Delete a group as far as that goes now; while its targets drain the next look goes on."""
        try:
            group = await self._read_again(listed)
            if self._collectable((group,)):
                await self._execute(plan_collection(group), (group,))
        except LatticeFailure as failure:
            if failure.error.kind is not ErrorKind.NOT_FOUND:
                log.warning("unused target group not deleted", name=listed.name, error=str(failure))

    async def _read_again(self, listed: ObservedGroup) -> ObservedGroup:
        calls = self._units.calls
        group = await calls.read(GetTargetGroup(listed.id), Urgency.UPKEEP)
        tags = await calls.read(ListTags(group.arn), Urgency.UPKEEP)
        targets = await calls.pages(lambda after: ListTargets(group.id, after), Urgency.UPKEEP)
        return replace(group, tags=tags, targets=targets)

    async def _execute(self, plan: Plan, observed: Observed) -> None:
        """Up to the first step that the world is not ready for."""
        for step in plan.steps:
            if any(holds(condition, observed, Surroundings()) for condition in step.when):
                return
            for operation in step.operations:
                answer = await self._units.calls.perform(operation, "", Urgency.UPKEEP)
                observed = apply(operation, answer, observed)
                log.info("unused target group", op=call_name(operation).operation, unit=str(plan.unit))

    async def _tell_orphans(self, tags: Mapping[Arn, Tags], groups: tuple[ObservedGroup, ...]) -> None:
        """Say what is ours without a record; it stays until a person names it."""
        since = self._clock.now() - LONGEST
        listings = self._units.listings
        services = (await listings.services.since(since)).items.values()
        networks = (await listings.networks.since(since)).items
        vpcs = (await listings.vpc_associations.since(since)).items
        account = Account(
            services=tuple(replace(each, tags=tags.get(each.arn)) for each in services),
            networks=tuple(replace(each, tags=tags.get(each.arn)) for each in networks),
            vpc_associations=tuple(replace(each, tags=tags.get(each.arn)) for each in vpcs),
            groups=groups,
        )
        foreign = origins_not_built(self._live())
        found = [each for each in orphans(account, self._owner, self._known()) if each.origin not in foreign]
        for orphan in found:
            if orphan not in self._told:
                log.warning("orphaned", what=str(orphan), arn=orphan.arn)
        self._told = frozenset(found)
        self._count(found)

    def _count(self, found: Collection[Orphan]) -> None:
        for kind in OrphanKind:
            self._metrics.orphans(kind.value, sum(orphan.kind is kind for orphan in found))

    def _known(self) -> frozenset[Arn]:
        """ARNs that a record or a unit names."""
        recorded = {record.arn for record in self._units.ledger.records.values()}
        wanted = {outcome.arn for outcome in self._units.outcomes.values()}
        return frozenset(arn for arn in recorded | wanted | self._units.mirror.association_arns() if arn is not None)

    @property
    def _owner(self) -> Owner:
        return self._settings.owner
