"""What is written to a cluster, in virtual time against a scripted server."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import pytest
from structlog.testing import capture_logs

from lattice_gateway.adapters.kube.api import KubeError
from lattice_gateway.adapters.kube.changing import TRIES, Changer
from lattice_gateway.adapters.kube.events import TRIES as EVENT_TRIES
from lattice_gateway.adapters.kube.events import Recorder
from lattice_gateway.adapters.kube.finalizers import Finalizers
from lattice_gateway.adapters.kube.known import Known
from lattice_gateway.adapters.kube.writer import ClusterStatus
from lattice_gateway.core.objects import CONTROLLER_NAME, Kind
from lattice_gateway.core.objects.finalizers import FINALIZERS
from lattice_gateway.core.report.happenings import Happening, Importance, Reason
from lattice_gateway.engine.feed import Problem
from tests.laws.engine_stage import LoopClock, play
from tests.unit.kube.making import (
    ABSENT,
    ALL,
    AWAY,
    CONFLICT,
    EXPORTS,
    FORBIDDEN,
    ROUTES,
    SERVICES,
    Raw,
    Script,
    ref,
    route,
    seen,
    service,
)

ONE = ROUTES.path(ref())
EVENTS = "/api/v1/namespaces/default/events"
FINALIZER = FINALIZERS[Kind.HTTP_ROUTE]


class Desk:
    """Everything that writes, on one scripted server that knows a route and a Service."""

    def __init__(self, script: Script) -> None:
        self.leads = True
        self.known = Known()
        self.known.installed({**ALL, Kind.SERVICE_EXPORT: EXPORTS})
        self.known.put(seen(route()))
        self.known.put(seen(service(), SERVICES))
        changer, clock = Changer(script, self.known, self._leads), LoopClock()
        self.events = Recorder(script, self.known, clock, Random(1), self._leads)
        self.finalizers = Finalizers(
            changer=changer,
            known=self.known,
            herald=self.events,
            clock=clock,
            random=Random(1),
            may_write=self._leads,
        )
        self.status = ClusterStatus(
            changer=changer,
            known=self.known,
            herald=self.events,
            clock=clock,
            random=Random(1),
            may_write=self._leads,
        )

    def _leads(self) -> bool:
        return self.leads


def at(script: Script, scene: Callable[[Desk], Awaitable[Any]]) -> Desk:
    """Play a scene while everything works."""
    desks: list[Desk] = []

    async def whole() -> None:
        desk = Desk(script)
        desks.append(desk)
        tasks = [asyncio.create_task(each.run()) for each in (desk.status, desk.finalizers, desk.events)]
        try:
            await scene(desk)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    play(whole)
    return desks[0]


def said(status: str) -> Raw:
    condition = {"type": "Accepted", "status": status, "lastTransitionTime": "2026-01-31T12:00:00Z"}
    return {"parents": [{"controllerName": CONTROLLER_NAME, "parentRef": {"name": "hotel"}, "conditions": [condition]}]}


def answer(raw: Raw) -> bytes:
    return json.dumps(raw).encode()


def pending(why: str, reason: str = "Pending", status: str = "False", **more: Any) -> Raw:
    condition = {
        "type": "application-networking.k8s.aws/Programmed",
        "status": status,
        "reason": reason,
        "message": why,
        "lastTransitionTime": "2026-01-31T12:00:00Z",
    }
    parent = {"controllerName": CONTROLLER_NAME, "parentRef": {"name": "hotel"}, "conditions": [condition]}
    return {"parents": [parent], **more}


def obeying(script: Script) -> Script:
    """The route with whatever was written to it last."""
    forms: list[Raw] = [route()]

    def take() -> bytes:
        before, body = forms[-1], script.asked[-1][2]
        metadata = {**before["metadata"], **body["metadata"], "resourceVersion": str(len(forms) + 1)}
        forms.append({**before, **body, "metadata": metadata})
        return answer(forms[-1])

    script.looks[f"PATCH {ONE}/status"] = script.looks[f"PATCH {ONE}"] = take
    return script


def told(script: Script) -> list[str]:
    """What the route's condition said, one status after the other."""
    written = [body["status"] for path, body in script.requests("PATCH") if path == f"{ONE}/status"]
    return [status["parents"][0]["conditions"][0]["message"] for status in written]


HAPPENING = Happening(ref(), Importance.WARNING, Reason.FAILED_DEPLOY_MODEL, "Failed deploy model due to x")


def test_a_status_is_written_under_the_lock_of_the_form_it_was_made_for() -> None:
    script = Script()
    script.answers[f"PATCH {ONE}/status"] = [answer({**route(version=2), "status": said("True")})]

    async def scene(desk: Desk) -> None:
        desk.status.write(ref(), said("True"))
        await asyncio.sleep(1)
        assert desk.status.idle
        assert desk.status.previous(ref()) == said("True")

    at(script, scene)

    ((_, body),) = script.requests("PATCH")
    assert body == {"metadata": {"uid": "uid-of-one", "resourceVersion": "1"}, "status": said("True")}


