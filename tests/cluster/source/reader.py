"""Reads a source of the product as the engine does, and remembers what it told."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

from lattice_gateway.adapters.kube.client import open_client, read_config
from lattice_gateway.adapters.kube.known import Known
from lattice_gateway.adapters.kube.source import ClusterSource
from lattice_gateway.core.objects import Kind, Object, Ref
from lattice_gateway.engine.clock import SystemClock
from lattice_gateway.engine.feed import Batch, Problem
from lattice_gateway.engine.ports import Source


class Reader:
    """What a source told so far."""

    def __init__(self) -> None:
        self.objects: dict[Ref, Object] = {}
        self.gone: list[Ref] = []
        self.undecodable: list[Ref] = []
        self.problems: tuple[Problem, ...] = ()
        self.batches = 0
        self.told = 0
        self.complete = False

    def take(self, batch: Batch) -> None:
        self.batches += 1
        self.told += len(batch.puts)
        self.complete = self.complete or batch.complete
        self.problems = batch.problems
        self.undecodable.extend(each.ref for each in batch.undecodable)
        for thing in batch.puts:
            self.objects[thing.ref] = thing
        for ref in batch.gone:
            self.objects.pop(ref, None)
            self.gone.append(ref)

    def of(self, kind: Kind) -> set[str]:
        return {ref.name for ref in self.objects if ref.kind is kind}

    def says(self, words: str) -> bool:
        return any(words in str(problem) for problem in self.problems)


async def until(what: str, holds: Callable[[], bool], within: float = 20.0) -> None:
    """Wait while others work; an AssertionError that says ``what`` after ``within`` seconds."""
    try:
        async with asyncio.timeout(within):
            while not holds():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"not within {within:g} s: {what}") from None


@asynccontextmanager
async def reading(source: Source) -> AsyncIterator[Reader]:
    """A reader at work; it has read everything once."""
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
async def cluster_source(kubeconfig: Path) -> AsyncIterator[tuple[ClusterSource, Known]]:
    """A source for the cluster of a kubeconfig, and what it knows."""
    known = Known()
    async with open_client(read_config(kubeconfig, None)) as api:
        yield ClusterSource(api, known, SystemClock(), Random(1)), known
