"""The mirror of a unit around a call: never trusted while an answer is due, nor after one that tells nothing."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry

from lattice_gateway.core.lattice import operations as ops
from lattice_gateway.core.lattice.keys import ServiceKey, UnitKey
from lattice_gateway.core.lattice.observed import ObservedAssociation, ObservedService
from lattice_gateway.core.lattice.outcome import Answer, ErrorKind, LatticeError
from lattice_gateway.core.lattice.units import Absent, Desired
from lattice_gateway.core.lattice.words import Arn, Status, Tags
from lattice_gateway.core.plan.plan import Plan, Step, Surroundings
from lattice_gateway.engine.calls import Calls
from lattice_gateway.engine.execute import Executor
from lattice_gateway.engine.lags import Lags
from lattice_gateway.engine.metrics import Metrics
from lattice_gateway.engine.mirror import Mirror
from lattice_gateway.engine.neighbours import Neighbours
from lattice_gateway.engine.ports import LatticeFailure
from lattice_gateway.engine.tokens import Tokens
from lattice_gateway.engine.watches import Watch, What
from tests.laws.engine_stage import LoopClock, play

KEY = ServiceKey("rates-default")
CREATE = ops.CreateService(service=KEY, custom_domain=None, certificate=None, tags=Tags())
ANSWER = Answer(id="svc-1", arn=Arn("arn:svc-1"), status=Status.CREATE_IN_PROGRESS)
NEVER = "never"


class Wire:
    """Calls that end in one way; ``sent`` is set when one has left."""

    def __init__(self, ending: Answer | ErrorKind | str, mirror: Mirror) -> None:
        self.ending = ending
        self.mirror = mirror
        self.sent = asyncio.Event()
        self.trusted_on_the_way: list[bool] = []

    async def perform(self, _operation: ops.Operation, _token: str, _urgency: object) -> Answer:
        memory = self.mirror.get(KEY)
        self.trusted_on_the_way.append(memory is not None and memory.trusted)
        self.sent.set()
        match self.ending:
            case Answer() as answer:
                return answer
            case ErrorKind() as kind:
                raise LatticeFailure(LatticeError(kind=kind, operation="CreateService", code=kind, message="because"))
            case _:
                await asyncio.Event().wait()
                raise AssertionError


class Nobody:
    """No other unit is anywhere near."""

    def around(self, _key: UnitKey, _desired: Desired) -> Surroundings:
        return Surroundings()

    def resolve(self, what: object) -> Any:
        raise AssertionError(what)


class Diary:
    """What was written down of units, in order."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def creating(self, unit: UnitKey, _desired: Desired) -> None:
        self.lines.append(f"creating {unit}")

    def created(self, unit: UnitKey, answer: Answer) -> None:
        self.lines.append(f"created {unit} {answer.arn}")


def after(ending: Answer | ErrorKind | str) -> tuple[Mirror, Wire, Diary]:
    """A mirror that knew the service to be absent, after one create that ended so; one that never ends is cancelled."""

    async def scene() -> tuple[Mirror, Wire, Diary]:
        mirror, diary = Mirror(), Diary()
        mirror.read(KEY, None, begun=0.0)
        wire = Wire(ending, mirror)
        calls, around = cast("Calls", wire), cast("Neighbours", Nobody())
        clock = LoopClock()
        executor = Executor(
            calls=calls,
            mirror=mirror,
            neighbours=around,
            tokens=Tokens("p"),
            ledger=diary,
            lags=Lags(Metrics(CollectorRegistry()), clock),
            clock=clock,
        )
        plan = Plan(unit=KEY, steps=(Step(name="service", operations=(CREATE,)),))
        task = asyncio.create_task(executor.execute(plan, Absent(KEY)))
        await wire.sent.wait()
        if ending == NEVER:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        return mirror, wire, diary

    return cast("tuple[Mirror, Wire, Diary]", play(scene))


