"""What a tree says as a whole: each object once, and everything that is wrong.

In: a ``Tree``. Out: a ``Reading``, which depends on the files' content only, never on how they came to be so. After a
small change in a tree without problems it is made from the reading before; the result is the same.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TypeAlias

from lattice_gateway.adapters.files.contents import Part, Placed, twice
from lattice_gateway.adapters.files.tree import Tree
from lattice_gateway.core.objects import Ref
from lattice_gateway.engine.feed import Problem, Undecodable


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


@dataclass(frozen=True, slots=True)
class Anything:
    """Every object may differ from the reading before."""


@dataclass(frozen=True, slots=True)
class Touched:
    """Only these objects may differ from the reading before, and all of them are there."""

    refs: frozenset[Ref]


Difference: TypeAlias = Anything | Touched


def read_objects(tree: Tree) -> Reading:
    """The reading of ``tree``: of an object that stands twice the first by path and line counts."""
    objects: dict[Ref, Placed] = {}
    undecodable: dict[Ref, Undecodable] = {}
    problems = list(tree.problems)
    skipped: Counter[str] = Counter()
    for part in _parts(tree.files, tree):
        problems += part.problems
        skipped.update(part.skipped)
        undecodable = {**part.undecodable, **undecodable} if part.undecodable else undecodable
        for ref, placed in part.objects.items():
            first = objects.setdefault(ref, placed)
            if first is not placed:
                problems.append(twice(first, placed))
    blind = {file for file, read in tree.files.items() if read.content.part.blind}
    return Reading(objects, undecodable, tuple(problems), dict(sorted(skipped.items())), tree.blind | blind)


def read_changes(before: Tree, known: Reading, after: Tree) -> tuple[Reading, Difference]:
    """The reading of ``after``, made from ``known``, the reading of ``before``, where that is sure to be the same."""
    files = [name for name, file in after.files.items() if before.files.get(name) is not file]
    gone = before.files.keys() - after.files.keys()
    old, new = _parts([*files, *gone], before), _parts(files, after)
    if known.problems or after.problems or not all(part.healthy for part in new):
        return read_objects(after), Anything()
    objects = _exchanged(known.objects, old, new)
    if objects is None:
        return read_objects(after), Anything()
    reading = Reading(objects, skipped=_recounted(known.skipped, old, new))
    touched = frozenset(ref for part in (*old, *new) for ref in part.objects)
    return reading, Touched(touched) if touched <= objects.keys() else Anything()


def _exchanged(known: Mapping[Ref, Placed], old: list[Part], new: list[Part]) -> dict[Ref, Placed] | None:
    """The objects with those of some files exchanged; None if one stands twice then."""
    objects = dict(known)
    for part in old:
        for ref in part.objects:
            del objects[ref]
    for part in new:
        for ref, placed in part.objects.items():
            if objects.setdefault(ref, placed) is not placed:
                return None
    return objects


def _recounted(known: Mapping[str, int], old: list[Part], new: list[Part]) -> dict[str, int]:
    counts = Counter(known)
    for part in old:
        counts.subtract(part.skipped)
    for part in new:
        counts.update(part.skipped)
    return {kind: count for kind, count in sorted(counts.items()) if count}


def _parts(names: Iterable[str], tree: Tree) -> list[Part]:
    return [tree.files[name].content.part for name in names if name in tree.files]
