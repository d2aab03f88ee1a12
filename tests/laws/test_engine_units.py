"""Laws of the engine on the emulator's world: few calls, rest, and the same end whatever happens on the way."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from random import Random

import pytest
from structlog.testing import capture_logs

from lattice_emulator.world.knobs import Knobs
from lattice_gateway.core.lattice.outcome import Failed, Waiting
from lattice_gateway.core.lattice.units import Absent, Desired, TargetGroup
from lattice_gateway.engine.units import Units
from tests.laws.engine_making import (
    absent,
    standard_world,
    with_pods,
)
from tests.laws.engine_stage import SETTINGS, Stage, broken, is_read, lost_answer, throttled, until_rest

EMPTY = {"SERVICE", "TARGET_GROUP", "LISTENER", "RULE", "TARGET", "SERVICE_NETWORK"}


def converge(stage: Stage, wanted: Iterable[Desired], *, longest: float = 3600.0) -> Units:
    """A process that makes the units as wanted and ends when nothing is under way."""

    async def scene() -> Units:
        units = stage.units()
        async with running(units):
            for desired in wanted:
                units.want(desired)
            for record in list(units.ledger.records):
                if units.wishes.get(record) is None:
                    units.unwant(Absent(record))
            await until_rest(units, longest)
        return units

    return stage.play(scene)


class running:  # noqa: N801  # reads as what is the case
    """The units at work while the block lasts."""

    def __init__(self, units: Units) -> None:
        self.units = units

    async def __aenter__(self) -> None:
        await self.units.read_account_patiently()
        self.task = asyncio.create_task(self.units.run())

    async def __aexit__(self, *_: object) -> None:
        self.task.cancel()
        await asyncio.wait([self.task])


def left(stage: Stage) -> dict[str, int]:
    return {kind: number for kind, number in stage.world.counts().items() if number and kind != "CERTIFICATE"}


def state(stage: Stage) -> dict[str, object]:
    """What stands, by names instead of ids: enough to see a duplicate, a leftover or a gap."""
    world = stage.world.state
    names = {group.id: group.name for group in world.target_groups}
    services = {each.id: each.name for each in world.services}
    return {
        "counts": left(stage),
        "targets": {
            names[group]: sorted(str(key) for key, target in held.items() if target.drain_until is None)
            for group, held in world.targets.items()
            if group in names
        },
        "rules": sorted(
            (services[rule.service_id], str(rule.match), named(str(rule.action), names)) for rule in world.rules
        ),
        "tags": sorted(str(versions[-1].tags) for versions in world.tags.values()),
    }


def named(text: str, names: dict[str, str]) -> str:
    for group, name in names.items():
        text = text.replace(group, name)
    return text


def test_a_standard_route_costs_thirteen_writes_and_its_network_two() -> None:
    stage = Stage()

    units = converge(stage, standard_world(stage.settings.owner, 1))

    assert stage.wire.writes() == Counter(
        CreateServiceNetwork=1,
        CreateServiceNetworkVpcAssociation=1,
        CreateTargetGroup=4,
        RegisterTargets=4,
        CreateService=1,
        CreateServiceNetworkServiceAssociation=1,
        CreateListener=1,
        CreateRule=2,
    )
    assert not stage.wire.errors
    assert all(type(outcome.result).__name__ == "Done" for outcome in units.outcomes.values())


def test_many_routes_cost_less_than_one_read_each() -> None:
    stage = Stage(Knobs(quota_target_groups=5000))

    converge(stage, standard_world(stage.settings.owner, 50))

    assert stage.wire.writes().total() == 13 * 50 + 2
    assert stage.wire.reads().total() < 50, stage.wire.reads()


def test_a_restart_writes_nothing() -> None:
    stage = Stage()
    wanted = standard_world(stage.settings.owner, 3)
    converge(stage, wanted)
    stage.wire.log.clear()

    converge(stage, wanted)

    assert not stage.wire.writes()


def test_a_resync_writes_nothing_and_repairs_what_somebody_changed() -> None:
    stage = Stage()
    wanted = standard_world(stage.settings.owner, 2)

    async def scene() -> tuple[Counter[str], Counter[str]]:
        units = stage.units()
        async with running(units):
            for desired in wanted:
                units.want(desired)
            await until_rest(units)
            stage.wire.log.clear()
            await asyncio.sleep(1500)
            idle = stage.wire.writes()
            rule = next(rule for rule in stage.world.state.rules if rule.priority is not None)
            stage.world.call(
                "vpc-lattice",
                "DeleteRule",
                {
                    "serviceIdentifier": rule.service_id,
                    "listenerIdentifier": rule.listener_id,
                    "ruleIdentifier": rule.id,
                },
                stage.wire.caller,
            )
            stage.wire.log.clear()
            await asyncio.sleep(800)
            await until_rest(units)
            return idle, stage.wire.writes()

    idle, repaired = stage.play(scene)

    assert not idle
    assert repaired == Counter(CreateRule=1)


@pytest.mark.parametrize(("trusted", "reads"), [(True, 0), (False, 2)])
def test_where_lastupdatedat_is_not_trusted_a_resync_reads_every_rule_again(*, trusted: bool, reads: int) -> None:
    stage = Stage(settings=replace(SETTINGS, trust_last_updated_at=trusted))

    async def scene() -> Counter[str]:
        units = stage.units()
        async with running(units):
            for desired in standard_world(stage.settings.owner, 1):
                units.want(desired)
            await until_rest(units)
            await asyncio.sleep(700)
            stage.wire.log.clear()
            await asyncio.sleep(700)
            return stage.wire.reads()

    assert stage.play(scene)["GetRule"] == reads


def test_what_is_not_wanted_any_more_goes_without_a_leftover() -> None:
    stage = Stage()
    wanted = standard_world(stage.settings.owner, 2)

    async def scene() -> Units:
        units = stage.units()
        async with running(units):
            for desired in wanted:
                units.want(desired)
            await until_rest(units)
            for desired in wanted:
                units.unwant(absent(desired))
            await until_rest(units)
        return units

    units = stage.play(scene)

    assert left(stage) == {}
    assert not units.outcomes
    assert not stage.memory.units


def test_a_pod_of_a_service_that_many_routes_use_is_registered_and_nothing_else() -> None:
    stage = Stage(Knobs(quota_target_groups=5000))
    wanted = standard_world(stage.settings.owner, 20)

    async def scene() -> None:
        units = stage.units()
        async with running(units):
            for desired in wanted:
                units.want(desired)
            await until_rest(units)
            stage.wire.log.clear()
            for desired in wanted:
                if isinstance(desired, TargetGroup) and desired.key.name.endswith("-a"):
                    units.want(with_pods(desired, ("10.244.0.1", "10.244.0.2", "10.244.0.3")))
            await until_rest(units)

    stage.play(scene)

    assert Counter(name for name, _ in stage.wire.log) == Counter(RegisterTargets=20)
    assert {call["targets"][0]["id"] for _, call in stage.wire.log} == {"10.244.0.3"}


def chaos(stage: Stage, kind: str, seed: int) -> None:
    random = Random(seed)
    match kind:
        case "429 one in three":
            stage.wire.before = lambda name, _: throttled(name) if random.random() < 1 / 3 else None
        case "500 one in five":
            stage.wire.before = lambda name, _: broken(name) if random.random() < 1 / 5 else None
        case "500 after the deed":
            stage.wire.after = lambda name, _: broken(name) if random.random() < 1 / 5 else None
        case "lost answers":
            stage.wire.after = lambda name, _: (
                lost_answer(name) if not is_read(name) and random.random() < 1 / 3 else None
            )
        case "listings lag":
            stage.world.listing_lag = 20.0
        case "slow":
            stage.wire.slowness = lambda _: random.random() * 2


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    "kind", ["429 one in three", "500 one in five", "500 after the deed", "lost answers", "listings lag"]
)
def test_the_end_is_the_same_in_bad_weather(kind: str, seed: int) -> None:
    fair, foul = Stage(), Stage()
    wanted = standard_world(fair.settings.owner, 2)
    converge(fair, wanted)
    chaos(foul, kind, seed)

    converge(foul, wanted)

    assert state(foul) == state(fair)


@pytest.mark.parametrize("seed", range(1, 6))
@pytest.mark.parametrize("kind", ["429 one in three", "500 one in five", "500 after the deed", "lost answers", "slow"])
def test_nothing_is_left_of_a_deletion_in_bad_weather(kind: str, seed: int) -> None:
    stage = Stage()
    wanted = standard_world(stage.settings.owner, 2)
    converge(stage, wanted)
    chaos(stage, kind, seed)

    with capture_logs() as events:
        converge(stage, ())

    assert left(stage) == {}
    assert [event for event in events if event["event"] == "bug"] == []


def killed_run(stage: Stage, wanted: Iterable[Desired], unwanted: Iterable[Desired], at: int, *, after: bool) -> bool:
    """A process that dies with its mutating call number ``at`` on the wire; False if it came to rest before."""

    async def scene() -> bool:
        killed = stage.wire.kill(at, after=after)
        units = stage.units()
        async with running(units):
            for desired in wanted:
                units.want(desired)
            for desired in unwanted:
                units.unwant(absent(desired))
            while not units.at_rest and not killed.is_set():  # noqa: ASYNC110 - virtual time
                await asyncio.sleep(0.01)
        return killed.is_set()

    return stage.play(scene)


@pytest.mark.parametrize("after", [False, True], ids=["before the deed", "after the deed"])
def test_killed_at_any_call_of_a_creation_a_restart_ends_the_same(*, after: bool) -> None:
    fair = Stage()
    wanted = standard_world(fair.settings.owner, 1)
    converge(fair, wanted)

    for at in range(100):
        foul = Stage()
        if not killed_run(foul, wanted, (), at, after=after):
            break
        converge(foul, wanted)
        assert state(foul) == state(fair), f"killed at write {at}"
    else:
        pytest.fail("never came to rest")


@pytest.mark.parametrize("after", [False, True], ids=["before the deed", "after the deed"])
def test_killed_at_any_call_of_a_deletion_a_restart_leaves_nothing(*, after: bool) -> None:
    standing = Stage()
    wanted = standard_world(standing.settings.owner, 1)
    converge(standing, wanted)

    for at in range(100):
        stage = standing.copy()
        if not killed_run(stage, (), wanted, at, after=after):
            break
        converge(stage, ())
        assert left(stage) == {}, f"killed at write {at}"
    else:
        pytest.fail("never came to rest")


def test_killed_after_a_creation_began_and_no_longer_wanted_nothing_is_left() -> None:
    for at in range(0, 100, 3):
        stage = Stage()
        if not killed_run(stage, standard_world(stage.settings.owner, 1), (), at, after=True):
            break
        converge(stage, ())
        assert left(stage) == {}, f"killed at write {at}"


def test_nothing_is_created_that_cannot_be_recorded() -> None:
    stage = Stage()
    stage.memory.full = True

    async def scene() -> Units:
        units = stage.units()
        async with running(units):
            for desired in standard_world(stage.settings.owner, 1):
                units.want(desired)
            await asyncio.sleep(30)
        return units

    units = stage.play(scene)

    assert left(stage) == {}
    results = {type(outcome.result) for outcome in units.outcomes.values()}
    assert results == {Failed, Waiting} or results == {Failed}
