"""What it costs to look whether Lattice is still as it should be, once everything was verified."""

import asyncio
from typing import Final

from bench.cluster.calls import READS_OF_A_ROUTE, Cost, cost
from bench.cluster.stage import ClusterBench
from bench.figures import Figure
from bench.manifests import Size

RESYNC: Final = 60
"""Seconds between two checks: as short as it may be."""
ROUNDS: Final = 2
SPREAD: Final = 1.2
"""A check comes at most so much later."""
VARIABLE: Final = "RECONCILE_DEFAULT_RESYNC_SECONDS"
ONCE_A_CHECK: Final = "ListListeners"


async def drift_checked(stage: ClusterBench) -> Cost:
    """What checks cost for some rounds, by a controller that begins anew."""
    await stage.stop_controller()
    stage.aws.environment[VARIABLE] = str(RESYNC)
    await stage.run_controller()
    await asyncio.sleep(RESYNC * SPREAD)
    await stage.aws.clear_calls()
    await asyncio.sleep(RESYNC * SPREAD * ROUNDS)
    found = cost(await stage.log("limit=100000"))
    await stage.stop_controller()
    del stage.aws.environment[VARIABLE]
    await stage.run_controller()
    return found


async def drift(stage: ClusterBench, size: Size) -> list[Figure]:
    """Its figures; the last writes of a controller are long ago."""
    found = await drift_checked(stage)
    checked = found.read[ONCE_A_CHECK]
    return [
        Figure(
            name="reads a route of a drift check",
            measured=found.reads / checked,
            unit="",
            goal=READS_OF_A_ROUTE,
            bound=f"{checked} checks of {size.routes} routes: {found}",
        ),
        Figure(name="writes of all drift checks", measured=found.writes, unit="", goal=0, bound=""),
    ]
