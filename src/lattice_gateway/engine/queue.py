"""Which units to run next: each once, the urgent first, none twice at the same time, not too many of a kind."""

import asyncio
import heapq
from collections.abc import Mapping
from itertools import count
from typing import Protocol

from lattice_gateway.core.lattice.keys import GroupKey, NetworkKey, ServiceKey, UnitKey
from lattice_gateway.engine.gate import Urgency

AT_ONCE: Mapping[type, int] = {NetworkKey: 16, GroupKey: 4096, ServiceKey: 4096}
"""Units of a kind that run at a time; most of them wait at a gate, where the urgent go first, so few at a time would
hold others up that need another call. Kinds are apart, so that none starves another. Pods that come to a group which
waits at a gate to be read interrupt that reading (``work``)."""


class Watcher(Protocol):
    """Who is told what a queue does."""

    def added(self, key: UnitKey) -> None:
        """A unit waits that did not wait before."""

    def taken(self, key: UnitKey) -> None:
        """A unit begins to run."""

    def done(self, key: UnitKey) -> None:
        """A unit has run."""


class Unwatched:
    """Nobody is told."""

    def added(self, key: UnitKey) -> None:
        """Nothing happens."""

    def taken(self, key: UnitKey) -> None:
        """Nothing happens."""

    def done(self, key: UnitKey) -> None:
        """Nothing happens."""


class Queue:
    """Units that wait to run, and those that run."""

    def __init__(self, watcher: Watcher = Unwatched()) -> None:  # noqa: B008 - it has no state
        self._watcher = watcher
        self._numbers = count()
        self._heaps: dict[type, list[tuple[Urgency, int, UnitKey]]] = {kind: [] for kind in AT_ONCE}
        self._queued: dict[UnitKey, Urgency] = {}
        self._running: dict[type, dict[UnitKey, Urgency]] = {kind: {} for kind in AT_ONCE}
        self._again: dict[UnitKey, Urgency] = {}
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._queued) + len(self._again)

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing runs."""
        return not self._queued and not any(self._running.values())

    def add(self, key: UnitKey, urgency: Urgency) -> None:
        """Run the unit; if it runs already, once more after that. A more urgent wish moves it forward."""
        if key in self._running[type(key)]:
            self._again[key] = min(urgency, self._again.get(key, urgency))
            return
        if urgency >= self._queued.get(key, Urgency.UPKEEP + 1):
            return
        if key not in self._queued:
            self._watcher.added(key)
        self._push(key, urgency)

    def put_back(self, key: UnitKey, urgency: Urgency) -> None:
        """Run a unit that does not run, no sooner than that, whatever was wished before."""
        if key in self._queued:
            self._push(key, urgency)
        else:
            self.add(key, urgency)

    async def take(self) -> UnitKey:
        """The next unit to run; waits until there is one."""
        while True:
            key = self._next()
            if key is not None:
                return self._taken(key)
            self._changed.clear()
            await self._changed.wait()

    def take_urgent(self) -> UnitKey | None:
        """The next unit to run, if that is for pods that move; None: there is no such unit."""
        key = self._next(Urgency.TARGETS)
        return None if key is None else self._taken(key)

    def urgency(self, key: UnitKey) -> Urgency:
        """Why a unit that runs does so."""
        return self._running[type(key)][key]

    def runs_for_less(self, key: UnitKey, urgency: Urgency) -> bool:
        """Whether a unit runs, and for something less urgent."""
        return self._running[type(key)].get(key, urgency) > urgency

    def done(self, key: UnitKey) -> None:
        """The unit has run."""
        self._running[type(key)].pop(key, None)
        self._watcher.done(key)
        urgency = self._again.pop(key, None)
        if urgency is not None:
            self.add(key, urgency)
        self._changed.set()

    def _push(self, key: UnitKey, urgency: Urgency) -> None:
        self._queued[key] = urgency
        heapq.heappush(self._heaps[type(key)], (urgency, next(self._numbers), key))
        self._changed.set()

    def _taken(self, key: UnitKey) -> UnitKey:
        self._running[type(key)][key] = self._queued.pop(key)
        self._watcher.taken(key)
        return key

    def _next(self, at_least: Urgency = Urgency.UPKEEP) -> UnitKey | None:
        heads = [heap for kind, heap in self._heaps.items() if self._head(kind, heap) and heap[0][0] <= at_least]
        if not heads:
            return None
        return heapq.heappop(min(heads, key=lambda heap: heap[0][:2]))[2]

    def _head(self, kind: type, heap: list[tuple[Urgency, int, UnitKey]]) -> bool:
        """Whether a unit of this kind may start, for pods at any time; drops what a more urgent wish has overtaken."""
        while heap and self._queued.get(heap[0][2]) is not heap[0][0]:
            heapq.heappop(heap)
        return bool(heap) and (heap[0][0] is Urgency.TARGETS or len(self._running[kind]) < AT_ONCE[kind])
