"""Fixtures of the process tests: a stage for a test or a module, and a shop that is already open."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType

import aiohttp
import pytest
import pytest_asyncio

from tests.process.manifests import BASE, route, text_of
from tests.process.shop import MOVING, STEADY, Shop, moving
from tests.process.stage import Stage, put

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here starts whole processes."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.process)


@asynccontextmanager
async def a_stage(root: Path) -> AsyncIterator[Stage]:
    """A stage, closed at the end."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        stage = Stage(root, session)
        try:
            yield stage
        finally:
            await stage.close()


@pytest_asyncio.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A stage for one test."""
    async with a_stage(tmp_path) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole_shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    """Emulator and controller that the tests of a module share; the route ``steady`` is in place."""
    async with a_stage(tmp_path_factory.mktemp("shop")) as made:
        yield await open_shop(made)


@pytest_asyncio.fixture(loop_scope="module")
async def shop(whole_shop: Shop) -> AsyncIterator[Shop]:
    """The shop of the module; what a test left in its source is taken out."""
    yield whole_shop
    await whole_shop.tidy()


async def open_shop(stage: Stage, *options: str, extra: Mapping[str, str] = MappingProxyType({})) -> Shop:
    """A shop with its routes in place; ``options`` and variables of the environment are the controller's."""
    source = stage.root / "one/source"
    put(source / "base.yaml", text_of(*BASE, route(STEADY)))
    put(source / f"{MOVING}.yaml", text_of(moving()))
    emulator = await stage.emulator()
    controller = await stage.controller(emulator.url, *options, extra=extra)
    await controller.built(STEADY, MOVING)
    return Shop(stage, emulator, controller)
