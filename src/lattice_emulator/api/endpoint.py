"""One request from bytes to answer, apart from any socket."""

import asyncio
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, assert_never

from lattice_emulator.api import refusals
from lattice_emulator.api.calls import Call, CallLog
from lattice_emulator.api.faults import CloseBefore, Decision, Faults, LoseAnswer, Refuse, SlowAnswer
from lattice_emulator.api.reading import Unreadable, read_parameters
from lattice_emulator.api.request import Accounts, Request, Sender, sender_of
from lattice_emulator.api.routing import Cbor, Routed, Router, Unrouted, router_for
from lattice_emulator.api.services import Operation, Service
from lattice_emulator.api.validation import problems_of
from lattice_emulator.api.writing import Answer, error_answer, result_answer
from lattice_emulator.world.clock import Clock
from lattice_emulator.world.errors import ServiceError
from lattice_emulator.world.model import Caller


class Operations(Protocol):
    """What this side needs of the world to answer calls."""

    def call(self, service: str, operation: str, params: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
        """Carry out one operation; raises ServiceError."""
        ...


@dataclass(frozen=True, slots=True)
class Hangup:
    """The connection is closed instead of an answer."""


Outcome: TypeAlias = Answer | Hangup


@dataclass(slots=True, kw_only=True)
class _Exchange:
    """One call while it is being answered, and what the log will say of it."""

    request_id: str
    sender: Sender
    router: Router
    operation: str = "-"
    params: Mapping[str, Any]
    code: str | None = None
    effect: str | None = None


class Endpoint:
    """Answers requests for all services out of one world."""

    def __init__(
        self,
        services: Mapping[str, Service],
        world: Callable[[], Operations],
        clock: Clock,
        accounts: Accounts,
        faults: Faults,
    ) -> None:
        self._routers = {name: router_for(service) for name, service in services.items()}
        self._world = world
        self._clock = clock
        self._accounts = accounts
        self.faults = faults
        self.log = CallLog()

    async def answer(self, request: Request) -> Outcome:
        """Answer ``request``; raises only for an error of ours."""
        started, at = time.perf_counter(), self._clock.now()
        sender = sender_of(request, self._accounts)
        router = self._routers.get(sender.service)
        if router is None:
            return self._unknown_service(sender.service)
        exchange = _Exchange(request_id=str(uuid.uuid4()), sender=sender, router=router, params={})
        try:
            outcome = await self._judge(request, exchange)
        except Exception:
            # Our bug: the server answers 500 and prints the traceback; the log shows which call met it.
            exchange.code = "InternalFailure"
            self._note(exchange, 500, at, started)
            raise
        self._note(exchange, outcome.status if isinstance(outcome, Answer) else 0, at, started)
        return outcome

    def _unknown_service(self, name: str) -> Answer:
        text = f"the request is signed for {name!r}; served here are {', '.join(sorted(self._routers))}"
        # Told in the form of Lattice, the service this port is about.
        error = ServiceError("ValidationException", text, 400, {"reason": "unknownOperation"})
        return error_answer(self._routers["vpc-lattice"].service, error, str(uuid.uuid4()))

    async def _judge(self, request: Request, exchange: _Exchange) -> Outcome:
        service = exchange.router.service
        match exchange.router.route(request):
            case Cbor():
                exchange.code = "UnsupportedProtocolException"
                return refusals.cbor_refusal(exchange.request_id)
            case Unrouted(why):
                return _refused(exchange, refusals.unknown_operation(service, why))
            case Routed() as routed:
                exchange.operation = routed.operation.name
                decision = self.faults.decide(routed.operation.name, self._clock.now())
                if decision.delay:
                    await asyncio.sleep(decision.delay)
                return await self._play(request, routed, exchange, decision)
            case other:
                assert_never(other)

    async def _play(self, request: Request, routed: Routed, exchange: _Exchange, decision: Decision) -> Outcome:
        service = exchange.router.service
        if decision.throttled_for is not None:
            exchange.effect = "throttle"
            error = refusals.throttled(service, routed.operation.name, decision.throttled_for)
            return _refused(exchange, error)
        match decision.effect:
            case None:
                return self._carry_out(request, routed, exchange)
            case Refuse(code):
                exchange.effect = "refuse"
                return _refused(exchange, refusals.scripted(service, code, "a failure that was asked for"))
            case CloseBefore():
                exchange.effect = "close-before"
                return Hangup()
            case LoseAnswer():
                exchange.effect = "lose-answer"
                self._carry_out(request, routed, exchange)
                return Hangup()
            case SlowAnswer(seconds):
                exchange.effect = "slow-answer"
                answer = self._carry_out(request, routed, exchange)
                await asyncio.sleep(seconds)
                return answer
            case other:
                assert_never(other)

    def _carry_out(self, request: Request, routed: Routed, exchange: _Exchange) -> Answer:
        service, operation = exchange.router.service, routed.operation
        try:
            exchange.params = _checked(request, routed, service)
            result = self._world().call(service.name, operation.name, exchange.params, exchange.sender.caller)
        except ServiceError as error:
            return _refused(exchange, error)
        return result_answer(service, operation, result, exchange.request_id)

    def _note(self, exchange: _Exchange, status: int, at: float, started: float) -> None:
        self.log.add(
            Call(
                number=self.log.next_number(),
                at=at,
                service=exchange.sender.service,
                operation=exchange.operation,
                caller=exchange.sender.caller,
                params=exchange.params,
                status=status,
                code=exchange.code,
                effect=exchange.effect,
                took_ms=(time.perf_counter() - started) * 1000,
                request_id=exchange.request_id,
            )
        )


def _checked(request: Request, routed: Routed, service: Service) -> dict[str, Any]:
    """Read and judge the parameters; raises ServiceError."""
    operation: Operation = routed.operation
    if not operation.emulated:
        raise refusals.not_emulated(service, operation)
    try:
        params = read_parameters(request, routed, service.protocol)
    except Unreadable as error:
        raise refusals.cannot_parse(service, error.problem) from None
    problems = problems_of(params, operation.input)
    if problems:
        raise refusals.invalid_fields(service, problems)
    return params


def _refused(exchange: _Exchange, error: ServiceError) -> Answer:
    exchange.code = error.code
    return error_answer(exchange.router.service, error, exchange.request_id)
