"""What a look at Lattice changes in the memory of a unit. Pure.

A thing that a listing does not show is gone only if it was leaving: listings lag behind what was created.
"""

from collections.abc import Mapping
from dataclasses import replace

from lattice_gateway.core.lattice.observed import (
    NetworkView,
    Observed,
    ObservedAssociation,
    ObservedGroup,
    ObservedService,
    ObservedTarget,
    ObservedVpcAssociation,
)
from lattice_gateway.core.lattice.words import Status


def group_seen(observed: Observed, group: str, seen: ObservedGroup | None) -> Observed:
    """Candidates after a look at one of them; ``seen`` None: it was not there."""
    if not isinstance(observed, tuple):
        return observed
    if seen is None:
        return tuple(each for each in observed if each.id != group or each.status is not Status.DELETE_IN_PROGRESS)
    return tuple(_moved(each, seen) if each.id == group else each for each in observed)


def targets_seen(observed: Observed, group: str, targets: tuple[ObservedTarget, ...] | None) -> Observed:
    """Candidates after the targets of one were read; None: the group was not there."""
    if not isinstance(observed, tuple):
        return observed
    return tuple(replace(each, targets=targets) if each.id == group else each for each in observed)


def service_seen(observed: Observed, seen: ObservedService | None) -> Observed:
    """A service after a look at it; ``seen`` None: it was not there."""
    if not isinstance(observed, ObservedService):
        return observed
    if seen is None:
        return None if observed.status is Status.DELETE_IN_PROGRESS else observed
    if seen.id != observed.id:
        return observed
    return replace(
        observed,
        status=seen.status,
        dns_name=seen.dns_name or observed.dns_name,
        failure=seen.failure or observed.failure,
    )


def associations_seen(observed: Observed, network: str, seen: Mapping[str, ObservedAssociation]) -> Observed:
    """A service after a look at its associations with one network, by id."""
    if not isinstance(observed, ObservedService) or observed.associations is None:
        return observed
    left = [_association(each, seen) if each.network_id == network else each for each in observed.associations]
    return replace(observed, associations=tuple(each for each in left if each is not None))


def vpc_association_seen(observed: Observed, seen: Mapping[str, ObservedVpcAssociation]) -> Observed:
    """A network after a look at the associations of our VPC, by id."""
    if not isinstance(observed, NetworkView) or observed.vpc_association is None:
        return observed
    before = observed.vpc_association
    now = seen.get(before.id)
    if now is not None:
        return replace(observed, vpc_association=replace(before, status=now.status, failure=now.failure))
    return replace(observed, vpc_association=None) if before.status is Status.DELETE_IN_PROGRESS else observed


def _moved(group: ObservedGroup, seen: ObservedGroup) -> ObservedGroup:
    return replace(group, status=seen.status, service_arns=seen.service_arns, failure=seen.failure or group.failure)


def _association(before: ObservedAssociation, seen: Mapping[str, ObservedAssociation]) -> ObservedAssociation | None:
    now = seen.get(before.id)
    if now is not None:
        return replace(before, status=now.status, failure=now.failure)
    return None if before.status is Status.DELETE_IN_PROGRESS else before
