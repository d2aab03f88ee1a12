"""The content of one file: objects, problems and what was skipped.

In: bytes and the content of the same file's last reading. Out: ``FileContent``. Only documents that changed are parsed
again, so an edit in a large file costs what was edited.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import PurePath
from typing import Any, Final, TypeAlias

import yaml

from lattice_gateway.adapters.files.documents import Broken, Document, Parsed, chunks, parse_json, parse_yaml
from lattice_gateway.adapters.files.lines import compose, line_of
from lattice_gateway.core.objects import DecodeError, NotOurs, Object, Ref, decode
from lattice_gateway.core.objects.spelling import misspelt
from lattice_gateway.engine.feed import Problem, Undecodable

SUFFIXES: Final = frozenset({".yaml", ".yml", ".json"})
"""Endings of the files that are read, in lower case."""

MAX_FILE: Final = 64 * 1024 * 1024
"""Bytes of a file; a greater one is a mistake."""

Skipped: TypeAlias = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Located:
    """An object and the line its document begins on, counted from 1 within its piece of the file."""

    thing: Object
    line: int


@dataclass(frozen=True, slots=True)
class Piece:
    """What one document of a file holds, wherever in the file it stands: lines count from 1 within it.

    ``skipped`` counts objects of kinds that are none of ours. ``digest`` is that of the text.
    """

    digest: bytes
    objects: tuple[Located, ...] = ()
    undecodable: tuple[Undecodable, ...] = ()
    problems: tuple[Problem, ...] = ()
    skipped: Skipped = ()


@dataclass(frozen=True, slots=True)
class Placed:
    """An object and where it stands."""

    thing: Object
    file: str
    line: int


@dataclass(slots=True)
class Part:
    """What one file adds to a reading, with lines of the file."""

    objects: dict[Ref, Placed] = field(default_factory=dict)
    undecodable: dict[Ref, Undecodable] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    blind: bool = False
    """Whether something in the file could not be read: then none of its former objects counts as gone."""

    @property
    def healthy(self) -> bool:
        """Whether everything in the file could be read and stands there once."""
        return not self.problems

    def take(self, file: str, line: int, piece: Piece) -> None:
        """Adds a piece that begins on ``line``."""
        self.skipped.update(dict(piece.skipped))
        self.blind = self.blind or bool(piece.problems)
        self.problems.extend(_moved(problem, line) for problem in piece.problems)
        for broken in piece.undecodable:
            self.undecodable.setdefault(broken.ref, Undecodable(broken.ref, _moved(broken.problem, line)))
        for located in piece.objects:
            placed = Placed(located.thing, file, located.line + line - 1)
            first = self.objects.setdefault(located.thing.ref, placed)
            if first is not placed:
                self.problems.append(twice(first, placed))


@dataclass(frozen=True, slots=True)
class FileContent:
    """A file's pieces by the digest of their text, and what they add up to; nobody changes either."""

    pieces: Mapping[bytes, Piece]
    part: Part


def unreadable(file: str, why: str) -> FileContent:
    """The content of a file that cannot be opened."""
    return FileContent({}, Part(problems=[Problem(file=file, message=why)], blind=True))


def read_content(file: str, data: bytes, before: FileContent | None = None) -> FileContent:
    """The content of ``file``, taking from ``before`` what has not changed."""
    if len(data) > MAX_FILE:
        return unreadable(file, f"found {len(data)} bytes, expected at most {MAX_FILE}")
    known = before.pieces if before else {}
    is_json = PurePath(file).suffix.lower() == ".json"
    parse = parse_json if is_json else parse_yaml
    pieces: dict[bytes, Piece] = {}
    part = Part()
    for text, line in ((data, 1),) if is_json else chunks(data):
        piece = _piece(file, text, parse, known)
        pieces[piece.digest] = piece
        part.take(file, line, piece)
    return FileContent(pieces, part)


