"""The source as the engine sees it: readings when files change, and some without a notice."""

import asyncio
import time
from collections.abc import AsyncGenerator
from pathlib import Path

from lattice_gateway.adapters.files import DirectorySource, NoMemory
from lattice_gateway.adapters.files.reader import EVERYTHING
from lattice_gateway.adapters.files.source import Quiet, Tick, watch
from lattice_gateway.engine.feed import Batch
from tests.unit.files.making import START, route, service, write


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.second = 0.0

    def now(self) -> float:
        return self.second

    def wall(self) -> float:
        return START.timestamp() + self.second


class Ticks:
    """Notices that a test gives, one by one; each waits until the one before was answered."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._given: asyncio.Queue[tuple[float, Tick]] = asyncio.Queue()

    def give(self, *notices: tuple[float, Tick]) -> None:
        for notice in notices:
            self._given.put_nowait(notice)

    async def __call__(self, _: Path) -> AsyncGenerator[Tick, None]:
        while True:
            self._clock.second, tick = await self._given.get()
            yield tick


def names(batch: Batch) -> tuple[list[str], list[str]]:
    return [thing.ref.name for thing in batch.puts], [ref.name for ref in batch.gone]


async def test_a_notice_leads_to_a_reading(tmp_path: Path) -> None:
    clock = Clock()
    ticks = Ticks(clock)
    write(tmp_path, x=route("one"))
    batches = DirectorySource(tmp_path, NoMemory(), clock, ticks=ticks).changes()
    first = await anext(batches)

    write(tmp_path, x=route("one", 90))
    ticks.give((1, EVERYTHING))
    second = await anext(batches)

    assert [names(batch) for batch in (first, second)] == [(["one"], []), (["one"], [])]


async def test_a_removal_needs_no_second_notice(tmp_path: Path) -> None:
    clock = Clock()
    ticks = Ticks(clock)
    write(tmp_path, x=route("one"), y=service("rooms"))
    batches = DirectorySource(tmp_path, NoMemory(), clock, ticks=ticks).changes()
    await anext(batches)

    (tmp_path / "x.yaml").unlink()
    ticks.give((10, EVERYTHING), (10.5, Quiet()), (11, Quiet()))
    batch = await anext(batches)

    assert names(batch) == ([], ["one"])
    assert clock.second == 11


async def test_a_change_without_a_notice_is_found_all_the_same(tmp_path: Path) -> None:
    clock = Clock()
    ticks = Ticks(clock)
    write(tmp_path, x=route("one"))
    batches = DirectorySource(tmp_path, NoMemory(), clock, ticks=ticks).changes()
    await anext(batches)

    write(tmp_path, y=route("two"))
    ticks.give((1, Quiet()), (2, Quiet()), (11, Quiet()))

    assert names(await anext(batches)) == (["two"], [])


async def test_an_edit_is_told_quickly(tmp_path: Path) -> None:
    write(tmp_path, x=route("one", 50))
    clock = Clock()
    batches = DirectorySource(tmp_path, NoMemory(), clock).changes()
    await anext(batches)
    following = asyncio.ensure_future(anext(batches))
    await asyncio.sleep(0.05)

    write(tmp_path, x=route("one", 90))
    began = time.perf_counter()
    async with asyncio.timeout(5):
        batch = await following

    assert names(batch) == (["one"], [])
    assert time.perf_counter() - began < 2
    await batches.aclose()  # type: ignore[attr-defined]  # an async generator


async def test_a_directory_that_appears_is_noticed(tmp_path: Path) -> None:
    root = tmp_path / "later"
    ticks = watch(root)
    assert await anext(ticks) == EVERYTHING

    write(root, x=route("one"))
    async with asyncio.timeout(5):
        while isinstance(await anext(ticks), Quiet):
            pass

    await ticks.aclose()
