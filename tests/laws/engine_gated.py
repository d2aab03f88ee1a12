"""A cluster in memory whose pods carry our readiness gate: it plays API server, kubelet and the slices' controller."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from copy import deepcopy
from typing import Any

import msgspec

from lattice_emulator.world.model import Health, TargetKey
from lattice_gateway.core.objects import READINESS_GATE, Object, Pod, Ref, decode
from lattice_gateway.core.objects.refs import Kind
from lattice_gateway.core.report.readiness import GateCondition
from lattice_gateway.engine.controller import Controller
from tests.laws.engine_cluster import Cluster, Raw, launch_post, play_and_kill
from tests.laws.engine_stage import Stage

PARKING = "parking"
SLICE = Ref(Kind.ENDPOINT_SLICE, "default", "parking-pods")
PORT = 8090
LAG = 0.3
"""Seconds from a ready pod to a slice that says so."""


class GatedCluster(Cluster):
    """The launch post, where pods of ``parking`` come with a gate. Implements ``Gates``.

    ``turned`` is all that it was told; a slice shows ``lag`` seconds later that a pod is ready.
    """

    def __init__(self) -> None:
        self.turned: dict[str, list[tuple[str, str]]] = {}
        self.opened: list[str] = []
        self.lag = LAG
        super().__init__(launch_post())
        parking = self.objects[Ref(Kind.SERVICE, "default", PARKING)]
        parking["spec"]["selector"] = {"app": PARKING}

    def start(self, name: str, address: str, uid: str = "") -> None:
        """A pod whose containers are ready, and its endpoint, which is not."""
        self.start_unlisted(name, address, uid)
        self.list_endpoint(name, address, uid)

    def list_endpoint(self, name: str, address: str, uid: str = "") -> None:
        """The slice shows a pod, which is not ready."""
        ref = {"kind": "Pod", "name": name, "uid": uid or f"uid of {name}"}
        self.edit_slice(
            lambda endpoints: endpoints.append(
                {"addresses": [address], "conditions": {"ready": False}, "targetRef": ref}
            )
        )

    def start_unlisted(self, name: str, address: str, uid: str = "", app: str = PARKING) -> None:
        """A pod whose containers are ready, and that no slice shows yet."""
        labels = {"app": app}
        metadata = {"name": name, "namespace": "default", "uid": uid or f"uid of {name}", "labels": labels}
        conditions = [{"type": "ContainersReady", "status": "True"}]
        status = {"podIPs": [{"ip": address}], "conditions": conditions}
        spec = {"readinessGates": [{"conditionType": READINESS_GATE}]}
        self.put({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status})

    def stop(self, name: str) -> None:
        """A pod goes: its endpoint is terminating, then gone."""

        def leave(endpoints: list[Raw]) -> None:
            for each in endpoints:
                if each["targetRef"]["name"] == name:
                    each["conditions"] = {"ready": False, "terminating": True}

        self.edit_slice(leave)

    def shut(self, name: str) -> None:
        """Somebody takes the condition away, and kubelet finds the pod not ready."""
        self.turned[name].append(("False", "Tampered"))
        self.edit(Kind.POD, name, lambda raw: raw["status"]["conditions"].pop())
        self._show(name, ready=False)

    def turn(self, pod: Ref, uid: str, condition: GateCondition) -> None:
        raw = self.objects.get(pod)
        said = (condition.status, str(condition.reason))
        told = self.turned.setdefault(pod.name, [])
        if raw is None or raw["metadata"]["uid"] != uid or told[-1:] == [said]:
            return
        told.append(said)
        raw = deepcopy(raw)
        others = [each for each in raw["status"]["conditions"] if each["type"] != READINESS_GATE]
        raw["status"]["conditions"] = [*others, {"type": READINESS_GATE, "status": said[0], "reason": said[1]}]
        self.put(raw)
        if condition.is_open:
            self.opened.append(pod.name)
            asyncio.get_running_loop().call_later(self.lag, lambda: self._show(pod.name, ready=True))

    def is_shown_ready(self, name: str) -> bool:
        """Whether the slice says so."""
        endpoints = self.objects[SLICE]["endpoints"]
        return any(each["conditions"]["ready"] for each in endpoints if each["targetRef"]["name"] == name)

    def edit_slice(self, change: Callable[[list[Raw]], object]) -> None:
        self.edit(SLICE.kind, SLICE.name, lambda raw: change(raw["endpoints"]))

    def _show(self, name: str, *, ready: bool) -> None:
        def show(endpoints: list[Raw]) -> None:
            for each in endpoints:
                if each["targetRef"]["name"] == name and not each["conditions"].get("terminating"):
                    each["conditions"]["ready"] = ready

        self.edit_slice(show)

    def _decoded(self, raw: Mapping[str, Any]) -> Object:
        if raw["kind"] == Kind.POD:
            return msgspec.convert(raw, Pod)
        found = decode(raw)
        assert hasattr(found, "ref"), found
        return found


def places(stage: Stage, address: str) -> list[tuple[str, TargetKey]]:
    """The groups that have an address registered, oldest first, and under which key."""
    held = stage.world.state.targets.items()
    return [(group, key) for group, targets in held for key in targets if key.id == address]


def report(stage: Stage, address: str, health: Health) -> None:
    """What health checks see of an address, in all groups."""
    for group, key in places(stage, address):
        stage.world.report_health(group, key, health)


def states(stage: Stage, address: str) -> list[str]:
    """How VPC Lattice sees an address, in every group that has it."""
    seen = [stage.world.target_state(group, key) for group, key in places(stage, address)]
    return [str(each.status) for each in seen if each is not None]


def play_gated(stage: Stage, cluster: GatedCluster, scene: Callable[[Controller], Awaitable[Any]]) -> Any:
    """Run a scene while a new process works that turns gates; at its end it is gone as by SIGKILL."""
    return play_and_kill(stage, cluster, scene, gates=cluster)
