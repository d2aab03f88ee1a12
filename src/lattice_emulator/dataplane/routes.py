"""Services -> Envoy's RouteConfigurations: one per listener port, and one for the front door."""

from collections.abc import Iterable, Mapping
from typing import Any, assert_never

from lattice_emulator.dataplane.configuration import Json
from lattice_emulator.dataplane.hosts import Given, fixed, groups_of, request_headers, routes
from lattice_emulator.dataplane.memory import Memory
from lattice_emulator.dataplane.view import Answers, Group, Http, Listener, OutOfReach, Reachable, Service, View

ROUTES = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
FRONT_DOOR = "front-door"


def port_routes_name(port: int) -> str:
    """The name of the routes that all listeners of ``port`` share."""
    return f"port-{port}"


def carried(service: Service) -> tuple[Listener, ...]:
    """The service's listeners that the data plane has a way for."""
    return tuple(listener for listener in service.listeners if isinstance(listener.protocol, Http))


class Router:
    """Makes all routes again and again, computing only what changed; the result depends on the view alone."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._hosts: Memory[Json] = Memory()

    def routes(self, view: View, addresses: Mapping[str, str]) -> dict[str, Json]:
        """Every RouteConfiguration by its name; ``addresses`` are the services' own, by service id.

        An own address (none where services share one) stands beside the names as a domain, so that a plain
        ``curl http://ADDRESS/`` finds the service.
        """
        self._hosts.turn()
        groups = view.by_id()
        doors: list[Json] = []
        by_port: dict[int, list[Json]] = {}
        for service in view.services:
            for listener in carried(service):
                host = self._host(service, listener, groups)
                ported = by_port.setdefault(listener.port, [])
                if host is not None:
                    ported.append({**host, "domains": _domains(service, addresses)})
                    doors.append({**host, "domains": _doors(service, listener)})
        ported_routes = {
            port_routes_name(port): {
                **_configuration(port_routes_name(port), hosts),
                "ignore_port_in_host_matching": True,
            }
            for port, hosts in sorted(by_port.items())
        }
        return {**ported_routes, FRONT_DOOR: _configuration(FRONT_DOOR, doors)}

    def _host(self, service: Service, listener: Listener, groups: Mapping[str, Group]) -> Json | None:
        """The listener's virtual host, but for its domains; None when the client cannot reach the service."""
        match service.reach:
            case OutOfReach():
                return None
            case Reachable() as reach:
                named = sorted(groups_of(listener) & groups.keys())
                given = Given(service.idle_seconds, {name: groups[name].upstream for name in named}, self._answers)
                return self._hosts.recall(
                    (service.id, listener.id),
                    (service, given),
                    lambda: {
                        "name": f"{service.id}/{listener.id}",
                        "routes": routes(listener, given),
                        "request_headers_to_add": request_headers(service, reach, listener),
                    },
                )
            case _:
                assert_never(service.reach)


def _domains(service: Service, addresses: Mapping[str, str]) -> list[str]:
    own = addresses.get(service.id)
    return [*service.names, *([own] if own else [])]


def _doors(service: Service, listener: Listener) -> list[str]:
    """Domains at the front door: the port in Host chooses; without a listener of that port, the lowest one."""
    exact = [f"{name}:{listener.port}" for name in service.names]
    if listener.port > min(other.port for other in carried(service)):
        return exact
    return [domain for name in service.names for domain in (name, f"{name}:*")]


def _configuration(name: str, hosts: Iterable[Json]) -> dict[str, Any]:
    nobody = {"name": "nobody", "domains": ["*"], "routes": [{"match": {"prefix": ""}, **fixed(404)}]}
    return {"@type": ROUTES, "name": name, "virtual_hosts": [*hosts, nobody]}
