from typing import Any

import pytest

from .worlds import ELSEWHERE, OTHER, bench

CERTIFICATE = "arn:aws:acm:us-west-2:111122223333:certificate/0a1b2c3d"


def test_a_new_service_is_in_progress_and_knows_its_name_in_dns() -> None:
    b = bench()

    made = b.call("CreateService", name="rates")

    label = f"rates-{made['id'].removeprefix('svc-')}"
    assert made == {
        "id": made["id"],
        "arn": f"arn:aws:vpc-lattice:us-west-2:111122223333:service/{made['id']}",
        "name": "rates",
        "authType": "NONE",
        "idleTimeoutSeconds": 60,
        "status": "CREATE_IN_PROGRESS",
        "dnsEntry": {
            "domainName": f"{label}.7d67968.vpc-lattice-svcs.us-west-2.on.aws",
            "hostedZoneId": "Z09127221KTH2CFUOHIZH",
        },
    }


def test_a_service_becomes_active_after_its_time_and_is_gone_after_deletion() -> None:
    b = bench(service_create_seconds=30, service_delete_seconds=15)
    made = b.call("CreateService", name="rates")["id"]

    b.wait(29.9)
    assert b.call("GetService", serviceIdentifier=made)["status"] == "CREATE_IN_PROGRESS"
    b.wait(0.1)
    assert b.call("GetService", serviceIdentifier=made)["status"] == "ACTIVE"

    assert b.call("DeleteService", serviceIdentifier=made)["status"] == "DELETE_IN_PROGRESS"
    b.wait(14)
    assert b.call("DeleteService", serviceIdentifier=made)["status"] == "DELETE_IN_PROGRESS"
    b.wait(1)
    assert b.refused("GetService", serviceIdentifier=made).code == "ResourceNotFoundException"


@pytest.mark.parametrize(
    "identifier",
    [
        pytest.param("{id}", id="id"),
        pytest.param("arn:aws:vpc-lattice:us-west-2:111122223333:service/{id}", id="arn"),
    ],
)
def test_a_service_is_found_by_id_and_by_arn(identifier: str) -> None:
    b = bench()
    made = b.service()

    assert b.call("GetService", serviceIdentifier=identifier.format(id=made))["id"] == made


@pytest.mark.parametrize(
    "identifier",
    [
        pytest.param("svc-00000000000000000", id="unknown id"),
        pytest.param("arn:aws:vpc-lattice:eu-west-1:111122223333:service/{id}", id="other region"),
        pytest.param("arn:aws:vpc-lattice:us-west-2:999999999999:service/{id}", id="other account"),
        pytest.param("arn:aws:vpc-lattice:us-west-2:111122223333:targetgroup/{id}", id="other kind"),
        pytest.param("arn:aws:vpc-lattice:us-west-2:111122223333:service/svc-1/listener/{id}", id="nested"),
        pytest.param("arn:aws:s3:us-west-2:111122223333:service/{id}", id="other service"),
    ],
)
def test_an_identifier_that_points_elsewhere_finds_nothing(identifier: str) -> None:
    b = bench()
    made = b.service()

    error = b.refused("GetService", serviceIdentifier=identifier.format(id=made))

    assert (error.code, error.status) == ("ResourceNotFoundException", 404)
    assert error.members["resourceType"] == "SERVICE"


def test_accounts_and_regions_are_worlds_of_their_own() -> None:
    b = bench()
    mine = b.service("rates")

    assert b.refused("GetService", by=OTHER, serviceIdentifier=mine).status == 404
    assert b.refused("GetService", by=ELSEWHERE, serviceIdentifier=mine).status == 404
    assert b.call("ListServices", by=OTHER)["items"] == []
    assert b.service("rates", by=OTHER) != b.service("rates", by=ELSEWHERE)


def test_a_name_in_use_is_refused_until_its_holder_is_gone() -> None:
    b = bench()
    held = b.service("rates")

    error = b.refused("CreateService", name="rates")
    b.call("DeleteService", serviceIdentifier=held)

    assert error.code == "ConflictException"
    assert "already exist" in error.message
    assert error.members == {"resourceId": held, "resourceType": "SERVICE"}
    assert b.refused("CreateService", name="rates").code == "ConflictException"
    b.wait()
    assert b.service("rates") != held


