"""Which listeners a route attaches to, each of its parents judged by itself (controllers.md §8)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from lattice_gateway.core.lattice.keys import NetworkKey
from lattice_gateway.core.lattice.words import ListenerProtocol
from lattice_gateway.core.objects import FromNamespaces, ParentRef, Ref, Route, implied_namespace
from lattice_gateway.core.objects.annotations import service_name_override
from lattice_gateway.core.objects.refs import GATEWAY_API, Kind
from lattice_gateway.core.translate.age import Age, age_of
from lattice_gateway.core.translate.gateways import (
    GATEWAY_VIEWS,
    OtherGateway,
    OurGateway,
    UnknownGateway,
)
from lattice_gateway.core.translate.hostnames import served
from lattice_gateway.core.translate.inputs import (
    EXPIRED,
    FORMER,
    NAMESPACES,
    ROUTES,
    ParentOfRoute,
    Undecodable,
    last_good,
    last_route,
)
from lattice_gateway.core.translate.listeners import NOT_BUILT, ListenerView
from lattice_gateway.core.translate.selectors import selects
from lattice_gateway.core.translate.verdicts import Reason, Rejected
from lattice_gateway.core.translate.view import Cells, Index, View


@dataclass(frozen=True, slots=True, order=True)
class Port:
    """A port of a Gateway that a route serves, and the listener's name there."""

    number: int
    protocol: ListenerProtocol
    listener: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """The route attaches. ``hostnames`` are those of the route that the listeners serve, in the route's order."""

    network: NetworkKey
    ports: tuple[Port, ...]
    hostnames: tuple[str, ...]
    standalone: bool | None


