"""Parameters against the model: required members, lengths, ranges, patterns, enums, unions.

Pure; the answer lists every problem at once, in the order of the model.
"""

from collections.abc import Iterator, Mapping
from typing import Any, assert_never

from lattice_emulator.api.reading import Problem, clip
from lattice_emulator.api.shapes import (
    Blob,
    Flag,
    Many,
    Member,
    Moment,
    Number,
    Shape,
    Structure,
    Table,
    Text,
)


def problems_of(params: Mapping[str, Any], shape: Structure) -> tuple[Problem, ...]:
    """Everything in ``params`` that ``shape`` does not allow; empty when all is well."""
    return tuple(_in_structure(params, shape, ""))


def _in(shape: Shape, value: Any, path: str) -> Iterator[Problem]:
    match shape:
        case Text():
            yield from _in_text(value, shape, path)
        case Number():
            yield from _in_number(value, shape, path)
        case Flag() | Moment():
            return
        case Blob(length=length):
            if not length.admit(len(value)):
                yield Problem(path, f"{path} must have {length} bytes, found {len(value)}")
        case Many():
            yield from _in_list(value, shape, path)
        case Table():
            yield from _in_map(value, shape, path)
        case Structure():
            yield from _in_structure(value, shape, path)
        case _:
            assert_never(shape)


def _in_number(value: int, shape: Number, path: str) -> Iterator[Problem]:
    if not shape.value.admit(value):
        yield Problem(path, f"{path} must be {shape.value}, found {value}")
    elif not -(1 << (shape.bits - 1)) <= value < 1 << (shape.bits - 1):
        yield Problem(path, f"{path} must fit {shape.bits} bits, found {value}")


def _in_text(value: str, shape: Text, path: str) -> Iterator[Problem]:
    if not shape.length.admit(len(value)):
        yield Problem(path, f"{path} must have {shape.length} characters, found {len(value)}")
    elif shape.words and value not in shape.words:
        yield Problem(path, f"{path} must be one of {', '.join(shape.words)}, found {clip(value)}")
    elif shape.pattern is not None and not shape.pattern.fullmatch(value):
        # Judged after the length, so that no pattern runs over a text of any size.
        shown = "the text sent" if shape.sensitive else clip(value)
        yield Problem(path, f"{path} must match {shape.pattern.pattern}, found {shown}")


def _in_list(value: list[Any], shape: Many, path: str) -> Iterator[Problem]:
    if not shape.size.admit(len(value)):
        yield Problem(path, f"{path} must have {shape.size} items, found {len(value)}")
        return
    for at, item in enumerate(value):
        yield from _in(shape.member, item, f"{path}[{at}]")


def _in_map(value: dict[str, Any], shape: Table, path: str) -> Iterator[Problem]:
    if not shape.size.admit(len(value)):
        yield Problem(path, f"{path} must have {shape.size} entries, found {len(value)}")
        return
    for key, item in value.items():
        yield from _in_text(key, shape.key, f"{path} key")
        yield from _in(shape.value, item, f"{path}.{key}")


def _in_structure(value: Mapping[str, Any], shape: Structure, path: str) -> Iterator[Problem]:
    if shape.union and len(value) != 1:
        names = ", ".join(m.name for m in shape.members)
        found = " and ".join(sorted(value)) or "none"
        yield Problem(path, f"{path} must have exactly one of the members {names}, found {found}")
    for member in shape.members:
        yield from _in_member(value, member, f"{path}.{member.name}" if path else member.name)


def _in_member(value: Mapping[str, Any], member: Member, path: str) -> Iterator[Problem]:
    if member.name in value:
        yield from _in(member.shape, value[member.name], path)
    elif member.required:
        yield Problem(path, f"{path} is required")
