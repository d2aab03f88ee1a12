"""A directory is a source like any other."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from lattice_gateway.adapters.files import DirectorySource, NoMemory
from lattice_gateway.adapters.files.reader import EVERYTHING
from lattice_gateway.adapters.files.source import Tick
from lattice_gateway.engine.ports import Source
from tests.contract.sources import *  # noqa: F403 - the suite
from tests.contract.sources import Stage
from tests.unit.files.making import START, write

SOME_TIME = 5.0


class DirectoryStage:
    """Files in a directory; time passes whenever something changes."""

    namespace = "default"

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


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return DirectoryStage(tmp_path / "source")


@pytest.fixture
def lenient(stage: Stage) -> Stage:
    return stage
