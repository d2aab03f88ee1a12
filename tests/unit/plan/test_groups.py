"""Target groups: which one it is, and what it takes to be as desired."""

from dataclasses import replace

import pytest

from lattice_gateway.core.lattice.keys import ServiceKey
from lattice_gateway.core.lattice.observed import ObservedGroup, ObservedTarget
from lattice_gateway.core.lattice.operations import Known, RegisterTargets
from lattice_gateway.core.lattice.units import Absent, HealthCheck, Target
from lattice_gateway.core.lattice.words import (
    AddressType,
    Arn,
    ProtocolVersion,
    Status,
    Tag,
    Tags,
    TargetProtocol,
    TargetStatus,
)
from lattice_gateway.core.plan import choose_group, health_of, holds, plan_group
from lattice_gateway.core.plan.groups import health_differs
from lattice_gateway.core.plan.plan import GroupState, Health, Plan, Surroundings
from tests.laws.plan.driver import OWNER
from tests.laws.plan.worlds import group, group_key, group_tags, pods

KEY = group_key("rates-default", "parking")
WANTED = group(KEY, pods(1))
USER = Arn("arn:svc-1")
AROUND = Surroundings(services={ServiceKey("rates-default"): USER})
OURS = ObservedGroup(
    id="tg-1",
    arn=Arn("arn:tg-1"),
    name=WANTED.name,
    status=Status.ACTIVE,
    port=80,
    protocol=TargetProtocol.HTTP,
    version=ProtocolVersion.HTTP1,
    address_type=AddressType.IPV4,
    vpc=OWNER.vpc,
    service_arns=frozenset({USER}),
    health=HealthCheck(enabled=True, path="/"),
    tags=WANTED.tags,
    targets=tuple(ObservedTarget(target, TargetStatus.HEALTHY) for target in pods(1)),
)
GO = replace(OURS, id="tg-2", name="k8s-default-parking-abcdefghij")
UNUSED = frozenset[Arn]()


def names(plan: object) -> list[str]:
    assert isinstance(plan, Plan)
    return [type(operation).__name__ for operation in plan.operations]


def on(group: ObservedGroup, *ports: int) -> ObservedGroup:
    targets = tuple(ObservedTarget(Target("10.0.1.1", port), TargetStatus.HEALTHY) for port in ports)
    return replace(group, targets=targets)


@pytest.mark.parametrize(
    ("candidates", "chosen"),
    [
        pytest.param([], None, id="none"),
        pytest.param([OURS], "tg-1", id="ours by the hash in its name"),
        pytest.param([replace(OURS, tags=None)], "tg-1", id="ours before its tags are read"),
        pytest.param([replace(OURS, tags=Tags())], None, id="our name on somebody's group"),
        pytest.param([GO], "tg-2", id="the Go controller's by tags and user"),
        pytest.param([replace(GO, service_arns=frozenset({Arn("arn:svc-9")}))], None, id="used by another service"),
        pytest.param([replace(GO, service_arns=UNUSED)], "tg-2", id="unused and of this route"),
        pytest.param(
            [replace(GO, service_arns=UNUSED, tags=Tags(group_tags(KEY, "other")))],
            None,
            id="unused and of another route",
        ),
        pytest.param(
            [replace(GO, tags=Tags(group_tags(KEY, "other")))], "tg-2", id="in use by us, whatever the route tags"
        ),
        pytest.param([replace(GO, tags=None)], None, id="tags not read"),
        pytest.param([on(GO, 9090)], None, id="its targets have another port"),
        pytest.param([on(GO, 9090, 8080)], "tg-2", id="its targets share a port"),
        pytest.param([on(GO)], "tg-2", id="no targets tell nothing"),
        pytest.param([replace(GO, protocol=TargetProtocol.HTTPS)], None, id="another protocol"),
        pytest.param([replace(GO, version=None)], "tg-2", id="a version that was not read"),
        pytest.param([replace(OURS, status=Status.CREATE_FAILED)], None, id="failed"),
        pytest.param([replace(OURS, status=Status.DELETE_IN_PROGRESS)], None, id="going"),
        pytest.param([replace(OURS, status=Status.DELETE_FAILED)], "tg-1", id="failed to go"),
        pytest.param([replace(OURS, service_arns=UNUSED), GO], "tg-2", id="of twins the one in use"),
        pytest.param([OURS, replace(GO, service_arns=UNUSED)], "tg-1", id="of twins the one in use, ours"),
    ],
)
def test_a_group_is_found(candidates: list[ObservedGroup], chosen: str | None) -> None:
    found = choose_group(WANTED, tuple(candidates), OWNER, AROUND)

    assert (found.id if found else None) == chosen


