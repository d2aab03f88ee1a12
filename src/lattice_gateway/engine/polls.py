"""When Lattice is looked at again for what it changes by itself: when that should be done, else 1, 2, 4 … 15 s later.

One look serves everybody who waits for the same kind of thing (``looks``), so the reads stay below the writes however
many units wait.
"""

from collections.abc import Callable
from random import Random

from lattice_gateway.core.lattice.keys import GroupKey, UnitKey
from lattice_gateway.engine.alarms import Alarms
from lattice_gateway.engine.calls import Calls
from lattice_gateway.engine.experience import Experience
from lattice_gateway.engine.looks import STUCK, Looks
from lattice_gateway.engine.mirror import Mirror
from lattice_gateway.engine.ports import Clock
from lattice_gateway.engine.shared import Listings
from lattice_gateway.engine.watched import Watched
from lattice_gateway.engine.watches import Watch, What

LONGEST = 15.0
LONGEST_STUCK = 60.0
"""Longest delay for what is stuck, and for units that only a reading as a whole can tell about."""
SOONEST = 1.0
"""Seconds after which something is looked at for the first time, whatever is expected of it."""
TOGETHER = 0.5
"""Seconds by which a look may come early, so that it serves more than one."""


class Polls:
    """The watches of all units, and the looks at Lattice that they need.

    ``wake`` is called with each unit for which something it watches has changed.
    """

    def __init__(self, calls: Calls, listings: Listings, mirror: Mirror, clock: Clock, random: Random) -> None:
        self._mirror = mirror
        self._clock = clock
        self._random = random
        self._alarms: Alarms[UnitKey] = Alarms(clock)
        self._watched = Watched(clock)
        self._looks = Looks(calls, listings, mirror, self._watched, clock)
        self._experience = Experience()

    @property
    def hopeful(self) -> bool:
        """Whether something is still expected to change by itself; what is stuck is not."""
        return self._watched.any_since(self._clock.now() - STUCK)

    def watch(self, key: UnitKey, wanted: frozenset[Watch]) -> None:
        """What the unit waits for from now on; the delays go on growing while that stays the same."""
        if wanted != self._watched.by(key):
            self._alarms.cancel(key)
            self._watched.set(key, wanted)
        if wanted and key not in self._alarms:
            self._arm(key)

    async def run(self, wake: Callable[[UnitKey], None]) -> None:
        """Look, as long as the process lives."""
        while True:
            key = await self._alarms.ring()
            due = self._with_siblings({key, *self._alarms.take_until(self._clock.now() + TOGETHER)})
            changed = await self._looks.look(due)
            self._experience.learn(self._looks.moving, self._looks.done)
            for unit in sorted(changed, key=str):
                wake(unit)
            for unit in sorted(due - changed, key=str):
                self._arm_again(unit)

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
        put_off = self._looks.put_off.get(key)
        if not self._watched.by(key):
            return
        if put_off is None:
            self._arm(key)
        else:
            self._alarms.set(key, put_off)

    def _arm(self, key: UnitKey) -> None:
        self._alarms.set(key, self._clock.now() + self._delay(key, self._watched.promise(key)))

    def _delay(self, key: UnitKey, looks: int) -> float:
        """Seconds until the next look; one that is expected to succeed is not made earlier by chance."""
        expected = self._expected(key)
        if expected is not None and (looks == 0 or expected > SOONEST):
            return expected * (1 + 0.1 * self._random.random())
        step = 1.0 if expected is None else max(0.5, expected / 8)
        return min(self._longest(key), step * 2.0 ** min(looks, 10)) * (0.9 + 0.2 * self._random.random())

    def _expected(self, key: UnitKey) -> float | None:
        """Seconds from now after which the first of what a unit watches should be done; None where that is unknown."""
        left = [self._left(watch) for watch in self._watched.by(key)]
        known = [seconds for seconds in left if seconds is not None]
        return max(SOONEST, min(known)) if known and len(known) == len(left) else None

    def _left(self, watch: Watch) -> float | None:
        """Seconds until what is watched should be done; None where that is unknown."""
        change = self._looks.change(watch)
        lasts = self._experience.expected(change) if change is not None else None
        since = self._mirror.since(watch)
        return None if lasts is None or since is None else since + lasts - self._clock.now()

    def _longest(self, key: UnitKey) -> float:
        stuck = self._watched.since(key) <= self._clock.now() - STUCK
        whole = any(watch.what is What.WHOLE for watch in self._watched.by(key))
        return LONGEST_STUCK if stuck or whole else LONGEST
