"""What the backendRefs of a route lead to (controllers.md §6.4, §8.5; decisions 10, 27)."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from lattice_gateway.core.lattice.keys import GroupKey
from lattice_gateway.core.lattice.units import AsItIs, FixedResponse, Forward, RuleAction, Share
from lattice_gateway.core.lattice.words import AddressType, ProtocolVersion, TargetProtocol
from lattice_gateway.core.objects import BackendRef, HTTPRoute, IpFamily, Ref, ReferenceGrant, Service, ServiceType
from lattice_gateway.core.objects.cluster import TransportProtocol
from lattice_gateway.core.objects.explain import Complaint
from lattice_gateway.core.objects.refs import CORE_API, GATEWAY_API, LATTICE_API, Kind
from lattice_gateway.core.translate.choice import Choice
from lattice_gateway.core.translate.inputs import FORBIDDEN, GRANTS, SERVICES, Undecodable, is_unknown, last_good
from lattice_gateway.core.translate.listeners import NOT_BUILT
from lattice_gateway.core.translate.verdicts import Reason
from lattice_gateway.core.translate.view import Index, View
from lattice_gateway.core.translate.weights import scaled

NO_BACKEND = 500
"""What a rule answers that has no backend to send requests to."""

_ADDRESS_TYPES = {IpFamily.IPV4: AddressType.IPV4, IpFamily.IPV6: AddressType.IPV6}


@dataclass(frozen=True, slots=True)
class ToGroup:
    """Requests go to a target group."""

    group: GroupKey


@dataclass(frozen=True, slots=True)
class Unresolved:
    """The reference leads nowhere, for certain; it takes no traffic."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something on the way cannot be read, or may not be decided now: what is deployed stays until then."""

    why: str


Resolved: TypeAlias = ToGroup | Unresolved | Unknown


