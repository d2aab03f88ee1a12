"""Recomputes what a change concerns, and nothing else.

Inputs go in by ``put`` and ``remove``; ``refresh`` settles the cells in the order in which the program declares them
and answers what changed. Each reading of a cell is an edge from what was read to the reader. Two laws are tested:
after any sequence of changes every result equals one computed from nothing, and a change that nothing read recomputes
nothing. A result equal to the one before stops the wave.

The order of the program is also the cycle check: a cell that reads itself, or what stands behind it, raises
``OrderError``, which is a bug of the program and never an effect of inputs.
"""

from bisect import bisect_left, insort
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeAlias, TypeVar, cast

from lattice_gateway.core.translate.view import Cells, Index, Inputs, Program
from lattice_gateway.settings import Settings

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
G = TypeVar("G", bound=Hashable)
Item = TypeVar("Item")


class OrderError(Exception):
    """A cell read something that is not declared before it."""


@dataclass(frozen=True, slots=True)
class Change:
    """A result before and after a refresh; None where there was, or is, no such cell."""

    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Crash:
    """A cell whose function raised: a bug. It keeps its result of before, and so do the cells that read it."""

    cells: str
    key: Hashable
    error: Exception


@dataclass(slots=True)
class Changes:
    """What a refresh did: changed results and numbers of recomputed cells by family, and crashes."""

    results: dict[str, dict[Any, Change]] = field(default_factory=dict)
    recomputed: dict[str, int] = field(default_factory=dict)
    crashes: list[Crash] = field(default_factory=list)

    def of(self, cells: Cells[K, Any]) -> Mapping[K, Change]:
        """The changes of one family of cells."""
        return self.results.get(cells.name, {})


