"""Whether this process may change anything: it leads, by a lease that was renewed a moment ago.

The lease is renewed in a thread of its own (``serve.election``), which tells this value; the engine asks it right
before each mutating call. Every method may be called from any thread: what is shared is one immutable tenure.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from lattice_gateway.engine.ports import Clock

RENEW_WITHIN = 10.0
"""Seconds after which a lease that was not renewed does not count; others take it after 15 (controllers.md §11.5)."""
LOOK = 0.1
"""Seconds between two looks at the tenure."""


ALONE = 0
"""The term of a process that has no others beside it."""

Work = Callable[[int], Awaitable[None]]
"""What is done while we lead; gets the number of its term."""


class Permission(Protocol):
    """Whether this process may change anything."""

    def may_write(self, now: float) -> bool:
        """Whether a mutating call may leave at this moment of the monotonic clock; asked right before."""

    def begin(self, term: int) -> None:
        """What was known of Lattice before this term is forgotten: now it may be written."""

    async def lead(self, clock: Clock, work: Work) -> None:
        """Run ``work`` while we lead, from the start in each term; when that is over it is cancelled.

        Ends only when ``work`` does, or cancelled.
        """


@dataclass(frozen=True, slots=True)
class Alone:
    """Nobody else is there: a laptop, where the state directory is locked."""

    def may_write(self, now: float) -> bool:  # noqa: ARG002 - at any time
        """Always."""
        return True

    def begin(self, term: int) -> None:
        """Nothing needs to be forgotten."""

    async def lead(self, clock: Clock, work: Work) -> None:  # noqa: ARG002 - from the beginning on
        """Run ``work``, once."""
        await work(ALONE)


@dataclass(frozen=True, slots=True)
class Tenure:
    """How often the lease was gained, and when its last renewal was sent; None while somebody else may have it."""

    term: int = 0
    renewed: float | None = None


class Leadership:
    """The lease as the rest of the process sees it.

    A term begins each time the lease is gained. Nothing may be written in it before the engine has begun it too, that
    is has forgotten what it knew of Lattice: somebody else may have written in between.
    """

    def __init__(self, renew_within: float = RENEW_WITHIN) -> None:
        self._renew_within = renew_within
        self._tenure = Tenure()
        self._begun = 0

    def renewed(self, sent: float) -> None:
        """The lease is ours; the request that made it so was sent at ``sent``. A new term where it was not, or late."""
        before = self._tenure
        term = before.term if self.term(sent) is not None else before.term + 1
        self._tenure = Tenure(term, sent)

    def lost(self) -> None:
        """The lease is not ours, or not for certain."""
        self._tenure = Tenure(self._tenure.term)

    def term(self, now: float) -> int | None:
        """Number of the term that goes on now, from 1; None where we do not lead."""
        tenure = self._tenure
        fresh = tenure.renewed is not None and now - tenure.renewed < self._renew_within
        return tenure.term if fresh else None

    def begin(self, term: int) -> None:
        """What was known before this term is forgotten."""
        self._begun = term

    def may_write(self, now: float) -> bool:
        """Whether a mutating call may leave: we lead, and the engine works in this very term."""
        return self.term(now) == self._begun > 0

    async def lead(self, clock: Clock, work: Work) -> None:
        """Run ``work`` in each term; it has to ``begin`` it before it writes."""
        while True:
            term = self.term(clock.now())
            if term is None:
                await clock.sleep(LOOK)
            elif await self._worked(clock, term, asyncio.ensure_future(work(term))):
                return

    async def _worked(self, clock: Clock, term: int, working: asyncio.Future[None]) -> bool:
        """Let the work go on while the term does; whether it ended by itself. Raises what it raised."""
        try:
            while self.term(clock.now()) == term and not working.done():
                await clock.sleep(LOOK)
        finally:
            over = working.cancel()
            await asyncio.wait([working])
        if over:
            return False
        working.result()
        return True
