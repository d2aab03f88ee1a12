"""Replicas that die, freeze and end in order; an API server that goes away."""

import json
import signal
from collections.abc import Iterator
from time import monotonic

import pytest

from lattice_gateway.core.objects import CONTROLLER_NAME
from tests.cluster.commands import Kubectl
from tests.cluster.control_plane import API_SERVER, ControlPlane
from tests.cluster.kube import Kube, Object, eventually
from tests.cluster.run.hotel import GATEWAY_API, ROUTES, WHOLE, Hotel
from tests.cluster.run.stage import Replica, Stage, lease

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(180)]


@pytest.fixture
def hotel(stage: Stage, kube: Kube, kubectl: Kubectl, namespace: str) -> Iterator[Hotel]:
    """The example; whoever leads at the end takes it away, and nothing is left."""
    made = Hotel(kube, kubectl, namespace)
    yield made
    made.delete("httproute", "gateway", "service", "gatewayclass")
    made.gone()
    eventually("nothing is left", lambda: not stage.emulator.counts(), within=60)


def led_by(stage: Stage) -> Replica:
    """Wait until somebody leads."""
    eventually("somebody leads", lambda: any(each.leads for each in living(stage)), within=25)
    return next(each for each in living(stage) if each.leads)


def living(stage: Stage) -> list[Replica]:
    return [each for each in stage.replicas if each.process.alive]


def test_a_killed_process_is_replaced_by_a_new_one_that_writes_nothing(stage: Stage, hotel: Hotel) -> None:
    first = stage.replica().ready()
    hotel.apply()
    hotel.built()
    versions = [hotel.object("httproute", name)["metadata"]["resourceVersion"] for name in ROUTES]
    first.process.kill()
    stage.emulator.forget_calls()

    stage.replica().ready()
    hotel.weigh(70)
    hotel.follows()

    assert stage.emulator.counts() == WHOLE
    assert stage.emulator.writes() == {"UpdateRule": 1}
    assert hotel.object("httproute", "rates")["metadata"]["resourceVersion"] == versions[0]


def test_a_process_killed_while_it_builds_leaves_nothing_twice(stage: Stage, hotel: Hotel) -> None:
    first = stage.replica().ready()
    hotel.apply()
    eventually("something is made", lambda: "SERVICE" in stage.emulator.counts())
    first.process.kill()

    stage.replica().ready()
    hotel.built()

    assert stage.emulator.counts() == WHOLE


def test_a_process_killed_while_it_deletes_is_finished_by_the_next(stage: Stage, hotel: Hotel) -> None:
    first = stage.replica().ready()
    hotel.apply()
    hotel.built()
    hotel.delete("gatewayclass", "gateway", "httproute", "service")
    eventually("something is gone", lambda: stage.emulator.counts() != WHOLE)
    first.process.kill()

    stage.replica().ready()

    hotel.gone()
    eventually("nothing is left", lambda: not stage.emulator.counts(), within=60)


def test_of_two_replicas_the_other_one_takes_over(stage: Stage, hotel: Hotel) -> None:
    """Killed, the leader is replaced within 20 s; frozen, it does no harm when it wakes; both are ready."""
    for _ in range(2):
        stage.replica("--leader-elect").ready()
    leader = led_by(stage)
    hotel.apply()
    hotel.built()

    leader.process.process.send_signal(signal.SIGSTOP)
    frozen = monotonic()
    (other,) = [each for each in stage.replicas if each is not leader]
    eventually("the other one leads", lambda: other.leads, within=25)
    took = monotonic() - frozen
    hotel.weigh(60)
    hotel.follows()
    stage.emulator.forget_calls()
    leader.process.process.send_signal(signal.SIGCONT)
    eventually("it sees that it does not lead", lambda: leader.is_ready and not leader.leads)
    harm = stage.emulator.writes()

    other.process.kill()
    killed = monotonic()
    hotel.weigh(40)
    hotel.follows()

    assert took < 20
    assert monotonic() - killed < 25
    assert harm == {}
    assert leader.leads


def test_who_is_told_to_end_gives_the_lease_back(stage: Stage, hotel: Hotel, kube: Kube) -> None:
    first = stage.replica("--leader-elect").ready()
    eventually("it leads", lambda: first.leads)
    second = stage.replica("--leader-elect").ready()
    hotel.apply()
    eventually("something is made", lambda: "SERVICE" in stage.emulator.counts())

    first.process.process.terminate()
    told = monotonic()
    first.process.process.wait(15)
    eventually("the other one leads", lambda: second.leads)
    took = monotonic() - told
    hotel.built()

    assert first.process.process.returncode == 0
    assert took < 10
    assert str(kube.get(lease())["spec"]["holderIdentity"]).startswith("replica-2_")
    assert stage.emulator.counts() == WHOLE


