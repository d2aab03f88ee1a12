"""Readiness gates on the emulator's world: from a pod that waits to its gate, and everything that may come between."""

import asyncio
from copy import deepcopy
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from lattice_emulator.world.model import Health
from lattice_gateway.core.lattice.units import Target
from lattice_gateway.core.objects import Ref
from lattice_gateway.core.objects.refs import Kind
from lattice_gateway.core.translate.readiness import Place, Waiting
from lattice_gateway.engine.controller import Controller
from lattice_gateway.engine.metrics import Metrics
from lattice_gateway.engine.mirror import Mirror
from lattice_gateway.engine.readiness import ALONE, LONGEST, Readiness
from tests.laws.engine_cluster import rest
from tests.laws.engine_gated import GatedCluster, places, play_gated, report, states
from tests.laws.engine_making import group_key
from tests.laws.engine_stage import LoopClock, Stage

NEW = "10.244.7.7"
OPEN = ("True", "Healthy")
RATES = Ref(Kind.HTTP_ROUTE, "default", "rates")


def test_a_pod_that_waits_is_registered_checked_and_told() -> None:
    stage, cluster = Stage(), GatedCluster()

    async def scene(controller: Controller) -> None:
        await rest(controller)
        stage.wire.log.clear()
        cluster.start("parking-3", NEW)
        await asyncio.sleep(1)
        assert states(stage, NEW) == ["INITIAL"]
        await asyncio.sleep(5)
        assert cluster.turned["parking-3"] == [("False", "Initial")]
        report(stage, NEW, Health.HEALTHY)
        await asyncio.sleep(LONGEST + 1)

    play_gated(stage, cluster, scene)

    assert cluster.turned["parking-3"] == [("False", "Initial"), OPEN]
    assert stage.wire.writes() == {"RegisterTargets": 1}


def test_where_nobody_waits_no_targets_are_listed() -> None:
    stage, cluster = Stage(), GatedCluster()

    async def scene(controller: Controller) -> None:
        await rest(controller)
        cluster.start("parking-3", NEW)
        await asyncio.sleep(1)
        report(stage, NEW, Health.HEALTHY)
        await asyncio.sleep(60)
        stage.wire.log.clear()
        await asyncio.sleep(120)

    play_gated(stage, cluster, scene)

    assert cluster.opened == ["parking-3"]
    assert "ListTargets" not in stage.wire.reads()
    assert not stage.wire.writes()


def test_an_open_gate_never_costs_the_target_its_place() -> None:
    """The pod is told first, its slice says so later: nothing is deregistered meanwhile."""
    stage, cluster = Stage(), GatedCluster()

    async def scene(controller: Controller) -> None:
        await rest(controller)
        cluster.start("parking-3", NEW)
        await asyncio.sleep(1)
        report(stage, NEW, Health.HEALTHY)
        await asyncio.sleep(30)

    play_gated(stage, cluster, scene)

    assert "DeregisterTargets" not in stage.wire.writes()
    assert states(stage, NEW) == ["HEALTHY"]


def test_a_pod_of_two_routes_waits_for_both() -> None:
    stage, cluster = Stage(), GatedCluster()
    second = deepcopy(cluster.objects[RATES])
    second["metadata"] = {"name": "valet"}

    async def scene(controller: Controller) -> None:
        cluster.put(second)
        await rest(controller)
        cluster.start("parking-3", NEW)
        await asyncio.sleep(1)
        one, other = places(stage, NEW)
        stage.world.report_health(*one, Health.HEALTHY)
        await asyncio.sleep(60)
        assert cluster.opened == []
        stage.world.report_health(*other, Health.HEALTHY)
        await asyncio.sleep(LONGEST + 1)

    play_gated(stage, cluster, scene)

    assert cluster.turned["parking-3"] == [("False", "Initial"), OPEN]


