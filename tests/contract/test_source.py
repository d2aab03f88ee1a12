"""What the engine relies on from every source of objects.

A stage puts manifests in front of a source; the suite is the same for each kind of source.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Protocol

import pytest

from lattice_gateway.adapters.files import DirectorySource, NoMemory
from lattice_gateway.adapters.files.reader import EVERYTHING
from lattice_gateway.adapters.files.source import Tick
from lattice_gateway.core.objects import Kind, Object, Ref
from lattice_gateway.engine.feed import Batch
from lattice_gateway.engine.ports import Source
from tests.unit.files.making import START, route, service, write

SOME_TIME = 5.0


class Stage(Protocol):
    """The side of a source that the world sees."""

    source: Source

    def put(self, name: str, manifest: str) -> None:
        """An object appears or changes."""

    def remove(self, name: str) -> None:
        """An object is taken away for good."""


class DirectoryStage:
    """Files in a directory; time passes whenever something changes."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._second = 0.0
        self._notices: asyncio.Queue[Tick] = asyncio.Queue()
        root.mkdir()
        self.source: Source = DirectorySource(root, NoMemory(), self, ticks=self._ticks)

    def now(self) -> float:
        self._second += SOME_TIME
        return self._second

    def wall(self) -> float:
        return START.timestamp() + self._second

    def put(self, name: str, manifest: str) -> None:
        write(self._root, **{name: manifest})
        self._notices.put_nowait(EVERYTHING)

    def remove(self, name: str) -> None:
        (self._root / f"{name}.yaml").unlink()
        for _ in range(2):
            self._notices.put_nowait(EVERYTHING)

    async def _ticks(self, _: Path) -> AsyncGenerator[Tick, None]:
        while True:
            yield await self._notices.get()


@pytest.fixture(params=[DirectoryStage])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    made: Stage = request.param(tmp_path / "source")
    return made


async def until(batches: AsyncIterator[Batch], ref: Ref) -> Batch:
    """The next batch that says something of ``ref``."""
    async with asyncio.timeout(10):
        async for batch in batches:
            if ref in batch.gone or any(each.ref == ref for each in (*batch.puts, *batch.undecodable)):
                return batch
    raise AssertionError("the source ended")


def only(batch: Batch) -> Object:
    (thing,) = batch.puts
    return thing


ONE = Ref(Kind.HTTP_ROUTE, "default", "one")


async def test_what_is_there_at_the_start_is_told_and_complete(stage: Stage) -> None:
    stage.put("a", route("one"))
    stage.put("b", service("rooms"))

    batch = await until(stage.source.changes(), ONE)

    assert {thing.ref for thing in batch.puts} == {ONE, Ref(Kind.SERVICE, "default", "rooms")}
    assert batch.complete


async def test_an_object_has_a_time_of_creation_and_a_generation(stage: Stage) -> None:
    stage.put("a", route("one"))

    metadata = only(await until(stage.source.changes(), ONE)).metadata

    assert metadata.generation == 1
    assert metadata.creation_timestamp is not None


async def test_a_changed_object_is_told_alone_with_a_higher_generation(stage: Stage) -> None:
    stage.put("a", route("one"))
    stage.put("b", service("rooms"))
    batches = stage.source.changes()
    await until(batches, ONE)

    stage.put("a", route("one", 90))

    assert only(await until(batches, ONE)).metadata.generation == 2


async def test_a_removed_object_is_told_as_gone(stage: Stage) -> None:
    stage.put("a", route("one"))
    stage.put("b", service("rooms"))
    batches = stage.source.changes()
    await until(batches, ONE)

    stage.remove("a")

    assert (await until(batches, ONE)).gone == (ONE,)


async def test_an_object_that_cannot_be_read_hides_no_other(stage: Stage) -> None:
    stage.put("a", route("one", -1))
    stage.put("b", route("two"))

    batch = await until(stage.source.changes(), ONE)

    assert [each.ref for each in batch.undecodable] == [ONE]
    assert only(batch).ref.name == "two"
    assert [problem.ref for problem in batch.problems] == [ONE]


async def test_an_object_that_becomes_unreadable_is_not_gone(stage: Stage) -> None:
    stage.put("a", route("one"))
    stage.put("b", route("two"))
    batches = stage.source.changes()
    await until(batches, ONE)

    stage.put("a", route("one", -1))
    stage.put("b", route("two", 5))
    later = await until(batches, Ref(Kind.HTTP_ROUTE, "default", "two"))

    assert later.gone == ()
    assert [problem.ref for problem in later.problems] == [ONE]
