from typing import Any

import pytest

from .worlds import HTTP, NOT_FOUND_404, VPC, Bench, bench, forward, path_match

EVERYTHING = {
    "httpMatch": {
        "method": "PATCH",
        "pathMatch": {"match": {"exact": "/Two"}, "caseSensitive": False},
        "headerMatches": [
            {"name": "X-Tenant", "match": {"contains": "Gold"}, "caseSensitive": True},
            {"name": "Accept", "match": {"prefix": "text/"}},
        ],
    }
}


def shop(**knobs: Any) -> tuple[Bench, str, str, str]:
    b = bench(**knobs)
    service, group = b.service(), b.group()
    return b, service, b.listener(service), group


def weighted(*shares: tuple[str, int | None]) -> dict[str, Any]:
    groups = [{"targetGroupIdentifier": group} | ({} if w is None else {"weight": w}) for group, w in shares]
    return {"forward": {"targetGroups": groups}}


def test_a_rule_comes_back_as_it_was_sent() -> None:
    b, service, listener, group = shop()
    rule = b.rule(service, listener, 7, match=EVERYTHING, action=weighted((group, 0)))

    got = b.call("GetRule", serviceIdentifier=service, listenerIdentifier=listener, ruleIdentifier=rule)

    assert (got["match"], got["action"]) == (EVERYTHING, weighted((group, 0)))
    assert (got["priority"], got["isDefault"]) == (7, False)
    assert got["arn"].endswith(f"service/{service}/listener/{listener}/rule/{rule}")


def test_only_get_rule_shows_an_empty_list_of_header_matches() -> None:
    b, service, listener, _ = shop()
    place = {"serviceIdentifier": service, "listenerIdentifier": listener}

    made = b.call("CreateRule", **place, name="one", priority=1, match=path_match("/a"), action=NOT_FOUND_404)
    got = b.call("GetRule", **place, ruleIdentifier=made["id"])

    assert "headerMatches" not in made["match"]["httpMatch"]
    assert got["match"]["httpMatch"]["headerMatches"] == []


def test_nested_arns_name_a_rule_and_wrong_parents_do_not() -> None:
    b, service, listener, _ = shop()
    other = b.service("other")
    rule = b.rule(service, listener, 1)
    head = "arn:aws:vpc-lattice:us-west-2:111122223333:service"
    arns = (f"{head}/{service}", f"{head}/{service}/listener/{listener}")

    got = b.call(
        "GetRule",
        serviceIdentifier=arns[0],
        listenerIdentifier=arns[1],
        ruleIdentifier=f"{arns[1]}/rule/{rule}",
    )
    assert got["id"] == rule

    for wrong in (f"{head}/{other}/listener/{listener}", f"{head}/{service}/{listener}"):
        error = b.refused("GetRule", serviceIdentifier=service, listenerIdentifier=wrong, ruleIdentifier=rule)
        assert error.members["resourceType"] == "LISTENER"
    error = b.refused("GetListener", serviceIdentifier=other, listenerIdentifier=listener)
    assert error.code == "ResourceNotFoundException"


def test_the_default_rule_is_listed_readable_and_cannot_be_touched() -> None:
    b, service, listener, group = shop()
    place = {"serviceIdentifier": service, "listenerIdentifier": listener}
    default = b.call("ListRules", **place)["items"][0]

    got = b.call("GetRule", **place, ruleIdentifier=default["id"])

    assert (default["name"], default["isDefault"], "priority" in default) == ("default", True, False)
    assert got["action"] == NOT_FOUND_404
    assert "match" not in got
    for operation, params in (("DeleteRule", {}), ("UpdateRule", {"action": forward(group)})):
        error = b.refused(operation, **place, ruleIdentifier=default["id"], **params)
        assert error.code == "ValidationException"

    b.call("UpdateListener", **place, defaultAction=forward(group))
    assert b.call("GetRule", **place, ruleIdentifier=default["id"])["action"] == forward(group)
    assert b.call("GetListener", **place)["defaultAction"] == forward(group)


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        pytest.param({"name": "taken"}, "ConflictException", id="name in use"),
        pytest.param({"priority": 1}, "ConflictException", id="priority in use"),
        pytest.param({"match": {"httpMatch": {}}}, "ValidationException", id="no condition"),
        pytest.param({"match": {"httpMatch": {"method": ""}}}, "ValidationException", id="empty method alone"),
        pytest.param({"action": {"fixedResponse": {"statusCode": 403}}}, "ValidationException", id="fixed 403"),
        pytest.param({"action": forward("tg-00000000000000000")}, "ResourceNotFoundException", id="unknown group"),
        pytest.param({"action": weighted(("A", None), ("B", 1))}, "ValidationException", id="weight missing"),
    ],
)
def test_a_rule_against_the_rules_is_refused(wanted: dict[str, Any], code: str) -> None:
    b, service, listener, _ = shop()
    b.rule(service, listener, 1, name="taken")
    asked = {"name": "fresh", "priority": 2, "match": path_match("/a"), "action": NOT_FOUND_404} | wanted

    error = b.refused("CreateRule", serviceIdentifier=service, listenerIdentifier=listener, **asked)

    assert error.code == code


