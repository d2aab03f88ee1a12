"""``make bench-cluster`` (``python -m bench.cluster``): the figures of a cluster, as one table.

The control plane is that of the cluster tests, built from Go modules or found in KUBEBUILDER_ASSETS.
"""

import argparse
import asyncio
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Final

from bench.cluster.calls import calls
from bench.cluster.drift import drift
from bench.cluster.restart import restart
from bench.cluster.stage import LOAD, ClusterBench, cluster_bench, prepare
from bench.cluster.wire import Pressure, wire, wires_under_load
from bench.figures import Figure, table, write_json
from bench.manifests import Size
from bench.stage import peak_memory
from lattice_gateway.engine.stalls import stall_less
from tests.cluster import toolchain
from tests.cluster.control_plane import ControlPlane, start_control_plane
from tests.cluster.processes import free_ports

ROUTES: Final = 1000
SMALL: Final = 100
NAMESPACE: Final = "bench"
MEMORY: Final = {SMALL: 128.0, ROUTES: 300.0}
"""MiB that the controller may take at so many routes."""


def main() -> int:
    """Measures, prints, and answers 1 when a goal was missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.cluster", description=__doc__)
    parser.add_argument("--routes", type=int, default=ROUTES, help="routes in place; fewer for a quick run")
    parser.add_argument("--edits", type=int, default=300, help="slices edited for the times")
    parser.add_argument("--more", type=int, default=200, help="routes created while slices are edited")
    parser.add_argument("--runs", type=int, default=5, help="how often that is done; the middle one counts")
    parser.add_argument("--json", type=Path, default=Path("bench-cluster-figures.json"), help="the figures as JSON")
    chosen = parser.parse_args()
    stall_less()  # a collection here, between an edit's time and its request, would count as latency
    with tempfile.TemporaryDirectory(prefix="lattice-gateway-bench-cluster-") as folder:
        plane = start_control_plane(toolchain.control_plane(), Path(folder))
        try:
            figures = asyncio.run(_measure(plane, chosen))
        finally:
            plane.stop()
    print(table(figures))
    write_json(figures, chosen.json)
    return 0 if all(figure.reached for figure in figures) else 1


async def _measure(plane: ControlPlane, chosen: argparse.Namespace) -> list[Figure]:
    await asyncio.to_thread(prepare, plane, NAMESPACE)
    kubeconfig = plane.folder / "admin.kubeconfig"
    probes, metrics = free_ports(2)
    small, size = Size(routes=min(SMALL, chosen.routes), pods=5), Size(routes=chosen.routes, pods=5)
    figures: list[Figure] = []

    def told(measured: list[Figure]) -> None:
        for one in measured:
            _say(f"  {one.name}: {one.measured:g} {one.unit} ({one.bound})")
        figures.extend(measured)

    async with cluster_bench(kubeconfig, NAMESPACE, (probes, metrics)) as stage:
        _say(f"{small.routes} routes")
        await stage.settle(small)
        told(_memory(stage, small))
        told(await calls(stage, small))
        told(await drift(stage, small))
        size = replace(size, routes=max(size.routes, small.routes + 1))
        _say(f"{size.routes} routes")
        await stage.settle(size)
        told(_memory(stage, size))
        told(await wire(stage, size, chosen.edits))
        told(await restart(stage, size))
        await stage.load(LOAD)
        told(await wires_under_load(stage, size, Pressure(chosen.edits, chosen.more, chosen.runs)))
    return figures


def _memory(stage: ClusterBench, size: Size) -> list[Figure]:
    if stage.aws.controller is None:
        return []
    return [
        Figure(
            name=f"peak memory of the controller at {size.routes} routes",
            measured=peak_memory(stage.aws.controller),
            unit="MiB",
            goal=MEMORY.get(size.routes),
            bound=f"{size.groups} Services, {size.targets} endpoints",
        )
    ]


def _say(what: str) -> None:
    print(f"{what} ...", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
