"""The whole controller: a source's objects in, Lattice made equal to them, statuses out.

source -> inbox -> translation -> units -> outcomes -> inbox -> translation -> statuses
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from random import Random

import structlog

from lattice_gateway.core.lattice.keys import GroupKey, ServiceKey, UnitKey
from lattice_gateway.core.lattice.outcome import Outcome
from lattice_gateway.core.lattice.units import Absent
from lattice_gateway.core.objects import HTTPRoute, Kind, Ref
from lattice_gateway.core.objects.finalizers import is_leaving
from lattice_gateway.core.translate.inputs import ParentOfRoute
from lattice_gateway.engine.account import Account
from lattice_gateway.engine.alarms import Alarms
from lattice_gateway.engine.call_names import CallName
from lattice_gateway.engine.calls import Calls
from lattice_gateway.engine.feed import StateUnwritable
from lattice_gateway.engine.inbox import Inbox
from lattice_gateway.engine.keeping import Finalizers, Herald, Keeping, NoFinalizers, NoHerald
from lattice_gateway.engine.leadership import ALONE, Alone, Permission
from lattice_gateway.engine.metrics import Metrics
from lattice_gateway.engine.ports import Clock, Lattice, Source, StateStore, StatusWriter
from lattice_gateway.engine.readiness import Gates, NoGates, Readiness
from lattice_gateway.engine.recollect import recollect
from lattice_gateway.engine.reporting import Reporter
from lattice_gateway.engine.source_news import SourceNews
from lattice_gateway.engine.stalls import spare_what_lasts, stall_less
from lattice_gateway.engine.sweeping import Sweep
from lattice_gateway.engine.translation import News, Translation, TranslationDelta
from lattice_gateway.engine.units import Units
from lattice_gateway.settings import Settings

LOOK = 0.1
"""Seconds between two looks of who waits for rest."""

SURE = 60.0
"""Seconds after which what an earlier process said of an object is replaced, although not everything is at rest."""

log = structlog.get_logger(__name__)


class Controller:
    """One process that keeps Lattice equal to a source."""

    def __init__(
        self,
        *,
        settings: Settings,
        source: Source,
        state: StateStore,
        status: StatusWriter,
        lattice: Lattice,
        clock: Clock,
        random: Random,
        process: str,
        metrics: Metrics,
        leadership: Permission = Alone(),  # noqa: B008 - a frozen value
        finalizers: Finalizers = NoFinalizers(),  # noqa: B008 - without state
        herald: Herald = NoHerald(),  # noqa: B008 - without state
        gates: Gates = NoGates(),  # noqa: B008 - without state
    ) -> None:
        self._settings = settings
        self._source = source
        self._state = state
        self._status = status
        self._clock = clock
        self._metrics = metrics
        self._leadership = leadership
        self._inbox = Inbox()
        self._reporter = Reporter(status, clock, herald)
        self._calls = Calls(lattice, clock, random, metrics, leadership)
        self._translation = Translation(settings)
        self.units = Units(
            settings=settings,
            calls=self._calls,
            state=state,
            clock=clock,
            random=random,
            process=process,
            metrics=metrics,
            told=self._told,
        )
        self._readiness = Readiness(
            calls=self._calls, mirror=self.units.mirror, gates=gates, clock=clock, random=random, metrics=metrics
        )
        finalizers.on_held(self.units.held)
        self._keeping = Keeping(finalizers, herald, self.units.wishes.get, lambda: self.units.ledger.records)
        self._account = Account(settings, self.units, self._inbox, clock)
        self._sweep = Sweep(settings, self.units, clock, metrics, lambda: self._live)
        self._parents: Alarms[ParentOfRoute] = Alarms(clock)
        self._live: set[Ref] = set()
        self._source_news = SourceNews()
        self._told_at: float | None = None
        self._translated = False
        self._sure = False
        self._stopping = asyncio.Event()

    @property
    def translation(self) -> Translation:
        """Who attaches to what, and what follows."""
        return self._translation

    @property
    def is_warm(self) -> bool:
        """Whether source and account were read and translated once."""
        return self._translated

    @property
    def calls(self) -> Counter[CallName]:
        """Calls by operation, repeated ones included."""
        return self._calls.sent

    @property
    def writes(self) -> Counter[CallName]:
        """Mutating calls by operation, repeated ones included."""
        return self._calls.writes

    @property
    def at_rest(self) -> bool:
        """Whether everything is as wanted, as far as that is possible, and told."""
        return self._sure and self._is_quiet and self._reporter.empty

    @property
    def _is_quiet(self) -> bool:
        return self._translated and self._inbox.empty and self.units.at_rest

    async def run(self) -> None:
        """Work until ``stop``; what is on the wire then is finished.

        Raises an ``ExceptionGroup`` where a part of the controller itself fails, which is a bug.
        """
        stall_less()
        async with asyncio.TaskGroup() as tasks:
            report = self._leadership.lead(self._clock, self._report)
            parts = [tasks.create_task(part) for part in (self._work(), self._read_source(), report)]
            await self._stopping.wait()
            await self._calls.close()
            for part in parts:
                part.cancel()
            if self._leadership.may_write(self._clock.now()):
                self._reporter.finish()

    def stop(self) -> None:
        """End ``run``."""
        self._stopping.set()

    async def converged(self) -> None:
        """Return when the controller is at rest."""
        while not self.at_rest:
            await self._clock.sleep(LOOK)

    async def _work(self) -> None:
        """Everything that needs the account; begins when that was read once."""
        self._inbox.accepted(each for each in self._state.recorded.accepted.values() if isinstance(each, HTTPRoute))
        await self.units.read_account_patiently()
        await self.units.patiently(self._account.tell_all)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._leadership.lead(self._clock, self._write))
            tasks.create_task(self._translate())
            tasks.create_task(self._account.run())
            tasks.create_task(self._expire_parents())

    async def _write(self, term: int) -> None:
        """Everything that changes Lattice; others may have done so before this term."""
        if term != ALONE:
            await self.units.forget()
        self._leadership.begin(term)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.units.run())
            tasks.create_task(self._readiness.run())
            tasks.create_task(self._look_back())

    async def _report(self, term: int) -> None:
        """Say what became of objects; what the leader before us said stays until everything was looked at."""
        if term != ALONE:
            self._reporter.unsure()
        await self._reporter.run()

    async def _read_source(self) -> None:
        async for batch in self._source.changes():
            self._reporter.problems(batch.problems)
            self._source_news.tell(batch)
            self._inbox.batch(batch)
            self._told_at = self._clock.now() if self._told_at is None else self._told_at
            if self._translated:
                self._translate_news()  # at once: a turn of the event loop lasts as long as all other work in it

    async def _translate(self) -> None:
        while True:
            await self._inbox.rung()
            self._translate_news()

    def _translate_news(self) -> None:
        if self._inbox.empty:
            return
        news = self._inbox.take()
        since, self._told_at = self._told_at, None
        if not self._translated:
            news = recollect(news, self._status.previous)
        gone = self._gone(news)
        delta = self._translation.apply(news)
        self._pass_on(delta, since)
        if gone or not self._translated:
            self._end_records()
        self._keeping.take(delta.ownership)
        self._translated = True

    def _gone(self, news: News) -> bool:
        """Note which objects live; whether some have gone, or are being deleted, which is the same for us."""
        leaving = [thing.ref for thing in news.puts if is_leaving(thing)]
        leaving += [one.ref for one in news.unreadable if one.leaving]
        self._live.update(thing.ref for thing in news.puts)
        self._live.update(one.ref for one in news.unreadable)
        self._live.difference_update(news.gone, leaving)
        for ref in news.gone:
            self._forget_accepted(ref)
        return any(ref.kind is not Kind.POD for ref in (*news.gone, *leaving))  # pods own nothing, and come and go

    def _pass_on(self, delta: TranslationDelta, since: float | None) -> None:
        """Hand on what changed; the oldest object behind it came at ``since``, None: no object did."""
        for crash in delta.crashes:
            log.error("bug", cells=crash.cells, key=str(crash.key), exc_info=crash.error)
            self._metrics.bug()
        for desired in delta.units.values():
            if isinstance(desired, Absent):
                self.units.unwant(desired)
            else:
                self.units.want(desired, since, old=not self._translated)
                self._keeping.gone(desired.key)
        for parent in delta.holds:
            log.warning("parent missing", object=str(parent.route), parent=str(parent.gateway))
            self._parents.set(parent, self._clock.now() + self._settings.parent_hold)
        for parent in delta.released:
            self._parents.cancel(parent)
        for ref, status in delta.statuses.items():
            self._reporter.status(ref, status)
        self._readiness.take(delta.waiting)
        self._remember(delta.accepted.values())
        for key in delta.units:
            if isinstance(key, ServiceKey):
                self._account.wanted(key.name)

    def _remember(self, routes: Iterable[HTTPRoute]) -> None:
        for route in routes:
            try:
                self._state.remember_accepted(route)
            except StateUnwritable as problem:
                log.warning("accepted form not remembered", object=str(route.ref), error=str(problem))

    def _end_records(self) -> None:
        """What an earlier process made and nobody wants goes: all of it at first, later that of objects that go."""
        for key, record in tuple(self.units.ledger.records.items()):
            if self.units.wishes.get(key) is None and not self._is_live(key, record.owner):
                self.units.unwant(Absent(key))

    def _is_live(self, key: UnitKey, owner: Ref | None) -> bool:
        """Whether the object that a unit was made for is there: only its deletion deletes a service or a network."""
        return owner in self._live and not isinstance(key, GroupKey)

    def _forget_accepted(self, ref: Ref) -> None:
        try:
            self._state.forget_accepted(ref)
        except StateUnwritable as problem:
            log.warning("accepted form not forgotten", object=str(ref), error=str(problem))

    async def _look_back(self) -> None:
        """Once everything was looked at, or after a while in which it was not: trust statuses, then sweep."""
        with suppress(TimeoutError):
            async with asyncio.timeout(SURE):
                while not self._is_quiet:
                    await self._clock.sleep(LOOK)
        self._sure = True
        self._reporter.sure()
        await self.converged()
        spare_what_lasts()
        await self._sweep.run()

    async def _expire_parents(self) -> None:
        while True:
            self._inbox.expired(await self._parents.ring())

    def _told(self, key: UnitKey, outcome: Outcome | None) -> None:
        self._inbox.outcome(key, outcome)
        if outcome is None:
            self._keeping.gone(key)
        if isinstance(key, ServiceKey):
            self._account.unit_changed(key)