def test_a_single_group_without_weight_weighs_100_and_its_arn_becomes_its_id() -> None:
    b, service, listener, group = shop()
    arn = f"arn:aws:vpc-lattice:us-west-2:111122223333:targetgroup/{group}"

    rule = b.rule(service, listener, 1, action=weighted((arn, None)))

    got = b.call("GetRule", serviceIdentifier=service, listenerIdentifier=listener, ruleIdentifier=rule)
    assert got["action"] == weighted((group, 100))


def test_the_same_group_may_stand_twice() -> None:
    b, service, listener, group = shop()
    twice = weighted((group, 1), (group, 2))

    rule = b.rule(service, listener, 1, action=twice)

    got = b.call("GetRule", serviceIdentifier=service, listenerIdentifier=listener, ruleIdentifier=rule)
    assert got["action"] == twice


def test_a_group_serves_one_service() -> None:
    b, service, listener, group = shop()
    b.rule(service, listener, 1, action=forward(group))
    other = b.service("other")

    error = b.refused(
        "CreateListener", serviceIdentifier=other, name="http", protocol="HTTP", defaultAction=forward(group)
    )

    assert error.code == "ConflictException"
    assert error.message == f"TargetGroup {group} has been associated with other services"


def test_a_group_that_is_being_deleted_cannot_be_forwarded_to() -> None:
    b, service, listener, group = shop()
    b.call("DeleteTargetGroup", targetGroupIdentifier=group)

    error = b.refused(
        "UpdateListener", serviceIdentifier=service, listenerIdentifier=listener, defaultAction=forward(group)
    )

    assert error.message.endswith("status: DELETE_IN_PROGRESS.")


@pytest.mark.parametrize(
    ("listener", "config", "fits"),
    [
        pytest.param("HTTP", {"protocol": "HTTP"}, True, id="HTTP to HTTP"),
        pytest.param("HTTP", {"protocol": "HTTPS"}, True, id="HTTP to HTTPS"),
        pytest.param("HTTPS", {"protocol": "HTTP", "protocolVersion": "GRPC"}, True, id="HTTPS to GRPC"),
        pytest.param("HTTP", {"protocol": "HTTP", "protocolVersion": "GRPC"}, False, id="HTTP to GRPC"),
        pytest.param("HTTP", {"protocol": "HTTP", "protocolVersion": "HTTP2"}, False, id="HTTP to HTTP2"),
        pytest.param("HTTP", {"protocol": "TCP", "port": 1}, False, id="HTTP to TCP"),
        pytest.param("TLS_PASSTHROUGH", {"protocol": "TCP", "port": 1}, True, id="TLS to TCP"),
        pytest.param("TLS_PASSTHROUGH", {"protocol": "HTTPS"}, False, id="TLS to HTTPS"),
    ],
)
def test_a_group_must_fit_the_protocol_of_the_listener(listener: str, config: dict[str, Any], fits: bool) -> None:
    b = bench()
    service = b.service(customDomainName="rates.example.com")
    group = b.group(config=config | {"vpcIdentifier": VPC})
    wanted = {"name": "main", "protocol": listener, "defaultAction": forward(group)}

    if fits:
        assert b.call("CreateListener", serviceIdentifier=service, **wanted)["defaultAction"] == forward(group)
    else:
        assert b.refused("CreateListener", serviceIdentifier=service, **wanted).code == "ValidationException"


def test_a_knob_lets_http2_groups_stand_behind_http() -> None:
    b, service, listener, _ = shop(allow_h2_on_http=True)
    group = b.group("h2", config=HTTP | {"protocolVersion": "HTTP2"})

    assert b.rule(service, listener, 1, action=forward(group))


def test_a_passthrough_listener_needs_a_domain_forwards_only_and_has_no_rules() -> None:
    b = bench()
    plain, named = b.service("plain"), b.service("named", customDomainName="rates.example.com")
    group = b.group(config={"port": 443, "protocol": "TCP", "vpcIdentifier": VPC})
    tls = {"name": "tls", "protocol": "TLS_PASSTHROUGH"}

    for service, action in ((plain, forward(group)), (named, NOT_FOUND_404)):
        error = b.refused("CreateListener", serviceIdentifier=service, **tls, defaultAction=action)
        assert error.code == "ValidationException"
    listener = b.call("CreateListener", serviceIdentifier=named, **tls, defaultAction=forward(group))
    assert listener["port"] == 443
    error = b.refused(
        "CreateRule",
        serviceIdentifier=named,
        listenerIdentifier=listener["id"],
        name="one",
        priority=1,
        match=path_match("/a"),
        action=forward(group),
    )
    assert error.code == "ValidationException"


