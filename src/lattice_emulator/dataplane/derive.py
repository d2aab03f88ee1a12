"""The world's state -> the `View` to serve, and the health checks to run. Pure, and sorted by id."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias, assert_never

from lattice_emulator.dataplane import view as v
from lattice_emulator.dataplane.addresses import Mapping, local_address
from lattice_emulator.dataplane.verdict import Check, Subject
from lattice_emulator.world import model as m
from lattice_emulator.world.arns import arn_in, partition_of, tail_of
from lattice_emulator.world.knobs import Knobs
from lattice_emulator.world.state import State
from lattice_emulator.world.target_states import in_use

# Each port costs Envoy one inotify instance, of which a user has 128; above that it aborts.
MAX_PORTS = 64
# An association that is being changed still carries traffic.
_JOINED = frozenset({m.Status.ACTIVE, m.Status.UPDATING, m.Status.UPDATE_FAILED})


@dataclass(frozen=True, slots=True)
class ClientVpc:
    """Clients stand in this VPC: a service answers only while a network joins both."""

    vpc_id: str


@dataclass(frozen=True, slots=True)
class AnyClient:
    """Reachability plays no part: every ACTIVE service answers."""


Client: TypeAlias = ClientVpc | AnyClient


@dataclass(frozen=True, slots=True)
class Derivation:
    """What the view depends on besides the state: the client, the mapping of targets, the open points."""

    client: Client
    mappings: tuple[Mapping, ...]
    knobs: Knobs


def answers_of(knobs: Knobs) -> v.Answers:
    """The data plane's share of the knobs."""
    return v.Answers(
        prefix=v.PrefixMode(knobs.prefix_mode.value),
        no_target_status=knobs.empty_tg_status,
        slow_target_status=knobs.slow_target_status,
        malformed_answer_status=knobs.garbage_status,
        zero_weight_status=knobs.zero_weight_status,
        protocol_mismatch_status=knobs.protocol_mismatch_status,
        connect_seconds=knobs.connect_timeout_seconds,
    )


def view_of(state: State, by: Derivation) -> v.View:
    """What Envoy is to serve now."""
    names = _names(state)
    services = [_service(state, service, names[service.id], by) for service in _sorted(state.services)]
    groups = [_group(state, group, by) for group in _groups_in_use(state, by)]
    ports = _carried_ports(services)
    services = [_within(service, ports) for service in services]
    return v.View(tuple(services), tuple(groups), (*_listener_notes(services), *_target_notes(state, by)))


def checks_of(state: State, by: Derivation) -> dict[Subject, Check]:
    """The health checks that run now: registered targets of groups in use, where checking is on."""
    return {
        Subject(group.id, target.key): check
        for group in _groups_in_use(state, by)
        for target in _registered(state, group)
        if (check := _check(group, target, by)) is not None
    }


# --- services


def _sorted(services: Iterable[m.Service]) -> list[m.Service]:
    return sorted(services, key=lambda service: service.id)


def _names(state: State) -> dict[str, tuple[str, ...]]:
    """Names by service id. The oldest service keeps a name that several claim: Envoy refuses a name twice."""
    taken: set[str] = set()
    names: dict[str, tuple[str, ...]] = {}
    for service in sorted(state.services, key=lambda service: service.seq):
        claimed = [service.domain.lower(), *([service.custom_domain.lower()] if service.custom_domain else [])]
        names[service.id] = tuple(name for name in dict.fromkeys(claimed) if name not in taken)
        taken.update(names[service.id])
    return names


def _service(state: State, service: m.Service, names: tuple[str, ...], by: Derivation) -> v.Service:
    listeners = sorted(state.listeners.by("service", service.id), key=lambda listener: listener.port)
    return v.Service(
        id=service.id,
        arn=_arn(service),
        names=names,
        reach=_reach(state, service, by.client),
        idle_seconds=service.idle_timeout,
        listeners=tuple(_listener(state, listener, by.knobs) for listener in listeners),
    )


