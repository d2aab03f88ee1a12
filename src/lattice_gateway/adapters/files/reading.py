"""What a tree says as a whole: each object once, and everything that is wrong.

In: a ``Tree``. Out: a ``Reading``, which depends on the files' content only, never on how they came to be so.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from lattice_gateway.adapters.files.contents import Piece
from lattice_gateway.adapters.files.tree import Tree
from lattice_gateway.core.objects import Object, Ref
from lattice_gateway.engine.feed import Problem, Undecodable


@dataclass(frozen=True, slots=True)
class Placed:
    """An object and where it stands."""

    thing: Object
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Reading:
    """All objects of a source at one moment.

    ``blind`` are files and directories of which something could not be read: an object last seen in one of them (or
    below it) is not known to be gone.
    """

    objects: Mapping[Ref, Placed] = field(default_factory=dict)
    undecodable: Mapping[Ref, Undecodable] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    skipped: Mapping[str, int] = field(default_factory=dict)
    blind: frozenset[str] = frozenset()

    def sees(self, file: str) -> bool:
        """Whether ``file`` and the directories above it were read whole."""
        path = PurePosixPath(file)
        return not self.blind.intersection((file, "", *(str(parent) for parent in path.parents)))


def read_objects(tree: Tree) -> Reading:
    """The reading of ``tree``: of an object that stands twice the first by path and line counts."""
    found = _Found(list(tree.problems))
    for file, read in tree.files.items():
        for line, piece in read.content.pieces:
            found.take(file, line, piece)
    blind = {file for file, read in tree.files.items() if read.content.blind}
    return Reading(
        objects=found.objects,
        undecodable=found.undecodable,
        problems=tuple(found.problems),
        skipped=dict(sorted(found.skipped.items())),
        blind=tree.blind | blind,
    )


@dataclass(slots=True)
class _Found:
    """What was met so far, file by file in path order."""

    problems: list[Problem]
    objects: dict[Ref, Placed] = field(default_factory=dict)
    undecodable: dict[Ref, Undecodable] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)

    def take(self, file: str, line: int, piece: Piece) -> None:
        """Adds a piece that begins on ``line`` of ``file``."""
        for kind, count in piece.skipped:
            self.skipped[kind] += count
        self.problems.extend(_moved(problem, line) for problem in piece.problems)
        for broken in piece.undecodable:
            self.undecodable.setdefault(broken.ref, Undecodable(broken.ref, _moved(broken.problem, line)))
        for located in piece.objects:
            placed = Placed(located.thing, file, located.line + line - 1)
            first = self.objects.setdefault(located.thing.ref, placed)
            if first is not placed:
                self.problems.append(_twice(first, placed))


def _moved(problem: Problem, line: int) -> Problem:
    """The problem of a piece with its line in the file."""
    return replace(problem, line=problem.line + line - 1) if problem.line else problem


def _twice(first: Placed, again: Placed) -> Problem:
    """Both files are named; the second one does not count."""
    ref = first.thing.ref
    message = f"{ref} stands in {first.file}:{first.line} and again in {again.file}:{again.line}; the first counts"
    return Problem(file=again.file, line=again.line, who=str(ref), ref=ref, field="metadata.name", message=message)
