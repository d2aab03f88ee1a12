"""A cluster in memory whose objects have finalizers, and whose controller remembers nothing but what they tell."""

import asyncio
from collections.abc import Awaitable, Callable
from copy import deepcopy
from typing import Any, cast

from prometheus_client import CollectorRegistry

from lattice_gateway.adapters.kube.finalizers import Finalizers
from lattice_gateway.adapters.kube.known import Known
from lattice_gateway.adapters.kube.reading import Seen
from lattice_gateway.adapters.kube.state import ClusterState
from lattice_gateway.core.objects import Ref
from lattice_gateway.core.objects.finalizers import FINALIZERS
from lattice_gateway.core.report.happenings import Happening
from lattice_gateway.engine.controller import Controller
from lattice_gateway.engine.metrics import Metrics
from tests.laws.engine_cluster import Cluster, Raw, Statuses, play_and_kill
from tests.laws.engine_stage import Stage

LEAVING = "2024-01-02T00:00:00Z"


class FinalizedCluster(Cluster):
    """Objects vanish when they are deleted and nobody holds them; holds and releases as an API server would.

    ``answers_after`` are the seconds that a finalizer takes to be written.
    """

    def __init__(self, objects: list[Raw]) -> None:
        self.known = Known()
        self.answers_after = 0.0
        self._told: list[Callable[[Ref], None]] = []
        self.statuses = Statuses()
        super().__init__(objects)
        for raw in objects:
            self._show(raw)

    def delete(self, *refs: Ref) -> None:
        for ref in refs:
            raw = deepcopy(self.objects[ref])
            raw["metadata"].setdefault("deletionTimestamp", LEAVING)
            self._settle(ref, raw)

    def holds(self, ref: Ref) -> bool:
        return ref in self.objects and FINALIZERS[ref.kind] in self.objects[ref]["metadata"].get("finalizers", [])

    def hold(self, ref: Ref) -> None:
        if ref in self.objects and not self.holds(ref) and "deletionTimestamp" not in self.objects[ref]["metadata"]:
            asyncio.get_running_loop().call_later(self.answers_after, self._hold, ref)

    def _hold(self, ref: Ref) -> None:
        if ref in self.objects and not self.holds(ref):
            self._set(ref, [*self.objects[ref]["metadata"].get("finalizers", []), FINALIZERS[ref.kind]])
        for told in self._told:
            told(ref)

    def on_held(self, told: Callable[[Ref], None]) -> None:
        self._told = [told]

    def release(self, ref: Ref) -> None:
        if self.holds(ref):
            kept = self.objects[ref]["metadata"]["finalizers"]
            self._set(ref, [each for each in kept if each != FINALIZERS[ref.kind]])

    def state(self, stage: Stage) -> ClusterState:
        """The memory of a new process."""
        return ClusterState(self.known, cast("Finalizers", self), stage.settings.owner)

    def _set(self, ref: Ref, finalizers: list[str]) -> None:
        raw = deepcopy(self.objects[ref])
        raw["metadata"]["finalizers"] = finalizers
        self._settle(ref, raw)

    def _settle(self, ref: Ref, raw: Raw) -> None:
        metadata = raw["metadata"]
        if "deletionTimestamp" in metadata and not metadata.get("finalizers"):
            del self.objects[ref]
            self.known.drop(ref)
            self._send(gone=(ref,))
            return
        self.put(raw)
        self._show(raw)

    def _show(self, raw: Raw) -> None:
        thing = self._decoded(raw)
        self.known.put(Seen(ref=thing.ref, version="1", metadata=thing.metadata, thing=thing))


class Heard:
    """What was told, in order."""

    def __init__(self) -> None:
        self.told: list[Happening] = []

    def tell(self, happening: Happening) -> None:
        self.told.append(happening)

    def of(self, ref: Ref) -> list[tuple[str, str]]:
        return [(one.reason, one.message) for one in self.told if one.ref == ref]


Scene = Callable[[Controller], Awaitable[Any]]


def play_process(
    stage: Stage,
    cluster: FinalizedCluster,
    scene: Scene,
    heard: Heard | None = None,
    registry: CollectorRegistry | None = None,
) -> Any:
    """Run a scene while a new process works; at its end the process is gone as by SIGKILL, and what it knew too."""
    parts = {"finalizers": cluster, "herald": heard or Heard(), "metrics": Metrics(registry or CollectorRegistry())}
    return play_and_kill(stage, cluster, scene, state=cluster.state(stage), status=cluster.statuses, **parts)
