"""Somebody else keeps undoing what we write: whoever wins, it must not be by writing faster."""

from dataclasses import dataclass
from typing import Final

TOLERATED: Final = 3
"""Times that we put right at once what somebody undid."""

FIRST_PAUSE: Final = 10.0
LONGEST_PAUSE: Final = 600.0
"""Seconds until we write again when it is undone more often: doubled each time, and at most."""

PEACE: Final = 1200.0
"""Seconds without another writer after which all is forgotten; longer than any pause, or a slow fight would be new."""


@dataclass(frozen=True, slots=True)
class Contest:
    """How often our part was undone, the last time ``at``."""

    undone: int = 0
    at: float = float("-inf")

    @property
    def is_open(self) -> bool:
        """Whether somebody else is at it."""
        return self.undone > TOLERATED

    @property
    def pause(self) -> float:
        """Seconds to wait before writing again."""
        excess = self.undone - TOLERATED
        return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(excess - 1, 10)) if excess > 0 else 0.0

    def again(self, now: float) -> "Contest":
        """It was undone once more."""
        return Contest(1 if now - self.at > PEACE else self.undone + 1, now)