def test_a_conflict_is_tried_again_on_the_fresh_form() -> None:
    fresh = {**route(version=5), "status": {"theirs": 1}}
    script = Script()
    script.answers[f"PATCH {ONE}/status"] = [CONFLICT, answer({**route(version=6), "status": said("True")})]
    script.answers[f"GET {ONE}"] = [answer(fresh)]

    async def scene(desk: Desk) -> None:
        desk.status.write(ref(), said("True"))
        await asyncio.sleep(1)

    at(script, scene)

    body = script.requests("PATCH")[1][1]
    assert body["metadata"]["resourceVersion"] == "5"
    assert body["status"]["theirs"] == 1


def test_conflict_upon_conflict_leaves_the_object_to_others_for_a_while() -> None:
    script = Script()
    script.answers[f"PATCH {ONE}/status"] = [CONFLICT]
    script.answers[f"GET {ONE}"] = [answer(route(version=number)) for number in range(2, 100)]

    async def scene(desk: Desk) -> None:
        desk.status.write(ref(), said("True"))
        await asyncio.sleep(0.1)

    at(script, scene)

    assert len(script.requests("PATCH")) == TRIES


@pytest.mark.parametrize(
    ("error", "most"),
    [pytest.param(AWAY, 18, id="away"), pytest.param(FORBIDDEN, 2, id="forbidden"), pytest.param(ABSENT, 1, id="gone")],
)
def test_a_status_that_cannot_be_written_is_tried_ever_more_slowly(error: KubeError, most: int) -> None:
    script = Script()
    script.answers[f"PATCH {ONE}/status"] = [error]

    async def scene(desk: Desk) -> None:
        desk.status.write(ref(), said("True"))
        await asyncio.sleep(400)

    at(script, scene)

    assert 1 <= len(script.requests("PATCH")) <= most


def test_an_object_that_vanished_is_never_written() -> None:
    script = Script()

    async def scene(desk: Desk) -> None:
        desk.leads = False
        desk.status.write(ref(), said("True"))
        desk.known.drop(ref())
        desk.leads = True
        await asyncio.sleep(5)
        assert not desk.status.write(ref(), said("False"))
        assert desk.status.previous(ref()) is None
        assert desk.status.idle

    at(script, scene)

    assert script.asked == []


def test_a_watch_that_lags_behind_our_own_write_is_no_contest() -> None:
    script = Script()
    script.answers[f"PATCH {ONE}/status"] = [answer({**route(version=9), "status": said("True")})]

    async def scene(desk: Desk) -> None:
        desk.status.write(ref(), said("True"))
        await asyncio.sleep(1)
        for version in (7, 8):
            desk.known.put(seen({**route(version=version), "status": said("False")}))
        desk.known.put(seen({**route(version=9), "status": said("True")}))
        await asyncio.sleep(1)

    at(script, scene)

    assert len(script.requests("PATCH")) == 1


def test_what_is_undone_before_we_hear_that_it_was_done_is_put_right() -> None:
    script = Script()
    done = {**route(version=2), "status": said("True")}
    undone = {**route(version=3), "status": said("False")}

    async def scene(desk: Desk) -> None:
        def look(*_: object) -> bytes:
            del script.looks[f"PATCH {ONE}/status"]
            desk.known.put(seen(done))
            desk.known.put(seen(undone))
            return answer(done)

        script.looks[f"PATCH {ONE}/status"] = look
        script.answers[f"PATCH {ONE}/status"] = [answer({**route(version=4), "status": said("True")})]
        desk.status.write(ref(), said("True"))
        await asyncio.sleep(1)

    at(script, scene)

    assert [body["metadata"]["resourceVersion"] for _, body in script.requests("PATCH")] == ["1", "3"]


def test_a_contest_costs_ever_fewer_writes() -> None:
    script = Script()
    version = 1

    async def scene(desk: Desk) -> None:
        nonlocal version
        desk.status.write(ref(), said("True"))
        for _ in range(3600):
            await asyncio.sleep(1)
            version += 2
            script.answers[f"PATCH {ONE}/status"] = [answer({**route(version=version + 1), "status": said("True")})]
            desk.known.put(seen({**route(version=version), "status": said("False")}))
        assert desk.status.contested == (ref(),)

    script.answers[f"PATCH {ONE}/status"] = [answer({**route(version=2), "status": said("True")})]
    script.answers[f"POST {EVENTS}"] = [AWAY]
    at(script, scene)

    assert len(script.requests("PATCH")) < 20
    assert {body["reason"] for _, body in script.requests("POST")} == {"StatusContested"}


