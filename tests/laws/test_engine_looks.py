"""How seldom Lattice is looked at while it works, and that nobody waits for somebody else's trouble."""

import asyncio

from lattice_emulator.world.knobs import Knobs
from lattice_emulator.world.model import Status
from lattice_emulator.world.state import Due
from tests.laws.engine_making import network, standard_route
from tests.laws.engine_stage import Stage, until_rest
from tests.laws.test_engine_units import running

LONG = 100_000.0


def test_groups_that_began_together_are_looked_at_through_one_of_them() -> None:
    stage = Stage(Knobs(tg_create_seconds=60.0))

    async def scene() -> int:
        units = stage.units()
        async with running(units):
            units.want(network(stage.settings.owner))
            await until_rest(units)
            for desired in standard_route(stage.settings.owner, "r"):
                units.want(desired)
            await asyncio.sleep(3.5)
            return stage.wire.reads()["GetTargetGroup"]

    assert stage.play(scene) == 1


def test_a_group_that_is_never_ready_does_not_hide_that_its_siblings_are() -> None:
    stage = Stage()

    async def scene() -> list[int]:
        units = stage.units()
        async with running(units):
            for desired in (network(stage.settings.owner), *standard_route(stage.settings.owner, "r")):
                units.want(desired)
            await asyncio.sleep(1)
            youngest = max(stage.world.state.target_groups, key=lambda group: group.seq)
            stage.world.state.pending[youngest.id] = Due(stage.world.clock.now() + LONG, Status.ACTIVE)
            await asyncio.sleep(60)
            return sorted(len(held) for held in stage.world.state.targets.values())

    assert stage.play(scene)[-3:] == [2, 2, 2]


def test_once_a_creation_was_seen_the_next_one_is_looked_at_when_it_should_be_done() -> None:
    stage = Stage()

    async def scene() -> tuple[int, int]:
        units = stage.units()
        looks = []
        async with running(units):
            units.want(network(stage.settings.owner))
            for route in ("first", "second"):
                stage.wire.log.clear()
                for desired in standard_route(stage.settings.owner, route):
                    units.want(desired)
                await until_rest(units)
                looks.append(stage.wire.reads()["GetService"])
        return looks[0], looks[1]

    first, second = stage.play(scene)

    assert second < first
    assert second <= 3
