"""From a pod that is ready in an EndpointSlice to Lattice, while other routes are being created (issue 5, point 11).

``make bench-cluster`` measures the same five times, with 200 routes more each time, against a Lattice that takes as
long as AWS for what it creates; here it takes a second, and a run is half as long.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench.cluster.stage import ClusterBench, cluster_bench, prepare
from bench.cluster.wire import Pressure, p99, under_load
from bench.manifests import Size
from bench.stage import Load
from tests.cluster.commands import Helm
from tests.cluster.control_plane import ControlPlane, start_control_plane
from tests.cluster.processes import free_ports
from tests.cluster.rights import ACCOUNT, chart_rights

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

NAMESPACE, HOME = "speed", "gateway-system"
SIZE = Size(routes=1000)
PRESSURE = Pressure(edits=150, more=100, runs=5)
QUICK = {
    "tg_create_seconds": 0.3,
    "service_create_seconds": 1.0,
    "snsa_create_seconds": 1.0,
    "snva_create_seconds": 1.0,
}
LOAD = Load(latency=0.05, knobs=QUICK)
WHILE_BUILDING = replace(LOAD, latency=0.0)
"""The routes in place are there sooner where calls are answered at once: what can wait leaves at a pace."""
REST = 4.0
"""Seconds without a call after which all is at rest."""
WITHIN = 0.3
"""Seconds at p99, on a machine that does other things too; the goal is a third of that."""


@pytest.fixture
def crowd(assets: Path, helm: Helm, tmp_path: Path) -> Iterator[ControlPlane]:
    """A control plane of its own: nobody waits until thousands of objects are gone again."""
    plane = start_control_plane(assets, tmp_path)
    try:
        prepare(plane, NAMESPACE)
        with chart_rights(plane, helm, HOME):
            yield plane
    finally:
        plane.stop()


async def test_pods_are_registered_soon_while_other_routes_are_created(crowd: ControlPlane) -> None:
    probes, metrics = free_ports(2)
    admin = crowd.folder / "admin.kubeconfig"
    async with cluster_bench(admin, NAMESPACE, (probes, metrics), WHILE_BUILDING, REST) as stage:
        stage.kubeconfig = crowd.kubeconfig("controller", crowd.service_account_token(HOME, ACCOUNT))
        await stage.settle(SIZE)
        await stage.still()
        await stage.load(LOAD)
        runs = await three_alike(stage)
        await stage.stop_controller()

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
