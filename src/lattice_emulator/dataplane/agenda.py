"""When to check which target: a schedule without clock or network of its own. Times are emulated seconds."""

import heapq
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lattice_emulator.dataplane.verdict import Check, Result, Streak, Subject, health_after
from lattice_emulator.world.model import Health


@dataclass(slots=True)
class _Entry:
    check: Check
    health: Health
    due: float
    streak: Streak = field(default_factory=Streak)
    running: bool = False


class Agenda:
    """The checks to run, each with the time it is due and its streak of results.

    ``shortest`` is the least number of seconds between two checks of one target.
    """

    def __init__(self, shortest: float = 0.0) -> None:
        self.shortest = shortest
        self._entries: dict[Subject, _Entry] = {}
        self._heap: list[tuple[float, Subject]] = []

    def __len__(self) -> int:
        return len(self._entries)

    def follow(self, checks: Mapping[Subject, Check], now: float) -> None:
        """Check exactly these from now on. New ones, changed ones and restarted ones (PENDING again) are due at once.

        What the world knows of a target's health is believed: it is what the next result is judged by.
        """
        for gone in self._entries.keys() - checks.keys():
            del self._entries[gone]
        for subject, check in checks.items():
            before = self._entries.get(subject)
            if before is None or _restarted(before, check):
                self._enter(subject, check, now)
            else:
                before.check, before.health = check, check.known

    def next_due(self) -> float | None:
        """When `take` has something to give; None: never."""
        while self._heap and not self._is_current(*self._heap[0]):
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take(self, now: float) -> Iterator[tuple[Subject, Check]]:
        """The checks that are due, the longest waiting first; each is out until its result is noted."""
        while (due := self.next_due()) is not None and due <= now:
            _, subject = heapq.heappop(self._heap)
            entry = self._entries[subject]
            entry.running = True
            yield subject, entry.check

    def note(self, subject: Subject, check: Check, result: Result) -> Health | None:
        """Note how a check that was taken went; the target's new health when it changed, else None.

        The result of a check that was dropped or replaced meanwhile says nothing.
        """
        entry = self._entries.get(subject)
        if entry is None or not entry.running or _differs(entry.check, check):
            return None
        pause = self._pause(subject, entry)
        entry.streak = entry.streak.then(result)
        health = health_after(entry.health, entry.streak, check.how)
        changed, entry.health, entry.running = health is not entry.health, health, False
        self._schedule(subject, entry, max(result.started + pause, result.ended))
        return health if changed else None

    def _pause(self, subject: Subject, entry: _Entry) -> float:
        """From the start of this check to the next. The first is shorter by a part that differs, to spread checks."""
        pause = max(float(entry.check.how.interval), self.shortest)
        return pause * _spread(subject) if entry.streak.length == 0 else pause

    def _enter(self, subject: Subject, check: Check, now: float) -> None:
        entry = _Entry(check, check.known, now)
        self._entries[subject] = entry
        self._schedule(subject, entry, now)

    def _schedule(self, subject: Subject, entry: _Entry, due: float) -> None:
        entry.due = due
        heapq.heappush(self._heap, (due, subject))

    def _is_current(self, due: float, subject: Subject) -> bool:
        entry = self._entries.get(subject)
        return entry is not None and entry.due == due and not entry.running


def _restarted(before: _Entry, check: Check) -> bool:
    begun_again = check.known is Health.PENDING and before.health is not Health.PENDING
    return begun_again or _differs(before.check, check)


def _differs(one: Check, other: Check) -> bool:
    """Whether another thing is checked, or in another way; what is known of it plays no part."""
    return (one.where, one.how) != (other.where, other.how)


def _spread(subject: Subject) -> float:
    """A number in 0.5-1.0 that the subject alone determines."""
    name = f"{subject.group}/{subject.target.id}/{subject.target.port}"
    return 0.5 + (zlib.crc32(name.encode()) % 1000) / 2000
