"""What performing an operation answered, and what executing a unit's plan led to."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from lattice_gateway.core.lattice.keys import UnitKey
from lattice_gateway.core.lattice.units import Desired
from lattice_gateway.core.lattice.words import Arn, Status


class ErrorKind(StrEnum):
    """What a refused or failed call means to us; adapters decide by the service's code, never by message text."""

    NOT_FOUND = "NotFound"
    CONFLICT = "Conflict"
    THROTTLED = "Throttled"
    QUOTA = "QuotaExceeded"
    DENIED = "AccessDenied"
    INVALID = "Invalid"
    UNAVAILABLE = "Unavailable"
    UNKNOWN_RESULT = "UnknownResult"


RETRYABLE = frozenset({ErrorKind.CONFLICT, ErrorKind.THROTTLED, ErrorKind.UNAVAILABLE, ErrorKind.UNKNOWN_RESULT})


@dataclass(frozen=True, slots=True, kw_only=True)
class LatticeError:
    """A failure of a call.

    ``operation`` is the API's name of the call, ``code`` the service's word (``ConflictException``), ``retry_after``
    seconds if the service said so. ``UNKNOWN_RESULT``: the request may have been carried out. ``status`` is that of
    HTTP, 0 where there was no answer, None where there was no request; what to do never depends on it.
    """

    kind: ErrorKind
    operation: str
    code: str
    message: str
    retry_after: float | None = None
    quota: str | None = None
    status: int | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"{self.operation}: {self.code}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the service answered to an operation; members that the call does not have are None."""

    id: str | None = None
    arn: Arn | None = None
    status: Status | None = None
    dns_name: str | None = None
    failed_targets: tuple[tuple[str, str], ...] = ()
    """(``address:port``, reason) of targets that RegisterTargets or DeregisterTargets refused."""


@dataclass(frozen=True, slots=True)
class Done:
    """The unit is as desired."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The world is not ready. ``on`` are units whose outcome wakes this one; empty: only time helps.

    ``blind``: these were not looked at yet by this process, so that nothing is known of how things stand.
    """

    why: str
    on: tuple[UnitKey, ...] = ()
    blind: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """A call failed; the unit is tried again if ``error`` is retryable, else at the next change or resync."""

    error: LatticeError


@dataclass(frozen=True, slots=True)
class Refusal:
    """Planning refused: ``losses`` need consent, or what was found is not ours."""

    reason: str
    message: str
    losses: tuple[str, ...] = ()


Result: TypeAlias = Done | Waiting | Failed | Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """State of a unit after its last execution.

    ``desired`` is what that execution aimed at; ``serving`` the last desired state that was reached whole, or None.
    ``arn``, ``id`` and ``dns_name`` are None while the resource does not exist. ``remark`` is for people: what is not
    as they may expect although nothing is wrong; empty where there is no such thing.
    """

    key: UnitKey
    desired: Desired
    result: Result
    serving: Desired | None = None
    id: str | None = None
    arn: Arn | None = None
    status: Status | None = None
    dns_name: str | None = None
    remark: str = ""