def test_a_replica_that_no_longer_leads_changes_nothing_more() -> None:
    script = Script()
    script.answers[f"PATCH {ONE}/status"] = [CONFLICT]

    async def scene(desk: Desk) -> None:
        def look(*_: object) -> bytes:
            desk.leads = False
            return answer(route(version=5))

        script.looks[f"GET {ONE}"] = look
        desk.status.write(ref(), said("True"))
        await asyncio.sleep(100)
        assert not desk.status.idle

    at(script, scene)

    assert len(script.requests("PATCH")) == 1


def test_a_kind_without_status_gets_none() -> None:
    export = {"metadata": {"name": "web", "namespace": "default", "uid": "u", "resourceVersion": "1"}}
    script = Script()

    async def scene(desk: Desk) -> None:
        desk.known.put(seen(export, EXPORTS))
        assert not desk.status.write(ref("web", Kind.SERVICE_EXPORT), {"conditions": [{"type": "Accepted"}]})

    at(script, scene)

    assert script.asked == []


def test_a_problem_is_logged_when_it_comes_and_when_it_is_over() -> None:
    problem = Problem(file="", who="Gateway API", message="is not there")

    async def scene(desk: Desk) -> None:
        for problems in ((problem,), (problem,), ()):
            desk.status.write_problems(problems)

    with capture_logs() as logs:
        at(Script(), scene)

    assert [each["event"] for each in logs] == ["problem in the cluster", "problem in the cluster is over"]


def test_a_finalizer_is_added_beside_those_of_others_and_removed_from_among_them() -> None:
    script = Script()
    script.answers[f"PATCH {ONE}"] = [
        answer(route(version=3, finalizers=["x", FINALIZER])),
        answer(route(version=4, finalizers=["x"])),
    ]

    async def scene(desk: Desk) -> None:
        desk.known.put(seen(route(version=2, finalizers=["x"])))
        desk.finalizers.hold(ref())
        await asyncio.sleep(1)
        assert desk.finalizers.holds(ref())
        desk.finalizers.hold(ref())
        desk.finalizers.release(ref())
        await asyncio.sleep(1)
        assert desk.finalizers.idle

    at(script, scene)

    bodies = [body["metadata"] for _, body in script.requests("PATCH")]
    assert [(each["finalizers"], each["resourceVersion"]) for each in bodies] == [(["x", FINALIZER], "2"), (["x"], "3")]


def test_who_waits_for_a_finalizer_is_told_by_the_servers_answer_and_by_the_watch() -> None:
    script, told = Script(), list[tuple[str, float]]()
    script.answers[f"PATCH {ONE}"] = [answer(route(version=3, finalizers=[FINALIZER]))]

    async def scene(desk: Desk) -> None:
        now, start = asyncio.get_running_loop().time, asyncio.get_running_loop().time()
        desk.finalizers.on_held(lambda each: told.append((str(each), now() - start)))
        desk.finalizers.hold(ref())
        await asyncio.sleep(10)
        desk.known.put(seen(route(version=4)))
        await asyncio.sleep(10)
        desk.known.put(seen(route(version=5, finalizers=["x", FINALIZER])))

    at(script, scene)

    assert told == [(str(ref()), pytest.approx(0.0, abs=0.1)), (str(ref()), pytest.approx(20.0, abs=0.1))]


def test_no_finalizer_is_added_to_what_is_leaving_or_to_a_service() -> None:
    script = Script()

    async def scene(desk: Desk) -> None:
        desk.known.put(seen(route(version=2, deletionTimestamp="2026-01-31T13:00:00Z")))
        for each in (ref(), ref("rooms", Kind.SERVICE), ref("nobody")):
            desk.finalizers.hold(each)
            desk.finalizers.release(each)
        await asyncio.sleep(1)

    at(script, scene)

    assert script.asked == []


def test_the_finalizer_that_the_go_controller_left_on_services_can_be_removed() -> None:
    left = {**service(version=2)}
    left["metadata"]["finalizers"] = ["service.ki8s.aws/resources"]
    path = SERVICES.path(ref("rooms", Kind.SERVICE))
    script = Script()
    script.answers[f"PATCH {path}"] = [answer(service(version=3))]

    async def scene(desk: Desk) -> None:
        desk.known.put(seen(left, SERVICES))
        desk.finalizers.release(ref("rooms", Kind.SERVICE))
        await asyncio.sleep(1)

    at(script, scene)

    assert script.requests("PATCH")[0][1]["metadata"]["finalizers"] == []


