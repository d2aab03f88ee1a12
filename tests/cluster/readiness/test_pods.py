"""Pods with gates, one by one: what the API server makes of our patch, and what becomes of pods that nobody checks."""

import asyncio
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest

from lattice_gateway.adapters.kube.api import KubeFailure, Patch
from lattice_gateway.adapters.kube.connect import connect
from lattice_gateway.core.objects import READINESS_GATE
from tests.cluster.commands import Helm
from tests.cluster.control_plane import ControlPlane
from tests.cluster.kube import STRATEGIC, Kube, Object, eventually
from tests.cluster.kubelet import MOMENT
from tests.cluster.readiness.shop import gate
from tests.cluster.run.stage import Stage, a_stage

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(120)]

OTHER = {"type": "example.org/other", "status": "True", "lastTransitionTime": MOMENT}


@pytest.fixture(scope="module")
def stage(control_plane: ControlPlane, helm: Helm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage without health checks, so that no target ever becomes healthy."""
    with a_stage(control_plane, helm, tmp_path_factory.mktemp("pods"), 200.0) as made:
        yield made


def a_waiting_pod(kube: Kube, namespace: str, name: str = "room") -> Object:
    """A pod that waits for our gate alone."""
    wanted: Object = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": "rooms"}},
        "spec": {
            "containers": [{"name": "app", "image": "app:1"}],
            "readinessGates": [{"conditionType": READINESS_GATE}],
        },
    }
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": namespace}}
    eventually("pods may be created", lambda: kube.exists(account))
    made = kube.create(wanted)
    ready = {"type": "ContainersReady", "status": "True", "lastTransitionTime": MOMENT}
    status = {"phase": "Running", "podIP": "10.244.9.1", "podIPs": [{"ip": "10.244.9.1"}], "conditions": [ready, OTHER]}
    kube.request("PATCH", f"{kube.path(made)}/status", {"status": status}, STRATEGIC)
    return kube.get(made)


def opened(kubeconfig: Path, pod: Object, uid: str) -> bytes:
    """Patch the condition of the pod with that uid as the controller does; raises ``KubeFailure``."""
    metadata = pod["metadata"]
    path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}/status"
    condition = {"type": READINESS_GATE, "status": "True", "reason": "Healthy", "lastTransitionTime": MOMENT}
    body = {"metadata": {"uid": uid}, "status": {"conditions": [condition]}}

    async def patch() -> bytes:
        async with connect(kubeconfig) as kube:
            return await kube.api.patch(path, body, Patch.STRATEGIC)

    return asyncio.run(patch())


def test_the_patch_adds_one_condition_and_leaves_the_others(stage: Stage, kube: Kube, namespace: str) -> None:
    pod = a_waiting_pod(kube, namespace)

    opened(stage.kubeconfig, pod, pod["metadata"]["uid"])

    conditions = {each["type"]: each["status"] for each in kube.get(pod)["status"]["conditions"]}
    assert conditions == {"ContainersReady": "True", OTHER["type"]: "True", READINESS_GATE: "True"}


def test_the_patch_does_not_meet_a_later_pod_of_that_name(stage: Stage, kube: Kube, namespace: str) -> None:
    pod = a_waiting_pod(kube, namespace)

    with pytest.raises(KubeFailure) as failure:
        opened(stage.kubeconfig, pod, "00000000-0000-0000-0000-000000000000")

    assert failure.value.error.invalid
    assert not gate(kube.get(pod))


def test_a_pod_that_no_route_wants_is_let_go(stage: Stage, kube: Kube, namespace: str) -> None:
    pod = a_waiting_pod(kube, namespace)
    replica = stage.replica().ready()

    eventually("its gate opens", lambda: gate(kube.get(pod)).get("status") == "True", within=30)

    assert gate(kube.get(pod))["reason"] == "Unused"
    assert "no route" in gate(kube.get(pod))["message"]
    replica.process.kill()


def test_without_the_right_to_pods_one_line_says_so_and_the_rest_works(
    stage: Stage, kube: Kube, namespace: str
) -> None:
    a_waiting_pod(kube, namespace)
    kube.apply(without_pods(stage.rights))
    try:
        replica = stage.replica().ready()
        refusals = [each["problem"] for each in replica.logged("source") if "Pod objects" in each["problem"]]
        replica.process.kill()
    finally:
        kube.apply(next(each for each in stage.rights if each["kind"] == "ClusterRole"))

    assert len(refusals) == 1
    assert "the controller's role needs get, list and watch" in refusals[0]


def without_pods(rights: list[Object]) -> Object:
    """The chart's ClusterRole but for pods."""
    role = deepcopy(next(each for each in rights if each["kind"] == "ClusterRole"))
    for rule in role["rules"]:
        rule["resources"] = [each for each in rule["resources"] if not each.startswith("pods")]
    role["rules"] = [rule for rule in role["rules"] if rule["resources"]]
    return role