@pytest.mark.parametrize(
    ("ending", "trusted"),
    [
        pytest.param(ANSWER, True, id="answered"),
        pytest.param(ErrorKind.THROTTLED, True, id="throttled: nothing was changed"),
        pytest.param(ErrorKind.QUOTA, True, id="at a quota: nothing was changed"),
        pytest.param(ErrorKind.DENIED, True, id="denied: nothing was changed"),
        pytest.param(ErrorKind.INVALID, True, id="refused: nothing was changed"),
        pytest.param(ErrorKind.CONFLICT, False, id="a conflict: the memory was wrong before"),
        pytest.param(ErrorKind.NOT_FOUND, False, id="not found: the memory was wrong before"),
        pytest.param(ErrorKind.UNAVAILABLE, False, id="an error of the service"),
        pytest.param(ErrorKind.UNKNOWN_RESULT, False, id="a time-out or a cut connection"),
        pytest.param(NEVER, False, id="cancelled before the answer"),
    ],
)
def test_a_memory_is_trusted_only_when_the_answer_tells_what_is_there(
    ending: Answer | ErrorKind | str, *, trusted: bool
) -> None:
    mirror, wire, diary = after(ending)
    memory = mirror.get(KEY)

    assert wire.trusted_on_the_way == [False]
    assert memory is not None
    assert memory.trusted is trusted
    assert diary.lines[0] == "creating service/rates-default"


def test_an_answer_becomes_the_memory_and_the_record() -> None:
    mirror, _, diary = after(ANSWER)
    seen = mirror.service(KEY)

    assert isinstance(seen, ObservedService)
    assert (seen.id, seen.status) == ("svc-1", Status.CREATE_IN_PROGRESS)
    assert diary.lines == ["creating service/rates-default", "created service/rates-default arn:svc-1"]


def test_what_was_refused_leaves_the_memory_of_before() -> None:
    mirror, _, _ = after(ErrorKind.QUOTA)

    assert mirror.observed(KEY) is None


def test_a_whole_reading_makes_a_doubtful_memory_known_again() -> None:
    mirror, _, _ = after(ErrorKind.UNKNOWN_RESULT)

    mirror.read(KEY, None, begun=1.0)

    memory = mirror.get(KEY)
    assert memory is not None
    assert memory.trusted


def test_a_listing_older_than_the_last_write_says_nothing_about_the_unit() -> None:
    mirror = Mirror()
    mirror.read(KEY, None, begun=1.0)
    mirror.touch(KEY, 5.0)
    mirror.untouched(KEY)

    assert mirror.changed_at(KEY) == 5.0

    mirror.forget(KEY, 7.0)

    assert mirror.changed_at(KEY) == 7.0


BEGUN = ObservedService(
    id="svc-1", arn=Arn("arn:svc-1"), name="rates-default", status=Status.CREATE_IN_PROGRESS, dns_name=None
)
LINKED = ObservedAssociation(
    id="snsa-1",
    arn=Arn("arn:snsa-1"),
    network_id="sn-1",
    network_arn=Arn("arn:sn-1"),
    network_name="edge",
    status=Status.CREATE_IN_PROGRESS,
)
SERVICE = Watch(KEY, What.SERVICE, "svc-1")
ASSOCIATION = Watch(KEY, What.ASSOCIATIONS, "sn-1")


def created() -> Mirror:
    """A mirror of a service whose creation was answered at 5 s, and whose association at 9 s."""
    mirror = Mirror()
    mirror.read(KEY, None, begun=1.0)
    mirror.answered(KEY, BEGUN, 5.0)
    mirror.answered(KEY, replace(BEGUN, associations=(LINKED,)), 9.0)
    return mirror


def test_what_moves_does_so_since_the_answer_to_the_call_that_began_it() -> None:
    """However long the unit's other calls stand in line after it."""
    mirror = created()

    assert (mirror.since(SERVICE), mirror.since(ASSOCIATION)) == (5.0, 9.0)


def test_what_still_moves_when_it_is_read_goes_on_having_begun_then() -> None:
    mirror = created()

    mirror.noticed(KEY, replace(BEGUN, associations=(replace(LINKED, status=Status.ACTIVE),)), 20.0)
    mirror.read(KEY, replace(BEGUN, associations=(LINKED,)), begun=30.0)

    assert (mirror.since(SERVICE), mirror.since(ASSOCIATION)) == (5.0, 30.0)


def test_another_change_of_the_same_thing_begins_anew() -> None:
    mirror = created()

    mirror.noticed(KEY, replace(BEGUN, status=Status.DELETE_IN_PROGRESS), 20.0)

    assert (mirror.since(SERVICE), mirror.since(ASSOCIATION)) == (20.0, None)


def test_what_does_not_move_has_no_beginning() -> None:
    mirror = created()

    mirror.noticed(KEY, replace(BEGUN, status=Status.ACTIVE), 20.0)

    assert mirror.since(SERVICE) is None
    assert mirror.since(Watch(ServiceKey("other"), What.SERVICE, "svc-2")) is None
