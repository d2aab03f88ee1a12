"""1,000 routes with 20,000 endpoints and no latency: how fast one pod gets on the wire, rest, restart, memory."""

import asyncio
import time

from bench.figures import Figure, percentile
from bench.manifests import Size
from bench.stage import Bench, Load, bench, moment, peak_memory
from bench.throttled import settle

SIZE = Size(routes=1000, rules=2, backends=2, pods=5)
CHANGES = 300
RESYNC = 60


async def large() -> list[Figure]:
    """All figures of the large tree."""
    async with bench(Load()) as stage:
        await settle(stage, SIZE)
        await stage.quiet(20)
        latencies = await _pods_on_the_wire(stage)
        memory = peak_memory(stage.controller) if stage.controller else 0.0
        stage.environment["RECONCILE_DEFAULT_RESYNC_SECONDS"] = str(RESYNC)
        restart = await _restart(stage)
        idle = await _idle(stage)
    return [
        Figure(
            name="EndpointSlice edited → RegisterTargets on the wire, p50",
            measured=percentile(latencies, 0.50) * 1000,
            unit="ms",
            goal=None,
            bound=f"{CHANGES} edits of one file each",
        ),
        Figure(
            name="EndpointSlice edited → RegisterTargets on the wire, p90",
            measured=percentile(latencies, 0.90) * 1000,
            unit="ms",
            goal=None,
            bound="",
        ),
        Figure(
            name="EndpointSlice edited → RegisterTargets on the wire, p99",
            measured=percentile(latencies, 0.99) * 1000,
            unit="ms",
            goal=50,
            bound="file edit to arrival at the emulator, file watching included",
        ),
        Figure(name="writes of an idle resync", measured=idle, unit="", goal=0, bound=f"resync every {RESYNC} s"),
        Figure(name="writes of a restart", measured=restart, unit="", goal=0, bound="killed with -9, started again"),
        Figure(
            name="peak memory of the controller",
            measured=memory,
            unit="MiB",
            goal=300,
            bound="1,000 routes, 4,000 Services, 20,000 endpoints",
        ),
    ]


async def _pods_on_the_wire(stage: Bench) -> list[float]:
    """Seconds from each edit to the call it causes."""
    latencies = []
    for number in range(CHANGES):
        before = await stage.calls("RegisterTargets")
        last = before[-1]["number"] if before else 0
        edited = stage.tree.add_pod_at(f"r{number:04}-s00")
        while not (new := await stage.calls("RegisterTargets", after=last)):
            if time.time() - edited > 30:
                raise RuntimeError("no RegisterTargets within 30 s of an edit")
            await asyncio.sleep(0.02)
        latencies.append(moment(new[0]) - edited)
        await asyncio.sleep(0.05)
    return latencies


async def _idle(stage: Bench) -> int:
    """Writes while a whole resync goes by."""
    await stage.clear_calls()
    await asyncio.sleep(RESYNC * 1.3)
    return (await stage.counted()).writes


async def _restart(stage: Bench) -> int:
    """Writes of a controller that finds everything as it should be."""
    await stage.kill_controller()
    await stage.clear_calls()
    await stage.run_controller()
    await asyncio.sleep(10)
    await stage.quiet(10)
    return (await stage.counted()).writes
