"""What single changes of a cluster cost in calls to AWS: each figure is a promise (issue 5, point 11)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bench.cluster.calls import (
    CALLS_OF_A_POD,
    READS_OF_A_ROUTE,
    WRITES_OF_A_ROUTE,
    pod_replaced,
    route_created,
    unrelated_edit,
    weight_changed,
)
from bench.cluster.restart import BULK_CALLS, restarted
from bench.cluster.stage import ClusterBench, cluster_bench
from bench.manifests import Size
from bench.stage import Load
from tests.cluster.control_plane import ControlPlane
from tests.cluster.kube import Kube
from tests.cluster.processes import free_ports

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]

NAMESPACE = "calls"
SIZE = Size(routes=2)
FAST = 10.0
"""How much faster AWS is: what is counted are calls, not seconds."""
REST = 4.0
"""Seconds without a call after which all is at rest."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench(control_plane: ControlPlane, kube: Kube, as_controller: Path) -> AsyncIterator[ClusterBench]:
    """Two routes at rest; nothing of them is left afterwards."""
    home = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    kube.create(home)
    kubeconfig = control_plane.folder / "admin.kubeconfig"
    probes, metrics = free_ports(2)
    async with cluster_bench(kubeconfig, NAMESPACE, (probes, metrics), Load(scale=FAST), REST) as stage:
        stage.kubeconfig = as_controller
        await stage.settle(SIZE)
        await stage.still()
        yield stage
        await stage.stop_controller()
        take_away(kube, NAMESPACE)
    kube.delete(home)


def take_away(kube: Kube, namespace: str) -> None:
    """Delete what the controller holds without it: its account goes as a whole, so nothing is left to wait for."""
    for kind, place in (("HTTPRoute", namespace), ("Gateway", namespace), ("GatewayClass", None)):
        for each in kube.list("gateway.networking.k8s.io/v1", kind, place):
            kube.merge(each, {"metadata": {"finalizers": None}})
            kube.delete(each)


async def test_a_standard_route_costs_thirteen_writes_and_eight_reads(bench: ClusterBench) -> None:
    cost = await route_created(bench, SIZE)

    assert cost.writes <= WRITES_OF_A_ROUTE, str(cost)
    assert cost.reads <= READS_OF_A_ROUTE, str(cost)


async def test_a_pod_that_is_replaced_costs_two_calls(bench: ClusterBench) -> None:
    cost = await pod_replaced(bench, "r0000-s00")

    assert cost.writes + cost.reads <= CALLS_OF_A_POD, str(cost)


async def test_a_weight_that_changes_costs_one_call(bench: ClusterBench) -> None:
    cost = await weight_changed(bench, "r0000")

    assert cost.writes + cost.reads <= 1, str(cost)


async def test_an_unrelated_edit_costs_nothing(bench: ClusterBench) -> None:
    cost = await unrelated_edit(bench, "r0000")

    assert cost.writes + cost.reads == 0, str(cost)


async def test_a_restart_asks_in_bulk_and_writes_only_what_changed(bench: ClusterBench) -> None:
    start = await restarted(bench)

    assert start.writes == {"RegisterTargets": 2}
    assert start.bulk <= BULK_CALLS