def _reach(state: State, service: m.Service, client: Client) -> v.Reach:
    if service.status is not m.Status.ACTIVE:
        return v.OutOfReach()
    networks = [
        association.network_id
        for association in state.service_associations.by("service", service.id)
        if association.status in _JOINED
    ]
    match client:
        case ClientVpc(vpc_id):
            doors = (door for network in networks for door in _doors(state, network, vpc_id))
            return next(doors, v.OutOfReach())
        case AnyClient():
            network = next((state.networks[network] for network in networks if network in state.networks), None)
            arn = "" if network is None else _arn(network)
            return v.Reachable(arn, "", "")
        case _:
            assert_never(client)


def _doors(state: State, network_id: str, vpc_id: str) -> Iterator[v.Reachable]:
    """The ways from the VPC into the network; there is one at most, as a VPC has one network."""
    network = state.networks.get(network_id)
    for door in state.vpc_associations.by("network", network_id):
        if network is not None and door.vpc_id == vpc_id and door.status in _JOINED:
            yield v.Reachable(_arn(network), vpc_id, _vpc_arn(door))


def _arn(resource: m.Service | m.ServiceNetwork | m.TargetGroup) -> str:
    return arn_in(resource.home, tail_of(resource))


def _vpc_arn(door: m.VpcAssociation) -> str:
    home = door.home
    return f"arn:{partition_of(home.region)}:ec2:{home.region}:{home.account}:vpc/{door.vpc_id}"


# --- listeners and rules


def _listener(state: State, listener: m.Listener, knobs: Knobs) -> v.Listener:
    rules = [rule for rule in state.rules.by("listener", listener.id) if rule.priority is not None]
    return v.Listener(
        id=listener.id,
        port=listener.port,
        protocol=_protocol(listener.protocol),
        rules=tuple(_rule(rule, knobs) for rule in sorted(rules, key=lambda rule: rule.priority or 0)),
        default=_action(state.rules[listener.default_rule_id].action),
    )


def _protocol(protocol: m.ListenerProtocol) -> v.ListenerProtocol:
    match protocol:
        case m.ListenerProtocol.HTTP:
            return v.Http()
        case m.ListenerProtocol.HTTPS | m.ListenerProtocol.TLS_PASSTHROUGH:
            return v.NotCarried(f"protocol {protocol}")
        case _:
            assert_never(protocol)


def _rule(rule: m.Rule, knobs: Knobs) -> v.Rule:
    match rule.match:
        case None:
            return v.Rule(v.Match(), _action(rule.action))
        case m.Match(method, path, headers):
            lowered = tuple(_header(header) for header in headers)
            return v.Rule(v.Match(method, None if path is None else _path(path, knobs), lowered), _action(rule.action))
        case _:
            assert_never(rule.match)


def _path(path: m.PathMatch, knobs: Knobs) -> v.PathMatch:
    case_sensitive = knobs.path_case_default if path.case_sensitive is None else path.case_sensitive
    match path.kind:
        case m.PathKind.EXACT:
            return v.Exact(path.value, case_sensitive)
        case m.PathKind.PREFIX:
            return v.Prefix(path.value, case_sensitive)
        case _:
            assert_never(path.kind)


def _header(header: m.HeaderMatch) -> v.HeaderMatch:
    return v.HeaderMatch(header.name, v.Compare(header.kind.value), header.value, bool(header.case_sensitive))


def _action(action: m.Action) -> v.Action:
    match action:
        case m.Forward(shares):
            return v.Forward(tuple(v.Share(share.group_id, share.weight) for share in shares))
        case m.FixedResponse(status):
            return v.Fixed(status)
        case _:
            assert_never(action)


# --- groups and targets


def _groups_in_use(state: State, by: Derivation) -> list[m.TargetGroup]:
    used = (group for group in state.target_groups if in_use(state, by.knobs, group.id))
    return sorted(used, key=lambda group: group.id)


