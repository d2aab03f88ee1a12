"""What is ours and nobody asks for: orphans are reported, unused target groups are collected (decision 35).

Services, networks and associations without a record stay until a person names them; only target groups that no
service uses go by themselves, once they were seen unused for long enough.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from lattice_gateway.core.lattice.keys import GroupKey
from lattice_gateway.core.lattice.observed import (
    ObservedGroup,
    ObservedNetwork,
    ObservedService,
    ObservedVpcAssociation,
)
from lattice_gateway.core.lattice.words import AddressType, Arn, Owner, SourceType, Status, Tag, Tags, TargetProtocol
from lattice_gateway.core.plan.groups import removal
from lattice_gateway.core.plan.networks import is_a_gateways
from lattice_gateway.core.plan.ownership import is_ours
from lattice_gateway.core.plan.plan import Plan

ROUTE_SOURCES = (SourceType.HTTP_ROUTE, SourceType.GRPC_ROUTE, SourceType.TLS_ROUTE)
"""What groups are made for that nobody but a service of ours uses."""


class OrphanKind(StrEnum):
    """Kinds of resources that can be left over, as ``sweep --delete KIND/NAME`` names them."""

    SERVICE = "service"
    NETWORK = "network"
    VPC_ASSOCIATION = "vpc-association"
    GROUP = "group"


@dataclass(frozen=True, slots=True, order=True)
class Orphan:
    """A resource of ours without a record; ``origin`` says what its tags say it was made for."""

    kind: OrphanKind
    name: str
    id: str
    arn: Arn
    origin: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name} ({self.id}), made for {self.origin}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a bulk reading of the account showed."""

    services: tuple[ObservedService, ...] = ()
    networks: tuple[ObservedNetwork, ...] = ()
    vpc_associations: tuple[ObservedVpcAssociation, ...] = ()
    groups: tuple[ObservedGroup, ...] = ()


def orphans(account: Account, owner: Owner, known: frozenset[Arn]) -> tuple[Orphan, ...]:
    """Resources with our ManagedBy whose ARN is not ``known`` (recorded, or wanted by a unit), ordered.

    Unread tags are nobody's; what is already being deleted is no orphan. A VPC association that was not made for a
    Gateway is a policy's or that of the settings' network, and neither leaves a record that we read.
    """
    found = [
        *(_orphan(OrphanKind.SERVICE, each, each.name) for each in account.services if _is_left(each, owner)),
        *(_orphan(OrphanKind.NETWORK, each, each.name) for each in account.networks if is_a_gateways(each, owner)),
        *(
            _orphan(OrphanKind.VPC_ASSOCIATION, each, each.network_name)
            for each in account.vpc_associations
            if _is_left(each, owner) and Tag.GATEWAY in (each.tags or Tags())
        ),
        *(
            _orphan(OrphanKind.GROUP, each, each.name)
            for each in account.groups
            if _is_left(each, owner) and _is_collectable(each, owner)
        ),
    ]
    return tuple(sorted(orphan for orphan in found if orphan.arn not in known))


def origin_of(tags: Tags | None) -> str:
    """The object that the tags name."""
    found = tags or Tags()
    for namespace, name, kind in (
        (Tag.ROUTE_NAMESPACE, Tag.ROUTE_NAME, "route"),
        (Tag.SERVICE_NAMESPACE, Tag.SERVICE_NAME, "service"),
    ):
        if name in found:
            return f"{kind} {found.get(namespace, '?')}/{found[name]}"
    return f"gateway {found[Tag.GATEWAY]}" if Tag.GATEWAY in found else "an object that its tags do not name"


def _is_left(each: ObservedService | ObservedVpcAssociation | ObservedGroup, owner: Owner) -> bool:
    return is_ours(each.tags, owner) and each.status is not Status.DELETE_IN_PROGRESS


def _orphan(
    kind: OrphanKind, each: ObservedService | ObservedNetwork | ObservedVpcAssociation | ObservedGroup, name: str
) -> Orphan:
    return Orphan(kind, name, each.id, each.arn, origin_of(each.tags))


def collectable(
    groups: Iterable[ObservedGroup],
    chosen: frozenset[str],
    unused_for: Mapping[str, float],
    owner: Owner,
    age: float,
) -> tuple[ObservedGroup, ...]:
    """Target groups to delete by themselves, by id: ours, used by no service, chosen by no unit, unused long enough.

    ``chosen`` are ids that units use (a twin of one is not among them), ``unused_for`` the seconds this process has
    seen a group unused, ``age`` the seconds it takes. A group whose source tag is missing or unknown stays.
    """
    return tuple(
        group
        for group in sorted(groups, key=lambda each: each.id)
        if _is_collectable(group, owner)
        and not group.service_arns
        and group.id not in chosen
        and group.status is not Status.DELETE_IN_PROGRESS
        and unused_for.get(group.id, 0.0) >= age
    )


def plan_collection(group: ObservedGroup) -> Plan:
    """Deletes a collectable group; its unit is what its tags and fields say, and ``(group,)`` its observed state."""
    tags = group.tags or Tags()
    key = GroupKey(
        service=None,
        namespace=tags.get(Tag.SERVICE_NAMESPACE, ""),
        name=tags.get(Tag.SERVICE_NAME, group.name),
        port=group.port or 0,
        protocol=group.protocol or TargetProtocol.HTTP,
        version=group.version,
        address_type=group.address_type or AddressType.IPV4,
    )
    return Plan(unit=key, steps=removal(key, group))


def _is_collectable(group: ObservedGroup, owner: Owner) -> bool:
    """Ours, of our VPC and cluster, made for a route (deploy.md §11 row 41, D1.15).

    A group that is exported waits for whoever will import it, so that nobody uses it proves nothing.
    """
    tags = group.tags
    return (
        tags is not None
        and is_ours(tags, owner)
        and group.vpc in {None, owner.vpc}
        and tags.get(Tag.CLUSTER_NAME) == owner.cluster
        and tags.get(Tag.SOURCE_TYPE) in set(ROUTE_SOURCES)
    )
