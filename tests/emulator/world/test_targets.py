from typing import Any

import pytest

from lattice_emulator.world.model import Health, TargetKey

from .worlds import HTTP, VPC, Bench, bench, forward

FUNCTION = "arn:aws:lambda:us-west-2:111122223333:function:quote"
ALB = "arn:aws:elasticloadbalancing:us-west-2:111122223333:loadbalancer/app/rates/0a1b2c3d"
A = TargetKey("10.0.0.1", 80)


def used(group_config: dict[str, Any] = HTTP, **knobs: Any) -> tuple[Bench, str, str]:
    """A world with a group that a listener forwards to, and one target in it."""
    b = bench(**knobs)
    group = b.group(config=group_config)
    listener = b.listener(b.service(), defaultAction=forward(group))
    b.call("RegisterTargets", targetGroupIdentifier=group, targets=[{"id": A.id}])
    return b, group, listener


def test_an_unused_group_has_unused_targets() -> None:
    b = bench()
    group = b.group()

    answer = b.call("RegisterTargets", targetGroupIdentifier=group, targets=[{"id": "10.0.0.1"}])

    assert answer == {"successful": [{"id": "10.0.0.1", "port": 80}], "unsuccessful": []}
    assert b.targets(group) == [("10.0.0.1", "UNUSED", "TargetGroupNotInUse")]


def test_health_follows_what_the_checker_reports() -> None:
    b, group, _ = used()
    assert b.targets(group) == [("10.0.0.1", "INITIAL", None)]

    b.world.report_health(group, A, Health.HEALTHY)
    assert b.targets(group) == [("10.0.0.1", "HEALTHY", None)]

    b.world.report_health(group, A, Health.UNHEALTHY)
    assert b.targets(group) == [("10.0.0.1", "UNHEALTHY", "HealthCheckFailed")]


def test_reports_about_targets_that_are_not_checked_are_passed_over() -> None:
    b, group, _ = used()
    b.world.report_health("tg-00000000000000000", A, Health.HEALTHY)
    b.world.report_health(group, TargetKey("10.0.0.1", 81), Health.HEALTHY)
    b.call("DeregisterTargets", targetGroupIdentifier=group, targets=[{"id": "10.0.0.1"}])

    b.world.report_health(group, A, Health.HEALTHY)

    assert b.targets(group) == [("10.0.0.1", "DRAINING", None)]


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        pytest.param(HTTP | {"healthCheck": {"enabled": False}}, "HealthCheckDisabled", id="check turned off"),
        pytest.param(HTTP | {"protocolVersion": "HTTP1", "healthCheck": {"enabled": True}}, None, id="check on"),
    ],
)
def test_targets_without_check_are_unavailable(config: dict[str, Any], reason: str | None) -> None:
    b, group, _ = used(config)

    assert b.targets(group) == [("10.0.0.1", "UNAVAILABLE" if reason else "INITIAL", reason)]


def test_turning_the_check_off_and_on_starts_again() -> None:
    b, group, _ = used()
    b.world.report_health(group, A, Health.HEALTHY)

    b.call("UpdateTargetGroup", targetGroupIdentifier=group, healthCheck={"enabled": False})
    assert b.targets(group) == [("10.0.0.1", "UNAVAILABLE", "HealthCheckDisabled")]
    b.call("UpdateTargetGroup", targetGroupIdentifier=group, healthCheck={"enabled": True})

    assert b.targets(group) == [("10.0.0.1", "INITIAL", None)]


def test_a_used_target_drains_and_an_unused_one_goes_at_once() -> None:
    b, group, _ = used(drain_seconds=60)
    idle = b.group("idle")
    b.call("RegisterTargets", targetGroupIdentifier=idle, targets=[{"id": "10.0.0.1"}])

    for each in (group, idle, group):
        b.call("DeregisterTargets", targetGroupIdentifier=each, targets=[{"id": "10.0.0.1"}])

    assert b.targets(idle) == []
    assert b.targets(group) == [("10.0.0.1", "DRAINING", None)]
    assert b.world.next_due() == b.clock.now() + 60
    b.wait(60)
    assert b.targets(group) == []


