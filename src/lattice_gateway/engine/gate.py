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
    BEGUN = 1
    """What Lattice, or another unit, let go on: what was begun is finished before more is begun."""
    CHANGE = 2
    """Everything that an object asked for."""
    VERIFICATION = 3
    """What objects asked for before this process began, and most of which is done."""
    UPKEEP = 4
    """Resync, sweeps, ownership."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How urgent a run of a unit is: its reads, and its changes of targets; its other changes are a ``CHANGE``."""

    reads: Urgency
    targets: Urgency


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
        self._inside = [0] * len(Urgency)

    async def enter(self, urgency: Urgency) -> None:
        """Return when the call may leave; ``leave`` follows. While the process stops that is never."""
        ticket = _Ticket(urgency, next(self._numbers))
        heapq.heappush(self._waiting, ticket)
        try:
            await self._wait(ticket)
            self.rate.spend(self._clock.now())
            self._inside[urgency] += 1
        finally:
            self._take_out(ticket)
            self._call_next()

    def leave(self, urgency: Urgency) -> None:
        """A call of that urgency has an answer, or none."""
        self._inside[urgency] -= 1
        self._call_next()

    def close(self) -> None:
        """Let nobody through any more; who waits goes on waiting until cancelled."""
        self._closed = True

    async def _wait(self, ticket: _Ticket) -> None:
        while True:
            if self._closed or self._waiting[0] is not ticket or not self._has_room(ticket.urgency):
                ticket.turn.clear()
                await ticket.turn.wait()
                continue
            delay = self.rate.delay(self._clock.now())
            if delay <= 0:
                return
            await self._clock.sleep(delay)

    def _has_room(self, urgency: Urgency) -> bool:
        """Those inside that are less urgent do not count: they may still be waiting for the wire."""
        return self.rate.admits(sum(self._inside[: urgency + 1]))

    def _take_out(self, ticket: _Ticket) -> None:
        if self._waiting[0] is ticket:
            heapq.heappop(self._waiting)
            return
        self._waiting.remove(ticket)
        heapq.heapify(self._waiting)

    def _call_next(self) -> None:
        if self._waiting:
            self._waiting[0].turn.set()
