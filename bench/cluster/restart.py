"""A controller that starts with everything in place: how soon it follows, and what it asks and writes before."""

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from bench.cluster.stage import GLANCE, ClusterBench
from bench.figures import Figure
from bench.manifests import Size
from bench.stage import is_write, moment

WITHIN: Final = 15.0
BULK_CALLS: Final = 150
CALL: Final = "RegisterTargets"
REST: Final = 10.0
"""Seconds without a write after which it has looked at everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A start: seconds until ``/readyz`` and until the call for the changed slice, the calls before it, all writes."""

    ready: float
    registered: float
    calls_before: int
    writes: tuple[str, ...]


async def restarted(stage: ClusterBench) -> Start:
    """Stop it, change one slice meanwhile, start it again, and wait until it is at rest."""
    await stage.stop_controller()
    await stage.objects.add_pod("r0000-s00")
    await stage.aws.clear_calls()
    started = time.time()
    await stage.run_controller()
    ready = await stage.ready() - started
    await _registered(stage)
    await stage.aws.quiet(REST)
    log = await stage.log("limit=100000")
    first = next(call for call in log if call["operation"] == CALL)
    return Start(
        ready=ready,
        registered=moment(first) - started,
        calls_before=sum(call["number"] < first["number"] for call in log),
        writes=tuple(call["operation"] for call in log if is_write(call["operation"])),
    )


async def restart(stage: ClusterBench, size: Size) -> list[Figure]:
    """Its figures."""
    start = await restarted(stage)
    told, others = f"restart with {size.routes} routes", sorted(set(start.writes) - {CALL})
    return [
        Figure(name=f"{told}: /readyz", measured=start.ready, unit="s", goal=WITHIN, bound="ended by SIGTERM"),
        Figure(
            name=f"{told}: changed slice on the wire",
            measured=start.registered,
            unit="s",
            goal=WITHIN,
            bound="it changed while nobody ran",
        ),
        Figure(name=f"{told}: calls before it", measured=start.calls_before, unit="", goal=BULK_CALLS, bound=""),
        Figure(name=f"{told}: other writes", measured=len(start.writes) - 1, unit="", goal=0, bound=", ".join(others)),
    ]


async def _registered(stage: ClusterBench) -> None:
    """Wait for the call that the changed slice asks for."""
    deadline = time.monotonic() + 10 * WITHIN
    while not await stage.calls_after(0, CALL):
        if time.monotonic() > deadline:
            raise RuntimeError(f"no {CALL} within {10 * WITHIN:g} s of the start")
        await asyncio.sleep(GLANCE)
