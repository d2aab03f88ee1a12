"""A controller that starts with everything in place: how soon it follows, and what it asks and writes before."""

import asyncio
import time
from typing import Final

from bench.cluster.stage import GLANCE, ClusterBench
from bench.figures import Figure
from bench.manifests import Size
from bench.stage import is_write, moment

WITHIN: Final = 15.0
BULK_CALLS: Final = 150
OF_INTEREST: Final = "RegisterTargets"
LOOK: Final = f"operation={OF_INTEREST}"


async def restart(stage: ClusterBench, size: Size) -> list[Figure]:
    """Stop it, change one slice meanwhile, start it again."""
    await stage.stop_controller()
    await stage.objects.add_pod("r0000-s00")
    await stage.aws.clear_calls()
    started = time.time()
    await stage.run_controller()
    ready = await stage.ready() - started
    await _registered(stage)
    await stage.aws.quiet(10)
    log = await stage.log("limit=100000")
    first = next(call for call in log if call["operation"] == OF_INTEREST)
    before = [call for call in log if call["number"] < first["number"]]
    writes = [call["operation"] for call in log if is_write(call["operation"])]
    told = f"restart with {size.routes} routes in place"
    return [
        Figure(name=f"{told}: /readyz", measured=ready, unit="s", goal=WITHIN, bound="SIGTERM, then started again"),
        Figure(
            name=f"{told}: changed slice on the wire",
            measured=moment(first) - started,
            unit="s",
            goal=WITHIN,
            bound="the slice changed while nobody ran",
        ),
        Figure(name=f"{told}: calls before it", measured=len(before), unit="", goal=BULK_CALLS, bound=""),
        Figure(
            name=f"{told}: writes but for that one",
            measured=len(writes) - 1,
            unit="",
            goal=0,
            bound=", ".join(sorted(set(writes))),
        ),
    ]


async def _registered(stage: ClusterBench) -> None:
    """Wait for the call that the changed slice asks for."""
    deadline = time.monotonic() + 10 * WITHIN
    while not await stage.log(LOOK):
        if time.monotonic() > deadline:
            raise RuntimeError(f"no {OF_INTEREST} within {10 * WITHIN:g} s of the start")
        await asyncio.sleep(GLANCE)