def test_a_pod_that_stays_unhealthy_is_looked_at_ever_less_often_and_never_opened() -> None:
    stage, cluster = Stage(), GatedCluster()

    async def scene(controller: Controller) -> None:
        await rest(controller)
        cluster.start("parking-3", NEW)
        cluster.start("parking-4", "10.244.7.8")
        await asyncio.sleep(1)
        report(stage, NEW, Health.UNHEALTHY)
        report(stage, "10.244.7.8", Health.UNHEALTHY)
        stage.wire.log.clear()
        await asyncio.sleep(600)

    play_gated(stage, cluster, scene)

    assert cluster.opened == []
    assert cluster.turned["parking-3"][-1] == ("False", "Unhealthy")
    assert stage.wire.reads()["ListTargets"] <= 600 / (0.9 * LONGEST) + 4
    assert not stage.wire.writes()


def test_a_group_whose_check_somebody_turned_off_lets_its_pods_go() -> None:
    stage, cluster = Stage(), GatedCluster()

    async def scene(controller: Controller) -> None:
        await rest(controller)
        for group in tuple(stage.world.state.target_groups):
            off = {"targetGroupIdentifier": group.id, "healthCheck": {"enabled": False}}
            stage.world.call("vpc-lattice", "UpdateTargetGroup", off, stage.wire.caller)
        await asyncio.sleep(5)
        cluster.start("parking-3", NEW)
        await asyncio.sleep(3)

    play_gated(stage, cluster, scene)

    assert cluster.turned["parking-3"] == [("True", "HealthCheckUnavailable")]


def test_a_pod_that_no_route_wants_does_not_wait_for_ever() -> None:
    stage, cluster = Stage(), GatedCluster()

    async def scene(controller: Controller) -> None:
        await rest(controller)
        cluster.start_unlisted("lonely", NEW, app="nobody")
        await asyncio.sleep(ALONE - 1)
        assert cluster.turned == {}
        await asyncio.sleep(2)

    play_gated(stage, cluster, scene)

    assert cluster.turned == {"lonely": [("True", "Unused")]}


def test_a_pod_whose_slice_is_late_is_not_taken_for_one_that_nobody_wants() -> None:
    stage, cluster = Stage(), GatedCluster()

    async def scene(controller: Controller) -> None:
        await rest(controller)
        cluster.start_unlisted("parking-3", NEW)
        await asyncio.sleep(600)

    play_gated(stage, cluster, scene)

    assert cluster.turned == {"parking-3": [("False", "TargetNotFound")]}


def test_the_last_route_of_a_pod_that_waits_may_go() -> None:
    stage, cluster = Stage(), GatedCluster()

    async def scene(controller: Controller) -> None:
        await rest(controller)
        cluster.start("parking-3", NEW)
        await asyncio.sleep(1)
        cluster.delete(RATES)
        await asyncio.sleep(60)

    play_gated(stage, cluster, scene)

    assert cluster.turned["parking-3"][-1] == ("True", "Unused")


def test_a_process_that_dies_is_followed_by_one_that_goes_on() -> None:
    stage, cluster = Stage(), GatedCluster()

    async def before(controller: Controller) -> None:
        await rest(controller)
        cluster.start("parking-3", NEW)
        await asyncio.sleep(6)

    async def after(_: Controller) -> None:
        report(stage, NEW, Health.HEALTHY)
        await asyncio.sleep(30)

    play_gated(stage, cluster, before)
    stage.wire.log.clear()
    play_gated(stage, cluster, after)

    assert cluster.turned["parking-3"] == [("False", "Initial"), OPEN]
    assert not stage.wire.writes()


def test_a_gate_that_somebody_shuts_again_is_opened_again() -> None:
    stage, cluster = Stage(), GatedCluster()

    async def scene(controller: Controller) -> None:
        await rest(controller)
        cluster.start("parking-3", NEW)
        await asyncio.sleep(1)
        report(stage, NEW, Health.HEALTHY)
        await asyncio.sleep(15)
        cluster.shut("parking-3")
        await asyncio.sleep(30)

    play_gated(stage, cluster, scene)

    assert cluster.turned["parking-3"][-2:] == [("False", "Tampered"), OPEN]


