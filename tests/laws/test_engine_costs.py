"""What single changes cost in calls to AWS where a hundred routes are in place: each figure is a promise."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from bench.cluster.calls import CALLS_OF_A_POD, READS_OF_A_ROUTE, WRITES_OF_A_ROUTE, is_shared
from bench.manifests import Size
from lattice_gateway.core.objects.refs import Kind
from lattice_gateway.engine.controller import Controller
from tests.laws.engine_cluster import Raw, play_controller, rest
from tests.laws.engine_stage import Stage, is_read
from tests.laws.engine_town import Town, moved

SIZE = Size(routes=100)
RESYNC = 600.0
FRESH = 20.0
"""Seconds that a shared listing is good for."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Calls of one change by operation: those that change something, reads of single things, shared listings."""

    writes: Counter[str]
    reads: Counter[str]
    listings: Counter[str]

    @property
    def total(self) -> int:
        """Everything but shared listings."""
        return self.writes.total() + self.reads.total()


def cost(stage: Stage) -> Cost:
    """What was called since the log was cleared."""
    writes = Counter(name for name, _ in stage.wire.log if not is_read(name))
    reads = Counter(name for name, members in stage.wire.log if is_read(name) and not is_shared(name, members))
    return Cost(writes, reads, stage.wire.reads() - reads)


async def cost_of(town: Town, controller: Controller, change: Callable[[], None]) -> Cost:
    """What a change costs until rest."""
    town.stage.wire.log.clear()
    change()
    await rest(controller)
    return cost(town.stage)


Costs = dict[str, Cost]


@pytest.fixture(scope="module")
def costs(tmp_path_factory: pytest.TempPathFactory) -> Costs:
    """Every change once, one after the other, in one process; then another process that starts."""
    town = Town(tmp_path_factory.mktemp("town"), SIZE)

    def replace_pod() -> None:
        town.cluster.edit(Kind.ENDPOINT_SLICE, "r0000-s00", moved)

    def shift() -> None:
        town.cluster.edit(Kind.HTTP_ROUTE, "r0000", weighted)

    def relabel() -> None:
        town.cluster.edit(Kind.HTTP_ROUTE, "r0001", labelled)
        town.cluster.edit(Kind.SERVICE, "r0001-s00", labelled)

    async def scene(controller: Controller) -> Costs:
        await rest(controller)
        await asyncio.sleep(FRESH + 1)
        found = {
            "route": await cost_of(town, controller, lambda: town.build(1)),
            "routes": await cost_of(town, controller, lambda: town.build(20)),
            "pod": await cost_of(town, controller, replace_pod),
            "weight": await cost_of(town, controller, shift),
            "label": await cost_of(town, controller, relabel),
        }
        await asyncio.sleep(2 * RESYNC)
        town.stage.wire.log.clear()
        await asyncio.sleep(5 * RESYNC)
        return {**found, "drift": cost(town.stage)}

    async def start(controller: Controller) -> Costs:
        town.stage.wire.log.clear()
        await rest(controller)
        found = {"start": cost(town.stage)}
        await asyncio.sleep(FRESH + 1)
        return {**found, "first route": await cost_of(town, controller, lambda: town.build(1))}

    found: Costs = play_controller(town.stage, town.cluster, scene)
    return {**found, **play_controller(town.stage, town.cluster, start)}


def weighted(raw: Raw) -> None:
    raw["spec"]["rules"][0]["backendRefs"][0]["weight"] = 7


def labelled(raw: Raw) -> None:
    raw["metadata"].setdefault("labels", {})["team"] = "somebody-else"


@pytest.mark.parametrize("route", ["route", "first route"])
def test_a_standard_route_costs_thirteen_writes_and_at_most_eight_reads(costs: Costs, route: str) -> None:
    """Also the first one that a process makes, which has not seen yet how long Lattice takes."""
    assert costs[route].writes.total() == WRITES_OF_A_ROUTE
    assert costs[route].reads.total() <= READS_OF_A_ROUTE, costs[route]


def test_no_shared_listing_is_read_twice_for_one_route(costs: Costs) -> None:
    pages = {"ListTargetGroups": 5, "ListServices": 2}

    assert {name: count for name, count in costs["route"].listings.items() if count > pages.get(name, 1)} == {}


def test_twenty_routes_together_cost_less_than_twenty_times_one(costs: Costs) -> None:
    assert costs["routes"].writes.total() == 20 * WRITES_OF_A_ROUTE
    assert costs["routes"].reads.total() + costs["routes"].listings.total() <= 20 * 4, costs["routes"]


def test_a_pod_that_is_replaced_costs_two_calls(costs: Costs) -> None:
    assert costs["pod"].writes == Counter(RegisterTargets=1, DeregisterTargets=1)
    assert costs["pod"].total <= CALLS_OF_A_POD, costs["pod"]


def test_a_weight_that_changes_costs_one_call(costs: Costs) -> None:
    assert costs["weight"].writes == Counter(UpdateRule=1)
    assert costs["weight"].total == 1, costs["weight"]


def test_an_unrelated_edit_costs_nothing(costs: Costs) -> None:
    assert costs["label"].total + costs["label"].listings.total() == 0, costs["label"]


def test_a_drift_check_writes_nothing_and_reads_at_most_eight_things_a_route(costs: Costs) -> None:
    checked = costs["drift"].reads["ListListeners"]

    assert checked >= 4 * SIZE.routes
    assert not costs["drift"].writes
    assert costs["drift"].reads.total() <= READS_OF_A_ROUTE * checked, costs["drift"]


def test_drift_checks_share_listings_that_are_up_to_twenty_seconds_old(costs: Costs) -> None:
    pages = -(-(SIZE.groups + 21 * 4) // 100)

    assert costs["drift"].listings["ListTargetGroups"] <= pages * (5 * RESYNC / FRESH + 1)


def test_a_start_writes_nothing_and_asks_in_bulk_once(costs: Costs) -> None:
    routes = SIZE.routes + 21
    resources = routes * (4 + 1 + 1) + 2
    pages = {"ListTargetGroups": 4 * routes, "ListServices": routes, "GetResources": resources}

    assert not costs["start"].writes
    assert {
        name: count for name, count in costs["start"].listings.items() if count > -(-pages.get(name, 1) // 100)
    } == {}


def test_a_start_reads_each_part_of_a_route_once(costs: Costs) -> None:
    routes = SIZE.routes + 21

    assert costs["start"].reads == Counter(
        GetTargetGroup=4 * routes,
        ListTargets=4 * routes,
        ListServiceNetworkServiceAssociations=routes,
        ListListeners=routes,
        ListRules=routes,
        GetRule=2 * routes,
    )
