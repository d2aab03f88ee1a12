"""Finalizers on the emulator's world: in whatever order objects are deleted, all of them go and nothing is left."""

import asyncio
from collections.abc import AsyncIterator
from copy import deepcopy
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lattice_gateway.core.lattice.outcome import Failed
from lattice_gateway.core.objects import Ref
from lattice_gateway.core.objects.finalizers import FINALIZERS, is_held, is_leaving
from lattice_gateway.core.objects.refs import Kind
from lattice_gateway.engine.controller import Controller
from lattice_gateway.engine.feed import Batch, Problem, Undecodable
from tests.examples import examples
from tests.laws.engine_cluster import launch_post, rest
from tests.laws.engine_finalized import FinalizedCluster, Heard, play_process
from tests.laws.engine_stage import Stage, throttled
from tests.laws.test_engine_units import left

CLASS = Ref(Kind.GATEWAY_CLASS, "", "amazon-vpc-lattice")
GATEWAY = Ref(Kind.GATEWAY, "default", "my-hotel")
RATES = Ref(Kind.HTTP_ROUTE, "default", "rates")
KINDS = ((Kind.GATEWAY_CLASS,), (Kind.GATEWAY,), (Kind.HTTP_ROUTE,), (Kind.SERVICE, Kind.ENDPOINT_SLICE))
OWNING = (Kind.GATEWAY_CLASS, Kind.GATEWAY, Kind.HTTP_ROUTE)
LATER = 900.0
"""Seconds after which also groups that only a sweep can find are gone."""


def held(cluster: FinalizedCluster) -> set[Ref]:
    return {ref for ref in cluster.refs(*OWNING) if cluster.holds(ref)}


def remaining(cluster: FinalizedCluster) -> list[Ref]:
    return cluster.refs(*(kind for kinds in KINDS for kind in kinds))


async def forgotten(_: Controller) -> None:
    await asyncio.sleep(LATER)


def built() -> tuple[Stage, FinalizedCluster]:
    stage, cluster = Stage(), FinalizedCluster(launch_post())
    play_process(stage, cluster, rest)
    return stage, cluster


def test_what_has_something_in_lattice_carries_our_finalizer() -> None:
    _, cluster = built()

    assert held(cluster) == set(cluster.refs(*OWNING))


def test_nothing_is_made_before_the_finalizer_stands() -> None:
    stage, cluster = Stage(), FinalizedCluster(launch_post())
    cluster.hold = lambda _: None  # type: ignore[method-assign]

    async def scene(controller: Controller) -> None:
        await asyncio.sleep(60)

    play_process(stage, cluster, scene)

    assert not {"SERVICE", "SERVICE_NETWORK"} & left(stage).keys()


def test_what_waits_for_its_finalizer_goes_on_as_soon_as_that_is_written() -> None:
    stage, cluster = Stage(), FinalizedCluster(launch_post())
    cluster.answers_after = 0.3

    async def scene(controller: Controller) -> set[str]:
        await asyncio.sleep(0.8)
        return set(stage.wire.writes())

    assert {"CreateServiceNetwork", "CreateService"} <= play_process(stage, cluster, scene)


def test_a_finalizer_on_its_way_is_no_failure() -> None:
    stage, cluster = Stage(), FinalizedCluster(launch_post())
    cluster.answers_after = 5.0

    async def scene(controller: Controller) -> set[type]:
        await asyncio.sleep(4)
        return {type(outcome.result) for outcome in controller.units.outcomes.values()}

    assert Failed not in play_process(stage, cluster, scene)


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
def test_whatever_goes_first_everything_terminates_and_nothing_is_left(order: tuple[int, ...]) -> None:
    stage, cluster = Stage(), FinalizedCluster(launch_post())

    async def scene(controller: Controller) -> None:
        await rest(controller)
        for number in order:
            cluster.delete(*cluster.refs(*KINDS[number]))
            await asyncio.sleep(1)
        await asyncio.sleep(LATER)

    play_process(stage, cluster, scene)

    assert remaining(cluster) == []
    assert left(stage) == {}


EACH = (*OWNING, Kind.SERVICE, Kind.ENDPOINT_SLICE, Kind.REFERENCE_GRANT)
"""Every kind that exists by now and is an object of somebody; namespaces go with what is in them."""


def far_away() -> list[dict[str, Any]]:
    """A Service in another namespace, its slice, the grant that it may be used, and the route that uses it."""
    home = {"namespace": "elsewhere"}
    backend = {"name": "far", "namespace": "elsewhere", "port": 80}
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "far", **home},
            "spec": {"ports": [{"port": 80, "targetPort": 8090}], "selector": {"app": "far"}},
        },
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": "far-1", "labels": {"kubernetes.io/service-name": "far"}, **home},
            "addressType": "IPv4",
            "ports": [{"port": 8090}],
            "endpoints": [{"addresses": ["10.9.9.9"], "conditions": {"ready": True}}],
        },
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "ReferenceGrant",
            "metadata": {"name": "far", **home},
            "spec": {
                "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "default"}],
                "to": [{"group": "", "kind": "Service"}],
            },
        },
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "HTTPRoute",
            "metadata": {"name": "far"},
            "spec": {"parentRefs": [{"name": "my-hotel"}], "rules": [{"backendRefs": [backend]}]},
        },
    ]


