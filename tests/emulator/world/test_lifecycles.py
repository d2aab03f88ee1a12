from typing import Any

import pytest

from lattice_emulator.world import Knobs, ManualClock, World
from lattice_emulator.world.model import Failure, Status

from .worlds import HOME, HTTP, VPC, bench

WHY = Failure("INTERNAL", "It did not work out.")


def test_a_create_that_was_ordered_to_fail_fails_once_and_is_repaired_by_deleting() -> None:
    b = bench()
    b.world.fail_step("rates", Status.CREATE_FAILED, WHY)

    failed = b.service("rates")
    got = b.call("GetService", serviceIdentifier=failed)
    assert (got["status"], got["failureCode"], got["failureMessage"]) == ("CREATE_FAILED", WHY.code, WHY.message)
    assert b.refused("CreateService", name="rates").code == "ConflictException"

    b.call("DeleteService", serviceIdentifier=failed)
    b.wait()
    assert b.call("GetService", serviceIdentifier=b.service("rates"))["status"] == "ACTIVE"


def test_a_failed_target_group_does_not_hold_its_name() -> None:
    b = bench()
    b.world.fail_step("pods", Status.CREATE_FAILED, WHY)
    failed = b.group("pods")

    made = b.group("pods")

    statuses = {each["id"]: each["status"] for each in b.call("ListTargetGroups")["items"]}
    assert statuses == {failed: "CREATE_FAILED", made: "ACTIVE"}


def test_a_delete_that_failed_may_be_tried_again() -> None:
    b = bench()
    service = b.service()
    b.world.fail_step(service, Status.DELETE_FAILED, WHY)

    b.call("DeleteService", serviceIdentifier=service)
    b.wait()
    assert b.call("GetService", serviceIdentifier=service)["status"] == "DELETE_FAILED"
    b.call("DeleteService", serviceIdentifier=service)
    b.wait()

    assert not any(b.world.counts().values())


def test_a_failed_update_of_a_vpc_association_leaves_it_usable() -> None:
    b = bench()
    key = {
        "serviceNetworkVpcAssociationIdentifier": b.ready(
            "CreateServiceNetworkVpcAssociation", serviceNetworkIdentifier=b.network(), vpcIdentifier=VPC
        )
    }
    b.world.fail_step(key["serviceNetworkVpcAssociationIdentifier"], Status.UPDATE_FAILED, WHY)

    b.call("UpdateServiceNetworkVpcAssociation", **key, privateDnsEnabled=True)
    b.wait()

    assert b.call("GetServiceNetworkVpcAssociation", **key)["status"] == "UPDATE_FAILED"
    b.call("DeleteServiceNetworkVpcAssociation", **key)
    b.wait()
    assert b.world.counts()["SERVICE_NETWORK_VPC_ASSOCIATION"] == 0


def test_only_failed_statuses_can_be_ordered() -> None:
    with pytest.raises(ValueError, match="found ACTIVE, expected one of CREATE_FAILED"):
        bench().world.fail_step("rates", Status.ACTIVE, WHY)


def test_the_next_step_is_the_earliest_and_none_when_all_is_settled() -> None:
    b = bench(service_create_seconds=30, tg_create_seconds=3)
    start = b.clock.now()
    assert b.world.next_due() is None

    b.call("CreateService", name="rates")
    b.call("CreateTargetGroup", name="pods", type="IP", config=HTTP)
    assert b.world.next_due() == start + 3
    b.wait(3)
    assert b.world.next_due() == start + 30
    b.wait(27)

    assert b.world.next_due() is None


def test_listeners_hear_of_changes_and_of_nothing_else() -> None:
    b = bench()
    heard: list[str] = []
    b.world.subscribe(lambda: heard.append("change"))

    service = b.call("CreateService", name="rates")["id"]
    assert len(heard) == 1
    b.call("GetService", serviceIdentifier=service)
    b.refused("CreateService", name="rates")
    assert len(heard) == 1
    b.wait()

    assert len(heard) == 2


def test_the_fast_profile_ends_every_step_before_the_next_call() -> None:
    clock = ManualClock()
    world = World(knobs=Knobs().fast(), clock=clock)

    def call(operation: str, **params: Any) -> dict[str, Any]:
        return world.call("vpc-lattice", operation, params, HOME)

    service = call("CreateService", name="rates")["id"]
    network = call("CreateServiceNetwork", name="my-hotel")["id"]
    pair = {"serviceIdentifier": service, "serviceNetworkIdentifier": network}
    association = call("CreateServiceNetworkServiceAssociation", **pair)["id"]
    call("DeleteServiceNetworkServiceAssociation", serviceNetworkServiceAssociationIdentifier=association)
    call("DeleteService", serviceIdentifier=service)
    call("DeleteServiceNetwork", serviceNetworkIdentifier=network)

    assert not any(world.counts().values())
    assert clock.now() == ManualClock().now()


def test_lists_lag_behind_what_was_created_and_deleted() -> None:
    b = bench()
    b.world.listing_lag = 10
    network = b.call("CreateServiceNetwork", name="my-hotel", tags={"a": "b"})["id"]

    def listed() -> list[str]:
        return [each["id"] for each in b.call("ListServiceNetworks")["items"]]

    def tagged() -> int:
        return len(b.tagging("GetResources")["ResourceTagMappingList"])

    assert (listed(), tagged()) == ([], 0)
    assert b.call("GetServiceNetwork", serviceNetworkIdentifier=network)
    b.wait(10)
    assert (listed(), tagged()) == ([network], 1)
    b.call("DeleteServiceNetwork", serviceNetworkIdentifier=network)
    assert b.refused("GetServiceNetwork", serviceNetworkIdentifier=network).status == 404
    assert (listed(), tagged()) == ([network], 1)
    b.wait(10)

    assert (listed(), tagged()) == ([], 0)


def test_a_lagging_list_still_shows_an_association_whose_sides_are_gone() -> None:
    b = bench()
    service, network = b.service(), b.network()
    pair = {"serviceIdentifier": service, "serviceNetworkIdentifier": network}
    made = b.ready("CreateServiceNetworkServiceAssociation", **pair)
    b.world.listing_lag = 1000

    b.call("DeleteServiceNetworkServiceAssociation", serviceNetworkServiceAssociationIdentifier=made)
    b.wait()
    b.call("DeleteService", serviceIdentifier=service)
    b.wait()
    b.call("DeleteServiceNetwork", serviceNetworkIdentifier=network)

    assert [each["name"] for each in b.call("ListServices")["items"]] == ["inventory"]
    assert b.world.counts()["SERVICE"] == 0
    world = World.load(b.world.dump(), knobs=Knobs(), clock=b.clock)
    assert world.dump() == b.world.dump()


def test_a_failed_target_group_is_gone_as_soon_as_it_is_deleted() -> None:
    b = bench()
    b.world.fail_step("pods", Status.CREATE_FAILED, WHY)
    failed = b.group("pods")

    answer = b.call("DeleteTargetGroup", targetGroupIdentifier=failed)

    assert answer["status"] == "DELETE_IN_PROGRESS"
    assert b.call("ListTargetGroups")["items"] == []
