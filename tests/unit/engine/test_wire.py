"""Who leaves first where the wire is full, in virtual time."""

import asyncio

import pytest

from lattice_gateway.engine.gate import Urgency
from lattice_gateway.engine.wire import IN_FLIGHT, LEAST, MOST, USUAL, Wire, room
from tests.laws.engine_stage import play


async def request(wire: Wire, urgency: Urgency, left: list[Urgency]) -> None:
    entered = await wire.enter(urgency)
    left.append(urgency)
    try:
        await asyncio.sleep(1)
    finally:
        wire.leave(entered)


@pytest.mark.parametrize("urgency", Urgency)
def test_of_what_can_wait_only_so_many_are_under_way(urgency: Urgency) -> None:
    async def scene() -> int:
        wire, left = Wire(), list[Urgency]()
        async with asyncio.TaskGroup() as tasks:
            for _ in range(2 * IN_FLIGHT):
                tasks.create_task(request(wire, urgency, left))
            await asyncio.sleep(0.5)
            return len(left)

    assert play(scene) == room(urgency, USUAL)


@pytest.mark.parametrize(
    ("took", "places"),
    [
        pytest.param(0.1, 8, id="slow"),
        pytest.param(0.2, 16, id="slower: more places make as many answers a second"),
        pytest.param(0.002, LEAST, id="at once"),
        pytest.param(9.0, MOST, id="hardly ever"),
    ],
)
def test_the_slower_aws_answers_the_more_may_be_under_way(took: float, places: int) -> None:
    assert room(Urgency.CHANGE, took) == places
    assert room(Urgency.TARGETS, took) == IN_FLIGHT


def test_what_is_verified_after_a_start_gets_more_places_than_what_is_made() -> None:
    assert room(Urgency.VERIFICATION, USUAL) > room(Urgency.CHANGE, USUAL)


def test_behind_a_change_nothing_leaves_that_is_no_more_urgent() -> None:
    async def scene() -> int:
        wire, left = Wire(), list[Urgency]()
        many, few = room(Urgency.VERIFICATION, USUAL), room(Urgency.CHANGE, USUAL)
        async with asyncio.TaskGroup() as tasks:
            entered = [await wire.enter(Urgency.VERIFICATION) for _ in range(few)]
            change = tasks.create_task(wire.enter(Urgency.CHANGE))
            await asyncio.sleep(0)
            for _ in range(many):
                tasks.create_task(request(wire, Urgency.VERIFICATION, left))
            await asyncio.sleep(USUAL)
            assert not change.done()
            before = len(left)
            wire.leave(entered[0])
            await asyncio.sleep(0)
            wire.leave(await change)
        return before

    assert play(scene) == 0


def test_how_long_an_answer_takes_is_measured() -> None:
    async def scene() -> int:
        wire, left = Wire(), list[Urgency]()
        async with asyncio.TaskGroup() as tasks:
            for _ in range(2000):
                tasks.create_task(request(wire, Urgency.CHANGE, left))
            await asyncio.sleep(50.5)
            before = len(left)
            await asyncio.sleep(1)
            return len(left) - before

    assert play(scene) == MOST, "each takes a second"


def test_what_is_urgent_leaves_at_once_however_many_wait() -> None:
    async def scene() -> list[Urgency]:
        wire, left = Wire(), list[Urgency]()
        async with asyncio.TaskGroup() as tasks:
            for _ in range(500):
                tasks.create_task(request(wire, Urgency.CHANGE, left))
            await asyncio.sleep(0.5)
            tasks.create_task(request(wire, Urgency.TARGETS, left))
            await asyncio.sleep(0.1)
            return left[room(Urgency.CHANGE, USUAL) :]

    assert play(scene) == [Urgency.TARGETS]


def test_the_urgent_leave_before_those_who_came_earlier() -> None:
    async def scene() -> list[Urgency]:
        wire, left = Wire(), list[Urgency]()
        async with asyncio.TaskGroup() as tasks:
            for _ in range(IN_FLIGHT):
                tasks.create_task(request(wire, Urgency.TARGETS, left))
            await asyncio.sleep(0)
            for urgency in reversed(Urgency):
                tasks.create_task(request(wire, urgency, left))
        return left[IN_FLIGHT:]

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
            for _ in range(room(Urgency.UPKEEP, USUAL)):
                group.create_task(request(wire, Urgency.UPKEEP, left))
        return len(left)

    assert play(scene) == room(Urgency.UPKEEP, USUAL)


def test_who_is_cancelled_in_the_moment_of_his_turn_passes_it_on() -> None:
    async def scene() -> list[Urgency]:
        wire, left = Wire(), list[Urgency]()
        entered = [await wire.enter(Urgency.UPKEEP) for _ in range(room(Urgency.UPKEEP, USUAL))]
        unlucky = asyncio.create_task(wire.enter(Urgency.UPKEEP))
        await asyncio.sleep(0)
        next_one = asyncio.create_task(request(wire, Urgency.UPKEEP, left))
        await asyncio.sleep(USUAL)
        wire.leave(entered[0])
        unlucky.cancel()
        await asyncio.sleep(0.1)
        next_one.cancel()
        await asyncio.wait([next_one, unlucky])
        return left

    assert play(scene) == [Urgency.UPKEEP]