def test_an_api_server_that_restarts_costs_nothing(stage: Stage, hotel: Hotel, control_plane: ControlPlane) -> None:
    replica = stage.replica("--leader-elect").ready()
    hotel.apply()
    hotel.built()
    stage.emulator.forget_calls()

    control_plane.kill(API_SERVER)
    eventually("it notices", lambda: "cannot be watched" in replica.process.last_words(200))
    control_plane.start(API_SERVER)
    hotel.weigh(30)
    hotel.follows(within=60)

    assert replica.process.alive
    assert stage.emulator.writes() == {"UpdateRule": 1}
    assert stage.emulator.counts() == WHOLE


def test_who_is_told_to_end_waits_for_the_answer_to_what_it_wrote(stage: Stage, hotel: Hotel, kube: Kube) -> None:
    first = stage.replica("--leader-elect").ready()
    hotel.apply()
    hotel.built()
    stage.emulator.forget_calls()
    slow = {"operation": "UpdateRule", "effect": "slow-answer", "seconds": 3, "count": 1}
    stage.emulator.admin("POST", "faults/failures", slow)

    hotel.weigh(80)
    eventually("AWS has it", lambda: '"weight": 80' in json.dumps(stage.emulator.admin("GET", "snapshot")))
    first.process.process.terminate()
    told = monotonic()
    first.process.process.wait(15)
    took = monotonic() - told
    answered = stage.emulator.writes()
    stage.replica("--leader-elect").ready()
    hotel.follows()

    assert first.process.process.returncode == 0
    assert 1 < took < 10, "the rest of the three seconds"
    assert not first.logged("bug")
    assert answered == stage.emulator.writes() == {"UpdateRule": 1}


@pytest.fixture
def refused_routes(kube: Kube, namespace: str) -> Iterator[list[Object]]:
    """Routes that are refused, and what they are parts of; nobody who could hold them is there at the end."""
    routes = [refused(namespace, f"route-{number}") for number in range(40)]
    every = [gateway_class(), gateway(namespace), *routes]
    for each in every:
        kube.create(each)
    yield routes
    for each in reversed(every):
        kube.merge(each, {"metadata": {"finalizers": None}})
        kube.delete(each)


def test_who_is_told_to_end_says_first_what_it_found(
    stage: Stage, kube: Kube, namespace: str, refused_routes: list[Object]
) -> None:
    only = stage.replica()

    eventually("it begins to speak", lambda: any(said_of(kube, namespace)), within=30)
    only.process.process.terminate()
    only.process.process.wait(15)

    assert only.process.process.returncode == 0
    assert said_of(kube, namespace) == ["UnsupportedValue"] * len(refused_routes)


def said_of(kube: Kube, namespace: str) -> list[str]:
    """Why each route of a namespace that has a status is refused."""
    statuses = [each.get("status", {}) for each in kube.list(GATEWAY_API, "HTTPRoute", namespace)]
    return [condition["reason"] for each in statuses for condition in accepted(each)]


def accepted(status: Object) -> list[Object]:
    found = [condition for parent in status.get("parents", ()) for condition in parent["conditions"]]
    return [each for each in found if each["type"] == "Accepted"]


def gateway_class() -> Object:
    spec = {"controllerName": CONTROLLER_NAME}
    return {"apiVersion": GATEWAY_API, "kind": "GatewayClass", "metadata": {"name": "ending"}, "spec": spec}


def gateway(namespace: str) -> Object:
    metadata = {"name": "ending", "namespace": namespace}
    spec = {"gatewayClassName": "ending", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]}
    return {"apiVersion": GATEWAY_API, "kind": "Gateway", "metadata": metadata, "spec": spec}


def refused(namespace: str, name: str) -> Object:
    """A route with something that VPC Lattice does not have."""
    metadata = {"name": name, "namespace": namespace}
    spec = {"parentRefs": [{"name": "ending"}], "rules": [{"timeouts": {"request": "1s"}}]}
    return {"apiVersion": GATEWAY_API, "kind": "HTTPRoute", "metadata": metadata, "spec": spec}
