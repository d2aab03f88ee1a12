"""Trees of manifests of a wanted size, one file an object group, as a platform team would keep them."""

import time
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

import yaml

FIRST_POD = int(IPv4Address("10.0.0.1"))
POD_PORT = 8080


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Routes of equal shape: ``rules`` a route, ``backends`` a rule (each a Service of its own), ``pods`` a Service."""

    routes: int
    rules: int = 2
    backends: int = 2
    pods: int = 3

    @property
    def groups(self) -> int:
        """Target groups of all routes."""
        return self.routes * self.rules * self.backends

    @property
    def targets(self) -> int:
        """Registered targets of all groups."""
        return self.groups * self.pods

    @property
    def least_writes(self) -> int:
        """Mutating calls that nobody can do without.

        Two a group, one each for service, association and listener, one a rule, and two for the network.
        """
        return 2 * self.groups + self.routes * (3 + self.rules) + 2


class Tree:
    """A directory of manifests that the bench writes and edits."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._next_pod = FIRST_POD

    def write(self, size: Size) -> None:
        """Class, Gateway, and every route with its Services and EndpointSlices."""
        self.add_gateway()
        self.add_routes(size, 0)

    def add_gateway(self) -> Path:
        """The class and the Gateway, in one file."""
        return self._file("gateway.yaml", _class(), _gateway())

    def add_routes(self, size: Size, first: int) -> None:
        """The routes of ``size`` from number ``first`` on, with their Services and EndpointSlices."""
        for number in range(first, size.routes):
            self.add_route(number, size)

    def add_route(self, number: int, size: Size) -> list[Path]:
        """One route with its Services and EndpointSlices; returns their files, that of the route last."""
        name = f"r{number:04}"
        backends = [[f"{name}-s{rule}{backend}" for backend in range(size.backends)] for rule in range(size.rules)]
        files = [path for services in backends for service in services for path in self._service(service, size.pods)]
        return [*files, self._file(f"routes/{name}.yaml", _http_route(name, backends))]

    def write_shared(self, routes: int, pods: int) -> None:
        """Routes that all forward to one Service ``shared``."""
        self.add_gateway()
        self._service("shared", pods)
        for number in range(routes):
            name = f"r{number:04}"
            self._file(f"routes/{name}.yaml", _http_route(name, [["shared"]]))

    def add_pod(self, service: str) -> Path:
        """Adds one more pod to a Service; returns the file of its EndpointSlice."""
        self.add_pod_at(service)
        return self.root / "slices" / f"{service}.yaml"

    def add_pod_at(self, service: str) -> float:
        """The same; returns when the EndpointSlice was replaced as a whole, in seconds since the epoch."""
        path = self.root / "slices" / f"{service}.yaml"
        (document,) = yaml.safe_load_all(path.read_text())
        document["endpoints"].append(self._endpoint(service))
        new = self._prepared(path, document)
        moment = time.time()
        new.replace(path)
        return moment

    def _service(self, name: str, pods: int) -> tuple[Path, Path]:
        endpoints = [self._endpoint(name) for _ in range(pods)]
        return (
            self._file(f"services/{name}.yaml", _service(name)),
            self._file(f"slices/{name}.yaml", _slice(name, endpoints)),
        )

    def _endpoint(self, service: str) -> dict[str, object]:
        address = str(IPv4Address(self._next_pod))
        self._next_pod += 1
        pod = {"kind": "Pod", "name": f"{service}-{address.replace('.', '-')}"}
        return {"addresses": [address], "conditions": {"ready": True}, "targetRef": pod}

    def _file(self, name: str, *documents: dict[str, object]) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return self._prepared(path, *documents).replace(path)

    def _prepared(self, path: Path, *documents: dict[str, object]) -> Path:
        """The new content beside the file, where nobody reads it."""
        new = path.with_suffix(".tmp")
        new.write_text(yaml.dump_all(documents, Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper)))
        return new


def _class() -> dict[str, object]:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "GatewayClass",
        "metadata": {"name": "amazon-vpc-lattice"},
        "spec": {"controllerName": "application-networking.k8s.aws/gateway-api-controller"},
    }


def _gateway() -> dict[str, object]:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "bench"},
        "spec": {
            "gatewayClassName": "amazon-vpc-lattice",
            "listeners": [{"name": "http", "protocol": "HTTP", "port": 80}],
        },
    }


def _http_route(name: str, backends: list[list[str]]) -> dict[str, object]:
    rules = [
        {
            "matches": [{"path": {"type": "PathPrefix", "value": f"/{index}"}}],
            "backendRefs": [{"name": service, "port": 80, "weight": 1} for service in services],
        }
        for index, services in enumerate(backends)
    ]
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": name},
        "spec": {"parentRefs": [{"name": "bench"}], "rules": rules},
    }


def _service(name: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": POD_PORT}]},
    }


def _slice(name: str, endpoints: list[dict[str, object]]) -> dict[str, object]:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": name, "labels": {"kubernetes.io/service-name": name}},
        "addressType": "IPv4",
        "ports": [{"name": "", "port": POD_PORT, "protocol": "TCP"}],
        "endpoints": endpoints,
    }
