"""What exists in Lattice, as far as we read it or wrote it (the mirror is made of these)."""

from dataclasses import dataclass
from typing import TypeAlias

from lattice_gateway.core.lattice.units import HealthCheck, Match, Target
from lattice_gateway.core.lattice.words import (
    AddressType,
    Arn,
    ListenerProtocol,
    ProtocolVersion,
    Status,
    Tags,
    TargetProtocol,
    TargetStatus,
    VpcId,
)


@dataclass(frozen=True, slots=True)
class ObservedTarget:
    """A registered target with its health; DRAINING ones no longer count as registered."""

    target: Target
    status: TargetStatus
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedGroup:
    """A target group. ``targets`` and ``tags`` None: not read. ``health`` None: the answer had none, or not read."""

    id: str
    arn: Arn
    name: str
    status: Status
    port: int | None
    protocol: TargetProtocol | None
    version: ProtocolVersion | None
    address_type: AddressType | None
    vpc: VpcId | None
    service_arns: frozenset[Arn] = frozenset()
    health: HealthCheck | None = None
    tags: Tags | None = None
    targets: tuple[ObservedTarget, ...] | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class ForwardTo:
    """A forward as Lattice holds it: (target group id, weight) in order."""

    shares: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Fixed:
    """A fixed response as Lattice holds it."""

    status: int


ObservedAction: TypeAlias = ForwardTo | Fixed


@dataclass(frozen=True, slots=True)
class Unmodelled:
    """A match we never write: header prefix or contains, case flags unlike ours, no path. ``raw``: canonical JSON."""

    raw: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedRule:
    """A rule other than the listener's default one."""

    id: str
    arn: Arn
    name: str
    priority: int
    match: Match | Unmodelled
    action: ObservedAction
    tags: Tags | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedListener:
    """A listener. ``rules`` None: not read."""

    id: str
    arn: Arn
    name: str
    port: int
    protocol: ListenerProtocol
    default_action: ObservedAction | None
    rules: tuple[ObservedRule, ...] | None = None
    tags: Tags | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedAssociation:
    """A service's association with a network. ``tags`` None: not readable or not read; never treated as ours."""

    id: str
    arn: Arn
    network_id: str
    network_arn: Arn
    network_name: str
    status: Status
    tags: Tags | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedService:
    """A Lattice service of our account. Parts that are None were not read."""

    id: str
    arn: Arn
    name: str
    status: Status
    dns_name: str | None
    custom_domain: str | None = None
    certificate: Arn | None = None
    created_at: float | None = None
    tags: Tags | None = None
    associations: tuple[ObservedAssociation, ...] | None = None
    listeners: tuple[ObservedListener, ...] | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedVpcAssociation:
    """An association of our VPC with some network."""

    id: str
    arn: Arn
    network_id: str
    network_arn: Arn
    network_name: str
    vpc: VpcId
    status: Status
    security_groups: frozenset[str] = frozenset()
    tags: Tags | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedNetwork:
    """What answers to the name of a network.

    ``services`` and ``vpcs`` count associations in every status; ``ours`` are those of the services that carry our
    ManagedBy, 0 where they were not looked at.
    """

    id: str
    arn: Arn
    name: str
    tags: Tags | None
    services: int
    vpcs: int
    ours: int = 0


@dataclass(frozen=True, slots=True)
class NetworkView:
    """Everything a network unit is planned from.

    ``candidates`` are all visible networks of that name or id (more than one is ambiguous). ``vpc_association`` is the
    one of our VPC, whatever network it leads to.
    """

    candidates: tuple[ObservedNetwork, ...]
    vpc_association: ObservedVpcAssociation | None


Observed: TypeAlias = NetworkView | ObservedService | tuple[ObservedGroup, ...] | None
"""Of a network unit, a service unit (None: no such service), a group unit (its candidates, see plan.groups)."""
