"""How often a pod that came stands in line for the event loop: each turn may last as long as all other work in it."""

import asyncio
from pathlib import Path

from bench.manifests import Size
from lattice_gateway.core.objects.refs import Kind
from lattice_gateway.engine.controller import Controller
from tests.laws.engine_cluster import play_controller, rest
from tests.laws.engine_town import Town, moved

TURNS = 2
"""The source's reader, which translates and begins the run of the unit; that run, up to its call."""


def test_from_a_slice_to_the_call_a_pod_waits_for_few_turns_of_the_event_loop(tmp_path: Path) -> None:
    town = Town(tmp_path, Size(routes=2))

    async def scene(controller: Controller) -> int:
        await rest(controller)
        town.stage.wire.log.clear()
        town.cluster.edit(Kind.ENDPOINT_SLICE, "r0000-s00", moved)
        turns = 0
        while not town.stage.wire.log:
            turns += 1
            await asyncio.sleep(0)
        return turns

    assert play_controller(town.stage, town.cluster, scene) <= TURNS
