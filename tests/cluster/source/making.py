"""Objects of a cluster for the tests of sources and writers."""

from lattice_gateway.core.objects import Kind, Ref
from tests.cluster.kube import Object

GATEWAY_API = "gateway.networking.k8s.io/v1"


def a_route(namespace: str, name: str, weight: int = 1, **metadata: object) -> Object:
    return {
        "apiVersion": GATEWAY_API,
        "kind": "HTTPRoute",
        "metadata": {"name": name, "namespace": namespace, **metadata},
        "spec": {
            "parentRefs": [{"name": "hotel"}],
            "rules": [{"backendRefs": [{"name": "rooms", "port": 80, "weight": weight}]}],
        },
    }


def a_service(namespace: str, name: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"ports": [{"port": 80}]},
    }


def a_slice(namespace: str, name: str, endpoints: int) -> Object:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": name, "namespace": namespace, "labels": {"kubernetes.io/service-name": "rooms"}},
        "addressType": "IPv4",
        "endpoints": [
            {"addresses": [f"10.{number // 200}.{number % 200}.1"], "conditions": {"ready": True}}
            for number in range(endpoints)
        ],
        "ports": [{"name": "", "port": 8080, "protocol": "TCP"}],
    }


def route_ref(namespace: str, name: str) -> Ref:
    return Ref(Kind.HTTP_ROUTE, namespace, name)
