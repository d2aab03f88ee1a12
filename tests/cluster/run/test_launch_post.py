"""The launch post in a cluster, from kubectl to VPC Lattice and back to what kubectl shows."""

import json
from collections.abc import Iterator
from itertools import count

import pytest

from lattice_gateway.core.objects.finalizers import FINALIZERS
from lattice_gateway.core.objects.refs import Kind
from tests.cluster.commands import Kubectl
from tests.cluster.kube import Kube, eventually
from tests.cluster.run.hotel import WHOLE, Hotel, P
from tests.cluster.run.stage import Stage

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(120)]

NUMBERS = count(1)


@pytest.fixture(scope="module")
def hotel(shared: Stage, kube: Kube, kubectl: Kubectl) -> Iterator[Hotel]:
    """The example, built; taken away at the end, when nothing may be left."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "launch-post"}}
    kube.create(namespace)
    shared.replica("--leader-elect").ready()
    made = Hotel(kube, kubectl, "launch-post")
    made.apply()
    made.built()
    yield made
    made.delete("httproute", "gateway", "service", "gatewayclass")
    made.gone()
    kube.delete(namespace)
    eventually("nothing is left", lambda: not shared.emulator.counts(), within=60)


def test_all_of_it_is_in_lattice(hotel: Hotel, shared: Stage) -> None:
    assert shared.emulator.counts() == WHOLE


def test_everybody_can_wait_for_it(hotel: Hotel) -> None:
    accepted = hotel.here("wait", "gatewayclass/amazon-vpc-lattice", "--for=condition=Accepted", "--timeout=5s")
    programmed = hotel.here("wait", "gateway/my-hotel", "--for=condition=Programmed", "--timeout=5s")
    route = hotel.wait_for_route("rates", "Accepted", within=5)

    assert all("condition met" in said for said in (accepted, programmed, route))


def test_routes_tell_their_name_and_the_gateway_shows_one_of_them(hotel: Hotel) -> None:
    notes = [hotel.object("httproute", name)["metadata"]["annotations"] for name in ("rates", "inventory")]
    names = [each[f"{P}lattice-assigned-domain-name"] for each in notes]
    addresses = hotel.object("gateway", "my-hotel")["status"]["addresses"]

    assert [name.split(".")[0].rsplit("-", 1)[0] for name in names] == ["rates-launch-post", "inventory-launch-post"]
    assert all(each[f"{P}lattice-service-arn"].startswith("arn:aws:vpc-lattice:") for each in notes)
    assert [each["value"] for each in addresses] in ([names[0]], [names[1]])


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        pytest.param(Kind.GATEWAY_CLASS, "amazon-vpc-lattice", id="class"),
        pytest.param(Kind.GATEWAY, "my-hotel", id="gateway"),
        pytest.param(Kind.HTTP_ROUTE, "rates", id="route"),
    ],
)
def test_what_has_something_in_lattice_cannot_vanish(hotel: Hotel, kind: Kind, name: str) -> None:
    assert hotel.object(str(kind), name)["metadata"]["finalizers"] == [FINALIZERS[kind]]


def test_events_tell_what_became_of_a_route(hotel: Hotel) -> None:
    def reasons() -> set[str]:
        return {each["reason"] for each in hotel.events() if each["involvedObject"]["name"] == "rates"}

    eventually(f"it is told that it is done: {reasons()}", lambda: "DeploySucceed" in reasons())
    assert "Reconcile" in reasons()


def test_new_weights_are_one_call(hotel: Hotel, shared: Stage) -> None:
    shared.emulator.forget_calls()

    hotel.weigh(90)
    hotel.follows()

    assert shared.emulator.writes() == {"UpdateRule": 1}


def test_an_edit_that_concerns_nobody_is_no_call(hotel: Hotel, shared: Stage) -> None:
    shared.emulator.forget_calls()

    hotel.here("label", "service/parking", f"number={next(NUMBERS)}")
    hotel.here("annotate", "httproute/rates", "example.org/owner=me", "--overwrite")
    hotel.here("wait", "gateway/my-hotel", "--for=condition=Programmed", "--timeout=5s")

    assert shared.emulator.writes() == {}


def test_an_unsupported_edit_says_so_and_takes_nothing_away(hotel: Hotel, shared: Stage) -> None:
    shared.emulator.forget_calls()
    timeout = {"op": "add", "path": "/spec/rules/0/timeouts", "value": {"request": "1s"}}

    hotel.here("patch", "httproute/rates", "--type=json", f"--patch=[{json.dumps(timeout)}]")
    eventually("it is refused", lambda: hotel.condition("httproute", "rates", "Accepted")["status"] == "False")
    refused = hotel.condition("httproute", "rates", "Accepted")
    hotel.here("patch", "httproute/rates", "--type=json", '--patch=[{"op":"remove","path":"/spec/rules/0/timeouts"}]')
    eventually("it is accepted", lambda: hotel.condition("httproute", "rates", "Accepted")["status"] == "True")

    assert (refused["reason"], "timeouts" in refused["message"]) == ("UnsupportedValue", True)
    assert shared.emulator.writes() == {}
