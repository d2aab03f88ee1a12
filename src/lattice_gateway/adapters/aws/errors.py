"""Errors of AWS calls as our own, decided by the service's code, then by the HTTP status; never by message text.

Lattice: lattice.md §12.
"""

from collections.abc import Mapping
from typing import Any

import aiohttp
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
)

from lattice_gateway.core.lattice.outcome import ErrorKind, LatticeError

CODES: Mapping[str, ErrorKind] = {
    "ResourceNotFoundException": ErrorKind.NOT_FOUND,
    "ConflictException": ErrorKind.CONFLICT,
    "ThrottlingException": ErrorKind.THROTTLED,
    "Throttling": ErrorKind.THROTTLED,
    "ThrottledException": ErrorKind.THROTTLED,
    "TooManyRequestsException": ErrorKind.THROTTLED,
    "RequestLimitExceeded": ErrorKind.THROTTLED,
    "ServiceQuotaExceededException": ErrorKind.QUOTA,
    "LimitExceededException": ErrorKind.QUOTA,
    "AccessDeniedException": ErrorKind.DENIED,
    "AccessDenied": ErrorKind.DENIED,
    "UnrecognizedClientException": ErrorKind.DENIED,
    "InvalidSignatureException": ErrorKind.DENIED,
    "InvalidClientTokenId": ErrorKind.DENIED,
    "ExpiredTokenException": ErrorKind.DENIED,
    "ExpiredToken": ErrorKind.DENIED,
    "ValidationException": ErrorKind.INVALID,
    "InvalidParameterException": ErrorKind.INVALID,
    "PaginationTokenExpiredException": ErrorKind.CONFLICT,
    "InternalServerException": ErrorKind.UNAVAILABLE,
    "InternalServiceException": ErrorKind.UNAVAILABLE,
}

STATUSES: Mapping[int, ErrorKind] = {
    401: ErrorKind.DENIED,
    402: ErrorKind.QUOTA,
    403: ErrorKind.DENIED,
    404: ErrorKind.NOT_FOUND,
    409: ErrorKind.CONFLICT,
    429: ErrorKind.THROTTLED,
}


def refused(operation: str, error: ClientError, *, mutating: bool) -> LatticeError:
    """An error that the service answered.

    A mutating call that was answered 5xx may have been carried out: its result is unknown.
    """
    response: Mapping[str, Any] = error.response
    body: Mapping[str, Any] = response.get("Error", {})
    code = str(body.get("Code", ""))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    kind = CODES.get(code) or _kind_of_status(status)
    if kind is ErrorKind.UNAVAILABLE and mutating:
        kind = ErrorKind.UNKNOWN_RESULT
    quota = response.get("quotaCode")
    return LatticeError(
        kind=kind,
        operation=operation,
        code=code or str(status),
        message=str(body.get("Message") or response.get("message") or "no message"),
        retry_after=_seconds(response.get("retryAfterSeconds")),
        quota=str(quota) if quota else None,
        status=status,
    )


def broken(operation: str, error: BotoCoreError, *, mutating: bool) -> LatticeError:
    """A call that got no answer, or was never sent."""
    return LatticeError(
        kind=_kind_of_break(error, mutating=mutating),
        operation=operation,
        code=type(error).__name__,
        message=str(error),
        status=0,
    )


def unanswered(operation: str, seconds: float, *, mutating: bool) -> LatticeError:
    """A call whose answer did not come in time."""
    return LatticeError(
        kind=ErrorKind.UNKNOWN_RESULT if mutating else ErrorKind.UNAVAILABLE,
        operation=operation,
        code="Timeout",
        message=f"no answer within {seconds:g} seconds",
        status=0,
    )


def _kind_of_status(status: int) -> ErrorKind:
    if status >= 500:
        return ErrorKind.UNAVAILABLE
    return STATUSES.get(status, ErrorKind.INVALID)


def _kind_of_break(error: BotoCoreError, *, mutating: bool) -> ErrorKind:
    if isinstance(error, ParamValidationError):
        return ErrorKind.INVALID
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return ErrorKind.DENIED
    if _never_sent(error) or not mutating:
        return ErrorKind.UNAVAILABLE
    return ErrorKind.UNKNOWN_RESULT


def _never_sent(error: BotoCoreError) -> bool:
    """Whether no connection was made; a reset of an open one is an ``EndpointConnectionError`` as well."""
    if isinstance(error, ConnectTimeoutError):
        return True
    cause = error.kwargs.get("error")
    return isinstance(error, EndpointConnectionError) and isinstance(cause, aiohttp.ClientConnectorError)


def _seconds(value: object) -> float | None:
    return float(value) if isinstance(value, int | float | str) and str(value).isdigit() else None
