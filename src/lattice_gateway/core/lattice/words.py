"""Fixed words and small values of the VPC Lattice API."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

Arn = NewType("Arn", str)
VpcId = NewType("VpcId", str)

PREFIX = "application-networking.k8s.aws/"
"""Prefix of our tags, annotations and conditions (``P/`` in the documents)."""

MAX_WEIGHT = 999
"""Lattice: TargetGroupWeight."""

MAX_PRIORITY = 2000
"""Lattice: RulePriority; lower numbers are evaluated first."""

MAX_PICKED_PRIORITY = 100
"""Highest priority picked without need: the Go controller panics on listeners that hold a greater one."""

TARGETS_PER_CALL = 100
"""Lattice: RegisterTargets and DeregisterTargets."""

RULES_PER_BATCH = 10
"""Lattice: BatchUpdateRule."""


class TargetProtocol(StrEnum):
    """Protocol between Lattice and the targets of a group."""

    HTTP = "HTTP"
    HTTPS = "HTTPS"
    TCP = "TCP"


class ProtocolVersion(StrEnum):
    """HTTP version between Lattice and the targets; TCP groups have none."""

    HTTP1 = "HTTP1"
    HTTP2 = "HTTP2"
    GRPC = "GRPC"


class AddressType(StrEnum):
    """IP family of a group's targets; immutable."""

    IPV4 = "IPV4"
    IPV6 = "IPV6"


class ListenerProtocol(StrEnum):
    """Protocol a service's listener speaks to clients; immutable."""

    HTTP = "HTTP"
    HTTPS = "HTTPS"
    TLS_PASSTHROUGH = "TLS_PASSTHROUGH"


class SourceType(StrEnum):
    """Kind of object a target group was made for (tag ``P/SourceTypeKey``)."""

    HTTP_ROUTE = "HTTPRoute"
    GRPC_ROUTE = "GRPCRoute"
    TLS_ROUTE = "TLSRoute"
    SERVICE_EXPORT = "ServiceExport"


class Status(StrEnum):
    """Life-cycle status of a service, target group or association.

    Lattice: lattice.md §3.4, §5.1. ``UPDATE_*`` occur on VPC associations only.
    """

    CREATE_IN_PROGRESS = "CREATE_IN_PROGRESS"
    ACTIVE = "ACTIVE"
    UPDATE_IN_PROGRESS = "UPDATE_IN_PROGRESS"
    UPDATE_FAILED = "UPDATE_FAILED"
    DELETE_IN_PROGRESS = "DELETE_IN_PROGRESS"
    CREATE_FAILED = "CREATE_FAILED"
    DELETE_FAILED = "DELETE_FAILED"


class TargetStatus(StrEnum):
    """Health of one target as ListTargets tells it."""

    DRAINING = "DRAINING"
    UNAVAILABLE = "UNAVAILABLE"
    HEALTHY = "HEALTHY"
    UNHEALTHY = "UNHEALTHY"
    INITIAL = "INITIAL"
    UNUSED = "UNUSED"


@dataclass(frozen=True, slots=True, init=False)
class Tags(Mapping[str, str]):
    """AWS tags of a resource: an immutable, hashable mapping, ordered by key."""

    pairs: tuple[tuple[str, str], ...]

    def __init__(self, tags: Mapping[str, str] | None = None) -> None:
        object.__setattr__(self, "pairs", tuple(sorted((tags or {}).items())))

    def __getitem__(self, key: str) -> str:
        for name, value in self.pairs:
            if name == key:
                return value
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)

    def over(self, other: Mapping[str, str]) -> "Tags":
        """These tags laid over ``other``: equal keys keep the value from here."""
        return Tags({**other, **dict(self.pairs)})


class Tag(StrEnum):
    """Keys of our own tags; case as the Go controller writes them.

    Spec: api.md §4.1, deploy.md §11 rows 2, 7, 25.
    """

    MANAGED_BY = PREFIX + "ManagedBy"
    ROUTE_NAME = PREFIX + "RouteName"
    ROUTE_NAMESPACE = PREFIX + "RouteNamespace"
    ROUTE_TYPE = PREFIX + "RouteType"
    CLUSTER_NAME = PREFIX + "ClusterName"
    SERVICE_NAME = PREFIX + "ServiceName"
    SERVICE_NAMESPACE = PREFIX + "ServiceNamespace"
    SOURCE_TYPE = PREFIX + "SourceTypeKey"
    PROTOCOL_VERSION = PREFIX + "ProtocolVersion"
    GATEWAY = PREFIX + "Gateway"
    TAG_KEYS = PREFIX + "TagKeys"


@dataclass(frozen=True, slots=True)
class Owner:
    """Who we are in tags: ``<account>/<cluster>/<vpc>`` byte for byte."""

    account: str
    cluster: str
    vpc: VpcId

    def __str__(self) -> str:
        return f"{self.account}/{self.cluster}/{self.vpc}"