@settings(max_examples=examples(15), deadline=None, suppress_health_check=list(HealthCheck))
@given(order=st.permutations(EACH), pause=st.sampled_from([0.0, 0.3, 30.0]))
def test_kinds_that_hang_together_go_in_any_order(order: list[Kind], pause: float) -> None:
    stage, cluster = Stage(), FinalizedCluster([*launch_post(), *far_away()])

    async def scene(controller: Controller) -> dict[str, int]:
        await rest(controller)
        there = left(stage)
        for kind in order:
            cluster.delete(*cluster.refs(kind))
            await asyncio.sleep(pause)
        await asyncio.sleep(LATER)
        return there

    there = play_process(stage, cluster, scene)

    assert there["SERVICE"] == 3
    assert cluster.refs(*EACH) == []
    assert left(stage) == {}


steps = st.lists(
    st.tuples(st.sampled_from(["delete", "wait", "crash", "weather"]), st.integers(0, 30)), min_size=1, max_size=10
)


@settings(max_examples=examples(25), deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=steps)
def test_also_one_by_one_with_deaths_and_throttling_in_between(steps: list[tuple[str, int]]) -> None:
    stage, cluster = built()
    todo = list(steps)

    async def scene(controller: Controller) -> None:
        while todo:
            what, number = todo.pop(0)
            if what == "crash":
                return
            await act(what, number)
        for ref in remaining(cluster):
            cluster.delete(ref)
        stage.wire.before = lambda _name, _number: None
        await asyncio.sleep(LATER)

    async def act(what: str, number: int) -> None:
        match what:
            case "delete" if refs := remaining(cluster):
                cluster.delete(refs[number % len(refs)])
            case "weather":
                stage.wire.before = lambda name, call: throttled(name) if call % 3 == number % 3 else None
            case _:
                await asyncio.sleep(number / 3)

    while remaining(cluster):
        play_process(stage, cluster, scene)
    play_process(stage, cluster, forgotten)

    assert left(stage) == {}


def test_a_route_goes_with_its_service_and_before_its_groups() -> None:
    stage, cluster = Stage(), FinalizedCluster(launch_post())

    async def scene(controller: Controller) -> dict[str, int]:
        await rest(controller)
        cluster.delete(RATES)
        while RATES in cluster.objects:  # noqa: ASYNC110 - virtual time
            await asyncio.sleep(0.1)
        return left(stage)

    there = play_process(stage, cluster, scene)

    assert there["SERVICE"] == 1
    assert there["TARGET_GROUP"] == 4


def test_a_gateway_waits_for_its_routes_and_says_so() -> None:
    stage, cluster, heard = Stage(), FinalizedCluster(launch_post()), Heard()

    async def scene(controller: Controller) -> dict[str, int]:
        await rest(controller)
        cluster.delete(CLASS, GATEWAY)
        await asyncio.sleep(600)
        return left(stage)

    there = play_process(stage, cluster, scene, heard)

    assert {CLASS, GATEWAY} <= set(cluster.objects)
    assert there["SERVICE_NETWORK_SERVICE_ASSOCIATION"] == 2
    names = "HTTPRoute default/inventory, HTTPRoute default/rates"
    assert heard.of(GATEWAY) == [("DeleteBlocked", f"deletion waits for: {names}")]


def test_a_gateway_whose_namesake_stays_goes_at_once_and_the_network_stays() -> None:
    stage, cluster = Stage(), FinalizedCluster([*launch_post(), namesake()])
    other = Ref(Kind.GATEWAY, "elsewhere", "my-hotel")

    async def scene(controller: Controller) -> None:
        await rest(controller)
        cluster.delete(other)
        await asyncio.sleep(5)

    play_process(stage, cluster, scene)

    assert other not in cluster.objects
    assert left(stage)["SERVICE_NETWORK"] == 1


def test_a_class_is_held_while_gateways_have_it() -> None:
    stage, cluster = built()

    async def scene(controller: Controller) -> set[Ref]:
        cluster.delete(*cluster.refs(Kind.HTTP_ROUTE), GATEWAY)
        await asyncio.sleep(120)
        return held(cluster)

    assert play_process(stage, cluster, scene) == set()
    assert CLASS in cluster.objects


