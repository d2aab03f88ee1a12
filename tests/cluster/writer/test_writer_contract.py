"""A cluster is a writer of statuses like any other; the suite is that of ``tests/contract``."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

import pytest

from lattice_gateway.adapters.kube.changing import Changer
from lattice_gateway.adapters.kube.client import Client, open_client, read_config
from lattice_gateway.adapters.kube.connect import always
from lattice_gateway.adapters.kube.known import Known
from lattice_gateway.adapters.kube.source import ClusterSource
from lattice_gateway.adapters.kube.writer import ClusterStatus
from lattice_gateway.engine.clock import SystemClock
from lattice_gateway.engine.keeping import NoHerald
from tests.cluster.control_plane import ControlPlane
from tests.cluster.source.making import a_route, route_ref
from tests.cluster.source.reader import reading, until
from tests.contract.status_writers import *  # noqa: F403 - the suite
from tests.contract.status_writers import WriterStage

pytestmark = pytest.mark.cluster


@pytest.fixture
async def stage(control_plane: ControlPlane, as_controller: Path, namespace: str) -> AsyncIterator[WriterStage]:
    control_plane.admin.create(a_route(namespace, "one"))
    config = read_config(as_controller, None)
    async with open_client(config) as api, AsyncExitStack() as stack:
        writer = await _writer(api, stack)

        async def settle() -> None:
            await until("everything is written", lambda: writer.idle)

        async def again() -> ClusterStatus:
            return await _writer(api, stack)

        yield WriterStage(writer=writer, ref=route_ref(namespace, "one"), settle=settle, again=again)


async def _writer(api: Client, stack: AsyncExitStack) -> ClusterStatus:
    """A writer at work that knows everything."""
    known, clock = Known(), SystemClock()
    reader = await stack.enter_async_context(reading(ClusterSource(api, known, clock, Random(1))))
    await until("everything is read", lambda: reader.complete)
    writer = ClusterStatus(
        changer=Changer(api, known, always),
        known=known,
        herald=NoHerald(),
        clock=clock,
        random=Random(1),
        may_write=always,
    )
    working = asyncio.create_task(writer.run())
    stack.callback(working.cancel)
    return writer
