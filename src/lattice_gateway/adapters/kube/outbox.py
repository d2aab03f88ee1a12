"""Work on objects that nobody waits for: the latest wish of each key, a few at a time, again when it did not work."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Final, Generic, TypeVar

import structlog

from lattice_gateway.adapters.kube.api import MayWrite
from lattice_gateway.engine.alarms import Alarms
from lattice_gateway.engine.ports import Clock

K = TypeVar("K", bound=Hashable)

WORKERS: Final = 2
"""Requests in flight at once, so few that API server and process have time for pods that move."""

STAND_BY: Final = 0.1
"""Seconds between two looks of a replica that may not write; one worker looks for all."""

log = structlog.get_logger(__name__)


class Outbox(Generic[K]):
    """Runs ``perform`` for keys, never twice at once for the same one.

    Nothing runs while ``may_work`` is False. ``perform`` returns None when all is done, else the number of seconds
    after which it wants to try again. What it raises is a bug: it is told, and that key is left alone until it is put
    again.
    """

    def __init__(self, perform: Callable[[K], Awaitable[float | None]], clock: Clock, may_work: MayWrite) -> None:
        self._perform = perform
        self._may_work = may_work
        self._clock = clock
        self._ready: dict[K, None] = {}
        self._running: set[K] = set()
        self._later: Alarms[K] = Alarms(clock)
        self._news = asyncio.Event()
        self._turn = asyncio.Lock()

    @property
    def idle(self) -> bool:
        """Whether nothing waits, runs or is tried again."""
        return not self._ready and not self._running and not len(self._later)

    def put(self, key: K, delay: float = 0.0) -> None:
        """See to a key, at once or after so many seconds; the last word counts."""
        if delay > 0:
            self._ready.pop(key, None)
            self._later.set(key, self._clock.now() + delay)
            return
        self._later.cancel(key)
        self._ready[key] = None
        self._news.set()

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._ring())
            for _ in range(WORKERS):
                tasks.create_task(self._work())

    async def _ring(self) -> None:
        while True:
            self.put(await self._later.ring())

    async def _work(self) -> None:
        while True:
            key = await self._take()
            try:
                await self._run(key)
            finally:
                self._running.discard(key)
                self._news.set()

    async def _run(self, key: K) -> None:
        try:
            delay = await self._perform(key)
        except Exception:
            log.exception("bug", key=str(key))
            return
        if delay is not None and key not in self._ready and key not in self._later:
            self._later.set(key, self._clock.now() + delay)

    async def _take(self) -> K:
        """The first key that is ready and not at work; it is at work then."""
        async with self._turn:
            return await self._next()

    async def _next(self) -> K:
        while True:
            key = next((each for each in self._ready if each not in self._running), None)
            if key is None:
                self._news.clear()
                await self._news.wait()
            elif not self._may_work():
                await self._clock.sleep(STAND_BY)
            else:
                del self._ready[key]
                self._running.add(key)
                return key
