"""View and places -> the whole of Envoy's configuration. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from lattice_emulator.dataplane.clusters import cluster
from lattice_emulator.dataplane.configuration import Configuration, Json
from lattice_emulator.dataplane.listeners import http_listener, route_source
from lattice_emulator.dataplane.places import Layout, OneAddress, OwnAddresses, Places
from lattice_emulator.dataplane.routes import FRONT_DOOR, all_routes, carried, port_routes_name
from lattice_emulator.dataplane.view import Answers, View


@dataclass(frozen=True, slots=True)
class Ground:
    """What the configuration stands on besides the view; ``routes_directory`` is where the files of routes are."""

    front_door: tuple[str, int]
    routes_directory: str
    layout: Layout
    answers: Answers


def lower(view: View, places: Places, ground: Ground) -> Configuration:
    """The configuration that serves ``view`` at ``places``."""
    listeners: dict[str, Json] = {
        FRONT_DOOR: http_listener(
            FRONT_DOOR,
            ground.front_door,
            route_source(FRONT_DOOR, ground.routes_directory),
            ground.answers.shared_idle_seconds,
            ground.answers,
        )
    }
    subscriptions = {FRONT_DOOR: FRONT_DOOR}
    idle = _idle_seconds(view, places, ground)
    for (address, port), bound in _bound(view, places):
        name, routes = f"{address}:{bound}", port_routes_name(port)
        source = route_source(routes, ground.routes_directory)
        listeners[name] = http_listener(name, (address, bound), source, idle[address], ground.answers)
        subscriptions[name] = routes
    return Configuration(
        clusters={group.id: cluster(group, ground.answers) for group in view.groups},
        routes=all_routes(view, _own_addresses(places, ground.layout), ground.answers),
        listeners=listeners,
        subscriptions=subscriptions,
    )


def wanted_ports(view: View) -> dict[str, frozenset[int]]:
    """The listener ports to bind, by service id."""
    return {service.id: frozenset(listener.port for listener in carried(service)) for service in view.services}


def _bound(view: View, places: Places) -> list[tuple[tuple[str, int], int]]:
    """Every (address, listener port) that is wanted and has a place, with the bound port, sorted."""
    wanted = {(places.addresses[s], port) for s, ports in wanted_ports(view).items() for port in ports}
    return [(place, places.ports[place]) for place in sorted(wanted) if place in places.ports]


def _own_addresses(places: Places, layout: Layout) -> Mapping[str, str]:
    match layout:
        case OwnAddresses():
            return places.addresses
        case OneAddress():
            return {}
        case _:
            assert_never(layout)


def _idle_seconds(view: View, places: Places, ground: Ground) -> dict[str, int]:
    """By address: the idle time of the one service there; a shared address has the service's default."""
    match ground.layout:
        case OwnAddresses():
            return {
                places.addresses[service.id]: service.idle_seconds
                for service in view.services
                if service.id in places.addresses
            }
        case OneAddress(address):
            return {address: ground.answers.shared_idle_seconds}
        case _:
            assert_never(ground.layout)
