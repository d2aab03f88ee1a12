"""One reading after the other: the directory tree, what is in force, what to write down, what to tell.

In: a directory, what the state directory remembers, the time. Out: batches. It blocks and never waits; ``source``
gives it a thread and decides when.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from lattice_gateway.adapters.files.reading import read_objects
from lattice_gateway.adapters.files.settle import AGREEMENT, Moment, Settled, Standing, settle
from lattice_gateway.adapters.files.tree import Tree, read_tree
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
        self._settled = Settled(in_force=from_records(memory.recorded))
        self._complete = False
        self._unwritable = False
        self._told: Batch | None = None

    def read(self, now: Moment) -> Batch | None:
        """The next batch, or None where there is nothing new to tell."""
        self._tree = read_tree(self._root, self._tree, int(now.wall.timestamp() * 1e9))
        self._complete = self._complete or "" not in self._tree.blind
        before, after = self._settled, settle(self._settled, read_objects(self._tree), now, self._confirmed)
        if _owning(after.gone) == self._confirmed:
            self._confirmed = None
        trouble = self._remember(before, after)
        self._settled = after
        return self._news(self._batch(before, after, trouble))

    def wants_rereading(self, steady: float) -> bool:
        """Whether a reading may tell more although no file changes: a removal is due, or a write is to be retried."""
        due = any(steady - since >= AGREEMENT for since in self._settled.missing.values())
        return due or self._unwritable or not self._tree.settled

    def _batch(self, before: Settled, after: Settled, trouble: tuple[Problem, ...]) -> Batch:
        known = before.in_force if self._told is not None else {}
        changed = [(ref, now) for ref, now in after.in_force.items() if _differs(known.get(ref), now)]
        return Batch(
            puts=tuple(now.thing for _, now in changed if now.thing is not None),
            gone=after.gone,
            undecodable=tuple(now.undecodable for _, now in changed if now.undecodable is not None),
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

    def _remember(self, before: Settled, after: Settled) -> tuple[Problem, ...]:
        """Writes down what changed before it is told; the problem if that is not possible."""
        records = [
            ObjectRecord(now.thing, now.file)
            for ref, now in after.in_force.items()
            if now.thing is not None and _is_unrecorded(before.in_force.get(ref), now)
        ]
        try:
            self._memory.remember_objects(records, after.gone)
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


def _owning(gone: tuple[Ref, ...]) -> int:
    return sum(ref.kind in OWNING_KINDS for ref in gone)


def _differs(before: Standing | None, now: Standing) -> bool:
    """Whether there is something to tell; a standing that is the same value was told before."""
    return before is None or before.thing is not now.thing or before.undecodable != now.undecodable


def _is_unrecorded(before: Standing | None, now: Standing) -> bool:
    return before is None or before.thing is not now.thing or before.file != now.file