@pytest.mark.parametrize("kind", [Kind.HTTP_ROUTE, Kind.GRPC_ROUTE, Kind.TLS_ROUTE], ids=str)
def test_a_route_that_the_go_controller_left_behind_is_let_go(kind: Kind) -> None:
    """Its Gateway is gone, nothing of it is in Lattice, and its spec was never translated by us."""
    stage, cluster = Stage(), FinalizedCluster(launch_post())
    ref = Ref(kind, "default", "stuck")
    stuck = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": str(kind),
        "metadata": {
            "name": "stuck",
            "finalizers": [FINALIZERS[kind]],
            "deletionTimestamp": "2024-01-02T00:00:00Z",
        },
        "spec": {"parentRefs": [{"name": "gone"}], "rules": [{}]},
    }
    cluster = FinalizedCluster([*launch_post(), stuck])
    play_process(stage, cluster, rest)

    assert ref not in cluster.objects
    assert left(stage)["SERVICE"] == 2


def test_a_gateway_without_a_class_is_let_go() -> None:
    objects = [raw for raw in launch_post() if raw["kind"] != "GatewayClass" and raw["kind"] != "HTTPRoute"]
    gateway = next(raw for raw in objects if raw["kind"] == "Gateway")
    gateway["metadata"] |= {"finalizers": [FINALIZERS[Kind.GATEWAY]], "deletionTimestamp": "2024-01-02T00:00:00Z"}
    cluster = FinalizedCluster(objects)

    play_process(Stage(), cluster, rest)

    assert GATEWAY not in cluster.objects


def test_the_old_finalizer_of_a_service_that_is_being_deleted_goes_and_only_then() -> None:
    objects = launch_post()
    first, second = [raw for raw in objects if raw["kind"] == "Service"][:2]
    for raw in (first, second):
        raw["metadata"]["finalizers"] = [FINALIZERS[Kind.SERVICE]]
    first["metadata"]["deletionTimestamp"] = "2024-01-02T00:00:00Z"
    cluster = FinalizedCluster(objects)

    play_process(Stage(), cluster, rest)

    assert Ref(Kind.SERVICE, "default", first["metadata"]["name"]) not in cluster.objects
    assert cluster.holds(Ref(Kind.SERVICE, "default", second["metadata"]["name"]))


def test_a_process_that_comes_later_deletes_what_a_leaving_route_had() -> None:
    stage, cluster = built()
    cluster.delete(RATES)

    async def scene(controller: Controller) -> None:
        await asyncio.sleep(120)

    play_process(stage, cluster, scene)

    assert RATES not in cluster.objects
    assert left(stage)["SERVICE"] == 1


class Garbled(FinalizedCluster):
    """Route and Gateway of the example cannot be read by this version of the controller."""

    async def changes(self) -> AsyncIterator[Batch]:
        async for batch in super().changes():
            odd = [thing for thing in batch.puts if thing.ref in {RATES, GATEWAY}]
            problem = Problem(file="", message="garbled")
            garbled = (Undecodable(thing.ref, problem, is_leaving(thing) and is_held(thing)) for thing in odd)
            puts = tuple(thing for thing in batch.puts if thing not in odd)
            yield replace(batch, puts=puts, undecodable=tuple(garbled))


def test_what_cannot_be_read_keeps_everything_until_it_is_deleted_and_then_goes() -> None:
    stage, before = built()
    cluster = Garbled(list(before.objects.values()))

    async def scene(controller: Controller) -> dict[str, int]:
        await asyncio.sleep(400)
        there = left(stage)
        cluster.delete(*cluster.refs(*OWNING))
        await asyncio.sleep(LATER)
        return there

    there = play_process(stage, cluster, scene)

    assert there["SERVICE"] == 2
    assert cluster.refs(*OWNING) == []
    assert left(stage) == {}


def test_a_gateway_that_goes_to_another_controller_is_held_for_five_minutes() -> None:
    stage, cluster = built()
    other = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "GatewayClass",
        "metadata": {"name": "other"},
        "spec": {"controllerName": "example.org/other"},
    }
    cluster.put(other)

    def moves(raw: dict[str, Any]) -> None:
        raw["spec"]["gatewayClassName"] = "other"

    async def scene(controller: Controller) -> tuple[bool, bool]:
        await rest(controller)
        cluster.edit(Kind.GATEWAY, "my-hotel", moves)
        await asyncio.sleep(250)
        before = cluster.holds(GATEWAY)
        await asyncio.sleep(350)
        return before, cluster.holds(GATEWAY)

    assert play_process(stage, cluster, scene) == (True, False)
    assert "SERVICE_NETWORK" not in left(stage)
    assert cluster.holds(RATES)


def to_another_class(raw: dict[str, Any]) -> None:
    raw["spec"]["gatewayClassName"] = "other"


def to_another_gateway(raw: dict[str, Any]) -> None:
    raw["spec"]["parentRefs"] = [{"name": "nowhere"}]