class Incremental:
    """The values of a program's inputs and cells."""

    def __init__(self, program: Program, settings: Settings) -> None:
        self._settings = settings
        self._inputs: dict[Inputs[Any, Any], dict[Any, _Node]] = {}
        self._families = {cells: _Family(cells, rank) for rank, cells in enumerate(program.cells)}
        self._tables: dict[Index[Any, Any], _Table] = {}
        self._tables_of: dict[object, list[_Table]] = {}
        for index in program.indexes:
            self._declare(index)
        for family in self._families.values():
            self._drive(family)
        self._changes = Changes()

    def put(self, inputs: Inputs[K, V], key: K, value: V) -> None:
        """Sets an input; an equal value changes nothing."""
        node = self._input(inputs, key)
        if node.value is not value and node.value != value:
            self._replace(inputs, node, value)

    def remove(self, inputs: Inputs[K, V], key: K) -> None:
        """Takes an input away, if it is there."""
        node = self._inputs.get(inputs, {}).get(key)
        if node is not None and node.value is not None:
            self._replace(inputs, node, None)
            self._release(node)

    def get(self, inputs: Inputs[K, V], key: K) -> V | None:
        """The present value of an input."""
        node = self._inputs.get(inputs, {}).get(key)
        return None if node is None else cast("V | None", node.value)

    def inputs(self, inputs: Inputs[K, V]) -> dict[K, V]:
        """All inputs of a family."""
        return _values(self._inputs.get(inputs, {}))

    def result(self, cells: Cells[K, V], key: K) -> V | None:
        """The result of a cell as of the last refresh."""
        node = self._families[cells].nodes.get(key)
        return None if node is None else cast("V | None", node.value)

    def results(self, cells: Cells[K, V]) -> dict[K, V]:
        """All results of a family as of the last refresh."""
        return _values(self._families[cells].nodes)

    def refresh(self) -> Changes:
        """Makes every result true again."""
        self._changes = Changes()
        for family in self._families.values():
            self._settle_tables(family.rank)
            self._settle(family)
        return self._changes

    def _declare(self, index: Index[Any, Any]) -> None:
        source = index.source
        rank = self._families[source].rank if isinstance(source, Cells) else -1
        table = self._tables[index] = _Table(index, rank)
        self._tables_of.setdefault(source, []).append(table)

    def _drive(self, family: "_Family") -> None:
        """Lets the keys of indexes make the cells of a family."""
        for index in family.cells.per:
            table = self._tables[index]
            if table.rank >= family.rank:
                raise OrderError(f"{family.cells.name} stands before {index.name}, whose keys make its cells")
            table.driven.append(family)

    def _input(self, inputs: Inputs[Any, Any], key: Hashable) -> "_Node":
        nodes = self._inputs.setdefault(inputs, {})
        node = nodes.get(key)
        if node is None:
            node = nodes[key] = _Node(nodes, key)
        return node

    def _replace(self, source: Inputs[Any, Any] | Cells[Any, Any], node: "_Node", value: object) -> None:
        """Gives a node its new value, moves its index entries and marks its readers."""
        for table in self._tables_of.get(source, ()):
            table.move(node.key, node.value, value)
        node.value = value
        node.mark_readers()

    def _settle_tables(self, rank: int) -> None:
        """Passes on what changed in the indexes that cells of ``rank`` may read."""
        for table in self._tables.values():
            if table.touched and table.rank < rank:
                touched, table.touched = table.touched, {}
                for key in touched:
                    table.renew(key)
                    settle = self._begin if key in table.lists else self._end
                    for family in table.driven:
                        settle(family, key)

    def _begin(self, family: "_Family", key: Hashable) -> None:
        """Makes a cell whose key an index has come to list, unless it is there."""
        node = family.node(key)
        if not node.computed:
            family.dirty[node] = None

    def _end(self, family: "_Family", key: Hashable) -> None:
        """Ends a cell whose key no index lists any more; who read it is computed again."""
        node = family.nodes.get(key)
        if node is None or any(key in self._tables[index].lists for index in family.cells.per):
            return
        family.dirty.pop(node, None)
        self._read(node, ())
        before, node.computed, node.error = node.value, False, None
        if before is not None:
            self._replace(family.cells, node, None)
            self._note(family, node.key, before, None)
        self._release(node)

    def _settle(self, family: "_Family") -> None:
        while family.dirty:
            node = next(iter(family.dirty))
            del family.dirty[node]
            self._compute(family, node)

    def _compute(self, family: "_Family", node: "_Node") -> None:
        """Computes a cell anew, and passes the result on if it differs."""
        name = family.cells.name
        self._changes.recomputed[name] = self._changes.recomputed.get(name, 0) + 1
        recorder = _Recorder(self, family.rank, self._settings)
        before, crashed = node.value, node.error
        value, node.error = self._call(family, recorder, node)
        node.computed = True
        self._read(node, tuple(recorder.read))
        if value != before:
            self._replace(family.cells, node, value)
            self._note(family, node.key, before, value)
        elif (crashed is None) != (node.error is None):
            node.mark_readers()

    def _call(self, family: "_Family", recorder: "_Recorder", node: "_Node") -> tuple[object, Exception | None]:
        """The cell's new value and no error, or its value of before and why there is no new one."""
        try:
            return family.cells.compute(recorder, node.key), None
        except OrderError:
            raise
        except _CrashedReadError as error:
            return node.value, error
        except Exception as error:  # a bug in one cell must not stop the others; it is reported
            self._changes.crashes.append(Crash(family.cells.name, node.key, error))
            return node.value, error

    def _note(self, family: "_Family", key: Hashable, before: object, after: object) -> None:
        self._changes.results.setdefault(family.cells.name, {})[key] = Change(before, after)

    def _read(self, node: "_Node", reads: "tuple[_Node, ...]") -> None:
        """Replaces the edges that lead into a cell."""
        before, node.reads = node.reads, reads
        for read in reads:
            read.readers[node] = None
        kept = set(reads)
        for gone in before:
            if gone not in kept:
                del gone.readers[node]
                self._release(gone)

    def _release(self, node: "_Node") -> None:
        """Forgets a node that nobody reads and that holds nothing of its own, nor is about to."""
        begins = node.family is not None and node in node.family.dirty
        stays = node.value is not None or node.computed or begins
        if node.readers or (stays and not node.loose):
            return
        if node.home.pop(node.key, None) is None or node.family is None:
            return
        node.family.dirty.pop(node, None)
        if node.value is not None:
            self._note(node.family, node.key, node.value, None)
        self._read(node, ())


def _values(nodes: "dict[Any, _Node]") -> dict[Any, Any]:
    return {key: node.value for key, node in nodes.items() if node.value is not None}


_Home: TypeAlias = "dict[Any, _Node]"


class _Reading(Enum):
    """How a list of an index is read."""

    ALL = "all"
    FIRST = "first"
    COUNT = "count"


@dataclass(slots=True, eq=False)
class _Node:
    """Something that can be read: an input, a reading of an index, the result of a cell.

    ``home`` holds it under ``key``. ``loose``: forgotten when nobody reads it. ``family``, ``reads``, ``computed`` and
    ``error`` (why there is no newer value) are of cells only.
    """

    home: _Home
    key: Any
    value: Any = None
    loose: bool = False
    family: "_Family | None" = None
    reads: "tuple[_Node, ...]" = ()
    computed: bool = False
    error: Exception | None = None
    readers: "dict[_Node, None]" = field(default_factory=dict)

    def mark_readers(self) -> None:
        """Every cell that read this must be computed again."""
        for reader in self.readers:
            if reader.family is not None:
                reader.family.dirty[reader] = None


