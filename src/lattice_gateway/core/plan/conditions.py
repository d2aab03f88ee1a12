"""Whether the world is ready for a step: conditions judged on what is known, as a value."""

from typing import assert_never

from lattice_gateway.core.lattice.keys import GroupKey, NetworkKey, ServiceKey, UnitKey
from lattice_gateway.core.lattice.observed import NetworkView, Observed, ObservedGroup, ObservedService
from lattice_gateway.core.lattice.operations import Known, Ref
from lattice_gateway.core.lattice.outcome import Waiting
from lattice_gateway.core.lattice.words import Status
from lattice_gateway.core.plan.plan import (
    AssociationIs,
    AssociationsGone,
    AssociationState,
    Condition,
    Drained,
    Gone,
    Never,
    Part,
    Surroundings,
    UnitActive,
    Unneeded,
    Unused,
    WasRead,
)

USABLE = frozenset({Status.ACTIVE, Status.UPDATE_IN_PROGRESS, Status.UPDATE_FAILED, Status.DELETE_FAILED})
"""Statuses in which a resource takes changes (deploy.md §2.2, §11 row 31)."""

MOVING = frozenset({Status.CREATE_IN_PROGRESS, Status.UPDATE_IN_PROGRESS, Status.DELETE_IN_PROGRESS})
"""Statuses that Lattice leaves by itself."""


def holds(condition: Condition, observed: Observed, around: Surroundings) -> Waiting | None:
    """None when the condition holds, else what it waits for.

    ``observed`` is the unit that the plan is of, ``around`` the other units.
    """
    match condition:
        case UnitActive(unit, which):
            return _active(unit, which, observed, around)
        case AssociationIs():
            return _association(condition, observed, around)
        case AssociationsGone(unit, which):
            return _associations_gone(unit, which, observed, around)
        case Unneeded(unit):
            return _dependants(unit, around) if around.live_dependants else None
        case Unused(group, which):
            return _unused(group, which, observed, around)
        case Drained(group, which):
            return _drained(group, which, observed)
        case Gone(unit, which):
            return _gone(unit, which, observed)
        case WasRead(unit, part, which):
            return None if _was_read(part, which, observed) else Waiting(f"the {part} of {unit} could not be read yet")
        case Never(why):
            return Waiting(why)
        case _:
            assert_never(condition)


def _active(unit: UnitKey, which: str | None, observed: Observed, around: Surroundings) -> Waiting | None:
    match unit, observed:
        case ServiceKey(), ObservedService(status=status, failure=failure):
            return _usable(unit, status, failure)
        case GroupKey(), tuple():
            group = _candidate(which, observed)
            return _usable(unit, group.status, group.failure) if group else Waiting(f"{unit} does not exist yet")
        case GroupKey(), _:
            state = around.groups.get(unit)
            if state is None or state.status is None:
                return Waiting(f"{unit} does not exist yet", (unit,))
            return _usable(unit, state.status, None, (unit,))
        case NetworkKey(), NetworkView(candidates=candidates):
            return None if candidates else Waiting(f"{unit} does not exist yet")
        case NetworkKey(), _:
            network = around.networks.get(unit)
            if network is None or not isinstance(network.ref, Known):
                why = network.problem if network and network.problem else f"{unit} does not exist yet"
                return Waiting(why, (unit,))
            return None
        case _:
            return Waiting(f"{unit} does not exist yet")


def _usable(unit: UnitKey, status: Status, failure: str | None, on: tuple[UnitKey, ...] = ()) -> Waiting | None:
    if status in USABLE:
        return None
    return Waiting(f"{unit} is {status}" + (f": {failure}" if failure else ""), on)


def _candidate(which: str | None, groups: tuple[ObservedGroup, ...]) -> ObservedGroup | None:
    """The group of that id, else of that name (a failed one can stand beside its successor: the last wins)."""
    by_id = next((group for group in groups if group.id == which), None)
    named = [group for group in groups if which is None or group.name == which]
    return by_id or (named[-1] if named else None)


