"""Which of the target groups that exist is the desired one (decision 36).

One of ours is found by the hash that ends its name, one of the Go controller's (random ending) by its tags, the
service that uses it and the ports of its targets. Of twins the one in use wins.
"""

from lattice_gateway.core.lattice.keys import ServiceKey
from lattice_gateway.core.lattice.observed import ObservedGroup
from lattice_gateway.core.lattice.operations import Known
from lattice_gateway.core.lattice.units import TargetGroup
from lattice_gateway.core.lattice.words import Arn, Owner, Status, Tag, Tags, TargetStatus
from lattice_gateway.core.plan.ownership import is_ours
from lattice_gateway.core.plan.plan import Surroundings

ENDING = 10
"""Letters of the hash of a group's key that end its name (decision 12)."""

LEAVING = frozenset({Status.CREATE_FAILED, Status.DELETE_IN_PROGRESS})
"""Statuses in which a group counts as absent (deploy.md §11 row 31)."""

KIND_TAGS = (Tag.CLUSTER_NAME, Tag.SERVICE_NAME, Tag.SERVICE_NAMESPACE, Tag.SOURCE_TYPE, Tag.PROTOCOL_VERSION)
ROUTE_TAGS = (Tag.ROUTE_NAME, Tag.ROUTE_NAMESPACE)


def choose_group(
    desired: TargetGroup, candidates: tuple[ObservedGroup, ...], owner: Owner, around: Surroundings
) -> ObservedGroup | None:
    """The group to use for ``desired``; None when it has to be created. ``candidates`` may hold any groups."""
    user = _user(desired, around)
    fitting = [group for group in candidates if group.status not in LEAVING and fits(group, desired, owner, around)]
    return min(
        fitting,
        key=lambda group: (
            user not in group.service_arns,
            not group.service_arns,
            group.status is not Status.ACTIVE,
            not has_ending(group, desired.name),
            group.id,
        ),
        default=None,
    )


def has_ending(group: ObservedGroup, name: str) -> bool:
    """Whether the group's name ends in the hash that ends ``name``."""
    return ending(group.name) == ending(name)


def ending(name: str) -> str:
    """The hyphen and the letters that end a group's name."""
    return name[-ENDING - 1 :]


def _user(desired: TargetGroup, around: Surroundings) -> Arn | None:
    service = desired.key.service
    return around.services.get(ServiceKey(service)) if service is not None else None


def fits(group: ObservedGroup, desired: TargetGroup, owner: Owner, around: Surroundings) -> bool:
    """Whether the group may be the desired one, whatever its status."""
    if not _same_kind(group, desired):
        return False
    if has_ending(group, desired.name):
        return group.tags is None or is_ours(group.tags, owner)
    return (
        is_ours(group.tags, owner)
        and not _taken(group, desired, around)
        and _tells_the_same(group, desired, around)
        and _same_ports(group, desired)
    )


def _same_kind(group: ObservedGroup, desired: TargetGroup) -> bool:
    """Whether no immutable field differs; one that was not read (None) does not count."""
    key = desired.key
    pairs = (
        (group.port, desired.port),
        (group.protocol, key.protocol),
        (group.version, key.version),
        (group.address_type, key.address_type),
        (group.vpc, desired.vpc),
    )
    return all(seen is None or seen == wanted for seen, wanted in pairs)


def _taken(group: ObservedGroup, desired: TargetGroup, around: Surroundings) -> bool:
    """Whether another unit has chosen the group."""
    others = (state.ref for key, state in around.groups.items() if key != desired.key)
    return group.id in around.taken or any(isinstance(ref, Known) and ref.id == group.id for ref in others)


def could_be(tags: Tags, desired: TargetGroup) -> bool:
    """Whether tags of a group, whatever its name, say that it was made for the same backend."""
    return all(tags.get(key) == desired.tags.get(key) for key in KIND_TAGS)


def _tells_the_same(group: ObservedGroup, desired: TargetGroup, around: Surroundings) -> bool:
    """Used by this very service, or unused and its route's."""
    tags = group.tags or Tags()
    if not could_be(tags, desired):
        return False
    if group.service_arns:
        return group.service_arns == {_user(desired, around)}
    return all(tags.get(key) == desired.tags.get(key) for key in ROUTE_TAGS)


def _same_ports(group: ObservedGroup, desired: TargetGroup) -> bool:
    """The registered targets tell the port of a group of the Go controller; where there are none, any fits."""
    registered = {t.target.port for t in group.targets or () if t.status is not TargetStatus.DRAINING}
    wanted = {target.port for target in desired.targets or ()}
    return not registered or not wanted or bool(registered & wanted)
