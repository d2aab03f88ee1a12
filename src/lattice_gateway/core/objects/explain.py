"""Turns a failed validation into field, what was found and what was expected.

In: the type, the raw value and msgspec's error. Out: a ``Complaint``. It knows nothing of files or kinds.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from msgspec import inspect

MAX_FOUND: Final = 80
"""Characters of a found value that a message shows."""

_AT = re.compile(r" - at (?P<key>`key` in )?`\$(?P<path>.*)`\Z", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\[(\.\.\.)\]")
_MISSING = re.compile(r"Object missing required field `(?P<field>[^`]+)`")


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with a value: ``path`` like ``spec.rules[0].name``, then what was found and expected, in words."""

    path: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.path}: found {self.found}, expected {self.expected}"


def show(value: object) -> str:
    """A value of a manifest as people write it, cut to a readable length."""
    match value:
        case None:
            return "nothing"
        case Mapping():
            return "a mapping"
        case list() | tuple():
            return f"a list of {len(value)}"
        case _:
            text = json.dumps(value, ensure_ascii=False, default=str)
            return text if len(text) <= MAX_FOUND else text[: MAX_FOUND - 1] + "…"


def explain(kind: type, raw: object, error: msgspec.ValidationError) -> Complaint:
    """The complaint behind ``error``, which converting ``raw`` to ``kind`` raised."""
    message = str(error)
    at = _AT.search(message)
    steps = _steps(at["path"]) if at else ()
    if missing := _MISSING.match(message):
        steps = (*steps, missing["field"])
    steps, value, expected = _follow(steps, raw, inspect.type_info(kind))
    if at and at["key"]:
        return Complaint(_path(steps), f"{show(value)} with a key that is not text", "a mapping with text as keys")
    return Complaint(_path(steps) or "the object", show(value), expected or _plain(message))


def _steps(path: str) -> tuple[str | int, ...]:
    return tuple(
        name or (int(index) if index else rest) for name, index, rest in (m.groups() for m in _STEP.finditer(path))
    )


def _path(steps: tuple[str | int, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")


def _follow(
    steps: tuple[str | int, ...], raw: object, expected: inspect.Type
) -> tuple[tuple[str | int, ...], object, str]:
    """Walks value and type side by side; an unnamed step into a mapping finds the key that is wrong."""
    seen: list[str | int] = []
    kind: inspect.Type | None = expected
    for step in steps:
        if step == "..." and isinstance(raw, Mapping):
            step = next((str(key) for key, value in raw.items() if not isinstance(value, str)), "...")
        seen.append(step)
        raw = _into(raw, step)
        kind = _type_into(kind, step)
    return tuple(seen), raw, _describe(kind) if kind else ""


def _into(raw: object, step: str | int) -> object:
    match raw, step:
        case Mapping(), _:
            return raw.get(step)
        case Sequence(), int() if not isinstance(raw, str) and step < len(raw):
            return raw[step]
        case _:
            return None


def _type_into(kind: inspect.Type | None, step: str | int) -> inspect.Type | None:
    for option in _options(kind):
        match option:
            case inspect.StructType(fields=fields) if isinstance(step, str):
                found = next((field.type for field in fields if field.encode_name == step), None)
            case inspect.VarTupleType(item_type=item) if isinstance(step, int):
                found = item
            case inspect.DictType(value_type=item):
                found = item
            case _:
                found = None
        if found is not None:
            return found
    return None


def _options(kind: inspect.Type | None) -> tuple[inspect.Type, ...]:
    match kind:
        case None:
            return ()
        case inspect.Metadata(type=inner):
            return _options(inner)
        case inspect.UnionType(types=types):
            return tuple(option for option in types if not isinstance(option, inspect.NoneType))
        case _:
            return (kind,)


def _describe(kind: inspect.Type) -> str:
    return " or ".join(_describe_one(option) for option in _options(kind))


def _describe_one(kind: inspect.Type) -> str:
    match kind:
        case inspect.IntType(ge=low, le=high) if low is not None and high is not None:
            return f"{low} to {high}"
        case inspect.IntType():
            return "a whole number"
        case inspect.BoolType():
            return "true or false"
        case inspect.StrType():
            return _describe_text(kind)
        case inspect.EnumType(cls=words):
            return "one of " + ", ".join(str(word.value) for word in words)
        case inspect.VarTupleType(min_length=low, max_length=high):
            return "a list" + _length(low, high, "items")
        case inspect.DateTimeType():
            return "a time such as 2026-01-31T12:00:00Z"
        case inspect.StructType() | inspect.DictType():
            return "a mapping"
        case _:
            return "another type"


def _describe_text(kind: inspect.StrType) -> str:
    form = f" of the form {_readable(kind.pattern)}" if kind.pattern else ""
    return "text" + _length(kind.min_length, kind.max_length, "characters") + form


def _readable(pattern: str) -> str:
    """The pattern as the CRDs print it: Python's end of text is written ``$`` there."""
    return pattern.removesuffix(r"\Z") + "$"


def _length(low: int | None, high: int | None, unit: str) -> str:
    match low, high:
        case None, None:
            return ""
        case None | 0, _:
            return f" of at most {high} {unit}"
        case _, None:
            return f" of at least {low} {unit}"
        case _:
            return f" of {low} to {high} {unit}"


def _plain(message: str) -> str:
    """Msgspec's own words without the path, for types this module has no words for."""
    return _AT.sub("", message).replace("`", "")
