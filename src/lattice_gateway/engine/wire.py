"""The wire to AWS: requests under way at once, few of what can wait, so that what is urgent finds the process free.

Every request under way wants the processor when its answer comes. With as many as the connections allow, pods that
came would stand in line behind all of them; so what can wait gets as many places as keep a steady number of answers a
second: few where AWS answers soon, more where it is slow.
"""

import asyncio
import heapq
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from lattice_gateway.engine.gate import Urgency

IN_FLIGHT: Final = 64
"""Requests under way at most; the connection pool of the adapter is as large."""
VERIFICATIONS: Final = 280.0
CHANGES: Final = 80.0
"""Answers a second that the wire is opened for: to what is verified after a start, and to whatever else can wait. An
answer about a new route is much more work than one about an old route, and AWS is not thought to admit 80 changes a
second. Behind a call that waits nothing leaves that is no more urgent."""
LEAST: Final = 4
MOST: Final = 32
"""Places for what can wait, however fast or slow AWS is."""
USUAL: Final = 0.05
"""Seconds that an answer takes until that was measured."""
SOONER: Final = 0.05
LATER: Final = 0.01
"""Weight of the newest answer in what an answer usually takes, where it came sooner or later than that: answers that
this process was slow to take in must not let more requests out."""


def room(urgency: Urgency, took: float) -> int:
    """How many requests may be under way for one more to leave; an answer usually takes ``took`` seconds."""
    if urgency is Urgency.TARGETS:
        return IN_FLIGHT
    answers = VERIFICATIONS if urgency is Urgency.VERIFICATION else CHANGES
    return min(MOST, max(LEAST, round(answers * took)))


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
        self._took = USUAL

    async def enter(self, urgency: Urgency) -> float:
        """Return when a request may leave: that moment by the event loop's clock. ``leave`` follows with it."""
        loop = asyncio.get_running_loop()
        place = _Place(urgency, next(self._numbers), loop.create_future())
        heapq.heappush(self._waiting, place)
        self._admit()
        try:
            await place.turn
        except asyncio.CancelledError:
            if not place.turn.cancelled():
                self._free()
            raise
        return loop.time()

    def leave(self, entered: float) -> None:
        """The request that entered at that moment has an answer, or none."""
        off = asyncio.get_running_loop().time() - entered - self._took
        self._took += (SOONER if off < 0 else LATER) * off
        self._free()

    def _free(self) -> None:
        self._under_way -= 1
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._has_room(self._waiting[0]):
            place = heapq.heappop(self._waiting)
            if not place.turn.done():
                self._under_way += 1
                place.turn.set_result(None)

    def _has_room(self, place: _Place) -> bool:
        return self._under_way < room(place.urgency, self._took)
