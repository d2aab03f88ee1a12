"""A large world stays fast; the bounds are ten times what was measured, for busy machines."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from lattice_emulator.world import Knobs, ManualClock, World

from .worlds import HOME, HTTP, forward, path_match

SERVICES = 1000
PODS = [{"id": f"10.0.0.{n}"} for n in range(20)]


def seconds(action: Callable[[], object], times: int) -> float:
    """The best of several runs: what else the machine does meanwhile is not counted."""

    def once() -> float:
        started = time.perf_counter()
        action()
        return time.perf_counter() - started

    return min(once() for _ in range(times))


@pytest.fixture(scope="module")
def big() -> World:
    """1,000 services with a listener, a rule and a group of 20 targets each."""
    world = World(knobs=Knobs.from_mapping({"quota_target_groups": SERVICES}).fast(), clock=ManualClock())

    def call(operation: str, **params: Any) -> str:
        return str(world.call("vpc-lattice", operation, params, HOME).get("id"))

    for n in range(SERVICES):
        tags = {"route": str(n)}
        group = call("CreateTargetGroup", name=f"group-{n}", type="IP", config=HTTP, tags=tags)
        call("RegisterTargets", targetGroupIdentifier=group, targets=PODS)
        place = {"serviceIdentifier": call("CreateService", name=f"service-{n}", clientToken=f"{n}", tags=tags)}
        place["listenerIdentifier"] = call(
            "CreateListener", **place, name="http", protocol="HTTP", defaultAction=forward(group)
        )
        call("CreateRule", **place, name="one", priority=1, match=path_match("/"), action=forward(group))
    return world


@pytest.mark.parametrize(
    ("operation", "limit"),
    [
        pytest.param("GetService", 0.0002, id="one service"),
        pytest.param("GetTargetGroup", 0.0003, id="one group"),
        pytest.param("ListTargets", 0.001, id="20 targets"),
        pytest.param("ListServices", 0.007, id="a page of 100 services"),
        pytest.param("ListListeners", 0.0005, id="the listeners of one service"),
    ],
)
def test_reading_costs_what_it_answers(big: World, operation: str, limit: float) -> None:
    service = next(iter(big.state.services)).id
    group = next(iter(big.state.target_groups)).id
    params = {"targetGroupIdentifier": group} if "Target" in operation else {"serviceIdentifier": service}

    assert seconds(lambda: big.call("vpc-lattice", operation, params, HOME), 50) < limit


def test_finding_by_tag_page_by_page_is_quick(big: World) -> None:
    params = {"ResourceTypeFilters": ["vpc-lattice:targetgroup"], "ResourcesPerPage": 100}

    assert seconds(lambda: big.call("tagging", "GetResources", params, HOME), 20) < 0.02


def test_dump_and_load_take_a_moment(big: World) -> None:
    assert seconds(lambda: World.load(big.dump(), knobs=big.knobs, clock=big.clock), 1) < 5
