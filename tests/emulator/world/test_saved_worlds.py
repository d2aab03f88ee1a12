import json
import time
from typing import Any

import pytest

from lattice_emulator.world import Knobs, ManualClock, ScaledClock, World
from lattice_emulator.world.model import Health, TargetKey

from .worlds import HOME, VPC, Bench, bench, forward


def busy() -> Bench:
    """A world with something of every kind, some of it on its way."""
    b = bench()
    service, network, group = b.service(tags={"a": "b"}), b.network(), b.group()
    listener = b.listener(service)
    match = {"httpMatch": {"headerMatches": [{"name": "x", "match": {"exact": "y"}}]}}
    b.rule(service, listener, 1, match=match, action=forward(group))
    b.call("RegisterTargets", targetGroupIdentifier=group, targets=[{"id": f"10.0.0.{n}"} for n in (1, 2)])
    b.world.report_health(group, TargetKey("10.0.0.2", 80), Health.HEALTHY)
    b.call("DeregisterTargets", targetGroupIdentifier=group, targets=[{"id": "10.0.0.1"}])
    b.call("CreateServiceNetworkVpcAssociation", serviceNetworkIdentifier=network, vpcIdentifier=VPC)
    b.call("CreateService", name="coming", clientToken="t-1")
    return b


def reloaded(b: Bench) -> Bench:
    data = json.loads(json.dumps(b.world.dump()))
    return Bench(World.load(data, knobs=Knobs(), clock=b.clock), b.clock)


def test_a_reloaded_world_goes_on_where_the_saved_one_was() -> None:
    before = busy()
    after = reloaded(before)
    group = before.call("ListTargetGroups")["items"][0]["id"]

    for world in (before, after):
        again = world.call("CreateService", name="coming", clientToken="t-1")
        assert again["status"] == "CREATE_IN_PROGRESS"
        assert [each[1] for each in world.targets(group)] == ["DRAINING", "HEALTHY"]
    assert after.world.next_due() == before.world.next_due()
    before.clock.advance(60)

    assert after.targets(group) == before.targets(group) == [("10.0.0.2", "HEALTHY", None)]
    assert after.call("CreateService", name="new")["id"] == before.call("CreateService", name="new")["id"]
    assert after.world.dump() == before.world.dump()


def test_page_tokens_outlive_a_restart() -> None:
    b = bench(page_size=1)
    made = [b.network(f"network-{n}") for n in range(2)]
    token = b.call("ListServiceNetworks", maxResults=1)["nextToken"]

    rest = reloaded(b).call("ListServiceNetworks", nextToken=token)["items"]

    assert [each["id"] for each in rest] == made[1:]


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        pytest.param({"format": 2}, "^format: found 2, expected 1$", id="format"),
        pytest.param({"services": 5}, r"Expected `array`, got `int` - at `\$.services`", id="type"),
        pytest.param({"services": []}, "found a reference to svc-.*, expected one", id="dangling reference"),
        pytest.param({"pending": {"svc-1": {"at": 1.0, "goal": None}}}, "^found svc-1, expected the id", id="step"),
        pytest.param(
            {"tombstones": [{"at": 1.0, "kind": "Ghost", "resource": {}, "tags": None}]},
            "^tombstones.kind: found 'Ghost', expected one of Service, ",
            id="kind",
        ),
    ],
)
def test_what_is_no_saved_world_is_refused_with_what_was_found(broken: dict[str, Any], message: str) -> None:
    b = busy()

    with pytest.raises(ValueError, match=message):
        World.load(b.world.dump() | broken, knobs=Knobs(), clock=b.clock)


def test_the_same_seed_and_calls_give_the_same_ids() -> None:
    def first(seed: int) -> str:
        world = World(knobs=Knobs(), clock=ManualClock(), seed=seed)
        return str(world.call("vpc-lattice", "CreateService", {"name": "rates"}, HOME)["id"])

    assert first(1) == first(1) != first(2)


def test_a_scaled_clock_starts_now_and_runs_fast() -> None:
    wall, clock = time.time(), ScaledClock(1000)

    first, second = clock.now(), clock.now()

    assert wall <= first <= second
    for wrong in (0, -1):
        with pytest.raises(ValueError, match=f"time scale: found {wrong}, expected"):
            ScaledClock(wrong)


def test_a_manual_clock_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="found -1, expected 0 or more"):
        ManualClock().advance(-1)


def test_lag_and_shares_are_checked() -> None:
    world = bench().world

    with pytest.raises(ValueError, match="listing lag: found -1"):
        world.listing_lag = -1
    with pytest.raises(ValueError, match="share: found 'tg-1', expected the id of a service"):
        world.share("tg-1", frozenset())


def test_the_state_of_a_target_can_be_asked_for() -> None:
    b = busy()
    group = b.call("ListTargetGroups")["items"][0]["id"]

    state = b.world.target_state(group, TargetKey("10.0.0.2", 80))

    assert state is not None
    assert (str(state.status), state.reason) == ("HEALTHY", None)
    assert b.world.target_state(group, TargetKey("10.0.0.9", 80)) is None