@pytest.mark.parametrize(
    ("name", "protocol", "port"),
    [
        pytest.param("http", "HTTP", 8080, id="name in use"),
        pytest.param("other", "HTTP", 80, id="port in use"),
        pytest.param("other", "HTTPS", 80, id="port in use by another protocol"),
    ],
)
def test_listeners_of_a_service_share_neither_name_nor_port(name: str, protocol: str, port: int) -> None:
    b, service, _, _ = shop()

    error = b.refused(
        "CreateListener",
        serviceIdentifier=service,
        name=name,
        protocol=protocol,
        port=port,
        defaultAction=NOT_FOUND_404,
    )

    assert (error.code, "already exists" in error.message) == ("ConflictException", True)


@pytest.mark.parametrize(
    ("knobs", "operation", "code"),
    [
        pytest.param({"quota_listeners": 1}, "CreateListener", "L-D64E952E", id="listeners"),
        pytest.param({"quota_rules": 0}, "CreateRule", "L-CF78395E", id="rules"),
        pytest.param({"quota_rules": 1, "default_rule_counts": True}, "CreateRule", "L-CF78395E", id="default counts"),
        pytest.param({"quota_groups_per_service": 0}, "CreateRule", "L-3DEC3B9F", id="groups of a service"),
    ],
)
def test_quotas_have_their_codes(knobs: dict[str, Any], operation: str, code: str) -> None:
    b, service, listener, group = shop(**knobs)
    params: dict[str, Any] = (
        {"protocol": "HTTP", "port": 8080, "defaultAction": NOT_FOUND_404}
        if operation == "CreateListener"
        else {"listenerIdentifier": listener, "priority": 1, "match": path_match("/a"), "action": forward(group)}
    )

    error = b.refused(operation, serviceIdentifier=service, name="next", **params)

    assert error.members["quotaCode"] == code


def test_an_update_replaces_what_is_given_and_keeps_the_rest() -> None:
    b, service, listener, group = shop()
    rule = b.rule(service, listener, 1, match=EVERYTHING)
    b.rule(service, listener, 2)
    place = {"serviceIdentifier": service, "listenerIdentifier": listener, "ruleIdentifier": rule}

    acted = b.call("UpdateRule", **place, action=forward(group))
    moved = b.call("UpdateRule", **place, priority=1, match=path_match("/b"))

    assert (acted["match"], acted["action"], acted["priority"]) == (EVERYTHING, forward(group), 1)
    assert (moved["match"], moved["action"]) == (path_match("/b"), forward(group))
    assert b.refused("UpdateRule", **place, priority=2).code == "ConflictException"


def test_a_batch_may_swap_priorities() -> None:
    b, service, listener, _ = shop()
    first, second = b.rule(service, listener, 1), b.rule(service, listener, 2)
    place = {"serviceIdentifier": service, "listenerIdentifier": listener}

    swapped = b.call(
        "BatchUpdateRule",
        **place,
        rules=[{"ruleIdentifier": first, "priority": 2}, {"ruleIdentifier": second, "priority": 1}],
    )

    assert [(each["id"], each["priority"]) for each in swapped["successful"]] == [(first, 2), (second, 1)]
    assert swapped["unsuccessful"] == []
    third = b.refused("BatchUpdateRule", **place, rules=[{"ruleIdentifier": first, "priority": 1}])
    assert third.code == "ConflictException"


def test_a_batch_names_what_it_could_not_do_and_does_the_rest() -> None:
    b, service, listener, group = shop()
    rule = b.rule(service, listener, 1)
    place = {"serviceIdentifier": service, "listenerIdentifier": listener}
    default = b.call("ListRules", **place)["items"][0]["id"]
    unknown = "rule-00000000000000000"

    done = b.call(
        "BatchUpdateRule",
        **place,
        rules=[{"ruleIdentifier": each, "action": forward(group)} for each in (unknown, rule, default)],
    )

    assert [each["id"] for each in done["successful"]] == [rule]
    assert [(each["ruleIdentifier"], each["failureCode"]) for each in done["unsuccessful"]] == [
        (unknown, "RuleNotFound"),
        (default, "InvalidRule"),
    ]


def test_a_batch_that_names_a_rule_twice_is_refused() -> None:
    b, service, listener, _ = shop()
    rule = b.rule(service, listener, 1)
    arn = f"arn:aws:vpc-lattice:us-west-2:111122223333:service/{service}/listener/{listener}/rule/{rule}"

    error = b.refused(
        "BatchUpdateRule",
        serviceIdentifier=service,
        listenerIdentifier=listener,
        rules=[{"ruleIdentifier": rule, "priority": 4}, {"ruleIdentifier": arn, "priority": 5}],
    )

    assert error.code == "ValidationException"


def test_deleting_a_rule_frees_its_name_priority_and_group() -> None:
    b, service, listener, group = shop()
    rule = b.rule(service, listener, 1, action=forward(group))

    b.call("DeleteRule", serviceIdentifier=service, listenerIdentifier=listener, ruleIdentifier=rule)

    assert b.call("GetTargetGroup", targetGroupIdentifier=group)["serviceArns"] == []
    assert b.rule(service, listener, 1) != rule
