"""One run of one unit: read what is not known, plan, carry out, until the plan is empty or the world is not ready."""

import asyncio
from dataclasses import dataclass, replace

from lattice_gateway.core.lattice import operations as ops
from lattice_gateway.core.lattice.keys import GroupKey, NetworkKey, ServiceKey, UnitKey
from lattice_gateway.core.lattice.observed import NetworkView, ObservedService
from lattice_gateway.core.lattice.outcome import Done, ErrorKind, Failed, LatticeError, Refusal, Result, Waiting
from lattice_gateway.core.lattice.units import Absent, Desired, Held, TargetGroup
from lattice_gateway.core.lattice.words import Arn
from lattice_gateway.core.objects import Ref
from lattice_gateway.core.plan.networks import is_a_gateways
from lattice_gateway.core.plan.plan import Join, Plan
from lattice_gateway.engine.execute import Executor
from lattice_gateway.engine.feed import NotHeldYet, StateUnwritable
from lattice_gateway.engine.gate import Pace, Urgency
from lattice_gateway.engine.ledger import Ledger
from lattice_gateway.engine.mirror import Mirror
from lattice_gateway.engine.neighbours import Neighbours
from lattice_gateway.engine.observe import Observer
from lattice_gateway.engine.planning import plan_unit
from lattice_gateway.engine.ports import Clock, LatticeFailure
from lattice_gateway.engine.resyncs import Resyncs
from lattice_gateway.engine.shared import TAGS_FRESH, Since
from lattice_gateway.engine.waits import Awaited
from lattice_gateway.settings import Settings

FRESH = 20.0
"""Seconds that a listing may be old for absence to follow from it (architecture.md §3)."""

OWNER_FRESH = 60.0
"""Seconds that a reading of the owner may be old when something is deleted."""

PASSES = 25
"""Plans in one run; more means that a plan does not rest, which is a bug."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run came to; ``joins`` are groups that warm up, ``operations`` what was carried out.

    ``unheld`` is the object that must carry our finalizer before the unit goes on; None: it does not wait for that.
    """

    result: Result
    joins: tuple[Join, ...] = ()
    operations: tuple[ops.Operation, ...] = ()
    unheld: Ref | None = None

    @property
    def awaited(self) -> tuple[Awaited, ...]:
        """What wakes the unit: other units, and the object that must carry our finalizer."""
        on = self.result.on if isinstance(self.result, Waiting) else ()
        return on if self.unheld is None else (*on, self.unheld)


class Interrupted(Exception):  # noqa: N818 - reads as what is the case
    """A reading was given up, as the unit is to run again at once, and more urgently."""


class RestlessPlanError(Exception):
    """A plan that was carried out led to another one, again and again: a bug of the planner."""


