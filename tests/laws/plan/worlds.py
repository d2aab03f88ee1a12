"""Worlds to plan: the standard route (1 listener, 2 rules x 2 distinct backends), and generated ones."""

from collections.abc import Iterable

from lattice_gateway.core.lattice.keys import GroupKey, NetworkKey, ServiceKey, UnitKey
from lattice_gateway.core.lattice.units import (
    Absent,
    Desired,
    Exact,
    FixedResponse,
    Forward,
    HeaderMatch,
    HealthCheck,
    Listener,
    Match,
    Network,
    Prefix,
    RouteOwner,
    Rule,
    RuleAction,
    Service,
    Share,
    Target,
    TargetGroup,
)
from lattice_gateway.core.lattice.words import (
    AddressType,
    ListenerProtocol,
    ProtocolVersion,
    SourceType,
    Tag,
    Tags,
    TargetProtocol,
)
from lattice_gateway.core.names import group_name, listener_name, match_hash, route_hash
from tests.laws.plan.driver import OWNER

NETWORK = NetworkKey("my-hotel")
OWN = {str(Tag.MANAGED_BY): str(OWNER)}


def network(**changes: object) -> Network:
    fields = {"key": NETWORK, "gateway": "default/my-hotel", "create": True, "vpc": OWNER.vpc, "tags": Tags(OWN)}
    return Network(**{**fields, **changes})  # type: ignore[arg-type]


def group_key(service: str, backend: str, port: int = 80) -> GroupKey:
    return GroupKey(
        service=service,
        namespace="default",
        name=backend,
        port=port,
        protocol=TargetProtocol.HTTP,
        version=ProtocolVersion.HTTP1,
        address_type=AddressType.IPV4,
    )


def group_tags(key: GroupKey, route: str) -> dict[str, str]:
    return {
        **OWN,
        str(Tag.CLUSTER_NAME): OWNER.cluster,
        str(Tag.SERVICE_NAME): key.name,
        str(Tag.SERVICE_NAMESPACE): key.namespace,
        str(Tag.SOURCE_TYPE): "HTTPRoute",
        str(Tag.PROTOCOL_VERSION): "HTTP1",
        str(Tag.ROUTE_NAME): route,
        str(Tag.ROUTE_NAMESPACE): "default",
    }


def group(key: GroupKey, targets: Iterable[Target] | None, route: str = "rates", **changes: object) -> TargetGroup:
    fields = {
        "key": key,
        "name": group_name(key, OWNER),
        "vpc": OWNER.vpc,
        "port": 80,
        "health": HealthCheck(enabled=True, path="/"),
        "explicit_health": False,
        "targets": None if targets is None else frozenset(targets),
        "tags": Tags(group_tags(key, route)),
    }
    return TargetGroup(**{**fields, **changes})  # type: ignore[arg-type]


def rule(match: Match, action: RuleAction, route: str = "rates", priority: int | None = None) -> Rule:
    return Rule(
        match=match,
        action=action,
        priority=priority,
        origin=f"HTTPRoute default/{route} {match.path.path}",
        route_hash=route_hash(OWNER, "HTTPRoute", "default", route),
        match_hash=match_hash(match),
    )


def listener(
    port: int, rules: Iterable[Rule], route: str = "rates", protocol: ListenerProtocol = ListenerProtocol.HTTP
) -> Listener:
    return Listener(
        port=port,
        protocol=protocol,
        name=listener_name(route, "default", port, protocol),
        default_action=FixedResponse(404),
        rules=tuple(rules),
    )


def service(listeners: Iterable[Listener], route: str = "rates", **changes: object) -> Service:
    tags = {
        **OWN,
        str(Tag.ROUTE_NAME): route,
        str(Tag.ROUTE_NAMESPACE): "default",
        str(Tag.ROUTE_TYPE): "http",
    }
    fields = {
        "key": ServiceKey(f"{route}-default"),
        "owner": route_owner(route),
        "networks": frozenset({NETWORK}),
        "listeners": tuple(listeners),
        "tags": Tags(tags),
        "child_tags": Tags(OWN),
    }
    return Service(**{**fields, **changes})  # type: ignore[arg-type]


def route_owner(route: str) -> RouteOwner:
    return RouteOwner(namespace="default", name=route, source=SourceType.HTTP_ROUTE)


def forward(*shares: tuple[GroupKey, int]) -> Forward:
    return Forward(tuple(Share(key, weight) for key, weight in shares))


def pods(first: int, count: int = 2) -> list[Target]:
    return [Target(f"10.0.{first}.{i}", 8080) for i in range(1, count + 1)]


def world(*units: Desired) -> dict[UnitKey, Desired]:
    return {unit.key: unit for unit in units}


def absent(desired: dict[UnitKey, Desired]) -> dict[UnitKey, Desired]:
    """The same world with nothing wanted of it any more."""
    return {key: Absent(key, unit.owner if isinstance(unit, Service) else None) for key, unit in desired.items()}


def standard(route: str = "rates") -> dict[UnitKey, Desired]:
    keys = [group_key(f"{route}-default", name) for name in ("parking", "parking-v2", "review", "review-v2")]
    rules = [
        rule(Match(Prefix("/parking")), forward((keys[0], 90), (keys[1], 10)), route),
        rule(Match(Prefix("/review")), forward((keys[2], 90), (keys[3], 10)), route),
    ]
    groups = [group(key, pods(i), route) for i, key in enumerate(keys)]
    return world(network(), *groups, service([listener(80, rules, route)], route))


STANDARD = standard()
MATCHES = (
    Match(Exact("/a/x")),
    Match(Prefix("/a/b")),
    Match(Prefix("/a"), "GET"),
    Match(Prefix("/a")),
    Match(Prefix("/b"), None, (HeaderMatch("X", "1"),)),
    Match(Prefix("/b"), None, (HeaderMatch("X", "2"),)),
    Match(Prefix("/b")),
    Match(Prefix("/c")),
    Match(Prefix("/"), None, (HeaderMatch("Y", "1"),)),
    Match(Prefix("/")),
)
"""In order of precedence (more or less as the Gateway API has it)."""
