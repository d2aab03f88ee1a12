"""Faults on demand: what goes wrong, for which calls, how often.

A plan is a value; ``Faults`` plays it and keeps the counts. An operation is named exactly or by a pattern
(``Create*``, ``*``); where several patterns fit, the longest wins for latency and buckets.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Generic, TypeAlias, TypeVar, assert_never

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A token bucket: ``rate`` calls per emulated second, ``burst`` at once."""

    rate: float
    burst: int


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer with the error ``code``; nothing is carried out."""

    code: str


@dataclass(frozen=True, slots=True)
class LoseAnswer:
    """Carry the call out, then close the connection."""


@dataclass(frozen=True, slots=True)
class CloseBefore:
    """Close the connection; nothing is carried out."""


@dataclass(frozen=True, slots=True)
class SlowAnswer:
    """Carry the call out at once, answer after ``seconds`` of wall time."""

    seconds: float


Effect: TypeAlias = Refuse | LoseAnswer | CloseBefore | SlowAnswer


@dataclass(frozen=True, slots=True)
class Always:
    """Every matching call."""


@dataclass(frozen=True, slots=True)
class First:
    """The next ``count`` matching calls, then no more."""

    count: int


@dataclass(frozen=True, slots=True)
class Every:
    """Each ``nth`` matching call."""

    nth: int


Schedule: TypeAlias = Always | First | Every


@dataclass(frozen=True, slots=True)
class Failure:
    """One scripted failure."""

    operation: str
    effect: Effect
    schedule: Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultPlan:
    """All that is to go wrong; ``latency`` in wall seconds, ``list_lag`` in emulated seconds."""

    latency: Mapping[str, float] = field(default_factory=dict)
    throttle: Mapping[str, Bucket] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()
    list_lag: float = 0.0


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens to one call.

    ``throttled_for`` is None when the call may go on, else the wall seconds until a token is there.
    """

    delay: float
    throttled_for: float | None
    effect: Effect | None


class Faults:
    """A plan being played, where ``scale`` emulated seconds pass in one of the wall's."""

    def __init__(self, plan: FaultPlan, scale: float = 1.0) -> None:
        self._scale = scale
        self.replace(plan)

    def replace(self, plan: FaultPlan) -> None:
        """Play ``plan`` from its beginning: counts at zero, buckets full."""
        self.plan = plan
        self._latency = _Patterns(plan.latency)
        self._throttle = _Patterns(plan.throttle)
        self._seen = [0] * len(plan.failures)
        self._levels: dict[str, _Level] = {}

    def add(self, failure: Failure) -> None:
        """Play ``failure`` as well, after the others; their counts go on."""
        self.plan = replace(self.plan, failures=(*self.plan.failures, failure))
        self._seen.append(0)

    def decide(self, operation: str, now: float) -> Decision:
        """Judge one call of ``operation`` at emulated time ``now``; a call is counted by asking."""
        delay = self._latency.find(operation) or 0.0
        wait = self._take(operation, now)
        if wait is not None:
            return Decision(delay, wait, None)
        return Decision(delay, None, self._effect(operation))

    def _take(self, operation: str, now: float) -> float | None:
        bucket = self._throttle.find(operation)
        if bucket is None:
            return None
        level = self._levels.get(operation, _Level(bucket.burst, now))
        tokens = min(float(bucket.burst), level.tokens + (now - level.at) * bucket.rate)
        taken = tokens >= 1
        self._levels[operation] = _Level(tokens - 1 if taken else tokens, now)
        return None if taken else (1 - tokens) / bucket.rate / self._scale

    def _effect(self, operation: str) -> Effect | None:
        # Every failure that names the operation counts the call; the first that is due decides.
        due: Effect | None = None
        for at, failure in enumerate(self.plan.failures):
            if fnmatchcase(operation, failure.operation):
                self._seen[at] += 1
                if due is None and _is_due(failure.schedule, self._seen[at]):
                    due = failure.effect
        return due


@dataclass(frozen=True, slots=True)
class _Level:
    tokens: float
    at: float


class _Patterns(Generic[T]):
    """Values by pattern, the longest pattern first; answers are remembered per operation."""

    def __init__(self, values: Mapping[str, T]) -> None:
        self._values = sorted(values.items(), key=lambda item: (-len(item[0]), item[0]))
        self._found: dict[str, T | None] = {}

    def find(self, operation: str) -> T | None:
        """Give the value of the pattern that fits best, None when none does."""
        if operation not in self._found:
            fitting = (value for pattern, value in self._values if fnmatchcase(operation, pattern))
            self._found[operation] = next(fitting, None)
        return self._found[operation]


def _is_due(schedule: Schedule, number: int) -> bool:
    match schedule:
        case Always():
            return True
        case First(count):
            return number <= count
        case Every(nth):
            return number % nth == 0
        case _:
            assert_never(schedule)
