"""Health of a target group as a whole, and what a service's plan knows of it (decision 18)."""

from lattice_gateway.core.lattice.observed import ObservedGroup
from lattice_gateway.core.lattice.operations import Known
from lattice_gateway.core.lattice.words import TargetStatus
from lattice_gateway.core.plan.plan import GroupState, Health

GOOD = frozenset({TargetStatus.HEALTHY, TargetStatus.UNAVAILABLE})


def health_of(group: ObservedGroup) -> Health:
    """Good: at least one target HEALTHY or UNAVAILABLE and none INITIAL; draining ones do not count."""
    if group.targets is None:
        return Health.UNKNOWN
    statuses = {target.status for target in group.targets} - {TargetStatus.DRAINING}
    if not statuses:
        return Health.EMPTY
    if TargetStatus.INITIAL in statuses:
        return Health.WAITING
    if statuses & GOOD:
        return Health.GOOD
    return Health.UNUSED if statuses == {TargetStatus.UNUSED} else Health.BAD


def group_state(group: ObservedGroup, joining_for: float = 0.0) -> GroupState:
    """What a service's plan needs of a group that exists; ``joining_for`` in seconds."""
    return GroupState(
        ref=Known(group.id, group.arn),
        status=group.status,
        health=health_of(group),
        joining_for=joining_for,
        service_arns=frozenset(group.service_arns),
    )
