"""Desired units: what one piece of Lattice state should be.

Absence is a desired state of its own (``Absent``) and carries what proves that the thing found is the thing meant.
A unit that cannot be decided now is ``Held``: nothing of it changes.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from lattice_gateway.core.lattice.keys import GroupKey, NetworkKey, ServiceKey, UnitKey
from lattice_gateway.core.lattice.words import (
    MAX_WEIGHT,
    Arn,
    ListenerProtocol,
    ProtocolVersion,
    SourceType,
    Tags,
    TargetProtocol,
    VpcId,
)


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """An address (no brackets around IPv6) and a TCP port that a group sends traffic to."""

    address: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """A whole health check as GetTargetGroup answers it; times in seconds, ``port`` None: the target's own port."""

    enabled: bool
    protocol: TargetProtocol | None = None
    version: ProtocolVersion | None = None
    path: str | None = None
    codes: str | None = None
    interval: int | None = None
    timeout: int | None = None
    healthy_threshold: int | None = None
    unhealthy_threshold: int | None = None
    port: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteOwner:
    """The route whose tags a service and its groups carry; of merged routes the oldest live one (decision 11)."""

    namespace: str
    name: str
    source: SourceType


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetGroup:
    """A desired target group of type IP.

    ``targets`` None leaves the registered ones as they are (a Service that is being deleted).
    ``settings_held`` keeps health check and tags as they are while targets go on being followed (pause, decision 34).
    ``health_held`` keeps the health check as it is: a policy asks for it that this version does not read.
    ``spared`` targets are not registered, but stay where they are (decision 22).
    """

    key: GroupKey
    name: str
    vpc: VpcId
    port: int
    health: HealthCheck
    explicit_health: bool
    targets: frozenset[Target] | None
    tags: Tags
    settings_held: bool = False
    health_held: bool = False
    spared: frozenset[Target] = frozenset()


@dataclass(frozen=True, slots=True)
class Exact:
    """A path condition: the whole path, case-sensitive."""

    path: str


@dataclass(frozen=True, slots=True)
class Prefix:
    """A path condition: the path begins so, case-sensitive."""

    path: str


PathMatch: TypeAlias = Exact | Prefix


@dataclass(frozen=True, slots=True, order=True)
class HeaderMatch:
    """A header whose value equals ``value``; names and values are sent with ``caseSensitive: false``.

    Parity: the Go controller v2.1.3 sends the flag so.
    """

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Match:
    """The condition of a rule; ``headers`` in manifest order, compared as a set. ``method`` None matches any."""

    path: PathMatch
    method: str | None = None
    headers: tuple[HeaderMatch, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """A target group's part of a rule's traffic; ``weight`` is relative to its siblings'."""

    group: GroupKey
    weight: int

    def __post_init__(self) -> None:
        if not 0 <= self.weight <= MAX_WEIGHT:
            raise ValueError(f"weight {self.weight} of {self.group} is outside 0-{MAX_WEIGHT}")


@dataclass(frozen=True, slots=True)
class Forward:
    """Traffic goes to target groups, in backendRef order; the same group may stand twice."""

    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class FixedResponse:
    """Lattice itself answers; it accepts 404 and 500."""

    status: int


Action: TypeAlias = Forward | FixedResponse


@dataclass(frozen=True, slots=True)
class AsItIs:
    """What a rule does is not known now (decision 37): it stays if it is there, and is not made if it is not.

    ``why`` is for people. ``groups`` are those that it is known to name; they are kept up to date meanwhile.
    """

    why: str
    groups: tuple[GroupKey, ...] = ()


RuleAction: TypeAlias = Action | AsItIs


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A desired rule.

    Rules of a listener stand in order of precedence. ``priority`` is the annotated number (1-2000) or None.
    ``origin`` names the route rule it comes from (``HTTPRoute ns/name rules[0].matches[1]``), for messages.
    ``route_hash`` and ``match_hash`` are the 7 hex digits of the rule's name (decision 12).
    """

    match: Match
    action: RuleAction
    priority: int | None
    origin: str
    route_hash: str
    match_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """A desired listener; ``rules`` in order of precedence, empty for TLS passthrough."""

    port: int
    protocol: ListenerProtocol
    name: str
    default_action: Action
    rules: tuple[Rule, ...] = ()


class Child(StrEnum):
    """What hangs on a service and is removed when nobody wants it any more."""

    ASSOCIATION = "association"
    LISTENER = "listener"
    RULE = "rule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A desired Lattice service with all that hangs on it.

    ``tags`` are those of the service itself, ``child_tags`` those of associations, listeners and rules.
    ``custom_domain`` is given at creation only. ``certificate`` None leaves what is there.
    ``held_networks`` keep their association if they have one (a parent that cannot be read, decision 25).
    ``held_listeners`` keep listener and rules of that port as they are. Of ``others_stay`` those that are not named
    here stay too: what a parent that is gone wanted is not known any more (decision 25), what the Go controller served
    is not taken away (decision 22).
    """

    key: ServiceKey
    owner: RouteOwner
    networks: frozenset[NetworkKey]
    listeners: tuple[Listener, ...]
    tags: Tags
    child_tags: Tags
    custom_domain: str | None = None
    certificate: Arn | None = None
    held_networks: frozenset[NetworkKey] = frozenset()
    held_listeners: frozenset[int] = frozenset()
    others_stay: frozenset[Child] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A desired service network.

    ``gateway`` is the ``namespace/name`` for the tag of a network we create; None: it is that of the settings, which
    belongs to no Gateway and is never deleted. ``create`` False: only looked up. ``vpc`` is associated with a network
    of the settings or of ours; another one without our Gateway tag is used as it is (decision 1).
    ``paused``: nothing of it changes (decision 34).
    """

    key: NetworkKey
    gateway: str | None
    create: bool
    vpc: VpcId
    tags: Tags
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Absent:
    """The unit should not exist.

    ``owner`` is the route whose tags a service must carry to be deleted; None for networks and groups, which prove
    themselves by ManagedBy and their own tags. ``arn`` narrows to the recorded resource where one is known.
    ``former`` is what a group was wanted as: it tells which of the Go controller's is meant, whose names tell nothing.
    """

    key: UnitKey
    owner: RouteOwner | None = None
    arn: Arn | None = None
    former: TargetGroup | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """Nothing of the unit changes now; ``why`` is for people."""

    key: UnitKey
    why: str


Unit: TypeAlias = Network | TargetGroup | Service
Desired: TypeAlias = Unit | Absent | Held
