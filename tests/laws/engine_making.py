"""Desired units for engine tests: the standard route of the benchmark, with 1 listener, 2 rules and 2 backends each."""

from dataclasses import replace

from lattice_gateway.core.lattice.keys import GroupKey, NetworkKey, ServiceKey
from lattice_gateway.core.lattice.units import (
    Absent,
    Desired,
    FixedResponse,
    Forward,
    HealthCheck,
    Listener,
    Match,
    Network,
    Prefix,
    RouteOwner,
    Rule,
    Service,
    Share,
    Target,
    TargetGroup,
)
from lattice_gateway.core.lattice.words import (
    AddressType,
    ListenerProtocol,
    Owner,
    ProtocolVersion,
    SourceType,
    Tag,
    Tags,
    TargetProtocol,
)
from lattice_gateway.core.names import group_name, match_hash, route_hash

NETWORK = NetworkKey("my-hotel")
HEALTH = HealthCheck(
    enabled=True,
    protocol=TargetProtocol.HTTP,
    version=ProtocolVersion.HTTP1,
    path="/",
    codes="200",
    interval=30,
    timeout=5,
    healthy_threshold=5,
    unhealthy_threshold=2,
)


def network(owner: Owner) -> Network:
    return Network(key=NETWORK, gateway="default/my-hotel", create=True, vpc=owner.vpc, tags=Tags())


def group_key(route: str, backend: str) -> GroupKey:
    return GroupKey(
        service=f"{route}-default",
        namespace="default",
        name=backend,
        port=80,
        protocol=TargetProtocol.HTTP,
        version=ProtocolVersion.HTTP1,
        address_type=AddressType.IPV4,
    )


def group(owner: Owner, route: str, backend: str, pods: tuple[str, ...]) -> TargetGroup:
    key = group_key(route, backend)
    return TargetGroup(
        key=key,
        name=group_name(key, owner),
        vpc=owner.vpc,
        port=80,
        health=HEALTH,
        explicit_health=False,
        targets=frozenset(Target(pod, 8090) for pod in pods),
        tags=Tags(
            {
                Tag.MANAGED_BY: str(owner),
                Tag.CLUSTER_NAME: owner.cluster,
                Tag.SERVICE_NAME: backend,
                Tag.SERVICE_NAMESPACE: "default",
                Tag.SOURCE_TYPE: SourceType.HTTP_ROUTE,
                Tag.PROTOCOL_VERSION: ProtocolVersion.HTTP1,
                Tag.ROUTE_NAME: route,
                Tag.ROUTE_NAMESPACE: "default",
            }
        ),
    )


def rule(owner: Owner, route: str, number: int, shares: tuple[Share, ...]) -> Rule:
    match = Match(Prefix(f"/{number}"))
    return Rule(
        match=match,
        action=Forward(shares),
        priority=None,
        origin=f"HTTPRoute default/{route} rules[{number}]",
        route_hash=route_hash(owner, "HTTPRoute", "default", route),
        match_hash=match_hash(match),
    )


def service(owner: Owner, route: str, rules: tuple[tuple[Share, ...], ...]) -> Service:
    listener = Listener(
        port=80,
        protocol=ListenerProtocol.HTTP,
        name=f"{route}-default-80-http",
        default_action=FixedResponse(404),
        rules=tuple(rule(owner, route, number, shares) for number, shares in enumerate(rules)),
    )
    tags = Tags(
        {
            Tag.MANAGED_BY: str(owner),
            Tag.ROUTE_NAME: route,
            Tag.ROUTE_NAMESPACE: "default",
            Tag.ROUTE_TYPE: "http",
        }
    )
    return Service(
        key=ServiceKey(f"{route}-default"),
        owner=RouteOwner(namespace="default", name=route, source=SourceType.HTTP_ROUTE),
        networks=frozenset({NETWORK}),
        listeners=(listener,),
        tags=tags,
        child_tags=Tags({Tag.MANAGED_BY: str(owner)}),
    )


def standard_route(
    owner: Owner, route: str, pods: tuple[str, ...] = ("10.244.0.1", "10.244.0.2")
) -> tuple[Desired, ...]:
    """Four groups and the service that spreads two rules over two of them each."""
    backends = [f"{route}-{letter}" for letter in "abcd"]
    groups = tuple(group(owner, route, backend, pods) for backend in backends)
    shares = [Share(each.key, 1) for each in groups]
    return (*groups, service(owner, route, (tuple(shares[:2]), tuple(shares[2:]))))


def standard_world(owner: Owner, routes: int) -> tuple[Desired, ...]:
    """A network and so many standard routes."""
    return (network(owner), *(unit for n in range(routes) for unit in standard_route(owner, f"r{n}")))


def absent(desired: Desired) -> Absent:
    """The same unit, gone."""
    return Absent(desired.key, owner=desired.owner if isinstance(desired, Service) else None)


def with_pods(desired: TargetGroup, pods: tuple[str, ...]) -> TargetGroup:
    """The group with other targets."""
    return replace(desired, targets=frozenset(Target(pod, 8090) for pod in pods))


def with_weight(desired: Service, weight: int) -> Service:
    """The service whose first rule gives its first group so much."""
    listener = desired.listeners[0]
    first = listener.rules[0]
    assert isinstance(first.action, Forward)
    shares = (replace(first.action.shares[0], weight=weight), *first.action.shares[1:])
    rules = (replace(first, action=Forward(shares)), *listener.rules[1:])
    return replace(desired, listeners=(replace(listener, rules=rules),))