def test_how_long_the_oldest_has_waited_is_counted_over_changes_of_its_places() -> None:
    stage, cluster, registry = Stage(), GatedCluster(), CollectorRegistry()
    pod = Ref(Kind.POD, "default", "parking-3")
    place = Place(group_key("rates", "parking"), Target(NEW, 8090), checked=True)

    def seconds() -> float | None:
        return registry.get_sample_value("lattice_gateway_gate_wait_seconds")

    async def scene() -> None:
        readiness = Readiness(
            calls=stage.calls(),
            mirror=Mirror(),
            gates=cluster,
            clock=LoopClock(),
            random=Random(1),
            metrics=Metrics(registry),
        )
        assert seconds() == 0
        readiness.take({pod: Waiting("uid", ())})
        await asyncio.sleep(20)
        readiness.take({pod: Waiting("uid", (place,))})
        await asyncio.sleep(10)
        assert seconds() == pytest.approx(30)
        readiness.take({pod: Waiting("another pod of that name", (place,))})
        assert seconds() == pytest.approx(0)
        readiness.take({pod: None})
        assert seconds() == 0

    stage.play(scene)


def test_pods_that_keep_coming_do_not_put_off_the_look_at_the_first() -> None:
    stage, cluster = Stage(), GatedCluster()

    async def scene(controller: Controller) -> None:
        await rest(controller)
        cluster.start("parking-3", NEW)
        await asyncio.sleep(0.5)
        report(stage, NEW, Health.HEALTHY)
        for number in range(60):
            cluster.start(f"late-{number}", f"10.244.8.{number}")
            await asyncio.sleep(0.5)
            if cluster.opened:
                return

    play_gated(stage, cluster, scene)

    assert cluster.opened == ["parking-3"]


def test_what_vpc_lattice_refuses_to_tell_is_asked_again() -> None:
    stage, cluster = Stage(), GatedCluster()

    def refuse(operation: str, _: int) -> Exception | None:
        return TimeoutError() if operation == "ListTargets" and broken else None

    broken = False

    async def scene(controller: Controller) -> None:
        nonlocal broken
        await rest(controller)
        cluster.start("parking-3", NEW)
        await asyncio.sleep(0.5)
        broken = True
        report(stage, NEW, Health.HEALTHY)
        await asyncio.sleep(60)
        assert cluster.turned == {}
        broken = False
        await asyncio.sleep(30)

    stage.wire.before = refuse
    play_gated(stage, cluster, scene)

    assert cluster.turned["parking-3"] == [OPEN]


def test_without_health_checks_a_gate_opens_as_soon_as_we_lead_and_nothing_is_read() -> None:
    stage, cluster = Stage(), GatedCluster()
    pod = Ref(Kind.POD, "default", "parking-3")
    cluster.start("parking-3", NEW)
    place = Place(group_key("rates", "parking"), Target(NEW, 8090), checked=False)

    async def scene() -> None:
        readiness = Readiness(
            calls=stage.calls(),
            mirror=Mirror(),
            gates=cluster,
            clock=LoopClock(),
            random=Random(1),
            metrics=Metrics(CollectorRegistry()),
        )
        readiness.take({pod: Waiting("uid of parking-3", (place,))})
        await asyncio.sleep(60)
        assert cluster.turned == {}
        running = asyncio.create_task(readiness.run())
        await asyncio.sleep(0.01)
        running.cancel()

    stage.play(scene)

    assert cluster.turned == {"parking-3": [("True", "HealthCheckUnavailable")]}
    assert stage.wire.log == []


NAMES = ("a", "b", "c")
STEPS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from([*Health]), st.floats(0.1, 25.0)), min_size=1, max_size=12
)


@given(steps=STEPS)
def test_a_gate_opens_only_where_a_health_check_has_passed(steps: list[tuple[str, Health, float]]) -> None:
    stage, cluster = Stage(), GatedCluster()
    addresses = {name: f"10.244.7.{number}" for number, name in enumerate(NAMES, 1)}
    passed: set[str] = set()

    async def scene(controller: Controller) -> None:
        nonlocal passed
        await rest(controller)
        for name, address in addresses.items():
            cluster.start(name, address)
        await asyncio.sleep(0.5)
        for name, health, pause in steps:
            report(stage, addresses[name], health)
            passed |= {name} if health is Health.HEALTHY else set()
            await asyncio.sleep(pause)
            assert passed.issuperset(cluster.opened)
        for address in addresses.values():
            report(stage, address, Health.HEALTHY)
        await asyncio.sleep(2 * LONGEST)

    play_gated(stage, cluster, scene)

    assert sorted(cluster.opened) == sorted(addresses)
    assert "DeregisterTargets" not in stage.wire.writes()