@dataclass(frozen=True, slots=True)
class Gone:
    """No such Gateway, none of ours any more, or it cannot be read: what only it wanted is held (decision 25)."""

    network: NetworkKey
    why: str


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A parent that has been gone for too long: like a rejection, but nobody is there to say so."""

    why: str


@dataclass(frozen=True, slots=True)
class NotOurs:
    """A parent of another kind or another controller."""


Standing: TypeAlias = Attached | Rejected | Gone | GivenUp | NotOurs


@dataclass(frozen=True, slots=True)
class Parent:
    """One parentRef of a route and how it stands; ``ref`` None: no longer named, but was attached."""

    ref: ParentRef | None
    gateway: Ref
    standing: Standing


@dataclass(frozen=True, slots=True)
class Attachment:
    """Every parent of a route in its order, then those it named before.

    ``age`` None: the route cannot be read. ``overridden``: it names its Lattice service itself.
    """

    parents: tuple[Parent, ...]
    age: Age | None = None
    overridden: bool = False

    @property
    def attached(self) -> tuple[Attached, ...]:
        """The parents it attaches to."""
        return tuple(p.standing for p in self.parents if isinstance(p.standing, Attached))

    @property
    def gone(self) -> tuple[Gone, ...]:
        """The parents whose wishes are held."""
        return tuple(p.standing for p in self.parents if isinstance(p.standing, Gone))

    @property
    def is_ours(self) -> bool:
        """Whether a Gateway of ours has something to say about the route."""
        return any(isinstance(p.standing, Attached | Rejected) for p in self.parents)


def view_attachment(view: View, ref: Ref) -> Attachment:
    """How each parent of a route stands."""
    route = last_route(view.get(ROUTES, ref))
    if route is None:
        return Attachment(())
    named = tuple(_parent(view, route, parent) for parent in route.spec.parent_refs)
    seen = {parent.gateway for parent in named}
    former = view.get(FORMER, ref)
    before = former.gateways if former else ()
    gone = (_former(view, ref, gateway) for gateway in before if gateway not in seen)
    overridden = service_name_override(route.metadata.annotations) is not None
    return Attachment((*named, *gone), age_of(route), overridden)


def gateways_named(route: Route) -> tuple[Ref, ...]:
    """The Gateways that a route names as parents, each once, in its order."""
    named = (_gateway(route, parent) for parent in route.spec.parent_refs if _is_gateway(parent))
    return tuple(dict.fromkeys(named))


def _is_gateway(parent: ParentRef) -> bool:
    return parent.group == GATEWAY_API and parent.kind == Kind.GATEWAY


def _gateway(route: Route, parent: ParentRef) -> Ref:
    return Ref(Kind.GATEWAY, parent.namespace or route.metadata.namespace, parent.name)


def _parent(view: View, route: Route, parent: ParentRef) -> Parent:
    gateway = _gateway(route, parent)
    if not _is_gateway(parent):
        return Parent(parent, gateway, NotOurs())
    return Parent(parent, gateway, _stand(view, route, parent, gateway))


def _stand(view: View, route: Route, parent: ParentRef, gateway: Ref) -> Standing:
    match view.cell(GATEWAY_VIEWS, gateway):
        case OurGateway() as ours:
            return _judge(view, route, parent, gateway.namespace, ours)
        case OtherGateway():
            former = view.get(FORMER, route.ref)
            if former is None or gateway not in former.gateways:
                return NotOurs()
            return _missing(view, route.ref, gateway, f"{gateway} has no class of ours any more")
        case UnknownGateway(problem):
            return _missing(view, route.ref, gateway, f"{gateway} cannot be read: {problem}")
        case None:
            return _missing(view, route.ref, gateway, f"{gateway} does not exist")


def _former(view: View, route: Ref, gateway: Ref) -> Parent:
    return Parent(None, gateway, _missing(view, route, gateway, f"{gateway} is no parent of the route any more"))


def _missing(view: View, route: Ref, gateway: Ref, why: str) -> Gone | GivenUp:
    if view.get(EXPIRED, ParentOfRoute(route, gateway)) is not None:
        return GivenUp(why)
    return Gone(NetworkKey(view.settings.network_override or gateway.name), why)


def _judge(view: View, route: Route, parent: ParentRef, home: str, gateway: OurGateway) -> Attached | Rejected:
    """The verdict of one Gateway of ours, which lives in the namespace ``home``.

    Spec: controllers.md §8.4; kind and namespace are looked at before hostnames.
    """
    if route.KIND is not Kind.HTTP_ROUTE:
        return Rejected(Reason.UNSUPPORTED_VALUE, f"kind {route.KIND} {NOT_BUILT}")
    chosen = tuple(listener for listener in gateway.listeners if _is_chosen(listener, parent))
    if not chosen:
        return Rejected(Reason.NO_MATCHING_PARENT, _no_listener(parent, gateway))
    open_to = tuple(listener for listener in chosen if _admits(view, route, home, listener))
    if not open_to:
        return Rejected(Reason.NOT_ALLOWED_BY_LISTENERS, _not_allowed(route, home, chosen))
    hits = [(listener, served(listener.hostname, route.spec.hostnames)) for listener in open_to]
    serving = [(listener, names) for listener, names in hits if names is not None]
    if not serving:
        return Rejected(Reason.NO_MATCHING_LISTENER_HOSTNAME, _no_hostname(route, open_to))
    found = {name for _, names in serving for name in names}
    ports = [Port(listener.port, listener.protocol, listener.name) for listener, _ in serving if listener.protocol]
    return Attached(
        network=gateway.network,
        ports=tuple(sorted(ports)),
        hostnames=tuple(name for name in route.spec.hostnames if name in found),
        standalone=gateway.standalone,
    )


def lost_listeners(view: View, route: Route, parent: Parent) -> tuple[ListenerView, ...]:
    """Listeners that a parentRef chooses, to which the Go controller attaches the route and we do not."""
    ours = view.cell(GATEWAY_VIEWS, parent.gateway)
    if parent.ref is None or not isinstance(ours, OurGateway):
        return ()
    missed = (each for each in ours.listeners if each.theirs and route.KIND not in each.kinds)
    return tuple(
        listener
        for listener in missed
        if _is_chosen(listener, parent.ref)
        and _admits_namespace(view, route, parent.gateway.namespace, listener)
        and served(listener.hostname, route.spec.hostnames) is not None
    )


def _is_chosen(listener: ListenerView, parent: ParentRef) -> bool:
    return parent.section_name in {None, listener.name} and parent.port in {None, listener.port}


def _admits(view: View, route: Route, home: str, listener: ListenerView) -> bool:
    """Whether a listener takes routes of that kind and from that namespace."""
    return route.KIND in listener.kinds and _admits_namespace(view, route, home, listener)


def _admits_namespace(view: View, route: Route, home: str, listener: ListenerView) -> bool:
    namespace = route.metadata.namespace
    match listener.namespaces.from_:
        case FromNamespaces.ALL:
            return True
        case FromNamespaces.SAME:
            return namespace == home
        case FromNamespaces.SELECTOR:
            selector = listener.namespaces.selector
            return selector is not None and selects(selector, _labels(view, namespace))


def _labels(view: View, name: str) -> dict[str, str]:
    """The labels of a namespace, whether or not a file declares it (decision 42)."""
    found = last_good(view.get(NAMESPACES, Ref(Kind.NAMESPACE, "", name)))
    return dict((found or implied_namespace(name)).labels)


def _no_listener(parent: ParentRef, gateway: OurGateway) -> str:
    asked = [f"sectionName {parent.section_name}"] if parent.section_name else []
    asked += [f"port {parent.port}"] if parent.port else []
    there = ", ".join(f"{listener.name} ({listener.port})" for listener in gateway.listeners)
    return f"no listener has {' and '.join(asked)}; the Gateway has {there}"


def _not_allowed(route: Route, home: str, chosen: tuple[ListenerView, ...]) -> str:
    reasons = "; ".join(f"{listener.name}: {_closed(route, home, listener)}" for listener in chosen)
    return f"No matching listeners allow this route. Check Gateway listener allowedRoutes policies ({reasons})"


def _closed(route: Route, home: str, listener: ListenerView) -> str:
    """Why a listener does not admit a route."""
    if listener.faults and not listener.kinds:
        return listener.faults[0].message
    if route.KIND not in listener.kinds:
        return f"admits no {route.KIND}"
    if listener.namespaces.from_ is FromNamespaces.SAME:
        return f"admits namespace {home} only, the route is in {route.metadata.namespace}"
    return f"its selector does not select namespace {route.metadata.namespace}"


def _no_hostname(route: Route, open_to: tuple[ListenerView, ...]) -> str:
    listeners = ", ".join(f"{listener.name} {listener.hostname}" for listener in open_to)
    return (
        "No matching listener hostname for this route "
        f"(found {', '.join(route.spec.hostnames)}; the listeners have {listeners})"
    )


def _staying(ref: Ref, value: Route | Undecodable[Route]) -> Iterable[tuple[Ref, Ref]]:
    """Routes but those that are being deleted: for us they are gone already, finalizer or not."""
    route = last_route(value)
    leaves = route is not None and route.metadata.deletion_timestamp is not None
    return () if leaves else ((ref, ref),)


EACH_ROUTE: Index[Ref, Ref] = Index("each route", ROUTES, _staying)
ATTACHMENTS: Cells[Ref, Attachment] = Cells("attachment", view_attachment, per=(EACH_ROUTE,))
