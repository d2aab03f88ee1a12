"""Another controller of the same identity, at work from another namespace (decision 38). Pure.

A lease of our name elsewhere says so if it was seen changing within the last 20 seconds. One that was only just found
may be a living one or a remnant: whoever does not lead yet watches it that long before it begins.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias

from lattice_gateway.engine.leases import LeaseRecord

WATCHED_FOR = 20.0
"""Seconds after which a lease that did not change is a remnant."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A lease elsewhere: as it stands, since when it is known, when it was last seen changing (None: never)."""

    record: LeaseRecord
    found: float
    changed: float | None = None

    def then(self, record: LeaseRecord, now: float) -> "Watched":
        """The lease as it stands at a later look."""
        return Watched(record, self.found, self.changed if record == self.record else now)

    def lives(self, now: float) -> bool:
        """Whether somebody renews it."""
        return bool(self.record.holder) and self.changed is not None and now - self.changed < WATCHED_FOR

    def undecided(self, now: float) -> bool:
        """Whether it may live, for all we know."""
        return bool(self.record.holder) and self.changed is None and now - self.found < WATCHED_FOR


@dataclass(frozen=True, slots=True)
class Rivals:
    """All leases elsewhere, by namespace."""

    watched: Mapping[str, Watched] = field(default_factory=dict)

    def then(self, records: Iterable[LeaseRecord], now: float) -> "Rivals":
        """What is known after another look."""
        before = self.watched
        return Rivals(
            {
                each.namespace: before[each.namespace].then(each, now)
                if each.namespace in before
                else Watched(each, now)
                for each in records
            }
        )


@dataclass(frozen=True, slots=True)
class Free:
    """Nobody else is at work, or the other has to go."""


@dataclass(frozen=True, slots=True)
class Undecided:
    """Somebody else may be at work; until this moment nothing is begun."""

    until: float


@dataclass(frozen=True, slots=True)
class StandBack:
    """Somebody else is at work, and was first."""

    other: LeaseRecord

    def __str__(self) -> str:
        return f"another controller is at work: {self.other.holder} holds the Lease in namespace {self.other.namespace}"


Verdict: TypeAlias = Free | Undecided | StandBack


def judge(rivals: Rivals, ours: LeaseRecord | None, now: float) -> Verdict:
    """Whether our namespace may work; ``ours`` is its lease if somebody holds it now, else None.

    Whose lease was acquired later stands back; of equals the one whose namespace sorts later.
    """
    elder = [each.record for each in rivals.watched.values() if each.lives(now) and _goes_first(each.record, ours)]
    if elder:
        return StandBack(min(elder, key=_age))
    open_until = [each.found + WATCHED_FOR for each in rivals.watched.values() if each.undecided(now)]
    return Undecided(max(open_until)) if open_until and ours is None else Free()


_LAST = datetime.max.replace(tzinfo=UTC)


def _goes_first(other: LeaseRecord, ours: LeaseRecord | None) -> bool:
    return ours is None or _age(other) < _age(ours)


def _age(record: LeaseRecord) -> tuple[datetime, str]:
    return (record.acquired or _LAST, record.namespace)
