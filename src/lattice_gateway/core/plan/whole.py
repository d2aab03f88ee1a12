"""The plan of everything, for people and for tests: every unit in order of needs, complete from an empty account on.

What one unit's plan creates stands as a ``New`` handle in the others ("known after create").
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from lattice_gateway.core.lattice.keys import GroupKey, NetworkKey, ServiceKey, UnitKey
from lattice_gateway.core.lattice.observed import NetworkView, Observed, ObservedGroup, ObservedService
from lattice_gateway.core.lattice.operations import Known, New
from lattice_gateway.core.lattice.units import Absent, Desired, Held, Network, Service, TargetGroup
from lattice_gateway.core.lattice.words import Owner
from lattice_gateway.core.names import group_name
from lattice_gateway.core.plan.choosing import choose_group, has_ending
from lattice_gateway.core.plan.groups import plan_group
from lattice_gateway.core.plan.health import group_state
from lattice_gateway.core.plan.networks import network_state, plan_network
from lattice_gateway.core.plan.plan import (
    GroupState,
    NetworkState,
    Note,
    NoteKind,
    Plan,
    Planned,
    Surroundings,
)
from lattice_gateway.core.plan.services import plan_service

NOTHING = NetworkView((), None)


@dataclass(frozen=True, slots=True)
class PlannedUnit:
    """A unit with what planning it led to."""

    key: UnitKey
    planned: Planned


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Desired and observed units and who we are. ``basis`` carries what no unit tells (time-outs, quotas).

    ``observed`` of a group are its candidates; a key that is missing there was not found.
    """

    desired: Mapping[UnitKey, Desired]
    observed: Mapping[UnitKey, Observed]
    owner: Owner
    basis: Surroundings


def plan_world(
    desired: Mapping[UnitKey, Desired],
    observed: Mapping[UnitKey, Observed],
    owner: Owner,
    basis: Surroundings | None = None,
) -> tuple[PlannedUnit, ...]:
    """Plans of all desired units: networks, groups and services first, then what goes in the opposite order."""
    world = World(desired=desired, observed=observed, owner=owner, basis=basis or Surroundings())
    surroundings = neighbours(world)
    units = sorted(desired.items(), key=lambda pair: (_rank(*pair), str(pair[0])))
    return tuple(PlannedUnit(key, _plan(world, unit, surroundings[key])) for key, unit in units)


def neighbours(world: World) -> dict[UnitKey, Surroundings]:
    """What each unit knows of the others."""
    services = {
        key: seen.arn
        for key, seen in world.observed.items()
        if isinstance(key, ServiceKey) and isinstance(seen, ObservedService)
    }
    world = replace(world, basis=replace(world.basis, services=services))
    states = _group_states(world)
    by_service: dict[str | None, dict[GroupKey, GroupState]] = defaultdict(dict)
    for key, state in states.items():
        by_service[key.service][key] = state
    networks = {key: found for key in world.desired if (found := _network_state(world, key)) is not None}
    users = _network_users(world)
    return {
        key: replace(
            world.basis,
            groups=by_service[_service_of(key)],
            networks=networks if isinstance(key, ServiceKey) else {},
            live_dependants=_dependants(world, key, users),
        )
        for key in world.desired
    }


def _service_of(key: UnitKey) -> str | None:
    match key:
        case ServiceKey(name=name):
            return name
        case GroupKey(service=service):
            return service
        case NetworkKey():
            return None
        case _:
            assert_never(key)


def _rank(key: UnitKey, unit: Desired) -> int:
    order = {NetworkKey: 0, GroupKey: 1, ServiceKey: 2}[type(key)]
    return 5 - order if isinstance(unit, Absent) else order


def _candidates(world: World, key: UnitKey) -> tuple[ObservedGroup, ...]:
    seen = world.observed.get(key)
    return seen if isinstance(seen, tuple) else ()


def _group_states(world: World) -> dict[GroupKey, GroupState]:
    """Every group as the rules see it; one of the Go controller's is chosen by one unit only."""
    keys = sorted((key for key in world.desired if isinstance(key, GroupKey)), key=str)
    named = {key: _named(world, key) for key in keys}
    taken = {group.id for group in named.values() if group is not None}
    states: dict[GroupKey, GroupState] = {}
    for key in keys:
        group = _chosen(world, key, named[key], frozenset(taken))
        if group is not None:
            taken.add(group.id)
        states[key] = GroupState(ref=New(key), status=None) if group is None else group_state(group)
    return states


def _named(world: World, key: GroupKey) -> ObservedGroup | None:
    name = group_name(key, world.owner)
    return next((group for group in _candidates(world, key) if has_ending(group, name)), None)


def _chosen(world: World, key: GroupKey, named: ObservedGroup | None, taken: frozenset[str]) -> ObservedGroup | None:
    unit = world.desired[key]
    if not isinstance(unit, TargetGroup):
        return named
    around = replace(world.basis, taken=taken)
    return choose_group(unit, _candidates(world, key), world.owner, around)


def _network_state(world: World, key: UnitKey) -> NetworkState | None:
    unit, seen = world.desired[key], world.observed.get(key)
    view = seen if isinstance(seen, NetworkView) else NOTHING
    match unit:
        case Network():
            return network_state(unit, view)
        case Absent(key=NetworkKey()) | Held(key=NetworkKey()) if len(view.candidates) == 1:
            return NetworkState(ref=Known(view.candidates[0].id, view.candidates[0].arn))
        case _:
            return None


def _network_users(world: World) -> dict[str, set[UnitKey]]:
    """Service units by the id of each network that they are associated with, in any status."""
    users: dict[str, set[UnitKey]] = defaultdict(set)
    for key, seen in world.observed.items():
        if isinstance(seen, ObservedService) and key in world.desired:
            for association in seen.associations or ():
                users[association.network_id].add(key)
    return users


def _dependants(world: World, key: UnitKey, network_users: Mapping[str, set[UnitKey]]) -> frozenset[UnitKey]:
    """Units of ours that an absent one waits for."""
    match world.desired[key], world.observed.get(key):
        case Absent(), NetworkView(candidates=candidates):
            return frozenset(user for network in candidates for user in network_users.get(network.id, ()))
        case Absent(key=GroupKey() as group), tuple():
            named = _named(world, group)
            using = named.service_arns if named else frozenset()
            return frozenset(user for user, arn in world.basis.services.items() if arn in using)
        case _:
            return frozenset()


def _plan(world: World, unit: Desired, around: Surroundings) -> Planned:
    seen = world.observed.get(unit.key)
    match unit:
        case Held(key=key, why=why):
            return Plan(unit=key, notes=(Note(NoteKind.INFO, f"held: {why}"),))
        case Network() | Absent(key=NetworkKey()):
            return plan_network(unit, seen if isinstance(seen, NetworkView) else NOTHING, world.owner, around)
        case TargetGroup() | Absent(key=GroupKey()):
            return plan_group(unit, _candidates(world, unit.key), world.owner, around)
        case Service() | Absent():
            return plan_service(unit, seen if isinstance(seen, ObservedService) else None, world.owner, around)
        case _:
            assert_never(unit)
