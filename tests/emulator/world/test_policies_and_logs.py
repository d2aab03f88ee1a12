from typing import Any

import pytest

from .worlds import bench

LOGS = "arn:aws:logs:us-west-2:111122223333:log-group:rates"
BUCKET = "arn:aws:s3:::logs-of-mine"
STREAM = "arn:aws:firehose:us-west-2:111122223333:deliverystream/logs"
POLICY = '{\n  "Version": "2012-10-17",\n  "Statement": []\n}'


def test_a_policy_is_kept_byte_for_byte_and_its_state_follows_the_auth_type() -> None:
    b = bench()
    service = b.service()

    put = b.call("PutAuthPolicy", resourceIdentifier=service, policy=POLICY)
    b.call("UpdateService", serviceIdentifier=service, authType="AWS_IAM")
    got = b.call("GetAuthPolicy", resourceIdentifier=service)

    assert put == {"policy": POLICY, "state": "Inactive"}
    assert (got["policy"], got["state"]) == (POLICY, "Active")


def test_replacing_a_policy_keeps_when_it_was_made() -> None:
    b = bench()
    network = b.network()
    b.call("PutAuthPolicy", resourceIdentifier=network, policy="{}")
    b.wait(5)
    b.call("PutAuthPolicy", resourceIdentifier=network, policy=POLICY)

    got = b.call("GetAuthPolicy", resourceIdentifier=network)

    assert (got["lastUpdatedAt"] - got["createdAt"]).total_seconds() == 5


@pytest.mark.parametrize(
    "policy",
    ["", "no json", "[]", "null", '"x"', pytest.param("{" + " " * 10_240 + "}", id="over 10 KB")],
)
def test_a_policy_that_is_no_json_object_or_too_long_is_refused(policy: str) -> None:
    b = bench()
    service = b.service()

    assert b.refused("PutAuthPolicy", resourceIdentifier=service, policy=policy).code == "ValidationException"


def test_an_absent_policy_reads_as_empty_and_can_be_deleted() -> None:
    b = bench()
    service = b.service()

    assert b.call("GetAuthPolicy", resourceIdentifier=service) == {}
    assert b.call("DeleteAuthPolicy", resourceIdentifier=service) == {}
    assert b.refused("GetAuthPolicy", resourceIdentifier="svc-00000000000000000").status == 404


def test_a_knob_makes_an_absent_policy_a_404() -> None:
    b = bench(absent_policy_404=True)
    service = b.service()

    for operation in ("GetAuthPolicy", "DeleteAuthPolicy"):
        assert b.refused(operation, resourceIdentifier=service).code == "ResourceNotFoundException"


@pytest.mark.parametrize(("allowed", "left"), [(True, 0), (False, 1)])
def test_a_policy_may_be_deleted_under_iam_unless_the_knob_forbids_it(allowed: bool, left: int) -> None:
    b = bench(policy_delete_under_iam=allowed)
    service = b.service(authType="AWS_IAM")
    b.call("PutAuthPolicy", resourceIdentifier=service, policy=POLICY)

    if allowed:
        b.call("DeleteAuthPolicy", resourceIdentifier=service)
    else:
        assert b.refused("DeleteAuthPolicy", resourceIdentifier=service).code == "ValidationException"

    assert b.world.counts()["AUTH_POLICY"] == left


def test_resource_configurations_take_no_auth_policy() -> None:
    error = bench().refused("PutAuthPolicy", resourceIdentifier="rcfg-0123456789abcdef0", policy="{}")

    assert error.code == "ValidationException"


def test_a_source_has_one_subscription_of_each_type() -> None:
    b = bench()
    network = b.network()

    made = [
        b.call("CreateAccessLogSubscription", resourceIdentifier=network, destinationArn=each)
        for each in (BUCKET, LOGS, STREAM)
    ]
    error = b.refused("CreateAccessLogSubscription", resourceIdentifier=network, destinationArn=f"{BUCKET}-2")

    assert [each["destinationArn"] for each in made] == [BUCKET, f"{LOGS}:*", STREAM]
    assert {each["serviceNetworkLogType"] for each in made} == {"SERVICE"}
    assert error.code == "ConflictException"
    listed = b.call("ListAccessLogSubscriptions", resourceIdentifier=network)["items"]
    assert [each["id"] for each in listed] == [each["id"] for each in made]


def test_a_subscription_of_a_service_has_no_log_type() -> None:
    b = bench()
    service = b.service()
    wanted = {"resourceIdentifier": service, "destinationArn": BUCKET}

    made = b.call("CreateAccessLogSubscription", **wanted)

    assert "serviceNetworkLogType" not in made
    b.call("DeleteAccessLogSubscription", accessLogSubscriptionIdentifier=made["id"])
    error = b.refused("CreateAccessLogSubscription", **wanted, serviceNetworkLogType="SERVICE")
    assert error.code == "ValidationException"


@pytest.mark.parametrize(
    ("destination", "code"),
    [
        pytest.param(f"{BUCKET}-2", None, id="another of the type"),
        pytest.param(BUCKET, None, id="the same"),
        pytest.param(LOGS, "ConflictException", id="another type"),
        pytest.param("arn:aws:sqs:us-west-2:111122223333:queue", "ValidationException", id="no destination"),
    ],
)
def test_a_subscription_moves_within_its_type(destination: str, code: str | None) -> None:
    b = bench()
    made = b.call("CreateAccessLogSubscription", resourceIdentifier=b.service(), destinationArn=BUCKET)
    wanted = {"accessLogSubscriptionIdentifier": made["id"], "destinationArn": destination}

    if code is None:
        assert b.call("UpdateAccessLogSubscription", **wanted) == made | {"destinationArn": destination}
    else:
        assert b.refused("UpdateAccessLogSubscription", **wanted).code == code


@pytest.mark.parametrize(
    ("wanted", "resource_type"),
    [
        pytest.param({"destinationArn": BUCKET}, "BUCKET", id="bucket"),
        pytest.param({"destinationArn": f"{LOGS}-2"}, "LOG_GROUP", id="log group"),
        pytest.param({"destinationArn": STREAM}, "DELIVERY_STREAM", id="stream"),
        pytest.param({"resourceIdentifier": "svc-00000000000000000"}, "SERVICE", id="service"),
        pytest.param({"resourceIdentifier": "sn-00000000000000000"}, "SERVICE_NETWORK", id="network"),
    ],
)
def test_what_is_missing_is_told_by_its_type(wanted: dict[str, Any], resource_type: str) -> None:
    b = bench(known_resources=[LOGS])
    asked = {"resourceIdentifier": b.service(), "destinationArn": f"{LOGS}:*"} | wanted

    error = b.refused("CreateAccessLogSubscription", **asked)

    assert (error.code, error.members["resourceType"]) == ("ResourceNotFoundException", resource_type)
