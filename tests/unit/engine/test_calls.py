"""Pacing, urgency, sharing and repeating of calls, in virtual time."""

import asyncio
from random import Random
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from lattice_gateway.core.lattice import operations as ops
from lattice_gateway.core.lattice.keys import ServiceKey
from lattice_gateway.core.lattice.outcome import Answer, ErrorKind, LatticeError
from lattice_gateway.core.lattice.words import Arn, Tags
from lattice_gateway.engine.call_names import call_name
from lattice_gateway.engine.calls import Calls
from lattice_gateway.engine.gate import Gate, Urgency
from lattice_gateway.engine.metrics import Metrics
from lattice_gateway.engine.ports import LatticeFailure
from lattice_gateway.engine.rates import FLOOR, Rate
from lattice_gateway.engine.reads import GetService, ListAssociationsOfNetwork, Read
from lattice_gateway.engine.tokens import Tokens
from lattice_gateway.engine.wire import USUAL, room
from tests.laws.engine_stage import LoopClock, play

CREATE = ops.CreateService(service=ServiceKey("a"), custom_domain=None, certificate=None, tags=Tags())


def error(kind: ErrorKind) -> LatticeError:
    return LatticeError(kind=kind, operation="CreateService", code=kind.value, message="because")


class Script:
    """A Lattice that answers as written, then well; every call takes a second."""

    def __init__(self, *kinds: ErrorKind) -> None:
        self.kinds = list(kinds)
        self.tokens: list[str] = []
        self.reads = 0

    async def perform(self, operation: ops.Operation, token: str) -> Answer:  # noqa: ARG002 - a port
        self.tokens.append(token)
        await self._answer()
        return Answer(id="svc-1", arn=Arn("arn"))

    async def read(self, read: Read[Any]) -> Any:
        self.reads += 1
        await self._answer()
        return read

    async def _answer(self) -> None:
        await asyncio.sleep(1)
        if self.kinds:
            raise LatticeFailure(error(self.kinds.pop(0)))


def calls(lattice: Script) -> Calls:
    return Calls(lattice, LoopClock(), Random(1), Metrics(CollectorRegistry()))


@pytest.mark.parametrize("kind", [ErrorKind.THROTTLED, ErrorKind.UNAVAILABLE, ErrorKind.UNKNOWN_RESULT])
def test_what_may_pass_is_tried_again_with_the_same_token(kind: ErrorKind) -> None:
    lattice = Script(kind, kind)

    answer = play(lambda: calls(lattice).perform(CREATE, "token", Urgency.CHANGE))

    assert answer.id == "svc-1"
    assert lattice.tokens == ["token"] * 3


@pytest.mark.parametrize(
    "kind", [ErrorKind.CONFLICT, ErrorKind.QUOTA, ErrorKind.INVALID, ErrorKind.DENIED, ErrorKind.NOT_FOUND]
)
def test_what_stays_fails_at_once(kind: ErrorKind) -> None:
    lattice = Script(kind)

    with pytest.raises(LatticeFailure):
        play(lambda: calls(lattice).perform(CREATE, "token", Urgency.CHANGE))

    assert len(lattice.tokens) == 1


def test_equal_reads_at_the_same_time_are_one_call() -> None:
    lattice = Script()

    async def scene() -> list[Any]:
        made = calls(lattice)
        return await asyncio.gather(*(made.read(GetService("svc-1")) for _ in range(5)))

    assert len(play(scene)) == 5
    assert lattice.reads == 1


def test_a_reader_that_gives_up_does_not_take_the_others_along() -> None:
    lattice = Script()

    async def scene() -> Any:
        made = calls(lattice)
        first = asyncio.create_task(made.read(GetService("svc-1")))
        second = asyncio.create_task(made.read(GetService("svc-1")))
        await asyncio.sleep(0.5)
        first.cancel()
        return await second

    assert play(scene) == GetService("svc-1")


