"""A cluster of objects as a source in memory, and the controller on a stage."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

import yaml
from prometheus_client import CollectorRegistry

from lattice_gateway.core.objects import Object, Ref, decode
from lattice_gateway.core.objects.refs import Kind
from lattice_gateway.engine.controller import Controller
from lattice_gateway.engine.feed import Batch, Problem, Undecodable
from lattice_gateway.engine.metrics import Metrics
from lattice_gateway.engine.ports import Source
from tests.laws.engine_stage import LoopClock, Stage

LAUNCH_POST = Path(__file__).parents[2] / "examples" / "launch-post"
BEGINNING = "2024-01-01T00:00:00Z"
Raw = dict[str, Any]


def launch_post() -> list[Raw]:
    """The objects of the example that are ours to read."""
    documents = [each for file in sorted(LAUNCH_POST.glob("*.yaml")) for each in yaml.safe_load_all(file.read_text())]
    return [each for each in documents if each and each["kind"] not in {"Deployment", "ServiceAccount"}]


class Cluster:
    """Objects that somebody edits; a ``Source``."""

    def __init__(self, objects: list[Raw]) -> None:
        self.objects: dict[Ref, Raw] = {}
        self._batches: asyncio.Queue[Batch] = asyncio.Queue()
        for raw in objects:
            self._take(raw)

    async def changes(self) -> AsyncIterator[Batch]:
        self._batches = asyncio.Queue()
        yield Batch(puts=tuple(self._decoded(raw) for raw in self.objects.values()), complete=True)
        while True:
            yield await self._batches.get()

    def put(self, raw: Raw) -> None:
        """Apply an object; the generation counts its edits."""
        self._take(raw)
        self._send(puts=(self._decoded(raw),))

    def edit(self, kind: Kind, name: str, change: Callable[[Raw], None]) -> None:
        """Change an object in place."""
        raw = deepcopy(self.objects[Ref(kind, "default", name)])
        change(raw)
        raw["metadata"]["generation"] += 1
        self.put(raw)

    def delete(self, *refs: Ref) -> None:
        """Take objects away."""
        for ref in refs:
            del self.objects[ref]
        self._send(gone=refs)

    def garble(self, ref: Ref) -> None:
        """Make an object unreadable."""
        self._send(undecodable=(Undecodable(ref, Problem(file="f.yaml", message="garbled")),))

    def refs(self, *kinds: Kind) -> list[Ref]:
        return [ref for ref in self.objects if ref.kind in kinds]

    def _take(self, raw: Raw) -> None:
        metadata = raw["metadata"]
        metadata.setdefault("creationTimestamp", BEGINNING)
        metadata.setdefault("generation", 1)
        if raw["kind"] not in {"GatewayClass", "Namespace"}:
            metadata.setdefault("namespace", "default")
        self.objects[self._decoded(raw).ref] = raw

    def _decoded(self, raw: Mapping[str, Any]) -> Object:
        found = decode(raw)
        assert hasattr(found, "ref"), found
        return found

    def _send(self, **parts: Any) -> None:
        self._batches.put_nowait(Batch(complete=True, **parts))


class Statuses:
    """A status writer in memory."""

    def __init__(self) -> None:
        self.statuses: dict[Ref, Mapping[str, Any]] = {}
        self.written = 0

    def previous(self, ref: Ref) -> Mapping[str, Any] | None:
        return self.statuses.get(ref)

    def write(self, ref: Ref, status: Mapping[str, Any]) -> bool:
        self.written += self.statuses.get(ref) != status
        self.statuses[ref] = status
        return True

    def remove(self, ref: Ref) -> None:
        self.statuses.pop(ref, None)

    def write_problems(self, problems: tuple[Problem, ...]) -> bool:
        return bool(problems)


def process(stage: Stage, cluster: Source, **parts: Any) -> Controller:
    """A new process of the controller; ``parts`` are arguments of ``Controller`` that are not the usual ones."""
    stage.starts += 1
    usual = {
        "settings": stage.settings,
        "source": cluster,
        "state": stage.memory,
        "status": Statuses(),
        "lattice": stage.lattice(),
        "clock": LoopClock(),
        "random": Random(stage.starts),
        "process": f"process {stage.starts}",
        "metrics": Metrics(CollectorRegistry()),
    }
    return Controller(**{**usual, **parts})


def play_controller(
    stage: Stage,
    cluster: Cluster,
    scene: Callable[[Controller], Awaitable[Any]],
    statuses: Statuses | None = None,
) -> Any:
    """Run a scene while a new process of the controller works; at its end the process is stopped as by SIGTERM."""

    async def whole() -> Any:
        controller = process(stage, cluster, status=statuses or Statuses())
        running = asyncio.create_task(controller.run())
        try:
            return await scene(controller)
        finally:
            controller.stop()
            await running

    return stage.play(whole)


def play_and_kill(stage: Stage, cluster: Source, scene: Callable[[Controller], Awaitable[Any]], **parts: Any) -> Any:
    """Run a scene while a new process works; at its end the process is gone as by SIGKILL."""

    async def whole() -> Any:
        controller = process(stage, cluster, **parts)
        running = asyncio.create_task(controller.run())
        try:
            return await scene(controller)
        finally:
            running.cancel()
            await asyncio.wait([running])

    return stage.play(whole)


async def rest(controller: Controller, longest: float = 3600.0) -> None:
    """Let the source be read, then wait until the controller is at rest."""
    await asyncio.sleep(0.1)
    async with asyncio.timeout(longest):
        await controller.converged()
