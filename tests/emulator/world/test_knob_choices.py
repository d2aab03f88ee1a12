"""Each open point behaves as its knob says, the other way than by default."""

from typing import Any

import pytest

from lattice_emulator.world.model import Health, TargetKey

from .worlds import HTTP, NOT_FOUND_404, OTHER, VPC, bench, forward, path_match


@pytest.mark.parametrize("code", ["ValidationException", "AccessDeniedException", "ResourceNotFoundException"])
def test_the_type_of_a_refusal_is_a_knob(code: str) -> None:
    b = bench(rule_taken=code, default_rule_fixed=code)
    service = b.service()
    listener = b.listener(service)
    place = {"serviceIdentifier": service, "listenerIdentifier": listener}
    b.rule(service, listener, 1)
    default = b.call("ListRules", **place)["items"][0]["id"]

    taken = b.refused("CreateRule", **place, name="next", priority=1, match=path_match("/a"), action=NOT_FOUND_404)
    fixed = b.refused("DeleteRule", **place, ruleIdentifier=default)

    assert (taken.code, fixed.code) == (code, code)
    if code == "ValidationException":
        assert taken.members["fieldList"] == [{"name": "priority", "message": taken.message}]


def test_a_page_token_may_be_refused_as_a_conflict() -> None:
    b = bench(bad_page_token="ConflictException")  # noqa: S106  # no password, a kind of refusal

    with pytest.raises(Exception, match="nextToken was not issued") as caught:
        b.call("ListServices", nextToken="made up")

    assert getattr(caught.value, "status", None) == 409


def test_a_list_by_an_unknown_parent_may_be_a_404() -> None:
    b = bench(unknown_list_parent_404=True)

    with pytest.raises(Exception, match=r"svc-0+ was not found"):
        b.call("ListServiceNetworkServiceAssociations", serviceIdentifier="svc-00000000000000000")


def test_tags_may_move_the_time_of_the_last_update() -> None:
    for moves in (True, False):
        b = bench(updated_by_tags=moves)
        got = b.call("GetService", serviceIdentifier=b.service())

        b.call("TagResource", resourceArn=got["arn"], tags={"a": "b"})

        after = b.call("GetService", serviceIdentifier=got["id"])
        assert (after["lastUpdatedAt"] > got["lastUpdatedAt"]) is moves


def test_associations_in_transit_may_count() -> None:
    b = bench(count_active_only=False)
    network = b.network()
    b.call("CreateServiceNetworkVpcAssociation", serviceNetworkIdentifier=network, vpcIdentifier=VPC)

    assert b.call("GetServiceNetwork", serviceNetworkIdentifier=network)["numberOfAssociatedVPCs"] == 1


def test_an_association_may_bear_its_creators_account() -> None:
    b = bench(association_arn_account="creator")
    network = b.network()
    b.world.share(network, frozenset({OTHER.account}))

    made = b.call("CreateServiceNetworkVpcAssociation", by=OTHER, serviceNetworkIdentifier=network, vpcIdentifier=VPC)

    seen = b.call("ListServiceNetworkVpcAssociations", serviceNetworkIdentifier=network)["items"]
    assert [each["arn"] for each in seen] == [made["arn"]]


def test_any_custom_domain_may_pass() -> None:
    assert bench(check_custom_domain=False).service(customDomainName="*.example.com")


def test_listeners_may_be_made_while_their_service_is_created() -> None:
    b = bench(build_while_creating=True)
    service = b.call("CreateService", name="rates")["id"]

    assert b.call(
        "CreateListener", serviceIdentifier=service, name="http", protocol="HTTP", defaultAction=NOT_FOUND_404
    )


@pytest.mark.parametrize(
    ("knobs", "wanted", "match", "action"),
    [
        pytest.param(
            {"missing_weight_refused": False},
            {},
            path_match("/a"),
            {"forward": {"targetGroups": [{"targetGroupIdentifier": "A"}, {"targetGroupIdentifier": "B"}]}},
            id="weights left out",
        ),
        pytest.param({"empty_match_refused": False}, {}, {"httpMatch": {}}, NOT_FOUND_404, id="no condition"),
    ],
)
def test_what_is_refused_by_default_may_pass(
    knobs: dict[str, Any], wanted: dict[str, Any], match: dict[str, Any], action: dict[str, Any]
) -> None:
    b = bench(**knobs)
    service = b.service()
    listener = b.listener(service)
    for share in action.get("forward", {}).get("targetGroups", ()):
        share["targetGroupIdentifier"] = b.group(f"group-{share['targetGroupIdentifier'].lower()}")

    rule = b.rule(service, listener, 1, match=match, action=action, **wanted)

    got = b.call("GetRule", serviceIdentifier=service, listenerIdentifier=listener, ruleIdentifier=rule)
    weights = [share["weight"] for share in got["action"].get("forward", {}).get("targetGroups", ())]
    assert set(weights) <= {100}