def test_draining_ends_when_the_group_falls_out_of_use() -> None:
    b, group, listener = used()
    b.call("DeregisterTargets", targetGroupIdentifier=group, targets=[{"id": "10.0.0.1"}])
    service = b.call("ListServices")["items"][0]["id"]

    b.call("DeleteListener", serviceIdentifier=service, listenerIdentifier=listener)

    assert b.targets(group) == []


def test_health_is_forgotten_when_the_group_falls_out_of_use() -> None:
    b, group, listener = used()
    b.world.report_health(group, A, Health.HEALTHY)
    service = b.call("ListServices")["items"][0]["id"]
    place = {"serviceIdentifier": service, "listenerIdentifier": listener}

    b.call("UpdateListener", **place, defaultAction={"fixedResponse": {"statusCode": 404}})
    assert b.targets(group) == [("10.0.0.1", "UNUSED", "TargetGroupNotInUse")]
    b.call("UpdateListener", **place, defaultAction=forward(group))

    assert b.targets(group) == [("10.0.0.1", "INITIAL", None)]


def test_registering_a_draining_target_brings_it_back() -> None:
    b, group, _ = used()
    b.world.report_health(group, A, Health.HEALTHY)
    b.call("DeregisterTargets", targetGroupIdentifier=group, targets=[{"id": "10.0.0.1"}])

    b.call("RegisterTargets", targetGroupIdentifier=group, targets=[{"id": "10.0.0.1", "port": 80}])
    b.wait()

    assert b.targets(group) == [("10.0.0.1", "INITIAL", None)]


def test_registering_again_changes_nothing() -> None:
    b, group, _ = used()
    b.world.report_health(group, A, Health.HEALTHY)
    before = b.world.dump()

    b.call("RegisterTargets", targetGroupIdentifier=group, targets=[{"id": "10.0.0.1"}])

    assert b.world.dump() == before


def test_one_address_on_two_ports_is_two_targets() -> None:
    b, group, _ = used()

    b.call("RegisterTargets", targetGroupIdentifier=group, targets=[{"id": "10.0.0.1", "port": 81}])
    only = b.call("ListTargets", targetGroupIdentifier=group, targets=[{"id": "10.0.0.1", "port": 81}])
    both = b.call("ListTargets", targetGroupIdentifier=group, targets=[{"id": "10.0.0.1"}])

    assert [each["port"] for each in only["items"]] == [81]
    assert [each["port"] for each in both["items"]] == [80, 81]


@pytest.mark.parametrize(
    ("group_type", "config", "target", "sound"),
    [
        pytest.param("IP", HTTP, "127.4.0.1", True, id="loopback"),
        pytest.param("IP", HTTP, "10.0.0.256", False, id="no address"),
        pytest.param("IP", HTTP, "8.8.8.8", False, id="public"),
        pytest.param("IP", HTTP, "224.0.0.1", False, id="multicast"),
        pytest.param("IP", HTTP, "fd00::1", False, id="other family"),
        pytest.param("IP", HTTP | {"ipAddressType": "IPV6"}, "fd00::1", True, id="IPv6"),
        pytest.param("IP", HTTP | {"ipAddressType": "IPV6"}, "10.0.0.1", False, id="IPv4 in an IPv6 group"),
        pytest.param("INSTANCE", HTTP, "i-0123456789abcdef0", True, id="instance"),
        pytest.param("INSTANCE", HTTP, "10.0.0.1", False, id="address as instance"),
        pytest.param("ALB", HTTP, ALB, True, id="load balancer"),
        pytest.param("ALB", HTTP, FUNCTION, False, id="function as load balancer"),
        pytest.param("LAMBDA", None, FUNCTION, True, id="function"),
        pytest.param("LAMBDA", None, ALB, False, id="load balancer as function"),
    ],
)
def test_targets_are_what_the_type_of_the_group_says(group_type: str, config: Any, target: str, sound: bool) -> None:
    b = bench()
    given = {} if config is None else {"config": config}
    group = b.ready("CreateTargetGroup", name="pods", type=group_type, **given)

    answer = b.call("RegisterTargets", targetGroupIdentifier=group, targets=[{"id": target}])

    failed = [(each["id"], each["failureCode"]) for each in answer["unsuccessful"]]
    assert failed == ([] if sound else [(target, "UnsupportedTarget")])
    assert [each[0] for each in b.targets(group)] == ([target] if sound else [])


