"""How fast one AWS operation may be called, learnt from its throttling.

No rates are published (lattice.md §8.2). Until the first refusal only the calls on the wire are limited, by a number
that doubles with each round of answers; the refusal then shows what the service admits. From there the rate goes down
at once and comes back slowly, first to the rate that was refused, then beyond.
"""

from collections import deque

CUT = 0.8
"""Part of the admitted rate that is used after a refusal."""
RETURN = 5.0
"""Seconds until the rate is back where it was refused."""
PROBE = 0.01
"""Growth beyond that: a part of the rate, times the square of the seconds since."""
FLOOR = 2.0
"""Calls a second that are always allowed: refusals at random must not bring everything to a stop."""
FIRST_ROUND = 8
"""Calls on the wire at first."""
WINDOW = 1.0
"""Seconds over which the admitted rate is measured, and between two cuts."""


class Rate:
    """The rate of one operation; pure but for its own memory, all times are parameters."""

    __slots__ = ("_admitted", "_ceiling", "_cut_at", "_free_at", "_late", "_round")

    def __init__(self) -> None:
        self._ceiling: float | None = None
        self._cut_at = 0.0
        self._free_at = 0.0
        self._late = 0
        self._round = FIRST_ROUND
        self._admitted: deque[float] = deque(maxlen=4096)

    def limit(self, now: float) -> float | None:
        """Calls a second at this moment; None: not limited."""
        if self._ceiling is None:
            return None
        since = now - self._cut_at
        if since < RETURN:
            return max(FLOOR, self._ceiling * (CUT + (1 - CUT) * since / RETURN))
        return max(FLOOR, self._ceiling * (1 + PROBE * (since - RETURN) ** 2))

    def admits(self, on_wire: int) -> bool:
        """Whether one more call may be on the wire beside so many."""
        return self._ceiling is not None or on_wire < self._round

    def delay(self, now: float) -> float:
        """Seconds until a call may leave."""
        return max(0.0, self._free_at - now)

    def spend(self, now: float) -> None:
        """A call leaves now; lateness of up to two calls is made up for."""
        limit = self.limit(now)
        if limit is not None:
            self._free_at = max(self._free_at, now - 2 / limit) + 1 / limit

    def admitted(self, sent_at: float, now: float) -> None:
        """The service took a call; one that left before the last cut tells what was admitted then.

        Refusals come back faster than answers, so at the moment of a refusal too little is known.
        """
        self._admitted.append(now)
        self._forget(now)
        self._round += 1
        if self._ceiling is not None and sent_at <= self._cut_at:
            self._late += 1
            self._ceiling = max(self._ceiling, self._late / WINDOW)

    def throttled(self, sent_at: float, now: float, retry_after: float | None) -> None:
        """The service refused a call that left at ``sent_at``; those that left before the last cut count once."""
        if self._ceiling is None or sent_at >= self._cut_at + WINDOW:
            self._cut(now)
        if retry_after is not None:
            self._free_at = max(self._free_at, now + retry_after)

    def _forget(self, now: float) -> None:
        """What is longer ago tells nothing of the rate."""
        while self._admitted and self._admitted[0] < now - WINDOW:
            self._admitted.popleft()

    def _cut(self, now: float) -> None:
        self._forget(now)
        self._late = len(self._admitted)
        self._ceiling = max(FLOOR, self._late / WINDOW)
        self._cut_at = now
        self._free_at = max(self._free_at, now + 1 / (CUT * self._ceiling))
