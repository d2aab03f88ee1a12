"""From a pod that is ready in an EndpointSlice to Lattice, while other routes are being created (issue 5, point 11).

The bench measures the same with 1,000 routes in place and 200 more (``make bench-cluster``); here it is fewer, so that
it takes a minute.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.cluster.stage import ClusterBench, cluster_bench
from bench.cluster.wire import Pressure, p99, under_load
from bench.manifests import Size
from bench.stage import Load
from tests.cluster.commands_calls.test_calls import take_away
from tests.cluster.control_plane import ControlPlane
from tests.cluster.kube import Kube
from tests.cluster.processes import free_ports

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(400)]

NAMESPACE = "speed"
SIZE = Size(routes=200)
PRESSURE = Pressure(edits=60, more=30, runs=5)
QUICK = {
    "tg_create_seconds": 0.3,
    "service_create_seconds": 1.0,
    "snsa_create_seconds": 1.0,
    "snva_create_seconds": 1.0,
}
LOAD = Load(latency=0.05, knobs=QUICK)
REST = 4.0
"""Seconds without a call after which all is at rest."""
WITHIN = 0.3
"""Seconds at p99, on a machine that does other things too; the goal is a third of that."""


async def test_pods_are_registered_soon_while_other_routes_are_created(
    control_plane: ControlPlane, kube: Kube, as_controller: Path
) -> None:
    home = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    kube.create(home)
    probes, metrics = free_ports(2)
    async with cluster_bench(
        control_plane.folder / "admin.kubeconfig", NAMESPACE, (probes, metrics), LOAD, REST
    ) as stage:
        stage.kubeconfig = as_controller
        await stage.settle(SIZE)
        await stage.still()
        runs = await three_alike(stage)
        await stage.stop_controller()
        take_away(kube, NAMESPACE)
    kube.delete(home)

    assert sum(latency < WITHIN for latency in runs) >= 3, runs


async def three_alike(stage: ClusterBench) -> list[float]:
    """The p99 of each run, until three of five have kept the bound, or missed it."""
    runs: list[float] = []
    for number in range(PRESSURE.runs):
        bigger = replace(SIZE, routes=SIZE.routes + (number + 1) * PRESSURE.more)
        runs.append(p99(await under_load(stage, SIZE, bigger, PRESSURE.edits)))
        kept = sum(latency < WITHIN for latency in runs)
        if max(kept, len(runs) - kept) == 3:
            break
    return runs
