"""Statuses on their way to their writer: the latest of each object, tried again while it cannot be written."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

import structlog

from lattice_gateway.core.objects import ParentRef, Ref
from lattice_gateway.core.report.happenings import happenings, unheard
from lattice_gateway.core.report.program import ObjectStatus
from lattice_gateway.core.report.writing import without_entry, write_status
from lattice_gateway.engine.feed import Problem, StateUnwritable
from lattice_gateway.engine.keeping import Herald
from lattice_gateway.engine.ports import Clock, StatusWriter

AGAIN = 5.0
"""Seconds until a status that could not be written is tried again."""

log = structlog.get_logger(__name__)


class Reporter:
    """Writes statuses one after the other; everything else goes first.

    What an earlier process said of an object stays until this one is ``sure``, or every restart would tell that nothing
    is programmed yet, and then that it is.
    """

    def __init__(self, writer: StatusWriter, clock: Clock, herald: Herald) -> None:
        self._writer = writer
        self._clock = clock
        self._herald = herald
        self._pending: dict[Ref, ObjectStatus | None] = {}
        self._problems: tuple[Problem, ...] | None = None
        self._news = asyncio.Event()
        self._unsure: dict[Ref, ObjectStatus | None] = {}
        self._is_sure = False
        self._missing: dict[Ref, Mapping[ParentRef, str]] = {}

    @property
    def empty(self) -> bool:
        """Whether everything is written that can be said by now."""
        return not self._pending and self._problems is None

    def sure(self) -> None:
        """What is there was looked at: from now on everything is said at once."""
        self._is_sure = True
        self._pending = {**self._unsure, **self._pending}
        self._unsure.clear()
        self._news.set()

    def unsure(self) -> None:
        """Somebody else may have said something since: what is there stays until everything was looked at again."""
        self._is_sure = False
        self._news.set()

    def status(self, ref: Ref, status: ObjectStatus | None) -> None:
        """The status of an object from now on; None: it has none any more."""
        self._unsure.pop(ref, None)
        self._pending[ref] = status
        self._news.set()

    def problems(self, problems: tuple[Problem, ...]) -> None:
        """What is wrong in the source from now on."""
        self._problems = problems
        self._news.set()

    async def run(self) -> None:
        """Write, as long as the process lives."""
        while True:
            await self._news.wait()
            self._news.clear()
            try:
                await self._write_all()
            except StateUnwritable as problem:
                log.warning("status not written", error=str(problem))
                await self._clock.sleep(AGAIN)
                self._news.set()

    def finish(self) -> None:
        """Write all that waits, at the end of the process; what cannot be written is told by the next one."""
        try:
            while not self.empty:
                self._write_next()
        except StateUnwritable as problem:
            log.warning("status not written", error=str(problem))

    async def _write_all(self) -> None:
        while not self.empty:
            self._write_next()
            await asyncio.sleep(0)

    def _write_next(self) -> None:
        if self._problems is not None:
            self._writer.write_problems(self._problems)
            self._problems = None
            return
        ref, status = next(iter(self._pending.items()))
        self._write(ref, status)
        if self._pending.get(ref) is status:
            del self._pending[ref]

    def _write(self, ref: Ref, status: ObjectStatus | None) -> None:
        if status is None:
            self._missing.pop(ref, None)
            self._writer.remove(ref)
            return
        previous = self._writer.previous(ref)
        if previous is not None and not self._is_sure:
            self._unsure[ref] = status
            return
        now = datetime.fromtimestamp(self._clock.wall(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        written = write_status(status, previous, now)
        if self._writer.write(ref, written):
            for happening in happenings(ref, previous, written):
                self._herald.tell(happening)
        self._tell_missing(ref, without_entry(status, previous))

    def _tell_missing(self, ref: Ref, missing: Mapping[ParentRef, str]) -> None:
        """Tell of each Gateway that is not there once, until it is."""
        before = self._missing.pop(ref, {})
        for happening in unheard(ref, [why for parent, why in missing.items() if parent not in before]):
            self._herald.tell(happening)
        if missing:
            self._missing[ref] = missing
