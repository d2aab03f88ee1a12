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


ALL = ["create", "delete", "get", "list", "patch", "update", "watch"]
READ = ["get", "list", "watch"]
OURS = [
    "accesslogpolicies",
    "iamauthpolicies",
    "serviceexports",
    "serviceimports",
    "targetgrouppolicies",
    "vpcassociationpolicies",
]
GATEWAY_KINDS = ["gatewayclasses", "gateways", "httproutes", "grpcroutes", "tlsroutes"]
GO_RULES = [
    {"apiGroups": [""], "resources": ["services", "pods", "endpoints", "configmaps"], "verbs": ALL},
    {"apiGroups": [""], "resources": ["pods/status", "services/status"], "verbs": ["get", "patch", "update"]},
    {"apiGroups": [""], "resources": ["namespaces"], "verbs": READ},
    {"apiGroups": [""], "resources": ["events"], "verbs": ["create", "patch"]},
    {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ALL},
    {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ALL},
    {"apiGroups": ["gateway.networking.k8s.io"], "resources": GATEWAY_KINDS, "verbs": ALL},
    {
        "apiGroups": ["gateway.networking.k8s.io"],
        "resources": [f"{each}/status" for each in GATEWAY_KINDS],
        "verbs": ["get", "patch", "update"],
    },
    {"apiGroups": ["application-networking.k8s.aws"], "resources": OURS, "verbs": ALL},
    {"apiGroups": ["application-networking.k8s.aws"], "resources": ["servicenetworks"], "verbs": [*READ, "patch"]},
    {
        "apiGroups": ["application-networking.k8s.aws"],
        "resources": [f"{each}/status" for each in [*OURS, "servicenetworks"]],
        "verbs": ["get", "patch", "update"],
    },
]
"""The ClusterRole of the Go controller v2.1.3 (api.md §6.4)."""


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


def test_the_role_of_the_go_controller_is_enough_and_grants_that_it_cannot_read_take_nothing_away(
    stage: Stage, kube: Kube, kubectl: Kubectl, namespace: str
) -> None:
    """Everything works under the Go controller's ClusterRole, which does not have them."""
    hotel = Hotel(kube, kubectl, namespace)
    role = next(each for each in stage.rights if each["kind"] == "ClusterRole")
    kube.apply({**role, "rules": GO_RULES})
    hotel.apply()
    far = {"op": "add", "path": "/spec/rules/0/backendRefs/0/namespace", "value": "default"}
    kubectl("apply", f"--filename={EXAMPLE / 'parking.yaml'}", "--namespace=default")
    hotel.here("patch", "httproute/rates", "--type=json", f"--patch=[{json.dumps(far)}]")

    replica = stage.replica("--leader-elect").ready()
    hotel.built()
    resolved = hotel.condition("httproute", "rates", "ResolvedRefs")

    assert resolved["status"] == "True"
    assert "ReferenceGrant" in replica.process.log.read_text()

    kubectl("delete", f"--filename={EXAMPLE / 'parking.yaml'}", "--namespace=default", "--wait=false")
    hotel.delete("httproute", "gateway", "service", "gatewayclass")
    hotel.gone()
