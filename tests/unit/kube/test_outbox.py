"""Work that nobody waits for, in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable

from structlog.testing import capture_logs

from lattice_gateway.adapters.kube.connect import always
from lattice_gateway.adapters.kube.outbox import WORKERS, Outbox
from tests.laws.engine_stage import LoopClock, play


def work(
    perform: Callable[[str], Awaitable[float | None]],
    scene: Callable[[Outbox[str]], Awaitable[None]],
    may_work: Callable[[], bool] = always,
) -> None:
    """Play a scene while an outbox works."""

    async def whole() -> None:
        outbox: Outbox[str] = Outbox(perform, LoopClock(), may_work)
        task = asyncio.create_task(outbox.run())
        try:
            await scene(outbox)
        finally:
            task.cancel()
            await asyncio.wait([task])

    play(whole)


def test_a_key_put_while_it_is_at_work_runs_once_more_and_never_twice_at_once() -> None:
    running, most, runs = 0, 0, 0

    async def perform(key: str) -> None:
        nonlocal running, most, runs
        running, runs = running + 1, runs + 1
        most = max(most, running)
        await asyncio.sleep(1)
        running -= 1

    async def scene(outbox: Outbox[str]) -> None:
        outbox.put("a")
        await asyncio.sleep(0.5)
        for _ in range(5):
            outbox.put("a")
        await asyncio.sleep(5)
        assert outbox.idle

    work(perform, scene)

    assert (most, runs) == (1, 2)


def test_only_so_many_are_at_work_at_once() -> None:
    running, most = 0, 0

    async def perform(key: str) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(1)
        running -= 1

    async def scene(outbox: Outbox[str]) -> None:
        for number in range(50):
            outbox.put(str(number))
        await asyncio.sleep(50)
        assert outbox.idle

    work(perform, scene)

    assert most == WORKERS


def test_what_did_not_work_is_tried_again_when_it_asks_for_it() -> None:
    times: list[float] = []

    async def perform(key: str) -> float | None:
        times.append(asyncio.get_running_loop().time())
        return 10.0 if len(times) == 1 else None

    async def scene(outbox: Outbox[str]) -> None:
        outbox.put("a")
        await asyncio.sleep(1)
        assert not outbox.idle
        await asyncio.sleep(20)
        assert outbox.idle

    work(perform, scene)

    assert times[1] - times[0] == 10.0


def test_a_key_put_again_does_not_wait_and_one_put_for_later_does() -> None:
    times: list[float] = []

    async def perform(key: str) -> None:
        times.append(asyncio.get_running_loop().time())

    async def scene(outbox: Outbox[str]) -> None:
        start = asyncio.get_running_loop().time()
        outbox.put("a", 100.0)
        await asyncio.sleep(1)
        outbox.put("a")
        await asyncio.sleep(1)
        outbox.put("a")
        outbox.put("a", 30.0)
        await asyncio.sleep(200)
        times[:] = [time - start for time in times]

    work(perform, scene)

    assert times == [1.0, 32.0]


def test_a_bug_in_one_key_is_told_and_stops_no_other() -> None:
    done: list[str] = []

    async def perform(key: str) -> None:
        if key == "bad":
            raise ValueError("odd")
        done.append(key)

    async def scene(outbox: Outbox[str]) -> None:
        for key in ("bad", "good"):
            outbox.put(key)
        await asyncio.sleep(1)
        assert outbox.idle

    with capture_logs() as logs:
        work(perform, scene)

    assert done == ["good"]
    assert [each["key"] for each in logs] == ["bad"]


def test_nothing_runs_on_stand_by_and_everything_does_afterwards() -> None:
    done: list[str] = []
    leads = False

    async def perform(key: str) -> None:
        done.append(key)

    async def scene(outbox: Outbox[str]) -> None:
        nonlocal leads
        for key in ("a", "b", "a"):
            outbox.put(key)
        await asyncio.sleep(100)
        assert done == []
        leads = True
        await asyncio.sleep(2)
        assert outbox.idle

    work(perform, scene, lambda: leads)

    assert sorted(done) == ["a", "b"]


def test_who_begins_to_lead_works_at_once() -> None:
    times: list[float] = []

    async def perform(key: str) -> None:
        times.append(asyncio.get_running_loop().time())

    async def scene(outbox: Outbox[str]) -> None:
        for number in range(2 * WORKERS):
            outbox.put(str(number))
        await asyncio.sleep(100)

    work(perform, scene, lambda: asyncio.get_running_loop().time() >= 50.05)

    assert len(times) == 2 * WORKERS
    assert max(times) < 50.2
