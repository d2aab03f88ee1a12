"""Verdicts: what was decided about an object or a reference, with what the person who wrote it needs to know."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Reason(StrEnum):
    """Reasons of conditions that are not True (controllers.md §6)."""

    # GatewayClass, Gateway
    INVALID_PARAMETERS = "InvalidParameters"
    UNSUPPORTED_ADDRESS = "UnsupportedAddress"
    LISTENERS_NOT_VALID = "ListenersNotValid"
    # Listeners
    UNSUPPORTED_PROTOCOL = "UnsupportedProtocol"
    PROTOCOL_CONFLICT = "ProtocolConflict"
    HOSTNAME_CONFLICT = "HostnameConflict"
    INVALID_ROUTE_KINDS = "InvalidRouteKinds"
    # Routes, accepted
    NO_MATCHING_PARENT = "NoMatchingParent"
    NOT_ALLOWED_BY_LISTENERS = "NotAllowedByListeners"
    NO_MATCHING_LISTENER_HOSTNAME = "NoMatchingListenerHostname"
    UNSUPPORTED_VALUE = "UnsupportedValue"
    CONFLICTED = "Conflicted"
    QUOTA_EXCEEDED = "QuotaExceeded"
    # Routes, references
    INVALID_KIND = "InvalidKind"
    REF_NOT_PERMITTED = "RefNotPermitted"
    BACKEND_NOT_FOUND = "BackendNotFound"


@dataclass(frozen=True, slots=True)
class Accepted:
    """Nothing stands against it; ``note`` is worth saying all the same, else empty."""

    note: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """It cannot be, and why."""

    reason: Reason
    message: str


Verdict: TypeAlias = Accepted | Rejected
