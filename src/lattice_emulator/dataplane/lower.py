"""View and places -> the whole of Envoy's configuration."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from lattice_emulator.dataplane.clusters import cluster
from lattice_emulator.dataplane.configuration import Configuration, Json
from lattice_emulator.dataplane.listeners import http_listener, route_source
from lattice_emulator.dataplane.memory import Memory
from lattice_emulator.dataplane.places import Address, Layout, OneAddress, OwnAddresses, Places
from lattice_emulator.dataplane.routes import FRONT_DOOR, Router, carried, port_routes_name
from lattice_emulator.dataplane.view import Answers, Group, View


@dataclass(frozen=True, slots=True)
class Ground:
    """What the configuration stands on besides the view; ``routes_directory`` is where the files of routes are."""

    front_door: tuple[Address, int]
    routes_directory: str
    layout: Layout
    answers: Answers


@dataclass(frozen=True, slots=True)
class _Door:
    """An Envoy listener: where it is bound, the routes it answers by, and how long a connection may idle."""

    bound: tuple[Address, int]
    routes: str
    idle_seconds: int


def lower(view: View, places: Places, ground: Ground) -> Configuration:
    """The configuration that serves ``view`` at ``places``."""
    return Lowering(ground).lower(view, places)


def wanted_ports(view: View) -> dict[str, frozenset[int]]:
    """The listener ports to bind, by service id."""
    return {service.id: frozenset(listener.port for listener in carried(service)) for service in view.services}


class Lowering:
    """Lowers again and again, computing only what changed; the result depends on view and places alone."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._router = Router(ground.answers)
        self._clusters: Memory[Json] = Memory()
        self._listeners: Memory[Json] = Memory()

    def lower(self, view: View, places: Places) -> Configuration:
        """The configuration that serves ``view`` at ``places``."""
        self._clusters.turn()
        self._listeners.turn()
        doors = _doors(view, places, self._ground)
        return Configuration(
            clusters={group.id: self._cluster(group) for group in view.groups},
            routes=self._router.routes(view, _own_addresses(places, self._ground.layout)),
            listeners={name: self._listener(name, door) for name, door in doors.items()},
            subscriptions={name: door.routes for name, door in doors.items()},
        )

    def _cluster(self, group: Group) -> Json:
        return self._clusters.recall(group.id, group, lambda: cluster(group, self._ground.answers))

    def _listener(self, name: str, door: _Door) -> Json:
        def make() -> Json:
            source = route_source(door.routes, self._ground.routes_directory)
            return http_listener(name, door.bound, source, door.idle_seconds, self._ground.answers)

        return self._listeners.recall(name, door, make)


def _doors(view: View, places: Places, ground: Ground) -> dict[str, _Door]:
    """Every Envoy listener by its name: the front door, then those of services, sorted."""
    idle = _idle_seconds(view, places, ground)
    doors = {FRONT_DOOR: _Door(ground.front_door, FRONT_DOOR, ground.answers.shared_idle_seconds)}
    wanted = {(places.addresses[s], port) for s, ports in wanted_ports(view).items() for port in ports}
    for address, port in sorted(wanted):
        bound = places.ports.get((address, port))
        if bound is not None:
            doors[f"{address}:{bound}"] = _Door((address, bound), port_routes_name(port), idle[address])
    return doors


def _own_addresses(places: Places, layout: Layout) -> Mapping[str, Address]:
    match layout:
        case OwnAddresses():
            return places.addresses
        case OneAddress():
            return {}
        case _:
            assert_never(layout)


def _idle_seconds(view: View, places: Places, ground: Ground) -> dict[Address, int]:
    """By address: the idle time of the one service there; a shared address has the service's default."""
    match ground.layout:
        case OwnAddresses():
            return {places.addresses[service.id]: service.idle_seconds for service in view.services}
        case OneAddress(address):
            return {address: ground.answers.shared_idle_seconds}
        case _:
            assert_never(ground.layout)
