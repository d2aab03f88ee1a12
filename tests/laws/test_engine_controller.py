"""The controller as a whole on the emulator's world: from objects to Lattice and back to statuses."""

import asyncio
from collections import Counter
from dataclasses import replace
from itertools import permutations
from typing import Any

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey
from botocore.exceptions import EndpointConnectionError

from lattice_emulator.world.knobs import Knobs
from lattice_emulator.world.model import Failure, Health, Status
from lattice_gateway.core.lattice.units import TargetGroup
from lattice_gateway.core.lattice.words import Tag
from lattice_gateway.core.objects import Ref
from lattice_gateway.core.objects.refs import Kind
from lattice_gateway.engine.controller import Controller
from tests.laws.engine_cluster import Cluster, Raw, Statuses, launch_post, play_controller, rest
from tests.laws.engine_making import group as making_group
from tests.laws.engine_stage import SETTINGS, Stage, client_error, is_read
from tests.laws.engine_town import moved
from tests.laws.test_engine_units import left

GATEWAY = Ref(Kind.GATEWAY, "default", "my-hotel")
RATES = Ref(Kind.HTTP_ROUTE, "default", "rates")
INVENTORY = Ref(Kind.HTTP_ROUTE, "default", "inventory")


def condition(status: Any, kind: str) -> tuple[str, str]:
    found = next(each for each in status["conditions"] if each["type"] == kind)
    return found["status"], found["reason"]


def of_parent(statuses: Statuses, route: Ref, kind: str) -> tuple[str, str]:
    return condition(statuses.statuses[route]["parents"][0], kind)


def test_the_launch_post_becomes_services_and_says_so() -> None:
    stage, cluster, statuses = Stage(), Cluster(launch_post()), Statuses()

    play_controller(stage, cluster, rest, statuses)

    assert left(stage) == {
        "SERVICE": 2,
        "LISTENER": 2,
        "RULE": 5,
        "TARGET_GROUP": 4,
        "TARGET": 8,
        "SERVICE_NETWORK": 1,
        "SERVICE_NETWORK_SERVICE_ASSOCIATION": 2,
        "SERVICE_NETWORK_VPC_ASSOCIATION": 1,
    }
    assert condition(statuses.statuses[GATEWAY], "Programmed") == ("True", "Programmed")
    assert of_parent(statuses, RATES, "Accepted") == ("True", "Accepted")
    assert of_parent(statuses, RATES, "application-networking.k8s.aws/Programmed")[0] == "True"
    annotation = "application-networking.k8s.aws/lattice-assigned-domain-name"
    assert statuses.statuses[RATES]["annotations"][annotation].startswith("rates-default-")


def test_a_restart_writes_nothing_in_lattice_and_no_status() -> None:
    stage, statuses = Stage(), Statuses()
    play_controller(stage, Cluster(launch_post()), rest, statuses)
    stage.wire.log.clear()
    statuses.written = 0

    play_controller(stage, Cluster(launch_post()), rest, statuses)

    assert not stage.wire.writes()
    assert statuses.written == 0


def test_a_restart_that_takes_long_to_look_at_everything_takes_no_status_back() -> None:
    stage, statuses = Stage(), Statuses()
    play_controller(stage, Cluster(launch_post()), rest, statuses)
    statuses.written = 0
    stage.wire.latency = 25.0

    play_controller(stage, Cluster(launch_post()), rest, statuses)

    assert statuses.written == 0


def test_a_restart_that_may_not_look_says_so() -> None:
    stage, statuses = Stage(), Statuses()
    play_controller(stage, Cluster(launch_post()), rest, statuses)
    denied = client_error("ListTargets", "AccessDeniedException", "not allowed", 403)
    stage.wire.before = lambda name, _: denied if name == "ListTargets" else None

    async def scene(controller: Controller) -> None:
        await asyncio.sleep(200)

    play_controller(stage, Cluster(launch_post()), scene, statuses)

    assert of_parent(statuses, RATES, "application-networking.k8s.aws/Programmed") == ("False", "Pending")


def test_a_pod_that_moves_is_one_call_each_way() -> None:
    stage, cluster = Stage(), Cluster(launch_post())
    slices = cluster.refs(Kind.ENDPOINT_SLICE)

    async def scene(controller: Controller) -> None:
        await rest(controller)
        await asyncio.sleep(1)  # a process sweeps once it is at rest for the first time
        stage.wire.log.clear()
        cluster.edit(Kind.ENDPOINT_SLICE, slices[0].name, moved)
        await rest(controller)

    play_controller(stage, cluster, scene)

    assert Counter(name for name, _ in stage.wire.log) == Counter(RegisterTargets=1, DeregisterTargets=1)


