"""From a pod that is ready in an EndpointSlice to RegisterTargets on the wire."""

import asyncio
import time
from dataclasses import dataclass, replace
from typing import Final

from bench.cluster.stage import GLANCE, ClusterBench
from bench.figures import Figure, percentile
from bench.manifests import Size
from bench.stage import moment

AS_KUBECTL_DOES: Final = 1
"""Applications created at a time while latencies are measured, object after object without a pause."""
PATIENCE: Final = 60.0
GOAL: Final = 100.0
"""Milliseconds at p99."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds from sending an edit until its call arrives at AWS, and until the API server had answered the edit.

    The slice is there at some moment in between: the API server's own time counts against the controller.
    """

    wire: float
    answer: float


async def pods_on_the_wire(stage: ClusterBench, services: list[str]) -> list[Latency]:
    """The latency of an edit of each Service's slice."""
    return [await _one(stage, service) for service in services]


async def wire(stage: ClusterBench, size: Size, changes: int) -> list[Figure]:
    """At rest."""
    await stage.still()
    services = _services(size, changes)
    return _figures(await pods_on_the_wire(stage, services), f"{size.routes} routes at rest, {changes} edits")


@dataclass(frozen=True, slots=True)
class Pressure:
    """So many ``edits`` while ``more`` routes are being created, so many times."""

    edits: int
    more: int
    runs: int


async def wires_under_load(stage: ClusterBench, size: Size, pressure: Pressure) -> list[Figure]:
    """While other routes are being created; the edits are those of the old ones. Of all runs the middle one counts."""
    runs = []
    for number in range(pressure.runs):
        bigger = replace(size, routes=size.routes + (number + 1) * pressure.more)
        runs.append(await under_load(stage, size, bigger, pressure.edits))
    runs.sort(key=p99)
    every = ", ".join(f"{p99(latencies) * 1000:.0f}" for latencies in runs)
    middle = runs[(len(runs) - 1) // 2]
    bound = f"{len(middle)} edits while {pressure.more} other routes are created; p99 of all runs: {every} ms"
    return _figures(middle, bound)


def p99(latencies: list[Latency]) -> float:
    """Seconds to the wire that 99 of 100 edits do not exceed."""
    return percentile([latency.wire for latency in latencies], 0.99)


async def under_load(stage: ClusterBench, size: Size, bigger: Size, edits: int) -> list[Latency]:
    """The latency of each edit of the routes in place, until all are done or the new routes are there."""
    creating = asyncio.create_task(stage.settle(bigger, AS_KUBECTL_DOES))
    latencies: list[Latency] = []
    for service in _services(size, edits):
        if creating.done():
            break
        latencies.append(await _one(stage, service))
    await creating
    return latencies


async def _one(stage: ClusterBench, service: str) -> Latency:
    """Other routes register targets too: the call of this edit is the one that names its pod."""
    before = await stage.newest_call()
    pod = await stage.objects.add_pod(service)
    while True:
        for call in await stage.calls_after(before, "RegisterTargets"):
            if f"'{pod.address}'" in str(call["params"]):
                return Latency(wire=moment(call) - pod.sent, answer=pod.answered - pod.sent)
        if time.time() - pod.sent > PATIENCE:
            raise RuntimeError(f"no RegisterTargets for {pod.address} within {PATIENCE:g} s")
        await asyncio.sleep(GLANCE)


def _services(size: Size, changes: int) -> list[str]:
    return [f"r{number % size.routes:04}-s00" for number in range(changes)]


def _figures(latencies: list[Latency], bound: str) -> list[Figure]:
    name, wires = "pod ready in an EndpointSlice → RegisterTargets on the wire", [each.wire for each in latencies]
    answers = [each.answer for each in latencies]
    return [
        Figure(name=f"{name}, p50", measured=percentile(wires, 0.50) * 1000, unit="ms", goal=None, bound=bound),
        Figure(name=f"{name}, p90", measured=percentile(wires, 0.90) * 1000, unit="ms", goal=None, bound=bound),
        Figure(name=f"{name}, p99", measured=percentile(wires, 0.99) * 1000, unit="ms", goal=GOAL, bound=bound),
        Figure(
            name="the API server's answer to the edit, p99",
            measured=percentile(answers, 0.99) * 1000,
            unit="ms",
            goal=None,
            bound="most of it is part of the figure before",
        ),
    ]
