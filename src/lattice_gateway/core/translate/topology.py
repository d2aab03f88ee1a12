"""Who attaches to what, with a verdict each and what it became: what ``describe`` and ``plan`` show."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from lattice_gateway.core.lattice.keys import GroupKey, NetworkKey, ServiceKey, UnitKey
from lattice_gateway.core.lattice.units import Desired, TargetGroup
from lattice_gateway.core.objects import Ref
from lattice_gateway.core.translate.gateways import GATEWAY_VIEWS, OurGateway, UnknownGateway
from lattice_gateway.core.translate.groups import GROUPS
from lattice_gateway.core.translate.inputs import UNBUILT
from lattice_gateway.core.translate.listeners import ListenerView
from lattice_gateway.core.translate.networks import NETWORKS
from lattice_gateway.core.translate.routes import ROUTE_VIEWS, RouteView
from lattice_gateway.core.translate.services import SERVICE_VIEWS, ServiceView
from lattice_gateway.core.translate.standing import STANDINGS, ListenerOf, RouteStanding, counts_for
from lattice_gateway.core.translate.view import Cells, Inputs


@dataclass(frozen=True, slots=True)
class ListenerTopology:
    """A listener and the number of routes that it serves."""

    view: ListenerView
    routes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayTopology:
    """A Gateway of ours, or one that cannot be read (no listeners then)."""

    ref: Ref
    view: OurGateway | UnknownGateway
    network: Desired | None
    listeners: tuple[ListenerTopology, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTopology:
    """A route with a parent of ours. ``route`` None: a kind that is not built yet.

    ``unit`` is the service that it has, None where there is none or where another route has it. ``groups`` are those
    that its rules name.
    """

    ref: Ref
    standing: RouteStanding
    route: RouteView | None
    unit: Desired | None
    groups: tuple[TargetGroup, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """Everything that was decided, ordered by name. ``unbuilt`` are objects of kinds that do nothing yet."""

    gateways: tuple[GatewayTopology, ...]
    routes: tuple[RouteTopology, ...]
    unbuilt: tuple[Ref, ...]
    units: Mapping[UnitKey, Desired]


class Results(Protocol):
    """The results of a translation."""

    def results(self, cells: Cells[Any, Any]) -> dict[Any, Any]:
        """All results of a family of cells."""

    def inputs(self, inputs: Inputs[Any, Any]) -> dict[Any, Any]:
        """All inputs of a family."""


@dataclass(frozen=True, slots=True)
class _Made:
    """What routes became."""

    routes: dict[Ref, RouteView]
    services: dict[str, ServiceView]
    groups: dict[GroupKey, TargetGroup]


def topology(results: Results) -> Topology:
    """The whole picture; costs what there is, so it is for people, not for each event."""
    standings: dict[Ref, RouteStanding] = results.results(STANDINGS)
    counts = Counter(listener for ref, standing in standings.items() for listener, _ in counts_for(ref, standing))
    gateways: dict[Ref, Any] = results.results(GATEWAY_VIEWS)
    networks: dict[NetworkKey, Desired] = results.results(NETWORKS)
    made = _Made(results.results(ROUTE_VIEWS), results.results(SERVICE_VIEWS), results.results(GROUPS))
    return Topology(
        gateways=tuple(
            _gateway(ref, view, counts, networks)
            for ref, view in sorted(gateways.items())
            if isinstance(view, OurGateway | UnknownGateway)
        ),
        routes=tuple(_route(made, ref, standing) for ref, standing in sorted(standings.items())),
        unbuilt=tuple(sorted(results.inputs(UNBUILT))),
        units=units(results),
    )


def units(results: Results) -> dict[UnitKey, Desired]:
    """Every unit that is wanted or held: networks, groups, services, each by key."""
    networks: dict[NetworkKey, Desired] = results.results(NETWORKS)
    groups: dict[GroupKey, TargetGroup] = results.results(GROUPS)
    services = {ServiceKey(name): view.unit for name, view in results.results(SERVICE_VIEWS).items()}
    return {
        **dict(sorted(networks.items())),
        **{key: groups[key] for key in sorted(groups, key=str)},
        **dict(sorted(services.items())),
    }


def _gateway(
    ref: Ref,
    view: OurGateway | UnknownGateway,
    counts: Mapping[ListenerOf, int],
    networks: Mapping[NetworkKey, Desired],
) -> GatewayTopology:
    if isinstance(view, UnknownGateway):
        return GatewayTopology(ref=ref, view=view, network=None, listeners=())
    listeners = tuple(ListenerTopology(one, counts.get(ListenerOf(ref, one.name), 0)) for one in view.listeners)
    return GatewayTopology(ref=ref, view=view, network=networks.get(view.network), listeners=listeners)


def _route(made: _Made, ref: Ref, standing: RouteStanding) -> RouteTopology:
    route = made.routes.get(ref)
    key = route.service if route else None
    service = made.services.get(key.name) if key else None
    has_it = service is not None and service.holder == ref
    keys = route.groups if route and has_it else ()
    return RouteTopology(
        ref=ref,
        standing=standing,
        route=route,
        unit=route.unit if route and has_it else None,
        groups=tuple(made.groups[key] for key in keys if key in made.groups),
    )