def test_new_weights_are_one_call() -> None:
    stage, cluster = Stage(), Cluster(launch_post())

    def shift(raw: Raw) -> None:
        backends = raw["spec"]["rules"][0]["backendRefs"]
        backends[0]["weight"], backends[1]["weight"] = 90, 10

    async def scene(controller: Controller) -> None:
        await rest(controller)
        stage.wire.log.clear()
        cluster.edit(Kind.HTTP_ROUTE, "inventory", shift)
        await rest(controller)

    play_controller(stage, cluster, scene)

    assert Counter(name for name, _ in stage.wire.log) == Counter(UpdateRule=1)


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
def test_whatever_goes_first_nothing_is_left(order: tuple[int, ...]) -> None:
    stage, cluster = Stage(), Cluster(launch_post())
    kinds = (
        (Kind.GATEWAY_CLASS,),
        (Kind.GATEWAY,),
        (Kind.HTTP_ROUTE,),
        (Kind.SERVICE, Kind.ENDPOINT_SLICE),
    )

    async def scene(controller: Controller) -> None:
        await rest(controller)
        for number in order:
            cluster.delete(*cluster.refs(*kinds[number]))
            await asyncio.sleep(1)
        await rest(controller)
        await asyncio.sleep(400)
        await rest(controller)

    play_controller(stage, cluster, scene)

    assert left(stage) == {}
    assert not stage.memory.units


def test_a_gateway_that_is_gone_holds_its_routes_for_five_minutes() -> None:
    stage, cluster = Stage(), Cluster(launch_post())

    async def scene(controller: Controller) -> tuple[dict[str, int], dict[str, int]]:
        await rest(controller)
        cluster.delete(GATEWAY)
        await asyncio.sleep(280)
        held = left(stage)
        await asyncio.sleep(40)
        await rest(controller)
        return held, left(stage)

    held, after = play_controller(stage, cluster, scene)

    assert held["SERVICE_NETWORK_SERVICE_ASSOCIATION"] == 2
    assert after["SERVICE"] == 2
    assert "SERVICE_NETWORK_SERVICE_ASSOCIATION" not in after
    assert "SERVICE_NETWORK" not in after


def test_a_route_that_cannot_be_read_keeps_everything() -> None:
    stage, cluster = Stage(), Cluster(launch_post())

    async def scene(controller: Controller) -> Counter[str]:
        await rest(controller)
        stage.wire.log.clear()
        cluster.garble(RATES)
        await asyncio.sleep(1000)
        await rest(controller)
        return stage.wire.writes()

    assert play_controller(stage, cluster, scene) == Counter()


def test_a_foreign_service_of_the_name_is_left_alone_and_the_route_gets_another() -> None:
    stage, cluster = Stage(), Cluster(launch_post())
    stage.world.call("vpc-lattice", "CreateService", {"name": "rates-default"}, stage.wire.caller)

    play_controller(stage, cluster, rest)

    names = sorted(service.name for service in stage.world.state.services)
    assert len(names) == 3
    assert names[2].startswith("rates-default-")


def test_a_group_that_joins_gets_traffic_when_it_is_healthy() -> None:
    stage, cluster = Stage(), Cluster(launch_post())

    def one_backend(raw: Raw) -> None:
        raw["spec"]["rules"][0]["backendRefs"].pop()

    def two_backends(raw: Raw) -> None:
        backends = raw["spec"]["rules"][0]["backendRefs"]
        backends.append({"name": "inventory-ver2", "kind": "Service", "port": 8090, "weight": 50})

    def weights() -> list[int]:
        rules = [rule for rule in stage.world.state.rules if rule.priority is not None]
        rule = next(each for each in rules if "inventory" in str(service_name(stage, each.service_id)))
        return sorted(share.weight for share in rule.action.shares)

    async def scene(controller: Controller) -> tuple[list[int], list[int]]:
        await rest(controller)
        cluster.edit(Kind.HTTP_ROUTE, "inventory", one_backend)
        await rest(controller)
        cluster.edit(Kind.HTTP_ROUTE, "inventory", two_backends)
        await asyncio.sleep(20)
        joining = weights()
        make_healthy(stage)
        await rest(controller)
        return joining, weights()

    joining, joined = play_controller(stage, cluster, scene)

    assert joining[0] == 0
    assert joined == [50, 50]


