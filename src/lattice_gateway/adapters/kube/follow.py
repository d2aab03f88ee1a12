"""One kind, followed for ever: the thin loop around the state machine of ``watching``."""

import asyncio
from contextlib import aclosing
from random import Random
from typing import Final, Protocol

import structlog

from lattice_gateway.adapters.kube.api import Api, KubeError, KubeFailure
from lattice_gateway.adapters.kube.catalogue import Served
from lattice_gateway.adapters.kube.reading import (
    Bookmark,
    Deleted,
    Put,
    Seen,
    is_read,
    read_item,
    read_line,
    read_page,
    version_of,
)
from lattice_gateway.adapters.kube.watching import (
    Ended,
    Failed,
    Heard,
    Listing,
    News,
    Page,
    Progress,
    Watching,
    pause,
    step,
)
from lattice_gateway.core.objects import Kind
from lattice_gateway.engine.ports import Clock

PAGE: Final = 500
PAGE_OF_PODS: Final = 100
"""Objects asked for at a time; pods are long, and most of them are dropped as soon as they are there."""

BREATH: Final = 25
"""Objects decoded before other tasks may go on; a slice of a hundred endpoints takes a fifth of a millisecond."""

WATCH_SECONDS: Final = 300.0
"""How long a watch is asked to stand, plus up to as much again by chance."""


PATIENCE: Final = 4
"""Failures in a row, over about two seconds, until the absence of a server is worth a word."""


log = structlog.get_logger(__name__)


class Listener(Protocol):
    """Who is told what becomes of a kind."""

    def begins(self, served: Served) -> None:
        """Everything is listed anew from here."""

    def seen(self, served: Served, seen: Seen) -> None:
        """An object as it is now."""

    def deleted(self, served: Served, seen: Seen) -> None:
        """An object is gone."""

    def listed(self, served: Served) -> None:
        """Everything there is was told since ``begins``."""

    def trouble(self, served: Served, error: KubeError | None) -> None:
        """The server cannot be asked; None: it can again."""


class Follower:
    """Lists and watches one kind, from wherever it has to."""

    def __init__(self, served: Served, api: Api, listener: Listener, clock: Clock, random: Random) -> None:
        self._served = served
        self._api = api
        self._listener = listener
        self._clock = clock
        self._random = random
        self._progress = Progress()
        self._read = 0

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            try:
                await self._ask()
            except KubeFailure as failure:
                self._step(Failed(failure.error))
                if failure.error.expired:
                    log.info("listed anew", kind=str(self._served.kind), why=failure.error.message)
                if is_trouble(failure.error, self._progress.failures):
                    self._listener.trouble(self._served, failure.error)
            if self._progress.failures:
                await self._clock.sleep(pause(self._progress, self._random.random()))

    async def _ask(self) -> None:
        """Whatever comes next; raises ``KubeFailure``."""
        match self._progress.state:
            case Listing(token):
                await self._list(token)
            case Watching(version):
                await self._watch(version)

    async def _list(self, token: str) -> None:
        page_size = PAGE_OF_PODS if self._served.kind is Kind.POD else PAGE
        query = {"limit": str(page_size), **({"continue": token} if token else {})}
        page = read_page(await self._api.get(self._served.collection, query))
        self._listener.trouble(self._served, None)
        if not token:
            self._listener.begins(self._served)
        for item in page.items:
            if is_read(item, self._served):
                self._listener.seen(self._served, read_item(item, self._served))
            await self._breathe()
        if not page.token:
            self._listener.listed(self._served)
        self._step(Page(page.token, page.version))

    async def _watch(self, version: str) -> None:
        """One watch until it ends; what was heard before a failure counts."""
        began, seconds = self._clock.now(), WATCH_SECONDS * (1 + self._random.random())
        query = {"resourceVersion": version, "allowWatchBookmarks": "true"}
        async with aclosing(self._api.watch(self._served.collection, query, seconds)) as lines:
            async for together in lines:
                self._listener.trouble(self._served, None)
                for line in together:
                    self._hear(line)
                    await self._breathe()
        self._step(Ended(self._clock.now() - began))

    def _hear(self, line: bytes) -> None:
        """Take in a line; raises ``KubeFailure``."""
        match read_line(line):
            case None:
                return
            case Bookmark(version):
                self._step(Heard(version))
            case Put(item) | Deleted(item) if not is_read(item, self._served):
                self._step(Heard(version_of(item)))
            case Put(item):
                seen = read_item(item, self._served)
                self._listener.seen(self._served, seen)
                self._step(Heard(seen.version))
            case Deleted(item):
                seen = read_item(item, self._served)
                self._listener.deleted(self._served, seen)
                self._step(Heard(seen.version))

    def _step(self, news: News) -> None:
        self._progress = step(self._progress, news)

    async def _breathe(self) -> None:
        self._read += 1
        if self._read % BREATH == 0:
            await asyncio.sleep(0)


def is_trouble(error: KubeError, failures: int) -> bool:
    """Whether a person should hear of it: a refusal at once, a server that is away when it stays away."""
    return (error.lasting and not error.expired) or failures >= PATIENCE
