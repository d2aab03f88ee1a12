"""What the condition of a readiness gate says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lattice_gateway.core.lattice.units import Target
from lattice_gateway.core.lattice.words import TargetStatus
from lattice_gateway.core.objects import Kind, Ref
from lattice_gateway.core.report.readiness import (
    UNWANTED,
    Found,
    GateCondition,
    GateReason,
    gate_of,
    gate_without_places,
)
from lattice_gateway.core.translate.readiness import Place, Waiting
from tests.laws.engine_making import group_key

TARGET = Target("10.0.0.1", 8080)
WHERE = "10.0.0.1:8080 in group/rates-default/default/parking:80/HTTP/HTTP1/IPV4"


def at(status: TargetStatus | None, route: str = "rates", *, checked: bool = True) -> Found:
    return Found(Place(group_key(route, "parking"), TARGET, checked), status)


@pytest.mark.parametrize(
    ("status", "said", "reason", "message"),
    [
        (TargetStatus.HEALTHY, "True", "Healthy", ""),
        (TargetStatus.UNAVAILABLE, "True", "HealthCheckUnavailable", ""),
        (TargetStatus.UNUSED, "False", "Unused", f"{WHERE}: no service of VPC Lattice uses the target group"),
        (TargetStatus.INITIAL, "False", "Initial", f"{WHERE}: the health check has not decided yet"),
        (TargetStatus.UNHEALTHY, "False", "Unhealthy", "Target health check status: UNHEALTHY"),
        (TargetStatus.DRAINING, "False", "Unhealthy", "Target health check status: DRAINING"),
        (None, "False", "TargetNotFound", f"{WHERE}: not registered yet"),
    ],
)
def test_of_one_group_its_target_decides(status: TargetStatus | None, said: str, reason: str, message: str) -> None:
    condition = gate_of([at(status)])

    assert (condition.status, str(condition.reason), condition.message) == (said, reason, message)


def test_a_group_without_health_checks_has_nothing_to_wait_for() -> None:
    assert gate_of([at(None, checked=False)]) == GateCondition(is_open=True, reason=GateReason.UNAVAILABLE)


def test_of_groups_with_and_without_checks_the_checked_one_is_told() -> None:
    assert gate_of([at(None, checked=False), at(TargetStatus.HEALTHY, "valet")]).reason is GateReason.HEALTHY


def test_a_pod_that_no_route_wants_has_nothing_to_wait_for() -> None:
    assert gate_without_places(Waiting("uid", ())) == UNWANTED


def test_a_pod_that_is_wanted_and_not_listed_yet_waits() -> None:
    condition = gate_without_places(Waiting("uid", (), Ref(Kind.SERVICE, "default", "parking")))

    assert condition == GateCondition(
        is_open=False,
        reason=GateReason.NOT_FOUND,
        message="Service default/parking selects the pod and has no endpoint for it yet",
    )


GOOD = {TargetStatus.HEALTHY, TargetStatus.UNAVAILABLE}


@given(statuses=st.lists(st.sampled_from([None, *TargetStatus]), min_size=1, max_size=4))
def test_a_gate_is_open_when_every_group_is_good_and_only_then(statuses: list[TargetStatus | None]) -> None:
    found = [at(status, f"r{number}") for number, status in enumerate(statuses)]

    assert gate_of(found).is_open == all(status in GOOD for status in statuses)
