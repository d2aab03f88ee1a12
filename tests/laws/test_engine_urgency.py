"""Pods that come or go are told to Lattice at once, whatever else there is to do."""

import asyncio
from collections.abc import Callable
from itertools import pairwise

import pytest

from lattice_emulator.world.knobs import Knobs
from lattice_gateway.core.lattice.units import Desired, Service, TargetGroup
from lattice_gateway.engine.units import Units
from tests.laws.engine_making import standard_route, standard_world, with_pods, with_weight
from tests.laws.engine_stage import Stage, until_rest
from tests.laws.test_engine_units import running

ROUTES = 60
PODS = ("10.244.0.1", "10.244.0.2", "10.244.0.9")
LATENCY = 0.05


def the_group(wanted: tuple[Desired, ...]) -> TargetGroup:
    """A group in the middle of all others."""
    return [desired for desired in wanted if isinstance(desired, TargetGroup)][2 * ROUTES]


def seconds_until(stage: Stage, call: str, member: str) -> Callable[[], float]:
    """What is returned tells, once it happened, how long from now a call took to the wire that says ``member``."""
    began = asyncio.get_running_loop().time()
    arrived: list[float] = []

    def note(name: str, number: int) -> None:
        if name == call and member in str(stage.wire.log[number]):
            arrived.append(asyncio.get_running_loop().time() - began)

    stage.wire.before = note
    return lambda: arrived[0]


def seconds_until_registered(stage: Stage, units: Units, group: TargetGroup) -> Callable[[], float]:
    """Edits the group's pods; how long the new one took to the wire."""
    took = seconds_until(stage, "RegisterTargets", "10.244.0.9")
    units.want(with_pods(group, PODS))
    return took


@pytest.fixture(scope="module")
def town() -> Stage:
    """So many routes at rest."""
    stage = Stage(Knobs(quota_target_groups=5000))

    async def scene() -> None:
        units = stage.units()
        async with running(units):
            for desired in standard_world(stage.settings.owner, ROUTES):
                units.want(desired)
            await until_rest(units)

    stage.play(scene)
    return stage


def test_while_everything_is_read_after_a_start_a_pod_waits_for_nobody(town: Stage) -> None:
    stage = town.copy()
    wanted = standard_world(stage.settings.owner, ROUTES)

    async def scene() -> float:
        units = stage.units()
        async with running(units):
            for desired in wanted:
                units.want(desired)
            await asyncio.sleep(LATENCY)
            took = seconds_until_registered(stage, units, the_group(wanted))
            await until_rest(units)
            return took()

    assert stage.play(scene) <= 4 * LATENCY


def test_while_everything_is_verified_after_a_start_new_weights_wait_for_what_they_are_about(town: Stage) -> None:
    stage = town.copy()
    wanted = standard_world(stage.settings.owner, ROUTES)
    service = [desired for desired in wanted if isinstance(desired, Service)][ROUTES // 2]

    async def scene() -> tuple[float, float]:
        units = stage.units()
        async with running(units):
            for desired in wanted:
                units.want(desired, old=True)
            await asyncio.sleep(LATENCY)
            began = asyncio.get_running_loop().time()
            took = seconds_until(stage, "UpdateRule", "'weight': 7")
            units.want(with_weight(service, 7))
            await until_rest(units)
            return took(), asyncio.get_running_loop().time() - began

    took, everything = stage.play(scene)

    assert took <= 15 * LATENCY, "its rules are read one after the other, and its groups"
    assert everything >= 2 * took


def test_while_everything_is_verified_after_a_start_a_new_route_waits_for_nobody(town: Stage) -> None:
    stage = town.copy()

    async def scene() -> float:
        units = stage.units()
        async with running(units):
            for desired in standard_world(stage.settings.owner, ROUTES):
                units.want(desired, old=True)
            await asyncio.sleep(LATENCY)
            took = seconds_until(stage, "CreateTargetGroup", "new")
            for desired in standard_route(stage.settings.owner, "new"):
                units.want(desired)
            await until_rest(units)
            return took()

    assert stage.play(scene) <= 4 * LATENCY


def test_while_other_routes_are_made_a_pod_waits_for_nobody(town: Stage) -> None:
    stage = town.copy()
    wanted = standard_world(stage.settings.owner, ROUTES)

    async def scene() -> float:
        units = stage.units()
        async with running(units):
            for desired in wanted:
                units.want(desired)
            await until_rest(units)
            for number in range(ROUTES):
                for desired in standard_route(stage.settings.owner, f"new{number}"):
                    units.want(desired)
            await asyncio.sleep(LATENCY)
            took = seconds_until_registered(stage, units, the_group(wanted))
            await until_rest(units)
            return took()

    assert stage.play(scene) <= LATENCY


def test_a_unit_that_is_due_to_be_checked_registers_pods_first(town: Stage) -> None:
    stage = town.copy()
    wanted = standard_world(stage.settings.owner, ROUTES)

    async def scene() -> tuple[float, int]:
        units = stage.units()
        async with running(units):
            group = the_group(wanted)
            for desired in wanted:
                units.want(desired)
            await until_rest(units)
            memory = units.mirror.get(group.key)
            assert memory is not None
            due = memory.read_at + stage.settings.resync
            await asyncio.sleep(due + 0.01 - asyncio.get_running_loop().time())
            took = seconds_until_registered(stage, units, group)
            await asyncio.sleep(10)
            after = units.mirror.get(group.key)
            assert after is not None
            return took(), round(after.read_at - due)

    took, checked = stage.play(scene)

    assert took <= LATENCY
    assert 1 <= checked <= 5


def test_pods_that_come_one_after_the_other_do_not_put_off_the_first_reading_for_ever(town: Stage) -> None:
    stage = town.copy()
    wanted = standard_world(stage.settings.owner, ROUTES)

    async def scene() -> float:
        units = stage.units()
        async with running(units):
            for desired in wanted:
                units.want(desired)
            await asyncio.sleep(LATENCY)
            group = the_group(wanted)
            took = seconds_until_registered(stage, units, group)
            for number in range(50):
                await asyncio.sleep(LATENCY / 5)
                units.want(with_pods(group, (*PODS, f"10.244.1.{number}")))
            return took()

    assert stage.play(scene) <= 4 * LATENCY


def test_units_that_begin_together_leave_others_their_turn_in_between() -> None:
    stage = Stage()
    wanted = standard_world(stage.settings.owner, 10)

    async def scene() -> list[int]:
        units = stage.units()
        async with running(units):
            for desired in wanted:
                units.want(desired)
            waiting = [len(units.queue)]
            while waiting[-1]:
                await asyncio.sleep(0)
                waiting.append(len(units.queue))
        return waiting

    waiting = stage.play(scene)

    assert waiting[0] == len(wanted)
    assert max(before - after for before, after in pairwise(waiting)) <= 1