def test_what_has_no_record_stays_and_only_unused_groups_are_collected() -> None:
    stage = Stage()
    play_controller(stage, Cluster(launch_post()), rest)
    stage.memory.units.clear()
    unused = making_group(stage.settings.owner, "old", "old", ("10.244.0.1",))
    create_group(stage, unused)
    without_routes = [raw for raw in launch_post() if raw["kind"] != "HTTPRoute"]

    async def scene(controller: Controller) -> tuple[dict[str, int], dict[str, int]]:
        await rest(controller)
        await asyncio.sleep(590)
        before = left(stage)
        await asyncio.sleep(60)
        return before, left(stage)

    before, after = play_controller(stage, Cluster(without_routes), scene)

    assert before["TARGET_GROUP"] == 5
    assert after["TARGET_GROUP"] == 4
    assert after["SERVICE"] == 2
    assert not any("old" in each.name for each in stage.world.state.target_groups)


def create_group(stage: Stage, wanted: TargetGroup) -> None:
    config = {"port": 80, "protocol": "HTTP", "vpcIdentifier": wanted.vpc}
    members = {"name": wanted.name, "type": "IP", "config": config, "tags": dict(wanted.tags)}
    made = stage.world.call("vpc-lattice", "CreateTargetGroup", members, stage.wire.caller)
    stage.clock.last += 10
    targets = [{"id": target.address, "port": target.port} for target in wanted.targets or ()]
    registered = {"targetGroupIdentifier": made["id"], "targets": targets}
    stage.world.call("vpc-lattice", "RegisterTargets", registered, stage.wire.caller)


def test_lattice_that_cannot_be_reached_at_first_is_waited_for() -> None:
    stage, cluster = Stage(), Cluster(launch_post())
    stage.wire.before = lambda _name, _number: unreachable()

    async def scene(controller: Controller) -> dict[str, int]:
        await asyncio.sleep(100)
        nothing = left(stage)
        stage.wire.before = lambda _name, _number: None
        await rest(controller)
        return nothing

    assert play_controller(stage, cluster, scene) == {}
    assert left(stage)["SERVICE"] == 2


def test_lattice_that_cannot_be_reached_for_a_while_costs_nothing() -> None:
    stage, cluster = Stage(), Cluster(launch_post())

    async def scene(controller: Controller) -> None:
        await asyncio.sleep(3)
        stage.wire.before = lambda _name, _number: unreachable()
        await asyncio.sleep(300)
        stage.wire.before = lambda _name, _number: None
        await rest(controller)

    play_controller(stage, cluster, scene)

    assert left(stage)["RULE"] == 5
    assert not stage.wire.errors


def test_without_the_tagging_api_it_is_the_same() -> None:
    settings = replace(SETTINGS, tagging_api=False)
    stage = Stage(settings=settings)
    play_controller(stage, Cluster(launch_post()), rest)
    stage.wire.log.clear()

    play_controller(stage, Cluster(launch_post()), rest)

    assert not stage.wire.writes()
    assert not any(name == "GetResources" for name, _ in stage.wire.log)


def test_an_owner_that_changes_behind_our_back_is_seen_within_two_minutes() -> None:
    stage, cluster, statuses = Stage(), Cluster(launch_post()), Statuses()

    async def scene(controller: Controller) -> None:
        await rest(controller)
        service = next(each for each in stage.world.state.services if each.name == "rates-default")
        arn = stage.world.call("vpc-lattice", "GetService", {"serviceIdentifier": service.id}, stage.wire.caller)["arn"]
        tags = {Tag.MANAGED_BY: "999999999999/other/vpc-0"}
        stage.world.call("vpc-lattice", "TagResource", {"resourceArn": arn, "tags": tags}, stage.wire.caller)
        stage.wire.log.clear()
        await asyncio.sleep(125)

    play_controller(stage, cluster, scene, statuses)

    touched = {str(members) for name, members in stage.wire.log if not is_read(name)}
    assert not any("rates" in each for each in touched if "Delete" in each)
    assert len([each for each in stage.world.state.services if each.name == "rates-default"]) == 1


def unreachable() -> Exception:
    host = ConnectionKey("127.0.0.1", 1, False, None, None, None, None)
    error = aiohttp.ClientConnectorError(host, OSError("refused"))
    return EndpointConnectionError(endpoint_url="http://127.0.0.1:1", error=error)


