"""The time that pods wait until Lattice knows of them, as a histogram tells it."""

import asyncio
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry

from lattice_gateway.core.lattice.units import Desired, TargetGroup
from lattice_gateway.engine.units import Units
from tests.laws.engine_making import HEALTH, network, standard_route, with_pods
from tests.laws.engine_stage import Stage, throttled, until_rest
from tests.laws.test_engine_units import running

OLD, NEW = ("10.244.0.1", "10.244.0.2"), ("10.244.0.2", "10.244.0.3")
LATENCY = 0.05
NAME = "lattice_gateway_target_lag_seconds"


class Lagged:
    """A route at rest, and what is counted from then on."""

    def __init__(self) -> None:
        self.stage = Stage()
        self.registry = CollectorRegistry()
        owner = self.stage.settings.owner
        self.wanted: tuple[Desired, ...] = (network(owner), *standard_route(owner, "r"))
        self.group = next(each for each in self.wanted if isinstance(each, TargetGroup))

    async def at_rest(self, units: Units) -> None:
        for desired in self.wanted:
            units.want(desired)
        await until_rest(units)

    def count(self, change: str) -> float:
        return self.stage.play(lambda: self._sample("count", change))

    def seconds(self, change: str) -> float:
        return self.stage.play(lambda: self._sample("sum", change))

    async def _sample(self, what: str, change: str) -> float:
        found = self.registry.get_sample_value(f"{NAME}_{what}", {"change": change})
        assert found is not None
        return found

    def play(self, *edits: tuple[TargetGroup, float]) -> None:
        """Edits of the group, each told so many seconds before the engine hears of it."""

        async def scene() -> None:
            units = self.stage.units(registry=self.registry)
            async with running(units):
                await self.at_rest(units)
                for edit, age in edits:
                    units.want(edit, asyncio.get_running_loop().time() - age)
                await until_rest(units)

        self.stage.play(scene)


def test_a_new_group_is_no_lag() -> None:
    lagged = Lagged()

    lagged.play()

    assert (lagged.count("registered"), lagged.count("deregistered")) == (0, 0)


def test_a_pod_that_came_and_one_that_went_count_from_their_slice_to_the_answer() -> None:
    lagged = Lagged()

    lagged.play((with_pods(lagged.group, NEW), 0.2))

    assert (lagged.count("registered"), lagged.count("deregistered")) == (1, 1)
    assert lagged.seconds("registered") == pytest.approx(0.2 + LATENCY)
    assert lagged.seconds("deregistered") == pytest.approx(0.2 + 2 * LATENCY)


def test_a_pod_that_went_before_it_was_registered_does_not_count() -> None:
    lagged = Lagged()

    lagged.play((with_pods(lagged.group, (*OLD, "10.244.0.9")), 0.0), (lagged.group, 0.0))

    assert lagged.count("registered") == 0


def test_time_spent_on_refusals_counts() -> None:
    lagged = Lagged()
    refusals = iter([throttled("RegisterTargets")] * 3)

    async def scene() -> None:
        units = lagged.stage.units(registry=lagged.registry)
        async with running(units):
            await lagged.at_rest(units)
            lagged.stage.wire.before = lambda name, _: next(refusals, None) if name == "RegisterTargets" else None
            units.want(with_pods(lagged.group, (*OLD, "10.244.0.9")))
            await until_rest(units)

    lagged.stage.play(scene)

    assert lagged.count("registered") == 1
    assert lagged.seconds("registered") > 4 * LATENCY


def test_a_group_that_is_told_with_other_settings_alone_is_no_lag() -> None:
    lagged = Lagged()

    lagged.play((replace(lagged.group, health=replace(HEALTH, path="/up"), explicit_health=True), 0.0))

    assert (lagged.count("registered"), lagged.count("deregistered")) == (0, 0)
