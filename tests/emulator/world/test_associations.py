from typing import Any

import pytest

from .worlds import VPC, Bench, bench

GROUPS = ["sg-0123456789abcdef0", "sg-0123456789abcdef1"]


def join(b: Bench, service: str, network: str) -> dict[str, Any]:
    return b.call("CreateServiceNetworkServiceAssociation", serviceIdentifier=service, serviceNetworkIdentifier=network)


def connect(b: Bench, network: str, **more: Any) -> dict[str, Any]:
    wanted = {"serviceNetworkIdentifier": network, "vpcIdentifier": VPC} | more
    return b.call("CreateServiceNetworkVpcAssociation", **wanted)


def of_service(b: Bench, **by: str) -> list[str]:
    return [each["id"] for each in b.call("ListServiceNetworkServiceAssociations", **by)["items"]]


def of_vpc(b: Bench, **by: str) -> list[str]:
    return [each["id"] for each in b.call("ListServiceNetworkVpcAssociations", **by)["items"]]


def test_a_service_joins_a_network_and_leaves_it() -> None:
    b = bench(snsa_create_seconds=15, snsa_delete_seconds=15)
    service, network = b.service(), b.network()

    made = join(b, service, network)
    key = {"serviceNetworkServiceAssociationIdentifier": made["id"]}
    assert made["status"] == "CREATE_IN_PROGRESS"
    assert made["dnsEntry"] == b.call("GetService", serviceIdentifier=service)["dnsEntry"]
    assert b.refused("DeleteServiceNetworkServiceAssociation", **key).message.endswith("status: CREATE_IN_PROGRESS.")

    b.wait(15)
    got = b.call("GetServiceNetworkServiceAssociation", **key)
    assert (got["status"], got["serviceId"], got["serviceNetworkName"]) == ("ACTIVE", service, "my-hotel")
    assert b.call("GetServiceNetwork", serviceNetworkIdentifier=network)["numberOfAssociatedServices"] == 1

    assert b.call("DeleteServiceNetworkServiceAssociation", **key)["status"] == "DELETE_IN_PROGRESS"
    assert b.call("DeleteServiceNetworkServiceAssociation", **key)["status"] == "DELETE_IN_PROGRESS"
    assert of_service(b, serviceIdentifier=service) == [made["id"]]
    b.wait(15)
    assert b.refused("DeleteServiceNetworkServiceAssociation", **key).code == "ResourceNotFoundException"
    assert of_service(b, serviceIdentifier=service) == []


def test_a_pair_is_joined_once_also_while_it_parts() -> None:
    b = bench()
    service, network = b.service(), b.network()
    made = join(b, service, network)["id"]
    again = {"serviceIdentifier": service, "serviceNetworkIdentifier": network}

    assert b.refused("CreateServiceNetworkServiceAssociation", **again).message == "Association already exists."
    b.wait()
    b.call("DeleteServiceNetworkServiceAssociation", serviceNetworkServiceAssociationIdentifier=made)
    assert b.refused("CreateServiceNetworkServiceAssociation", **again).code == "ConflictException"
    b.wait()
    assert join(b, service, network)["id"] != made


def test_a_service_being_created_cannot_join() -> None:
    b = bench()
    network = b.network()
    service = b.call("CreateService", name="rates")["id"]

    error = b.refused(
        "CreateServiceNetworkServiceAssociation", serviceIdentifier=service, serviceNetworkIdentifier=network
    )

    assert "CREATE_IN_PROGRESS" in error.message
    assert error.members["resourceType"] == "SERVICE"


def test_two_services_of_one_custom_domain_cannot_be_in_one_network() -> None:
    b = bench()
    first, second = (b.service(name, customDomainName="rates.example.com") for name in ("one", "two"))
    network, other = b.network(), b.network("other")
    join(b, first, network)

    error = b.refused(
        "CreateServiceNetworkServiceAssociation", serviceIdentifier=second, serviceNetworkIdentifier=network
    )

    assert error.code == "ConflictException"
    assert join(b, second, other)


def test_associations_are_listed_by_service_network_or_both() -> None:
    b = bench()
    (one, two), (net, other) = (b.service("one"), b.service("two")), (b.network(), b.network("other"))
    first, second, third = join(b, one, net)["id"], join(b, two, net)["id"], join(b, one, other)["id"]

    assert of_service(b, serviceIdentifier=one) == [first, third]
    assert of_service(b, serviceNetworkIdentifier=net) == [first, second]
    assert of_service(b, serviceNetworkIdentifier=other, serviceIdentifier=one) == [third]
    assert of_service(b, serviceNetworkIdentifier=other, serviceIdentifier=two) == []
    assert of_service(b, serviceIdentifier="svc-00000000000000000") == []
    assert b.refused("ListServiceNetworkServiceAssociations").code == "ValidationException"


def test_a_vpc_is_in_one_network_at_a_time() -> None:
    b = bench(snva_create_seconds=20, snva_delete_seconds=75)
    network, other = b.network(), b.network("other")
    made = connect(b, network)["id"]
    key = {"serviceNetworkVpcAssociationIdentifier": made}

    for each in (network, other):
        error = b.refused("CreateServiceNetworkVpcAssociation", serviceNetworkIdentifier=each, vpcIdentifier=VPC)
        assert error.message == "VPC has already been associated to a service network."
    assert b.refused("DeleteServiceNetworkVpcAssociation", **key).code == "ConflictException"
    b.wait(20)
    b.call("DeleteServiceNetworkVpcAssociation", **key)
    b.wait(74)
    assert of_vpc(b, vpcIdentifier=VPC) == [made]
    b.wait(1)
    assert of_vpc(b, vpcIdentifier=VPC) == []
    assert connect(b, other)