def twice(first: Placed, again: Placed) -> Problem:
    """An object stands twice: both places are named, the second one does not count."""
    ref = first.thing.ref
    message = f"{ref} stands in {first.file}:{first.line} and again in {again.file}:{again.line}; the first counts"
    return Problem(file=again.file, line=again.line, who=str(ref), ref=ref, field="metadata.name", message=message)


def _moved(problem: Problem, line: int) -> Problem:
    """The problem of a piece with its line in the file."""
    return replace(problem, line=problem.line + line - 1) if problem.line else problem


def _piece(file: str, text: bytes, parse: Callable[[bytes], tuple[Parsed, ...]], known: Mapping[bytes, Piece]) -> Piece:
    digest = blake2b(text, digest_size=16).digest()
    if digest in known:
        return known[digest]
    judged = [_judge(file, item, document.line) for document in parse(text) for item in _items(document)]
    results = _with_lines(text, judged)
    return Piece(
        digest,
        objects=tuple(result for result in results if isinstance(result, Located)),
        undecodable=tuple(Undecodable(p.ref, p) for p in results if isinstance(p, Problem) and p.ref is not None),
        problems=tuple(result for result in results if isinstance(result, Problem)),
        skipped=tuple(sorted(Counter(result for result in results if isinstance(result, str)).items())),
    )


def _items(document: Parsed) -> Iterator[tuple[str, Any]]:
    """The document itself, or the members of a list: ``List``, as ``kubectl`` writes it, or ``ServiceList``.

    Each comes after its path in the document.
    """
    raw = document.raw if isinstance(document, Document) else None
    kind = raw.get("kind") if isinstance(raw, dict) else None
    if isinstance(raw, dict) and isinstance(kind, str) and kind.endswith("List") and isinstance(raw.get("items"), list):
        for index, item in enumerate(raw["items"]):
            yield f"items[{index}].", _member(raw.get("apiVersion"), kind, item)
    else:
        yield "", document if isinstance(document, Broken) else raw


def _member(api_version: object, kind: str, item: object) -> object:
    """A member of a list, whose kind follows from the list's where it says none."""
    if kind == "List" or not isinstance(item, dict):
        return item
    return {"apiVersion": api_version, "kind": kind.removesuffix("List"), **item}


@dataclass(frozen=True, slots=True)
class _Complained:
    """A problem with a field whose line is still that of its document; ``path`` leads there from the root."""

    problem: Problem
    path: str


_Judged: TypeAlias = Located | Problem | _Complained | str


def _judge(file: str, placed: tuple[str, object], line: int) -> _Judged:
    """What an item is: an object, a problem, or (as text) a kind that is none of ours."""
    where, item = placed
    if isinstance(item, Broken):
        return Problem(file=file, line=item.line, message=f"no valid YAML or JSON: {item.why}")
    match decode(item):
        case NotOurs(api_version, kind):
            return f"{kind}.{api_version}"
        case DecodeError() as error:
            return _complained(file, line, where, error)
        case thing:
            complaint = misspelt(thing, item) if isinstance(item, Mapping) else None
            if complaint is None:
                return Located(thing, line)
            return _complained(file, line, where, DecodeError(who=str(thing.ref), ref=thing.ref, complaint=complaint))


def _complained(file: str, line: int, where: str, error: DecodeError) -> _Complained:
    complaint = error.complaint
    message = f"found {complaint.found}, expected {complaint.expected}"
    problem = Problem(file=file, line=line, who=error.who, ref=error.ref, field=complaint.path, message=message)
    return _Complained(problem, where + complaint.path)


def _with_lines(text: bytes, judged: list[_Judged]) -> list[Located | Problem | str]:
    """The same, with the line of the field in each problem."""
    last = max((each.problem.line or 0 for each in judged if isinstance(each, _Complained)), default=0)
    roots = compose(text, last) if last else {}
    return [_with_line(roots, each) if isinstance(each, _Complained) else each for each in judged]


def _with_line(roots: Mapping[int, yaml.Node], complained: _Complained) -> Problem:
    problem = complained.problem
    root = roots.get(problem.line or 0)
    return replace(problem, line=line_of(root, complained.path)) if root else problem