@pytest.mark.parametrize(
    "around",
    [
        pytest.param(replace(AROUND, taken=frozenset({"tg-2"})), id="taken"),
        pytest.param(
            replace(
                AROUND,
                groups={
                    group_key("rates-default", "parking", 81): GroupState(
                        ref=Known("tg-2", Arn("arn:tg-2")), status=Status.ACTIVE
                    )
                },
            ),
            id="another port's",
        ),
    ],
)
def test_a_group_of_the_go_controller_is_chosen_once(around: Surroundings) -> None:
    assert choose_group(WANTED, (GO,), OWNER, around) is None


@pytest.mark.parametrize(
    ("observed", "operations"),
    [
        pytest.param([], ["CreateTargetGroup", "RegisterTargets"], id="missing"),
        pytest.param([OURS], [], id="as desired"),
        pytest.param([replace(OURS, targets=())], ["RegisterTargets"], id="no targets yet"),
        pytest.param(
            [replace(OURS, targets=(*OURS.targets[:1], ObservedTarget(Target("10.9.9.9", 1), TargetStatus.UNUSED)))],  # type: ignore[index]
            ["RegisterTargets", "DeregisterTargets"],
            id="the difference, new ones first",
        ),
        pytest.param(
            [replace(OURS, targets=tuple(replace(t, status=TargetStatus.DRAINING) for t in OURS.targets or ()))],
            ["RegisterTargets"],
            id="draining is not registered",
        ),
        pytest.param([replace(OURS, targets=None)], [], id="targets not read"),
        pytest.param(
            [replace(OURS, health=HealthCheck(enabled=False))], ["UpdateTargetGroup"], id="health check differs"
        ),
        pytest.param([replace(OURS, health=None)], [], id="health check not read"),
        pytest.param([replace(OURS, tags=Tags({**OURS.tags, "cost": "7"}))], [], id="foreign tags stay"),  # type: ignore[dict-item]
        pytest.param(
            [replace(OURS, status=Status.CREATE_FAILED)],
            ["DeleteTargetGroup", "CreateTargetGroup", "RegisterTargets"],
            id="a failed one goes and is made again",
        ),
        pytest.param(
            [replace(OURS, status=Status.DELETE_IN_PROGRESS)], ["CreateTargetGroup", "RegisterTargets"], id="going"
        ),
    ],
)
def test_a_group_becomes_as_desired(observed: list[ObservedGroup], operations: list[str]) -> None:
    assert names(plan_group(WANTED, tuple(observed), OWNER, AROUND)) == operations


def test_only_an_explicit_health_check_is_sent_at_creation() -> None:
    implicit = plan_group(WANTED, (), OWNER, AROUND)
    explicit = plan_group(replace(WANTED, explicit_health=True), (), OWNER, AROUND)

    assert isinstance(implicit, Plan)
    assert isinstance(explicit, Plan)
    assert [plan.operations[0].health for plan in (implicit, explicit)] == [None, WANTED.health]  # type: ignore[union-attr]


def test_a_name_that_is_still_taken_is_waited_for() -> None:
    going = (replace(OURS, status=Status.DELETE_IN_PROGRESS),)
    plan = plan_group(WANTED, going, OWNER, AROUND)

    assert isinstance(plan, Plan)
    assert holds(plan.steps[0].when[0], going, AROUND) is not None


def test_targets_wait_for_the_group_to_be_active() -> None:
    creating = (replace(OURS, status=Status.CREATE_IN_PROGRESS, targets=()),)
    plan = plan_group(WANTED, creating, OWNER, AROUND)

    assert isinstance(plan, Plan)
    assert [holds(condition, creating, AROUND) is None for condition in plan.steps[0].when] == [False]


def test_a_group_that_is_being_created_and_has_no_targets_is_not_done() -> None:
    creating = (replace(OURS, status=Status.CREATE_IN_PROGRESS),)

    plan = plan_group(WANTED, creating, OWNER, AROUND)

    assert names(plan) == []
    assert isinstance(plan, Plan)
    assert not plan.empty


def test_targets_are_sent_by_the_hundred() -> None:
    plan = plan_group(
        replace(WANTED, targets=frozenset(Target("10.0.0.1", p) for p in range(1, 251))), (), OWNER, AROUND
    )

    assert isinstance(plan, Plan)
    assert [len(o.targets) for o in plan.operations if isinstance(o, RegisterTargets)] == [100, 100, 50]


def test_a_pause_holds_settings_and_follows_targets() -> None:
    seen = replace(OURS, health=HealthCheck(enabled=False), tags=Tags(), targets=())
    held = replace(WANTED, settings_held=True)

    assert names(plan_group(held, (replace(seen, tags=OURS.tags),), OWNER, AROUND)) == ["RegisterTargets"]
    assert names(plan_group(held, (), OWNER, AROUND)) == []


