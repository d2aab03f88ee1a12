"""Manifests in short, as an API server has them after the Go controller kept them for a while."""

from collections.abc import Mapping
from typing import Any

from lattice_gateway.core.lattice.words import PREFIX
from lattice_gateway.core.objects import CONTROLLER_NAME, GATEWAY_API

Raw = dict[str, Any]

HOME = "arena"
BORN = "2026-01-01T00:00:00Z"
THEN = "2026-01-02T00:00:00Z"


def meta(name: str, namespace: str = HOME, **more: Any) -> Raw:
    where = {"namespace": namespace} if namespace else {}
    return {"name": name, **where, "uid": f"uid-of-{name}", "generation": 1, "creationTimestamp": BORN, **more}


CLASS: Raw = {
    "apiVersion": f"{GATEWAY_API}/v1",
    "kind": "GatewayClass",
    "metadata": meta("amazon-vpc-lattice", ""),
    "spec": {"controllerName": CONTROLLER_NAME},
}


def gateway(name: str = "edge", *listeners: Raw) -> Raw:
    spec = {"gatewayClassName": "amazon-vpc-lattice", "listeners": list(listeners) or [listener("web", 80)]}
    metadata = meta(name, finalizers=["gateway.k8s.aws/resources"])
    return {"apiVersion": f"{GATEWAY_API}/v1", "kind": "Gateway", "metadata": metadata, "spec": spec}


def listener(name: str, port: int, **more: Any) -> Raw:
    return {"name": name, "port": port, "protocol": "HTTP", **more}


def service(name: str, namespace: str = HOME, *ports: Raw, **spec: Any) -> Raw:
    given = {"ports": list(ports) or [{"name": "web", "port": 80, "protocol": "TCP"}], "ipFamilies": ["IPv4"]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta(name, namespace), "spec": {**given, **spec}}


def endpoints(name: str, *found: Raw, namespace: str = HOME, ports: Mapping[str, int] | None = None) -> Raw:
    """A slice of the Service ``name``; ports by name, those named ``udp…`` are of that protocol."""
    numbers = {"web": 8080} if ports is None else ports
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": meta(f"{name}-x", namespace, labels={"kubernetes.io/service-name": name}),
        "addressType": "IPv4",
        "ports": [{"name": key, "port": number, "protocol": _protocol(key)} for key, number in numbers.items()],
        "endpoints": list(found),
    }


def _protocol(name: str) -> str:
    return "UDP" if name.startswith("udp") else "TCP"


def pod(address: str, **conditions: bool) -> Raw:
    return {"addresses": [address], "conditions": {"ready": True, **conditions}}


def to(name: str, port: int = 80, **more: Any) -> Raw:
    return {"group": "", "kind": "Service", "name": name, "port": port, "weight": 1, **more}


def prefix(value: str, **more: Any) -> Raw:
    return {"path": {"type": "PathPrefix", "value": value}, **more}


def exact(value: str, **more: Any) -> Raw:
    return {"path": {"type": "Exact", "value": value}, **more}


def rule(match: Raw, *backends: Raw) -> Raw:
    return {"matches": [match], "backendRefs": list(backends)}


def route(*rules: Raw, name: str = "tickets", parents: tuple[Raw, ...] = ({"name": "edge"},), **more: Any) -> Raw:
    """An HTTPRoute; ``more`` are annotations without their prefix, and ``hostnames``."""
    hosts = {"hostnames": more.pop("hostnames")} if "hostnames" in more else {}
    notes = {f"{PREFIX}{key.replace('_', '-')}": value for key, value in more.items()}
    metadata = meta(name, annotations=notes, finalizers=["httproute.k8s.aws/resources"])
    body = {"parentRefs": list(parents), "rules": list(rules), **hosts}
    return {
        "apiVersion": f"{GATEWAY_API}/v1",
        "kind": "HTTPRoute",
        "metadata": metadata,
        "spec": body,
        "status": {"parents": [_judged(parent) for parent in parents]},
    }


def _judged(parent: Raw) -> Raw:
    said = {"status": "True", "message": "", "observedGeneration": 1, "lastTransitionTime": THEN}
    conditions = [{"type": kind, "reason": kind, **said} for kind in ("Accepted", "ResolvedRefs")]
    return {"parentRef": parent, "controllerName": CONTROLLER_NAME, "conditions": conditions}


def grant(namespace: str) -> Raw:
    """Everything of ``namespace`` may be referred to by HTTPRoutes of HOME."""
    spec = {
        "from": [{"group": GATEWAY_API, "kind": "HTTPRoute", "namespace": HOME}],
        "to": [{"group": "", "kind": "Service"}],
    }
    return {
        "apiVersion": f"{GATEWAY_API}/v1beta1",
        "kind": "ReferenceGrant",
        "metadata": meta("all", namespace),
        "spec": spec,
    }
