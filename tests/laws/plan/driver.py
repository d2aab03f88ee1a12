"""Plans and executes a whole world against the in-memory Lattice, as the engine does with the real one."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TypeAlias

from lattice_gateway.core.lattice.keys import GroupKey, NetworkKey, ServiceKey, UnitKey
from lattice_gateway.core.lattice.observed import (
    Observed,
    ObservedGroup,
    ObservedListener,
    ObservedNetwork,
    ObservedService,
)
from lattice_gateway.core.lattice.operations import Known, ListenerKey, New, Operation
from lattice_gateway.core.lattice.outcome import Refusal, Waiting
from lattice_gateway.core.lattice.units import Desired
from lattice_gateway.core.lattice.words import Owner, VpcId
from lattice_gateway.core.names import group_name
from lattice_gateway.core.plan.apply import apply
from lattice_gateway.core.plan.binding import bind
from lattice_gateway.core.plan.choosing import LEAVING, has_ending
from lattice_gateway.core.plan.conditions import holds
from lattice_gateway.core.plan.plan import Plan, Planned, Step, Surroundings
from lattice_gateway.core.plan.whole import World, neighbours, plan_world
from tests.laws.plan.lattice import Lattice

OWNER = Owner("111122223333", "laptop", VpcId("vpc-1"))
Wishes: TypeAlias = Mapping[UnitKey, Desired]


class Crash(Exception):  # noqa: N818  # not an error of the program under test
    """The process dies."""


def observe(lattice: Lattice, keys: Mapping[UnitKey, object]) -> dict[UnitKey, Observed]:
    return {key: observe_one(lattice, key) for key in keys}


def observe_one(lattice: Lattice, key: UnitKey) -> Observed:
    match key:
        case NetworkKey(name=name):
            return lattice.network_view(name, OWNER.vpc)
        case GroupKey():
            return lattice.all_groups()
        case ServiceKey(name=name):
            return lattice.service(name)


def plans(lattice: Lattice, desired: Wishes) -> list[tuple[UnitKey, Planned]]:
    planned = plan_world(desired, observe(lattice, desired), OWNER, Surroundings(rule_quota=lattice.rule_quota))
    return [(unit.key, unit.planned) for unit in planned]


def at_rest(lattice: Lattice, desired: Wishes) -> bool:
    return all(isinstance(plan, Refusal) or plan.empty for _, plan in plans(lattice, desired))


def converge(
    lattice: Lattice, desired: Wishes, each: Callable[[Lattice], None] = lambda _: None, limit: int = 25
) -> None:
    """Rounds of planning, executing and time until every plan is empty; ``each`` sees Lattice after every operation."""
    for _ in range(limit):
        if at_rest(lattice, desired):
            return
        run(lattice, desired, each)
        lattice.tick()
    left = {str(key): plan for key, plan in plans(lattice, desired) if not (isinstance(plan, Plan) and plan.empty)}
    raise AssertionError(f"does not come to rest: {left}")


def run(lattice: Lattice, desired: Wishes, each: Callable[[Lattice], None] = lambda _: None) -> None:
    """One round: every plan as far as the world lets it."""
    for key, planned in plans(lattice, desired):
        if isinstance(planned, Plan):
            execute(lattice, desired, key, planned, each)


def execute(lattice: Lattice, desired: Wishes, key: UnitKey, plan: Plan, each: Callable[[Lattice], None]) -> None:
    done: set[str] = set()
    names = [step.name for step in plan.steps]
    assert len(set(names)) == len(names), f"steps of {key} share a name: {names}"
    for step in plan.steps:
        assert step.needs <= set(names), f"{step.name} needs {step.needs - set(names)}, which no step is"
        ready = step.needs <= done and _ready(lattice, desired, key, step)
        if ready and all(_perform(lattice, key, operation, each) for operation in step.operations):
            done.add(step.name)


def _ready(lattice: Lattice, desired: Wishes, key: UnitKey, step: Step) -> bool:
    if not step.when:
        return True
    seen = observe(lattice, desired)
    around = neighbours(World(desired=desired, observed=seen, owner=OWNER, basis=Surroundings()))[key]
    return not any(isinstance(holds(each, seen[key], around), Waiting) for each in step.when)


def _perform(lattice: Lattice, key: UnitKey, operation: Operation, each: Callable[[Lattice], None]) -> bool:
    bound = bind(operation, lambda new: resolve(lattice, new))
    if isinstance(bound, Waiting):
        return False
    before = observe_one(lattice, key)
    answer = lattice.perform(bound)
    mirrored, seen = apply(bound, answer, before), observe_one(lattice, key)
    assert _unread_health(mirrored, seen) == seen, f"the mirror differs after {bound}"
    each(lattice)
    return True


def _unread_health(mirrored: Observed, seen: Observed) -> Observed:
    """A health check that Lattice chose by itself is not known before it is read."""
    if not isinstance(mirrored, tuple) or not isinstance(seen, tuple):
        return mirrored
    read = {group.id: group.health for group in seen}
    return tuple(replace(group, health=group.health or read[group.id]) for group in mirrored)


def resolve(lattice: Lattice, new: New) -> Known | None:
    """The id of what a handle stands for, once it is there."""
    found = next(_named(lattice, new), None)
    return Known(found.id, found.arn) if found else None


def _named(
    lattice: Lattice, new: New
) -> Iterator[ObservedNetwork | ObservedGroup | ObservedService | ObservedListener]:
    match new.what:
        case NetworkKey(name=name):
            yield from (n for n in lattice.networks.values() if n.name == name)
        case GroupKey() as key:
            name = group_name(key, OWNER)
            yield from (g for g in lattice.groups.values() if has_ending(g, name) and g.status not in LEAVING)
        case ServiceKey(name=name):
            yield from (s for s in lattice.services.values() if s.name == name)
        case ListenerKey(service=service, port=port, protocol=protocol):
            there = lattice.service(service.name)
            listeners = there.listeners or () if there else ()
            yield from (each for each in listeners if (each.port, each.protocol) == (port, protocol))