def parents(cluster: FinalizedCluster, route: Ref) -> dict[str, tuple[str, str]]:
    """Status and message of what the status of a route says of each Gateway."""
    entries = cluster.statuses.statuses[route]["parents"]
    accepted = {each["parentRef"]["name"]: each["conditions"][0] for each in entries}
    return {name: (each["status"], each["message"]) for name, each in accepted.items()}


def test_a_gateway_that_went_to_another_controller_while_nobody_looked_is_held_for_five_minutes() -> None:
    stage, cluster = built()
    cluster.edit(Kind.GATEWAY, "my-hotel", to_another_class)

    async def scene(controller: Controller) -> tuple[dict[str, int], bool, dict[str, tuple[str, str]]]:
        await asyncio.sleep(250)
        seen = left(stage), cluster.holds(GATEWAY), parents(cluster, RATES)
        await asyncio.sleep(350)
        return seen

    there, held_then, said = play_process(stage, cluster, scene)

    assert there["SERVICE_NETWORK_SERVICE_ASSOCIATION"] == 2
    assert held_then
    why = "Gateway default/my-hotel has no class of ours any more"
    assert said == {"my-hotel": ("Unknown", f"{why}; what it asked for stays for now")}
    assert "SERVICE_NETWORK" not in left(stage)
    assert not cluster.holds(GATEWAY)
    assert cluster.holds(RATES)
    assert parents(cluster, RATES) == {"my-hotel": ("False", why)}


def test_a_gateway_that_was_given_up_is_given_up_after_a_restart_too() -> None:
    stage, cluster = built()
    FinalizedCluster.delete(cluster, GATEWAY)
    cluster.release(GATEWAY)
    play_process(stage, cluster, forgotten)
    written = cluster.statuses.written

    play_process(stage, cluster, rest)

    assert parents(cluster, RATES) == {"my-hotel": ("False", "Gateway default/my-hotel does not exist")}
    assert cluster.statuses.written == written


def test_a_parent_ref_that_was_taken_out_while_nobody_looked_is_held_for_five_minutes() -> None:
    stage, cluster, heard = *built(), Heard()
    cluster.edit(Kind.HTTP_ROUTE, "rates", to_another_gateway)

    async def scene(controller: Controller) -> dict[str, int]:
        await asyncio.sleep(250)
        there = left(stage)
        await asyncio.sleep(350)
        return there

    there = play_process(stage, cluster, scene, heard)

    assert there["SERVICE_NETWORK_SERVICE_ASSOCIATION"] == 2
    assert left(stage)["SERVICE_NETWORK_SERVICE_ASSOCIATION"] == 1
    assert left(stage)["SERVICE"] == 2
    assert parents(cluster, RATES) == {}
    assert (
        heard.of(RATES).count(("FailedBuildModel", "Failed build model due to Gateway default/nowhere does not exist"))
        == 1
    )


def test_a_service_that_is_not_the_routes_stays_and_the_route_goes() -> None:
    stage, cluster = Stage(), FinalizedCluster(launch_post())
    stage.world.call("vpc-lattice", "CreateService", {"name": "stuck-default"}, stage.wire.caller)
    stuck: dict[str, Any] = deepcopy(cluster.objects[RATES])
    stuck["metadata"] |= {
        "name": "stuck",
        "finalizers": [FINALIZERS[Kind.HTTP_ROUTE]],
        "deletionTimestamp": "2024-01-02T00:00:00Z",
    }
    cluster = FinalizedCluster([*launch_post(), stuck])

    play_process(stage, cluster, rest)

    assert Ref(Kind.HTTP_ROUTE, "default", "stuck") not in cluster.objects
    assert left(stage)["SERVICE"] == 3


def test_a_change_tells_what_it_led_to_and_a_restart_tells_nothing() -> None:
    stage, cluster, first, second = Stage(), FinalizedCluster(launch_post()), Heard(), Heard()

    play_process(stage, cluster, rest, first)
    play_process(stage, cluster, rest, second)

    reasons = [reason for reason, _ in first.of(RATES)]
    assert (reasons[0], reasons[-1]) == ("Reconcile", "DeploySucceed")
    assert second.told == []


def test_a_route_that_goes_says_so_once() -> None:
    stage, cluster = built()
    heard = Heard()

    async def scene(controller: Controller) -> None:
        await rest(controller)
        cluster.delete(RATES)
        await asyncio.sleep(120)

    play_process(stage, cluster, scene, heard)

    assert heard.of(RATES) == [("Reconcile", "Deleting Reconcile")]


def namesake() -> dict[str, Any]:
    raw = next(deepcopy(raw) for raw in launch_post() if raw["kind"] == "Gateway")
    raw["metadata"] = {"name": raw["metadata"]["name"], "namespace": "elsewhere"}
    return raw
