"""Carrying out a plan: obeys, never decides. Stops a step where the world is not ready or a call fails."""

from dataclasses import dataclass
from typing import Protocol, assert_never

from lattice_gateway.core.lattice import operations as ops
from lattice_gateway.core.lattice.keys import UnitKey
from lattice_gateway.core.lattice.outcome import (
    Answer,
    Done,
    ErrorKind,
    Failed,
    LatticeError,
    Refusal,
    Result,
    Waiting,
)
from lattice_gateway.core.lattice.units import Desired
from lattice_gateway.core.plan.apply import apply
from lattice_gateway.core.plan.binding import bind
from lattice_gateway.core.plan.conditions import holds
from lattice_gateway.core.plan.plan import Plan, Step
from lattice_gateway.engine.calls import Calls
from lattice_gateway.engine.gate import Urgency
from lattice_gateway.engine.lags import Lags
from lattice_gateway.engine.mirror import Mirror
from lattice_gateway.engine.neighbours import Neighbours
from lattice_gateway.engine.ports import Clock, LatticeFailure
from lattice_gateway.engine.tokens import Tokens

CHANGED_NOTHING = frozenset({ErrorKind.THROTTLED, ErrorKind.DENIED, ErrorKind.INVALID, ErrorKind.QUOTA})
"""Refusals after which the memory of before is right. After a conflict or a 404 it was wrong already."""

CREATES_UNIT = (ops.CreateServiceNetwork, ops.CreateTargetGroup, ops.CreateService)


class Ledger(Protocol):
    """Where it is written down what we are about to create (decision 35)."""

    def creating(self, unit: UnitKey, desired: Desired) -> None:
        """Before the create; raises ``StateUnwritable``, and then nothing may be created."""

    def created(self, unit: UnitKey, answer: Answer) -> None:
        """After it."""


@dataclass(frozen=True, slots=True)
class Executed:
    """What became of a plan: the gravest result of its steps, and the operations that were carried out."""

    result: Result
    performed: tuple[ops.Operation, ...]


@dataclass(frozen=True, slots=True)
class _Run:
    """One plan of a unit on its way; changes of ``targets`` are so urgent."""

    unit: UnitKey
    desired: Desired
    targets: Urgency

    def urgency_of(self, operation: ops.Operation) -> Urgency:
        """Targets may go before everything else (architecture.md §3)."""
        moves = isinstance(operation, ops.RegisterTargets | ops.DeregisterTargets)
        return self.targets if moves else Urgency.CHANGE


class Executor:
    """Carries out plans of units, one call after the other."""

    def __init__(
        self,
        *,
        calls: Calls,
        mirror: Mirror,
        neighbours: Neighbours,
        tokens: Tokens,
        ledger: Ledger,
        lags: Lags,
        clock: Clock,
    ) -> None:
        self._lags = lags
        self._calls = calls
        self._mirror = mirror
        self._neighbours = neighbours
        self._tokens = tokens
        self._ledger = ledger
        self._clock = clock

    async def execute(self, plan: Plan, desired: Desired, targets: Urgency = Urgency.TARGETS) -> Executed:
        """Run every step whose needs are met; steps stand after what they need. ``targets`` go so urgently."""
        performed: list[ops.Operation] = []
        done: set[str] = set()
        result: Result = Done()
        for step in plan.steps:
            if not step.needs <= done:
                continue
            came_out = await self._step(step, _Run(plan.unit, desired, targets), performed)
            if isinstance(came_out, Done):
                done.add(step.name)
            result = graver(result, came_out)
        return Executed(result, tuple(performed))

    async def _step(self, step: Step, run: "_Run", performed: list[ops.Operation]) -> Result:
        around = self._neighbours.around(run.unit, run.desired)
        for condition in step.when:
            waiting = holds(condition, self._mirror.observed(run.unit), around)
            if waiting is not None:
                return waiting
        for operation in step.operations:
            bound = bind(operation, self._neighbours.resolve)
            if isinstance(bound, Waiting):
                return bound
            failed = await self._perform(bound, run)
            if failed is not None:
                return failed
            performed.append(bound)
        return Done()

    async def _perform(self, operation: ops.Operation, run: "_Run") -> Failed | None:
        """One call. From before it leaves until its answer is taken in, the unit's memory is not trusted."""
        unit = run.unit
        if isinstance(operation, CREATES_UNIT):
            self._ledger.creating(unit, run.desired)
        token = self._tokens.token(unit, operation)
        self._mirror.touch(unit, self._clock.now())
        try:
            answer = await self._calls.perform(operation, token, run.urgency_of(operation))
        except LatticeFailure as failure:
            if failure.error.kind is not ErrorKind.NOT_FOUND or not is_removal(operation):
                return self._failed(unit, failure.error)
            answer = Answer()
        self._tokens.known(unit)
        observed = apply(operation, answer, self._mirror.observed(unit))
        self._mirror.answered(unit, observed, self._clock.now())
        self._lags.performed(unit, operation)
        if isinstance(operation, CREATES_UNIT):
            self._ledger.created(unit, answer)
        return _refused_targets(operation, answer)

    def _failed(self, unit: UnitKey, error: LatticeError) -> Failed:
        if error.kind in CHANGED_NOTHING:
            self._mirror.untouched(unit)
        else:
            self._mirror.distrust(unit)
        if error.kind is not ErrorKind.UNKNOWN_RESULT:
            self._tokens.known(unit)
        return Failed(error)


def graver(one: Result, other: Result) -> Result:
    """The result that says more about why the unit is not done; of equals the first, with everything waited for."""
    if isinstance(one, Waiting) and isinstance(other, Waiting):
        return Waiting(one.why, tuple(dict.fromkeys((*one.on, *other.on))))
    return other if _gravity(other) > _gravity(one) else one


def is_removal(operation: ops.Operation) -> bool:
    """Whether "no such thing" means that the operation's end is reached."""
    return isinstance(
        operation,
        ops.DeleteServiceNetwork
        | ops.DeleteVpcAssociation
        | ops.DeleteTargetGroup
        | ops.DeleteService
        | ops.DeleteServiceAssociation
        | ops.DeleteListener
        | ops.DeleteRule,
    )


def _gravity(result: Result) -> int:
    match result:
        case Done():
            return 0
        case Waiting():
            return 1
        case Failed():
            return 2
        case Refusal():
            return 3
        case _:
            assert_never(result)


def _refused_targets(operation: ops.Operation, answer: Answer) -> Failed | None:
    """Single targets that the service did not take; one that is not registered is as good as deregistered."""
    if not answer.failed_targets or isinstance(operation, ops.DeregisterTargets):
        return None
    message = "; ".join(f"{place}: {reason}" for place, reason in answer.failed_targets)
    name = type(operation).__name__
    return Failed(LatticeError(kind=ErrorKind.INVALID, operation=name, code="RefusedTargets", message=message))
