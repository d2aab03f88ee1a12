"""What of a unit Lattice changes by itself, so that only looking again tells: the watches of a unit.

Everything else wakes its unit by itself; there is no other reason to poll.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from lattice_gateway.core.lattice.keys import GroupKey, UnitKey
from lattice_gateway.core.lattice.observed import (
    NetworkView,
    Observed,
    ObservedGroup,
    ObservedService,
    ObservedVpcAssociation,
)
from lattice_gateway.core.lattice.outcome import Result, Waiting
from lattice_gateway.core.lattice.units import Absent, Desired
from lattice_gateway.core.lattice.words import Status
from lattice_gateway.core.plan.conditions import MOVING
from lattice_gateway.engine.waits import Awaited


class What(StrEnum):
    """What is looked at: a status, the targets of a group, associations of a service, or the unit as a whole."""

    GROUP = "group"
    TARGETS = "targets"
    SERVICE = "service"
    ASSOCIATIONS = "associations"
    VPC_ASSOCIATION = "VPC association"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Watch:
    """One thing to look at: of the unit ``key``, the resource ``id`` (of associations: the network's)."""

    key: UnitKey
    what: What
    id: str = ""


Passing: TypeAlias = dict[tuple[What, str], Status]
"""Statuses that Lattice ends by itself, by what has them: its kind and its id, of associations the network's."""


def watches(desired: Desired, observed: Observed, result: Result, awaited: tuple[Awaited, ...]) -> frozenset[Watch]:
    """What to look at for a unit that has run; nothing for one that is done and at rest, or that others will wake."""
    found = frozenset(Watch(desired.key, what, resource) for what, resource in passing(observed))
    if isinstance(observed, tuple) and isinstance(desired, Absent) and isinstance(result, Waiting):
        found |= _in_the_way(desired.key, observed)
    if found or awaited or not isinstance(result, Waiting):
        return found
    return frozenset({Watch(desired.key, What.WHOLE)})


def passing(observed: Observed) -> Passing:
    """What of a unit is moving."""
    match observed:
        case tuple():
            statuses = [(What.GROUP, group.id, group.status) for group in observed]
        case ObservedService(associations=associations):
            linked = [(What.ASSOCIATIONS, each.network_id, each.status) for each in associations or ()]
            statuses = [(What.SERVICE, observed.id, observed.status), *linked]
        case NetworkView(vpc_association=ObservedVpcAssociation() as association):
            statuses = [(What.VPC_ASSOCIATION, association.id, association.status)]
        case _:
            statuses = []
    found: Passing = {}
    for what, resource, status in statuses:
        if status in MOVING:
            found.setdefault((what, resource), status)
    return found


def _in_the_way(key: UnitKey, groups: tuple[ObservedGroup, ...]) -> frozenset[Watch]:
    """What keeps groups that should go: services that use them, and targets."""
    used = {Watch(key, What.GROUP, group.id) for group in groups if group.service_arns}
    return frozenset(used | {Watch(key, What.TARGETS, group.id) for group in groups if group.targets})


def joining(groups: tuple[tuple[GroupKey, str], ...]) -> frozenset[Watch]:
    """Watches of a service whose groups warm up: key and id of each."""
    return frozenset(Watch(key, What.TARGETS, group) for key, group in groups)


def awaited(watch: Watch, observed: Observed) -> Status | None:
    """The status that should end by itself; None where nothing of the watch is moving."""
    return passing(observed).get((watch.what, watch.id))
