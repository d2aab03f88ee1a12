"""When units are checked although nothing happened: once a resync interval, spread so as not to come together."""

from random import Random
from typing import Final

from lattice_gateway.core.lattice.keys import UnitKey
from lattice_gateway.engine.alarms import Alarms
from lattice_gateway.engine.gate import Urgency
from lattice_gateway.engine.mirror import Memory
from lattice_gateway.engine.ports import Clock

PUT_OFF: Final = 1.0
"""Seconds after which a unit is checked that was due when pods moved."""
SPREAD: Final = 0.2
"""Part of the interval by which a check may come later."""


class Resyncs:
    """The next check of each unit; ``every`` are the seconds between two, 0: there are none."""

    def __init__(self, every: float, clock: Clock, random: Random) -> None:
        self._every = every
        self._clock = clock
        self._random = random
        self.alarms: Alarms[UnitKey] = Alarms(clock)

    def is_due(self, memory: Memory, urgency: Urgency) -> bool:
        """Whether a run of that urgency reads the unit again; pods do not wait for that."""
        return urgency is not Urgency.TARGETS and self._is_aged(memory)

    def ran(self, key: UnitKey, memory: Memory | None, urgency: Urgency) -> None:
        """A unit has run, with such a memory of it then; None: nothing was read."""
        if memory is None or self._every <= 0:
            return
        if self._is_aged(memory) and urgency is Urgency.TARGETS:
            self.alarms.set(key, self._clock.now() + PUT_OFF)
        elif self._is_aged(memory) or key not in self.alarms:
            spread = self._every * (1 + SPREAD * self._random.random())
            self.alarms.set(key, max(memory.read_at, self._clock.now()) + spread)

    def _is_aged(self, memory: Memory) -> bool:
        return 0 < self._every <= self._clock.now() - memory.read_at
