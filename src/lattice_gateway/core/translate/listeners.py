"""Which listeners of a Gateway can serve, and whom they admit (controllers.md §6.3)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from lattice_gateway.core.lattice.words import ListenerProtocol
from lattice_gateway.core.objects import Listener, RouteNamespaces, TlsMode
from lattice_gateway.core.objects.refs import GATEWAY_API, Kind
from lattice_gateway.core.translate.verdicts import Reason

NOT_BUILT = "is known but not built yet"
"""What is said of everything that a later change brings."""


class Aspect(StrEnum):
    """The condition of a listener that a fault belongs to."""

    ACCEPTED = "Accepted"
    RESOLVED_REFS = "ResolvedRefs"


@dataclass(frozen=True, slots=True)
class ListenerFault:
    """What stands against a listener; several faults of one aspect stand in order of importance."""

    aspect: Aspect
    reason: Reason
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerView:
    """A listener of a Gateway, judged.

    ``protocol`` None: not served. ``kinds`` are the kinds of routes it supports and admits; empty: none attaches.
    ``theirs``: the Go controller lets HTTPRoutes attach to it.
    """

    name: str
    port: int
    protocol: ListenerProtocol | None
    hostname: str | None
    kinds: tuple[Kind, ...]
    namespaces: RouteNamespaces
    faults: tuple[ListenerFault, ...] = ()
    theirs: bool = False

    @property
    def accepted(self) -> bool:
        """Whether the listener itself is accepted; its references may still not resolve."""
        return self.fault(Aspect.ACCEPTED) is None

    def fault(self, aspect: Aspect) -> ListenerFault | None:
        """The most important fault of an aspect."""
        return next((fault for fault in self.faults if fault.aspect is aspect), None)


_KINDS = {ListenerProtocol.HTTP: (Kind.HTTP_ROUTE,)}
"""Kinds that attach to listeners of a protocol; HTTPS and TLS passthrough come with their routes."""

_CONFLICTS = frozenset({Reason.PROTOCOL_CONFLICT, Reason.HOSTNAME_CONFLICT})


def judge_listeners(listeners: tuple[Listener, ...]) -> tuple[ListenerView, ...]:
    """Every listener in its order, each judged beside the others."""
    protocols: dict[int, set[str]] = {}
    for listener in listeners:
        protocols.setdefault(listener.port, set()).add(listener.protocol)
    places = Counter(_place(listener) for listener in listeners)
    return tuple(_judge(listener, protocols[listener.port], places[_place(listener)]) for listener in listeners)


def is_conflict(fault: ListenerFault) -> bool:
    """Whether a fault is a conflict with another listener of the Gateway."""
    return fault.reason in _CONFLICTS


def _place(listener: Listener) -> tuple[int, str, str | None]:
    return listener.port, listener.protocol, listener.hostname


def _judge(listener: Listener, protocols: set[str], same_place: int) -> ListenerView:
    conflicts = tuple(_conflicts(listener, protocols, same_place))
    protocol, refused = _protocol(listener)
    supported = _KINDS.get(protocol, ()) if protocol and not conflicts else ()
    kinds, kind_faults = _admitted(listener, supported) if supported else ((), ())
    return ListenerView(
        name=listener.name,
        port=listener.port,
        protocol=None if conflicts else protocol,
        hostname=listener.hostname,
        kinds=kinds,
        namespaces=listener.allowed_routes.namespaces,
        faults=(*conflicts, *refused, *kind_faults),
        theirs=_is_theirs(listener),
    )


def _is_theirs(listener: Listener) -> bool:
    """Whether the Go controller lets HTTPRoutes attach: it looks at kinds, and at the protocol only without any.

    Parity: model.md §2.2 and P2.3 (Go v2.1.3).
    """
    asked = listener.allowed_routes.kinds
    if asked:
        return any(kind.kind == Kind.HTTP_ROUTE for kind in asked)
    return listener.protocol in {"HTTP", "HTTPS"}


def _conflicts(listener: Listener, protocols: set[str], same_place: int) -> Iterable[ListenerFault]:
    if len(protocols) > 1:
        found = ", ".join(sorted(protocols))
        yield _refusal(
            Reason.PROTOCOL_CONFLICT, f"port {listener.port} has listeners of several protocols: {found}; expected one"
        )
    if same_place > 1:
        hostname = f"hostname {listener.hostname}" if listener.hostname else "no hostname"
        yield _refusal(
            Reason.HOSTNAME_CONFLICT,
            f"{same_place} listeners with port {listener.port}, {listener.protocol} and {hostname}; expected one",
        )


def _protocol(listener: Listener) -> tuple[ListenerProtocol | None, tuple[ListenerFault, ...]]:
    """What the listener becomes in Lattice, or why it becomes nothing."""
    mode = listener.tls.mode if listener.tls else TlsMode.TERMINATE
    match listener.protocol, mode:
        case "HTTP", _:
            return ListenerProtocol.HTTP, ()
        case "HTTPS", _:
            return None, (_refusal(Reason.UNSUPPORTED_PROTOCOL, f"protocol HTTPS {NOT_BUILT}; expected HTTP"),)
        case "TLS", TlsMode.PASSTHROUGH:
            return None, (_refusal(Reason.UNSUPPORTED_PROTOCOL, f"protocol TLS {NOT_BUILT}; expected HTTP"),)
        case "TLS", _:
            message = "tls.mode: found Terminate, expected Passthrough: VPC Lattice has no other"
            return None, (_refusal(Reason.UNSUPPORTED_VALUE, message),)
        case _:
            message = f"protocol: found {listener.protocol}, expected HTTP, HTTPS or TLS"
            return None, (_refusal(Reason.UNSUPPORTED_PROTOCOL, message),)


def _refusal(reason: Reason, message: str) -> ListenerFault:
    return ListenerFault(Aspect.ACCEPTED, reason, message)


def _admitted(listener: Listener, supported: tuple[Kind, ...]) -> tuple[tuple[Kind, ...], tuple[ListenerFault, ...]]:
    """The supported kinds that ``allowedRoutes.kinds`` leaves, and a fault if it names others.

    Parity: the Go controller takes explicit kinds on any protocol (model.md P2.3); we do not.
    """
    asked = listener.allowed_routes.kinds
    if not asked:
        return supported, ()
    names = {kind.kind for kind in asked if kind.group == GATEWAY_API}
    wrong = [f"{kind.group}/{kind.kind}" for kind in asked if kind.group != GATEWAY_API or kind.kind not in supported]
    kinds = tuple(kind for kind in supported if kind in names)
    if not wrong:
        return kinds, ()
    message = f"allowedRoutes.kinds: found {', '.join(wrong)}, expected {', '.join(supported)} on {listener.protocol}"
    return kinds, (ListenerFault(Aspect.RESOLVED_REFS, Reason.INVALID_ROUTE_KINDS, message),)
