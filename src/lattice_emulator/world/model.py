"""The resources of the emulated service, as frozen values.

Times are emulated seconds since the epoch. ``seq`` is the order of creation over all kinds; lists follow it.
Tags, policies and targets are kept beside their resource, in `State`.
"""

from dataclasses import dataclass
from enum import StrEnum

import msgspec


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and in which Region; also whose a resource is and where it lives."""

    account: str
    region: str


class Status(StrEnum):
    """Life cycle of services, target groups and associations (spec/lattice.md §5.1)."""

    ACTIVE = "ACTIVE"
    CREATING = "CREATE_IN_PROGRESS"
    CREATE_FAILED = "CREATE_FAILED"
    UPDATING = "UPDATE_IN_PROGRESS"
    UPDATE_FAILED = "UPDATE_FAILED"
    DELETING = "DELETE_IN_PROGRESS"
    DELETE_FAILED = "DELETE_FAILED"


class AuthType(StrEnum):
    """Whether requests are judged by policies."""

    NONE = "NONE"
    AWS_IAM = "AWS_IAM"


class ListenerProtocol(StrEnum):
    """What clients speak to a listener."""

    HTTP = "HTTP"
    HTTPS = "HTTPS"
    TLS_PASSTHROUGH = "TLS_PASSTHROUGH"


class GroupType(StrEnum):
    """What the targets of a group are."""

    IP = "IP"
    INSTANCE = "INSTANCE"
    ALB = "ALB"
    LAMBDA = "LAMBDA"


class GroupProtocol(StrEnum):
    """What a group's targets are spoken to with."""

    HTTP = "HTTP"
    HTTPS = "HTTPS"
    TCP = "TCP"


class ProtocolVersion(StrEnum):
    """The version of HTTP; health checks know no GRPC."""

    HTTP1 = "HTTP1"
    HTTP2 = "HTTP2"
    GRPC = "GRPC"


class PathKind(StrEnum):
    """How a path is compared."""

    EXACT = "exact"
    PREFIX = "prefix"


class HeaderKind(StrEnum):
    """How a header's value is compared."""

    EXACT = "exact"
    PREFIX = "prefix"
    CONTAINS = "contains"


class Health(StrEnum):
    """What the health checker last concluded about a target; PENDING until its first check."""

    PENDING = "PENDING"
    HEALTHY = "HEALTHY"
    UNHEALTHY = "UNHEALTHY"


class TargetStatus(StrEnum):
    """The service's words for the state of a target (spec/lattice.md §9.6)."""

    UNUSED = "UNUSED"
    INITIAL = "INITIAL"
    HEALTHY = "HEALTHY"
    UNHEALTHY = "UNHEALTHY"
    UNAVAILABLE = "UNAVAILABLE"
    DRAINING = "DRAINING"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a life-cycle step failed, as Get answers show it."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """``failure`` is None unless the status is a failed one."""

    id: str
    seq: int
    home: Caller
    name: str
    domain: str
    custom_domain: str | None
    certificate_arn: str | None
    auth_type: AuthType
    idle_timeout: int
    created_at: float
    updated_at: float
    status: Status
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Its default action is that of the rule ``default_rule_id``."""

    id: str
    seq: int
    home: Caller
    service_id: str
    name: str
    protocol: ListenerProtocol
    port: int
    default_rule_id: str
    created_at: float
    updated_at: float


class Share(msgspec.Struct, frozen=True):
    """A group's part of a forward; ``weight`` (0-999) is relative to its siblings'."""

    group_id: str
    weight: int


# Tagged structs, so that a saved state tells the cases of `Action` apart.
class Forward(msgspec.Struct, frozen=True, tag="forward"):
    """Send to one of the groups, by weight; the same group may stand twice."""

    shares: tuple[Share, ...]


class FixedResponse(msgspec.Struct, frozen=True, tag="fixed"):
    """Answer 404 or 500 without any target."""

    status_code: int


Action = Forward | FixedResponse


