"""How translation is declared, and how its cells read.

A translation is a list of **cells**: pure functions from a key to a result, that read everything through a ``View``.
They read **inputs** (objects and facts), **indexes** (inputs or results, by something they contain) and results of
cells declared before them. The view records every reading, also of what was absent; so a change recomputes exactly
the cells that read it, and no code says "when X changes, look at Y".

Declarations are constants without state; ``engine/incremental.py`` holds the values.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from lattice_gateway.settings import Settings

K = TypeVar("K", bound=Hashable)
"""Key of an input or a cell."""
V = TypeVar("V")
"""Value of an input, result of a cell."""
G = TypeVar("G", bound=Hashable)
"""Key that an index groups by."""
Item = TypeVar("Item")
"""What an index lists under a key."""


@dataclass(frozen=True, slots=True, eq=False)
class Inputs(Generic[K, V]):
    """A family of values put in from outside, by key."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Cells(Generic[K, V]):
    """A family of results, each computed from its key by ``compute``.

    With ``per``, there is a cell for each key that one of the indexes lists something under, and only these exist.
    Without, a cell exists while another one reads it.
    None is what a reader gets of a cell that does not exist; a cell that answers None is one that does not exist.
    """

    name: str
    compute: "Callable[[View, K], V]"
    per: "tuple[Index[K, Any], ...]" = ()


Source: TypeAlias = Inputs[Any, Any] | Cells[Any, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Index(Generic[G, Item]):
    """Inputs or results by something they contain.

    ``entries`` gives the (key, item) pairs of one input or result; it is pure and depends on nothing else. Items are
    listed in the order of ``order(item)``; equal items count as often as they were given.
    """

    name: str
    source: Source
    entries: Callable[[Any, Any], Iterable[tuple[G, Item]]]
    order: Callable[[Item], Any] = field(default=lambda item: item)


@dataclass(frozen=True, slots=True)
class Program:
    """A whole translation: its indexes, and its cells in an order in which each reads only what stands before it."""

    cells: tuple[Cells[Any, Any], ...]
    indexes: tuple[Index[Any, Any], ...]


class View(Protocol):
    """What a cell may read; every reading is recorded, but for ``settings``, which never change."""

    @property
    def settings(self) -> Settings:
        """Settings of the process."""

    def get(self, inputs: Inputs[K, V], key: K) -> V | None:
        """The input of that key; None where there is none."""

    def lookup(self, index: Index[G, Item], key: G) -> tuple[Item, ...]:
        """Everything that the index lists under ``key``, in its order."""

    def first(self, index: Index[G, Item], key: G) -> Item | None:
        """The first item under ``key``; the reader is recomputed only if that one changes."""

    def count(self, index: Index[G, Item], key: G) -> int:
        """How many items are listed under ``key``; costs the same for one and for thousands."""

    def cell(self, cells: Cells[K, V], key: K) -> V | None:
        """The result of an earlier cell; None where that cell does not exist."""
