"""A table of frozen resources by id, with secondary indexes that keep the order of creation."""

from bisect import bisect_right, insort
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Generic, Protocol, TypeGuard, TypeVar


class Row(Protocol):
    """What a table can hold: something frozen, with an id and its place in the order of creation."""

    @property
    def id(self) -> str:
        """Unique in the table."""
        ...

    @property
    def seq(self) -> int:
        """Higher than that of every older row."""
        ...


R = TypeVar("R", bound=Row)
Index = Callable[[R], Iterable[Hashable]]


class Table(Generic[R]):
    """Rows by id; ``by`` and ``count`` cost what they answer, not what the table holds."""

    def __init__(self, row_type: type[R], indexes: Mapping[str, Index[R]]) -> None:
        self.row_type = row_type
        self._rows: dict[str, R] = {}
        self._indexes = dict(indexes)
        self._buckets: dict[tuple[str, Hashable], list[tuple[int, str]]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[R]:
        return iter(self._rows.values())

    def __contains__(self, row_id: object) -> bool:
        return row_id in self._rows

    def __getitem__(self, row_id: str) -> R:
        return self._rows[row_id]

    def get(self, row_id: str) -> R | None:
        """The row, or None when there is none of that id."""
        return self._rows.get(row_id)

    def put(self, row: R) -> None:
        """Add ``row``, or put it in the place of the one with its id."""
        before = self._rows.get(row.id)
        had = set() if before is None else self._keys(before)
        has = self._keys(row)
        for key in had - has:
            self._leave(key, row)
        for key in has - had:
            insort(self._buckets.setdefault(key, []), (row.seq, row.id))
        self._rows[row.id] = row

    def remove(self, row_id: str) -> R:
        """Take the row out; raises KeyError when there is none."""
        row = self._rows.pop(row_id)
        for key in self._keys(row):
            self._leave(key, row)
        return row

    def by(self, index: str, key: Hashable, *, after: int = -1) -> Iterator[R]:
        """Rows under ``key`` created after ``after``, oldest first. The table must not change meanwhile."""
        bucket = self._buckets.get((index, key), [])
        start = bisect_right(bucket, after, key=lambda entry: entry[0])
        return (self._rows[row_id] for _, row_id in islice(bucket, start, None))

    def first(self, index: str, key: Hashable) -> R | None:
        """The oldest row under ``key``, or None."""
        return next(self.by(index, key), None)

    def count(self, index: str, key: Hashable) -> int:
        """How many rows are under ``key``."""
        return len(self._buckets.get((index, key), ()))

    def holds(self, row: object) -> TypeGuard[R]:
        """Whether ``row`` is of this table's type, present or not."""
        return isinstance(row, self.row_type)

    def under(self, index: str, key: Hashable, row: R) -> bool:
        """Whether ``row``, present or not, belongs under ``key``."""
        return key in self._indexes[index](row)

    def _keys(self, row: R) -> set[tuple[str, Hashable]]:
        return {(name, key) for name, keys in self._indexes.items() for key in keys(row)}

    def _leave(self, key: tuple[str, Hashable], row: R) -> None:
        bucket = self._buckets[key]
        bucket.remove((row.seq, row.id))
        if not bucket:
            del self._buckets[key]