def test_security_groups_are_replaced_and_kept_in_order() -> None:
    b = bench(snva_update_seconds=20)
    made = connect(b, b.network(), securityGroupIds=GROUPS)
    key = {"serviceNetworkVpcAssociationIdentifier": made["id"]}
    b.wait()

    updated = b.call("UpdateServiceNetworkVpcAssociation", **key, securityGroupIds=GROUPS[::-1])
    during = b.refused("UpdateServiceNetworkVpcAssociation", **key, securityGroupIds=GROUPS)
    deleting = b.refused("DeleteServiceNetworkVpcAssociation", **key)
    b.wait(20)
    after = b.call("GetServiceNetworkVpcAssociation", **key)

    assert (made["securityGroupIds"], updated["status"]) == (GROUPS, "UPDATE_IN_PROGRESS")
    assert {during.code, deleting.code} == {"ConflictException"}
    assert (after["status"], after["securityGroupIds"]) == ("ACTIVE", GROUPS[::-1])


def test_an_update_of_nothing_keeps_the_association_as_it_is() -> None:
    b = bench()
    key = {"serviceNetworkVpcAssociationIdentifier": connect(b, b.network())["id"]}
    b.wait()
    before = b.call("GetServiceNetworkVpcAssociation", **key)

    assert b.call("UpdateServiceNetworkVpcAssociation", **key)["status"] == "ACTIVE"
    assert b.call("GetServiceNetworkVpcAssociation", **key) == before


@pytest.mark.parametrize(
    ("dns", "field"),
    [
        pytest.param({"dnsOptions": {"privateDnsPreference": "ALL_DOMAINS"}}, "dnsOptions", id="without private DNS"),
        pytest.param(
            {
                "privateDnsEnabled": True,
                "dnsOptions": {"privateDnsPreference": "ALL_DOMAINS", "privateDnsSpecifiedDomains": ["a.b"]},
            },
            "dnsOptions.privateDnsSpecifiedDomains",
            id="domains without a preference that names some",
        ),
    ],
)
def test_dns_options_must_fit_together(dns: dict[str, Any], field: str) -> None:
    b = bench()
    network = b.network()

    error = b.refused("CreateServiceNetworkVpcAssociation", serviceNetworkIdentifier=network, vpcIdentifier=VPC, **dns)

    assert error.members["fieldList"] == [{"name": field, "message": error.message}]


def test_dns_options_come_back_and_absent_ones_stay_absent() -> None:
    b = bench()
    dns = {
        "privateDnsEnabled": True,
        "dnsOptions": {"privateDnsPreference": "SPECIFIED_DOMAINS_ONLY", "privateDnsSpecifiedDomains": ["a.b"]},
    }

    given = connect(b, b.network(), **dns)
    plain = connect(b, b.network("other"), vpcIdentifier="vpc-0123456789abcdef1")

    assert {key: given[key] for key in dns} == dns
    assert not set(dns) & set(plain)


def test_vpc_associations_are_listed_by_vpc_network_or_both() -> None:
    b = bench()
    network, other = b.network(), b.network("other")
    made = connect(b, network)["id"]
    more = connect(b, network, vpcIdentifier="vpc-0123456789abcdef1")["id"]

    assert of_vpc(b, serviceNetworkIdentifier=network) == [made, more]
    assert of_vpc(b, serviceNetworkIdentifier=network, vpcIdentifier=VPC) == [made]
    assert of_vpc(b, serviceNetworkIdentifier=other, vpcIdentifier=VPC) == []
    assert b.refused("ListServiceNetworkVpcAssociations").code == "ValidationException"


def test_a_network_in_use_cannot_be_deleted() -> None:
    b = bench()
    network, service = b.network(), b.service()
    association = connect(b, network)["id"]
    b.wait()
    error = b.refused("DeleteServiceNetwork", serviceNetworkIdentifier=network)
    assert error.message == f"ServiceNetwork {network} has VPC(s) associated"

    b.call("DeleteServiceNetworkVpcAssociation", serviceNetworkVpcAssociationIdentifier=association)
    b.wait()
    join(b, service, network)
    assert b.refused("DeleteServiceNetwork", serviceNetworkIdentifier=network).code == "ConflictException"


def test_a_network_takes_its_policy_and_subscriptions_with_it() -> None:
    b = bench()
    network = b.network(sharingConfig={"enabled": True}, authType="AWS_IAM")
    b.call("PutAuthPolicy", resourceIdentifier=network, policy="{}")
    b.call("CreateAccessLogSubscription", resourceIdentifier=network, destinationArn="arn:aws:s3:::logs-of-mine")
    assert b.call("GetServiceNetwork", serviceNetworkIdentifier=network)["sharingConfig"] == {"enabled": True}

    b.call("DeleteServiceNetwork", serviceNetworkIdentifier=network)

    assert not any(b.world.counts().values())


@pytest.mark.parametrize(
    ("quota", "code"),
    [("quota_service_associations", "L-75D4A19E"), ("quota_vpc_associations", "L-EF6E2D62")],
)
def test_quotas_of_a_network_have_their_codes(quota: str, code: str) -> None:
    b = bench(**{quota: 0})
    service, network = b.service(), b.network()
    to = {"serviceNetworkIdentifier": network}

    error = (
        b.refused("CreateServiceNetworkServiceAssociation", serviceIdentifier=service, **to)
        if "service" in quota
        else b.refused("CreateServiceNetworkVpcAssociation", vpcIdentifier=VPC, **to)
    )

    assert (error.members["quotaCode"], error.members["resourceId"]) == (code, network)
