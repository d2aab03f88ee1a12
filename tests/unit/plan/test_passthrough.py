"""TLS passthrough: the default action is the traffic (deploy.md §2.9)."""

from dataclasses import replace

import pytest

from lattice_gateway.core.lattice.observed import Fixed, ForwardTo, ObservedAction
from lattice_gateway.core.lattice.operations import Known
from lattice_gateway.core.lattice.words import Arn, ListenerProtocol, Status
from lattice_gateway.core.plan import plan_service
from lattice_gateway.core.plan.plan import GroupState, Health, Plan
from tests.laws.plan.driver import OWNER
from tests.laws.plan.worlds import forward, group_key, listener, service
from tests.unit.plan.test_services import AROUND, HTTP80, THERE

KEY = group_key("rates-default", "parking")
TLS = ListenerProtocol.TLS_PASSTHROUGH
WANTED = service([replace(listener(443, [], protocol=TLS), default_action=forward((KEY, 1)))])


@pytest.mark.parametrize(
    ("live", "health", "operations", "joins"),
    [
        pytest.param(ForwardTo((("tg-1", 1),)), Health.GOOD, [], 0, id="the same"),
        pytest.param(ForwardTo((("tg-2", 1),)), Health.GOOD, ["UpdateListener"], 0, id="another group"),
        pytest.param(ForwardTo((("tg-2", 1),)), Health.UNUSED, ["UpdateListener"], 1, id="a group that joins"),
        pytest.param(ForwardTo((("tg-2", 1), ("tg-1", 0))), Health.UNUSED, [], 1, id="a group that is joining"),
        pytest.param(Fixed(404), Health.UNUSED, ["UpdateListener"], 0, id="no forward to join"),
        pytest.param(None, Health.GOOD, [], 0, id="not read"),
    ],
)
def test_the_default_action_is_compared(
    live: ObservedAction | None, health: Health, operations: list[str], joins: int
) -> None:
    around = replace(
        AROUND,
        groups={KEY: GroupState(ref=Known("tg-1", Arn("arn:tg-1")), status=Status.ACTIVE, health=health)},
    )
    there = replace(THERE, listeners=(replace(HTTP80, port=443, protocol=TLS, default_action=live),))

    plan = plan_service(WANTED, there, OWNER, around)

    assert isinstance(plan, Plan)
    assert [type(operation).__name__ for operation in plan.operations] == operations
    assert len(plan.joins) == joins
