"""The wire to AWS: requests under way at once, few of what can wait, so that what is urgent finds the process free.

Every request under way wants the processor when its answer comes. With as many as the connections allow, pods that
came would stand in line behind all of them; so most connections are kept for what is urgent.
"""

import asyncio
import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from lattice_gateway.engine.gate import Urgency

IN_FLIGHT: Final = 64
"""Requests under way at most; the connection pool of the adapter is as large."""
ROOM: Final[Mapping[Urgency, int]] = {
    Urgency.TARGETS: IN_FLIGHT,
    Urgency.BEGUN: 24,
    Urgency.CHANGE: 20,
    Urgency.UPKEEP: 12,
}
"""How many may be under way, of any urgency, for one more of this urgency to leave. At 50 ms a call twenty are 400 a
second: more than AWS admits, and about what one processor can do."""


@dataclass(order=True, slots=True)
class _Place:
    urgency: Urgency
    number: int
    turn: asyncio.Future[None] = field(compare=False)


class Wire:
    """Places on the wire, taken in order of urgency."""

    def __init__(self) -> None:
        self._under_way = 0
        self._waiting: list[_Place] = []
        self._numbers = count()

    async def enter(self, urgency: Urgency) -> None:
        """Return when a request may leave; ``leave`` follows."""
        place = _Place(urgency, next(self._numbers), asyncio.get_running_loop().create_future())
        heapq.heappush(self._waiting, place)
        self._admit()
        try:
            await place.turn
        except asyncio.CancelledError:
            if not place.turn.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        """The request has an answer, or none."""
        self._under_way -= 1
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._under_way < ROOM[self._waiting[0].urgency]:
            place = heapq.heappop(self._waiting)
            if not place.turn.done():
                self._under_way += 1
                place.turn.set_result(None)
