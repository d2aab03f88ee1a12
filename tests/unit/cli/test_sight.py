"""What is hidden makes unknown what depends on it, and nothing else."""

import pytest

from lattice_gateway.cli.glance import Hidden, unready_services
from lattice_gateway.cli.sight import Sight, blind_spots, unknown_units
from lattice_gateway.core.lattice.keys import GroupKey
from lattice_gateway.core.objects import (
    SERVICE_NAME_LABEL,
    Endpoint,
    EndpointConditions,
    EndpointSlice,
    Kind,
    Object,
    ObjectMeta,
    SliceAddressType,
    decode,
)
from tests.laws.engine_making import group_key

GROUP = group_key("rates", "a")
CLASS = "GatewayClass objects may not be listed"


def thing(kind: str, name: str, namespace: str, spec: dict[str, object]) -> Object:
    metadata = {"name": name, "namespace": namespace}
    found = decode({"apiVersion": "gateway.networking.k8s.io/v1", "kind": kind, "metadata": metadata, "spec": spec})
    assert not isinstance(found, Exception)
    return found  # type: ignore[return-value]


def gateway(come_from: str) -> Object:
    routes = {"namespaces": {"from": come_from, "selector": {}}}
    listener = {"name": "http", "protocol": "HTTP", "port": 80, "allowedRoutes": routes}
    return thing("Gateway", "edge", "infra", {"gatewayClassName": "x", "listeners": [listener]})


def route(backend_namespace: str = "shop") -> Object:
    backend = {"name": "cart", "port": 80, "namespace": backend_namespace}
    parents = [{"name": "edge", "namespace": "infra"}]
    return thing("HTTPRoute", "cart", "shop", {"parentRefs": parents, "rules": [{"backendRefs": [backend]}]})


@pytest.mark.parametrize(
    ("hidden", "objects", "why"),
    [
        pytest.param(Hidden(Kind.GATEWAY_CLASS, None), [route()], [CLASS], id="classes decide everything"),
        pytest.param(
            Hidden(Kind.GATEWAY, "shop"),
            [route()],
            ["Gateway objects outside of namespace shop may not be listed"],
            id="its Gateway is elsewhere",
        ),
        pytest.param(Hidden(Kind.GATEWAY, "infra"), [route()], [], id="its Gateway is where one may look"),
        pytest.param(
            Hidden(Kind.NAMESPACE, None),
            [gateway("Selector"), route()],
            ["Namespace objects may not be listed"],
            id="labels of namespaces count",
        ),
        pytest.param(Hidden(Kind.NAMESPACE, None), [gateway("All"), route()], [], id="labels do not count"),
        pytest.param(
            Hidden(Kind.SERVICE, None), [route()], ["Service objects may not be listed"], id="its Service is hidden"
        ),
        pytest.param(Hidden(Kind.SERVICE, "shop"), [route()], [], id="its Service is where one may look"),
        pytest.param(
            Hidden(Kind.REFERENCE_GRANT, None),
            [route("stock")],
            ["ReferenceGrant objects may not be listed"],
            id="a grant would be needed",
        ),
        pytest.param(Hidden(Kind.REFERENCE_GRANT, None), [route()], [], id="no grant is needed"),
        pytest.param(Hidden(Kind.IAM_AUTH_POLICY, None), [route()], [], id="what has nothing to do with it"),
    ],
)
def test_a_route_is_unknown_when_what_decides_about_it_is_hidden(
    hidden: Hidden, objects: list[Object], why: list[str]
) -> None:
    found = blind_spots(objects, Sight(hidden=(hidden,)))

    assert [reason for reasons in found.values() for reason in reasons] == why


def test_grants_that_are_not_enforced_need_not_be_seen() -> None:
    sight = Sight(hidden=(Hidden(Kind.REFERENCE_GRANT, None),), enforced=False)

    assert blind_spots([route("stock")], sight) == {}


@pytest.mark.parametrize(
    ("ready", "why"),
    [
        pytest.param(False, {GROUP: ("Pod objects may not be listed",)}, id="a pod is not ready"),
        pytest.param(True, {}, id="all pods are ready"),
    ],
)
def test_a_group_is_unknown_where_a_hidden_pod_decides_about_it(
    *, ready: bool, why: dict[GroupKey, tuple[str, ...]]
) -> None:
    sight = Sight(hidden=(Hidden(Kind.POD, None),))

    assert unknown_units([GROUP], {}, {}, unready_services([endpoints(ready=ready)]), sight) == why


def endpoints(*, ready: bool) -> Object:
    metadata = ObjectMeta(name="a-x", namespace="default", labels={SERVICE_NAME_LABEL: "a"})
    endpoint = Endpoint(addresses=("10.0.0.1",), conditions=EndpointConditions(ready=ready))
    return EndpointSlice(metadata=metadata, address_type=SliceAddressType.IPV4, endpoints=(endpoint,))


@pytest.mark.parametrize(
    ("hidden", "known"),
    [
        pytest.param((), True, id="nothing is hidden"),
        pytest.param((Hidden(Kind.ENDPOINT_SLICE, None),), True, id="endpoints own nothing"),
        pytest.param((Hidden(Kind.HTTP_ROUTE, "shop"),), False, id="routes of other namespaces"),
        pytest.param((Hidden(Kind.GRPC_ROUTE, None),), False, id="routes that the Go controller builds"),
        pytest.param((Hidden(Kind.SERVICE, None),), False, id="backends, whose groups would seem to be nobody's"),
    ],
)
def test_orphans_are_known_where_all_is_seen_that_decides(hidden: tuple[Hidden, ...], known: bool) -> None:
    assert Sight(hidden=hidden).everything_owned is known
