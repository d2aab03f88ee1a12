"""From results and errors to answers on the wire, in the form of each protocol.

Members without a value are left out, never null; text is UTF-8; answers are whole (one body, its length known).
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, assert_never
from xml.etree import ElementTree as ET

import msgspec

from lattice_emulator.api.services import Operation, Protocol, Service
from lattice_emulator.api.shapes import (
    Blob,
    Flag,
    Location,
    Many,
    Moment,
    Number,
    Shape,
    Structure,
    Table,
    Text,
)
from lattice_emulator.world.errors import ServiceError

CONTENT_TYPE: Mapping[Protocol, str] = {
    Protocol.REST_JSON: "application/json",
    Protocol.JSON: "application/x-amz-json-1.1",
    Protocol.QUERY: "text/xml",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to the client; no body means none is sent."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def result_answer(service: Service, operation: Operation, result: Mapping[str, Any], request_id: str) -> Answer:
    """Write what an operation returned."""
    headers = {"x-amzn-RequestId": request_id}
    if operation.status == 204:
        return Answer(204, b"", headers)
    headers["Content-Type"] = CONTENT_TYPE[service.protocol]
    match service.protocol:
        case Protocol.REST_JSON | Protocol.JSON:
            body = msgspec.json.encode(_structure(result, operation.output))
        case Protocol.QUERY:
            body = _query_result(service, operation, result, request_id)
        case _:
            assert_never(service.protocol)
    return Answer(operation.status, body, headers)


def error_answer(service: Service, error: ServiceError, request_id: str) -> Answer:
    """Write an error as clients of the service expect it: type, message, modelled members and headers."""
    headers = {"x-amzn-RequestId": request_id, "Content-Type": CONTENT_TYPE[service.protocol]}
    match service.protocol:
        case Protocol.REST_JSON:
            headers["x-amzn-ErrorType"] = error.code
            body = _error_members(service, error)
        case Protocol.JSON:
            headers["x-amzn-ErrorType"] = error.code
            body = {"__type": error.code} | _error_members(service, error)
        case Protocol.QUERY:
            return Answer(error.status, _query_error(service, error, request_id), headers)
        case _:
            assert_never(service.protocol)
    return Answer(error.status, msgspec.json.encode(body), headers | _error_headers(service, error))


def _error_members(service: Service, error: ServiceError) -> dict[str, Any]:
    failure = service.failures.get(error.code)
    if failure is None:
        return {"message": error.message} | dict(error.members)
    given = {m.name.lower(): m for m in failure.members.members}
    message = given["message"].name if "message" in given else "message"
    return {message: error.message} | _structure(error.members, failure.members)


def _error_headers(service: Service, error: ServiceError) -> dict[str, str]:
    failure = service.failures.get(error.code)
    members = () if failure is None else failure.members.members
    return {
        m.wire: str(error.members[m.name])
        for m in members
        if m.location is Location.HEADER and error.members.get(m.name) is not None
    }


def _structure(values: Mapping[str, Any], shape: Structure) -> dict[str, Any]:
    return {
        m.wire: _value(values[m.name], m.shape)
        for m in shape.members
        if m.location is Location.BODY and values.get(m.name) is not None
    }


def _value(value: Any, shape: Shape) -> Any:
    match shape:
        case Structure():
            return _structure(value, shape)
        case Many(member=member):
            return [_value(item, member) for item in value]
        case Table(value=member):
            return {key: _value(item, member) for key, item in value.items()}
        case Moment(iso8601=iso8601):
            return iso_time(value) if iso8601 else round(value.timestamp(), 3)
        case Blob():
            return base64.b64encode(value).decode("ascii")
        case Text() | Number() | Flag():
            return value
        case _:
            assert_never(shape)


def iso_time(moment: datetime) -> str:
    """Write a time as the service does: UTC, milliseconds, ``Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _query_result(service: Service, operation: Operation, result: Mapping[str, Any], request_id: str) -> bytes:
    root = ET.Element(f"{operation.name}Response", xmlns=service.namespace)
    members = ET.SubElement(root, f"{operation.name}Result")
    for name, value in _structure(result, operation.output).items():
        ET.SubElement(members, name).text = str(value)
    metadata = ET.SubElement(root, "ResponseMetadata")
    ET.SubElement(metadata, "RequestId").text = request_id
    return _xml(root)


def _query_error(service: Service, error: ServiceError, request_id: str) -> bytes:
    root = ET.Element("ErrorResponse", xmlns=service.namespace)
    detail = ET.SubElement(root, "Error")
    ET.SubElement(detail, "Type").text = "Receiver" if error.status >= 500 else "Sender"
    ET.SubElement(detail, "Code").text = error.code
    ET.SubElement(detail, "Message").text = error.message
    ET.SubElement(root, "RequestId").text = request_id
    return _xml(root)


def _xml(root: ET.Element) -> bytes:
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document
