"""Which Events are worth a request, as values: equal ones are counted together, and nobody is flooded."""

from dataclasses import dataclass, replace
from typing import Final

QUIET: Final = 300.0
"""Seconds for which an equal Event is only counted."""

BURST: Final = 25
REFILL: Final = 300.0
"""Different Events of one object that are told in a row, and the seconds after which one more is."""


@dataclass(frozen=True, slots=True)
class Series:
    """Equal Events of one object: how many, when the first came, and when they were last told (None: never)."""

    count: int
    first: float
    told: float | None = None

    def again(self) -> "Series":
        """One more came."""
        return replace(self, count=self.count + 1)

    def is_due(self, now: float) -> bool:
        """Whether it is time to tell."""
        return self.told is None or now - self.told >= QUIET


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many more different Events an object may tell; ``at`` is when that was so."""

    left: float = float(BURST)
    at: float = 0.0

    def spend(self, now: float) -> "Allowance | None":
        """What is left after one more, None where there is none."""
        left = min(float(BURST), self.left + max(0.0, now - self.at) / REFILL)
        return Allowance(left - 1, now) if left >= 1 else None
