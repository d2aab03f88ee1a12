from typing import Any

import pytest

from .worlds import HTTP, VPC, bench, forward

FUNCTION = "arn:aws:lambda:us-west-2:111122223333:function:quote"
CHECK = {
    "enabled": True,
    "protocol": "HTTP",
    "protocolVersion": "HTTP1",
    "path": "/",
    "healthCheckIntervalSeconds": 30,
    "healthCheckTimeoutSeconds": 5,
    "healthyThresholdCount": 5,
    "unhealthyThresholdCount": 2,
    "matcher": {"httpCode": "200"},
}
TCP = {"port": 443, "protocol": "TCP", "vpcIdentifier": VPC}


@pytest.mark.parametrize(
    ("group_type", "config", "expected"),
    [
        pytest.param(
            "IP",
            {"protocol": "HTTP", "vpcIdentifier": VPC},
            {"port": 80, "protocol": "HTTP", "protocolVersion": "HTTP1", "ipAddressType": "IPV4", "healthCheck": CHECK},
            id="HTTP on its own port",
        ),
        pytest.param(
            "IP",
            {"protocol": "HTTPS", "vpcIdentifier": VPC},
            {
                "port": 443,
                "protocol": "HTTPS",
                "protocolVersion": "HTTP1",
                "ipAddressType": "IPV4",
                "healthCheck": CHECK | {"protocol": "HTTPS"},
            },
            id="checks follow HTTPS",
        ),
        pytest.param(
            "IP",
            {"port": 50, "protocol": "HTTP", "protocolVersion": "GRPC", "vpcIdentifier": VPC, "ipAddressType": "IPV6"},
            {
                "port": 50,
                "protocol": "HTTP",
                "protocolVersion": "GRPC",
                "ipAddressType": "IPV6",
                "healthCheck": CHECK | {"enabled": False},
            },
            id="GRPC is not checked, and by HTTP1 if at all",
        ),
        pytest.param(
            "IP",
            {"port": 50, "protocol": "HTTP", "protocolVersion": "HTTP2", "vpcIdentifier": VPC},
            {
                "port": 50,
                "protocol": "HTTP",
                "protocolVersion": "HTTP2",
                "ipAddressType": "IPV4",
                "healthCheck": CHECK | {"enabled": False, "protocolVersion": "HTTP2"},
            },
            id="HTTP2 is not checked",
        ),
        pytest.param(
            "IP",
            TCP,
            {"port": 443, "protocol": "TCP", "ipAddressType": "IPV4", "healthCheck": {"enabled": False}},
            id="TCP shows that it is not checked, and no more",
        ),
        pytest.param(
            "INSTANCE",
            HTTP,
            {"port": 80, "protocol": "HTTP", "protocolVersion": "HTTP1", "healthCheck": CHECK},
            id="INSTANCE has no address type",
        ),
        pytest.param(
            "ALB",
            HTTP,
            {"port": 80, "protocol": "HTTP", "protocolVersion": "HTTP1", "ipAddressType": "IPV4"},
            id="ALB has no health check",
        ),
    ],
)
def test_answers_carry_every_default(group_type: str, config: dict[str, Any], expected: dict[str, Any]) -> None:
    b = bench()

    made = b.call("CreateTargetGroup", name="pods", type=group_type, config=config)

    assert made["config"] == expected | {"vpcIdentifier": VPC}
    assert made["status"] == "CREATE_IN_PROGRESS"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        pytest.param({}, {}, id="none given"),
        pytest.param(
            {"config": {"lambdaEventStructureVersion": "V2"}},
            {"config": {"lambdaEventStructureVersion": "V2"}},
            id="event version",
        ),
    ],
)
def test_a_function_group_shows_a_config_only_when_it_was_given_one(
    config: dict[str, Any], expected: dict[str, Any]
) -> None:
    made = bench().call("CreateTargetGroup", name="quote", type="LAMBDA", **config)

    assert {key: value for key, value in made.items() if key == "config"} == expected


@pytest.mark.parametrize(
    ("group_type", "config", "field"),
    [
        pytest.param("IP", None, "config", id="no config"),
        pytest.param("IP", {"protocol": "HTTP"}, "config.vpcIdentifier", id="no VPC"),
        pytest.param("IP", {"vpcIdentifier": VPC}, "config.protocol", id="no protocol"),
        pytest.param("IP", {"vpcIdentifier": VPC, "protocol": "TCP"}, "config.port", id="TCP without port"),
        pytest.param("IP", TCP | {"protocolVersion": "HTTP1"}, "config.protocolVersion", id="TCP with version"),
        pytest.param("IP", HTTP | {"lambdaEventStructureVersion": "V1"}, "config.lambdaEventStructureVersion", id="V1"),
        pytest.param("INSTANCE", HTTP | {"ipAddressType": "IPV4"}, "config.ipAddressType", id="INSTANCE address type"),
        pytest.param("ALB", HTTP | {"protocolVersion": "HTTP2"}, "config.protocolVersion", id="ALB HTTP2"),
        pytest.param("ALB", HTTP | {"healthCheck": {"enabled": True}}, "config.healthCheck", id="ALB check"),
        pytest.param("LAMBDA", {"port": 80}, "config.port", id="LAMBDA port"),
        pytest.param("LAMBDA", {"healthCheck": {}}, "config.healthCheck", id="LAMBDA check"),
        pytest.param("IP", TCP | {"healthCheck": {"enabled": True}}, "healthCheck.protocol", id="TCP check"),
        pytest.param(
            "IP",
            TCP | {"healthCheck": {"enabled": True, "protocol": "HTTP"}},
            "healthCheck.protocolVersion",
            id="TCP check without version",
        ),
        pytest.param("IP", HTTP | {"healthCheck": {"protocol": "TCP"}}, "healthCheck.protocol", id="check by TCP"),
        pytest.param(
            "IP",
            HTTP | {"healthCheck": {"healthCheckIntervalSeconds": 3}},
            "healthCheck.healthCheckIntervalSeconds",
            id="interval 3",
        ),
        pytest.param(
            "IP", HTTP | {"healthCheck": {"healthyThresholdCount": 1}}, "healthCheck.healthyThresholdCount", id="1 pass"
        ),
        *(
            pytest.param(
                "IP",
                HTTP | {"healthCheck": {"matcher": {"httpCode": codes}}},
                "healthCheck.matcher.httpCode",
                id=f"codes {codes}",
            )
            for codes in ("199", "500", "200-", "299-200", "200,,201", "2000", "-")
        ),
    ],
)
def test_a_configuration_against_the_rules_is_refused(group_type: str, config: Any, field: str) -> None:
    given = {} if config is None else {"config": config}

    error = bench().refused("CreateTargetGroup", name="pods", type=group_type, **given)

    assert error.code == "ValidationException"
    assert error.members["fieldList"] == [{"name": field, "message": error.message}]


