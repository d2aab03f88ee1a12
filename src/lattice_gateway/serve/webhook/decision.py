"""Which pods get a readiness gate. Pure: a pod and the objects around it in, a verdict out.

A pod waits for VPC Lattice if a Service that selects it is a backend of a live route of ours, or is exported.
Parity: gate and rules are those of the Go controller v2.1.3 (controllers.md §9.3), its pitfalls mended: a Service
without a selector selects nothing, TLSRoutes count, terminating objects do not, an export counts by the Service it
names and only if it is meant for us (decision 2).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec

from lattice_gateway.core.objects import (
    GATEWAY_API,
    READINESS_GATE,
    BackendRef,
    HTTPRoute,
    Ref,
    Route,
    Service,
    ServiceExport,
    ServiceType,
)
from lattice_gateway.core.objects.annotations import PREFIX
from lattice_gateway.core.objects.refs import Kind

GATE = READINESS_GATE
INJECT = PREFIX + "pod-readiness-gate-inject"
"""Label of a namespace that wants gates (``enabled``), and of a pod that does not (``disabled``)."""
FEDERATION = PREFIX + "federation"
FEDERATED = "amazon-vpc-lattice"
SERVICE_NAME = PREFIX + "service-name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """A pod before it is created; ``gates`` are None where the list is missing."""

    namespace: str
    labels: Mapping[str, str] = field(default_factory=dict)
    gates: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What matters for a pod; what does not concern it may be left out.

    ``services`` and ``exports`` are of its namespace, ``routes`` of any, each with a parent of ours.
    """

    services: tuple[Service, ...] = ()
    routes: tuple[Route, ...] = ()
    exports: tuple[ServiceExport, ...] = ()


@dataclass(frozen=True, slots=True)
class Inject:
    """The pod gets the gate; ``because`` names the object for which it waits."""

    because: str


@dataclass(frozen=True, slots=True)
class Leave:
    """The pod stays as it is; ``because`` is a sentence for logs."""

    because: str


Decision: TypeAlias = Inject | Leave


def decide(pod: Pod, around: Surroundings) -> Decision:
    """Whether the pod waits for VPC Lattice."""
    if GATE in (pod.gates or ()):
        return Leave("the gate is there already")
    if pod.labels.get(INJECT) == "disabled":
        return Leave("the pod's label says so")
    selecting = {each.metadata.name for each in around.services if selects(each, pod)}
    if not selecting:
        return Leave("no Service selects the pod")
    reason = next(_reasons(pod.namespace, selecting, around), None)
    return (
        Inject(reason) if reason else Leave("no route of ours has a backend that selects the pod, no export names it")
    )


def patch(pod: Pod) -> tuple[Mapping[str, Any], ...]:
    """The JSON patch (RFC 6902) that adds the gate."""
    gate = {"conditionType": GATE}
    if pod.gates is None:
        return ({"op": "add", "path": "/spec/readinessGates", "value": [gate]},)
    return ({"op": "add", "path": "/spec/readinessGates/-", "value": gate},)


def selects(service: Service, pod: Pod) -> bool:
    """Whether the Service sends traffic to the pod.

    Spec: a Service without a selector has endpoints made by hand, an ExternalName none; neither selects a pod.
    """
    spec = service.spec
    if spec.type is ServiceType.EXTERNAL_NAME or not spec.selector:
        return False
    return spec.selector.items() <= pod.labels.items()


def exported_service(export: ServiceExport) -> str | None:
    """Name of the Service that the export is about, None where it is not meant for us."""
    annotations = export.metadata.annotations
    if annotations.get(FEDERATION, FEDERATED).strip() not in {FEDERATED, ""}:
        return None
    return annotations.get(SERVICE_NAME, "").strip() or export.metadata.name


def parents(route: Route) -> frozenset[Ref]:
    """The Gateways that a route names."""
    home = route.metadata.namespace
    return frozenset(
        Ref(Kind.GATEWAY, each.namespace or home, each.name)
        for each in route.spec.parent_refs
        if each.group == GATEWAY_API and each.kind == "Gateway"
    )


def backends(route: Route) -> Iterator[tuple[str, str]]:
    """Namespace and name of each Service that a route sends traffic to."""
    home = route.metadata.namespace
    for each in _backend_refs(route):
        if not each.group and each.kind == "Service":
            yield each.namespace or home, each.name


def _reasons(namespace: str, selecting: set[str], around: Surroundings) -> Iterator[str]:
    for route in _alive(around.routes):
        if any(home == namespace and name in selecting for home, name in backends(route)):
            yield str(route.ref)
    for export in _alive(around.exports):
        if exported_service(export) in selecting:
            yield str(export.ref)


def _alive(things: Iterable[Any]) -> Iterator[Any]:
    return (each for each in things if each.metadata.deletion_timestamp is None)


def _backend_refs(route: Route) -> Iterator[BackendRef]:
    if isinstance(route, HTTPRoute):
        for rule in route.spec.rules:
            yield from rule.backend_refs
        return
    for raw in route.spec.rules:
        yield from _read(raw.get("backendRefs"))


def _read(raw: object) -> Iterator[BackendRef]:
    """References as they stand in a route that is not decoded further; one that cannot be read names nothing."""
    for each in raw if isinstance(raw, list | tuple) else ():
        try:
            yield msgspec.convert(each, BackendRef)
        except msgspec.ValidationError:
            continue
