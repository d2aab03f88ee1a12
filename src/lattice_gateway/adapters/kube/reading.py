"""Answers of an API server to values: only what we read is taken, the rest is never built.

In: bytes of a page or of a line of a watch. Out: objects as seen, each with what is wrong with it. What cannot be read
as an answer at all is a ``KubeFailure``: the connection was cut in the middle.
"""

from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias, TypedDict

import msgspec
from msgspec import structs

from lattice_gateway.adapters.kube.api import KubeError, KubeFailure
from lattice_gateway.adapters.kube.catalogue import Served
from lattice_gateway.adapters.kube.pods import decode_pod, is_gated
from lattice_gateway.core.objects import (
    SERVICE_NAME_LABEL,
    DecodeError,
    Kind,
    NotOurs,
    Object,
    ObjectMeta,
    Ref,
    decode,
)
from lattice_gateway.core.objects.annotations import PREFIX
from lattice_gateway.engine.feed import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An object at one of its versions.

    ``thing`` is None where it cannot be decoded, and then ``problem`` says why. ``status`` is JSON as the server has
    it, empty where there is none or none of ours.
    """

    ref: Ref
    version: str
    metadata: ObjectMeta
    thing: Object | None
    problem: Problem | None = None
    status: bytes = b""

    @property
    def leaving(self) -> bool:
        """Whether the object is being deleted."""
        return self.metadata.deletion_timestamp is not None


@dataclass(frozen=True, slots=True)
class Items:
    """A page: objects as bytes, to be read one by one. ``token`` leads to the next page, empty on the last."""

    items: tuple[msgspec.Raw, ...]
    token: str
    version: str


@dataclass(frozen=True, slots=True)
class Put:
    """An object is new or changed."""

    item: msgspec.Raw


@dataclass(frozen=True, slots=True)
class Deleted:
    """An object is gone; ``item`` is its last version."""

    item: msgspec.Raw


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Nothing is missing up to this version."""

    version: str


Event: TypeAlias = Put | Deleted | Bookmark


class _Endpoint(TypedDict, total=False):
    addresses: Any
    conditions: Any
    targetRef: Any


class _Metadata(TypedDict, total=False):
    name: Any
    namespace: Any
    uid: Any
    resourceVersion: Any
    generation: Any
    creationTimestamp: Any
    deletionTimestamp: Any
    finalizers: Any
    labels: Any
    annotations: Any


class _Item(TypedDict, total=False):
    metadata: _Metadata
    spec: Any
    status: msgspec.Raw
    addressType: Any
    endpoints: list[_Endpoint] | None
    ports: Any


class _ListMeta(msgspec.Struct):
    resourceVersion: str = ""  # noqa: N815  # the API's spelling
    continue_: str = msgspec.field(default="", name="continue")


class _Page(msgspec.Struct):
    metadata: _ListMeta
    items: tuple[msgspec.Raw, ...] | None = None


class _Line(msgspec.Struct):
    type: str
    object: msgspec.Raw


class _Status(msgspec.Struct):
    code: int = 0
    reason: str = ""
    message: str = ""


class _Versioned(msgspec.Struct):
    metadata: _ListMeta


_ITEM: Final = msgspec.json.Decoder(_Item)
_PAGE: Final = msgspec.json.Decoder(_Page)
_LINE: Final = msgspec.json.Decoder(_Line)
_STATUS: Final = msgspec.json.Decoder(_Status)
_VERSIONED: Final = msgspec.json.Decoder(_Versioned)


def read_page(answer: bytes) -> Items:
    """A page of a list; raises ``KubeFailure``."""
    try:
        page = _PAGE.decode(answer)
    except msgspec.DecodeError as error:
        raise _cut_off(error) from error
    return Items(page.items or (), page.metadata.continue_, page.metadata.resourceVersion)


def read_line(line: bytes) -> Event | None:
    """A line of a watch, None where it says nothing we know; raises ``KubeFailure``, also for what it says itself."""
    try:
        event = _LINE.decode(line)
        match event.type:
            case "ADDED" | "MODIFIED":
                return Put(event.object)
            case "DELETED":
                return Deleted(event.object)
            case "BOOKMARK":
                return Bookmark(_VERSIONED.decode(event.object).metadata.resourceVersion)
            case "ERROR":
                status = _STATUS.decode(event.object)
            case _:
                return None
    except msgspec.DecodeError as error:
        raise _cut_off(error) from error
    raise KubeFailure(KubeError(status=status.code, reason=status.reason, message=status.message))