def test_an_update_merges_and_zero_or_empty_text_resets_a_member() -> None:
    b = bench()
    given = {"path": "/live", "healthCheckIntervalSeconds": 10, "port": 8080, "matcher": {"httpCode": "200-299,301"}}
    group = b.group(config=HTTP | {"healthCheck": given})

    merged = b.call("UpdateTargetGroup", targetGroupIdentifier=group, healthCheck={"healthyThresholdCount": 3})
    reset = b.call(
        "UpdateTargetGroup",
        targetGroupIdentifier=group,
        healthCheck={"path": "", "healthCheckIntervalSeconds": 0, "port": 0, "matcher": {"httpCode": ""}},
    )

    assert merged["config"]["healthCheck"] == CHECK | given | {"healthyThresholdCount": 3}
    assert reset["config"]["healthCheck"] == CHECK | {"healthyThresholdCount": 3}


def test_a_knob_turns_the_merge_into_a_replacement() -> None:
    b = bench(hc_update_mode="replace")
    group = b.group(config=HTTP | {"healthCheck": {"path": "/live"}})

    answer = b.call("UpdateTargetGroup", targetGroupIdentifier=group, healthCheck={"healthyThresholdCount": 3})

    assert answer["config"]["healthCheck"] == CHECK | {"healthyThresholdCount": 3}


def test_a_check_of_a_tcp_group_can_be_put_on_and_taken_off() -> None:
    b = bench()
    group = b.group(config=TCP)
    on = {"enabled": True, "protocol": "HTTP", "protocolVersion": "HTTP1"}

    put_on = b.call("UpdateTargetGroup", targetGroupIdentifier=group, healthCheck=on)
    off = b.call("UpdateTargetGroup", targetGroupIdentifier=group, healthCheck={"enabled": False})

    assert put_on["config"]["healthCheck"] == CHECK
    assert off["config"]["healthCheck"] == {"enabled": False}


def test_a_group_shows_which_service_uses_it_and_cannot_be_deleted_meanwhile() -> None:
    b = bench()
    service, group = b.service(), b.group()
    listener = b.listener(service, defaultAction=forward(group))
    arn = f"arn:aws:vpc-lattice:us-west-2:111122223333:service/{service}"

    assert b.call("GetTargetGroup", targetGroupIdentifier=group)["serviceArns"] == [arn]
    assert b.call("ListTargetGroups")["items"][0]["serviceArns"] == [arn]
    assert b.refused("DeleteTargetGroup", targetGroupIdentifier=group).code == "ConflictException"

    b.call("DeleteListener", serviceIdentifier=service, listenerIdentifier=listener)
    assert b.call("DeleteTargetGroup", targetGroupIdentifier=group)["status"] == "DELETE_IN_PROGRESS"


def test_a_group_with_targets_cannot_be_deleted_unless_the_knob_allows_it() -> None:
    for strict in (True, False):
        b = bench(strict_tg_delete=strict)
        group = b.group()
        b.call("RegisterTargets", targetGroupIdentifier=group, targets=[{"id": "10.0.0.1"}])

        if strict:
            assert b.refused("DeleteTargetGroup", targetGroupIdentifier=group).code == "ConflictException"
        else:
            b.call("DeleteTargetGroup", targetGroupIdentifier=group)
            b.wait()
            assert not any(b.world.counts().values())


def test_a_group_is_unusable_while_it_is_created() -> None:
    b = bench()
    group = b.call("CreateTargetGroup", name="pods", type="IP", config=HTTP)["id"]

    for operation, params in (
        ("RegisterTargets", {"targets": [{"id": "10.0.0.1"}]}),
        ("UpdateTargetGroup", {"healthCheck": {}}),
        ("DeleteTargetGroup", {}),
    ):
        error = b.refused(operation, targetGroupIdentifier=group, **params)
        assert error.message.endswith("status: CREATE_IN_PROGRESS.")


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        pytest.param({}, ["pods", "quote", "alb"], id="all"),
        pytest.param({"vpcIdentifier": VPC}, ["pods", "alb"], id="of a VPC"),
        pytest.param({"targetGroupType": "LAMBDA"}, ["quote"], id="of a type"),
        pytest.param({"targetGroupType": "IP", "vpcIdentifier": "vpc-0000000a"}, [], id="of neither"),
    ],
)
def test_groups_are_listed_by_vpc_and_type(asked: dict[str, Any], names: list[str]) -> None:
    b = bench()
    b.group("pods")
    b.ready("CreateTargetGroup", name="quote", type="LAMBDA")
    b.group("alb", type="ALB")

    assert [each["name"] for each in b.call("ListTargetGroups", **asked)["items"]] == names