@dataclass(slots=True, eq=False)
class _Family:
    """The cells of one declaration; ``rank`` is its place in the program, ``dirty`` what must be computed."""

    cells: Cells[Any, Any]
    rank: int
    nodes: dict[Any, _Node] = field(default_factory=dict)
    dirty: dict[_Node, None] = field(default_factory=dict)

    def node(self, key: Hashable) -> _Node:
        """The node of a cell, made if there is none."""
        node = self.nodes.get(key)
        if node is None:
            node = self.nodes[key] = _Node(self.nodes, key, loose=not self.cells.per, family=self)
        return node


@dataclass(slots=True, eq=False)
class _Table:
    """The lists of an index, the nodes of those that somebody reads, and the families its keys make."""

    index: Index[Any, Any]
    rank: int
    lists: dict[Any, list[Any]] = field(default_factory=dict)
    readings: _Home = field(default_factory=dict)
    touched: dict[Any, None] = field(default_factory=dict)
    driven: list[_Family] = field(default_factory=list)

    def move(self, key: Hashable, before: object, after: object) -> None:
        """Replaces the entries of one source value by those of another; None has none."""
        old = [] if before is None else list(self.index.entries(key, before))
        new = [] if after is None else list(self.index.entries(key, after))
        if old == new:
            return
        for group, item in old:
            self._take(group, item)
        for group, item in new:
            insort(self.lists.setdefault(group, []), item, key=self.index.order)
            self.touched[group] = None

    def _take(self, group: Hashable, item: object) -> None:
        items = self.lists[group]
        position = bisect_left(items, self.index.order(item), key=self.index.order)
        while items[position] != item:
            position += 1
        del items[position]
        if not items:
            del self.lists[group]
        self.touched[group] = None

    def read(self, group: Hashable, reading: _Reading) -> Any:
        """What a list looks like to that kind of reader."""
        items = self.lists.get(group, [])
        match reading:
            case _Reading.ALL:
                return tuple(items)
            case _Reading.FIRST:
                return items[0] if items else None
            case _Reading.COUNT:
                return len(items)

    def node(self, group: Hashable, reading: _Reading) -> _Node:
        """The node of a reading, made if there is none."""
        key = (group, reading)
        node = self.readings.get(key)
        if node is None:
            node = self.readings[key] = _Node(self.readings, key, self.read(group, reading), loose=True)
        return node

    def renew(self, group: Hashable) -> None:
        """Tells the readers of a list that it changed, if it did in the way they look at it."""
        for reading in _Reading:
            node = self.readings.get((group, reading))
            if node is None:
                continue
            value = self.read(group, reading)
            if value != node.value:
                node.value = value
                node.mark_readers()


class _CrashedReadError(Exception):
    """A cell read one that has crashed."""


class _Recorder:
    """The view of one computation; ``read`` are the nodes it has read, in order."""

    __slots__ = ("_engine", "_rank", "_settings", "read")

    def __init__(self, engine: Incremental, rank: int, settings: Settings) -> None:
        self._engine = engine
        self._rank = rank
        self._settings = settings
        self.read: dict[_Node, None] = {}

    @property
    def settings(self) -> Settings:
        return self._settings

    def get(self, inputs: Inputs[K, V], key: K) -> V | None:
        node = self._engine._input(inputs, key)  # noqa: SLF001 - the recorder is the engine's own view
        self.read[node] = None
        return cast("V | None", node.value)

    def lookup(self, index: Index[G, Item], key: G) -> tuple[Item, ...]:
        return cast("tuple[Item, ...]", self._list(index, key, _Reading.ALL))

    def first(self, index: Index[G, Item], key: G) -> Item | None:
        return cast("Item | None", self._list(index, key, _Reading.FIRST))

    def count(self, index: Index[G, Item], key: G) -> int:
        return cast("int", self._list(index, key, _Reading.COUNT))

    def cell(self, cells: Cells[K, V], key: K) -> V | None:
        engine = self._engine
        family = engine._families[cells]  # noqa: SLF001 - as above
        if family.rank >= self._rank:
            raise OrderError(f"{cells.name} is read by a cell that stands before it")
        node = family.node(key)
        if not cells.per and not node.computed:
            engine._compute(family, node)  # noqa: SLF001 - as above
        self.read[node] = None
        if node.error is not None:
            raise _CrashedReadError(f"{cells.name} {key} crashed") from node.error
        return cast("V | None", node.value)

    def _list(self, index: Index[Any, Any], key: Hashable, reading: _Reading) -> object:
        table = self._engine._tables[index]  # noqa: SLF001 - as above
        if table.rank >= self._rank:
            raise OrderError(f"{index.name} is read by a cell that stands before its source")
        node = table.node(key, reading)
        self.read[node] = None
        return node.value
