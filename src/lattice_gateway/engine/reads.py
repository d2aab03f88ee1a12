"""Reads: one API call that changes nothing each, as data; the counterpart of the operations.

A read names its answer's type, so that ``await lattice.read(ListTargets("tg-0"))`` is typed. Reads are hashable: equal
reads in flight are one call. A listing is read page by page, so that each page is paced, retried and counted by itself.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from lattice_gateway.core.lattice.observed import (
    ObservedAssociation,
    ObservedGroup,
    ObservedListener,
    ObservedNetwork,
    ObservedRule,
    ObservedService,
    ObservedTarget,
    ObservedVpcAssociation,
)
from lattice_gateway.core.lattice.words import Arn, Tags, VpcId

T_co = TypeVar("T_co", covariant=True)

ARNS_PER_CALL = 100
"""Lattice: GetResources of the tagging API, ResourceARNList."""


class Read(Generic[T_co]):
    """One read call whose answer is a ``T_co``."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Page(Generic[T_co]):
    """A part of a listing; ``after`` is what asks for the next one, None on the last."""

    items: tuple[T_co, ...]
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Linked:
    """A service's association with the service it belongs to."""

    service_id: str
    association: ObservedAssociation


@dataclass(frozen=True, slots=True)
class Listed:
    """A target group as a listing shows it; ``version`` moves with each change of its settings (its lastUpdatedAt)."""

    group: ObservedGroup
    version: str


@dataclass(frozen=True, slots=True)
class RuleSummary:
    """A rule as a listing shows it; ``version`` moves with each change of the rule (its lastUpdatedAt)."""

    id: str
    arn: Arn
    name: str
    priority: int
    version: str


@dataclass(frozen=True, slots=True)
class Tagged:
    """A resource and its tags."""

    arn: Arn
    tags: Tags


@dataclass(frozen=True, slots=True)
class ListServices(Read[Page[ObservedService]]):
    """Services that the account sees, without certificate and what hangs on them."""

    after: str | None = None


@dataclass(frozen=True, slots=True)
class GetService(Read[ObservedService]):
    """A service with its certificate and, where it failed, why."""

    service: str


@dataclass(frozen=True, slots=True)
class ListTargetGroups(Read[Page[Listed]]):
    """The target groups of a VPC, without version and health check."""

    vpc: VpcId
    after: str | None = None


@dataclass(frozen=True, slots=True)
class GetTargetGroup(Read[ObservedGroup]):
    """A target group with its version and health check."""

    group: str


@dataclass(frozen=True, slots=True)
class ListTargets(Read[Page[ObservedTarget]]):
    """The registered and draining targets of a group."""

    group: str
    after: str | None = None


@dataclass(frozen=True, slots=True)
class ListServiceNetworks(Read[Page[ObservedNetwork]]):
    """Networks that the account sees."""

    after: str | None = None


@dataclass(frozen=True, slots=True)
class ListVpcAssociations(Read[Page[ObservedVpcAssociation]]):
    """Associations of a VPC, without security groups."""

    vpc: VpcId
    after: str | None = None


@dataclass(frozen=True, slots=True)
class ListVpcAssociationsOfNetwork(Read[Page[ObservedVpcAssociation]]):
    """Associations of all VPCs with one network, without security groups."""

    network: str
    after: str | None = None


@dataclass(frozen=True, slots=True)
class GetVpcAssociation(Read[ObservedVpcAssociation]):
    """A VPC association with its security groups and, where it failed, why."""

    association: str


@dataclass(frozen=True, slots=True)
class ListAssociationsOfService(Read[Page[Linked]]):
    """Associations of one service, in any status."""

    service: str
    after: str | None = None


@dataclass(frozen=True, slots=True)
class ListAssociationsOfNetwork(Read[Page[Linked]]):
    """Associations of all services with one network, in any status."""

    network: str
    after: str | None = None


@dataclass(frozen=True, slots=True)
class ListListeners(Read[Page[ObservedListener]]):
    """Listeners of a service, without default action and rules."""

    service: str
    after: str | None = None


@dataclass(frozen=True, slots=True)
class GetListener(Read[ObservedListener]):
    """A listener with its default action."""

    service: str
    listener: str


@dataclass(frozen=True, slots=True)
class ListRules(Read[Page[RuleSummary]]):
    """Rules of a listener but the default one, without match and action."""

    service: str
    listener: str
    after: str | None = None


@dataclass(frozen=True, slots=True)
class GetRule(Read[ObservedRule]):
    """A rule with match and action."""

    service: str
    listener: str
    rule: str


@dataclass(frozen=True, slots=True)
class ListTags(Read[Tags]):
    """The tags of one resource, from VPC Lattice itself."""

    arn: Arn


@dataclass(frozen=True, slots=True)
class FindTagged(Read[Page[Tagged]]):
    """All resources of VPC Lattice that carry a tag with this value, from the tagging API."""

    key: str
    value: str
    after: str | None = None


@dataclass(frozen=True, slots=True)
class TagsOf(Read[Page[Tagged]]):
    """Tags of at most 100 resources, from the tagging API; what was never tagged is left out."""

    arns: tuple[Arn, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.arns) <= ARNS_PER_CALL:
            raise ValueError(f"{len(self.arns)} ARNs in one call; 1-{ARNS_PER_CALL} are allowed")


@dataclass(frozen=True, slots=True)
class CallerAccount(Read[str]):
    """The account that our credentials belong to."""
