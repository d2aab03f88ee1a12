"""One round of looks at Lattice: what units watch that is due, with as few reads as that takes.

Few things are read one by one, many by one listing, and a long listing less often than a short one. Of groups that
began the same together one is looked at first.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Iterable
from typing import Any, TypeVar

from lattice_gateway.core.lattice.keys import GroupKey, ServiceKey, UnitKey
from lattice_gateway.core.lattice.observed import Observed, ObservedGroup, ObservedService
from lattice_gateway.core.lattice.outcome import ErrorKind
from lattice_gateway.engine.calls import Calls
from lattice_gateway.engine.experience import Change
from lattice_gateway.engine.mirror import Mirror
from lattice_gateway.engine.noticing import (
    associations_seen,
    group_seen,
    service_seen,
    targets_seen,
    vpc_association_seen,
)
from lattice_gateway.engine.ports import Clock, LatticeFailure
from lattice_gateway.engine.reads import GetService, GetTargetGroup, ListAssociationsOfService, ListTargets, Read
from lattice_gateway.engine.shared import Listings, Snapshot, pages_of
from lattice_gateway.engine.watched import Watched
from lattice_gateway.engine.watches import Watch, What, awaited

T = TypeVar("T")

STUCK = 600.0
"""Seconds after which something that should have changed by itself is no longer expected to."""
LONGEST_APART = 8.0
SCOUTED = 4
"""Looks at groups of one service for which one stands for all; what then still moves is looked at one by one."""


class Looks:
    """Looks, and takes into the mirror what is seen.

    After a round ``put_off`` says until when units wait whose listing is too young to be read again; ``moving`` and
    ``done`` are the changes that were seen, each with the seconds that it had.
    """

    def __init__(self, calls: Calls, listings: Listings, mirror: Mirror, watched: Watched, clock: Clock) -> None:
        self._calls = calls
        self._listings = listings
        self._mirror = mirror
        self._watched = watched
        self._clock = clock
        self.put_off: dict[UnitKey, float] = {}
        self.moving: list[tuple[Change, float]] = []
        self.done: list[tuple[Change, float]] = []

    async def look(self, due: Iterable[UnitKey]) -> set[UnitKey]:
        """Look at everything that these units watch; all units that watch something which changed."""
        self.put_off, self.moving, self.done = {}, [], []
        by_kind: defaultdict[What, list[Watch]] = defaultdict(list)
        for watch in {watch for unit in due for watch in self._watched.by(unit)}:
            by_kind[watch.what].append(watch)
        async with asyncio.TaskGroup() as tasks:
            looks = [tasks.create_task(self._look_at(what, watches)) for what, watches in by_kind.items()]
        changed = {watch for look in looks for watch in look.result()}
        return {unit for watch in changed for unit in self._watched.who(watch)}

    def change(self, watch: Watch) -> Change | None:
        """What the watch waits for, as far as experience can tell how long it takes."""
        status = awaited(watch, self._observed(watch))
        return None if status is None else (watch.what, status)

    async def _look_at(self, what: What, due: list[Watch]) -> set[Watch]:
        """Looks at watches of one kind; those of them, and of others it happened to see, that changed."""
        try:
            match what:
                case What.GROUP:
                    return await self._look_at_groups(due)
                case What.SERVICE:
                    return await self._look_at_services(due)
                case What.ASSOCIATIONS:
                    return await self._look_at_associations(due)
                case What.VPC_ASSOCIATION:
                    return await self._look_at_vpc(due)
                case What.TARGETS:
                    return await self._each(due, self._look_at_targets)
                case What.WHOLE:
                    return self._doubt(due)
        except LatticeFailure:
            return set()  # counted where it was sent; the units are armed again and their next look is later

    async def _look_at_groups(self, due: list[Watch]) -> set[Watch]:
        last = self._listings.groups.last
        pages = pages_of(len(last.items)) if last else 1
        every = self._watched.of_kind(What.GROUP)
        if len({watch.key.service for watch in every if isinstance(watch.key, GroupKey)}) <= pages:
            return await self._look_at_few_groups(due)
        if self._is_put_off(last, pages, due):
            return set()
        listing = await self._listings.groups.since(self._clock.now())
        seen = {each.group.id: each.group for each in listing.items}
        return {
            watch
            for watch in every
            if self._notice(watch, listing.begun, group_seen(self._observed(watch), watch.id, seen.get(watch.id)))
        }

    async def _look_at_few_groups(self, due: list[Watch]) -> set[Watch]:
        """One by one, the youngest of each family first: as long as it moves its siblings need not be looked at."""
        families: defaultdict[Hashable, list[Watch]] = defaultdict(list)
        for watch in sorted(due, key=lambda watch: self._mirror.since(watch) or 0.0, reverse=True):
            families[self._family(watch)].append(watch)
        changed = await self._each([scout for scout, *_ in families.values()], self._look_at_group)
        rest = [sibling for scout, *siblings in families.values() if scout in changed for sibling in siblings]
        return changed | await self._each(rest, self._look_at_group)

    def _family(self, watch: Watch) -> Hashable:
        """What groups share that began the same together; a watch of its own for what has none, or lasts too long."""
        change, key = self.change(watch), watch.key
        if change is None or not isinstance(key, GroupKey) or not key.service or self._watched.looks(key) > SCOUTED:
            return watch
        return (key.service, change)

    async def _look_at_services(self, due: list[Watch]) -> set[Watch]:
        last = self._listings.services.last
        pages = pages_of(len(last.items)) if last else 1
        every = self._watched.of_kind(What.SERVICE)
        if len(every) <= pages:
            return await self._each(due, self._look_at_service)
        if self._is_put_off(last, pages, due):
            return set()
        listing = await self._listings.services.since(self._clock.now())
        seen = {service.id: service for service in listing.items.values()}
        return {
            watch
            for watch in every
            if self._notice(watch, listing.begun, service_seen(self._observed(watch), seen.get(watch.id)))
        }

    async def _look_at_associations(self, due: list[Watch]) -> set[Watch]:
        """Network by network; of each, the services one by one or all together."""
        changed: set[Watch] = set()
        for network in sorted({watch.id for watch in due}):
            every = [watch for watch in self._watched.of_kind(What.ASSOCIATIONS) if watch.id == network]
            shared = self._listings.associations(network)
            pages = pages_of(len(shared.last.items)) if shared.last else 1
            if len(every) <= pages:
                mine = [watch for watch in due if watch.id == network]
                changed |= await self._each(mine, self._look_at_associations_of_one)
                continue
            if self._is_put_off(shared.last, pages, [watch for watch in due if watch.id == network]):
                continue
            listing = await shared.since(self._clock.now())
            seen = {linked.association.id: linked.association for linked in listing.items}
            changed |= {
                watch
                for watch in every
                if self._notice(watch, listing.begun, associations_seen(self._observed(watch), network, seen))
            }
        return changed

    async def _look_at_vpc(self, due: list[Watch]) -> set[Watch]:
        """What hangs on a network is counted anew once the association has changed."""
        if self._is_put_off(self._listings.vpc_associations.last, 1, due):
            return set()
        listing = await self._listings.vpc_associations.since(self._clock.now())
        seen = {each.id: each for each in listing.items}
        changed = {
            watch
            for watch in due
            if self._notice(watch, listing.begun, vpc_association_seen(self._observed(watch), seen))
        }
        return self._doubt(changed)

    def _is_put_off(self, last: Snapshot[Any] | None, pages: int, due: list[Watch]) -> bool:
        """Whether the last listing is too young for another one of so many pages; who is due waits until it is not."""
        if last is None or self._clock.now() >= last.begun + apart(pages):
            return False
        for watch in due:
            self.put_off.update(dict.fromkeys(self._watched.who(watch), last.begun + apart(pages)))
        return True

    async def _look_at_group(self, watch: Watch) -> bool:
        begun = self._clock.now()
        seen: ObservedGroup | None = await self._found(GetTargetGroup(watch.id))
        return self._notice(watch, begun, group_seen(self._observed(watch), watch.id, seen))

    async def _look_at_service(self, watch: Watch) -> bool:
        begun = self._clock.now()
        seen: ObservedService | None = await self._found(GetService(watch.id))
        return self._notice(watch, begun, service_seen(self._observed(watch), seen))

    async def _look_at_associations_of_one(self, watch: Watch) -> bool:
        begun, service = self._clock.now(), self._observed(watch)
        if not isinstance(service, ObservedService) or not isinstance(watch.key, ServiceKey):
            return False
        linked = await self._calls.pages(lambda after: ListAssociationsOfService(service.id, after))
        seen = {each.association.id: each.association for each in linked}
        return self._notice(watch, begun, associations_seen(self._observed(watch), watch.id, seen))

    async def _look_at_targets(self, watch: Watch) -> bool:
        """Read the targets of a group; True also where they are as before, as time itself counts for what joins."""
        begun = self._clock.now()
        try:
            targets = await self._calls.pages(lambda after: ListTargets(watch.id, after))
        except LatticeFailure as failure:
            if failure.error.kind is not ErrorKind.NOT_FOUND:
                raise
            return self._doubt([watch]) != set()
        self._notice(watch, begun, targets_seen(self._observed(watch), watch.id, targets))
        return True

    async def _each(self, due: list[Watch], look: Callable[[Watch], Awaitable[bool]]) -> set[Watch]:
        async with asyncio.TaskGroup() as tasks:
            looks = {watch: tasks.create_task(_or_nothing(look(watch))) for watch in due}
        return {watch for watch, looked in looks.items() if looked.result()}

    async def _found(self, read: Read[T]) -> T | None:
        try:
            return await self._calls.read(read)
        except LatticeFailure as failure:
            if failure.error.kind is ErrorKind.NOT_FOUND:
                return None
            raise

    def _doubt(self, watches: Iterable[Watch]) -> set[Watch]:
        """Have the units read again as a whole."""
        doubted = set(watches)
        for watch in doubted:
            self._mirror.distrust(watch.key)
        return doubted

    def _observed(self, watch: Watch) -> Observed:
        return self._mirror.observed(watch.key)

    def _notice(self, watch: Watch, begun: float, after: Observed) -> bool:
        """Take in what was seen, unless the unit was written to since that reading began; whether it changed."""
        memory = self._mirror.get(watch.key)
        if memory is None or not memory.trusted or memory.written_at > begun:
            return False
        self._remember(watch, begun, memory.observed, after)
        if memory.observed == after:
            return False
        self._mirror.noticed(watch.key, after, begun)
        return True

    def _remember(self, watch: Watch, begun: float, before: Observed, after: Observed) -> None:
        """Whether what the watch waits for was done, for experience; what is stuck teaches nothing.

        What still moves did so when the reading began; what is done may have come to that until its answer.
        """
        status, since = awaited(watch, before), self._mirror.since(watch)
        if status is None or since is None or not 0 < begun - since < STUCK:
            return
        if awaited(watch, after) is status:
            self.moving.append(((watch.what, status), begun - since))
        else:
            self.done.append(((watch.what, status), self._clock.now() - since))


def apart(pages: int) -> float:
    """Seconds between two listings of so many pages."""
    return 1.0 if pages == 1 else min(LONGEST_APART, 1.0 + pages)


async def _or_nothing(look: Awaitable[bool]) -> bool:
    """A look that failed shows nothing; it was counted where it was sent, and the next one is later."""
    try:
        return await look
    except LatticeFailure:
        return False