def test_a_health_check_that_somebody_else_decides_on_stays() -> None:
    seen = replace(OURS, health=HealthCheck(enabled=True, path="/healthy"), targets=())
    held = replace(WANTED, health_held=True)

    assert names(plan_group(WANTED, (seen,), OWNER, AROUND)) == ["UpdateTargetGroup", "RegisterTargets"]
    assert names(plan_group(held, (seen,), OWNER, AROUND)) == ["RegisterTargets"]
    assert names(plan_group(held, (), OWNER, AROUND)) == ["CreateTargetGroup", "RegisterTargets"]


def test_spared_targets_are_neither_registered_nor_deregistered() -> None:
    there, missing = Target("fd00::1", 80), Target("fd00::2", 80)
    seen = replace(OURS, targets=(*(OURS.targets or ()), ObservedTarget(there, TargetStatus.HEALTHY)))

    assert names(plan_group(WANTED, (seen,), OWNER, AROUND)) == ["DeregisterTargets"]
    assert names(plan_group(replace(WANTED, spared=frozenset({there, missing})), (seen,), OWNER, AROUND)) == []


def test_targets_of_a_service_that_is_going_stay() -> None:
    assert names(plan_group(replace(WANTED, targets=None), (OURS,), OWNER, AROUND)) == []


@pytest.mark.parametrize(
    ("desired", "observed", "differs"),
    [
        pytest.param(HealthCheck(enabled=False), None, False, id="TCP without any"),
        pytest.param(HealthCheck(enabled=False), HealthCheck(enabled=False, interval=30), False, id="unset members"),
        pytest.param(HealthCheck(enabled=True, path="/x"), HealthCheck(enabled=True, path="/"), True, id="a path"),
        pytest.param(HealthCheck(enabled=False), HealthCheck(enabled=True), True, id="off"),
    ],
)
def test_only_members_that_are_set_are_compared(
    desired: HealthCheck, observed: HealthCheck | None, differs: bool
) -> None:
    assert health_differs(desired, observed) is differs


@pytest.mark.parametrize(
    ("seen", "operations"),
    [
        pytest.param(OURS, ["DeregisterTargets", "DeleteTargetGroup"], id="with targets"),
        pytest.param(replace(OURS, targets=()), ["DeleteTargetGroup"], id="empty"),
        pytest.param(replace(OURS, tags=None), [], id="tags not read"),
        pytest.param(replace(OURS, targets=None), [], id="targets not read"),
        pytest.param(replace(OURS, tags=Tags({Tag.MANAGED_BY: "1/2/3"})), [], id="somebody else's"),
        pytest.param(replace(OURS, status=Status.DELETE_IN_PROGRESS), [], id="on its way"),
        pytest.param(GO, [], id="another group"),
    ],
)
def test_a_group_goes(seen: ObservedGroup, operations: list[str]) -> None:
    assert names(plan_group(Absent(KEY), (seen,), OWNER, AROUND)) == operations


def test_a_recorded_group_of_the_go_controller_goes_by_its_arn() -> None:
    assert names(plan_group(Absent(KEY, None, GO.arn), (replace(GO, arn=Arn("arn:x")), OURS), OWNER, AROUND)) == [
        "DeregisterTargets",
        "DeleteTargetGroup",
    ]


def test_a_group_in_use_is_not_touched_at_all() -> None:
    plan = plan_group(Absent(KEY), (OURS,), OWNER, AROUND)

    assert isinstance(plan, Plan)
    waiting = holds(plan.steps[0].when[0], (OURS,), AROUND)
    assert waiting is not None
    assert waiting.why == f"{KEY} is still used by arn:svc-1"


@pytest.mark.parametrize(
    ("statuses", "health"),
    [
        pytest.param(None, Health.UNKNOWN, id="not read"),
        pytest.param([], Health.EMPTY, id="none"),
        pytest.param(["DRAINING"], Health.EMPTY, id="only draining"),
        pytest.param(["HEALTHY", "UNHEALTHY"], Health.GOOD, id="one healthy"),
        pytest.param(["UNAVAILABLE"], Health.GOOD, id="checks off"),
        pytest.param(["HEALTHY", "INITIAL"], Health.WAITING, id="one still checked"),
        pytest.param(["UNHEALTHY", "UNUSED"], Health.BAD, id="none healthy"),
        pytest.param(["UNUSED", "DRAINING"], Health.UNUSED, id="unused"),
    ],
)
def test_health_of_a_group(statuses: list[str] | None, health: Health) -> None:
    targets = (
        None
        if statuses is None
        else tuple(ObservedTarget(Target("10.0.0.1", i), TargetStatus(s)) for i, s in enumerate(statuses))
    )

    assert health_of(replace(OURS, targets=targets)) is health
