"""One look at the leases and what follows from it. No thread and no waiting: the moment is a parameter."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from lattice_gateway.engine.leadership import Leadership
from lattice_gateway.engine.leases import LeaseRecord, Leases, LeaseTaken, LeaseUnreachable
from lattice_gateway.serve.election.candidate import Create, Sighting, Timing, Wait, Write, given_back, next_move
from lattice_gateway.serve.election.rivals import Free, Rivals, StandBack, Undecided, Verdict, judge
from lattice_gateway.serve.election.standing import Following, Leading, Released, Standing, Starting, Unreachable

LOOK_ELSEWHERE = 5.0
"""Seconds between two looks at other namespaces."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """The monotonic clock in seconds, and the moment that is written into leases."""

    now: Callable[[], float]
    moment: Callable[[], datetime]


class Campaign:
    """A candidate: looks, moves, and tells ``leadership`` what came out.

    ``blind`` says why leases of other namespaces cannot be seen, None where they can: then what was last seen of them
    stays true.
    """

    def __init__(self, me: str, leases: Leases, leadership: Leadership, clocks: Clocks, timing: Timing) -> None:
        self.standing: Standing = Starting()
        self.blind: str | None = None
        self._me = me
        self._leases = leases
        self._leadership = leadership
        self._clocks = clocks
        self._timing = timing
        self._seen = Sighting()
        self._fresh = False
        self._rivals = Rivals()
        self._looked: float | None = None
        self._verdict: Verdict = Free()

    def step(self) -> float:
        """Look once and do what follows; seconds until the next look."""
        try:
            self.standing = self._move()
        except LeaseTaken:
            self._fresh = False
            self.standing = self._again()
        except LeaseUnreachable as error:
            self.standing = self._cut_off(error)
        return self._pause()

    def resign(self) -> None:
        """Give the lease back if it is ours. What was to be written must have been answered by now."""
        self._leadership.lost()
        with suppress(LeaseTaken, LeaseUnreachable):
            if self._ours:
                self._give_back()
        self.standing = Released()

    @property
    def _ours(self) -> bool:
        return self._seen.record is not None and self._seen.record.holder == self._me

    def _again(self) -> Standing:
        """Somebody wrote to the lease between our look and our move."""
        try:
            return self._move()
        except LeaseTaken:
            return self._follow()
        except LeaseUnreachable as error:
            return self._cut_off(error)

    def _move(self) -> Standing:
        if not (self._ours and self._fresh):
            self._see(self._leases.read())
        self._look_elsewhere()
        match self._verdict:
            case StandBack() as verdict:
                self._stand_back()
                return verdict
            case Undecided() as verdict:
                return verdict
            case Free():
                return self._run()

    def _run(self) -> Standing:
        sent = self._clocks.now()
        if not self._ours:
            self._leadership.lost()
        move = next_move(self._me, self._seen, sent, self._clocks.moment(), self._timing, self._leases.namespace)
        match move:
            case Create(record):
                self._see(self._leases.create(record))
            case Write(record):
                self._see(self._leases.replace(record))
            case Wait():
                return self._follow()
        self._fresh = True
        self._leadership.renewed(sent)
        return Leading()

    def _follow(self) -> Standing:
        self._leadership.lost()
        return Following(self._seen.holder)

    def _see(self, record: LeaseRecord | None) -> None:
        self._seen = self._seen.then(record, self._clocks.now())

    def _look_elsewhere(self) -> None:
        now = self._clocks.now()
        if self._looked is not None and now - self._looked < LOOK_ELSEWHERE - self._timing.retry / 2:
            return
        self._looked = now
        try:
            found = self._leases.elsewhere()
        except LeaseUnreachable as error:
            self.blind = str(error)
            return
        self.blind = None
        self._rivals = self._rivals.then(found, now)
        ours = self._seen.record if self._ours or self._seen.held(now) else None
        self._verdict = judge(self._rivals, ours, now)

    def _stand_back(self) -> None:
        """Write nothing from here on, and let nobody wait for us."""
        self._leadership.lost()
        if self._ours:
            self._give_back()

    def _give_back(self) -> None:
        if self._seen.record is not None:
            self._see(self._leases.replace(given_back(self._seen.record, self._clocks.moment())))
        self._fresh = False

    def _cut_off(self, error: LeaseUnreachable) -> Standing:
        """The lease stays ours for as long as the last renewal counts; the next look reads it anew."""
        self._fresh = False
        if self._leadership.term(self._clocks.now()) is not None:
            return Leading()
        self._leadership.lost()
        return Unreachable(str(error))

    def _pause(self) -> float:
        """Until the next look; sooner where somebody's lease ends before."""
        if not isinstance(self.standing, Following):
            return self._timing.retry
        return min(self._timing.retry, max(self._seen.until - self._clocks.now(), 0.1))