def is_read(item: msgspec.Raw | bytes, served: Served) -> bool:
    """Whether an object concerns us: of pods only those with our gate, all others cost next to nothing.

    Raises ``KubeFailure`` where it is no object at all.
    """
    if served.kind is not Kind.POD:
        return True
    try:
        return is_gated(item)
    except msgspec.DecodeError as error:
        raise _cut_off(error) from error


def version_of(item: msgspec.Raw | bytes) -> str:
    """The version of an object that is not read further; raises ``KubeFailure``."""
    try:
        return _VERSIONED.decode(item).metadata.resourceVersion
    except msgspec.DecodeError as error:
        raise _cut_off(error) from error


def read_item(item: msgspec.Raw | bytes, served: Served) -> Seen:
    """An object of a page or a line; raises ``KubeFailure`` where it is no object at all."""
    if served.kind is Kind.POD:
        return _read_pod(item)
    try:
        raw = _ITEM.decode(item)
        metadata = _pruned(raw["metadata"], served.kind)
        ref = Ref(served.kind, metadata.get("namespace") or "", metadata["name"])
    except (msgspec.DecodeError, KeyError) as error:
        raise _cut_off(error) from error
    version = str(metadata.get("resourceVersion", ""))
    status = bytes(raw.get("status", b"")) if served.has_status else b""
    found = decode(_manifest(raw, metadata, served))
    if isinstance(found, DecodeError | NotOurs):
        problem = _problem(ref, found)
        return Seen(ref=ref, version=version, metadata=_meta(ref, metadata), thing=None, problem=problem, status=status)
    return Seen(ref=ref, version=version, metadata=found.metadata, thing=found, status=status)


def _read_pod(item: msgspec.Raw | bytes) -> Seen:
    try:
        pod, version = decode_pod(item), version_of(item)
    except msgspec.DecodeError as error:
        raise _cut_off(error) from error
    return Seen(ref=pod.ref, version=version, metadata=pod.metadata, thing=pod)


def alive(seen: Seen) -> Seen:
    """The same object as if nobody had asked for its deletion."""
    if not seen.leaving:
        return seen
    metadata = structs.replace(seen.metadata, deletion_timestamp=None)
    thing = structs.replace(seen.thing, metadata=metadata) if seen.thing is not None else None
    return replace(seen, metadata=metadata, thing=thing)


def _pruned(metadata: _Metadata, kind: Kind) -> dict[str, Any]:
    """Metadata without annotations of others, and of the labels of slices only the one that is read."""
    kept: dict[str, Any] = {name: value for name, value in metadata.items() if value is not None}
    if notes := kept.get("annotations"):
        kept["annotations"] = {key: value for key, value in notes.items() if key.startswith(PREFIX)}
    if kind is Kind.ENDPOINT_SLICE and (labels := kept.get("labels")):
        kept["labels"] = {key: value for key, value in labels.items() if key == SERVICE_NAME_LABEL}
    return kept


def _manifest(raw: _Item, metadata: dict[str, Any], served: Served) -> dict[str, Any]:
    body = {name: value for name, value in raw.items() if name not in {"metadata", "status"} and value is not None}
    return {"apiVersion": served.api_version, "kind": str(served.kind), "metadata": metadata, **body}


def _meta(ref: Ref, metadata: dict[str, Any]) -> ObjectMeta:
    """The metadata of an object that cannot be decoded; its bare name where that is why."""
    try:
        return msgspec.convert(metadata, ObjectMeta)
    except msgspec.ValidationError:
        return ObjectMeta(name=ref.name, namespace=ref.namespace)


def _problem(ref: Ref, found: DecodeError | NotOurs) -> Problem:
    if isinstance(found, NotOurs):
        return Problem(file="", who=str(ref), ref=ref, message=f"{found.api_version} is not read")
    complaint = found.complaint
    message = f"found {complaint.found}, expected {complaint.expected}"
    return Problem(file="", who=str(ref), ref=ref, field=complaint.path, message=message)


def _cut_off(error: Exception) -> KubeFailure:
    return KubeFailure(KubeError(message=f"an answer that cannot be read: {error}"))
