"""The text of one file to raw documents: YAML as Kubernetes reads it, or JSON.

In: bytes. Out: mappings, lists and scalars with the line they begin on, or what is broken and where. Nothing here
raises on bad input. Keys are always text; times stay text; a key that stands twice is an error.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, pairwise
from math import isfinite
from typing import Any, Final, TypeAlias

import msgspec
import yaml

MAX_DEPTH: Final = 100
"""Levels of nesting; more is a mistake or an attack."""

MAX_NODES: Final = 5_000_000
"""Values of one document with its aliases written out."""

MAX_NUMBER: Final = 40
"""Characters of a number; longer plain scalars are text."""

_PARSER: Final = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_AFTER_MARK: Final = (b"", b" ", b"\t", b"\r", b"\n")
_INT = re.compile(r"[-+]?(0|[1-9][0-9_]*)|0x[0-9a-fA-F]+|0o?[0-7]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **{form: True for word in ("true", "yes", "on") for form in (word, word.title(), word.upper())},
    **{form: False for word in ("false", "no", "off") for form in (word, word.title(), word.upper())},
}
_TAG = "tag:yaml.org,2002:"
_PLAIN_TAGS: Final = frozenset({_TAG + name for name in ("int", "float", "bool", "null")})
_MERGE: Final = "<<"


@dataclass(frozen=True, slots=True)
class Document:
    """A document and the line it begins on, counted from 1."""

    raw: Any
    line: int


@dataclass(frozen=True, slots=True)
class Broken:
    """Text that is no YAML or JSON: where, and why in words."""

    line: int
    why: str


Parsed: TypeAlias = Document | Broken


def chunks(data: bytes) -> tuple[tuple[bytes, int], ...]:
    """A YAML stream cut at its ``---`` lines: bytes and first line of each piece, to be parsed one by one.

    Streams with directives or in another encoding than UTF-8 stay whole.
    """
    if data.startswith((b"%", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")) or b"\n%" in data:
        return ((data, 1),)
    starts = [0, *_boundaries(data), len(data)]
    pieces: list[tuple[bytes, int]] = []
    line = 1
    for start, end in pairwise(starts):
        pieces.append((data[start:end], line))
        line += data.count(b"\n", start, end)
    return tuple(pieces)


def _boundaries(data: bytes) -> Iterator[int]:
    """Where a ``---`` stands at the beginning of a line and by itself, except at the very beginning."""
    found = data.find(b"\n---")
    while found >= 0:
        if data[found + 4 : found + 5] in _AFTER_MARK:
            yield found + 1
        found = data.find(b"\n---", found + 4)


def parse_yaml(data: bytes) -> tuple[Parsed, ...]:
    """The documents of a YAML stream up to the first that is broken; empty ones are left out."""
    found: list[Parsed] = []
    try:
        for document in _documents(data):
            found.append(document)  # noqa: PERF402  # keeps what came before an error
    except _Fault as fault:
        found.append(Broken(fault.line + 1, str(fault)))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        found.append(Broken((mark.line if mark else 0) + 1, _why(error)))
    except (yaml.YAMLError, UnicodeError) as error:
        found.append(Broken(1, " ".join(str(error).split())))
    return tuple(found)


def parse_json(data: bytes) -> tuple[Parsed, ...]:
    """The document of a JSON file."""
    try:
        raw = msgspec.json.decode(data)
        return (Document(raw, 1) if _is_shallow(raw) else Broken(1, f"more than {MAX_DEPTH} levels"),)
    except msgspec.DecodeError as error:
        position = re.search(r"\(byte (\d+)\)", str(error))
        line = data.count(b"\n", 0, int(position[1])) + 1 if position else data.count(b"\n") + 1
        return (Broken(line, str(error)),)
    except (RecursionError, UnicodeError) as error:
        return (Broken(1, str(error)),)


def _is_shallow(raw: Any) -> bool:
    """Whether a value has no more than ``MAX_DEPTH`` levels of lists and mappings."""
    level = _collections([raw])
    for _ in range(MAX_DEPTH):
        level = _collections(chain.from_iterable(each.values() if isinstance(each, dict) else each for each in level))
    return not level


def _collections(values: Iterable[Any]) -> list[Any]:
    return [value for value in values if isinstance(value, dict | list)]


def _why(error: yaml.MarkedYAMLError) -> str:
    return ", ".join(text for text in (error.context, error.problem) if text) or "not YAML"


class _Fault(Exception):  # noqa: N818  # stays inside this module
    """Well-formed YAML that we do not take; ``line`` counts from 0."""

    def __init__(self, why: str, event: yaml.Event) -> None:
        super().__init__(why)
        self.line = _line(event)


@dataclass(slots=True)
class _Node:
    """A mapping or list that is being read.

    ``key`` is the key that waits for its value, None where one comes next; ``merges``: it is a plain ``<<``.
    """

    value: dict[str, Any] | list[Any]
    anchor: str | None
    start: int
    key: str | None = None
    merges: bool = False
    merged: list[Any] = field(default_factory=list)


@dataclass(slots=True)
class _Builder:
    """Puts the events of one document together."""

    stack: list[_Node] = field(default_factory=list)
    anchors: dict[str, tuple[Any, int]] = field(default_factory=dict)
    nodes: int = 0
    root: Any = None

    def open(self, event: yaml.CollectionStartEvent, value: dict[str, Any] | list[Any]) -> None:
        """A mapping or list begins."""
        if len(self.stack) >= MAX_DEPTH:
            raise _Fault(f"more than {MAX_DEPTH} levels", event)
        if event.tag is not None and event.tag not in {f"{_TAG}map", f"{_TAG}seq"}:
            raise _bad_tag(event)
        if self._wants_key():
            raise _Fault("a key that is not text", event)
        self.nodes += 1
        self.stack.append(_Node(value, event.anchor, self.nodes))

    def close(self, event: yaml.CollectionEndEvent) -> None:
        """A mapping or list is complete."""
        node = self.stack.pop()
        if isinstance(node.value, dict):
            for mapping in node.merged:
                for key, value in mapping.items():
                    node.value.setdefault(key, value)
        if node.anchor:
            self.anchors[node.anchor] = (node.value, self.nodes - node.start)
        self.add(node.value, event)

    def scalar(self, event: yaml.ScalarEvent) -> None:
        """A scalar: a key as it is written, or a value."""
        if self._wants_key():
            self._key(event)
            return
        value = _scalar(event)
        self.nodes += 1
        if event.anchor:
            self.anchors[event.anchor] = (value, 1)
        self.add(value, event)

    def alias(self, event: yaml.AliasEvent) -> None:
        """A value that was given before."""
        if event.anchor not in self.anchors or self._wants_key():
            raise _Fault(f"no value is named {event.anchor}", event)
        value, size = self.anchors[event.anchor]
        self.nodes += size
        if self.nodes > MAX_NODES:
            raise _Fault(f"more than {MAX_NODES} values", event)
        self.add(value, event)

    def add(self, value: Any, event: yaml.Event) -> None:
        """Hands a complete value to what holds it."""
        if not self.stack:
            self.root = value
            return
        node = self.stack[-1]
        if isinstance(node.value, list):
            node.value.append(value)
            return
        key, node.key = node.key, None
        if node.merges:
            node.merged.extend(_mappings(value, event))
        elif key is not None:
            node.value[key] = value

    def _wants_key(self) -> bool:
        if not self.stack:
            return False
        node = self.stack[-1]
        return node.key is None and isinstance(node.value, dict)

    def _key(self, event: yaml.ScalarEvent) -> None:
        node = self.stack[-1]
        if event.value in node.value:
            raise _Fault(f"the key {event.value!r} stands twice", event)
        if event.anchor:
            self.anchors[event.anchor] = (event.value, 1)
        node.key, node.merges = event.value, event.value == _MERGE and event.implicit[0]


def _documents(data: bytes) -> Iterator[Document]:
    builder, line = _Builder(), 0
    for event in yaml.parse(data, _PARSER):
        line = line or _line(event) + 1
        match event:
            case yaml.ScalarEvent():
                builder.scalar(event)
            case yaml.MappingStartEvent():
                builder.open(event, {})
            case yaml.SequenceStartEvent():
                builder.open(event, [])
            case yaml.CollectionEndEvent():
                builder.close(event)
            case yaml.AliasEvent():
                builder.alias(event)
            case yaml.DocumentStartEvent():
                builder, line = _Builder(), 0
            case yaml.DocumentEndEvent() if builder.root is not None:
                yield Document(builder.root, line)
            case _:
                pass


def _line(event: yaml.Event) -> int:
    """The line an event begins on, counted from 0."""
    return event.start_mark.line if event.start_mark else 0


def _mappings(value: Any, event: yaml.Event) -> list[Any]:
    """What ``<<`` names: a mapping, or a list of mappings of which the earlier win."""
    found = value if isinstance(value, list) else [value]
    if not all(isinstance(mapping, dict) for mapping in found):
        raise _Fault("<< takes mappings only", event)
    return found


def _scalar(event: yaml.ScalarEvent) -> Any:
    """A scalar as JSON has it: quoted ones are text, plain ones what they look like."""
    text: str = event.value
    if event.tag is not None and event.tag not in _PLAIN_TAGS:
        if event.tag not in {"!", f"{_TAG}str"}:
            raise _bad_tag(event)
        return text
    return _plain(text) if event.implicit[0] or event.tag in _PLAIN_TAGS else text


def _plain(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > MAX_NUMBER or not (text[0].isdigit() or text[0] in "+-."):
        return text
    if _INT.fullmatch(text):
        return _integer(text)
    return float(text) if _FLOAT.fullmatch(text) and isfinite(float(text)) else text


def _integer(text: str) -> int:
    """Decimal, ``0x`` or octal (``0o17`` and, as YAML 1.1 has it, ``017``)."""
    digits = text.replace("_", "")
    if digits.startswith("0x"):
        return int(digits, 16)
    return int(digits.replace("o", ""), 8) if digits.startswith("0") else int(digits)


def _bad_tag(event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> "_Fault":
    return _Fault(f"the tag {event.tag} means nothing here", event)
