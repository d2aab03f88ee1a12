"""Answers of an API server, and a scripted one, for the tests of this folder."""

import json
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any, Final

import msgspec

from lattice_gateway.adapters.kube.api import KubeError, KubeFailure, Patch, Query
from lattice_gateway.adapters.kube.catalogue import BUILT_IN, Served
from lattice_gateway.adapters.kube.reading import Seen, read_item
from lattice_gateway.core.objects import GATEWAY_API, LATTICE_API, READINESS_GATE, Kind, Ref

Raw = dict[str, Any]

ROUTES: Final = Served(kind=Kind.HTTP_ROUTE, group=GATEWAY_API, version="v1", plural="httproutes", has_status=True)
CLASSES: Final = Served(
    kind=Kind.GATEWAY_CLASS, group=GATEWAY_API, version="v1", plural="gatewayclasses", has_status=True
)
GATEWAYS: Final = Served(kind=Kind.GATEWAY, group=GATEWAY_API, version="v1", plural="gateways", has_status=True)
GRANTS: Final = Served(kind=Kind.REFERENCE_GRANT, group=GATEWAY_API, version="v1", plural="referencegrants")
EXPORTS: Final = Served(kind=Kind.SERVICE_EXPORT, group=LATTICE_API, version="v1alpha1", plural="serviceexports")
SERVICES: Final = BUILT_IN[Kind.SERVICE]
SLICES: Final = BUILT_IN[Kind.ENDPOINT_SLICE]
PODS: Final = BUILT_IN[Kind.POD]
ALL: Final = {**BUILT_IN, **{each.kind: each for each in (ROUTES, CLASSES, GATEWAYS)}}

AWAY: Final = KubeError(message="ConnectError")
EXPIRED: Final = KubeError(status=410, reason="Expired", message="too old resource version")
FORBIDDEN: Final = KubeError(status=403, reason="Forbidden", message="not allowed")
CONFLICT: Final = KubeError(status=409, reason="Conflict", message="the object has been modified")
ABSENT: Final = KubeError(status=404, reason="NotFound", message="not found")
INVALID: Final = KubeError(status=422, reason="Invalid", message="metadata.uid: field is immutable")

START: Final = "2026-01-31T12:00:00Z"


def route(name: str = "one", version: int = 1, weight: int = 1, **metadata: Any) -> Raw:
    return {
        "metadata": {
            "name": name,
            "namespace": "default",
            "uid": f"uid-of-{name}",
            "resourceVersion": str(version),
            "generation": weight,
            "creationTimestamp": START,
            **metadata,
        },
        "spec": {"parentRefs": [{"name": "hotel"}], "rules": [{"backendRefs": [{"name": "rooms", "port": 80}]}]},
    }


def service(name: str = "rooms", version: int = 1) -> Raw:
    metadata = {"name": name, "namespace": "default", "uid": f"uid-of-{name}", "resourceVersion": str(version)}
    return {"metadata": metadata, "spec": {"ports": [{"port": 80}]}}


def pod(name: str = "room", version: int = 1, *gates: str, **conditions: str) -> Raw:
    """A pod as a server sends it; a condition's status by its type, ``Ours`` is that of our gate."""
    labels = {"app": "rooms"}
    metadata = {"name": name, "namespace": "default", "uid": f"uid-of-{name}", "resourceVersion": str(version)}
    containers = [{"name": "app", "image": "app:1", "env": [{"name": "A", "value": "b" * 1000}]}]
    said = [
        {"type": kind.replace("Ours", READINESS_GATE), "status": status, "lastTransitionTime": START, "message": None}
        for kind, status in conditions.items()
    ]
    return {
        "metadata": {**metadata, "labels": labels, "managedFields": [{"manager": "kubelet"}]},
        "spec": {"containers": containers, "readinessGates": [{"conditionType": gate} for gate in gates] or None},
        "status": {"podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}], "conditions": said, "qosClass": "Burstable"},
    }


def broken(name: str = "one", version: int = 1, **metadata: Any) -> Raw:
    return {**route(name, version, **metadata), "spec": {"rules": "none"}}


def seen(raw: Raw, served: Served = ROUTES) -> Seen:
    return read_item(msgspec.Raw(json.dumps(raw).encode()), served)


def ref(name: str = "one", kind: Kind = Kind.HTTP_ROUTE) -> Ref:
    return Ref(kind, "default", name)


def page(*items: Raw, version: int = 10, more: str = "") -> bytes:
    return json.dumps({"metadata": {"resourceVersion": str(version), "continue": more}, "items": items}).encode()


def births(moment: str, *kinds: Served) -> bytes:
    """The server's table of definitions, all created at one moment."""
    columns = [{"name": "Name", "type": "string"}, {"name": "Created At", "type": "date"}]
    rows = [{"cells": [each.definition, moment], "object": None} for each in kinds]
    return json.dumps({"kind": "Table", "columnDefinitions": columns, "rows": rows}).encode()


def line(kind: str, item: Raw) -> bytes:
    return json.dumps({"type": kind, "object": item}).encode()


class Script:
    """An ``Api`` whose answers are written beforehand: what ``answers`` has for a request, one after the other.

    A failure is raised; the last answer is repeated. A watch without a script tells nothing and ends. A table without
    one may not be read. ``looks`` are answers that are made when they are asked for.
    """

    def __init__(self) -> None:
        self.answers: dict[str, list[bytes | KubeError]] = {}
        self.looks: dict[str, Callable[[], bytes]] = {}
        self.watches: list[list[list[bytes] | KubeError]] = []
        self.asked: list[tuple[str, str, Mapping[str, Any]]] = []

    async def get(self, path: str, query: Query) -> bytes:
        return self._answer("GET", path, query)

    async def table(self, path: str) -> bytes:
        self.answers.setdefault(f"TABLE {path}", [FORBIDDEN])
        return self._answer("TABLE", path, {})

    async def create(self, path: str, body: Mapping[str, Any]) -> bytes:
        return self._answer("POST", path, body)

    async def patch(self, path: str, body: Mapping[str, Any], how: Patch) -> bytes:
        assert how is (Patch.STRATEGIC if "/pods/" in path else Patch.MERGE)
        return self._answer("PATCH", path, body)

    async def watch(self, path: str, query: Query, seconds: float) -> AsyncGenerator[list[bytes], None]:
        assert seconds > 0
        self.asked.append(("WATCH", path, query))
        yield []
        for each in self.watches.pop(0) if self.watches else ():
            if isinstance(each, KubeError):
                raise KubeFailure(each)
            yield each

    def requests(self, method: str) -> list[tuple[str, Mapping[str, Any]]]:
        return [(path, body) for how, path, body in self.asked if how == method]

    def _answer(self, method: str, path: str, body: Mapping[str, Any]) -> bytes:
        self.asked.append((method, path, body))
        if look := self.looks.get(f"{method} {path}"):
            return look()
        waiting = self.answers[f"{method} {path}"]
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(answer, KubeError):
            raise KubeFailure(answer)
        return answer