def _association(condition: AssociationIs, observed: Observed, around: Surroundings) -> Waiting | None:
    status = _association_status(condition, observed, around)
    name = f"the association of {condition.unit}"
    match condition.state:
        case AssociationState.FREE:
            return None if status is None else Waiting(f"{name} is still {status}")
        case AssociationState.SETTLED:
            return Waiting(f"{name} is {status}") if status in MOVING else None
        case AssociationState.ACTIVE:
            if status is None:
                return Waiting(f"{name} does not exist yet")
            return None if status in USABLE else Waiting(f"{name} is {status}")
        case _:
            assert_never(condition.state)


def _association_status(condition: AssociationIs, observed: Observed, around: Surroundings) -> Status | None:
    network = _network_id(condition.network, observed, around)
    match observed:
        case ObservedService(associations=associations):
            return next((a.status for a in associations or () if a.network_id == network), None)
        case NetworkView(vpc_association=association) if association is not None:
            return association.status if network in {None, association.network_id} else None
        case _:
            return None


def _network_id(ref: Ref, observed: Observed, around: Surroundings) -> str | None:
    """The id of the network meant; None while it is not known."""
    if isinstance(ref, Known):
        return ref.id
    if isinstance(observed, NetworkView):
        return observed.candidates[0].id if observed.candidates else None
    state = around.networks.get(ref.what) if isinstance(ref.what, NetworkKey) else None
    return state.ref.id if state and isinstance(state.ref, Known) else None


def _associations_gone(unit: UnitKey, which: str | None, observed: Observed, around: Surroundings) -> Waiting | None:
    if around.live_dependants:
        return _dependants(unit, around)
    match observed:
        case ObservedService(associations=associations) if associations != ():
            return Waiting(f"networks are still associated with {unit}")
        case NetworkView(candidates=candidates) if any(
            (network.services or network.vpcs) and which in {None, network.id} for network in candidates
        ):
            return Waiting(f"services or VPCs are still associated with {unit}")
        case _:
            return None


def _dependants(unit: UnitKey, around: Surroundings) -> Waiting:
    names = sorted(around.live_dependants, key=str)
    return Waiting(f"{unit} is still needed by {', '.join(map(str, names))}", tuple(names))


def _unused(unit: GroupKey, which: str | None, observed: Observed, around: Surroundings) -> Waiting | None:
    if around.live_dependants:
        return _dependants(unit, around)
    if not isinstance(observed, tuple):
        return None
    users = sorted(arn for group in observed if group.id == which for arn in group.service_arns)
    return Waiting(f"{unit} is still used by {', '.join(users)}") if users else None


def _drained(unit: GroupKey, which: str | None, observed: Observed) -> Waiting | None:
    groups = [group for group in observed if group.id == which] if isinstance(observed, tuple) else []
    if any(group.targets is None for group in groups):
        return Waiting(f"the targets of {unit} could not be read yet")
    left = sum(len(group.targets or ()) for group in groups)
    return Waiting(f"{left} targets of {unit} are still draining or registered") if left else None


def _gone(unit: UnitKey, which: str | None, observed: Observed) -> Waiting | None:
    match observed:
        case ObservedService(status=status):
            return Waiting(f"{unit} is {status}")
        case tuple():
            left = [group for group in observed if which in {None, group.id}]
            return Waiting(f"{unit} is {left[0].status}") if left else None
        case NetworkView(candidates=candidates) if candidates:
            return Waiting(f"{unit} still exists")
        case _:
            return None


def _was_read(part: Part, which: str | None, observed: Observed) -> bool:
    """Whether no piece of that part is unread; what does not exist has nothing to read."""
    match observed:
        case ObservedService():
            return _service_read(part, observed)
        case NetworkView(candidates=candidates, vpc_association=association):
            tags = [c.tags for c in candidates] + ([association.tags] if association else [])
            return part is not Part.TAGS or None not in tags
        case tuple():
            meant = [group for group in observed if which in {None, group.id}]
            return None not in [group.targets if part is Part.TARGETS else group.tags for group in meant]
        case None:
            return True
        case _:
            assert_never(observed)


def _service_read(part: Part, service: ObservedService) -> bool:
    match part:
        case Part.TAGS:
            return service.tags is not None
        case Part.ASSOCIATIONS:
            return service.associations is not None
        case Part.LISTENERS:
            return service.listeners is not None
        case Part.RULES:
            return all(listener.rules is not None for listener in service.listeners or ())
        case Part.TARGETS:
            return True
        case _:
            assert_never(part)