@dataclass(frozen=True, slots=True)
class Backend:
    """A backendRef with what it leads to; ``place`` is its path in the route (``rules[0].backendRefs[1]``).

    ``kept`` is what stands in its place while the Go controller's choice is held, None: nothing else (decision 22).
    """

    place: str
    ref: BackendRef
    leads_to: Resolved
    kept: ToGroup | Unknown | None = None

    @property
    def in_force(self) -> Resolved:
        """What it is deployed as."""
        return self.kept or self.leads_to


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose backends are resolved, by whose choice: the route, and the Lattice service that it becomes."""

    route: HTTPRoute
    service: str
    choice: Choice = Choice.OURS


def resolve(view: View, origin: Origin, rule: int) -> tuple[Backend, ...]:
    """The backends of one rule of a route, in their order."""
    backends = []
    for number, ref in enumerate(origin.route.spec.rules[rule].backend_refs):
        place = f"rules[{rule}].backendRefs[{number}]"
        found = _resolve(view, origin, place, ref)
        is_lost = origin.choice is Choice.THEIRS and isinstance(found, Unresolved)
        backends.append(Backend(place, ref, found, _kept(view, origin, place, ref) if is_lost else None))
    return tuple(backends)


def action_for(backends: tuple[Backend, ...]) -> RuleAction:
    """What a rule does with a request; a backend that cannot be read holds the whole rule, and no other (decision 37).

    Spec: HTTPRouteRule.backendRefs, invalid references; decision 32.
    Parity: the traffic of an unresolved backend goes to the others; a weighted fixed response does not exist.
    """
    found = [(backend.in_force, backend.ref.weight) for backend in backends]
    unknown = next((one.why for one, _ in found if isinstance(one, Unknown)), None)
    usable = [(one.group, weight) for one, weight in found if isinstance(one, ToGroup)]
    if unknown is not None:
        return AsItIs(unknown, tuple(group for group, _ in usable))
    if not any(weight for _, weight in usable):
        return FixedResponse(NO_BACKEND)
    weights = scaled([weight for _, weight in usable])
    return Forward(tuple(Share(group, weight) for (group, _), weight in zip(usable, weights, strict=True)))


def unbuilt(route: HTTPRoute) -> Iterator[Complaint]:
    """Backends of a kind that a later change brings."""
    for rule, backends in enumerate(route.spec.rules):
        for number, ref in enumerate(backends.backend_refs):
            if ref.kind == Kind.SERVICE_IMPORT and ref.group in {CORE_API, LATTICE_API}:
                place = f"spec.rules[{rule}].backendRefs[{number}].kind"
                yield Complaint(place, ref.kind, f"Service: {ref.kind} {NOT_BUILT}")


def _resolve(view: View, origin: Origin, place: str, ref: BackendRef) -> Resolved:
    """Kind, then grant, then existence: without a grant nothing is said about what is there."""
    if (ref.group, ref.kind) != (CORE_API, Kind.SERVICE):
        found = f"{ref.group}/{ref.kind}" if ref.group else ref.kind
        return Unresolved(Reason.INVALID_KIND, f"{place}: found kind {found}, expected Service")
    home = origin.route.metadata.namespace
    target = Ref(Kind.SERVICE, ref.namespace or home, ref.name)
    if target.namespace != home and _is_enforced(view):
        match _permission(view, origin.route, target):
            case Permission.NO:
                message = f"{place}: no ReferenceGrant in namespace {target.namespace} lets HTTPRoute of {home} in"
                return Unresolved(Reason.REF_NOT_PERMITTED, message)
            case Permission.UNKNOWN:
                return Unknown(f"{place}: a ReferenceGrant of namespace {target.namespace} cannot be read")
            case Permission.YES:
                pass
    value = view.get(SERVICES, target)
    if isinstance(value, Undecodable) and value.last is None:
        return Unknown(f"{place}: {target} cannot be read: {value.problem}")
    return _to_group(origin, place, ref, target, last_good(value))


def _is_enforced(view: View) -> bool:
    """Whether grants count: not where the role cannot read them, as that takes nothing away (decisions 22, 27)."""
    return view.settings.enforce_reference_grants and view.get(FORBIDDEN, Kind.REFERENCE_GRANT) is None


def _to_group(origin: Origin, place: str, ref: BackendRef, target: Ref, service: Service | None) -> Resolved:
    name = f"backendRef name: {ref.name}"
    if service is None:
        return Unresolved(Reason.BACKEND_NOT_FOUND, f"{name} ({place}: {target} does not exist)")
    if service.spec.type is ServiceType.EXTERNAL_NAME or not service.spec.families:
        return Unresolved(Reason.BACKEND_NOT_FOUND, f"{name} ({place}: {target} is an ExternalName, without endpoints)")
    if ref.port is None:
        return Unresolved(Reason.BACKEND_NOT_FOUND, f"{name} ({place}.port: found nothing, expected {_ports(service)})")
    if ref.port not in _tcp_ports(service):
        message = f"{name} ({place}.port: found {ref.port}, expected {_ports(service)} of {target})"
        return Unresolved(Reason.BACKEND_NOT_FOUND, message)
    return ToGroup(_group(origin, target, ref.port, service.spec.families[0]))


def _group(origin: Origin, target: Ref, port: int, family: IpFamily) -> GroupKey:
    return GroupKey(
        service=origin.service,
        namespace=target.namespace,
        name=target.name,
        port=port,
        protocol=TargetProtocol.HTTP,
        version=ProtocolVersion.HTTP1,
        address_type=_ADDRESS_TYPES[family],
    )


def _kept(view: View, origin: Origin, place: str, ref: BackendRef) -> ToGroup | Unknown | None:
    """What the Go controller forwards to for a backend that we leave out; None: it leaves it out as well.

    It knows no grants, reads neither the group of a reference nor the protocol of a port, and refuses the whole route
    for other things. What it forwarded to for these, and for what is gone only now, is not known.

    Parity: model.md §3.4 (Go v2.1.3).
    """
    if ref.kind not in {Kind.SERVICE, Kind.SERVICE_IMPORT}:
        return None
    target = Ref(Kind.SERVICE, ref.namespace or origin.route.metadata.namespace, ref.name)
    value = view.get(SERVICES, target)
    service = None if ref.kind != Kind.SERVICE or is_unknown(value) else last_good(value)
    families = service.spec.families if service else ()
    ports = {port.port for port in service.spec.ports} if service else set()
    if not families or ref.port is None or ref.port not in ports:
        return Unknown(f"{place} may lead somewhere since before the switch")
    return ToGroup(_group(origin, target, ref.port, families[0]))


def _tcp_ports(service: Service) -> list[int]:
    return [port.port for port in service.spec.ports if port.protocol is TransportProtocol.TCP]


def _ports(service: Service) -> str:
    ports = _tcp_ports(service)
    return " or ".join(map(str, ports)) if ports else "a TCP port (the Service has none)"


class Permission(Enum):
    """Whether a reference into another namespace is granted."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


def _permission(view: View, route: HTTPRoute, target: Ref) -> Permission:
    grants = [view.get(GRANTS, ref) for ref in view.lookup(GRANTS_OF, target.namespace)]
    if any(grant and _grants(grant, route, target) for grant in map(last_good, grants)):
        return Permission.YES
    return Permission.UNKNOWN if any(map(is_unknown, grants)) else Permission.NO


def _grants(grant: ReferenceGrant, route: HTTPRoute, target: Ref) -> bool:
    """Whether one grant, which lives beside the target, lets the route refer to it.

    Spec: ReferenceGrant; every member of ``from`` must be equal, ``to`` without a name means all.
    """
    source = (GATEWAY_API, str(route.KIND), route.metadata.namespace)
    lets_in = any((one.group, one.kind, one.namespace) == source for one in grant.spec.from_)
    wanted = (CORE_API, str(target.kind))
    return lets_in and any((to.group, to.kind) == wanted and to.name in {None, target.name} for to in grant.spec.to)


GRANTS_OF: Index[str, Ref] = Index("grants by namespace", GRANTS, lambda ref, _: ((ref.namespace, ref),))
