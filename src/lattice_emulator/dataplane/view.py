"""What the data plane is configured from: services with their rules, and groups with the targets that should serve.

A `View` is derived from the world (`derive.view_of`) or made by hand in tests; everything behind it is a pure
function of it. Names are lower case, rules stand in the order in which they are tried, and health, draining and the
mapping of addresses have been decided already.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

MAX_PORT = 65535
FIXED_STATUSES = frozenset({404, 500})  # Lattice: FixedResponseAction.statusCode


@dataclass(frozen=True, slots=True)
class Exact:
    """The whole path without its query."""

    path: str
    case_sensitive: bool = True


@dataclass(frozen=True, slots=True)
class Prefix:
    """The beginning of the path, by characters or by segments as `Answers.prefix` says."""

    path: str
    case_sensitive: bool = True


PathMatch: TypeAlias = Exact | Prefix


class Compare(StrEnum):
    """How a header's value is compared; the words are Envoy's as well as Lattice's."""

    EXACT = "exact"
    PREFIX = "prefix"
    CONTAINS = "contains"


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """One line of the header must compare; the name never cares for case."""

    name: str
    compare: Compare
    value: str
    case_sensitive: bool = False

    def __post_init__(self) -> None:
        if not self.name or not self.value:
            raise ValueError(f"header match {self.name!r}: found the value {self.value!r}, expected text in both")


@dataclass(frozen=True, slots=True)
class Match:
    """All of it must hold; None and the empty tuple ask for nothing."""

    method: str | None = None
    path: PathMatch | None = None
    headers: tuple[HeaderMatch, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """A group's part of a forward; ``weight`` is relative to its siblings'."""

    group: str
    weight: int

    def __post_init__(self) -> None:
        if self.weight < 0:
            raise ValueError(f"share of {self.group}: found weight {self.weight}, expected 0 or more")


@dataclass(frozen=True, slots=True)
class Forward:
    """To one of the groups by weight; the same group may stand twice, its weights add up."""

    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Fixed:
    """Answer without any target."""

    status: int

    def __post_init__(self) -> None:
        if self.status not in FIXED_STATUSES:
            raise ValueError(f"fixed response: found {self.status}, expected 404 or 500")


Action: TypeAlias = Forward | Fixed


@dataclass(frozen=True, slots=True)
class Rule:
    """Rules of a listener stand in ascending priority."""

    match: Match
    action: Action


@dataclass(frozen=True, slots=True)
class Http:
    """Cleartext HTTP/1.1."""


@dataclass(frozen=True, slots=True)
class NotCarried:
    """A protocol or kind of target the data plane has no way for yet; ``what`` is its word in the API."""

    what: str


ListenerProtocol: TypeAlias = Http | NotCarried


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """``default`` answers what no rule matches."""

    id: str
    port: int
    protocol: ListenerProtocol
    rules: tuple[Rule, ...]
    default: Action

    def __post_init__(self) -> None:
        if not 1 <= self.port <= MAX_PORT:
            raise ValueError(f"listener {self.id}: found port {self.port}, expected 1-{MAX_PORT}")


@dataclass(frozen=True, slots=True)
class Reachable:
    """The client's requests travel through this network; "" where no network or VPC stands for the client."""

    network_arn: str
    vpc_id: str
    vpc_arn: str


@dataclass(frozen=True, slots=True)
class OutOfReach:
    """No network joins the client's VPC with the service: 404 as if it did not exist."""


Reach: TypeAlias = Reachable | OutOfReach


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """``names`` are its generated and custom names, without any that another service took first."""

    id: str
    arn: str
    names: tuple[str, ...]
    reach: Reach
    idle_seconds: int
    listeners: tuple[Listener, ...]


class Speaks(StrEnum):
    """What a group's targets speak; GRPC groups speak HTTP2 too."""

    HTTP1 = "HTTP1"
    HTTP2 = "HTTP2"


@dataclass(frozen=True, slots=True)
class Plain:
    """Targets are spoken to in the clear."""

    speaks: Speaks


@dataclass(frozen=True, slots=True)
class Tls:
    """Targets are spoken to through TLS, their certificate unverified."""

    speaks: Speaks


Upstream: TypeAlias = Plain | Tls | NotCarried


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """Where a target really listens: an address after mapping, IPv4 or IPv6, and a port."""

    address: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """``endpoints`` are the targets that should get traffic now, sorted; none: its requests are answered 503."""

    id: str
    arn: str
    upstream: Upstream
    endpoints: tuple[Endpoint, ...]


@dataclass(frozen=True, slots=True)
class View:
    """Services and groups sorted by id; ``notes`` say in a sentence each what cannot be carried, and why."""

    services: tuple[Service, ...] = ()
    groups: tuple[Group, ...] = ()
    notes: tuple[str, ...] = ()

    def by_id(self) -> Mapping[str, Group]:
        """Groups by their id."""
        return {group.id: group for group in self.groups}


class PrefixMode(StrEnum):
    """What a path prefix of ``/foo`` matches: ``/foobar`` as well, or only ``/foo`` and ``/foo/…``."""

    STRING = "string"
    SEGMENT = "segment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Points the service's documents leave open (spec/lattice.md §9, §16), for the data plane.

    The last two are the proxy's own: the cap on a connection's age, and the idle time of listeners that several
    services share (a service's own address has the service's idle time). All times here are the wall's, whatever the
    scale of emulated time: requests are real.
    """

    prefix: PrefixMode = PrefixMode.STRING
    no_target_status: int = 503
    slow_target_status: int = 504
    malformed_answer_status: int = 502
    zero_weight_status: int = 500
    protocol_mismatch_status: int = 500
    connect_seconds: float = 5.0
    connection_seconds: int = 600
    shared_idle_seconds: int = 60
