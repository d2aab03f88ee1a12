"""Pods: only those with our gate are read, and of their status only our condition is written."""

import asyncio
import json
import tracemalloc
from collections.abc import Awaitable, Callable
from random import Random
from time import perf_counter
from typing import Any

import msgspec
import pytest

from lattice_gateway.adapters.kube.api import KubeError
from lattice_gateway.adapters.kube.follow import Follower
from lattice_gateway.adapters.kube.gates import PodGates
from lattice_gateway.adapters.kube.intake import Intake
from lattice_gateway.adapters.kube.known import Known
from lattice_gateway.adapters.kube.reading import is_read, read_item
from lattice_gateway.core.objects import READINESS_GATE, Kind, Pod, Ref
from lattice_gateway.core.report.readiness import GateCondition, GateReason
from tests.laws.engine_stage import LoopClock, play
from tests.unit.kube.making import (
    ABSENT,
    ALL,
    AWAY,
    CONFLICT,
    FORBIDDEN,
    INVALID,
    PODS,
    Raw,
    Script,
    line,
    page,
    pod,
    seen,
)

ROOM = Ref(Kind.POD, "default", "room")
STATUS = f"PATCH {PODS.path(ROOM)}/status"
OPEN = GateCondition(is_open=True, reason=GateReason.HEALTHY)
SHUT = GateCondition(is_open=False, reason=GateReason.UNHEALTHY, message="Target health check status: UNHEALTHY")


def as_item(raw: Raw) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(raw).encode())


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(pod("room", 1, READINESS_GATE), True, id="our gate"),
        pytest.param(pod("room", 1, "example.org/other", READINESS_GATE), True, id="our gate behind another"),
        pytest.param(pod("room"), False, id="no gate"),
        pytest.param(pod("room", 1, "example.org/other"), False, id="another gate"),
        pytest.param({**pod("room"), "note": READINESS_GATE}, False, id="our word elsewhere"),
        pytest.param({"metadata": {"name": "room"}, "note": READINESS_GATE}, False, id="no spec"),
    ],
)
def test_a_pod_is_read_where_it_has_our_gate(raw: Raw, *, expected: bool) -> None:
    assert is_read(as_item(raw), PODS) is expected


def test_of_a_pod_only_what_gates_need_is_kept() -> None:
    found = seen(pod("room", 7, READINESS_GATE, ContainersReady="True", Ready="False", Initialized="True"), PODS)

    assert isinstance(found.thing, Pod)
    assert found.version == "7"
    assert found.metadata.labels == {"app": "rooms"}
    assert [each.type for each in found.thing.status.conditions] == ["ContainersReady"]
    assert found.thing.has("10.0.0.1")
    assert found.status == b""


def test_the_labels_of_a_pod_that_does_not_wait_are_not_kept() -> None:
    assert not seen(pod("room", 7, READINESS_GATE, ContainersReady="True", Ours="True"), PODS).metadata.labels


def test_what_kubelet_writes_at_every_turn_is_no_news() -> None:
    before = seen(pod("room", 7, READINESS_GATE, ContainersReady="True", Ready="False"), PODS)
    after = seen(pod("room", 8, READINESS_GATE, ContainersReady="True", Ready="True"), PODS)

    assert before.thing == after.thing


def test_pods_without_our_gate_cost_next_to_nothing() -> None:
    """Twenty thousand of them are listed at a start: at 5 µs each that is a tenth of a second."""
    item = as_item(pod("room"))

    best = min(_timed(lambda: [is_read(item, PODS) for _ in range(1000)]) for _ in range(5))

    assert best / 1000 < 5e-5


def test_a_pod_with_our_gate_is_kept_in_a_kilobyte() -> None:
    pods = [as_item(pod(f"room-{number}", number, READINESS_GATE, ContainersReady="True")) for number in range(500)]
    kept = [read_item(pods[0], PODS)]
    tracemalloc.start()

    kept += [read_item(each, PODS) for each in pods]

    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert used / len(pods) < 1500


