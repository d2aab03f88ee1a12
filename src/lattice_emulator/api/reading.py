"""From the wire to parameters: values by member name, of the types the model asks for.

What is null or unknown to the model is left out, as the services do. Ranges, patterns and required members are
judged afterwards (``validation``); here only form and type count.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

import msgspec

from lattice_emulator.api.request import Request
from lattice_emulator.api.routing import Routed
from lattice_emulator.api.services import Protocol
from lattice_emulator.api.shapes import (
    Blob,
    Flag,
    Location,
    Many,
    Member,
    Moment,
    Number,
    Shape,
    Structure,
    Table,
    Text,
)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the member at ``path`` (``targets[0].port``); empty path: the whole request."""

    path: str
    message: str


class Unreadable(Exception):  # noqa: N818 - it names the condition, and is caught where it is answered
    """The request cannot be read as the model has it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def read_parameters(request: Request, routed: Routed, protocol: Protocol) -> dict[str, Any]:
    """Collect the members of the operation's input from path, query and body; raises Unreadable."""
    match protocol:
        case Protocol.REST_JSON:
            return _from_rest(request, routed)
        case Protocol.JSON:
            return _from_body(request.body, routed.operation.input.members)
        case Protocol.QUERY:
            return {}  # the one operation served by this protocol takes no parameters
        case _:
            assert_never(protocol)


def _from_rest(request: Request, routed: Routed) -> dict[str, Any]:
    members = routed.operation.input.members
    params: dict[str, Any] = {m.name: routed.labels[m.wire] for m in members if m.location is Location.PATH}
    params.update(_from_query(request, members))
    in_body = [m for m in members if m.location is Location.BODY]
    if in_body:
        params.update(_from_body(request.body, in_body))
    return params


def _from_query(request: Request, members: Sequence[Member]) -> Iterator[tuple[str, Any]]:
    pairs = request.query
    for member in members:
        if member.location is Location.QUERY:
            found = [value for key, value in pairs if key == member.wire]
            if found:
                yield member.name, _query_value(member, found)
            elif member.required and isinstance(member.shape, Many):
                # A list of repeated keys has no other way to say that it is empty.
                yield member.name, []


def _query_value(member: Member, found: list[str]) -> Any:
    match member.shape:
        case Many():
            return found
        case Number():
            if not found[-1].removeprefix("-").isdecimal() or len(found[-1]) > 20:
                raise _mistyped(member.name, "a whole number", found[-1])
            return int(found[-1])
        case Flag():
            if found[-1] not in ("true", "false"):
                raise _mistyped(member.name, "true or false", found[-1])
            return found[-1] == "true"
        case _:
            return found[-1]


def _from_body(body: bytes, members: Sequence[Member]) -> dict[str, Any]:
    if not body.strip():
        return {}
    try:
        data = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(Problem("", f"the body is not JSON: {error}")) from None
    if not isinstance(data, dict):
        raise _mistyped("", "a JSON object", data)
    return _members(data, members, "")


def _members(data: Mapping[str, Any], members: Sequence[Member], path: str) -> dict[str, Any]:
    return {
        m.name: _value(m.shape, data[m.wire], f"{path}.{m.name}" if path else m.name)
        for m in members
        if data.get(m.wire) is not None
    }


def _value(shape: Shape, data: Any, path: str) -> Any:
    match shape:
        case Text():
            return _of_type(str, data, path, "a string")
        case Number():
            return _whole(data, path)
        case Flag():
            return _of_type(bool, data, path, "true or false")
        case Moment():
            return _of_type((str, int, float), data, path, "a time")
        case Blob():
            return _bytes(data, path)
        case Many(member=member):
            items = _of_type(list, data, path, "a list")
            return [_value(member, item, f"{path}[{at}]") for at, item in enumerate(items)]
        case Table(value=value):
            entries = _of_type(dict, data, path, "a map")
            return {key: _value(value, item, f"{path}.{key}") for key, item in entries.items()}
        case Structure(members=members):
            return _members(_of_type(dict, data, path, "an object"), members, path)
        case _:
            assert_never(shape)


def _of_type(wanted: type | tuple[type, ...], data: Any, path: str, words: str) -> Any:
    if not isinstance(data, wanted):
        raise _mistyped(path, words, data)
    return data


def _whole(data: Any, path: str) -> int:
    if isinstance(data, float) and data.is_integer():
        return int(data)
    if isinstance(data, bool) or not isinstance(data, int):
        raise _mistyped(path, "a whole number", data)
    return data


def _bytes(data: Any, path: str) -> bytes:
    text: str = _of_type(str, data, path, "base64 text")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _mistyped(path, "base64 text", text) from None


def _mistyped(path: str, expected: str, found: object) -> Unreadable:
    return Unreadable(Problem(path, f"{path or 'the body'} must be {expected}, found {clip(found)}"))


def clip(found: object, longest: int = 80) -> str:
    """Show a found value, shortened."""
    text = repr(found)
    return text if len(text) <= longest else f"{text[:longest]}…"
