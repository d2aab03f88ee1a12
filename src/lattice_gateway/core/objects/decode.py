"""Raw manifests to objects, and back.

In: a mapping as YAML or JSON has it. Out: an object, ``NotOurs`` for kinds that are none of our business, or
``DecodeError`` with the complaint an API server with the Gateway API CRDs would have. Nothing here raises on bad input.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import structs

from lattice_gateway.core.objects.checks import check
from lattice_gateway.core.objects.cluster import EndpointSlice, Namespace, Service
from lattice_gateway.core.objects.explain import Complaint, explain, show
from lattice_gateway.core.objects.gateway import Gateway, GatewayClass
from lattice_gateway.core.objects.grants import ReferenceGrant
from lattice_gateway.core.objects.meta import ObjectMeta, home_namespace
from lattice_gateway.core.objects.networking import (
    AccessLogPolicy,
    IAMAuthPolicy,
    ServiceExport,
    ServiceImport,
    ServiceNetwork,
    TargetGroupPolicy,
    Unbuilt,
    VpcAssociationPolicy,
)
from lattice_gateway.core.objects.pods import Pod
from lattice_gateway.core.objects.refs import NOT_CONSUMED, OUR_GROUPS, VERSIONS, Kind, Ref, api_version
from lattice_gateway.core.objects.routes import GRPCRoute, HTTPRoute, TLSRoute

Route: TypeAlias = HTTPRoute | GRPCRoute | TLSRoute
Object: TypeAlias = (
    GatewayClass | Gateway | Route | ReferenceGrant | Service | EndpointSlice | Namespace | Pod | Unbuilt
)

CLASSES: Final[Mapping[Kind, type[Object]]] = {
    cls.KIND: cls
    for cls in (
        GatewayClass,
        Gateway,
        HTTPRoute,
        GRPCRoute,
        TLSRoute,
        ReferenceGrant,
        Service,
        EndpointSlice,
        Namespace,
        AccessLogPolicy,
        IAMAuthPolicy,
        ServiceExport,
        ServiceImport,
        ServiceNetwork,
        TargetGroupPolicy,
        VpcAssociationPolicy,
    )
}

_KINDS: Final[Mapping[str, Kind]] = {str(kind): kind for kind in Kind}


@dataclass(frozen=True, slots=True)
class NotOurs:
    """An object of a kind this controller does not read (Deployment, ConfigMap, …)."""

    api_version: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeError:
    """An object that cannot be used as it stands.

    ``ref`` is None where kind or name cannot be told; ``who`` names the object as far as it can be.
    """

    who: str
    ref: Ref | None
    complaint: Complaint

    def __str__(self) -> str:
        return f"{self.who}: {self.complaint}"


def decode(raw: object) -> Object | NotOurs | DecodeError:
    """The object that ``raw`` describes, with the defaults of the API server filled in (decision 20).

    A missing namespace becomes ``default`` (decision 42); members set to null count as absent.
    """
    if not isinstance(raw, Mapping):
        return _error(raw, None, Complaint("the document", show(raw), "a mapping with apiVersion and kind"))
    match _kind_of(raw):
        case Kind() as kind:
            return _decode_kind(raw, kind)
        case other:
            return other


def to_raw(thing: Object) -> dict[str, Any]:
    """The manifest that ``decode`` turns into ``thing`` again; members that equal their default are left out."""
    body = msgspec.to_builtins(thing)
    return {"apiVersion": api_version(thing.KIND), "kind": str(thing.KIND), **body}


def _kind_of(raw: Mapping[str, Any]) -> Kind | NotOurs | DecodeError:
    for member in ("apiVersion", "kind"):
        if not _text(raw.get(member)):
            return _error(raw, None, Complaint(member, show(raw.get(member)), "text"))
    version, name = _text(raw["apiVersion"]), _text(raw["kind"])
    group, _, bare = version.rpartition("/")
    kind = _KINDS.get(name)
    versions = VERSIONS.get((group, kind)) if kind else None
    if kind and versions:
        return kind if bare in versions else _wrong_version(raw, kind, group, versions)
    if group in OUR_GROUPS and name not in NOT_CONSUMED:
        known = ", ".join(sorted(k for g, k in VERSIONS if g == group))
        return _error(raw, None, Complaint("kind", f"{name} of {version}", f"one of {known}"))
    return NotOurs(version, name)


def _wrong_version(raw: Mapping[str, Any], kind: Kind, group: str, versions: tuple[str, ...]) -> DecodeError:
    expected = " or ".join(f"{group}/{version}" if group else version for version in versions)
    return _error(raw, kind, Complaint("apiVersion", str(raw["apiVersion"]), expected))


def _decode_kind(raw: Mapping[str, Any], kind: Kind) -> Object | DecodeError:
    cls = CLASSES[kind]
    try:
        thing = _convert(raw, cls)
    except msgspec.ValidationError as error:
        return _error(raw, kind, explain(cls, without_nulls(raw), error))
    complaint = check(thing)
    return _error(raw, kind, complaint) if complaint else _at_home(thing)


def _convert(raw: Mapping[str, Any], cls: type[Object]) -> Object:
    try:
        return msgspec.convert(raw, cls)
    except msgspec.ValidationError:
        return msgspec.convert(without_nulls(raw), cls)


def _at_home(thing: Object) -> Object:
    namespace = home_namespace(thing.KIND, thing.metadata.namespace)
    if namespace == thing.metadata.namespace:
        return thing
    return structs.replace(thing, metadata=structs.replace(thing.metadata, namespace=namespace))


def without_nulls(value: Any) -> Any:
    """``value`` without members that are null: an API server takes them for absent."""
    match value:
        case Mapping():
            return {key: without_nulls(item) for key, item in value.items() if item is not None}
        case list():
            return [without_nulls(item) for item in value]
        case _:
            return value


def _error(raw: object, kind: Kind | None, complaint: Complaint) -> DecodeError:
    """The error, naming the object as far as ``raw`` tells."""
    fields: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
    metadata = fields.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    name, namespace = _text(metadata.get("name")), _text(metadata.get("namespace"))
    ref = Ref(kind, home_namespace(kind, namespace), name) if kind and _are_names(name, namespace) else None
    word = _text(fields.get("kind")) or "an object"
    who = str(ref) if ref else f"{word} {namespace}/{name}" if namespace else f"{word} {name}".rstrip()
    return DecodeError(who=who, ref=ref, complaint=complaint)


def _are_names(name: str, namespace: str) -> bool:
    """Whether both can name an object; whatever else stands there names nothing, and never becomes a path."""
    try:
        msgspec.convert({"name": name, "namespace": namespace}, ObjectMeta)
    except msgspec.ValidationError:
        return False
    return True


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
