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
LOOKS: Final = 280.0
CHANGES: Final = 120.0
"""Answers a second that the wire is opened for, to reads and to what changes something. A new route is much more work
an answer than looking at an old one, and 120 changes are more than AWS is thought to admit. Behind a change that waits
nothing leaves that is no more urgent, so the many places are for reads only where nothing else waits."""
LEAST: Final = 6
MOST: Final = 32
"""Places for what can wait, however fast or slow AWS is."""
USUAL: Final = 0.05
"""Seconds that an answer takes until that was measured."""
SOONER: Final = 0.05
LATER: Final = 0.01
"""Weight of the newest answer in what an answer usually takes, where it came sooner or later than that: answers that
this process was slow to take in must not let more requests out."""


def room(urgency: Urgency, answers: float, took: float) -> int:
    """How many requests of any kind may be under way for one more of this urgency to leave.

    ``answers`` are those that the wire is opened for a second; ``took`` are the seconds that one usually takes.
    """
    if urgency is Urgency.TARGETS:
        return IN_FLIGHT
    return min(MOST, max(LEAST, round(answers * took)))


@dataclass(order=True, slots=True)
class _Place:
    urgency: Urgency
    number: int
    answers: float = field(compare=False)
    turn: asyncio.Future[None] = field(compare=False)


class Wire:
    """Places on the wire, taken in order of urgency."""

    def __init__(self) -> None:
        self._under_way = 0
        self._waiting: list[_Place] = []
        self._numbers = count()
        self._took = USUAL

    async def enter(self, urgency: Urgency, answers: float) -> float:
        """Return when a request may leave: that moment by the event loop's clock. ``leave`` follows with it.

        ``answers`` is ``LOOKS`` or ``CHANGES``.
        """
        loop = asyncio.get_running_loop()
        place = _Place(urgency, next(self._numbers), answers, loop.create_future())
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
        return self._under_way < room(place.urgency, place.answers, self._took)
