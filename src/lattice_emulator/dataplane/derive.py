"""The world's state -> the `View` to serve, and the health checks to run. Sorted by id."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from lattice_emulator.dataplane import addresses
from lattice_emulator.dataplane import view as v
from lattice_emulator.dataplane.memory import Memory
from lattice_emulator.dataplane.reach import Client, reach_of
from lattice_emulator.dataplane.rules import listener
from lattice_emulator.dataplane.targets import Served, serve
from lattice_emulator.dataplane.verdict import Check, Subject
from lattice_emulator.world import model as m
from lattice_emulator.world.arns import arn_in, tail_of
from lattice_emulator.world.knobs import Knobs
from lattice_emulator.world.state import State
from lattice_emulator.world.target_states import in_use

# Each port costs Envoy one inotify instance, of which a user has 128; above that it aborts.
MAX_PORTS = 64
_HOST = re.compile(r"[a-z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class Derivation:
    """What the view depends on besides the state: the client, the mapping of targets, the open points."""

    client: Client
    mappings: tuple[addresses.Mapping, ...]
    knobs: Knobs


@dataclass(frozen=True, slots=True)
class Derived:
    """What to serve, and what to check: registered targets of groups in use, where checking is on."""

    view: v.View
    checks: Mapping[Subject, Check]


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
    return Deriver(by).derive(state).view


def checks_of(state: State, by: Derivation) -> Mapping[Subject, Check]:
    """The health checks that run now."""
    return Deriver(by).derive(state).checks


class Deriver:
    """Derives again and again, computing only what changed; the result depends on the state alone."""

    def __init__(self, by: Derivation) -> None:
        self._by = by
        self._services: Memory[v.Service] = Memory()
        self._served: Memory[Served] = Memory()

    def derive(self, state: State) -> Derived:
        """View and checks of the state as it is now."""
        self._services.turn()
        self._served.turn()
        names = _names(state.services)
        rows = sorted(state.services, key=lambda row: row.id)
        services = _within([self._service(state, row, names[row.id]) for row in rows])
        served = [self._serve(state, group) for group in self._groups_in_use(state)]
        notes = (*_listener_notes(services), *(note for each in served for note in each.notes))
        view = v.View(services, tuple(each.group for each in served), notes)
        return Derived(view, {subject: check for each in served for subject, check in each.checks})

    def _service(self, state: State, row: m.Service, names: tuple[str, ...]) -> v.Service:
        reach = reach_of(state, row, self._by.client)
        listeners = tuple(state.listeners.by("service", row.id))
        rules = tuple(state.rules.by("service", row.id))

        def make() -> v.Service:
            ordered = sorted(listeners, key=lambda each: each.port)
            return v.Service(
                id=row.id,
                arn=arn_in(row.home, tail_of(row)),
                names=names,
                reach=reach,
                idle_seconds=row.idle_timeout,
                listeners=tuple(listener(each, rules, self._by.knobs) for each in ordered),
            )

        return self._services.recall(row.id, (row, names, reach, listeners, rules), make)

    def _serve(self, state: State, group: m.TargetGroup) -> Served:
        targets = tuple(state.targets.get(group.id, {}).values())
        by = self._by
        return self._served.recall(group.id, (group, targets), lambda: serve(group, targets, by.mappings, by.knobs))

    def _groups_in_use(self, state: State) -> list[m.TargetGroup]:
        used = (group for group in state.target_groups if in_use(state, self._by.knobs, group.id))
        return sorted(used, key=lambda group: group.id)


def _names(services: Iterable[m.Service]) -> dict[str, tuple[str, ...]]:
    """Names by service id. Envoy refuses a name twice, so the oldest service keeps one that several claim.

    A custom name that can stand in no Host header (a wildcard, say, where the knob lets it pass) is left out.
    """
    taken: set[str] = set()
    names: dict[str, tuple[str, ...]] = {}
    for service in sorted(services, key=lambda service: service.seq):
        claimed = [service.domain.lower(), *([service.custom_domain.lower()] if service.custom_domain else [])]
        names[service.id] = tuple(n for n in dict.fromkeys(claimed) if n not in taken and _HOST.fullmatch(n))
        taken.update(names[service.id])
    return names


def _within(services: Iterable[v.Service]) -> tuple[v.Service, ...]:
    """The services without HTTP listeners on more ports than Envoy can watch."""
    services = tuple(services)
    ports = {x.port for service in services for x in service.listeners if isinstance(x.protocol, v.Http)}
    beyond = frozenset(sorted(ports)[MAX_PORTS:])
    return tuple(_without(service, beyond) for service in services) if beyond else services


def _without(service: v.Service, beyond: frozenset[int]) -> v.Service:
    refused = v.NotCarried(f"its port is beyond the {MAX_PORTS} lowest in use")
    listeners = tuple(replace(x, protocol=refused) if x.port in beyond else x for x in service.listeners)
    return replace(service, listeners=listeners)


def _listener_notes(services: Iterable[v.Service]) -> Iterator[str]:
    for service in services:
        for each in service.listeners:
            if isinstance(each.protocol, v.NotCarried):
                what = each.protocol.what
                yield f"Listener {each.id} of {service.id} (port {each.port}) is not carried yet: {what}."
