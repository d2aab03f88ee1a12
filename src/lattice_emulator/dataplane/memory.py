"""What was computed last time, to be taken again while its inputs are equal: a change costs what it changed."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Memory(Generic[T]):
    """Results by key, each with its inputs; those not asked for between two `turn` calls are forgotten.

    An equal result is the very same object again, so that what is computed from it can be remembered too.
    """

    def __init__(self) -> None:
        self._before: dict[Hashable, tuple[object, T]] = {}
        self._now: dict[Hashable, tuple[object, T]] = {}

    def turn(self) -> None:
        """Begin the next computation."""
        self._before, self._now = self._now, {}

    def recall(self, key: Hashable, inputs: object, make: Callable[[], T]) -> T:
        """The result for ``key``: as remembered if it came from equal ``inputs``, else made now."""
        known = self._before.get(key)
        entry = known if known is not None and known[0] == inputs else (inputs, make())
        self._now[key] = entry
        return entry[1]
