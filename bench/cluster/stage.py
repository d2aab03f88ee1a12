"""The processes under measurement: emulator and controller as in ``bench.stage``, the objects in a real API server."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp

from bench.cluster.objects import AT_ONCE, Objects
from bench.manifests import Size
from bench.stage import Bench, Load, bench
from bench.throttled import converged
from lattice_gateway.adapters.kube.client import open_client, read_config
from lattice_gateway.cli.demo.processes import Child, start
from tests.cluster.control_plane import ControlPlane
from tests.cluster.manifests import OUR_CRDS, gateway_api, install_crds, read_manifests

LOAD: Final = Load(latency=0.05)
READY_WITHIN: Final = 120.0
GLANCE: Final = 0.02
REST: Final = 22.0
"""Seconds without a call after which nothing is waited for any more, where AWS is as slow as it is."""
UPKEEP: Final = "GetResources"
"""What is called each minute, whatever happens."""


@dataclass(slots=True, kw_only=True)
class ClusterBench:
    """A namespace, an account, and the controller while it runs; ``probes`` and ``metrics`` are its ports.

    ``rest`` are the seconds without a call after which everything is at rest, also what AWS does by itself.
    """

    aws: Bench
    objects: Objects
    kubeconfig: Path
    probes: int
    metrics: int
    rest: float
    runs: int = 0

    async def run_controller(self) -> Child:
        """Start the controller; it leads alone, without a Lease."""
        self.runs += 1
        words = (
            "run",
            f"--kubeconfig={self.kubeconfig}",
            f"--endpoint-url={self.aws.url}",
            f"--health-probe-bind-address=127.0.0.1:{self.probes}",
            f"--metrics-bind-address=127.0.0.1:{self.metrics}",
        )
        log = self.aws.root / f"controller-{self.runs}.log"
        self.aws.controller = await start("controller", "lattice_gateway", *words, log=log, extra=self.aws.environment)
        return self.aws.controller

    async def stop_controller(self) -> None:
        """End the controller as an update would."""
        if self.aws.controller is not None:
            await self.aws.controller.stop()

    async def ready(self) -> float:
        """Wait until ``/readyz`` says so; when that was, in seconds since the epoch."""
        deadline = time.monotonic() + READY_WITHIN
        while not await self._is_ready():
            if self.aws.controller is not None:
                self.aws.controller.check()
            if time.monotonic() > deadline:
                raise RuntimeError(f"/readyz was not true within {READY_WITHIN:g} s")
            await asyncio.sleep(GLANCE)
        return time.time()

    async def settle(self, size: Size, at_once: int = AT_ONCE) -> None:
        """Bring the routes into being, so many objects at a time, and to rest."""
        await self.objects.create(size, at_once)
        if self.aws.controller is None:
            await self.run_controller()
        await self.aws.until(lambda found: converged(self._without_extra(found), size))
        await self.aws.quiet(3)

    async def load(self, load: Load) -> None:
        """Make AWS as slow and as tight as that from now on."""
        url = f"{self.aws.url}/_emulator/faults"
        async with self.aws.session.put(url, json=load.config()["faults"], raise_for_status=True):
            pass

    async def still(self) -> None:
        """Wait until nothing is called any more, neither to change anything nor to see what has changed."""
        calls, since = -1, time.monotonic()
        while time.monotonic() - since < self.rest:
            done = (await self.aws.counted()).done
            now = sum(done.values()) - done.get(UPKEEP, 0)
            if now != calls:
                calls, since = now, time.monotonic()
            await asyncio.sleep(0.5)

    def _without_extra(self, found: dict[str, int]) -> dict[str, int]:
        """Resources without the pods that were added to Services afterwards."""
        return {**found, "TARGET": found["TARGET"] - self.objects.pods_added}

    async def newest_call(self) -> int:
        """The number of the latest call, 0 where there was none."""
        found = await self.log("limit=1")
        return int(found[0]["number"]) if found else 0

    async def calls_after(self, number: int, operation: str) -> list[dict[str, Any]]:
        """Calls of an operation numbered above ``number``, oldest first."""
        return await self.log(f"operation={operation}&after={number}")

    async def log(self, query: str) -> list[dict[str, Any]]:
        """Calls since the last clearing, oldest first; ``query`` is that of the admin API."""
        url = f"{self.aws.url}/_emulator/calls?{query}"
        async with self.aws.session.get(url, raise_for_status=True) as answer:
            calls: list[dict[str, Any]] = (await answer.json())["calls"]
        return calls

    async def _is_ready(self) -> bool:
        try:
            async with self.aws.session.get(f"http://127.0.0.1:{self.probes}/readyz") as answer:
                return answer.ok
        except aiohttp.ClientError:
            return False


def prepare(plane: ControlPlane, namespace: str) -> None:
    """Install the CRDs into an empty control plane, and make the namespace."""
    install_crds(plane.admin, gateway_api())
    install_crds(plane.admin, read_manifests(OUR_CRDS))
    plane.admin.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})


@asynccontextmanager
async def cluster_bench(
    kubeconfig: Path, namespace: str, ports: tuple[int, int], load: Load = LOAD, rest: float = REST, **environment: str
) -> AsyncIterator[ClusterBench]:
    """An empty account beside the cluster of ``kubeconfig``; the namespace exists and is left as it is then."""
    async with bench(load, **environment) as aws, open_client(read_config(kubeconfig, None)) as api:
        probes, metrics = ports
        yield ClusterBench(
            aws=aws,
            objects=Objects(api, namespace, aws.root / "objects"),
            kubeconfig=kubeconfig,
            probes=probes,
            metrics=metrics,
            rest=rest,
        )
