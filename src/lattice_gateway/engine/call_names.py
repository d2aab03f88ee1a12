"""Names that AWS gives the calls of our operations and reads: one bucket, counter and metric each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from lattice_gateway.core.lattice import operations as ops
from lattice_gateway.engine import reads


@dataclass(frozen=True, slots=True, order=True)
class CallName:
    """A call of an AWS API; ``service`` as the Go controller's metrics have it (api.md §5.4)."""

    service: str
    operation: str

    def __str__(self) -> str:
        return self.operation


LATTICE = "VPC Lattice"
TAGGING = "Resource Groups Tagging API"
STS = "STS"

_OTHERWISE: Mapping[type, CallName] = {
    ops.CreateVpcAssociation: CallName(LATTICE, "CreateServiceNetworkVpcAssociation"),
    ops.DeleteVpcAssociation: CallName(LATTICE, "DeleteServiceNetworkVpcAssociation"),
    ops.CreateServiceAssociation: CallName(LATTICE, "CreateServiceNetworkServiceAssociation"),
    ops.DeleteServiceAssociation: CallName(LATTICE, "DeleteServiceNetworkServiceAssociation"),
    reads.ListVpcAssociations: CallName(LATTICE, "ListServiceNetworkVpcAssociations"),
    reads.ListVpcAssociationsOfNetwork: CallName(LATTICE, "ListServiceNetworkVpcAssociations"),
    reads.GetVpcAssociation: CallName(LATTICE, "GetServiceNetworkVpcAssociation"),
    reads.ListAssociationsOfService: CallName(LATTICE, "ListServiceNetworkServiceAssociations"),
    reads.ListAssociationsOfNetwork: CallName(LATTICE, "ListServiceNetworkServiceAssociations"),
    reads.ListTags: CallName(LATTICE, "ListTagsForResource"),
    reads.FindTagged: CallName(TAGGING, "GetResources"),
    reads.TagsOf: CallName(TAGGING, "GetResources"),
    reads.CallerAccount: CallName(STS, "GetCallerIdentity"),
}


def call_name(call: ops.Operation | reads.Read[Any]) -> CallName:
    """The API call that an operation or read is; most are named like their class."""
    return _OTHERWISE.get(type(call)) or CallName(LATTICE, type(call).__name__)


def is_write(name: CallName) -> bool:
    """Whether the call changes something in AWS."""
    return name in _WRITES


_WRITES = frozenset(
    _OTHERWISE.get(operation) or CallName(LATTICE, operation.__name__) for operation in get_args(ops.Operation)
)
