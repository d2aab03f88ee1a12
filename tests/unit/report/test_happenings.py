"""Events from the difference of two statuses."""

from typing import Any

import pytest

from lattice_gateway.core.objects import CONTROLLER_NAME, Ref
from lattice_gateway.core.objects.refs import Kind
from lattice_gateway.core.report.happenings import NOT_ALLOWED, blocked, happenings, not_held

ROUTE = Ref(Kind.HTTP_ROUTE, "shop", "pay")
GATEWAY = Ref(Kind.GATEWAY, "shop", "front")
P = "application-networking.k8s.aws/Programmed"


def condition(kind: str, status: str, reason: str = "Why", message: str = "", generation: int = 1) -> dict[str, Any]:
    return {"type": kind, "status": status, "reason": reason, "message": message, "observedGeneration": generation}


def route(*conditions: dict[str, Any], controller: str = CONTROLLER_NAME, parent: str = "front") -> dict[str, Any]:
    return {"parents": [{"parentRef": {"name": parent}, "controllerName": controller, "conditions": list(conditions)}]}


PENDING = condition(P, "False", "Pending", "not deployed yet")
WAITING = condition(P, "False", "Pending", "network/front is CREATE_IN_PROGRESS")
DONE = condition(P, "True", "Programmed", "pay.example")
FAILED = condition(P, "False", "AWSError", "CreateService: denied")
KEPT = condition("application-networking.k8s.aws/Inherited", "True", "DifferencesHeld", "no grant")
SETTLED = condition("application-networking.k8s.aws/Inherited", "False", "NoDifferences")
CLOSED = condition("Accepted", "False", "NotAllowedByListeners", "no")
ODD = condition("Accepted", "False", "UnsupportedValue", "spec.rules[0].filters")


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        pytest.param(None, route(PENDING), [("Normal", "Reconcile", "Adding/Updating Reconcile")], id="new"),
        pytest.param(
            route(PENDING), route(WAITING), [("Normal", "Retry-Reconcile", "retry reconcile...")], id="on its way"
        ),
        pytest.param(
            route(WAITING), route(DONE), [("Normal", "DeploySucceed", "Adding/Updating reconcile Done!")], id="done"
        ),
        pytest.param(route(DONE), route(DONE), [], id="as before"),
        pytest.param(
            route(DONE),
            route({**DONE, "observedGeneration": 2}),
            [("Normal", "DeploySucceed", "Adding/Updating reconcile Done!")],
            id="a newer form done at once",
        ),
        pytest.param(
            route(DONE), route(PENDING), [("Normal", "Reconcile", "Adding/Updating Reconcile")], id="a newer form"
        ),
        pytest.param(
            route(DONE),
            route(FAILED),
            [("Warning", "FailedDeployModel", "Failed deploy model due to CreateService: denied")],
            id="AWS refused",
        ),
        pytest.param(route(FAILED), route(FAILED), [], id="still refused"),
        pytest.param(None, route(CLOSED), [("Warning", "FailedBuildModel", NOT_ALLOWED)], id="not allowed"),
        pytest.param(
            None,
            route(ODD),
            [("Warning", "FailedBuildModel", "Failed build model due to spec.rules[0].filters")],
            id="unsupported",
        ),
        pytest.param(route(ODD), route(ODD), [], id="still unsupported"),
        pytest.param(None, route(KEPT), [("Warning", "DifferencesHeld", "no grant")], id="held since the switch"),
        pytest.param(route(KEPT), route(KEPT), [], id="still held"),
        pytest.param(None, route(SETTLED), [], id="nothing was to be held"),
        pytest.param(
            route(KEPT),
            route(SETTLED),
            [("Normal", "DifferencesApplied", "nothing of the Go controller is held any more (NoDifferences)")],
            id="no longer held",
        ),
        pytest.param(None, route(FAILED, controller="example.org/other"), [], id="of another controller"),
        pytest.param(
            {"parents": "?"},
            route(DONE, parent="other"),
            [("Normal", "DeploySucceed", "Adding/Updating reconcile Done!")],
            id="garbled before",
        ),
    ],
)
def test_of_a_route(before: Any, now: Any, told: list[tuple[str, ...]]) -> None:
    found = happenings(ROUTE, before, now)

    assert [(one.importance, one.reason, one.message) for one in found] == told


def test_what_all_parents_say_is_told_once() -> None:
    both = {"parents": [*route(DONE)["parents"], *route(DONE, parent="side")["parents"]]}

    assert len(happenings(ROUTE, None, both)) == 1


@pytest.mark.parametrize(
    ("reason", "message", "told"),
    [
        pytest.param("Pending", "the service network has not been looked up yet", False, id="on its way"),
        pytest.param("Pending", "VPC Lattice Service Network not found: no network is named x", True, id="missing"),
        pytest.param("Invalid", "Found multiple VPC Lattice Service Networks", True, id="ambiguous"),
    ],
)
def test_of_a_gateway(reason: str, message: str, told: bool) -> None:
    now = {"conditions": [condition("Programmed", "False", reason, message)]}

    assert [one.reason for one in happenings(GATEWAY, None, now)] == ["FailedReconcile"] * told
    assert happenings(GATEWAY, now, now) == ()


def test_of_a_gateway_whose_vpc_is_associated_elsewhere() -> None:
    good = "aws-service-network-arn: arn:sn-1"
    before = {"conditions": [condition("Programmed", "True", "Programmed", good)]}
    message = f"{good} (vpc-1 is associated with the network other; its clients do not reach front)"
    now = {"conditions": [condition("Programmed", "True", "Programmed", message)]}

    assert [(one.importance, one.reason, one.message) for one in happenings(GATEWAY, before, now)] == [
        ("Warning", "VpcAssociatedElsewhere", message)
    ]
    assert happenings(GATEWAY, now, now) == ()
    assert happenings(GATEWAY, now, before) == ()


def test_who_blocks_a_deletion_is_named_up_to_five() -> None:
    routes = [Ref(Kind.HTTP_ROUTE, "shop", name) for name in "abcdefg"]

    assert blocked(GATEWAY, routes).message == (
        "deletion waits for: HTTPRoute shop/a, HTTPRoute shop/b, HTTPRoute shop/c, HTTPRoute shop/d, "
        "HTTPRoute shop/e, …"
    )


def test_a_finalizer_that_cannot_be_added_is_told_in_the_words_of_its_kind() -> None:
    assert not_held(GATEWAY, "denied").message == "failed add finalizer: denied"
    assert not_held(ROUTE, "denied").message == "Failed add finalizer due to denied"
