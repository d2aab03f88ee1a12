"""What of a unit Lattice changes by itself, so that only looking again tells: the watches of a unit.

Everything else wakes its unit by itself; there is no other reason to poll.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from lattice_gateway.core.lattice.keys import GroupKey, UnitKey
from lattice_gateway.core.lattice.observed import NetworkView, Observed, ObservedGroup, ObservedService
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


def watches(desired: Desired, observed: Observed, result: Result, awaited: tuple[Awaited, ...]) -> frozenset[Watch]:
    """What to look at for a unit that has run; nothing for one that is done and at rest, or that others will wake."""
    found = _moving(desired, observed, result)
    if found or awaited or not isinstance(result, Waiting):
        return found
    return frozenset({Watch(desired.key, What.WHOLE)})


def _moving(desired: Desired, observed: Observed, result: Result) -> frozenset[Watch]:
    match observed:
        case tuple():
            return _of_groups(desired, observed, result)
        case ObservedService():
            return _of_service(desired.key, observed)
        case NetworkView():
            return _of_network(desired.key, observed)
        case None:
            return frozenset()


def _of_groups(desired: Desired, groups: tuple[ObservedGroup, ...], result: Result) -> frozenset[Watch]:
    key = desired.key
    moving = {Watch(key, What.GROUP, group.id) for group in groups if group.status in MOVING}
    if not isinstance(desired, Absent) or not isinstance(result, Waiting):
        return frozenset(moving)
    used = {Watch(key, What.GROUP, group.id) for group in groups if group.service_arns}
    draining = {Watch(key, What.TARGETS, group.id) for group in groups if group.targets}
    return frozenset(moving | used | draining)


def _of_service(key: UnitKey, service: ObservedService) -> frozenset[Watch]:
    own = {Watch(key, What.SERVICE, service.id)} if service.status in MOVING else set()
    moving = [association for association in service.associations or () if association.status in MOVING]
    return frozenset(own | {Watch(key, What.ASSOCIATIONS, association.network_id) for association in moving})


def _of_network(key: UnitKey, view: NetworkView) -> frozenset[Watch]:
    association = view.vpc_association
    if association is None or association.status not in MOVING:
        return frozenset()
    return frozenset({Watch(key, What.VPC_ASSOCIATION, association.id)})


def joining(groups: tuple[tuple[GroupKey, str], ...]) -> frozenset[Watch]:
    """Watches of a service whose groups warm up: key and id of each."""
    return frozenset(Watch(key, What.TARGETS, group) for key, group in groups)


def awaited(watch: Watch, observed: Observed) -> Status | None:
    """The status that should end by itself; None where nothing of the watch is moving."""
    match observed:
        case tuple() if watch.what is What.GROUP:
            return _first_moving(group.status for group in observed if group.id == watch.id)
        case ObservedService() if watch.what is What.SERVICE:
            return _first_moving((observed.status,))
        case ObservedService() if watch.what is What.ASSOCIATIONS:
            linked = observed.associations or ()
            return _first_moving(each.status for each in linked if each.network_id == watch.id)
        case NetworkView(vpc_association=association) if association is not None:
            return _first_moving((association.status,))
        case _:
            return None


def _first_moving(statuses: Iterable[Status]) -> Status | None:
    return next((status for status in statuses if status in MOVING), None)
