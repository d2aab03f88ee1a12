"""Operations: one mutating API call each, as data.

Things that do not exist yet are named by ``New`` handles; the executor binds them to ``Known`` ids before it calls.
"""

from dataclasses import dataclass
from typing import TypeAlias

from lattice_gateway.core.lattice.keys import GroupKey, NetworkKey, ServiceKey
from lattice_gateway.core.lattice.units import FixedResponse, HealthCheck, Match, Target
from lattice_gateway.core.lattice.words import (
    RULES_PER_BATCH,
    TARGETS_PER_CALL,
    AddressType,
    Arn,
    ListenerProtocol,
    ProtocolVersion,
    Tags,
    TargetProtocol,
    VpcId,
)


@dataclass(frozen=True, slots=True)
class Known:
    """A resource that exists."""

    id: str
    arn: Arn


@dataclass(frozen=True, slots=True)
class ListenerKey:
    """The listener on a port of a service, as a handle."""

    service: ServiceKey
    port: int
    protocol: ListenerProtocol


@dataclass(frozen=True, slots=True)
class New:
    """A resource that some step of this plan, or of the plan of the unit that it belongs to, creates."""

    what: NetworkKey | GroupKey | ServiceKey | ListenerKey


Ref: TypeAlias = Known | New


@dataclass(frozen=True, slots=True)
class SendTo:
    """One group's share in a forward that is sent to Lattice."""

    group: Ref
    weight: int


@dataclass(frozen=True, slots=True)
class SendForward:
    """A forward as it is sent: shares in order."""

    shares: tuple[SendTo, ...]


SendAction: TypeAlias = SendForward | FixedResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateServiceNetwork:
    """Immediate; the network has no life cycle."""

    network: NetworkKey
    tags: Tags


@dataclass(frozen=True, slots=True)
class DeleteServiceNetwork:
    """Refused by Lattice while anything is associated."""

    network: Known


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateVpcAssociation:
    """Asynchronous; a VPC has one association."""

    network: Ref
    vpc: VpcId
    tags: Tags


@dataclass(frozen=True, slots=True)
class DeleteVpcAssociation:
    """Asynchronous."""

    association: Known


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTargetGroup:
    """Asynchronous. ``health`` None leaves the health check to Lattice's defaults."""

    group: GroupKey
    name: str
    port: int
    protocol: TargetProtocol
    version: ProtocolVersion | None
    address_type: AddressType
    vpc: VpcId
    health: HealthCheck | None
    tags: Tags


@dataclass(frozen=True, slots=True)
class UpdateTargetGroup:
    """The whole health check is sent."""

    group: Known
    health: HealthCheck


@dataclass(frozen=True, slots=True)
class DeleteTargetGroup:
    """Asynchronous; refused while in use or while targets are registered or draining."""

    group: Known


@dataclass(frozen=True, slots=True)
class RegisterTargets:
    """At most 100 targets."""

    group: Ref
    targets: tuple[Target, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.targets) <= TARGETS_PER_CALL:
            raise ValueError(f"{len(self.targets)} targets in one call; 1-{TARGETS_PER_CALL} are allowed")


@dataclass(frozen=True, slots=True)
class DeregisterTargets:
    """At most 100 targets; those of a group in use drain for about a minute."""

    group: Known
    targets: tuple[Target, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.targets) <= TARGETS_PER_CALL:
            raise ValueError(f"{len(self.targets)} targets in one call; 1-{TARGETS_PER_CALL} are allowed")


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateService:
    """Asynchronous; the answer carries the DNS name."""

    service: ServiceKey
    custom_domain: str | None
    certificate: Arn | None
    tags: Tags


@dataclass(frozen=True, slots=True)
class UpdateService:
    """Only the certificate is ours to change here."""

    service: Known
    certificate: Arn


@dataclass(frozen=True, slots=True)
class DeleteService:
    """Asynchronous; refused while networks are associated. Listeners and rules go with it."""

    service: Known


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateServiceAssociation:
    """Asynchronous; associates a service with a network."""

    service: Ref
    network: Ref
    network_key: NetworkKey
    tags: Tags


@dataclass(frozen=True, slots=True)
class DeleteServiceAssociation:
    """Asynchronous."""

    service: Known
    association: Known


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateListener:
    """Immediate."""

    service: Ref
    key: ListenerKey
    name: str
    default_action: SendAction
    tags: Tags


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateListener:
    """Only the default action can change."""

    service: Known
    listener: Known
    default_action: SendAction


@dataclass(frozen=True, slots=True)
class DeleteListener:
    """Immediate; its rules go with it."""

    service: Known
    listener: Known


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRule:
    """Immediate; name and priority are unique in the listener."""

    service: Ref
    listener: Ref
    name: str
    priority: int
    match: Match
    action: SendAction
    tags: Tags


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRule:
    """Members that are None stay as they are."""

    service: Known
    listener: Known
    rule: Known
    match: Match | None = None
    action: SendAction | None = None
    priority: int | None = None


@dataclass(frozen=True, slots=True)
class BatchUpdateRule:
    """New priorities of at most ten rules, judged by Lattice on the end state of the batch."""

    service: Known
    listener: Known
    priorities: tuple[tuple[Known, int], ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.priorities) <= RULES_PER_BATCH:
            raise ValueError(f"{len(self.priorities)} rules in one batch; 1-{RULES_PER_BATCH} are allowed")


@dataclass(frozen=True, slots=True)
class DeleteRule:
    """Immediate."""

    service: Known
    listener: Known
    rule: Known


@dataclass(frozen=True, slots=True)
class TagResource:
    """Adds or overwrites tags."""

    resource: Known
    tags: Tags


@dataclass(frozen=True, slots=True)
class UntagResource:
    """Removes tags by key."""

    resource: Known
    keys: frozenset[str]


Operation: TypeAlias = (
    CreateServiceNetwork
    | DeleteServiceNetwork
    | CreateVpcAssociation
    | DeleteVpcAssociation
    | CreateTargetGroup
    | UpdateTargetGroup
    | DeleteTargetGroup
    | RegisterTargets
    | DeregisterTargets
    | CreateService
    | UpdateService
    | DeleteService
    | CreateServiceAssociation
    | DeleteServiceAssociation
    | CreateListener
    | UpdateListener
    | DeleteListener
    | CreateRule
    | UpdateRule
    | BatchUpdateRule
    | DeleteRule
    | TagResource
    | UntagResource
)
"""Each is named as the API call that performs it, but for associations (CreateServiceNetworkVpcAssociation, ...)."""