def service_name(stage: Stage, service: str) -> str:
    return stage.world.state.services[service].name


def make_healthy(stage: Stage) -> None:
    for group, held in stage.world.state.targets.items():
        for key in tuple(held):
            stage.world.report_health(group, key, Health.HEALTHY)


def test_stopping_finishes_what_is_on_the_wire() -> None:
    stage, cluster = Stage(), Cluster(launch_post())
    stage.wire.latency = 1.0

    async def scene(controller: Controller) -> None:
        await asyncio.sleep(6.2)

    play_controller(stage, cluster, scene)
    created = len(stage.world.state.target_groups)
    recorded = sum(record.arn is not None for record in stage.memory.units.values())

    assert created > 0
    assert recorded == created + len(stage.world.state.services) + len(stage.world.state.networks)


@pytest.mark.parametrize("what", ["rates-default", "service association", "VPC association", "target group"])
def test_what_fails_to_be_created_is_repaired(what: str) -> None:
    stage, cluster = Stage(), Cluster(launch_post())

    async def scene(controller: Controller) -> None:
        await asyncio.sleep(0)
        fail_next(stage, what)
        await rest(controller)

    play_controller(stage, cluster, scene)

    assert any(name.startswith("Delete") for name, _ in stage.wire.log)
    assert left(stage)["SERVICE_NETWORK_SERVICE_ASSOCIATION"] == 2
    assert left(stage)["TARGET_GROUP"] == 4
    assert all(str(each.status) == "ACTIVE" for each in stage.world.state.services)
    assert all(str(each.status) == "ACTIVE" for each in stage.world.state.service_associations)
    assert all(str(each.status) == "ACTIVE" for each in stage.world.state.vpc_associations)


def fail_next(stage: Stage, what: str) -> None:
    """Have the first creation of that kind fail in the end."""
    kinds = {
        "service association": "snsa-",
        "VPC association": "snva-",
        "target group": "tg-",
    }
    failure = Failure("Boom", "it broke")
    if what not in kinds:
        stage.world.fail_step(what, Status.CREATE_FAILED, failure)
        return
    failed: list[str] = []

    def first_of_kind() -> None:
        for pending in tuple(stage.world.state.pending):
            if pending.startswith(kinds[what]) and not failed:
                failed.append(pending)
                stage.world.fail_step(pending, Status.CREATE_FAILED, failure)

    stage.world.subscribe(first_of_kind)


def test_a_full_disk_stops_creation_and_nothing_else_and_space_ends_that() -> None:
    stage, cluster = Stage(), Cluster(launch_post())
    stage.memory.full = True

    async def scene(controller: Controller) -> dict[str, int]:
        await asyncio.sleep(200)
        nothing = left(stage)
        stage.memory.full = False
        await rest(controller)
        return nothing

    assert play_controller(stage, cluster, scene) == {}
    assert left(stage)["RULE"] == 5


def test_a_quota_stops_what_is_beyond_it_and_says_so() -> None:
    stage, cluster, statuses = Stage(Knobs(quota_rules=1)), Cluster(launch_post()), Statuses()

    play_controller(stage, cluster, rest, statuses)

    programmed = "application-networking.k8s.aws/Programmed"
    assert of_parent(statuses, RATES, programmed) == ("False", "QuotaExceeded")
    assert of_parent(statuses, INVENTORY, programmed)[0] == "True"


def test_a_service_that_somebody_deleted_is_made_again_at_the_next_resync() -> None:
    stage, cluster = Stage(), Cluster(launch_post())

    async def scene(controller: Controller) -> None:
        await rest(controller)
        service = next(each for each in stage.world.state.services if each.name == "rates-default")
        association = next(each for each in stage.world.state.service_associations if each.service_id == service.id)
        identifier = {"serviceNetworkServiceAssociationIdentifier": association.id}
        stage.world.call("vpc-lattice", "DeleteServiceNetworkServiceAssociation", identifier, stage.wire.caller)
        await asyncio.sleep(20)
        stage.world.call("vpc-lattice", "DeleteService", {"serviceIdentifier": service.id}, stage.wire.caller)
        await asyncio.sleep(800)
        await rest(controller)

    play_controller(stage, cluster, scene)

    assert left(stage)["SERVICE"] == 2
    assert left(stage)["RULE"] == 5
    assert left(stage)["TARGET_GROUP"] == 4
