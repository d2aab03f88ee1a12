"""A cluster as the Go controller leaves it: what our first pass writes, and what it does not (decision 22)."""

import json

import pytest

from lattice_gateway.core.objects.finalizers import FINALIZERS
from lattice_gateway.core.objects.refs import Kind
from tests.cluster.commands import Kubectl
from tests.cluster.kube import Kube, Object, eventually
from tests.cluster.run.hotel import EXAMPLE, ROUTES, Hotel, P
from tests.cluster.run.stage import Stage

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(180)]

CLASS: Object = {
    "apiVersion": "gateway.networking.k8s.io/v1",
    "kind": "GatewayClass",
    "metadata": {"name": "amazon-vpc-lattice"},
}


def as_the_go_controller_left_it(hotel: Hotel) -> None:
    """It knows neither the finalizer of classes nor conditions of ours, and stamps all its times anew."""
    hotel.kube.merge(CLASS, {"metadata": {"finalizers": []}})
    for name in ROUTES:
        route = hotel.object("httproute", name)
        for parent in route["status"]["parents"]:
            kept = [each for each in parent["conditions"] if not each["type"].startswith(P)]
            parent["conditions"] = [{**each, "lastTransitionTime": "2026-01-01T00:00:00Z"} for each in kept]
        hotel.kube.merge(route, {"status": route["status"]}, subresource="/status")


def test_the_first_pass_writes_nothing_to_aws_and_only_status_and_the_class_finalizer(
    stage: Stage, kube: Kube, kubectl: Kubectl, namespace: str
) -> None:
    hotel = Hotel(kube, kubectl, namespace)
    stage.create_network("my-hotel")
    first = stage.replica().ready()
    hotel.apply()
    hotel.built()
    first.process.kill()
    as_the_go_controller_left_it(hotel)
    before = [hotel.object("httproute", name)["metadata"] for name in ROUTES]
    stage.emulator.forget_calls()

    stage.replica().ready()
    hotel.built()
    eventually("the class is held", lambda: held(kube))
    after = [hotel.object("httproute", name)["metadata"] for name in ROUTES]
    accepted = hotel.condition("httproute", "rates", "Accepted")

    assert stage.emulator.writes() == {}
    assert [settled(each) for each in after] == [settled(each) for each in before]
    assert accepted["lastTransitionTime"] == "2026-01-01T00:00:00Z"

    hotel.delete("httproute", "gateway", "service", "gatewayclass")
    hotel.gone()
    hand_made = {"SERVICE_NETWORK": 1, "SERVICE_NETWORK_VPC_ASSOCIATION": 1}
    eventually("what was made by hand is left", lambda: stage.emulator.counts() == hand_made, within=60)


def held(kube: Kube) -> bool:
    return FINALIZERS[Kind.GATEWAY_CLASS] in kube.get(CLASS)["metadata"].get("finalizers", [])


def settled(metadata: Object) -> Object:
    """Metadata without what every write of a status changes."""
    return {name: value for name, value in metadata.items() if name not in {"resourceVersion", "managedFields"}}


def test_grants_that_the_role_cannot_read_take_nothing_away(
    stage: Stage, kube: Kube, kubectl: Kubectl, namespace: str
) -> None:
    """The Go controller's ClusterRole does not have them."""
    hotel = Hotel(kube, kubectl, namespace)
    role = next(each for each in stage.rights if each["kind"] == "ClusterRole")
    kube.apply({**role, "rules": [each for each in role["rules"] if "referencegrants" not in each["resources"]]})
    hotel.apply()
    far = {"op": "add", "path": "/spec/rules/0/backendRefs/0/namespace", "value": "default"}
    kubectl("apply", f"--filename={EXAMPLE / 'parking.yaml'}", "--namespace=default")
    hotel.here("patch", "httproute/rates", "--type=json", f"--patch=[{json.dumps(far)}]")

    replica = stage.replica().ready()
    hotel.built()
    resolved = hotel.condition("httproute", "rates", "ResolvedRefs")

    assert resolved["status"] == "True"
    assert "ReferenceGrant" in replica.process.log.read_text()

    kubectl("delete", f"--filename={EXAMPLE / 'parking.yaml'}", "--namespace=default", "--wait=false")
    hotel.delete("httproute", "gateway", "service", "gatewayclass")
    hotel.gone()
