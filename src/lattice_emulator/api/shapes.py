"""The shapes of a service model: what a member may hold, as closed types.

They are read once from botocore's data. Limits the model does not set are None.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias


class Location(StrEnum):
    """Where a member of a request or of an error travels."""

    BODY = "body"
    PATH = "uri"
    QUERY = "querystring"
    HEADER = "header"


@dataclass(frozen=True, slots=True)
class Bounds:
    """Smallest and largest length or value, both inclusive; None: not limited."""

    least: int | None = None
    most: int | None = None

    def admit(self, size: int) -> bool:
        """Tell whether ``size`` lies within."""
        return (self.least is None or size >= self.least) and (self.most is None or size <= self.most)

    def __str__(self) -> str:
        if self.least is None:
            return f"at most {self.most}"
        return f"at least {self.least}" if self.most is None else f"{self.least} to {self.most}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A string; ``length`` counts Unicode characters, the whole text must match ``pattern``."""

    length: Bounds
    pattern: re.Pattern[str] | None
    words: tuple[str, ...]
    sensitive: bool


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number of ``bits`` bits."""

    value: Bounds
    bits: int


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time; ``iso8601`` as text, else seconds since the epoch."""

    iso8601: bool


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes, base64 on the wire; ``length`` counts bytes."""

    length: Bounds
    sensitive: bool


@dataclass(frozen=True, slots=True)
class Many:
    """A list."""

    member: "Shape"
    size: Bounds


@dataclass(frozen=True, slots=True)
class Table:
    """A map with string keys."""

    key: Text
    value: "Shape"
    size: Bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A named part of a structure; ``wire`` is its name in the path, query, header or body."""

    name: str
    wire: str
    shape: "Shape"
    required: bool
    location: Location


@dataclass(frozen=True, slots=True)
class Structure:
    """Named members; a ``union`` has exactly one of them."""

    name: str
    members: tuple[Member, ...]
    union: bool


Shape: TypeAlias = Text | Number | Flag | Moment | Blob | Many | Table | Structure

NOTHING = Structure("Nothing", (), union=False)

BITS = {"integer": 32, "long": 64}


def read_shape(shapes: Mapping[str, Any], name: str) -> Shape:
    """Build the shape ``name`` with all it contains from the ``shapes`` of a service model.

    Raises ValueError for a type that none of the emulated operations uses.
    """
    data = shapes[name]
    match data["type"]:
        case "structure":
            return read_structure(shapes, name)
        case "list":
            return Many(read_shape(shapes, data["member"]["shape"]), _bounds(data))
        case "map":
            key = _text(shapes[data["key"]["shape"]])
            return Table(key, read_shape(shapes, data["value"]["shape"]), _bounds(data))
        case "string":
            return _text(data)
        case "integer" | "long" as width:
            return Number(_bounds(data), BITS[width])
        case "boolean":
            return Flag()
        case "timestamp":
            return Moment(data.get("timestampFormat") == "iso8601")
        case "blob":
            return Blob(_bounds(data), bool(data.get("sensitive")))
        case other:
            raise ValueError(f"shape {name} has the type {other}, which no emulated operation uses")


def read_structure(shapes: Mapping[str, Any], name: str) -> Structure:
    """Build the structure ``name``; members keep the order of the model."""
    data = shapes[name]
    required = frozenset(data.get("required", ()))
    members = tuple(
        Member(
            name=member,
            wire=spec.get("locationName", member),
            shape=read_shape(shapes, spec["shape"]),
            required=member in required,
            location=Location(spec.get("location", Location.BODY)),
        )
        for member, spec in data["members"].items()
    )
    return Structure(name, members, bool(data.get("union")))


def _text(data: Mapping[str, Any]) -> Text:
    pattern = data.get("pattern")
    return Text(
        length=_bounds(data),
        pattern=None if pattern is None else re.compile(_in_python(pattern)),
        words=tuple(data.get("enum", ())),
        sensitive=bool(data.get("sensitive")),
    )


def _bounds(data: Mapping[str, Any]) -> Bounds:
    return Bounds(data.get("min"), data.get("max"))


def _in_python(pattern: str) -> str:
    r"""Rewrite the Unicode classes that Python's ``re`` lacks.

    The models use ``\p{L}\p{Z}\p{N}`` together only; letters and digits are ``\w`` (with the underscore, which
    those classes list as well) and separators ``\s``.
    """
    return pattern.replace(r"\p{L}", r"\w").replace(r"\p{N}", r"\d").replace(r"\p{Z}", r"\s")
