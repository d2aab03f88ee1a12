"""Gateways that left while no controller looked: the route's status remembers them (decision 25)."""

import json
from functools import partial

import pytest

from tests.cluster.kube import eventually
from tests.cluster.run.hotel import Hotel
from tests.cluster.run.stage import Stage

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(180)]

HOLD = {"PARENT_HOLD": "8"}
"""Seconds; five minutes where nobody says so."""

ASSOCIATIONS = "SERVICE_NETWORK_SERVICE_ASSOCIATION"


def said(hotel: Hotel) -> tuple[str, str]:
    accepted = hotel.condition("httproute", "rates", "Accepted")
    return accepted["status"], accepted["message"]


def test_a_parent_that_left_is_held_and_then_given_up(hotel: Hotel, stage: Stage) -> None:
    first = stage.replica().ready()
    hotel.built()
    first.process.kill()
    elsewhere = json.dumps({"spec": {"parentRefs": [{"name": "nowhere"}]}})
    hotel.here("patch", "httproute/rates", "--type=merge", f"--patch={elsewhere}")

    second = stage.replica(extra=HOLD).ready()
    eventually("it is held", lambda: bool(second.logged("parent missing")))
    held = stage.emulator.counts()
    eventually("it is given up", lambda: stage.emulator.counts().get(ASSOCIATIONS) == 1, within=60)

    assert held[ASSOCIATIONS] == 2
    assert {f"HTTPRoute {hotel.namespace}/rates"} == {each["object"] for each in second.logged("parent missing")}
    assert f"rates-{hotel.namespace}" in stage.services()
    assert hotel.object("httproute", "rates")["status"].get("parents", []) == []
    eventually("an Event says so", partial(_tells, hotel, f"Gateway {hotel.namespace}/nowhere does not exist"))


def _tells(hotel: Hotel, words: str) -> bool:
    return any(words in each["message"] for each in hotel.events() if each["involvedObject"]["name"] == "rates")


def test_a_gateway_that_is_another_controllers_now_is_held_and_then_let_go(hotel: Hotel, stage: Stage) -> None:
    first = stage.replica().ready()
    hotel.built()
    first.process.kill()
    another = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": "another"}}
    stage.plane.admin.create({**another, "spec": {"controllerName": "example.org/another"}})
    moved = json.dumps({"spec": {"gatewayClassName": "another"}})
    hotel.here("patch", "gateway/my-hotel", "--type=merge", f"--patch={moved}")

    stage.replica(extra=HOLD).ready()
    eventually("the route says so", lambda: said(hotel)[0] == "Unknown", within=30)
    held, message = stage.emulator.counts(), said(hotel)[1]
    eventually(
        "its finalizer goes",
        lambda: "finalizers" not in hotel.object("gateway", "my-hotel")["metadata"],
        within=60,
    )

    assert held[ASSOCIATIONS] == 2
    assert message.startswith(f"Gateway {hotel.namespace}/my-hotel has no class of ours any more")
    assert hotel.object("httproute", "rates")["metadata"]["finalizers"] == ["httproute.k8s.aws/resources"]
    assert said(hotel)[0] == "False"
    assert {f"rates-{hotel.namespace}", f"inventory-{hotel.namespace}"} == stage.services()
    stage.plane.admin.delete(another)