def _timed(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def test_a_follower_passes_over_pods_without_our_gate_and_keeps_its_place() -> None:
    script = Script()
    gated, plain = pod("gated", 5, READINESS_GATE), pod("plain", 6)
    script.answers[f"GET {PODS.collection}"] = [page(gated, plain, version=10)]
    script.watches = [[[line("ADDED", pod("other", 11)), line("DELETED", pod("plain", 12))]]]
    known = Known()

    async def scene() -> None:
        intake = Intake(known, LoopClock())
        intake.installed(ALL)
        task = asyncio.create_task(Follower(PODS, script, intake, LoopClock(), Random(1)).run())
        await asyncio.sleep(3)
        task.cancel()
        await asyncio.wait([task])

    play(scene)

    assert [ref.name for ref in known.of(Kind.POD)] == ["gated"]
    assert script.requests("GET")[0][1]["limit"] == "100"
    assert [query["resourceVersion"] for _, query in script.requests("WATCH")][:2] == ["10", "12"]


class Desk:
    """The gates of one pod that waits, on a scripted server that answers with what it has then."""

    def __init__(self, *answers: KubeError, **conditions: str) -> None:
        self.script = Script()
        self.known = Known()
        self.known.installed(ALL)
        self.known.put(seen(pod("room", 1, READINESS_GATE, **{"ContainersReady": "True", **conditions}), PODS))
        opened = json.dumps(pod("room", 2, READINESS_GATE, ContainersReady="True", Ours="True")).encode()
        self.script.answers[STATUS] = [*answers, opened]
        self.leads = True

    def play(self, scene: Callable[[PodGates], Awaitable[None]]) -> list[dict[str, Any]]:
        """Run a scene and give everything time; the patches of the status."""

        async def whole() -> None:
            gates = PodGates(
                api=self.script, known=self.known, clock=LoopClock(), random=Random(1), may_write=lambda: self.leads
            )
            task = asyncio.create_task(gates.run())
            await scene(gates)
            await asyncio.sleep(120)
            task.cancel()
            await asyncio.wait([task])

        play(whole)
        return [dict(body) for _, body in self.script.requests("PATCH")]


def turning(*conditions: GateCondition, uid: str = "uid-of-room") -> Callable[[PodGates], Awaitable[None]]:
    async def scene(gates: PodGates) -> None:
        for condition in conditions:
            gates.turn(ROOM, uid, condition)

    return scene


def test_an_opened_gate_is_one_condition_for_one_pod() -> None:
    (body,) = Desk().play(turning(OPEN))

    assert body == {
        "metadata": {"uid": "uid-of-room"},
        "status": {
            "conditions": [
                {
                    "type": READINESS_GATE,
                    "status": "True",
                    "reason": "Healthy",
                    "message": "",
                    "lastTransitionTime": "2023-11-14T22:13:20Z",
                }
            ]
        },
    }


def test_what_stands_there_already_is_not_written() -> None:
    desk = Desk()
    raw = pod("room", 2, READINESS_GATE, ContainersReady="True")
    raw["status"]["conditions"].append({"type": READINESS_GATE, "status": "False", "reason": "Unhealthy"})
    raw["status"]["conditions"][-1]["message"] = SHUT.message
    desk.known.put(seen(raw, PODS))

    assert desk.play(turning(SHUT, SHUT)) == []


def test_another_reason_leaves_the_time_of_the_last_change_alone() -> None:
    (body,) = Desk(Ours="False").play(turning(SHUT))

    assert "lastTransitionTime" not in body["status"]["conditions"][0]


def test_a_gate_that_is_open_is_never_shut_again() -> None:
    """As where health changes before the watch shows what we wrote."""

    async def scene(gates: PodGates) -> None:
        gates.turn(ROOM, "uid-of-room", OPEN)
        await asyncio.sleep(1)
        gates.turn(ROOM, "uid-of-room", SHUT)

    (body,) = Desk().play(scene)

    assert body["status"]["conditions"][0]["status"] == "True"


def test_only_the_last_word_is_written() -> None:
    (body,) = Desk().play(turning(SHUT, OPEN))

    assert body["status"]["conditions"][0]["status"] == "True"


def test_a_later_pod_of_that_name_is_not_meant() -> None:
    assert Desk().play(turning(OPEN, uid="uid-of-an-older-one")) == []


@pytest.mark.parametrize(
    "answer",
    [pytest.param(ABSENT, id="gone"), pytest.param(CONFLICT, id="changed"), pytest.param(INVALID, id="replaced")],
)
def test_a_pod_that_is_gone_is_left_alone(answer: KubeError) -> None:
    assert len(Desk(answer).play(turning(OPEN))) == 1


def test_what_could_not_be_written_is_written_later() -> None:
    assert len(Desk(AWAY, AWAY).play(turning(OPEN))) == 3


def test_without_the_right_it_is_tried_rarely() -> None:
    assert len(Desk(FORBIDDEN).play(turning(OPEN))) == 1


def test_a_replica_that_does_not_lead_writes_nothing() -> None:
    desk = Desk()
    desk.leads = False

    assert desk.play(turning(OPEN)) == []
