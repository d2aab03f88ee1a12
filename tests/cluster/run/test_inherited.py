"""What the Go controller chose is held over restarts, and no longer than that is needed (decision 22)."""

import json
from collections.abc import Iterator

import pytest

from tests.cluster.commands import Kubectl
from tests.cluster.kube import Kube, Object, eventually
from tests.cluster.run.hotel import EXAMPLE, ROUTES, Hotel, P
from tests.cluster.run.stage import Stage

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(180)]

INHERITED = f"{P}Inherited"
LONG_AGO = "2026-01-01T00:00:00Z"


@pytest.fixture
def far(kubectl: Kubectl, namespace: str) -> Iterator[str]:
    """A namespace with a Service that nobody else may refer to."""
    name = f"{namespace}-far"
    kubectl("create", "namespace", name)
    kubectl("apply", f"--filename={EXAMPLE / 'parking.yaml'}", f"--namespace={name}")
    yield name
    kubectl("delete", "namespace", name, "--wait=false")


def test_a_hold_outlives_restarts_and_ends_for_good_when_nothing_differs(
    stage: Stage, kube: Kube, kubectl: Kubectl, namespace: str, far: str
) -> None:
    hotel = Hotel(kube, kubectl, namespace)
    served_without_grants(stage, hotel, far)
    as_the_go_controller_left_it(hotel)

    first = stage.replica().ready()
    held = wait_for(hotel, "True")
    eventually("an Event says so", lambda: any(each["reason"] == "DifferencesHeld" for each in hotel.events()))
    first.process.kill()
    stage.replica().ready()
    hotel.built()
    restarted = hotel.condition("httproute", "rates", INHERITED)
    kube.apply(grant(far, namespace))
    mended = wait_for(hotel, "False")

    assert f"no ReferenceGrant in namespace {far} lets HTTPRoute of {namespace} in (decision 27)" in held["message"]
    assert hotel.condition("httproute", "inventory", INHERITED)["reason"] == "NoDifferences"
    assert restarted == held
    assert mended["reason"] == "NoDifferences"
    assert stage.emulator.writes() == {}

    kube.delete(grant(far, namespace))
    eventually("the rule answers 500", lambda: stage.emulator.writes().get("UpdateRule") == 1)

    assert hotel.condition("httproute", "rates", INHERITED)["reason"] == "NoDifferences"
    hotel.delete("httproute", "gateway", "service", "gatewayclass")
    hotel.gone()


def served_without_grants(stage: Stage, hotel: Hotel, far: str) -> None:
    """A backend of another namespace gets requests, as the Go controller has it."""
    hotel.apply()
    there = {"op": "add", "path": "/spec/rules/0/backendRefs/0/namespace", "value": far}
    hotel.here("patch", "httproute/rates", "--type=json", f"--patch={json.dumps([there])}")
    replica = stage.replica(extra={"ENFORCE_REFERENCE_GRANTS": "false"}).ready()
    hotel.built()
    replica.process.kill()
    stage.emulator.forget_calls()


def as_the_go_controller_left_it(hotel: Hotel) -> None:
    """It knows no conditions of ours, and stamps all its times anew."""
    for name in ROUTES:
        route = hotel.object("httproute", name)
        for parent in route["status"]["parents"]:
            kept = [each for each in parent["conditions"] if not each["type"].startswith(P)]
            parent["conditions"] = [{**each, "lastTransitionTime": LONG_AGO} for each in kept]
        hotel.kube.merge(route, {"status": route["status"]}, subresource="/status")


def wait_for(hotel: Hotel, status: str) -> Object:
    """The condition of ``rates`` once it has that status."""
    eventually(
        f"Inherited is {status}", lambda: hotel.condition("httproute", "rates", INHERITED).get("status") == status
    )
    return hotel.condition("httproute", "rates", INHERITED)


def grant(namespace: str, home: str) -> Object:
    """HTTPRoutes of ``home`` may refer to Services of ``namespace``."""
    return {
        "apiVersion": "gateway.networking.k8s.io/v1beta1",
        "kind": "ReferenceGrant",
        "metadata": {"name": "routes", "namespace": namespace},
        "spec": {
            "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": home}],
            "to": [{"group": "", "kind": "Service"}],
        },
    }
