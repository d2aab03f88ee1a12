"""Reads a source of the product as the engine does, and remembers what it told."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from lattice_gateway.adapters.kube import Kube, connect
from lattice_gateway.core.objects import Kind, Object, Ref
from lattice_gateway.engine.feed import Batch, Problem
from lattice_gateway.engine.ports import Source


class Reader:
    """What a source told so far."""

    def __init__(self) -> None:
        self.objects: dict[Ref, Object] = {}
        self.gone: list[Ref] = []
        self.undecodable: list[Ref] = []
        self.problems: tuple[Problem, ...] = ()
        self.heard: list[str] = []
        self.told = 0
        self.complete = False

    def take(self, batch: Batch) -> None:
        self.told += len(batch.puts)
        self.complete = self.complete or batch.complete
        self.problems = batch.problems
        self.heard.extend(map(str, batch.problems))
        self.undecodable.extend(each.ref for each in batch.undecodable)
        for thing in batch.puts:
            self.objects[thing.ref] = thing
        for ref in batch.gone:
            self.objects.pop(ref, None)
            self.gone.append(ref)

    def of(self, kind: Kind, namespace: str) -> set[str]:
        return {ref.name for ref in self.objects if ref.kind is kind and ref.namespace == namespace}

    def says(self, words: str) -> bool:
        return any(words in str(problem) for problem in self.problems)


async def until(what: str, holds: Callable[[], bool], within: float = 20.0) -> None:
    """Wait while others work; an AssertionError that says ``what`` after ``within`` seconds."""
    try:
        async with asyncio.timeout(within):
            while not holds():  # noqa: ASYNC110 - other processes set no event
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"not within {within:g} s: {what}") from None


@asynccontextmanager
async def reading(source: Source) -> AsyncIterator[Reader]:
    """A reader at work."""
    reader = Reader()

    async def read() -> None:
        async for batch in source.changes():
            reader.take(batch)

    task = asyncio.create_task(read())
    try:
        yield reader
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()


@asynccontextmanager
async def cluster(kubeconfig: Path) -> AsyncIterator[tuple[Kube, Reader]]:
    """The cluster of a kubeconfig, read once as a whole, and a reader that goes on."""
    async with connect(kubeconfig) as kube, reading(kube.source) as reader:
        await until("everything is read", lambda: reader.complete)
        yield kube, reader
