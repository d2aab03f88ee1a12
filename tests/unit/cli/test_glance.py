"""A cluster read once: what may be listed is, what may not is named, what changed meanwhile is read again."""

import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import pytest

from lattice_gateway.adapters.kube.api import KubeError, KubeFailure, Patch, Query
from lattice_gateway.cli.exits import CommandError
from lattice_gateway.cli.glance import Hidden, glance, listed
from lattice_gateway.core.objects import READINESS_GATE, Kind

GATEWAY_API = "/apis/gateway.networking.k8s.io"
KINDS = {"GatewayClass": "gatewayclasses", "Gateway": "gateways", "HTTPRoute": "httproutes"}
FORBIDDEN = KubeError(status=403, reason="Forbidden", message="no")
EXPIRED = KubeError(status=410, reason="Expired", message="too old")


class Server:
    """Answers by path: JSON, an error, or a list of either, one a request; what is not named is not there."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = dict(answers)

    async def get(self, path: str, _: Query) -> bytes:
        answer = self.answers.get(path, KubeError(status=404, reason="NotFound", message=path))
        if isinstance(answer, list):
            answer = answer.pop(0)
        if isinstance(answer, KubeError):
            raise KubeFailure(answer)
        return json.dumps(answer).encode()

    async def create(self, path: str, _: Mapping[str, Any]) -> bytes:
        raise AssertionError(f"a command wrote {path}")

    async def patch(self, path: str, _body: Mapping[str, Any], _how: Patch) -> bytes:
        raise AssertionError(f"a command wrote {path}")

    def watch(self, path: str, _query: Query, _seconds: float) -> AsyncGenerator[list[bytes], None]:
        raise AssertionError(f"a command watches {path}")


def page(*names: str, more: str = "") -> dict[str, Any]:
    items = [{"metadata": {"name": name, "namespace": "shop", "resourceVersion": "1"}} for name in names]
    return {"metadata": {"resourceVersion": "9", "continue": more}, "items": items}


def a_server(**answers: Any) -> Server:
    """A server with the required kinds and nothing in them; ``answers`` are by plural."""
    resources = [{"name": plural, "kind": kind, "verbs": ["list", "watch"]} for kind, plural in KINDS.items()]
    found: dict[str, Any] = {
        GATEWAY_API: {"versions": [{"version": "v1"}]},
        f"{GATEWAY_API}/v1": {"groupVersion": "gateway.networking.k8s.io/v1", "resources": resources},
        "/api/v1/services": page(),
        "/api/v1/namespaces": page(),
        "/apis/discovery.k8s.io/v1/endpointslices": page(),
        **{f"{GATEWAY_API}/v1/{plural}": page() for plural in KINDS.values()},
    }
    return Server({**found, **answers})


async def test_everything_that_may_be_listed_is() -> None:
    server = a_server(**{f"{GATEWAY_API}/v1/httproutes": [page("a", more="more"), page("b")]})

    found = await glance(server, "shop")

    assert [str(seen.ref) for seen in found.seen] == ["HTTPRoute shop/a", "HTTPRoute shop/b"]
    assert found.hidden == ()


async def test_where_the_cluster_may_not_be_listed_the_namespace_is() -> None:
    server = a_server(
        **{
            f"{GATEWAY_API}/v1/httproutes": FORBIDDEN,
            f"{GATEWAY_API}/v1/namespaces/shop/httproutes": page("a"),
            f"{GATEWAY_API}/v1/gateways": FORBIDDEN,
            f"{GATEWAY_API}/v1/namespaces/shop/gateways": FORBIDDEN,
            f"{GATEWAY_API}/v1/gatewayclasses": FORBIDDEN,
        }
    )

    found = await glance(server, "shop")

    assert [str(seen.ref) for seen in found.seen] == ["HTTPRoute shop/a"]
    assert found.hidden == (
        Hidden(Kind.GATEWAY, None),
        Hidden(Kind.GATEWAY_CLASS, None),
        Hidden(Kind.HTTP_ROUTE, "shop"),
    )


async def test_a_list_that_became_history_is_read_again_from_its_beginning() -> None:
    path = f"{GATEWAY_API}/v1/httproutes"
    server = Server({path: [page("a", more="more"), EXPIRED, page("a"), page("b")]})

    found = await listed(server, path)

    assert found is not None
    assert [json.loads(item)["metadata"]["name"] for item in found] == ["a"]


async def test_a_list_that_is_always_history_is_given_up() -> None:
    with pytest.raises(KubeFailure, match="too old"):
        await listed(Server({"/x": EXPIRED}), "/x")


async def test_missing_kinds_are_named_with_what_installs_them() -> None:
    with pytest.raises(CommandError, match=r"not installed: GatewayClass, Gateway, HTTPRoute.*kubectl apply"):
        await glance(Server({}), "shop")


async def test_a_server_that_does_not_answer_is_a_sentence() -> None:
    server = a_server(**{"/api/v1/services": KubeError(message="ConnectError")})

    with pytest.raises(CommandError, match="the cluster cannot be read: no answer: ConnectError"):
        await glance(server, "shop")


def slices(*, ready: bool) -> dict[str, Any]:
    metadata = {"name": "cart-x", "namespace": "shop", "labels": {"kubernetes.io/service-name": "cart"}}
    endpoint = {"addresses": ["10.0.0.1"], "conditions": {"ready": ready}}
    return {**page(), "items": [{"metadata": metadata, "addressType": "IPv4", "endpoints": [endpoint], "ports": []}]}


def gated_pod(name: str, gate: str) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": "shop", "resourceVersion": "1"},
        "spec": {"readinessGates": [{"conditionType": gate}]},
    }


async def test_pods_with_our_gate_are_looked_for_where_one_is_not_ready() -> None:
    pods = {**page(), "items": [gated_pod("a", READINESS_GATE), gated_pod("b", "example.org/other")]}
    server = a_server(**{SLICES: slices(ready=False), PODS_OF_SHOP: pods})

    found = await glance(server, "anywhere")

    assert [str(seen.ref) for seen in found.seen] == ["EndpointSlice shop/cart-x", "Pod shop/a"]
    assert found.hidden == ()


async def test_pods_that_are_ready_are_nobodys_business() -> None:
    server = a_server(**{SLICES: slices(ready=True), PODS_OF_SHOP: FORBIDDEN})

    assert (await glance(server, "anywhere")).hidden == ()


async def test_pods_that_may_not_be_listed_are_hidden_where_they_matter() -> None:
    server = a_server(**{SLICES: slices(ready=False), PODS_OF_SHOP: FORBIDDEN})

    assert (await glance(server, "anywhere")).hidden == (Hidden(Kind.POD, None),)


SLICES = "/apis/discovery.k8s.io/v1/endpointslices"
PODS_OF_SHOP = "/api/v1/namespaces/shop/pods"