def test_closing_waits_for_what_is_on_the_wire_and_lets_nothing_else_leave() -> None:
    lattice = Script()

    async def scene() -> list[bool]:
        made = calls(lattice)
        tasks = [asyncio.create_task(made.perform(CREATE, str(n), Urgency.CHANGE)) for n in range(20)]
        await asyncio.sleep(0.5)
        await made.close()
        await asyncio.sleep(100)
        done = [task.done() for task in tasks]
        for task in tasks:
            task.cancel()
        return done

    assert sum(play(scene)) == room(Urgency.CHANGE, USUAL)


def test_calls_leave_in_order_of_urgency() -> None:
    left: list[Urgency] = []

    async def scene() -> None:
        gate = Gate(LoopClock())
        gate.rate.throttled(0.0, 0.0, None)

        async def call(urgency: Urgency) -> None:
            await gate.enter(urgency)
            left.append(urgency)
            gate.leave(urgency)

        await asyncio.gather(*(call(urgency) for urgency in reversed(Urgency)))

    play(scene)

    assert left == sorted(left)


def test_a_rate_goes_down_once_for_refusals_of_one_moment_and_comes_back() -> None:
    rate = Rate()
    for moment in range(10):
        rate.admitted(moment / 10, moment / 10)
    rate.throttled(0.5, 1.0, None)
    rate.throttled(0.6, 1.0, None)

    assert rate.limit(1.0) == pytest.approx(8.0)
    assert rate.limit(6.0) == pytest.approx(10.0)
    assert (rate.limit(60.0) or 0) > 30


def test_answers_that_come_after_the_refusal_count_for_what_was_admitted() -> None:
    rate = Rate()
    rate.throttled(0.9, 1.0, None)
    for _ in range(10):
        rate.admitted(0.9, 1.1)

    assert rate.limit(6.0) == pytest.approx(10.0)


def test_refusals_at_random_never_stop_a_rate() -> None:
    rate = Rate()
    for moment in range(100):
        rate.throttled(float(moment), float(moment), None)

    assert rate.limit(100.0) == FLOOR


def test_the_service_may_name_the_pause() -> None:
    rate = Rate()
    rate.throttled(0.0, 0.0, 7.0)

    assert rate.delay(0.0) == 7.0


def test_a_token_changes_only_when_a_result_is_known() -> None:
    tokens, key = Tokens("p"), ServiceKey("a")

    first, again = tokens.token(key, CREATE), tokens.token(key, CREATE)
    tokens.known(key)

    assert first == again
    assert tokens.token(key, CREATE) != first
    assert Tokens("q").token(key, CREATE) != first
    assert len(first) <= 64


def test_a_call_is_named_as_aws_names_it() -> None:
    assert str(call_name(CREATE)) == "CreateService"
    assert str(call_name(ListAssociationsOfNetwork("sn-1"))) == "ListServiceNetworkServiceAssociations"


def test_metrics_have_the_go_controllers_names() -> None:
    registry = CollectorRegistry()

    async def scene() -> None:
        made = Calls(Script(ErrorKind.THROTTLED), LoopClock(), Random(1), Metrics(registry))
        await made.perform(CREATE, "token", Urgency.CHANGE)

    play(scene)
    names = {"service": "VPC Lattice", "operation": "CreateService"}
    fine = {**names, "status_code": "200", "error_code": ""}

    assert registry.get_sample_value("aws_api_calls_total", fine) == 1
    assert registry.get_sample_value("aws_api_requests_total", fine) == 1
    refused = {**names, "status_code": "429", "error_code": "Throttled"}
    assert registry.get_sample_value("aws_api_requests_total", refused) == 1
    assert registry.get_sample_value("aws_api_call_retries_sum", names) == 1
    assert registry.get_sample_value("aws_api_call_duration_seconds_count", names) == 1
    assert registry.get_sample_value("aws_api_request_duration_seconds_count", names) == 2
