"""How long Lattice takes for what it does by itself, learned from looking: the next look comes when it should be done.

What it typically takes is known, but only believed of a service that was seen to be that slow: one that is simulated
may be many times faster. Without that the first time is found by looking ever more rarely.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from lattice_gateway.core.lattice.words import Status
from lattice_gateway.engine.watches import What

LONGEST: Final = 40.0
"""Seconds that are waited for a first look at most, whatever was learned."""
SHORTER: Final = 0.95
"""A kind of change that is tried is looked at first after this part of what is known to be enough. One kind at a time
is, so that nobody pays for more than one look that comes too early."""
ANEW: Final = 20
"""Changes in time after which a time that was too short once may be tried again: Lattice may have become faster."""
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
class _Known:
    """Of one kind of change: seconds after which it was done, and with which it was not, where that was seen."""

    enough: float | None = None
    too_short: float | None = None
    early: bool = False
    """Whether the change that is waited for was looked at, and was not done, when it should have been."""
    in_time: int = 0
    """Changes that were done when they should have been, since one was not."""

    @property
    def untried(self) -> bool:
        """Whether less than what is enough may do as well."""
        return self.enough is not None and (self.too_short is None or self.too_short < SHORTER * self.enough)


@dataclass(slots=True)
class Experience:
    """Seconds that each kind of change takes, as far as they are known."""

    _known: defaultdict[Change, _Known] = field(default_factory=lambda: defaultdict(_Known))
    _tried: Change | None = None
    _typical: bool = False
    _others: int = 0
    """Changes in time of other kinds since this one is tried."""

    def expected(self, change: Change) -> float | None:
        """Seconds after which the change should be done; None where nobody knows."""
        enough = self._enough(change)
        return SHORTER * enough if enough is not None and change == self._tried else enough

    def learn(self, moving: Iterable[tuple[Change, float]], done: Iterable[tuple[Change, float]]) -> None:
        """Take in one round of looks: changes that were not done yet, and those that were, with the seconds they had.

        Of a kind of which many were done the youngest counts.
        """
        for change, waited in moving:
            self._moved(change, waited)
        youngest: dict[Change, float] = {}
        for change, waited in done:
            youngest[change] = min(waited, youngest.get(change, waited))
        for change, waited in youngest.items():
            self._done(change, waited)

    def _moved(self, change: Change, waited: float) -> None:
        known = self._known[change]
        known.too_short = max(waited, known.too_short or 0.0)
        if known.enough is not None and waited >= SHORTER * known.enough:
            known.early = True
            if change == self._tried:
                self._tried = None
        if change in TYPICAL and waited >= AS_SLOW * TYPICAL[change]:
            self._typical = True

    def _done(self, change: Change, waited: float) -> None:
        known = self._known[change]
        if change in TYPICAL and waited < FASTER * TYPICAL[change]:
            self._typical = False
        known.enough = min(LONGEST, self._enough_after(change, waited))
        if known.too_short is not None and known.too_short >= waited:
            known.too_short = None
        known.in_time = 0 if known.early else known.in_time + 1
        known.early = False
        if known.in_time >= ANEW:
            known.in_time, known.too_short = 0, None
        self._try(change)

    def _enough_after(self, change: Change, waited: float) -> float:
        """What is enough after a change was done when it had ``waited`` seconds."""
        known, before = self._known[change], self._enough(change)
        if before is None:
            return waited if known.too_short is None else (min(known.too_short, waited) + waited) / 2
        if known.enough is None or (known.too_short is not None and known.too_short >= before):
            return min(waited, LONGER * before)
        return min(waited, before)

    def _try(self, change: Change) -> None:
        """Change what is tried, after a change in time: nothing for long after those of others alone."""
        if self._tried not in (None, change):
            self._others += 1
        if self._tried is None or self._others > ANEW:
            self._tried, self._others = (change if self._known[change].untried else None), 0

    def _enough(self, change: Change) -> float | None:
        known = self._known[change].enough
        if known is None and self._typical:
            return TYPICAL.get(change)
        return known
