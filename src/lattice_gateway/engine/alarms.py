"""Alarms: what to look at again, and when."""

import asyncio
import heapq
from collections.abc import Hashable
from itertools import count
from typing import Generic, TypeVar

from lattice_gateway.engine.ports import Clock

K = TypeVar("K", bound=Hashable)


class Alarms(Generic[K]):
    """At most one alarm a key."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = count()
        self._heap: list[tuple[float, int, K]] = []
        self._due: dict[K, float] = {}
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._due)

    def __contains__(self, key: object) -> bool:
        return key in self._due

    def set(self, key: K, due: float) -> None:
        """Ring for ``key`` at ``due``, and not when it was to ring before."""
        self._due[key] = due
        heapq.heappush(self._heap, (due, next(self._numbers), key))
        self._changed.set()

    def cancel(self, key: K) -> None:
        """Do not ring for ``key``."""
        self._due.pop(key, None)

    async def ring(self) -> K:
        """The next key whose time has come; it has no alarm any more."""
        while True:
            due = self._next_due()
            delay = None if due is None else due - self._clock.now()
            if delay is not None and delay <= 0:
                key = heapq.heappop(self._heap)[2]
                del self._due[key]
                return key
            await self._wait(delay)

    def take_until(self, moment: float) -> list[K]:
        """Everything that is due by ``moment``; it has no alarm any more."""
        taken = []
        while (due := self._next_due()) is not None and due <= moment:
            key = heapq.heappop(self._heap)[2]
            del self._due[key]
            taken.append(key)
        return taken

    def _next_due(self) -> float | None:
        while self._heap and self._due.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    async def _wait(self, delay: float | None) -> None:
        self._changed.clear()
        try:
            async with asyncio.timeout(delay):
                await self._changed.wait()
        except TimeoutError:
            return
