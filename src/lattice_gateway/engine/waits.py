"""Who waits for whom: units for other units, and for objects that must carry our finalizer first."""

from collections import defaultdict
from typing import TypeAlias

from lattice_gateway.core.lattice.keys import UnitKey
from lattice_gateway.core.objects import Ref

Awaited: TypeAlias = UnitKey | Ref


class Waits:
    """What each unit waits for. Nothing is remembered of a unit that waits for nothing."""

    def __init__(self) -> None:
        self._waits: dict[UnitKey, tuple[Awaited, ...]] = {}
        self._waiters: defaultdict[Awaited, set[UnitKey]] = defaultdict(set)
        self._unheld: set[UnitKey] = set()

    @property
    def for_objects(self) -> bool:
        """Whether a unit waits for an object to carry our finalizer."""
        return bool(self._unheld)

    def wait(self, key: UnitKey, on: tuple[Awaited, ...]) -> None:
        """What a unit waits for from now on."""
        for awaited in self._waits.pop(key, ()):
            self._waiters[awaited].discard(key)
            if not self._waiters[awaited]:
                del self._waiters[awaited]
        self._unheld.discard(key)
        if on:
            self._waits[key] = on
        for awaited in on:
            self._waiters[awaited].add(key)
            if isinstance(awaited, Ref):
                self._unheld.add(key)

    def waiters(self, awaited: Awaited) -> frozenset[UnitKey]:
        """Units that wait for this."""
        return frozenset(self._waiters.get(awaited, ()))
