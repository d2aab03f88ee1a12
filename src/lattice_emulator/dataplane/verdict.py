"""What a health check is, and what its results say about a target. Pure.

Lattice: spec/lattice.md §9.6. A target's first check decides alone; later ones must repeat.
"""

from dataclasses import dataclass
from typing import assert_never

from lattice_emulator.dataplane.view import Endpoint
from lattice_emulator.world.model import Health, HealthCheck, TargetKey


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """The target that is checked."""

    group: str
    target: TargetKey


@dataclass(frozen=True, slots=True)
class Check:
    """How to check a target, where, and what the world holds of its health."""

    where: Endpoint
    how: HealthCheck
    known: Health


@dataclass(frozen=True, slots=True)
class Result:
    """How one check went, from when to when in emulated time."""

    passed: bool
    started: float
    ended: float


@dataclass(frozen=True, slots=True)
class Streak:
    """The last ``length`` results were all ``passed``; length 0: none yet."""

    passed: bool = False
    length: int = 0

    def then(self, result: Result) -> "Streak":
        """The streak after one more result."""
        return Streak(result.passed, self.length + 1 if self.passed is result.passed else 1)


def health_after(known: Health, streak: Streak, how: HealthCheck) -> Health:
    """A target's health, known before as ``known``, after the results in ``streak`` (one at least)."""
    match known:
        case Health.PENDING:
            return Health.HEALTHY if streak.passed else Health.UNHEALTHY
        case Health.HEALTHY:
            fallen = not streak.passed and streak.length >= how.unhealthy_threshold
            return Health.UNHEALTHY if fallen else Health.HEALTHY
        case Health.UNHEALTHY:
            risen = streak.passed and streak.length >= how.healthy_threshold
            return Health.HEALTHY if risen else Health.UNHEALTHY
        case _:
            assert_never(known)


def matches(matcher: str, status: int) -> bool:
    """Whether ``status`` is one of a matcher such as ``200``, ``200,202`` or ``200-299,301``.

    >>> [matches("200-299,301", status) for status in (200, 299, 301, 302)]
    [True, True, True, False]
    """
    return any(_within(part.strip(), status) for part in matcher.split(","))


def _within(part: str, status: int) -> bool:
    low, _, high = part.partition("-")
    return int(low) <= status <= int(high or low)
