"""The world's target groups -> those of the view, with the checks to run. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from lattice_emulator.dataplane import view as v
from lattice_emulator.dataplane.addresses import Mapping, local_address
from lattice_emulator.dataplane.verdict import Check, Subject
from lattice_emulator.world import model as m
from lattice_emulator.world.arns import arn_in, tail_of
from lattice_emulator.world.knobs import Knobs

Targets: TypeAlias = tuple[m.Target, ...]
Places: TypeAlias = dict[m.TargetKey, v.Endpoint | None]


@dataclass(frozen=True, slots=True)
class Served:
    """A group in use: what Envoy gets of it, what is checked, and what cannot be carried."""

    group: v.Group
    checks: tuple[tuple[Subject, Check], ...]
    notes: tuple[str, ...]


def serve(group: m.TargetGroup, targets: Targets, mappings: tuple[Mapping, ...], knobs: Knobs) -> Served:
    """What a group in use with these ``targets`` (in order of registration) comes to."""
    registered = tuple(target for target in targets if target.drain_until is None)
    places = {target.key: _endpoint(target.key, mappings) for target in registered}
    serving = (places[target.key] for target in _serving(group, registered, knobs))
    found = v.Group(
        id=group.id,
        arn=arn_in(group.home, tail_of(group)),
        upstream=_upstream(group),
        endpoints=tuple(sorted({endpoint for endpoint in serving if endpoint is not None})),
    )
    return Served(found, tuple(_checks(group, registered, places)), tuple(_notes(found, places)))


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


def _serving(group: m.TargetGroup, registered: Targets, knobs: Knobs) -> Targets:
    """The targets that should get traffic: the healthy ones; all when none is, or when nothing is checked."""
    if _health_check(group) is None:
        return registered
    healthy = tuple(target for target in registered if target.health is m.Health.HEALTHY)
    if healthy and knobs.initial_targets_serve:
        return tuple(target for target in registered if target.health is not m.Health.UNHEALTHY)
    return healthy or registered


def _health_check(group: m.TargetGroup) -> m.HealthCheck | None:
    """The group's health check; None when it has none or it is off."""
    check = group.config.health_check if group.config else None
    return check if check and check.enabled else None


def _endpoint(key: m.TargetKey, mappings: tuple[Mapping, ...]) -> v.Endpoint | None:
    address = local_address(key.id, mappings)
    return None if address is None or key.port is None else v.Endpoint(address, key.port)


def _checks(group: m.TargetGroup, registered: Targets, places: Places) -> Iterator[tuple[Subject, Check]]:
    how = _health_check(group)
    for target in registered:
        where = places[target.key]
        if how is not None and where is not None:
            at = v.Endpoint(where.address, how.port or where.port)
            yield Subject(group.id, target.key), Check(at, how, target.health)


def _notes(group: v.Group, places: Places) -> Iterator[str]:
    if isinstance(group.upstream, v.NotCarried):
        yield f"Target group {group.id} gets no traffic yet: {group.upstream.what}."
        return
    for key, endpoint in places.items():
        if endpoint is None:
            yield (
                f"Target {key.id} of {group.id} gets no traffic: it is no IP address; "
                f"say where it listens with a mapping {key.id}=ADDRESS."
            )
