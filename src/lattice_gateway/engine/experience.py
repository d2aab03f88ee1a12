"""How long Lattice takes for what it does by itself, learned from looking: the next look comes when it should be done.

What it typically takes is known, but only believed of a service that was seen to be that slow: one that is simulated
may be many times faster. Without that the first time is found by looking ever more rarely.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from lattice_gateway.core.lattice.words import Status
from lattice_gateway.engine.watches import What

LONGEST: Final = 40.0
"""Seconds that are waited for a first look at most, whatever was learned."""
SHORTER: Final = 0.97
"""A first look that came late enough is tried a little earlier the next time."""
LONGER: Final = 2.0
"""How much one wait can raise what is expected: one slow moment of the service must not slow down all that follow."""

Change: TypeAlias = tuple[What, Status]
"""What is waited for: the end of a passing status of something."""

TYPICAL: Final[dict[Change, float]] = {
    (What.GROUP, Status.CREATE_IN_PROGRESS): 3.0,
    (What.SERVICE, Status.CREATE_IN_PROGRESS): 30.0,
    (What.ASSOCIATIONS, Status.CREATE_IN_PROGRESS): 15.0,
    (What.ASSOCIATIONS, Status.DELETE_IN_PROGRESS): 15.0,
    (What.VPC_ASSOCIATION, Status.CREATE_IN_PROGRESS): 20.0,
}
"""Seconds, as far as the documentation of Lattice and reports of its users tell."""
AS_SLOW: Final = 0.25
"""The part of its typical time after which a change that still goes on makes the typical times credible."""
FASTER: Final = 0.5
"""The part of its typical time in which a change that is done already belies them."""


@dataclass(slots=True)
class Experience:
    """Seconds that each kind of change takes, as far as they are known."""

    _expected: dict[Change, float] = field(default_factory=dict)
    _too_early: dict[Change, float] = field(default_factory=dict)
    _typical: bool = False

    def expected(self, change: Change) -> float | None:
        """Seconds after which the change should be done; None where nobody knows."""
        return self._expected.get(change, TYPICAL.get(change) if self._typical else None)

    def learn(self, moving: Iterable[tuple[Change, float]], done: Iterable[tuple[Change, float]]) -> None:
        """Take in one round of looks: changes that were not done yet, and those that were, with the seconds they had.

        Of a kind of which many were done the youngest counts.
        """
        for change, waited in moving:
            self._too_early[change] = max(waited, self._too_early.get(change, 0.0))
            if change in TYPICAL and waited >= AS_SLOW * TYPICAL[change]:
                self._typical = True
        youngest: dict[Change, float] = {}
        for change, waited in done:
            youngest[change] = min(waited, youngest.get(change, waited))
        for change, waited in youngest.items():
            if change in TYPICAL and waited < FASTER * TYPICAL[change]:
                self._typical = False
            early = self._too_early.pop(change, None)
            self._expected[change] = min(LONGEST, _expected(self.expected(change), early, waited))


def _expected(before: float | None, early: float | None, waited: float) -> float:
    """What to expect after a change was done when it had ``waited`` seconds, and not yet when it had ``early``."""
    if early is None:
        return SHORTER * min(waited, before or waited)
    if before is None:
        return (min(early, waited) + waited) / 2
    return min(waited, LONGER * before)
