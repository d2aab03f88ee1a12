"""Looking again at what Lattice changes by itself: when it should be done; where that is unknown after 1, 2, 4 … 15 s.

One look serves everybody who waits for the same kind of thing: few things are read one by one, many by one listing,
and a long listing less often than a short one. Of groups that began the same together one is looked at first. So the
reads stay below the writes however many units wait.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Iterable
from random import Random
from typing import Any, TypeVar

from lattice_gateway.core.lattice.keys import GroupKey, ServiceKey, UnitKey
from lattice_gateway.core.lattice.observed import Observed, ObservedGroup, ObservedService
from lattice_gateway.core.lattice.outcome import ErrorKind
from lattice_gateway.engine.alarms import Alarms
from lattice_gateway.engine.calls import Calls
from lattice_gateway.engine.experience import Change, Experience
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
from lattice_gateway.engine.watches import Watch, What, awaited

T = TypeVar("T")

LONGEST = 15.0
STUCK = 600.0
"""Seconds after which something that should have changed by itself is no longer expected to."""
LONGEST_STUCK = 60.0
"""Longest delay for what is stuck, and for units that only a reading as a whole can tell about."""
TOGETHER = 0.5
"""Seconds by which a look may come early, so that it serves more than one."""
LONGEST_APART = 8.0
SCOUTED = 4
"""Looks at groups of one service for which one stands for all; what then still moves is looked at one by one."""


class Polls:
    """The watches of all units, and the looks at Lattice that they need.

    ``wake`` is called with each unit for which something it watches has changed.
    """

    def __init__(self, calls: Calls, listings: Listings, mirror: Mirror, clock: Clock, random: Random) -> None:
        self._calls = calls
        self._listings = listings
        self._mirror = mirror
        self._clock = clock
        self._random = random
        self._alarms: Alarms[UnitKey] = Alarms(clock)
        self._watches: dict[UnitKey, frozenset[Watch]] = {}
        self._experience = Experience()
        self._moving: list[tuple[Change, float]] = []
        self._done: list[tuple[Change, float]] = []
        self._attempts: dict[UnitKey, int] = {}
        self._since: dict[UnitKey, float] = {}
        self._began: dict[Watch, float] = {}
        self._too_early: dict[UnitKey, float] = {}
        self._watchers: defaultdict[Watch, set[UnitKey]] = defaultdict(set)
        self._of_kind: defaultdict[What, set[Watch]] = defaultdict(set)

    @property
    def hopeful(self) -> bool:
        """Whether something is still expected to change by itself; what is stuck is not."""
        long_ago = self._clock.now() - STUCK
        return any(self._since[key] > long_ago for key in self._watches)

    def watch(self, key: UnitKey, wanted: frozenset[Watch]) -> None:
        """What the unit waits for from now on; the delays go on growing while that stays the same."""
        before = self._watches.get(key, frozenset())
        if wanted == before:
            if wanted and key not in self._alarms:
                self._arm(key)
            return
        began = {watch: self._began[watch] for watch in wanted & before}
        self._unwatch(key, before)
        if not wanted:
            return
        self._attempts[key] = 0
        self._since[key] = self._clock.now()
        self._watches[key] = wanted
        for watch in wanted:
            self._watchers[watch].add(key)
            self._of_kind[watch.what].add(watch)
            self._began.setdefault(watch, began.get(watch, self._clock.now()))
        self._arm(key)

    async def run(self, wake: Callable[[UnitKey], None]) -> None:
        """Look, as long as the process lives."""
        while True:
            key = await self._alarms.ring()
            due = self._with_siblings({key, *self._alarms.take_until(self._clock.now() + TOGETHER)})
            changed = await self._look({watch for unit in due for watch in self._watches.get(unit, ())})
            self._learn()
            for unit in sorted(changed, key=str):
                wake(unit)
            for unit in sorted(due - changed, key=str):
                if unit in self._watches:
                    self._arm_again(unit)
            self._too_early.clear()

    def _unwatch(self, key: UnitKey, before: Iterable[Watch]) -> None:
        self._alarms.cancel(key)
        self._watches.pop(key, None)
        self._attempts.pop(key, None)
        self._since.pop(key, None)
        for watch in before:
            self._watchers[watch].discard(key)
            if not self._watchers[watch]:
                del self._watchers[watch]
                del self._began[watch]
                self._of_kind[watch.what].discard(watch)

    def _arm(self, key: UnitKey) -> None:
        attempt = self._attempts[key]
        self._attempts[key] = attempt + 1
        self._alarms.set(key, self._clock.now() + self._delay(key, attempt))

    def _delay(self, key: UnitKey, attempt: int) -> float:
        """Seconds until the next look; a first one that is expected to succeed is not made earlier by chance."""
        expected = self._expected(key)
        if expected is not None and attempt == 0:
            return expected * (1 + 0.1 * self._random.random())
        step = 1.0 if expected is None else max(0.5, expected / 8)
        return min(self._longest(key), step * 2.0 ** min(attempt, 10)) * (0.9 + 0.2 * self._random.random())

    def _expected(self, key: UnitKey) -> float | None:
        """Seconds from now after which the first of what a unit watches should be done; None where that is unknown."""
        changes = [(watch, self._change(watch)) for watch in self._watches[key]]
        lasts = [(watch, change and self._experience.expected(change)) for watch, change in changes]
        left = [seconds - (self._clock.now() - self._began[watch]) for watch, seconds in lasts if seconds is not None]
        return max(1.0, min(left)) if left and len(left) == len(lasts) else None

    def _change(self, watch: Watch) -> Change | None:
        """What the watch waits for, as far as experience can tell how long it takes."""
        status = awaited(watch, self._observed(watch))
        return None if status is None else (watch.what, status)

    def _learn(self) -> None:
        """From everything that was seen since the last time."""
        self._experience.learn(self._moving, self._done)
        self._moving, self._done = [], []

    def _with_siblings(self, due: set[UnitKey]) -> set[UnitKey]:
        """Units that are due, and the groups of the same services that are moving: one look serves them all."""
        services = {key.service for key in due if isinstance(key, GroupKey) and key.service}
        groups = {group for service in services for group in self._mirror.groups_of(service)}
        siblings = {group for group in groups - due if group in self._alarms}
        for sibling in siblings:
            self._alarms.cancel(sibling)
        return due | siblings

    def _arm_again(self, key: UnitKey) -> None:
        """After a look that showed nothing; one that was put off does not count."""
        put_off = self._too_early.get(key)
        if put_off is None:
            self._arm(key)
        else:
            self._alarms.set(key, put_off)

    def _longest(self, key: UnitKey) -> float:
        stuck = self._since[key] <= self._clock.now() - STUCK
        whole = any(watch.what is What.WHOLE for watch in self._watches[key])
        return LONGEST_STUCK if stuck or whole else LONGEST

    async def _look(self, due: set[Watch]) -> set[UnitKey]:
        """Look at everything that is due; the units that watch something which changed."""
        by_kind: defaultdict[What, list[Watch]] = defaultdict(list)
        for watch in due:
            by_kind[watch.what].append(watch)
        async with asyncio.TaskGroup() as tasks:
            looks = [tasks.create_task(self._look_at(what, watches)) for what, watches in by_kind.items()]
        changed = {watch for look in looks for watch in look.result()}
        return {unit for watch in changed for unit in self._watchers.get(watch, ())}

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
        every = tuple(self._of_kind[What.GROUP])
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
        for watch in sorted(due, key=self._began.__getitem__, reverse=True):
            families[self._family(watch)].append(watch)
        changed = await self._each([scout for scout, *_ in families.values()], self._look_at_group)
        rest = [sibling for scout, *siblings in families.values() if scout in changed for sibling in siblings]
        return changed | await self._each(rest, self._look_at_group)

    def _family(self, watch: Watch) -> Hashable:
        """What groups share that began the same together; a watch of its own for what has none, or lasts too long."""
        change, key = self._change(watch), watch.key
        if change is None or not isinstance(key, GroupKey) or not key.service or self._attempts[key] > SCOUTED:
            return watch
        return (key.service, change)

    async def _look_at_services(self, due: list[Watch]) -> set[Watch]:
        last = self._listings.services.last
        pages = pages_of(len(last.items)) if last else 1
        every = tuple(self._of_kind[What.SERVICE])
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
            every = [watch for watch in self._of_kind[What.ASSOCIATIONS] if watch.id == network]
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
            self._too_early.update(dict.fromkeys(self._watchers[watch], last.begun + apart(pages)))
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
        self._mirror.noticed(watch.key, after)
        return True

    def _remember(self, watch: Watch, begun: float, before: Observed, after: Observed) -> None:
        """Whether what the watch waits for was done, for experience; what is stuck teaches nothing."""
        status, waited = awaited(watch, before), begun - self._began.get(watch, begun)
        if status is None or not 0 < waited < STUCK:
            return
        seen = self._moving if awaited(watch, after) is status else self._done
        seen.append(((watch.what, status), waited))


def apart(pages: int) -> float:
    """Seconds between two listings of so many pages."""
    return 1.0 if pages == 1 else min(LONGEST_APART, 1.0 + pages)


async def _or_nothing(look: Awaitable[bool]) -> bool:
    """A look that failed shows nothing; it was counted where it was sent, and the next one is later."""
    try:
        return await look
    except LatticeFailure:
        return False