@pytest.mark.parametrize(
    ("knobs", "match", "twice"),
    [
        pytest.param({"same_match_twice": False}, path_match("/1"), False, id="same match"),
        pytest.param({"same_group_twice": False}, path_match("/2"), True, id="same group"),
        pytest.param({"empty_method_is_absent": False}, {"httpMatch": {"method": ""}}, False, id="empty method"),
    ],
)
def test_what_passes_by_default_may_be_refused(knobs: dict[str, Any], match: dict[str, Any], twice: bool) -> None:
    b = bench(**knobs)
    service, group = b.service(), b.group()
    listener = b.listener(service)
    b.rule(service, listener, 1)
    asked = {"name": "next", "match": match, "action": forward(group, group) if twice else NOT_FOUND_404}

    error = b.refused("CreateRule", serviceIdentifier=service, listenerIdentifier=listener, priority=2, **asked)

    assert error.status in (400, 409)


def test_case_flags_left_out_may_be_shown_with_their_defaults() -> None:
    b = bench(show_case_default=True, path_case_default=False)
    service = b.service()
    bare = {
        "httpMatch": {
            "pathMatch": {"match": {"prefix": "/"}},
            "headerMatches": [{"name": "x", "match": {"exact": "y"}}],
        }
    }

    rule = b.rule(service, b.listener(service), 1, match=bare)

    listener = b.call("ListListeners", serviceIdentifier=service)["items"][0]["id"]
    got = b.call("GetRule", serviceIdentifier=service, listenerIdentifier=listener, ruleIdentifier=rule)
    http = got["match"]["httpMatch"]
    assert (http["pathMatch"]["caseSensitive"], http["headerMatches"][0]["caseSensitive"]) == (False, False)


def test_a_default_rule_may_show_a_priority_and_another_name() -> None:
    b = bench(default_rule_name="last", default_rule_priority=2000)
    service = b.service()

    rules = b.call("ListRules", serviceIdentifier=service, listenerIdentifier=b.listener(service))["items"]

    assert [(each["name"], each["priority"]) for each in rules] == [("last", 2000)]


@pytest.mark.parametrize(
    ("knobs", "config", "expected"),
    [
        pytest.param(
            {"group_protocol_required": False}, {"vpcIdentifier": VPC}, {"protocol": "HTTP", "port": 80}, id="protocol"
        ),
        pytest.param(
            {"tcp_default_port": 443}, {"vpcIdentifier": VPC, "protocol": "TCP"}, {"port": 443}, id="TCP port"
        ),
    ],
)
def test_what_a_group_leaves_out_may_be_filled_in(
    knobs: dict[str, Any], config: dict[str, Any], expected: dict[str, Any]
) -> None:
    made = bench(**knobs).call("CreateTargetGroup", name="pods", type="IP", config=config)

    assert expected.items() <= made["config"].items()


@pytest.mark.parametrize(
    ("knobs", "config", "expected"),
    [
        pytest.param(
            {"health_check_protocol": "HTTP"}, {"protocol": "HTTPS"}, {"protocol": "HTTP"}, id="checks are plain"
        ),
        pytest.param(
            {"h2_check_default": True},
            {"protocol": "HTTP", "protocolVersion": "HTTP2"},
            {"enabled": True},
            id="HTTP2 is checked",
        ),
    ],
)
def test_defaults_of_health_checks_are_knobs(
    knobs: dict[str, Any], config: dict[str, Any], expected: dict[str, Any]
) -> None:
    made = bench(**knobs).call("CreateTargetGroup", name="pods", type="IP", config=config | {"vpcIdentifier": VPC})

    assert expected.items() <= made["config"]["healthCheck"].items()


def test_an_address_type_given_to_an_instance_group_may_be_dropped() -> None:
    b = bench(instance_ip_type_refused=False)

    made = b.call("CreateTargetGroup", name="pods", type="INSTANCE", config=HTTP | {"ipAddressType": "IPV4"})

    assert "ipAddressType" not in made["config"]


def test_draining_may_be_final_outlast_use_and_have_a_reason() -> None:
    b = bench(register_revives_draining=False, drain_ends_when_unused=False, draining_reason="Going")
    service, group = b.service(), b.group()
    listener = b.listener(service, defaultAction=forward(group))
    target = {"targetGroupIdentifier": group, "targets": [{"id": "10.0.0.1"}]}
    b.call("RegisterTargets", **target)
    b.world.report_health(group, TargetKey("10.0.0.1", 80), Health.HEALTHY)

    b.call("DeregisterTargets", **target)
    b.call("RegisterTargets", **target)
    assert b.targets(group) == [("10.0.0.1", "DRAINING", "Going")]
    b.call("DeleteListener", serviceIdentifier=service, listenerIdentifier=listener)
    assert b.targets(group) == [("10.0.0.1", "UNUSED", "TargetGroupNotInUse")]
    b.wait(60)

    assert b.targets(group) == []


def test_policies_may_have_to_be_one_line() -> None:
    b = bench(policy_newlines=False)
    service = b.service()

    assert b.refused("PutAuthPolicy", resourceIdentifier=service, policy="{\n}").code == "ValidationException"
