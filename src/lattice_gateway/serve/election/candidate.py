"""What a candidate does next about the lease of its namespace. Pure: leases and moments in, a move out.

Other people's clocks are not believed: a lease counts for as long as it says after we saw it change, by our own clock.
Parity: durations and fields are those of the Go controller v2.1.3 (controllers.md §11.5).
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from lattice_gateway.engine.leases import LeaseRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds: how long a lease counts for others, how long for ourselves, and between two renewals."""

    lease: int = 15
    renew: float = 10.0
    retry: float = 2.0

    def __post_init__(self) -> None:
        if not 0 < self.retry < self.renew < self.lease:
            raise ValueError(f"{self} does not hold 0 < retry < renew < lease")


@dataclass(frozen=True, slots=True)
class Sighting:
    """The lease as last seen (None: there is none).

    ``holder`` is who may believe to have it ``until`` that moment of our clock: also after somebody deleted the
    object, because the holder learns of that only when it renews.
    """

    record: LeaseRecord | None = None
    holder: str = ""
    until: float = 0.0

    def then(self, record: LeaseRecord | None, now: float) -> "Sighting":
        """What is seen now; whoever holds the lease has it for its whole time from any change on."""
        if record is None:
            return replace(self, record=None)
        if record == self.record:
            return self
        return Sighting(record, record.holder, now + record.seconds if record.holder else now)

    def held(self, now: float) -> bool:
        """Whether somebody has the lease, as far as one can tell."""
        return bool(self.holder) and now < self.until


@dataclass(frozen=True, slots=True)
class Create:
    """There is no lease: make it."""

    record: LeaseRecord


@dataclass(frozen=True, slots=True)
class Write:
    """The lease is ours, or nobody's: write it over the version that was seen."""

    record: LeaseRecord


@dataclass(frozen=True, slots=True)
class Wait:
    """Somebody else has it, at least until this moment."""

    until: float


Move: TypeAlias = Create | Write | Wait


def next_move(me: str, seen: Sighting, now: float, moment: datetime, timing: Timing, namespace: str) -> Move:
    """What ``me`` does about the lease; ``now`` is of our monotonic clock, ``moment`` is what people read."""
    record = seen.record
    if record is not None and record.holder == me:
        return Write(replace(record, renewed=moment, seconds=timing.lease))
    if seen.held(now) and seen.holder != me:
        return Wait(seen.until)
    if record is None:
        fresh = LeaseRecord(namespace=namespace, seconds=timing.lease, holder=me, acquired=moment, renewed=moment)
        return Create(fresh)
    return Write(
        replace(
            record,
            holder=me,
            acquired=moment,
            renewed=moment,
            seconds=timing.lease,
            transitions=record.transitions + 1,
        )
    )


def given_back(record: LeaseRecord, moment: datetime) -> LeaseRecord:
    """The lease as nobody's: the next candidate need not wait. Parity: fields as client-go leaves them."""
    return replace(record, holder="", acquired=moment, renewed=moment, seconds=1)
