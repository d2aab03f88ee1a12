"""One reading after the other: the directory tree, what is in force, what to write down, what to tell.

In: a directory, what the state directory remembers, the time. Out: batches. It blocks and never waits; ``source``
gives it a thread and decides when.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from operator import itemgetter
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from lattice_gateway.adapters.files.reading import Anything, Difference, Reading, Touched, read_changes, read_objects
from lattice_gateway.adapters.files.settle import (
    AGREEMENT,
    InForce,
    Moment,
    Settled,
    Standing,
    settle,
    settle_difference,
)
from lattice_gateway.adapters.files.tree import Tree, read_tree, reread
from lattice_gateway.core.objects import Ref
from lattice_gateway.engine.feed import (
    OWNING_KINDS,
    Batch,
    ObjectRecord,
    Problem,
    Recorded,
    Snapshot,
    StateUnwritable,
)


class ObjectMemory(Protocol):
    """The part of a state directory that a source writes."""

    @property
    def recorded(self) -> Recorded:
        """What is remembered now."""

    def remember_objects(self, records: Iterable[ObjectRecord], gone: Iterable[Ref] = ()) -> None:
        """Write down contents and removals; raises ``StateUnwritable`` and then writes them the next time."""


@dataclass(frozen=True, slots=True)
class Everything:
    """Anything in the tree may have changed."""


@dataclass(frozen=True, slots=True)
class Paths:
    """Nothing but these absolute paths changed."""

    paths: frozenset[str]


Notice: TypeAlias = Everything | Paths

EVERYTHING: Final = Everything()

Change: TypeAlias = tuple[Standing | None, Standing]
"""What stood before, None where nothing did, and what stands now."""


class NoMemory:
    """Nothing is remembered: for looking once, and for tests."""

    recorded = Recorded()

    def remember_objects(self, records: Iterable[ObjectRecord], gone: Iterable[Ref] = ()) -> None:
        """Forgets at once."""


class Reader:
    """Reads one source again and again; what it told before is its only state."""

    def __init__(self, root: Path, memory: ObjectMemory, confirmed: int | None) -> None:
        self._root = root
        self._memory = memory
        self._confirmed = confirmed
        self._tree = Tree()
        self._reading = Reading()
        self._settled = Settled(in_force=from_records(memory.recorded))
        self._complete = False
        self._unwritable = False
        self._told: Batch | None = None

    def read(self, now: Moment, notice: Notice = EVERYTHING) -> Batch | None:
        """The next batch, or None where there is nothing new to tell; ``notice`` says where to look."""
        tree = _look(self._root, self._tree, notice, int(now.wall.timestamp() * 1e9))
        reading, difference = read_changes(self._tree, self._reading, tree)
        if self._told is None:
            difference = Anything()
        self._tree, self._reading = tree, reading
        self._complete = self._complete or "" not in tree.blind
        before, after = self._settled, settle_difference(self._settled, reading, difference, now, self._confirmed)
        if _owning(after.gone) == self._confirmed:
            self._confirmed = None
        self._settled = after
        trouble = self._remember(_changed(before.in_force, after.in_force, difference), after.gone)
        known = before.in_force if self._told is not None else {}
        return self._news(self._batch(_changed(known, after.in_force, difference), after, trouble))

    def overdue(self, steady: float) -> Notice | None:
        """Where a reading may tell more although nothing is noticed; None: nowhere.

        That is where a removal is due, a write is to be retried, or a file changed too short before it was read.
        """
        if self._unwritable or any(steady - since >= AGREEMENT for since in self._settled.missing.values()):
            return EVERYTHING
        young = frozenset(f"{self._root}/{name}" for name in self._tree.young)
        return Paths(young) if young else None

    def _batch(self, changed: list[Change], after: Settled, trouble: tuple[Problem, ...]) -> Batch:
        told = [now for before, now in changed if _differs(before, now)]
        return Batch(
            puts=tuple(now.thing for now in told if now.thing is not None),
            gone=after.gone,
            undecodable=tuple(now.undecodable for now in told if now.undecodable is not None),
            problems=after.problems + trouble,
            skipped=after.skipped,
            complete=self._complete,
            held=after.held,
        )

    def _news(self, batch: Batch) -> Batch | None:
        """The batch, unless it says what was said before."""
        lasting = replace(batch, puts=(), gone=(), undecodable=())
        if lasting == self._told and not (batch.puts or batch.gone or batch.undecodable):
            return None
        self._told = lasting
        return batch

    def _remember(self, changed: list[Change], gone: tuple[Ref, ...]) -> tuple[Problem, ...]:
        """Writes down what changed before it is told; the problem if that is not possible."""
        records = [
            ObjectRecord(now.thing, now.file)
            for before, now in changed
            if now.thing is not None and _is_unrecorded(before, now)
        ]
        try:
            self._memory.remember_objects(records, gone)
        except StateUnwritable as error:
            self._unwritable = True
            return (Problem(file="", message=str(error)),)
        self._unwritable = False
        return ()


def read_once(root: Path, recorded: Recorded | None, now: Moment) -> Snapshot:
    """One reading of ``root`` for commands that look once; ``recorded`` None: no state directory, so no removals.

    A removal counts at once, as nothing is deleted by looking.
    """
    tree = read_tree(root, Tree(), int(now.wall.timestamp() * 1e9))
    reading = read_objects(tree)
    first = settle(Settled(in_force=from_records(recorded or Recorded())), reading, now, None)
    last = settle(first, reading, replace(now, steady=now.steady + AGREEMENT), None)
    standing = [last.in_force[ref] for ref in sorted(last.in_force)]
    return Snapshot(
        objects=tuple(each.thing for each in standing if each.thing is not None),
        gone=last.gone,
        undecodable=tuple(each.undecodable for each in standing if each.undecodable is not None),
        problems=last.problems,
        skipped=last.skipped,
        complete="" not in tree.blind,
        held=last.held,
    )


def from_records(recorded: Recorded) -> dict[Ref, Standing]:
    """What is in force before the first reading: the last good content of everything."""
    return {ref: Standing(record.thing, record.file) for ref, record in recorded.objects.items()}


def _look(root: Path, before: Tree, notice: Notice, now_ns: int) -> Tree:
    """The tree as it is now, looking only where ``notice`` says as far as that is enough."""
    match notice:
        case Paths(paths):
            return reread(root, before, paths, now_ns) or read_tree(root, before, now_ns)
        case Everything():
            return read_tree(root, before, now_ns)


def _changed(before: InForce, after: InForce, difference: Difference) -> list[Change]:
    """Standings that are not the same value as before, each with what it was, in order of reference."""
    candidates = difference.refs if isinstance(difference, Touched) else after
    found = [(ref, before.get(ref), after[ref]) for ref in candidates if before.get(ref) is not after[ref]]
    return [(old, new) for _, old, new in sorted(found, key=itemgetter(0))]


def _owning(gone: tuple[Ref, ...]) -> int:
    return sum(ref.kind in OWNING_KINDS for ref in gone)


def _differs(before: Standing | None, now: Standing) -> bool:
    """Whether there is something to tell; a standing that is the same value was told before."""
    return before is None or before.thing is not now.thing or before.undecodable != now.undecodable


def _is_unrecorded(before: Standing | None, now: Standing) -> bool:
    return before is None or before.thing is not now.thing or before.file != now.file
