"""Manifests of the process tests: a shop with a Gateway, a Service, and as many routes as a test likes."""

from collections.abc import Sequence
from typing import Any

import yaml

Manifest = dict[str, Any]

GATEWAY_CLASS: Manifest = {
    "apiVersion": "gateway.networking.k8s.io/v1",
    "kind": "GatewayClass",
    "metadata": {"name": "amazon-vpc-lattice"},
    "spec": {"controllerName": "application-networking.k8s.aws/gateway-api-controller"},
}


def text_of(*documents: Manifest) -> str:
    """The documents as one file of YAML."""
    return yaml.safe_dump_all(documents, sort_keys=False)


def gateway(name: str = "shop") -> Manifest:
    """A Gateway with one HTTP listener."""
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": name},
        "spec": {
            "gatewayClassName": "amazon-vpc-lattice",
            "listeners": [{"name": "http", "protocol": "HTTP", "port": 80}],
        },
    }


def service(name: str = "web", namespace: str = "default") -> Manifest:
    """A Service on port 80."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": 8080}]},
    }


def endpoints(name: str = "web", addresses: Sequence[str] = ("10.0.0.1",), port: int = 8080) -> Manifest:
    """The ready endpoints of a Service."""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": f"{name}-1", "labels": {"kubernetes.io/service-name": name}},
        "addressType": "IPv4",
        "ports": [{"name": "", "port": port, "protocol": "TCP"}],
        "endpoints": [{"addresses": [address], "conditions": {"ready": True}} for address in addresses],
    }


def backend(name: str = "web", **more: Any) -> Manifest:
    """A reference to a Service."""
    return {"name": name, "port": 80, **more}


def rule(*backends: Manifest, path: str = "/") -> Manifest:
    """A rule for a path prefix; the Service ``web`` where no backend is given."""
    match = {"path": {"type": "PathPrefix", "value": path}}
    return {"matches": [match], "backendRefs": list(backends) or [backend()]}


def route(name: str, *rules: Manifest, parent: str = "shop", **parent_more: Any) -> Manifest:
    """A route at a Gateway."""
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": name},
        "spec": {"parentRefs": [{"name": parent, **parent_more}], "rules": list(rules) or [rule()]},
    }


BASE: tuple[Manifest, ...] = (GATEWAY_CLASS, gateway(), service(), endpoints())
"""What the routes of a test need."""