def test_an_update_changes_only_what_was_sent() -> None:
    b = bench()
    made = b.service(customDomainName="rates.example.com", certificateArn=CERTIFICATE)
    before = b.call("GetService", serviceIdentifier=made)

    b.wait(5)
    answer = b.call("UpdateService", serviceIdentifier=made, authType="AWS_IAM", idleTimeoutSeconds=600)
    after = b.call("GetService", serviceIdentifier=made)

    assert "status" not in answer
    assert (after["authType"], after["idleTimeoutSeconds"], after["certificateArn"]) == ("AWS_IAM", 600, CERTIFICATE)
    assert after["lastUpdatedAt"] > before["lastUpdatedAt"] == before["createdAt"]


def test_an_update_of_nothing_changes_nothing_and_an_empty_certificate_clears_it() -> None:
    b = bench()
    made = b.service(certificateArn=CERTIFICATE)
    before = b.call("GetService", serviceIdentifier=made)

    b.wait(5)
    b.call("UpdateService", serviceIdentifier=made)
    assert b.call("GetService", serviceIdentifier=made) == before

    assert "certificateArn" not in b.call("UpdateService", serviceIdentifier=made, certificateArn="")


@pytest.mark.parametrize("domain", ["*.example.com", "-a.example.com", "a..b", "localhost", "ex ample.com", "a.b\n"])
def test_a_custom_domain_that_is_no_host_name_is_refused(domain: str) -> None:
    error = bench().refused("CreateService", name="rates", customDomainName=domain)

    assert (error.code, error.members["reason"]) == ("ValidationException", "other")
    assert error.members["fieldList"] == [{"name": "customDomainName", "message": error.message}]


def test_a_service_in_a_network_cannot_be_deleted() -> None:
    b = bench()
    service, network = b.service(), b.network()
    association = b.ready(
        "CreateServiceNetworkServiceAssociation", serviceIdentifier=service, serviceNetworkIdentifier=network
    )

    b.call("DeleteServiceNetworkServiceAssociation", serviceNetworkServiceAssociationIdentifier=association)
    error = b.refused("DeleteService", serviceIdentifier=service)

    assert error.message == f"Service {service} has one or more associated service networks."


def test_deleting_a_service_takes_all_its_parts_with_it() -> None:
    b = bench()
    service, group = b.service(), b.group()
    listener = b.listener(service)
    b.rule(service, listener, 1, action={"forward": {"targetGroups": [{"targetGroupIdentifier": group}]}})
    b.call("PutAuthPolicy", resourceIdentifier=service, policy="{}")
    b.call("CreateAccessLogSubscription", resourceIdentifier=service, destinationArn="arn:aws:s3:::logs-of-mine")

    b.call("DeleteService", serviceIdentifier=service)
    b.wait()

    assert {kind: held for kind, held in b.world.counts().items() if held} == {"TARGET_GROUP": 1}
    assert b.call("GetTargetGroup", targetGroupIdentifier=group)["serviceArns"] == []


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        pytest.param("UpdateService", {"authType": "NONE"}, id="update"),
        pytest.param("DeleteService", {}, id="delete"),
        pytest.param(
            "CreateListener",
            {"name": "http", "protocol": "HTTP", "defaultAction": {"fixedResponse": {"statusCode": 404}}},
            id="create a listener",
        ),
    ],
)
def test_a_service_being_created_cannot_be_used(operation: str, params: dict[str, Any]) -> None:
    b = bench()
    made = b.call("CreateService", name="rates")["id"]

    error = b.refused(operation, serviceIdentifier=made, **params)

    assert error.code == "ConflictException"
    assert error.message == (
        f"Invalid resource status for this operation, resource id {made}, status: CREATE_IN_PROGRESS."
    )


def test_the_quota_of_services_has_its_code() -> None:
    b = bench(quota_services=1)
    b.service("rates")

    error = b.refused("CreateService", name="inventory")

    assert (error.code, error.status) == ("ServiceQuotaExceededException", 402)
    assert error.members == {"resourceType": "SERVICE", "serviceCode": "vpc-lattice", "quotaCode": "L-620C821E"}