def _group(state: State, group: m.TargetGroup, by: Derivation) -> v.Group:
    found = {_endpoint(target, by) for target in _serving(state, group, by.knobs)}
    return v.Group(
        id=group.id,
        arn=_arn(group),
        upstream=_upstream(group),
        endpoints=tuple(sorted(endpoint for endpoint in found if endpoint is not None)),
    )


def _upstream(group: m.TargetGroup) -> v.Upstream:
    config = group.config
    if config is None:
        return v.NotCarried(f"type {group.type}")
    match config.protocol:
        case m.GroupProtocol.HTTP:
            return v.Plain(_speaks(config))
        case m.GroupProtocol.HTTPS:
            return v.Tls(_speaks(config))
        case m.GroupProtocol.TCP:
            return v.NotCarried("protocol TCP")
        case _:
            assert_never(config.protocol)


def _speaks(config: m.GroupConfig) -> v.Speaks:
    match config.version:
        case m.ProtocolVersion.HTTP1 | None:
            return v.Speaks.HTTP1
        case m.ProtocolVersion.HTTP2 | m.ProtocolVersion.GRPC:
            return v.Speaks.HTTP2
        case _:
            assert_never(config.version)


def _registered(state: State, group: m.TargetGroup) -> list[m.Target]:
    """Targets that are not draining, in order of registration."""
    return [target for target in state.targets.get(group.id, {}).values() if target.drain_until is None]


def _serving(state: State, group: m.TargetGroup, knobs: Knobs) -> list[m.Target]:
    """The targets that should get traffic: the healthy ones; all when none is, or when nothing is checked."""
    registered = _registered(state, group)
    if _health_check(group) is None:
        return registered
    healthy = [target for target in registered if target.health is m.Health.HEALTHY]
    if healthy and knobs.initial_targets_serve:
        return [target for target in registered if target.health is not m.Health.UNHEALTHY]
    return healthy or registered


def _health_check(group: m.TargetGroup) -> m.HealthCheck | None:
    """The group's health check; None when it has none or it is off."""
    check = group.config.health_check if group.config else None
    return check if check and check.enabled else None


def _endpoint(target: m.Target, by: Derivation) -> v.Endpoint | None:
    address = local_address(target.key.id, by.mappings)
    return None if address is None or target.key.port is None else v.Endpoint(address, target.key.port)


def _check(group: m.TargetGroup, target: m.Target, by: Derivation) -> Check | None:
    how, where = _health_check(group), _endpoint(target, by)
    if how is None or where is None:
        return None
    return Check(v.Endpoint(where.address, how.port or where.port), how, target.health)


# --- what cannot be carried


def _carried_ports(services: Iterable[v.Service]) -> frozenset[int]:
    ports = {
        listener.port for service in services for listener in service.listeners if isinstance(listener.protocol, v.Http)
    }
    return frozenset(sorted(ports)[:MAX_PORTS])


def _within(service: v.Service, ports: frozenset[int]) -> v.Service:
    if all(x.port in ports for x in service.listeners if isinstance(x.protocol, v.Http)):
        return service
    refused = v.NotCarried(f"port beyond the {MAX_PORTS} lowest in use")
    listeners = tuple(x if x.port in ports else replace(x, protocol=refused) for x in service.listeners)
    return replace(service, listeners=listeners)


def _listener_notes(services: Iterable[v.Service]) -> Iterator[str]:
    for service in services:
        for listener in service.listeners:
            if isinstance(listener.protocol, v.NotCarried):
                what = listener.protocol.what
                yield f"Listener {listener.id} of {service.id} (port {listener.port}) is not carried yet: {what}."


def _target_notes(state: State, by: Derivation) -> Iterator[str]:
    for group in _groups_in_use(state, by):
        upstream = _upstream(group)
        if isinstance(upstream, v.NotCarried):
            yield f"Target group {group.id} gets no traffic yet: {upstream.what}."
            continue
        for target in _registered(state, group):
            if _endpoint(target, by) is None:
                yield (
                    f"Target {target.key.id} of {group.id} gets no traffic: it is no IP address; "
                    f"say where it listens with a mapping {target.key.id}=ADDRESS."
                )
