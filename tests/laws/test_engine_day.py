"""A day of checks and of pods that come and go: the process is as large at its end as it was in the morning."""

import asyncio
import gc
import sys
from pathlib import Path

from bench.manifests import Size
from lattice_gateway.core.objects.refs import Kind
from lattice_gateway.engine.controller import Controller
from tests.laws.engine_cluster import Raw, play_controller, rest
from tests.laws.engine_town import Town

HOUR = 3600.0
ROUND = 600.0
SIZE = Size(routes=5)
SLACK = 0.005
"""Part by which the number of blocks in memory may differ: caches that fill, tables that double."""


def blocks(town: Town) -> int:
    """Blocks of memory that Python holds, without what only the test remembers."""
    town.stage.wire.log.clear()
    gc.unfreeze()
    gc.collect()
    return sys.getallocatedblocks()


def test_after_a_day_of_checks_and_moved_pods_the_process_has_not_grown(tmp_path: Path) -> None:
    town = Town(tmp_path, SIZE)
    pods = iter(range(1, 250))

    def moved(raw: Raw) -> None:
        raw["endpoints"][0]["addresses"] = [f"10.244.9.{next(pods)}"]

    async def hours(number: float) -> None:
        for _ in range(int(number * HOUR / ROUND)):
            town.cluster.edit(Kind.ENDPOINT_SLICE, "r0000-s00", moved)
            await asyncio.sleep(ROUND)

    async def scene(controller: Controller) -> tuple[int, int]:
        await rest(controller)
        await hours(4)
        morning = blocks(town)
        await hours(24)
        return morning, blocks(town)

    morning, night = play_controller(town.stage, town.cluster, scene)

    assert night <= morning * (1 + SLACK)
