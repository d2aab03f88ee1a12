"""The first news of a process, with what an earlier one wrote."""

from typing import Any

import pytest

from lattice_gateway.core.lattice.words import Owner, VpcId
from lattice_gateway.core.objects import CONTROLLER_NAME, Ref
from lattice_gateway.core.objects.decode import DecodeError, NotOurs, Object, decode
from lattice_gateway.core.objects.refs import Kind
from lattice_gateway.core.report.gateways import GatewayStatus
from lattice_gateway.engine.recollect import recollect
from lattice_gateway.engine.translation import News, Translation
from lattice_gateway.settings import Settings

SETTINGS = Settings(region="us-west-2", owner=Owner("111122223333", "shop", VpcId("vpc-1")))
EDGE = Ref(Kind.GATEWAY, "shop", "edge")


def thing(kind: str, name: str, spec: dict[str, Any], **annotations: str) -> Object:
    notes = {f"application-networking.k8s.aws/{key.replace('_', '-')}": value for key, value in annotations.items()}
    home = {} if kind == "GatewayClass" else {"namespace": "shop"}
    metadata = {"name": name, **home, "annotations": notes, "creationTimestamp": "2026-01-01T00:00:00Z"}
    read = decode({"apiVersion": "gateway.networking.k8s.io/v1", "kind": kind, "metadata": metadata, "spec": spec})
    assert not isinstance(read, DecodeError | NotOurs), read
    return read


def route(name: str) -> Object:
    spec = {"parentRefs": [{"name": "edge"}], "rules": [{}]}
    return thing("HTTPRoute", name, spec, lattice_assigned_domain_name=f"{name}.test")


OBJECTS = (
    thing("GatewayClass", "lattice", {"controllerName": CONTROLLER_NAME}),
    thing(
        "Gateway", "edge", {"gatewayClassName": "lattice", "listeners": [{"name": "a", "port": 80, "protocol": "HTTP"}]}
    ),
    route("first"),
    route("second"),
)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        pytest.param({"addresses": [{"type": "Hostname", "value": "second.test"}]}, "second.test", id="of a route"),
        pytest.param({"addresses": [{"type": "Hostname", "value": "gone.test"}]}, "first.test", id="of nobody"),
        pytest.param(None, "first.test", id="none yet"),
    ],
)
def test_a_gateway_shows_the_address_that_it_showed_while_a_route_may_be_served_there(
    shown: dict[str, Any] | None, expected: str
) -> None:
    """Nothing was looked up in Lattice yet: what the routes and the Gateway say of themselves is all there is."""
    statuses = {EDGE: shown}

    delta = Translation(SETTINGS).apply(recollect(News(puts=OBJECTS), statuses.get))

    status = delta.statuses[EDGE]
    assert isinstance(status, GatewayStatus)
    assert status.address == expected