def test_a_function_target_has_no_port_and_leaves_at_once() -> None:
    b = bench()
    group = b.ready("CreateTargetGroup", name="quote", type="LAMBDA")
    b.listener(b.service(), defaultAction=forward(group))

    answer = b.call("RegisterTargets", targetGroupIdentifier=group, targets=[{"id": FUNCTION}])

    assert answer["successful"] == [{"id": FUNCTION}]
    assert b.targets(group) == [(FUNCTION, "UNAVAILABLE", "HealthCheckNotSupported")]
    error = b.refused("RegisterTargets", targetGroupIdentifier=group, targets=[{"id": f"{FUNCTION}-2"}])
    assert error.code == "ValidationException"
    b.call("DeregisterTargets", targetGroupIdentifier=group, targets=[{"id": FUNCTION}])
    assert b.targets(group) == []


def test_deregistering_an_unknown_target_fails_alone() -> None:
    b, group, _ = used()

    answer = b.call("DeregisterTargets", targetGroupIdentifier=group, targets=[{"id": "10.0.0.9"}, {"id": "10.0.0.1"}])

    assert answer["successful"] == [{"id": "10.0.0.1", "port": 80}]
    assert [(each["id"], each["failureCode"]) for each in answer["unsuccessful"]] == [("10.0.0.9", "TargetNotFound")]


def test_the_quota_of_targets_is_judged_for_the_whole_call() -> None:
    b, group, _ = used(quota_targets=2)
    more = [{"id": f"10.0.1.{n}"} for n in range(2)]

    error = b.refused("RegisterTargets", targetGroupIdentifier=group, targets=more)

    assert (error.code, error.members["quotaCode"]) == ("ServiceQuotaExceededException", "L-D71303F3")
    assert error.members["resourceId"] == group


@pytest.mark.parametrize(("counts", "status"), [(True, "INITIAL"), (False, "UNUSED")])
def test_a_knob_says_whether_weight_zero_is_use(counts: bool, status: str) -> None:
    b = bench(weight_zero_in_use=counts)
    group = b.group()
    zero = {"forward": {"targetGroups": [{"targetGroupIdentifier": group, "weight": 0}]}}
    b.listener(b.service(), defaultAction=zero)
    b.call("RegisterTargets", targetGroupIdentifier=group, targets=[{"id": "10.0.0.1"}])

    assert [each[1] for each in b.targets(group)] == [status]
    assert bool(b.call("GetTargetGroup", targetGroupIdentifier=group)["serviceArns"]) is counts


def test_a_knob_lets_unused_targets_linger() -> None:
    b = bench(unused_target_lingers_seconds=5)
    group = b.group()
    b.call("RegisterTargets", targetGroupIdentifier=group, targets=[{"id": "10.0.0.1"}])

    b.call("DeregisterTargets", targetGroupIdentifier=group, targets=[{"id": "10.0.0.1"}])

    assert b.targets(group) == [("10.0.0.1", "UNUSED", "TargetGroupNotInUse")]
    b.wait(5)
    assert b.targets(group) == []


def test_tcp_targets_are_unavailable_by_default() -> None:
    b = bench()
    group = b.group(config={"port": 443, "protocol": "TCP", "vpcIdentifier": VPC})
    service = b.service(customDomainName="rates.example.com")
    b.listener(service, name="tls", protocol="TLS_PASSTHROUGH", defaultAction=forward(group))
    b.call("RegisterTargets", targetGroupIdentifier=group, targets=[{"id": "10.0.0.1"}])

    assert b.targets(group) == [("10.0.0.1", "UNAVAILABLE", "HealthCheckDisabled")]