def test_an_event_that_comes_again_is_counted_and_told_after_a_while() -> None:
    script = Script()
    script.answers[f"POST {EVENTS}"] = [b"{}"]

    async def scene(desk: Desk) -> None:
        for _ in range(100):
            desk.events.tell(HAPPENING)
            await asyncio.sleep(1)
        (posted,) = script.requests("POST")
        script.answers[f"PATCH {EVENTS}/{posted[1]['metadata']['name']}"] = [b"{}"]
        await asyncio.sleep(300)
        desk.events.tell(HAPPENING)
        await asyncio.sleep(1)

    at(script, scene)

    ((_, change),) = script.requests("PATCH")
    assert change["count"] == 101


def test_an_event_that_the_server_forgot_is_told_anew() -> None:
    script = Script()
    script.answers[f"POST {EVENTS}"] = [b"{}"]

    async def scene(desk: Desk) -> None:
        desk.events.tell(HAPPENING)
        await asyncio.sleep(4000)
        script.answers[f"PATCH {EVENTS}/{script.requests('POST')[0][1]['metadata']['name']}"] = [ABSENT]
        desk.events.tell(HAPPENING)
        await asyncio.sleep(1)

    at(script, scene)

    assert [body["count"] for _, body in script.requests("POST")] == [1, 2]


def test_an_object_floods_nobody_with_events() -> None:
    script = Script()
    script.answers[f"POST {EVENTS}"] = [b"{}"]

    async def scene(desk: Desk) -> None:
        for number in range(1000):
            desk.events.tell(HAPPENING._replace(message=f"error number {number}"))
        await asyncio.sleep(10)

    at(script, scene)

    assert len(script.requests("POST")) == 25


@pytest.mark.parametrize(
    ("error", "tries"), [pytest.param(FORBIDDEN, 1, id="refused"), pytest.param(AWAY, EVENT_TRIES, id="away")]
)
def test_an_event_that_cannot_be_told_is_dropped(error: KubeError, tries: int) -> None:
    script = Script()
    script.answers[f"POST {EVENTS}"] = [error]

    async def scene(desk: Desk) -> None:
        desk.events.tell(HAPPENING)
        await asyncio.sleep(1000)
        assert desk.events.idle

    at(script, scene)

    assert len(script.requests("POST")) == tries


def test_a_replica_on_stand_by_tells_no_events() -> None:
    async def scene(desk: Desk) -> None:
        desk.leads = False
        desk.events.tell(HAPPENING)
        assert desk.events.idle

    at(Script(), scene)


def test_what_is_being_waited_for_is_told_now_and_then() -> None:
    script = obeying(Script())

    async def scene(desk: Desk) -> None:
        for second in range(100):
            desk.status.write(ref(), pending(f"second {second}"))
            await asyncio.sleep(1)

    at(script, scene)

    assert told(script) == ["second 0", "second 30", "second 60", "second 90"]


@pytest.mark.parametrize(
    "news",
    [
        pytest.param(pending("the address", reason="Programmed"), id="another reason"),
        pytest.param(pending("the address", addresses=[]), id="something else"),
        pytest.param(pending("the address", status="Unknown"), id="another status"),
    ],
)
def test_news_do_not_wait_behind_what_is_being_waited_for(news: Raw) -> None:
    script = obeying(Script())

    async def scene(desk: Desk) -> None:
        desk.status.write(ref(), pending("nothing yet"))
        await asyncio.sleep(1)
        desk.status.write(ref(), pending("a service"))
        await asyncio.sleep(1)
        desk.status.write(ref(), news)
        await asyncio.sleep(1)
        assert told(script) == ["nothing yet", "the address"]
        await asyncio.sleep(100)

    at(script, scene)

    assert told(script) == ["nothing yet", "the address"]


def test_what_nobody_looked_at_yet_is_replaced_at_once() -> None:
    """The default condition of a custom resource is Unknown and Pending, and so is ours of a kind that is not built."""
    script = obeying(Script())

    async def scene(desk: Desk) -> None:
        desk.status.write(ref(), pending("Waiting for controller", status="Unknown"))
        await asyncio.sleep(1)
        desk.status.write(ref(), pending("not built yet", status="Unknown"))
        await asyncio.sleep(1)

    at(script, scene)

    assert told(script) == ["Waiting for controller", "not built yet"]


def test_an_address_is_noted_while_the_status_waits() -> None:
    script = obeying(Script())
    note = {"application-networking.k8s.aws/lattice-assigned-domain-name": "a.on.aws"}

    async def scene(desk: Desk) -> None:
        desk.status.write(ref(), pending("nothing yet"))
        await asyncio.sleep(1)
        desk.status.write(ref(), pending("an association", annotations=note))
        await asyncio.sleep(1)
        assert desk.status.idle
        assert [body["metadata"]["annotations"] for path, body in script.requests("PATCH") if path == ONE] == [note]
        assert told(script) == ["nothing yet"]
        await asyncio.sleep(30)

    at(script, scene)

    assert told(script) == ["nothing yet", "an association"]