@dataclass(frozen=True, slots=True)
class PathMatch:
    """``case_sensitive`` is None when the caller left it out (see `Knobs.path_case_default`)."""

    kind: PathKind
    value: str
    case_sensitive: bool | None


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """``case_sensitive`` (of the value) is None when the caller left it out: not case-sensitive."""

    name: str
    kind: HeaderKind
    value: str
    case_sensitive: bool | None


@dataclass(frozen=True, slots=True)
class Match:
    """All of it must hold; None and the empty tuple: not asked for."""

    method: str | None
    path: PathMatch | None
    headers: tuple[HeaderMatch, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """``priority`` and ``match`` are None for the listener's default rule, and only for it."""

    id: str
    seq: int
    home: Caller
    service_id: str
    listener_id: str
    name: str
    priority: int | None
    match: Match | None
    action: Action
    created_at: float
    updated_at: float

    @property
    def is_default(self) -> bool:
        """Whether it was made with the listener."""
        return self.priority is None


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """Every default filled in; times in seconds. ``port`` None: the target's own port."""

    enabled: bool
    protocol: GroupProtocol
    version: ProtocolVersion
    port: int | None
    path: str
    interval: int
    timeout: int
    healthy_threshold: int
    unhealthy_threshold: int
    matcher: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupConfig:
    """What INSTANCE, IP and ALB groups are made with.

    None: ``version`` for TCP; ``ip_type`` for INSTANCE; ``health_check`` for ALB and a TCP group without one.
    """

    port: int
    protocol: GroupProtocol
    version: ProtocolVersion | None
    ip_type: str | None
    vpc_id: str
    health_check: HealthCheck | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetGroup:
    """``config`` is None for LAMBDA, ``event_version`` for all other types and when LAMBDA was given none."""

    id: str
    seq: int
    home: Caller
    name: str
    type: GroupType
    config: GroupConfig | None
    event_version: str | None
    created_at: float
    updated_at: float
    status: Status
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, order=True)
class TargetKey:
    """Identity of a target in its group; ``port`` is None for LAMBDA only."""

    id: str
    port: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """``drain_until`` is None while it is registered; else the time when it will be gone."""

    key: TargetKey
    seq: int
    health: Health = Health.PENDING
    drain_until: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceNetwork:
    """``sharing`` is None when no sharingConfig was given."""

    id: str
    seq: int
    home: Caller
    name: str
    auth_type: AuthType
    sharing: bool | None
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAssociation:
    """A service in a service network; ``home`` is its creator."""

    id: str
    seq: int
    home: Caller
    service_id: str
    network_id: str
    created_at: float
    updated_at: float
    status: Status
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class DnsOptions:
    """``preference`` None and ``domains`` empty: not given."""

    preference: str | None
    domains: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VpcAssociation:
    """A VPC that may reach a service network; ``private_dns`` and ``dns`` are None when never given."""

    id: str
    seq: int
    home: Caller
    vpc_id: str
    network_id: str
    security_group_ids: tuple[str, ...]
    private_dns: bool | None
    dns: DnsOptions | None
    created_at: float
    updated_at: float
    status: Status
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessLogSubscription:
    """``log_type`` is None for the subscription of a service."""

    id: str
    seq: int
    home: Caller
    resource_id: str
    destination_arn: str
    log_type: str | None
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthPolicy:
    """Kept byte for byte, by the id of its service or network."""

    text: str
    created_at: float
    updated_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate of ACM, imported; ``key_pem`` stays inside the emulator."""

    arn: str
    seq: int
    home: Caller
    domain: str
    alternative_names: tuple[str, ...]
    key_algorithm: str
    serial: str
    subject: str
    issuer: str
    not_before: float
    not_after: float
    created_at: float
    imported_at: float
    certificate_pem: str
    chain_pem: str | None
    key_pem: str


Resource = (
    Service
    | Listener
    | Rule
    | TargetGroup
    | ServiceNetwork
    | ServiceAssociation
    | VpcAssociation
    | AccessLogSubscription
)
Moving = Service | TargetGroup | ServiceAssociation | VpcAssociation
