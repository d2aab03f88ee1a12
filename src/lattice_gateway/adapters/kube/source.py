"""The API server as a source of objects.

In: an API server. Out: batches, of which the first tells everything. One follower for each installed kind; which kinds
are installed is looked up again at times, and at once when one is missed.
"""

import asyncio
from asyncio import TaskGroup
from collections.abc import AsyncIterator
from dataclasses import replace
from random import Random
from typing import Final

from lattice_gateway.adapters.kube.api import Api, KubeFailure
from lattice_gateway.adapters.kube.catalogue import Catalogue, Served, discover, look_again, missing, with_births
from lattice_gateway.adapters.kube.follow import Follower
from lattice_gateway.adapters.kube.intake import Intake
from lattice_gateway.adapters.kube.known import Known
from lattice_gateway.core.objects import Kind
from lattice_gateway.engine.feed import Batch
from lattice_gateway.engine.ports import Clock

LOOK_AGAIN: Final = 30.0
WHILE_MISSING: Final = 3.0
WHILE_UNANSWERED: Final = 1.0
"""Seconds between two looks at the kinds: with nothing amiss, with required ones missing, without an answer."""

SECOND_LOOK: Final = 1.0
"""Seconds after which a kind that seems to be gone is looked for again."""

AT_LEAST: Final = 0.3
"""Seconds between two looks, whatever is missed."""


class ClusterSource:
    """Objects of a cluster. Implements ``Source``; ``changes`` is for one reader."""

    def __init__(self, api: Api, known: Known, clock: Clock, random: Random) -> None:
        self._api = api
        self._clock = clock
        self._random = random
        self._intake = Intake(known, clock)
        self._followers: dict[Kind, tuple[Served, asyncio.Task[None]]] = {}

    @property
    def forbidden(self) -> frozenset[Kind]:
        """Installed kinds that the role cannot read; ReferenceGrants among them are then not enforced."""
        return self._intake.forbidden

    async def changes(self) -> AsyncIterator[Batch]:
        """Batches without end; the first complete one tells everything that is in force, earlier ones only problems."""
        working = asyncio.create_task(self._work())
        working.add_done_callback(lambda _: self._intake.news.set())
        try:
            while True:
                await self._intake.news.wait()
                if working.done():
                    working.result()
                if batch := self._intake.batch():
                    yield batch
        finally:
            working.cancel()
            await asyncio.wait([working])

    async def _work(self) -> None:
        async with TaskGroup() as tasks:
            tasks.create_task(self._confirm())
            while True:
                wait = await self._look(tasks)
                await self._clock.sleep(AT_LEAST)
                await _within(wait, self._intake.missed)

    async def _look(self, tasks: TaskGroup) -> float:
        """Look which kinds there are and follow them; seconds until the next look."""
        self._intake.missed.clear()
        try:
            found = await self._discover()
        except KubeFailure as failure:
            self._intake.undiscovered(failure.error)
            return WHILE_UNANSWERED
        self._intake.installed(found)
        self._follow(found, tasks)
        return WHILE_MISSING if missing(found) else LOOK_AGAIN * (0.5 + self._random.random())

    async def _discover(self) -> Catalogue:
        """The kinds that there are; one that was there a moment ago is missed twice before it counts as gone."""
        found = await discover(self._api)
        if not self._followers.keys() <= found.keys():
            await self._clock.sleep(SECOND_LOOK)
            found = await discover(self._api)
        return await with_births(self._api, found)

    def _follow(self, found: Catalogue, tasks: TaskGroup) -> None:
        """Follow exactly the kinds that there are."""
        for kind, (served, task) in tuple(self._followers.items()):
            if kind not in found or _place(found[kind]) != _place(served):
                task.cancel()
                del self._followers[kind]
        for kind, served in found.items():
            if kind not in self._followers:
                follower = Follower(served, self._api, self._intake, self._clock, self._random)
                self._followers[kind] = (served, tasks.create_task(follower.run()))

    async def _confirm(self) -> None:
        """Ask whether kinds are still there of which objects are being deleted."""
        while True:
            await self._intake.doubts.wait()
            self._intake.doubts.clear()
            while (due := self._intake.next_doubt()) is not None:
                await self._clock.sleep(max(0.0, due - self._clock.now()))
                for served in self._intake.doubted():
                    await self._look_at(served)

    async def _look_at(self, served: Served) -> None:
        asked = self._clock.now()
        try:
            now = await look_again(self._api, served)
        except KubeFailure:
            await self._clock.sleep(WHILE_UNANSWERED)
        else:
            self._intake.looked(served, now, asked)


def _place(served: Served) -> Served:
    """What of a kind makes a follower another one."""
    return replace(served, leaving=False, has_status=False)


async def _within(seconds: float, event: asyncio.Event) -> None:
    """Wait for the event, but not longer than so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
