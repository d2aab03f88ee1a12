"""Settings as one documented table: how a field is declared, read from a mapping, and listed for the docs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from math import isfinite
from typing import Any, TypeVar, cast, get_args, get_type_hints

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KnobRow:
    """A line of the settings table: ``expected`` says in words what values are taken."""

    name: str
    default: str
    expected: str
    section: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Declared:
    """What a field says about itself; ``least`` and ``most`` bound numbers, None: no bound."""

    section: str
    meaning: str
    least: float | None
    most: float | None


class KnobError(ValueError):
    """A settings file is wrong: names the key, the value found and what was expected."""


def knob(default: T, section: str, meaning: str, *, least: float | None = 0, most: float | None = None) -> T:
    """Declare a field of a settings table; ``section`` is the part of lattice.md it comes from."""
    declared = Declared(section, meaning, least, most)
    return field(default=default, metadata={"knob": declared})


def rows(table: type[Any]) -> Iterator[KnobRow]:
    """One row per field, in order of declaration."""
    hints = get_type_hints(table)
    for each in fields(table):
        declared: Declared = each.metadata["knob"]
        yield KnobRow(
            each.name,
            _shown(each.default),
            _expected(hints[each.name], declared),
            declared.section,
            declared.meaning,
        )


def read(table: type[T], found: Mapping[str, object], where: str) -> T:
    """A ``table`` with the values of ``found``; ``where`` names the mapping in errors. Raises KnobError."""
    hints = get_type_hints(table)
    declared = {each.name: cast("Declared", each.metadata["knob"]) for each in fields(cast("Any", table))}
    unknown = [key for key in found if key not in declared]
    if unknown:
        known = ", ".join(sorted(declared))
        raise KnobError(f"{where}.{unknown[0]}: found an unknown setting, expected one of {known}")
    values = {key: _value(f"{where}.{key}", value, hints[key], declared[key]) for key, value in found.items()}
    return table(**values)


def _value(key: str, value: object, hint: Any, declared: Declared) -> object:
    expected = _expected(hint, declared)
    parsed = _parsed(value, hint)
    if parsed is _NOTHING or not _within(parsed, declared):
        raise KnobError(f"{key}: found {value!r}, expected {expected}")
    return parsed


class _Nothing:
    """The value could not be read."""


_NOTHING = _Nothing()


def _parsed(value: object, hint: Any) -> object:
    if type(None) in get_args(hint):
        return None if value is None else _parsed(value, get_args(hint)[0])
    if hint is bool:
        return value if isinstance(value, bool) else _NOTHING
    if hint in (int, float):
        return _number(value, hint)
    if hint is str:
        return value if isinstance(value, str) else _NOTHING
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint(value) if isinstance(value, str) and value in list(hint) else _NOTHING
    return _texts(value)


def _number(value: object, hint: type[int] | type[float]) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _NOTHING
    if (hint is int and not isinstance(value, int)) or not isfinite(value):
        return _NOTHING
    return hint(value)


def _texts(value: object) -> object:
    if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        return tuple(value)
    return _NOTHING


def _within(value: object, declared: Declared) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True
    low = declared.least is None or value >= declared.least
    return low and (declared.most is None or value <= declared.most)


def _expected(hint: Any, declared: Declared) -> str:
    if type(None) in get_args(hint):
        return f"null or {_expected(get_args(hint)[0], declared)}"
    if hint is bool:
        return "true or false"
    if hint in (int, float):
        return _number_words("a whole number" if hint is int else "a number", declared)
    if hint is str:
        return "a text"
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return "one of " + ", ".join(hint)
    return "a list of texts"


def _number_words(noun: str, declared: Declared) -> str:
    low = "" if declared.least is None else f" from {declared.least:g}"
    high = "" if declared.most is None else f" to {declared.most:g}"
    return noun + low + high


def _shown(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case tuple():
            return "[" + ", ".join(value) + "]"
        case _:
            return str(value)