class Work:
    """Runs units. One run at a time for each; the queue sees to that."""

    def __init__(
        self,
        *,
        settings: Settings,
        mirror: Mirror,
        observer: Observer,
        neighbours: Neighbours,
        executor: Executor,
        ledger: Ledger,
        resyncs: Resyncs,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._mirror = mirror
        self._observer = observer
        self._neighbours = neighbours
        self._executor = executor
        self._ledger = ledger
        self._resyncs = resyncs
        self._clock = clock
        self._owner_seen: dict[UnitKey, float] = {}
        self._users_seen: dict[UnitKey, frozenset[UnitKey]] = {}
        self._patient: dict[UnitKey, asyncio.Task[None]] = {}

    async def run(self, desired: Desired, pace: Pace) -> Ran:
        """Make the unit as desired, as far as that is possible now.

        Errors of calls and of the state directory are results. Raises ``Interrupted``, and whatever a bug raises.
        """
        try:
            return await self._settle(desired, pace)
        except LatticeFailure as failure:
            return Ran(Failed(failure.error))
        except NotHeldYet as early:
            return Ran(Waiting(str(early)), unheld=early.ref)
        except StateUnwritable as problem:
            return Ran(Failed(_unwritable(problem)))

    def interrupt(self, key: UnitKey) -> None:
        """Give up a reading of the unit that may wait long for its turn; what changes something is never given up."""
        reading = self._patient.get(key)
        if reading is not None:
            reading.cancel()

    def forget(self, key: UnitKey) -> None:
        """The unit is gone and nobody wants it."""
        self._mirror.forget(key, self._clock.now())
        self._owner_seen.pop(key, None)
        self._users_seen.pop(key, None)

    async def _settle(self, desired: Desired, pace: Pace) -> Ran:
        key = desired.key
        performed: list[ops.Operation] = []
        for _ in range(PASSES):
            await self._know(desired, pace.reads)
            unread = self._neighbours.unread(desired)
            if unread:
                return Ran(Waiting(f"{unread[0]} was not read yet", unread, blind=True), (), tuple(performed))
            if isinstance(desired, TargetGroup):
                self._neighbours.choose(desired)
            around = self._neighbours.around(key, desired)
            planned = plan_unit(desired, self._mirror.observed(key), self._settings.owner, around)
            if isinstance(planned, Refusal):
                return Ran(planned, (), tuple(performed))
            if await self._owner_read_again(desired, planned):
                continue
            executed = await self._executor.execute(planned, desired, pace.targets)
            performed.extend(executed.performed)
            if not executed.performed or isinstance(executed.result, Failed):
                return self._ran(desired, planned, executed.result, performed)
        raise RestlessPlanError(f"{key}: the plan does not come to rest: {performed[-3:]}")

    def _ran(self, desired: Desired, plan: Plan, result: Result, performed: list[ops.Operation]) -> Ran:
        if isinstance(result, Done):
            self._record(desired)
            if plan.joins:
                result = Waiting(plan.joins[0].why)
        return Ran(result, plan.joins, tuple(performed))

    async def _know(self, desired: Desired, urgency: Urgency) -> None:
        """Have a memory of the unit that may be used."""
        memory = self._mirror.get(desired.key)
        if memory is None or not memory.trusted or self._resyncs.is_due(memory, urgency):
            await self._read_or_give_up(desired, urgency)
        while self._outdated(desired):
            await self._read_or_give_up(desired, urgency)

    async def _read_or_give_up(self, desired: Desired, urgency: Urgency) -> None:
        """Read the unit; raises ``Interrupted`` where that was given up meanwhile."""
        reading = asyncio.ensure_future(self._read(desired, self._since(desired, urgency)))
        if urgency is not Urgency.TARGETS:
            self._patient[desired.key] = reading
        try:
            await asyncio.wait((reading,))
        finally:
            self._patient.pop(desired.key, None)
            reading.cancel()
        if reading.cancelled():
            raise Interrupted
        reading.result()

    def _since(self, desired: Desired, urgency: Urgency) -> Since:
        """How old things may be: younger than the last write, and for what is to go than its users' last change."""
        now, written = self._clock.now(), self._mirror.changed_at(desired.key)
        changed = self._neighbours.changed_at(desired.key) if isinstance(desired, Absent) else 0.0
        return Since(listed=max(now - FRESH, written, changed), tags=max(now - TAGS_FRESH, written), urgency=urgency)

    def _outdated(self, desired: Desired) -> bool:
        """Whether something is to go and what we know of its users is from before the last change.

        Users can leave while a slow reading is under way: what it counted of them must not pass for somebody else's.
        """
        key = desired.key
        memory = self._mirror.get(key)
        if memory is None or not isinstance(desired, Absent) or isinstance(key, ServiceKey):
            return False
        if memory.read_at < self._neighbours.changed_at(key):
            return True
        return not self._users_seen.get(key, frozenset()) <= self._neighbours.around(key, desired).live_dependants

    async def _read(self, desired: Desired, since: Since) -> None:
        key = desired.key
        begun = self._clock.now()
        self._users_seen[key] = self._neighbours.around(key, desired).live_dependants
        match key:
            case NetworkKey():
                view = await self._observer.network(key, since)
                if isinstance(desired, Absent):
                    view = await self._observer.users(view, since)
                self._mirror.read(key, view, begun)
            case GroupKey():
                unit = _sought(desired) or key
                self._mirror.read(key, await self._observer.groups(unit, self._mirror.groups(key), since), begun)
                if isinstance(desired, TargetGroup):
                    self._neighbours.choose(desired)  # now: who looks meanwhile would see a group that does not exist
            case ServiceKey():
                found = await self._observer.service(key, self._mirror.service(key), since)
                self._mirror.read(key, found, begun)
        self._owner_seen[key] = since.tags

    async def _owner_read_again(self, desired: Desired, plan: Plan) -> bool:
        """Read tags again where the unit is to go and they were read long ago; whether that was done."""
        key = desired.key
        if not isinstance(desired, Absent) or not plan.operations:
            return False
        if self._clock.now() - self._owner_seen.get(key, float("-inf")) <= OWNER_FRESH:
            return False
        self._owner_seen[key] = self._clock.now()
        observed, now = self._mirror.observed(key), self._clock.now()
        match observed:
            case ObservedService():
                tags = await self._observer.owner_of(observed.arn)
                self._mirror.noticed(key, replace(observed, tags=tags), now)
            case NetworkView(candidates=candidates):
                read = [replace(each, tags=await self._observer.owner_of(each.arn)) for each in candidates]
                self._mirror.noticed(key, replace(observed, candidates=tuple(read)), now)
            case tuple():
                groups = [replace(group, tags=await self._observer.owner_of(group.arn)) for group in observed]
                self._mirror.noticed(key, tuple(groups), now)
            case None:
                return False
        return True

    def _record(self, desired: Desired) -> None:
        """Have a record of what stands, also of what an earlier process or another controller made."""
        arn = None if isinstance(desired, Absent | Held) else self._standing(desired.key)
        if arn is not None:
            self._ledger.found(desired.key, desired, arn)

    def _standing(self, key: UnitKey) -> Arn | None:
        """The ARN of what stands for the unit and is ours; None where there is no such thing."""
        match key:
            case ServiceKey():
                service = self._mirror.service(key)
                return service.arn if service else None
            case GroupKey():
                group = self._neighbours.chosen(key)
                return group.arn if group else None
            case NetworkKey():
                view = self._mirror.network(key)
                candidates = view.candidates if view else ()
                return next((each.arn for each in candidates if is_a_gateways(each, self._settings.owner)), None)


def _sought(desired: Desired) -> TargetGroup | None:
    """What tells which groups may be the unit's, beside its key."""
    match desired:
        case TargetGroup():
            return desired
        case Absent(former=former):
            return former
        case _:
            return None


def _unwritable(problem: StateUnwritable) -> LatticeError:
    return LatticeError(kind=ErrorKind.UNAVAILABLE, operation="remember", code="StateUnwritable", message=str(problem))
