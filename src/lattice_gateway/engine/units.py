"""All units at work: who runs when, who wakes whom, who looks again, who tries again.

In: what each unit should be. Out: an outcome each time one changes. Level-triggered: an event only says "look again";
what to do follows from the unit's desired state and from what is known of Lattice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import replace
from math import inf
from random import Random

import structlog

from lattice_gateway.core.lattice.keys import GroupKey, NetworkKey, ServiceKey, UnitKey
from lattice_gateway.core.lattice.outcome import (
    RETRYABLE,
    Done,
    ErrorKind,
    Failed,
    LatticeError,
    Outcome,
    Refusal,
    Result,
    Waiting,
)
from lattice_gateway.core.lattice.units import Absent, Desired, Held, TargetGroup
from lattice_gateway.core.objects import Ref
from lattice_gateway.engine.alarms import Alarms
from lattice_gateway.engine.call_names import call_name
from lattice_gateway.engine.calls import Calls
from lattice_gateway.engine.execute import Executor
from lattice_gateway.engine.feed import StateUnwritable
from lattice_gateway.engine.gate import Pace, Urgency
from lattice_gateway.engine.lags import Lags
from lattice_gateway.engine.ledger import Ledger, absence
from lattice_gateway.engine.metrics import Metrics
from lattice_gateway.engine.mirror import Mirror
from lattice_gateway.engine.neighbours import Neighbours
from lattice_gateway.engine.observe import Observer
from lattice_gateway.engine.polls import Polls
from lattice_gateway.engine.ports import Clock, LatticeFailure, StateStore
from lattice_gateway.engine.queue import AT_ONCE, Queue
from lattice_gateway.engine.resyncs import Resyncs
from lattice_gateway.engine.shared import Listings
from lattice_gateway.engine.tokens import Tokens
from lattice_gateway.engine.visible import used_by, with_network, with_service
from lattice_gateway.engine.waits import Waits
from lattice_gateway.engine.watches import joining, watches
from lattice_gateway.engine.wishes import Wishes
from lattice_gateway.engine.work import Interrupted, Ran, Work
from lattice_gateway.settings import Settings

LONGEST_RETRY = 60.0
"""Seconds between two tries of a unit that fails again and again."""
SECOND_LOOK = 30.0
"""Seconds after which a unit that waits for others looks by itself; costs no call."""
RECENT = 60.0
"""Seconds within which what changed may not have been seen to by who led then: another one leads after 20."""
RETRIED = RETRYABLE | {ErrorKind.NOT_FOUND}
"""Errors that another try can mend; what is not found was remembered wrongly and is read again."""

Told = Callable[[UnitKey, Outcome | None], None]
log = structlog.get_logger(__name__)


class Units:
    """Everything that concerns units, from a wish to its outcome.

    ``told`` is called with each outcome that differs from the one before, and with None when a unit is gone.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        calls: Calls,
        state: StateStore,
        clock: Clock,
        random: Random,
        process: str,
        metrics: Metrics,
        told: Told,
    ) -> None:
        self.calls = calls
        self.listings = Listings(calls, settings, clock)
        self.mirror = Mirror()
        self.wishes = Wishes()
        self.queue = Queue(metrics.runtime.queue(clock.now, AT_ONCE))
        self.polls = Polls(calls, self.listings, self.mirror, clock, random)
        self.ledger = Ledger(state)
        self.outcomes: dict[UnitKey, Outcome] = {}
        self._settings = settings
        self._clock = clock
        self._random = random
        self._metrics = metrics
        self._told = told
        self._neighbours = Neighbours(settings, self.wishes, self.mirror, self.listings, clock)
        self._lags = Lags(metrics, clock)
        self._resyncs = Resyncs(settings.resync, clock, random)
        self._work = Work(
            settings=settings,
            mirror=self.mirror,
            observer=Observer(calls, self.listings, settings),
            neighbours=self._neighbours,
            executor=Executor(
                calls=calls,
                mirror=self.mirror,
                neighbours=self._neighbours,
                tokens=Tokens(process),
                ledger=self.ledger,
                lags=self._lags,
                clock=clock,
            ),
            ledger=self.ledger,
            resyncs=self._resyncs,
            clock=clock,
        )
        self._retries: Alarms[UnitKey] = Alarms(clock)
        self._second_looks: Alarms[UnitKey] = Alarms(clock)
        self._failures: dict[UnitKey, int] = {}
        self._unverified: set[UnitKey] = set()
        self._changed: dict[UnitKey, float] = {}
        self._visible: dict[UnitKey, Hashable] = {}
        self._waits = Waits()
        self._runs: asyncio.TaskGroup | None = None
        self._has_begun = False

    @property
    def at_rest(self) -> bool:
        """Whether nothing is queued, running, about to change or tried again; resync and second looks do not count."""
        return self.queue.idle and not self.polls.hopeful and not len(self._retries) and not self._waits.for_objects

    def want(self, desired: Desired, since: float | None = None, *, old: bool = False) -> None:
        """What a unit should be from now on; objects have said so since ``since``, None: since now.

        ``old`` is what they said before this process began: it is verified after whatever changed since then.
        """
        key = desired.key
        before = self.wishes.get(key)
        if before == desired:
            return
        self.wishes.set(key, desired)
        self._lags.wanted(
            before if self._has_served(key) else None, desired, self._clock.now() if since is None else since
        )
        self._failures.pop(key, None)
        self._retries.cancel(key)
        if old:
            self._verify(key)
        else:
            self._changed[key] = self._clock.now()
            self._begin(key, _urgency(before, desired))
        self._metrics.queued(len(self.queue))

    def _verify(self, key: UnitKey) -> None:
        """Look at a unit that is probably as it should be."""
        self._unverified.add(key)
        self.queue.put_back(key, Urgency.VERIFICATION)

    def _begin(self, key: UnitKey, urgency: Urgency) -> None:
        """Run a unit, and do not wait until something less urgent has read it."""
        self._unverified.discard(key)
        self.queue.add(key, urgency)
        if self.queue.runs_for_less(key, urgency):
            self._work.interrupt(key)
        if urgency is Urgency.TARGETS:
            self._begin_at_once()

    def _begin_at_once(self) -> None:
        """Pods that move do not wait for the turn of who takes from the queue; of many units only the first."""
        if self._runs is None or self._has_begun:
            return
        key = self.queue.take_urgent()
        if key is not None:
            self._has_begun = True
            self._runs.create_task(self._run(key))
            asyncio.get_running_loop().call_soon(self._may_begin)

    def _may_begin(self) -> None:
        self._has_begun = False

    def unwant(self, absent: Absent) -> None:
        """Nobody wants the unit any more; a record, and what it was wanted as, tell which resource is meant."""
        absent = replace(absent, former=_former(self.wishes.get(absent.key)))
        record = self.ledger.records.get(absent.key)
        if record is not None:
            recorded = absence(record)
            absent = replace(absent, owner=absent.owner or recorded.owner, arn=absent.arn or recorded.arn)
        self.want(absent)

    def wake(self, key: UnitKey, urgency: Urgency = Urgency.BEGUN) -> None:
        """Look at a unit again."""
        if self.wishes.get(key) is not None:
            self.queue.add(key, Urgency.VERIFICATION if key in self._unverified else urgency)

    def held(self, ref: Ref) -> None:
        """An object carries our finalizer: what is made for it may be created."""
        for key in sorted(self._waits.waiters(ref), key=str):
            self.wake(key)

    async def read_account_patiently(self) -> None:
        """Read what is ours in bulk, as often as it takes."""
        await self.patiently(self.read_account)

    async def patiently(self, read: Callable[[], Awaitable[None]]) -> None:
        """Read something without which nothing goes on, as often as it takes."""
        failures = 0
        while True:
            try:
                return await read()
            except LatticeFailure as failure:
                log.warning("not read", error=str(failure))
            failures += 1
            await self._clock.sleep(self._retry_delay(failures))

    async def forget(self) -> None:
        """Remember nothing of Lattice, as somebody else may have written, and look at every unit again.

        What changed long ago was seen to by whoever led then. Only while ``run`` does not.
        """
        self._visible.clear()  # else a unit that is found as it was would not wake those that wait for it
        recently = self._clock.now() - RECENT
        for key in self.wishes.all():
            self._work.forget(key)
            if self._changed.get(key, -inf) <= recently:
                self._verify(key)
            else:
                self.queue.add(key, Urgency.CHANGE)
        await self.read_account_patiently()

    async def read_account(self) -> None:
        """Read what is ours in bulk; raises ``LatticeFailure``."""
        now, listings = self._clock.now(), self.listings
        read = await asyncio.gather(
            listings.services.since(now),
            listings.groups.since(now),
            listings.networks.since(now),
            listings.vpc_associations.since(now),
            listings.owned.since(now),
            return_exceptions=True,
        )
        for failure in read:
            if isinstance(failure, BaseException):
                raise failure

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.polls.run(self.wake))
            tasks.create_task(self._ring(self._retries, Urgency.CHANGE))
            tasks.create_task(self._ring(self._second_looks, Urgency.CHANGE))
            tasks.create_task(self._ring(self._resyncs.alarms, Urgency.UPKEEP))
            self._runs, self._has_begun = tasks, False
            try:
                while True:
                    key = await self.queue.take()
                    tasks.create_task(self._run(key))
                    await asyncio.sleep(0)  # a hundred units that begin together must not keep news of pods waiting
            finally:
                self._runs = None

    async def _ring(self, alarms: Alarms[UnitKey], urgency: Urgency) -> None:
        while True:
            self.wake(await alarms.ring(), urgency)

    async def _run(self, key: UnitKey) -> None:
        """One run of a unit; a bug fails this unit alone, loudly."""
        desired = self.wishes.get(key)
        began = self._clock.now()
        try:
            ran = await self._ran(desired) if desired else None
            if desired and ran:
                self._after(desired, ran, began)
        finally:
            self.queue.done(key)
            self._metrics.queued(len(self.queue))

    async def _ran(self, desired: Desired) -> Ran | None:
        """What a run came to; None where it was given up, as the unit is to run again at once."""
        try:
            return await self._work.run(desired, self._pace(desired.key))
        except Interrupted:
            return None
        except Exception as bug:
            log.exception("bug", unit=str(desired.key))
            self._metrics.bug()
            self._metrics.runtime.panicked(desired)
            self.mirror.distrust(desired.key)
            return Ran(Failed(_bug(bug)))

    def _pace(self, key: UnitKey) -> Pace:
        """How urgent a run of the unit is: pods that move go first, but not those of a group that never served."""
        urgency = self.queue.urgency(key)
        return Pace(urgency, Urgency.TARGETS if self._has_served(key) else min(urgency, Urgency.BEGUN))

    def _has_served(self, key: UnitKey) -> bool:
        """Whether the unit was as desired at least once."""
        outcome = self.outcomes.get(key)
        return outcome is not None and outcome.serving is not None

    def _after(self, desired: Desired, ran: Ran, began: float) -> None:
        key = desired.key
        self._tell(desired, ran, began)
        if isinstance(key, ServiceKey):
            self._neighbours.joins(key, ran.joins)
        self._wait(key, ran)
        self._hurry(key, ran.result)
        self._retry(key, ran.result)
        self._resyncs.ran(key, self.mirror.get(key), self.queue.urgency(key))
        self._publish(desired, ran.result)
        self._pass_on(key)
        if isinstance(desired, Absent) and isinstance(ran.result, Done) and self.wishes.get(key) is desired:
            self._gone(key)

    def _tell(self, desired: Desired, ran: Ran, began: float) -> None:
        self._metrics.unit(type(desired.key).__name__, ran.result)
        self._metrics.runtime.ran(desired, ran.result, self._clock.now() - began)
        before = self.outcomes.get(desired.key)
        if not ran.operations and before is not None and before.result == ran.result:
            return
        log.info(
            "unit",
            unit=str(desired.key),
            ops=[call_name(operation).operation for operation in ran.operations],
            outcome=said(ran.result),
            took_ms=round(1000 * (self._clock.now() - began)),
        )

    def _wait(self, key: UnitKey, ran: Ran) -> None:
        """Arrange for whatever ends the waiting to wake the unit."""
        desired = self.wishes.get(key)
        wanted = watches(desired, self.mirror.observed(key), ran.result, ran.awaited) if desired else frozenset()
        groups = [(join.group, self._neighbours.chosen(join.group)) for join in ran.joins]
        wanted |= joining(tuple((group, found.id) for group, found in groups if found is not None))
        self.polls.watch(key, wanted)
        on = ran.awaited
        self._waits.wait(key, on)
        if on:
            self._second_looks.set(key, self._clock.now() + SECOND_LOOK)
        else:
            self._second_looks.cancel(key)

    def _hurry(self, key: UnitKey, result: Result) -> None:
        """What a unit waits for that has changed is looked at before what was only not verified yet."""
        if not isinstance(result, Waiting) or not result.blind:
            self._unverified.discard(key)
        elif key not in self._unverified:
            for unit in self._unverified.intersection(result.on):
                self._begin(unit, Urgency.CHANGE)

    def _retry(self, key: UnitKey, result: Result) -> None:
        if not isinstance(result, Failed) or result.error.kind not in RETRIED:
            self._failures.pop(key, None)
            self._retries.cancel(key)
            return
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        self._metrics.runtime.retried(key)
        delay = max(self._retry_delay(failures), result.error.retry_after or 0.0)
        self._retries.set(key, self._clock.now() + delay)

    def _retry_delay(self, failures: int) -> float:
        return min(LONGEST_RETRY, 2.0 ** (failures - 1)) * (0.8 + 0.4 * self._random.random())

    def _publish(self, desired: Desired, result: Result) -> None:
        """Tell what became of the unit, if that is news."""
        key = desired.key
        before = self.outcomes.get(key)
        if isinstance(result, Waiting) and any(self._has_failed(unit) for unit in result.on):
            result = replace(result, blind=False)
        serving = desired if isinstance(result, Done) and not isinstance(desired, Held) else None
        outcome = self._outcome(desired, result, serving or (before.serving if before else None))
        if outcome != before:
            self.outcomes[key] = outcome
            self._told(key, outcome)

    def _has_failed(self, key: UnitKey) -> bool:
        outcome = self.outcomes.get(key)
        return outcome is not None and isinstance(outcome.result, Failed)

    def _outcome(self, desired: Desired, result: Result, serving: Desired | None) -> Outcome:
        outcome = Outcome(key=desired.key, desired=desired, result=result, serving=serving)
        match desired.key:
            case ServiceKey() as key:
                service = self.mirror.service(key)
                return with_service(outcome, service) if service else outcome
            case GroupKey() as key:
                group = self._neighbours.chosen(key)
                return replace(outcome, id=group.id, arn=group.arn, status=group.status) if group else outcome
            case NetworkKey() as key:
                view = self.mirror.network(key)
                return with_network(outcome, view, self._settings.owner) if view and view.candidates else outcome

    def _pass_on(self, key: UnitKey) -> None:
        """Wake those to whom it matters that the unit looks different now."""
        visible, before = self._looks(key), self._visible.get(key, _NEVER)
        if before == visible:
            return
        self._visible[key] = visible
        concerned = self.wishes.users(key) | self._waits.waiters(key)
        if isinstance(key, NetworkKey) and before is not _NEVER:
            concerned |= self._rivals(key)
        if isinstance(key, ServiceKey):
            self._neighbours.service_changed(key)
            concerned |= self._leaving(key)
        for unit in sorted(concerned, key=str):
            self.wake(unit)

    def _leaving(self, key: ServiceKey) -> set[UnitKey]:
        """Units that should go and that the service may have used."""
        groups = {group for group in self.mirror.groups_of(key.name) if isinstance(self.wishes.get(group), Absent)}
        return {*groups, *self.wishes.absent_networks()}

    def _looks(self, key: UnitKey) -> Hashable:
        """What other units see of this one."""
        match key:
            case GroupKey():
                group = self._neighbours.chosen(key)
                return (group.id, group.status) if group else (None, self.mirror.get(key) is not None)
            case NetworkKey():
                view = self.mirror.network(key)
                association = view.vpc_association if view else None
                networks = tuple(network.id for network in view.candidates) if view else None
                return networks, association.network_id if association else None
            case ServiceKey():
                return used_by(self.mirror.service(key))

    def _rivals(self, key: NetworkKey) -> frozenset[UnitKey]:
        """The other networks: our VPC is in one at most, and who did not get it may have it now. They look again."""
        rivals = frozenset(other for other in self.wishes.all() if isinstance(other, NetworkKey) and other != key)
        for rival in rivals:
            self.mirror.distrust(rival)
        return rivals

    def _gone(self, key: UnitKey) -> None:
        """The unit is absent, as it should be: nothing of it is remembered."""
        self.wishes.drop(key)
        self._unverified.discard(key)
        self._changed.pop(key, None)
        self._work.forget(key)
        self._lags.forget(key)
        self.polls.watch(key, frozenset())
        self._resyncs.alarms.cancel(key)
        self._visible.pop(key, None)
        self.outcomes.pop(key, None)
        try:
            self.ledger.gone(key)
        except StateUnwritable as problem:
            log.warning("record not removed", unit=str(key), error=str(problem))
        self._told(key, None)


_NEVER = object()


def said(result: Result) -> str:
    """A result in a line."""
    match result:
        case Done():
            return "done"
        case Waiting(why):
            return f"waiting: {why}"
        case Failed(error):
            return f"failed: {error}"
        case Refusal(reason, message):
            return f"refused: {reason}: {message}"


def _urgency(before: Desired | None, desired: Desired) -> Urgency:
    """Pods that came or went, where nothing else of a group changed, go first."""
    followed = isinstance(before, TargetGroup) and isinstance(desired, TargetGroup)
    return Urgency.TARGETS if followed else Urgency.CHANGE


def _former(before: Desired | None) -> TargetGroup | None:
    """What a group was wanted as, the last time that it was."""
    match before:
        case TargetGroup():
            return before
        case Absent(former=former):
            return former
        case _:
            return None


def _bug(error: Exception) -> LatticeError:
    return LatticeError(
        kind=ErrorKind.INVALID, operation="plan", code=type(error).__name__, message=f"a bug of the program: {error}"
    )
