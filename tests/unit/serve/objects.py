"""Objects around pods, as a person writes them."""

from typing import Any

from lattice_gateway.core.objects import CONTROLLER_NAME, Object, decode

P = "application-networking.k8s.aws/"


def thing(raw: dict[str, Any]) -> Any:
    found = decode(raw)
    assert hasattr(found, "ref"), found
    return found


def service(name: str, selector: dict[str, str] | None, namespace: str = "shop", **spec: Any) -> Any:
    chosen = {} if selector is None else {"selector": selector}
    return thing(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"ports": [{"port": 80}], **chosen, **spec},
        }
    )


def route(
    name: str,
    backend: dict[str, Any],
    *,
    kind: str = "HTTPRoute",
    namespace: str = "shop",
    gateway: str = "edge",
    terminating: bool = False,
) -> Any:
    metadata: dict[str, Any] = {"name": name, "namespace": namespace}
    if terminating:
        metadata |= {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["x/y"]}
    return thing(
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": kind,
            "metadata": metadata,
            "spec": {"parentRefs": [{"name": gateway, "namespace": "shop"}], "rules": [{"backendRefs": [backend]}]},
        }
    )


def export(name: str, **annotations: str) -> Any:
    return thing(
        {
            "apiVersion": "application-networking.k8s.aws/v1alpha1",
            "kind": "ServiceExport",
            "metadata": {
                "name": name,
                "namespace": "shop",
                "annotations": {P + key.replace("_", "-"): value for key, value in annotations.items()},
            },
        }
    )


def gateway(name: str = "edge", of_class: str = "amazon-vpc-lattice") -> Any:
    return thing(
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "Gateway",
            "metadata": {"name": name, "namespace": "shop"},
            "spec": {"gatewayClassName": of_class, "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]},
        }
    )


def gateway_class(name: str = "amazon-vpc-lattice", controller: str = CONTROLLER_NAME) -> Any:
    return thing(
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "GatewayClass",
            "metadata": {"name": name},
            "spec": {"controllerName": controller},
        }
    )


CHECKOUT = service("checkout", {"app": "checkout"})
TO_CHECKOUT = {"name": "checkout", "port": 80}


def ours() -> tuple[Object, ...]:
    """A Gateway of ours, and its class."""
    return (gateway_class(), gateway())
