"""Pods of an API server, of which there are very many: those without our gate are told apart for next to nothing.

In: a pod as bytes. Out: whether it has our gate; and the pod, without all that readiness gates do not need, so that
what kubelet writes at every turn is no news. What cannot be decoded is a ``msgspec.DecodeError``.
"""

from sys import intern
from typing import Any, Final, TypedDict

import msgspec
from msgspec import structs

from lattice_gateway.core.objects import READINESS_GATE, Pod
from lattice_gateway.core.objects.pods import CONTAINERS_READY

_METADATA: Final = ("name", "namespace", "uid", "deletionTimestamp", "labels")


class _Metadata(TypedDict, total=False):
    name: Any
    namespace: Any
    uid: Any
    deletionTimestamp: Any
    labels: Any


class _Spec(TypedDict, total=False):
    readinessGates: list[dict[str, Any]] | None


class _Status(TypedDict, total=False):
    podIPs: Any
    conditions: list[dict[str, Any]] | None


class _Item(TypedDict, total=False):
    metadata: _Metadata
    spec: _Spec
    status: _Status


class _Gate(msgspec.Struct):
    conditionType: str = ""  # noqa: N815  # the API's spelling


class _Gates(msgspec.Struct):
    readinessGates: tuple[_Gate, ...] | None = None  # noqa: N815  # the API's spelling


class _Gated(msgspec.Struct):
    spec: _Gates = msgspec.field(default_factory=_Gates)


_ITEM: Final = msgspec.json.Decoder(_Item)
_GATED: Final = msgspec.json.Decoder(_Gated)
_WORD: Final = READINESS_GATE.encode()


def is_gated(item: msgspec.Raw | bytes) -> bool:
    """Whether a pod has our gate; the name of the gate is looked for before anything is decoded."""
    if _WORD not in bytes(item):
        return False
    return any(gate.conditionType == READINESS_GATE for gate in _GATED.decode(item).spec.readinessGates or ())


def decode_pod(item: msgspec.Raw | bytes) -> Pod:
    """The pod; its labels only while it waits, as only then somebody asks who selects it."""
    raw = _ITEM.decode(item)
    given = raw.get("metadata", {})
    metadata = {name: value for name in _METADATA if (value := given.get(name))}
    spec, status = raw.get("spec", {}), raw.get("status", {})
    gates = [_shared(gate) for gate in spec.get("readinessGates") or ()]
    read = {CONTAINERS_READY, *(gate.get("conditionType") for gate in gates)}
    conditions = [_shared(each) for each in status.get("conditions") or () if each.get("type") in read]
    body = {"podIPs": status.get("podIPs") or [], "conditions": conditions}
    pod = msgspec.convert({"metadata": _shared(metadata), "spec": {"readinessGates": gates}, "status": body}, Pod)
    if pod.waits_for_us:
        return pod
    return structs.replace(pod, metadata=structs.replace(pod.metadata, labels={}))


def _shared(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields that are there, each word kept once for all pods that have it."""
    return {name: intern(value) if isinstance(value, str) else value for name, value in fields.items() if value}
