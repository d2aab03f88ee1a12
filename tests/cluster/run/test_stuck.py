"""What got stuck under the Go controller is let go, and what it had in VPC Lattice goes with it."""

from collections.abc import Callable

import pytest

from lattice_gateway.core.objects.finalizers import FINALIZERS
from lattice_gateway.core.objects.refs import Kind
from tests.cluster.kube import Kube, Object, eventually
from tests.cluster.run.stage import Stage

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(120)]

GATEWAY_API = "gateway.networking.k8s.io/v1"
P = "application-networking.k8s.aws/"


def held(kind: Kind, namespace: str, spec: Object, api_version: str = GATEWAY_API) -> Object:
    metadata = {"name": "stuck", "namespace": namespace, "finalizers": [FINALIZERS[kind]]}
    return {"apiVersion": api_version, "kind": str(kind), "metadata": metadata, "spec": spec}


def parent(name: str = "gone") -> Object:
    return {"parentRefs": [{"name": name}]}


LISTENERS = [{"name": "http", "port": 80, "protocol": "HTTP"}]
STUCK: dict[str, Callable[[str], Object]] = {
    "route without a Gateway": lambda home: held(Kind.HTTP_ROUTE, home, parent()),
    "route that was never supported": lambda home: held(
        Kind.HTTP_ROUTE, home, {**parent(), "rules": [{"timeouts": {"request": "1s"}}]}
    ),
    "GRPCRoute": lambda home: held(Kind.GRPC_ROUTE, home, parent()),
    "TLSRoute without a service": lambda home: held(
        Kind.TLS_ROUTE,
        home,
        {**parent(), "hostnames": ["a.example.com"], "rules": [{"backendRefs": [{"name": "x", "port": 443}]}]},
    ),
    "Gateway without a class": lambda home: held(
        Kind.GATEWAY, home, {"gatewayClassName": "gone", "listeners": LISTENERS}
    ),
    "Service with the misspelt finalizer": lambda home: held(
        Kind.SERVICE, home, {"ports": [{"port": 80}]}, api_version="v1"
    ),
    "ServiceImport": lambda home: held(Kind.SERVICE_IMPORT, home, {}, api_version=f"{P}v1alpha1"),
}


@pytest.fixture(scope="module")
def running(shared: Stage) -> Stage:
    shared.replica("--leader-elect").ready()
    return shared


@pytest.mark.parametrize("what", STUCK)
def test_it_is_let_go(running: Stage, kube: Kube, namespace: str, what: str) -> None:
    stuck = STUCK[what](namespace)
    kube.create(stuck)

    kube.delete(stuck)

    eventually(f"it is gone\n{running.replicas[0].process.last_words()}", lambda: not kube.exists(stuck))


def test_a_service_of_the_go_controller_goes_with_its_route(running: Stage, kube: Kube, namespace: str) -> None:
    """The status that it wrote says that all parents rejected the route: then it leaked the service."""
    tags = {
        f"{P}ManagedBy": "111122223333/laptop/vpc-0123456789abcdef0",
        f"{P}RouteName": "stuck",
        f"{P}RouteNamespace": namespace,
        f"{P}RouteType": "http",
    }
    running.create_service(f"stuck-{namespace}", tags)
    running.create_service("strangers", {})
    stuck = held(Kind.HTTP_ROUTE, namespace, parent())
    kube.create(stuck)

    kube.delete(stuck)

    eventually("the route is gone", lambda: not kube.exists(stuck))
    assert running.services() == {"strangers"}


def test_what_is_stuck_when_the_controller_starts_is_let_go_too(stage: Stage, kube: Kube, namespace: str) -> None:
    stuck = [make(namespace) for make in STUCK.values()]
    for number, each in enumerate(stuck):
        each["metadata"]["name"] = f"stuck-{number}"
        kube.create(each)
        kube.delete(each)

    stage.replica().ready()

    eventually("all are gone", lambda: not any(map(kube.exists, stuck)))
