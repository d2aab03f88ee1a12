"""The errors that this port makes itself, before or instead of asking the world."""

from collections.abc import Sequence
from math import ceil

from lattice_emulator.api.reading import Problem
from lattice_emulator.api.services import Operation, Protocol, Service
from lattice_emulator.api.writing import Answer
from lattice_emulator.world.errors import STATUS, ServiceError

# Codes and statuses that the neighbours of Lattice use for the same situation.
INVALID: dict[str, str] = {"tagging": "InvalidParameterException", "sts": "ValidationError"}
THROTTLED: dict[str, str] = {"tagging": "ThrottledException", "sts": "Throttling"}
# Errors common to AWS, which the models do not declare.
COMMON: dict[str, int] = {
    "UnrecognizedClientException": 403,
    "InvalidSignatureException": 403,
    "ExpiredTokenException": 403,
    "InternalFailure": 500,
    "ServiceUnavailable": 503,
}

CBOR_ADVICE = (
    "the request is RPC v2 CBOR (smithy-protocol: rpc-v2-cbor); this emulator speaks AWS JSON 1.1. Set the client's "
    "protocol to JSON (AWS SDK for Go: Options.Protocol = "
    "awsjson.New11(schemas.ResourceGroupsTaggingAPI_20170126); botocore sends JSON already), or do without the "
    "tagging API (Go controller: DISABLE_TAGGING_SERVICE_API=true)"
)


def unknown_operation(service: Service, why: str) -> ServiceError:
    """Nothing the service knows is asked for."""
    if service.protocol is Protocol.REST_JSON:
        return ServiceError("ValidationException", why, 400, {"reason": "unknownOperation"})
    code = "InvalidAction" if service.protocol is Protocol.QUERY else "UnknownOperationException"
    return ServiceError(code, why, 400)


def not_emulated(service: Service, operation: Operation) -> ServiceError:
    """The operation exists in AWS, but not here."""
    return unknown_operation(
        service, f"{operation.name} is an operation of {service.title} that this emulator does not carry out"
    )


def cannot_parse(service: Service, problem: Problem) -> ServiceError:
    """The request's form or types are wrong."""
    return _invalid(service, "cannotParse", problem.message, [problem] if problem.path else [])


def invalid_fields(service: Service, problems: Sequence[Problem]) -> ServiceError:
    """Members break the model; the message names each of them."""
    return _invalid(service, "fieldValidationFailed", "; ".join(p.message for p in problems), problems)


def throttled(service: Service, operation: str, wait: float) -> ServiceError:
    """The bucket of ``operation`` is empty for another ``wait`` seconds."""
    code = THROTTLED.get(service.name, "ThrottlingException")
    message = f"Rate exceeded: {operation} has no call left for {wait:.2f} s"
    return scripted(service, code, message, {"serviceCode": service.name, "retryAfterSeconds": ceil(wait)})


def scripted(service: Service, code: str, message: str, members: dict[str, object] | None = None) -> ServiceError:
    """An error that was asked for by ``code``; the status is the model's, what the model requires is filled in."""
    failure = service.failures.get(code)
    if failure is None:
        return ServiceError(code, message, {**STATUS, **COMMON}.get(code, 400), members)
    filled: dict[str, object] = {m.name: _filler(m.name) for m in failure.members.members if m.required}
    return ServiceError(code, message, failure.status, filled | (members or {}))


def _filler(member: str) -> object:
    return "other" if member == "reason" else "none"


def _invalid(service: Service, reason: str, message: str, problems: Sequence[Problem]) -> ServiceError:
    if service.name != "vpc-lattice":
        return ServiceError(INVALID.get(service.name, "ValidationException"), message, 400)
    fields = [{"name": p.path, "message": p.message} for p in problems]
    return ServiceError(
        "ValidationException", message, 400, {"reason": reason} | ({"fieldList": fields} if fields else {})
    )


def cbor_refusal(request_id: str) -> Answer:
    """Tell a CBOR client, in CBOR, what to set: a map of two texts, ``__type`` and ``message``."""
    body = b"\xa2" + b"".join(map(_cbor_text, ("__type", "UnsupportedProtocolException", "message", CBOR_ADVICE)))
    headers = {
        "Content-Type": "application/cbor",
        "smithy-protocol": "rpc-v2-cbor",
        "x-amzn-RequestId": request_id,
        "x-amzn-ErrorType": "UnsupportedProtocolException",
    }
    return Answer(400, body, headers)


def _cbor_text(text: str) -> bytes:
    # RFC 8949, major type 3 with a 16-bit length.
    data = text.encode()
    return b"\x79" + len(data).to_bytes(2, "big") + data
