"""The network of the settings: made by whoever leads, whatever Gateways there are, and never taken away."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from lattice_gateway.core.lattice.words import Tag
from lattice_gateway.core.objects.refs import Kind
from lattice_gateway.engine.controller import Controller
from tests.laws.engine_cluster import launch_post, rest
from tests.laws.engine_finalized import FinalizedCluster, Heard, play_process
from tests.laws.engine_stage import SETTINGS, Stage, broken
from tests.laws.test_engine_finalizers import GATEWAY, LATER, OWNING
from tests.laws.test_engine_units import left

DEFAULT = replace(SETTINGS, default_service_network="shared")
OVERRIDE = replace(DEFAULT, service_network_override=True)
ONE = {"SERVICE_NETWORK": 1, "SERVICE_NETWORK_VPC_ASSOCIATION": 1}


def asked(stage: Stage, operation: str, **members: str) -> Any:
    return stage.world.call("vpc-lattice", operation, members, stage.wire.caller)


def networks(stage: Stage) -> list[str]:
    return [each["arn"] for each in asked(stage, "ListServiceNetworks")["items"]]


def tags(stage: Stage) -> list[dict[str, str]]:
    """Tags of networks and VPC associations."""
    vpc = SETTINGS.owner.vpc
    associations = asked(stage, "ListServiceNetworkVpcAssociations", vpcIdentifier=vpc)["items"]
    arns = [*networks(stage), *(each["arn"] for each in associations)]
    return [asked(stage, "ListTagsForResource", resourceArn=arn)["tags"] for arn in arns]


async def all_goes(cluster: FinalizedCluster, controller: Controller) -> None:
    await rest(controller)
    cluster.delete(*cluster.refs(*OWNING))
    await asyncio.sleep(LATER)


def test_it_is_made_and_associated_before_there_is_any_object() -> None:
    stage = Stage(settings=DEFAULT)

    play_process(stage, FinalizedCluster([]), rest)

    assert left(stage) == ONE
    assert tags(stage) == [{str(Tag.MANAGED_BY): str(SETTINGS.owner)}] * 2


def test_it_is_tried_again_until_aws_lets_it() -> None:
    stage = Stage(settings=DEFAULT)
    stage.wire.before = lambda name, number: broken(name) if name == "CreateServiceNetwork" and number < 40 else None

    async def scene(controller: Controller) -> None:
        await asyncio.sleep(600)

    play_process(stage, FinalizedCluster([]), scene)

    assert left(stage) == ONE


def test_it_is_made_again_when_somebody_deleted_it() -> None:
    stage = Stage(settings=DEFAULT)

    async def scene(controller: Controller) -> dict[str, int]:
        await rest(controller)
        (association,) = asked(stage, "ListServiceNetworkVpcAssociations", vpcIdentifier=SETTINGS.owner.vpc)["items"]
        asked(stage, "DeleteServiceNetworkVpcAssociation", serviceNetworkVpcAssociationIdentifier=association["id"])
        await asyncio.sleep(200)
        asked(stage, "DeleteServiceNetwork", serviceNetworkIdentifier=networks(stage)[0])
        there = left(stage)
        await asyncio.sleep(2 * SETTINGS.resync)
        return there

    there = play_process(stage, FinalizedCluster([]), scene)

    assert there == {}
    assert left(stage) == ONE


@pytest.mark.parametrize("settings", [DEFAULT, OVERRIDE], ids=["beside the Gateway's", "instead of the Gateway's"])
def test_it_stays_when_all_gateways_are_gone(settings: Any) -> None:
    stage, cluster = Stage(settings=settings), FinalizedCluster(launch_post())

    async def scene(controller: Controller) -> None:
        await all_goes(cluster, controller)

    play_process(stage, cluster, scene)

    assert cluster.refs(*OWNING) == []
    assert left(stage) == ONE


def test_with_the_override_the_gateways_routes_are_in_it() -> None:
    stage, cluster = Stage(settings=OVERRIDE), FinalizedCluster(launch_post())

    play_process(stage, cluster, rest)

    assert left(stage)["SERVICE_NETWORK"] == 1
    assert left(stage)["SERVICE_NETWORK_SERVICE_ASSOCIATION"] == 2
    [network] = networks(stage)
    conditions = cluster.statuses.statuses[GATEWAY]["conditions"]
    assert next(each for each in conditions if each["type"] == "Programmed")["message"].endswith(network)


def test_a_gateway_beside_it_says_that_its_network_is_not_the_vpcs() -> None:
    stage, cluster, heard = Stage(settings=DEFAULT), FinalizedCluster([]), Heard()
    play_process(stage, cluster, rest)
    for raw in launch_post():
        cluster.put(raw)

    play_process(stage, cluster, rest, heard)

    conditions = cluster.statuses.statuses[GATEWAY]["conditions"]
    programmed = next(each for each in conditions if each["type"] == "Programmed")
    assert programmed["status"] == "True"
    assert "is associated with the network shared; its clients do not reach my-hotel" in programmed["message"]
    assert ("VpcAssociatedElsewhere", programmed["message"]) in heard.of(GATEWAY)


def test_a_process_that_comes_later_and_is_not_told_of_it_leaves_it_alone() -> None:
    stage, cluster = Stage(settings=OVERRIDE), FinalizedCluster(launch_post())
    play_process(stage, cluster, rest)
    stage.settings = SETTINGS
    cluster.delete(*cluster.refs(Kind.HTTP_ROUTE, Kind.GATEWAY))

    async def scene(controller: Controller) -> None:
        await asyncio.sleep(LATER)

    play_process(stage, cluster, scene)

    assert left(stage) == ONE
