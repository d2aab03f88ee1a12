"""The gate in front of one AWS operation: calls leave in order of urgency, at the rate that is allowed."""

import asyncio
import heapq
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import count

from lattice_gateway.engine.ports import Clock
from lattice_gateway.engine.rates import Rate


class Urgency(IntEnum):
    """What goes first where calls must wait."""

    TARGETS = 0
    """Pods that came or went."""
    CHANGE = 1
    """Everything that an object asked for."""
    UPKEEP = 2
    """Resync, sweeps, ownership."""


class ClosedError(Exception):
    """The process is stopping: no further call leaves."""


@dataclass(order=True, slots=True)
class _Ticket:
    urgency: Urgency
    number: int
    turn: asyncio.Event = field(default_factory=asyncio.Event, compare=False)


class Gate:
    """Lets calls of one operation through."""

    def __init__(self, clock: Clock) -> None:
        self.rate = Rate()
        self._clock = clock
        self._waiting: list[_Ticket] = []
        self._numbers = count()
        self._closed = False

    async def enter(self, urgency: Urgency) -> None:
        """Return when the call may leave; raises ``ClosedError`` while the process stops."""
        ticket = _Ticket(urgency, next(self._numbers))
        heapq.heappush(self._waiting, ticket)
        try:
            await self._wait(ticket)
            self.rate.spend(self._clock.now())
        finally:
            self._waiting.remove(ticket)
            heapq.heapify(self._waiting)
            self._call_next()

    def close(self) -> None:
        """Turn everyone away who waits or comes."""
        self._closed = True
        for ticket in self._waiting:
            ticket.turn.set()

    async def _wait(self, ticket: _Ticket) -> None:
        while not self._closed:
            if self._waiting[0] is not ticket:
                ticket.turn.clear()
                await ticket.turn.wait()
                continue
            delay = self.rate.delay(self._clock.now())
            if delay <= 0:
                return
            await self._clock.sleep(delay)
        raise ClosedError

    def _call_next(self) -> None:
        if self._waiting:
            self._waiting[0].turn.set()
