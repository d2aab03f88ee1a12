"""One connection to a cluster, and everything that works over it.

async with connect(kubeconfig) as kube:
    controller = Controller(source=kube.source, status=kube.status, state=kube.state(owner), ...)
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

from lattice_gateway.adapters.kube.api import Api, MayWrite
from lattice_gateway.adapters.kube.changing import Changer
from lattice_gateway.adapters.kube.client import ACCOUNT, open_client, read_config
from lattice_gateway.adapters.kube.counting import Told, nobody
from lattice_gateway.adapters.kube.events import Recorder
from lattice_gateway.adapters.kube.finalizers import Finalizers
from lattice_gateway.adapters.kube.gates import PodGates
from lattice_gateway.adapters.kube.known import Known
from lattice_gateway.adapters.kube.source import ClusterSource
from lattice_gateway.adapters.kube.state import ClusterState
from lattice_gateway.adapters.kube.writer import ClusterStatus
from lattice_gateway.core.lattice.words import Owner
from lattice_gateway.engine.clock import SystemClock
from lattice_gateway.engine.ports import Clock

GLANCE: Final = 0.02
"""Seconds between two looks of who waits for the writers."""


class Kube:
    """A cluster that is connected. What it hands out works until the connection is closed.

    Each part is made once; the source, the writers and the state share what is known of the objects.
    """

    def __init__(self, *, api: Api, namespace: str, clock: Clock, random: Random, may_write: MayWrite) -> None:
        self.api = api
        self.namespace = namespace
        self.known = Known()
        self._clock = clock
        changer = Changer(api, self.known, may_write)
        self.source = ClusterSource(api, self.known, clock, random)
        self.events = Recorder(api, self.known, clock, random, may_write)
        self.finalizers = Finalizers(
            changer=changer,
            known=self.known,
            herald=self.events,
            clock=clock,
            random=random,
            may_write=may_write,
        )
        self.gates = PodGates(api=api, known=self.known, clock=clock, random=random, may_write=may_write)
        self.status = ClusterStatus(
            changer=changer,
            known=self.known,
            herald=self.events,
            clock=clock,
            random=random,
            may_write=may_write,
        )

    def state(self, owner: Owner) -> ClusterState:
        """The memory of a controller with this identity."""
        return ClusterState(self.known, self.finalizers, owner)

    @property
    def idle(self) -> bool:
        """Whether all that was to be written is written."""
        return self.status.idle and self.finalizers.idle and self.gates.idle and self.events.idle

    async def settled(self, seconds: float) -> bool:
        """Wait until all is written, but not longer than so many seconds; whether it is."""
        deadline = self._clock.now() + seconds
        while not self.idle and self._clock.now() < deadline:
            await self._clock.sleep(GLANCE)
        return self.idle

    async def run(self) -> None:
        """Write until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for each in (self.status, self.finalizers, self.gates, self.events):
                tasks.create_task(each.run())


def always() -> bool:
    """A process that is alone may always write."""
    return True


@asynccontextmanager
async def connect(
    kubeconfig: Path | None = None,
    context: str | None = None,
    *,
    account: Path = ACCOUNT,
    may_write: MayWrite = always,
    told: Told = nobody,
    clock: Clock | None = None,
    random: Random | None = None,
) -> AsyncIterator[Kube]:
    """A cluster: that of the file, else of the pod's service account, else of KUBECONFIG; raises ``NotConfigured``.

    ``context`` None is the current one; ``account`` is the service account's folder. ``may_write`` is asked right
    before each change, ``told`` hears of each request. No request is made before the source is read.
    """
    config = read_config(kubeconfig, context, account)
    async with open_client(config, told) as api:
        kube = Kube(
            api=api,
            namespace=config.namespace,
            clock=clock or SystemClock(),
            random=random or Random(),  # noqa: S311 - jitter, not secrets
            may_write=may_write,
        )
        async with beside(kube.run()):
            yield kube


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Work in the background of a block; if it breaks, the block is cancelled and what broke it is raised.

    Not a ``TaskGroup``: what the block itself raises comes out as it is.
    """
    block = asyncio.current_task()
    task = asyncio.create_task(work)
    broken = False

    def ended(done: asyncio.Task[None]) -> None:
        nonlocal broken
        if block is not None and not done.cancelled() and done.exception() is not None:
            broken = True
            block.cancel()

    task.add_done_callback(ended)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        if broken and block is not None:
            block.uncancel()
        if not task.cancelled():
            task.result()
