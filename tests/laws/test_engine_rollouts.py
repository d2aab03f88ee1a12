"""Pods with gates that replace each other: in turn, under the same name, at the same address."""

import asyncio

import pytest

from lattice_emulator.world.model import Health
from lattice_gateway.engine.controller import Controller
from lattice_gateway.engine.readiness import LONGEST
from tests.laws.engine_cluster import rest
from tests.laws.engine_gated import PARKING, GatedCluster, play_gated, report, states
from tests.laws.engine_stage import Stage

FIRST, SECOND = "10.244.7.1", "10.244.7.2"
OPEN = ("True", "Healthy")


def test_a_pod_that_has_the_name_of_another_is_not_taken_for_it() -> None:
    """As in a StatefulSet; slices show the old pod for a while."""
    stage, cluster = Stage(), GatedCluster()

    async def scene(controller: Controller) -> None:
        await rest(controller)
        cluster.start("room-0", FIRST, uid="old")
        await asyncio.sleep(1)
        report(stage, FIRST, Health.HEALTHY)
        await asyncio.sleep(LONGEST)
        assert cluster.turned.pop("room-0") == [OPEN]

        cluster.start_unlisted("room-0", SECOND, uid="new")
        await asyncio.sleep(LONGEST + 5)
        assert OPEN not in cluster.turned["room-0"]
        assert states(stage, SECOND) == []
        cluster.stop("room-0")
        cluster.list_endpoint("room-0", SECOND, uid="new")
        await asyncio.sleep(5)
        assert (states(stage, FIRST), states(stage, SECOND)) == (["DRAINING"], ["INITIAL"])
        assert OPEN not in cluster.turned["room-0"]
        report(stage, SECOND, Health.HEALTHY)
        await asyncio.sleep(LONGEST + 1)

    play_gated(stage, cluster, scene)

    assert cluster.turned["room-0"] == [("False", "TargetNotFound"), ("False", "Initial"), OPEN]


def test_a_pod_at_the_address_of_one_that_has_just_gone_is_checked_anew() -> None:
    stage, cluster = Stage(), GatedCluster()

    async def scene(controller: Controller) -> None:
        await rest(controller)
        cluster.start("old", FIRST)
        await asyncio.sleep(1)
        report(stage, FIRST, Health.HEALTHY)
        await asyncio.sleep(LONGEST)
        cluster.stop("old")
        await asyncio.sleep(1)
        assert states(stage, FIRST) == ["DRAINING"]
        cluster.start("new", FIRST)
        await asyncio.sleep(60)
        assert cluster.opened == ["old"]
        report(stage, FIRST, Health.HEALTHY)
        await asyncio.sleep(LONGEST + 1)

    play_gated(stage, cluster, scene)

    assert cluster.opened == ["old", "new"]
    assert states(stage, FIRST) == ["HEALTHY"]


@pytest.mark.parametrize("lag", [0.0, 0.3, 12.0])
def test_a_rolling_update_always_has_as_many_good_targets_as_pods_were_asked_for(lag: float) -> None:
    """New pods first, the old one only when the new one is ready, as a Deployment with maxUnavailable 0 does."""
    stage, cluster = Stage(), GatedCluster()
    cluster.lag = lag
    served: list[int] = []

    async def watch() -> None:
        while True:
            all_states = [states(stage, f"10.244.{place}") for place in (*OLD, *YOUNG)]
            served.append(sum(each == ["HEALTHY"] for each in all_states))
            await asyncio.sleep(0.2)

    async def scene(controller: Controller) -> None:
        await rest(controller)
        for place in OLD:
            report(stage, f"10.244.{place}", Health.HEALTHY)
        watching = asyncio.create_task(watch())
        for (old, place), young in zip(enumerate(OLD, 1), YOUNG, strict=True):
            name = f"young-{place}"
            cluster.start(name, f"10.244.{young}")
            await asyncio.sleep(3)
            report(stage, f"10.244.{young}", Health.HEALTHY)
            while not cluster.is_shown_ready(name):  # noqa: ASYNC110 - virtual time
                await asyncio.sleep(0.1)
            cluster.stop(f"{PARKING}-{old}")
        await asyncio.sleep(20)
        watching.cancel()

    play_gated(stage, cluster, scene)

    assert min(served) == len(OLD)
    assert [states(stage, f"10.244.{place}") for place in YOUNG] == [["HEALTHY"], ["HEALTHY"]]


OLD = ("1.11", "1.12")
YOUNG = ("7.11", "7.12")
