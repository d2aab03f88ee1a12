"""The control plane that the other tests stand on does what a cluster does."""

from collections.abc import Generator

import pytest

from tests.cluster.commands import Kubectl
from tests.cluster.control_plane import API_SERVER, ControlPlane
from tests.cluster.kube import ApiError, Kube, Object, eventually
from tests.cluster.kubelet import place, report_ready
from tests.cluster.toolchain import GATEWAY_API, KUBERNETES

pytestmark = pytest.mark.cluster


def a_config_map(namespace: str, name: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}}


def a_namespace(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def test_the_server_is_of_the_pinned_version(kube: Kube) -> None:
    version = kube.request("GET", "/version")

    assert version["gitVersion"] == KUBERNETES


def test_a_watch_shows_what_is_created_changed_and_deleted(kube: Kube, namespace: str) -> None:
    wanted = a_config_map(namespace, "watched")
    kube.create(wanted)
    events = kube.watch("v1", "ConfigMap", namespace, seconds=10)

    seen = [_next_of(events, "watched")]
    kube.merge(wanted, {"data": {"colour": "green"}})
    seen.append(_next_of(events, "watched"))
    kube.delete(wanted)
    seen.append(_next_of(events, "watched"))
    events.close()

    assert seen == ["ADDED", "MODIFIED", "DELETED"]


def test_a_namespace_terminates_with_all_that_is_in_it(kube: Kube) -> None:
    kube.create(a_namespace("leaving"))
    kube.create(a_config_map("leaving", "inhabitant"))

    kube.delete(a_namespace("leaving"))

    eventually("the namespace is gone", lambda: not kube.exists(a_namespace("leaving")))


def test_an_object_goes_with_its_owner(kube: Kube, namespace: str) -> None:
    owner = kube.create(a_config_map(namespace, "owner"))
    owned = a_config_map(namespace, "owned")
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"]}
    kube.create({**owned, "metadata": {**owned["metadata"], "ownerReferences": [reference]}})

    kube.delete(owner)

    eventually("the owned object is gone", lambda: not kube.exists(owned))


def test_a_deployment_makes_pods_and_a_service_makes_slices_of_them(kube: Kube, namespace: str) -> None:
    labels = {"app": "checkout"}
    kube.create(_deployment(namespace, labels))
    kube.create(_service(namespace, labels))
    eventually("there are two pods", lambda: len(kube.list("v1", "Pod", namespace)) == 2)

    for number, pod in enumerate(kube.list("v1", "Pod", namespace), start=1):
        place(kube, pod)
        report_ready(kube, pod, f"10.1.0.{number}")

    eventually("both pods are ready endpoints", lambda: _ready(kube, namespace) == {"10.1.0.1", "10.1.0.2"})


def test_a_service_account_may_do_only_what_it_was_granted(control_plane: ControlPlane, namespace: str) -> None:
    account = {"name": "guest", "namespace": namespace}
    control_plane.admin.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account})
    guest = control_plane.as_service_account(namespace, "guest")

    with pytest.raises(ApiError, match="cannot list resource") as refused:
        guest.list("v1", "ConfigMap", namespace)

    assert refused.value.status == 403


def test_the_gateway_api_is_installed_at_the_pinned_version(kube: Kube) -> None:
    crd = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition"}
    named = {**crd, "metadata": {"name": "httproutes.gateway.networking.k8s.io"}}

    annotations = kube.get(named)["metadata"]["annotations"]

    assert annotations["gateway.networking.k8s.io/bundle-version"] == GATEWAY_API
    assert annotations["gateway.networking.k8s.io/channel"] == "standard"


def test_kubectl_speaks_to_it(kubectl: Kubectl, namespace: str) -> None:
    kubectl("create", "configmap", "by-hand", f"--namespace={namespace}", "--from-literal=a=b")

    assert kubectl("get", "configmap", "by-hand", f"--namespace={namespace}", "-o=jsonpath={.data.a}") == "b"


def test_a_killed_api_server_comes_back_with_what_it_knew(control_plane: ControlPlane, namespace: str) -> None:
    wanted = a_config_map(namespace, "lasting")
    control_plane.admin.create(wanted)

    control_plane.kill(API_SERVER)
    control_plane.start(API_SERVER)

    assert control_plane.admin.exists(wanted)


def _next_of(events: Generator[tuple[str, Object], None, None], name: str) -> str:
    return next(kind for kind, each in events if each["metadata"]["name"] == name)


def _deployment(namespace: str, labels: dict[str, str]) -> Object:
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": "web:1"}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "checkout", "namespace": namespace},
        "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": pod},
    }


def _service(namespace: str, labels: dict[str, str]) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "checkout", "namespace": namespace},
        "spec": {"selector": labels, "ports": [{"port": 80, "targetPort": 8080}]},
    }


def _ready(kube: Kube, namespace: str) -> set[str]:
    slices = kube.list("discovery.k8s.io/v1", "EndpointSlice", namespace)
    endpoints = [each for found in slices for each in found.get("endpoints") or []]
    return {address for each in endpoints if each["conditions"]["ready"] for address in each["addresses"]}
