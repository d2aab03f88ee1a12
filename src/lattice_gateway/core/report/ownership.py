"""Which objects keep our finalizer, and what each that wants to go waits for.

Decisions.md, "What is deleted, and when"; controllers.md §1.2. Deletion never needs a valid spec (decision 16), and the
status of a Gateway never decides about a route.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from lattice_gateway.core.lattice.keys import NetworkKey, UnitKey
from lattice_gateway.core.objects import Gateway, Ref, Route, Service, Unbuilt
from lattice_gateway.core.objects.finalizers import is_held, is_leaving
from lattice_gateway.core.objects.refs import GATEWAY_API, Kind
from lattice_gateway.core.translate.classes import CLASS_VIEWS, EACH_CLASS, OurClass
from lattice_gateway.core.translate.gateways import EACH_GATEWAY, GATEWAY_VIEWS, OtherGateway, OurGateway
from lattice_gateway.core.translate.inputs import (
    GATEWAYS,
    ROUTES,
    SERVICES,
    UNBUILT,
    Undecodable,
    each,
    last_good,
    last_route,
)
from lattice_gateway.core.translate.networks import NETWORKS_HELD, ROUTES_AT
from lattice_gateway.core.translate.routes import ROUTE_VIEWS
from lattice_gateway.core.translate.view import Cells, Index, View


@dataclass(frozen=True, slots=True)
class Kept:
    """The object has, or will have, something in Lattice: it keeps our finalizer from now on."""


@dataclass(frozen=True, slots=True)
class Parting:
    """Our finalizer goes as soon as nothing is left of what the object has in Lattice.

    ``units`` may be the object's, beside those that a record names; one that somebody else wants does not count.
    ``blockers`` are objects that have to go first.
    """

    units: tuple[UnitKey, ...] = ()
    blockers: tuple[Ref, ...] = ()


Ownership: TypeAlias = Kept | Parting


def view_ownership(view: View, ref: Ref) -> Ownership | None:
    """What becomes of our finalizer on an object; None: it stays as it is, or there is none."""
    match ref.kind:
        case Kind.GATEWAY_CLASS:
            return _class(view, ref)
        case Kind.GATEWAY:
            return _gateway(view, ref)
        case Kind.HTTP_ROUTE | Kind.GRPC_ROUTE | Kind.TLS_ROUTE:
            return _route(view, ref)
        case _:
            return Parting()


def blockers(view: View, gateway: Ref) -> tuple[Ref, ...]:
    """Routes that keep a Gateway from going, in order: those attached to it, and those with our finalizer.

    Routes that are being deleted count until they are gone.
    """
    return tuple(sorted({*view.lookup(REFERRING, gateway), *view.lookup(ROUTES_AT, gateway)}))


def _class(view: View, ref: Ref) -> Ownership | None:
    """A class stays while Gateways have it; one that cannot be read may be among them.

    Spec: GatewayClass, ``gateway-exists-finalizer``.
    """
    ours = view.cell(CLASS_VIEWS, ref)
    if not isinstance(ours, OurClass):
        return None
    if view.count(BY_CLASS, ref.name):
        return Kept()
    return None if view.count(BY_CLASS, _UNKNOWN) else Parting()


def _gateway(view: View, ref: Ref) -> Ownership | None:
    value = view.get(GATEWAYS, ref)
    gateway = last_good(value)
    if gateway is None:
        leaves = isinstance(value, Undecodable) and value.leaving
        return Parting(_networks(view, ref), blockers(view, ref)) if leaves else None
    match view.cell(GATEWAY_VIEWS, ref):
        case OurGateway(leaving=False):
            return Kept()
        case OurGateway(network=network) if is_held(gateway):
            return Parting((network,), blockers(view, ref))
        case OtherGateway() if is_held(gateway):
            return _left_us(view, gateway)
        case _:
            return None


def _left_us(view: View, gateway: Gateway) -> Parting:
    """A Gateway whose class is no longer ours; alive, it waits until its routes have given it up (decision 25)."""
    networks = _networks(view, gateway.ref)
    if is_leaving(gateway):
        return Parting(networks, blockers(view, gateway.ref))
    return Parting(networks, tuple(route for network in networks for route in view.lookup(NETWORKS_HELD, network)))


def _networks(view: View, gateway: Ref) -> tuple[NetworkKey, ...]:
    """The network of a Gateway that cannot be asked for it."""
    return (NetworkKey(view.settings.network_override or gateway.name),)


def _route(view: View, ref: Ref) -> Ownership | None:
    """A route keeps the finalizer while it lives, also when no Gateway accepts it any more (decision 25)."""
    value = view.get(ROUTES, ref)
    route = last_route(value)
    if route is None:
        return Parting() if isinstance(value, Undecodable) and value.leaving else None
    if is_leaving(route):
        return Parting() if is_held(route) else None
    translated = view.cell(ROUTE_VIEWS, ref)
    return Kept() if translated is not None and translated.unit is not None else None


def _by_class(ref: Ref, value: Gateway | Undecodable[Gateway]) -> Iterable[tuple[str, Ref]]:
    gateway = last_good(value)
    return ((gateway.spec.gateway_class_name if gateway else _UNKNOWN, ref),)


def _referring(ref: Ref, value: Route | Undecodable[Route]) -> Iterable[tuple[Ref, Ref]]:
    route = last_route(value)
    if route is None or not is_held(route):
        return ()
    named = (each for each in route.spec.parent_refs if (each.group, each.kind) == (GATEWAY_API, Kind.GATEWAY))
    gateways = {Ref(Kind.GATEWAY, each.namespace or ref.namespace, each.name) for each in named}
    return [(gateway, ref) for gateway in sorted(gateways)]


def _with_old_finalizer(ref: Ref, value: Service | Undecodable[Service]) -> Iterable[tuple[Ref, Ref]]:
    """Services that an early release of the Go controller holds."""
    service = last_good(value)
    return ((ref, ref),) if service is not None and is_leaving(service) and is_held(service) else ()


def _imports(ref: Ref, value: Unbuilt | Undecodable[Unbuilt]) -> Iterable[tuple[Ref, Ref]]:
    """ServiceImports that are being deleted: they have nothing in Lattice (controllers.md §5.5)."""
    given = value.last if isinstance(value, Undecodable) else value
    leaves = ref.kind is Kind.SERVICE_IMPORT and given is not None and is_leaving(given) and is_held(given)
    return ((ref, ref),) if leaves else ()


_UNKNOWN = ""
"""The class of Gateways that cannot be read."""

BY_CLASS: Index[str, Ref] = Index("Gateways by class", GATEWAYS, _by_class)
REFERRING: Index[Ref, Ref] = Index("finalized routes by Gateway", ROUTES, _referring)
HELD_SERVICES: Index[Ref, Ref] = Index("Services with an old finalizer", SERVICES, _with_old_finalizer)
LEAVING_IMPORTS: Index[Ref, Ref] = Index("ServiceImports that leave", UNBUILT, _imports)
EVERY_ROUTE: Index[Ref, Ref] = each(ROUTES)

OWNERSHIP: Cells[Ref, Ownership | None] = Cells(
    "ownership", view_ownership, per=(EACH_CLASS, EACH_GATEWAY, EVERY_ROUTE, HELD_SERVICES, LEAVING_IMPORTS)
)
OWNERSHIP_INDEXES = (BY_CLASS, REFERRING, HELD_SERVICES, LEAVING_IMPORTS, EVERY_ROUTE)
