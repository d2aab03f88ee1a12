"""What the status of a route says of its parents to a process that comes later."""

from typing import Any

import pytest

from lattice_gateway.core.objects import CONTROLLER_NAME, Ref
from lattice_gateway.core.objects.refs import Kind
from lattice_gateway.core.report.attested import Attested, attested, shown_address

ROUTE = Ref(Kind.HTTP_ROUTE, "shop", "pay")
EDGE, INNER = Ref(Kind.GATEWAY, "shop", "edge"), Ref(Kind.GATEWAY, "infra", "inner")
PROGRAMMED = {"type": "application-networking.k8s.aws/Programmed", "status": "True"}


def accepted(status: str, reason: str) -> dict[str, str]:
    return {"type": "Accepted", "status": status, "reason": reason}


def entry(parent: Any, *conditions: Any, controller: str = CONTROLLER_NAME) -> dict[str, Any]:
    return {"parentRef": parent, "controllerName": controller, "conditions": list(conditions)}


def ours(status: str = "True", reason: str = "Accepted", parent: Any = None) -> dict[str, Any]:
    return entry(parent or {"name": "edge"}, accepted(status, reason), PROGRAMMED)


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        pytest.param([ours()], Attested((EDGE,)), id="accepted"),
        pytest.param([ours("Unknown", "Pending")], Attested((EDGE,)), id="held already"),
        pytest.param([ours("False", "UnsupportedValue")], Attested((EDGE,)), id="the last good state was kept"),
        pytest.param([ours("False", "NoMatchingParent")], Attested((), (EDGE,)), id="given up, or no such listener"),
        pytest.param([ours("False", "NotAllowedByListeners")], Attested((), (EDGE,)), id="not allowed"),
        pytest.param([ours("False", "NoMatchingListenerHostname")], Attested((), (EDGE,)), id="hostname not served"),
        pytest.param(
            [ours(parent={"name": "inner", "namespace": "infra", "sectionName": "a"})],
            Attested((INNER,)),
            id="elsewhere",
        ),
        pytest.param(
            [ours("False", "NoMatchingParent", {"name": "edge", "port": 81}), ours()],
            Attested((EDGE,)),
            id="of several parentRefs to one Gateway the best counts",
        ),
        pytest.param([entry({"name": "edge"}, accepted("True", "Accepted"))], Attested(), id="the Go controller's"),
        pytest.param(
            [entry({"name": "edge"}, accepted("True", "Accepted"), PROGRAMMED, controller="example.org/x")],
            Attested(),
            id="another controller's",
        ),
        pytest.param([ours(parent={"kind": "Service", "group": "", "name": "edge"})], Attested(), id="no Gateway"),
        pytest.param(["nonsense", entry(None, PROGRAMMED), entry({}, None, PROGRAMMED)], Attested(), id="nonsense"),
    ],
)
def test_an_entry_attests_whether_its_gateway_had_a_part_in_the_route(entries: list[Any], found: Attested) -> None:
    assert attested(ROUTE, {"parents": entries}) == found


@pytest.mark.parametrize("status", [None, {}, {"parents": None}, {"parents": "x"}], ids=str)
def test_no_status_attests_nothing(status: dict[str, Any] | None) -> None:
    assert attested(ROUTE, status) == Attested()


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        pytest.param(None, None, id="no status"),
        pytest.param({"addresses": []}, None, id="no address"),
        pytest.param({"addresses": "web.test"}, None, id="not a list"),
        pytest.param(
            {"addresses": [{"type": "Hostname"}, {"value": "a.test"}, {"value": "b.test"}]}, "a.test", id="first"
        ),
    ],
)
def test_the_address_of_a_gateway_is_in_its_status(status: Any, shown: str | None) -> None:
    assert shown_address(status) == shown
