"""Who leaves first where the wire is full, in virtual time."""

import asyncio

import pytest

from lattice_gateway.engine.gate import Urgency
from lattice_gateway.engine.wire import IN_FLIGHT, ROOM, Wire
from tests.laws.engine_stage import play


async def request(wire: Wire, urgency: Urgency, left: list[Urgency]) -> None:
    await wire.enter(urgency)
    left.append(urgency)
    try:
        await asyncio.sleep(1)
    finally:
        wire.leave()


@pytest.mark.parametrize("urgency", Urgency)
def test_of_what_can_wait_only_so_many_are_under_way(urgency: Urgency) -> None:
    async def scene() -> int:
        wire, left = Wire(), list[Urgency]()
        async with asyncio.TaskGroup() as tasks:
            for _ in range(2 * IN_FLIGHT):
                tasks.create_task(request(wire, urgency, left))
            await asyncio.sleep(0.5)
            return len(left)

    assert play(scene) == ROOM[urgency]


def test_what_is_urgent_leaves_at_once_however_many_wait() -> None:
    async def scene() -> list[Urgency]:
        wire, left = Wire(), list[Urgency]()
        async with asyncio.TaskGroup() as tasks:
            for _ in range(500):
                tasks.create_task(request(wire, Urgency.CHANGE, left))
            await asyncio.sleep(0.5)
            tasks.create_task(request(wire, Urgency.TARGETS, left))
            await asyncio.sleep(0.1)
            return left[ROOM[Urgency.CHANGE] :]

    assert play(scene) == [Urgency.TARGETS]


def test_the_urgent_leave_before_those_who_came_earlier() -> None:
    async def scene() -> list[Urgency]:
        wire, left = Wire(), list[Urgency]()
        async with asyncio.TaskGroup() as tasks:
            for _ in range(ROOM[Urgency.TARGETS]):
                tasks.create_task(request(wire, Urgency.TARGETS, left))
            await asyncio.sleep(0)
            for urgency in reversed(Urgency):
                tasks.create_task(request(wire, urgency, left))
        return left[ROOM[Urgency.TARGETS] :]

    assert play(scene) == sorted(Urgency)


def test_who_gives_up_takes_no_place() -> None:
    async def scene() -> int:
        wire, left = Wire(), list[Urgency]()
        tasks = [asyncio.create_task(request(wire, Urgency.UPKEEP, left)) for _ in range(3 * IN_FLIGHT)]
        await asyncio.sleep(0.5)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        left.clear()
        async with asyncio.timeout(1.5), asyncio.TaskGroup() as group:
            for _ in range(ROOM[Urgency.UPKEEP]):
                group.create_task(request(wire, Urgency.UPKEEP, left))
        return len(left)

    assert play(scene) == ROOM[Urgency.UPKEEP]


def test_who_is_cancelled_in_the_moment_of_his_turn_passes_it_on() -> None:
    async def scene() -> list[Urgency]:
        wire, left = Wire(), list[Urgency]()
        first = [asyncio.create_task(request(wire, Urgency.UPKEEP, left)) for _ in range(ROOM[Urgency.UPKEEP])]
        await asyncio.sleep(0.5)
        unlucky = asyncio.create_task(wire.enter(Urgency.UPKEEP))
        await asyncio.sleep(0)
        next_one = asyncio.create_task(request(wire, Urgency.UPKEEP, left))
        await asyncio.sleep(0)
        wire.leave()
        unlucky.cancel()
        await asyncio.sleep(0.1)
        for task in (*first, next_one):
            task.cancel()
        await asyncio.wait([*first, next_one, unlucky])
        return left[ROOM[Urgency.UPKEEP] :]

    assert play(scene) == [Urgency.UPKEEP]
