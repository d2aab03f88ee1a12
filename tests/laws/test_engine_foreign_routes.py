"""What the Go controller made for routes that are not built here stays as long as they are there."""

import asyncio

from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from lattice_gateway.core.lattice.words import Tag
from lattice_gateway.core.objects import Ref
from lattice_gateway.core.objects.refs import Kind
from lattice_gateway.engine.controller import Controller
from tests.laws.engine_cluster import Raw
from tests.laws.engine_finalized import FinalizedCluster, play_process
from tests.laws.engine_stage import SETTINGS, Stage
from tests.laws.test_engine_finalizers import LATER
from tests.laws.test_engine_units import left

GREETER = Ref(Kind.GRPC_ROUTE, "default", "greeter")
TAGS = {
    Tag.MANAGED_BY: str(SETTINGS.owner),
    Tag.ROUTE_NAME: "greeter",
    Tag.ROUTE_NAMESPACE: "default",
    Tag.ROUTE_TYPE: "grpc",
    Tag.CLUSTER_NAME: SETTINGS.owner.cluster,
    Tag.SOURCE_TYPE: "GRPCRoute",
}


def a_route() -> Raw:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "GRPCRoute",
        "metadata": {"name": "greeter"},
        "spec": {"parentRefs": [{"name": "my-hotel"}]},
    }


def a_stage() -> Stage:
    """A service and an unused group of a GRPCRoute."""
    stage = Stage()
    tags = {str(key): value for key, value in TAGS.items()}
    config = {"port": 80, "protocol": "HTTP", "protocolVersion": "GRPC", "vpcIdentifier": str(SETTINGS.owner.vpc)}
    group = {"name": "greeter", "type": "IP", "config": config, "tags": tags}
    stage.world.call("vpc-lattice", "CreateService", {"name": "greeter", "tags": tags}, stage.wire.caller)
    stage.world.call("vpc-lattice", "CreateTargetGroup", group, stage.wire.caller)
    return stage


def orphaned(stage: Stage, cluster: FinalizedCluster) -> list[str]:
    """Run for a while, and say what was called an orphan."""

    async def scene(controller: Controller) -> None:
        await asyncio.sleep(2 * LATER)

    with capture_logs() as logs:
        play_process(stage, cluster, scene)
    return [each["what"] for each in logs if each["event"] == "orphaned"]


def test_nothing_of_it_is_an_orphan_or_collected() -> None:
    stage = a_stage()

    told = orphaned(stage, FinalizedCluster([a_route()]))

    assert told == []
    assert left(stage) == {"SERVICE": 1, "TARGET_GROUP": 1}


def test_orphans_are_counted_while_the_process_leads_and_not_after() -> None:
    registry = CollectorRegistry()

    def counted() -> float:
        families = registry.restricted_registry(["lattice_gateway_orphans"]).collect()
        samples = [sample for family in families for sample in family.samples]
        return next(sample.value for sample in samples if sample.labels == {"kind": "service"})

    async def scene(controller: Controller) -> float:
        await asyncio.sleep(LATER)
        return counted()

    there = play_process(a_stage(), FinalizedCluster([]), scene, registry=registry)

    assert (there, counted()) == (1, 0)


def test_without_its_route_it_is_what_it_would_be_for_any_route() -> None:
    stage = a_stage()

    told = orphaned(stage, FinalizedCluster([]))

    assert [each.split()[0] for each in told if each.startswith("service/")] == ["service/greeter"]
    assert left(stage) == {"SERVICE": 1}
