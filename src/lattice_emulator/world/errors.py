"""Answers of the service that are errors: one exception, and one function for each kind of refusal.

Lattice: API reference, common errors; spec/lattice.md §12.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from lattice_emulator.world.kinds import Kind


class ServiceError(Exception):
    """An answer of the service that is an error, with what goes on the wire.

    ``members`` are further members of the error body (resourceId, reason, fieldList, quotaCode ...).
    """

    def __init__(self, code: str, message: str, status: int, members: Mapping[str, object] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.members: Mapping[str, object] = dict(members or {})


class Refusal(StrEnum):
    """The exceptions that a refusal may take the form of."""

    VALIDATION = "ValidationException"
    ACCESS_DENIED = "AccessDeniedException"
    NOT_FOUND = "ResourceNotFoundException"
    CONFLICT = "ConflictException"


@dataclass(frozen=True, slots=True)
class Blame:
    """What a refusal is about: a resource, and the member of the request that asked for the impossible."""

    resource_type: str
    identifier: str
    member: str


STATUS: Mapping[str, int] = {
    "ValidationException": 400,
    "AccessDeniedException": 403,
    "ResourceNotFoundException": 404,
    "ConflictException": 409,
    "ServiceQuotaExceededException": 402,
    "ThrottlingException": 429,
    "InternalServerException": 500,
}


def not_found(kind: Kind, identifier: str) -> ServiceError:
    """The resource does not exist, or the caller may not know that it does."""
    return named_not_found(kind.resource_type, identifier)


def named_not_found(resource_type: str, identifier: str) -> ServiceError:
    """Something outside the service (a bucket, a log group) does not exist."""
    return ServiceError(
        "ResourceNotFoundException",
        f"{resource_type} {identifier} was not found.",
        404,
        {"resourceId": identifier, "resourceType": resource_type},
    )


def conflict(kind: Kind, identifier: str, message: str) -> ServiceError:
    """The request clashes with the state of ``identifier``."""
    return ServiceError(
        "ConflictException", message, 409, {"resourceId": identifier, "resourceType": kind.resource_type}
    )


def wrong_status(kind: Kind, identifier: str, status: str) -> ServiceError:
    """The resource is being created, changed or deleted; clients search the text for the status."""
    text = f"Invalid resource status for this operation, resource id {identifier}, status: {status}."
    return conflict(kind, identifier, text)


def invalid(field: str, message: str) -> ServiceError:
    """A rule across members is broken; ``field`` is the path of the member at fault."""
    return ServiceError(
        "ValidationException",
        message,
        400,
        {"reason": "other", "fieldList": [{"name": field, "message": message}]},
    )


def denied(message: str) -> ServiceError:
    """The caller sees the resource but may not do this to it."""
    return ServiceError("AccessDeniedException", message, 403)


def refused(refusal: Refusal, blame: Blame, message: str) -> ServiceError:
    """A refusal whose type is a knob."""
    match refusal:
        case Refusal.VALIDATION:
            return invalid(blame.member, message)
        case Refusal.ACCESS_DENIED:
            return denied(message)
        case Refusal.NOT_FOUND | Refusal.CONFLICT:
            members = {"resourceId": blame.identifier, "resourceType": blame.resource_type}
            return ServiceError(refusal.value, message, STATUS[refusal], members)
        case _:
            assert_never(refusal)


def over_quota(resource_type: str, quota_code: str, identifier: str | None, message: str) -> ServiceError:
    """A quota of the account is used up; ``identifier`` is the parent that is full, None: the account."""
    members = {"resourceType": resource_type, "serviceCode": "vpc-lattice", "quotaCode": quota_code}
    owner = {} if identifier is None else {"resourceId": identifier}
    return ServiceError("ServiceQuotaExceededException", message, 402, members | owner)


def not_unicode(part: str) -> ServiceError:
    """The request holds text that is not Unicode."""
    text = f"The request contains {part!r}, which is not a character."
    return ServiceError("ValidationException", text, 400, {"reason": "cannotParse"})


def unknown_operation(service: str, operation: str) -> ServiceError:
    """The world has no such operation (tier 2, or none at all)."""
    text = f"{operation} of {service} is not built in this emulator."
    return ServiceError("ValidationException", text, 400, {"reason": "unknownOperation"})
