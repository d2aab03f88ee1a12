"""Emulated time: what the world calls now, in seconds since the epoch."""

import time
from typing import Protocol


class Clock(Protocol):
    """Where the world reads the emulated time; never goes backwards."""

    def now(self) -> float:
        """Emulated seconds since the epoch."""
        ...


class ScaledClock:
    """Wall time that runs ``scale`` times as fast, from the moment it was made."""

    def __init__(self, scale: float = 1.0) -> None:
        if scale <= 0:
            raise ValueError(f"time scale: found {scale}, expected a number above 0")
        self.scale = scale
        self._epoch = time.time()
        self._start = time.monotonic()

    def now(self) -> float:
        """Emulated seconds since the epoch; unaffected by changes of the machine's own clock."""
        return self._epoch + (time.monotonic() - self._start) * self.scale


class ManualClock:
    """Time that stands still until it is told to move: for tests."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self._now = start

    def now(self) -> float:
        """The time it was last moved to."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move ``seconds`` ahead; raises ValueError when asked to go back."""
        if seconds < 0:
            raise ValueError(f"advance: found {seconds}, expected 0 or more seconds")
        self._now += seconds
