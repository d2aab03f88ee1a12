"""Rules over several fields that the CRDs and the API server hold an object to; the types hold the rest.

Spec: ``x-kubernetes-validations`` of the Gateway API CRDs 1.5.0; Service and EndpointSlice validation of Kubernetes.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final

from lattice_gateway.core.objects.cluster import EndpointSlice, Service, ServiceType, SliceAddressType
from lattice_gateway.core.objects.explain import Complaint, show
from lattice_gateway.core.objects.gateway import Gateway, Listener, TlsMode
from lattice_gateway.core.objects.meta import ObjectBase, ObjectMeta
from lattice_gateway.core.objects.refs import CLUSTER_SCOPED, Kind
from lattice_gateway.core.objects.routes import (
    BackendRef,
    FilterType,
    GRPCRoute,
    HTTPRoute,
    HTTPRouteRule,
    ParentRef,
    PathMatch,
    PathType,
    TLSRoute,
)

MAX_MATCHES: Final = 128
"""Matches over all rules of a route."""

_DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SERVICE_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_PATH = re.compile(r"(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9a-fA-F]{2})+")
_LABEL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")

Complaints = Iterator[Complaint]


def check(thing: ObjectBase) -> Complaint | None:
    """The first rule that ``thing`` breaks, or None."""
    rules = _RULES.get(thing.KIND)
    own = rules(thing) if rules else iter(())
    return next(_metadata(thing.KIND, thing.metadata), None) or next(own, None)


def _metadata(kind: Kind, metadata: ObjectMeta) -> Complaints:
    name = metadata.name
    if kind is Kind.SERVICE and not (len(name) <= 63 and _SERVICE_NAME.fullmatch(name)):
        yield Complaint("metadata.name", show(name), "at most 63 of a-z, 0-9 and -, beginning with a letter")
    if kind is Kind.NAMESPACE and not (len(name) <= 63 and _DNS_LABEL.fullmatch(name)):
        yield Complaint("metadata.name", show(name), "at most 63 of a-z, 0-9 and -")
    if kind in CLUSTER_SCOPED and metadata.namespace:
        yield Complaint("metadata.namespace", show(metadata.namespace), f"nothing: a {kind} has no namespace")
    for key, value in metadata.labels.items():
        if len(value) > 63 or not _LABEL_VALUE.fullmatch(value):
            yield Complaint(f"metadata.labels.{key}", show(value), "at most 63 letters, digits, -, _ and .")


def _gateway(thing: Gateway) -> Complaints:
    listeners = thing.spec.listeners
    for index, listener in enumerate(listeners):
        yield from _listener(f"spec.listeners[{index}]", listener)
    yield from _repeated("spec.listeners", "name", (listener.name for listener in listeners))
    places = [(listener.port, listener.protocol, listener.hostname) for listener in listeners]
    for index, place in enumerate(places):
        if place in places[:index]:
            words = f"port {place[0]}, protocol {place[1]}, hostname {place[2] or 'none'} again"
            yield Complaint(f"spec.listeners[{index}]", words, "each combination once")


def _listener(path: str, listener: Listener) -> Complaints:
    tls, protocol = listener.tls, listener.protocol
    if protocol in {"HTTP", "TCP", "UDP"} and tls is not None:
        yield Complaint(f"{path}.tls", "a mapping", f"nothing with protocol {protocol}")
    if protocol == "HTTPS" and tls is not None and tls.mode is not TlsMode.TERMINATE:
        yield Complaint(f"{path}.tls.mode", str(tls.mode), "Terminate with protocol HTTPS")
    if protocol == "TLS" and tls is None:
        yield Complaint(f"{path}.tls", "nothing", "a mapping with a mode: protocol TLS needs it")
    if protocol in {"TCP", "UDP"} and listener.hostname is not None:
        yield Complaint(f"{path}.hostname", show(listener.hostname), f"nothing with protocol {protocol}")
    if tls is not None and tls.mode is TlsMode.TERMINATE and not (tls.certificate_refs or tls.options):
        yield Complaint(f"{path}.tls", "neither certificateRefs nor options", "one of them with mode Terminate")


def _http_route(thing: HTTPRoute) -> Complaints:
    yield from _parents(thing.spec.parent_refs)
    for index, rule in enumerate(thing.spec.rules):
        yield from _rule(f"spec.rules[{index}]", rule)
    matches = sum(len(rule.matches) for rule in thing.spec.rules)
    if matches > MAX_MATCHES:
        yield Complaint("spec.rules", f"{matches} matches in all", f"at most {MAX_MATCHES}")


def _other_route(thing: GRPCRoute | TLSRoute) -> Complaints:
    yield from _parents(thing.spec.parent_refs)


def _parents(parents: tuple[ParentRef, ...]) -> Complaints:
    """Several references to one parent must tell themselves apart by sectionName or port."""
    seen: list[tuple[object, ...]] = []
    for index, parent in enumerate(parents):
        section = (parent.group, parent.kind, parent.namespace, parent.name, parent.section_name, parent.port)
        if section in seen:
            found = f"{parent.kind} {parent.name} again"
            yield Complaint(f"spec.parentRefs[{index}]", found, "each sectionName and port of a parent once")
        seen.append(section)


def _rule(path: str, rule: HTTPRouteRule) -> Complaints:
    for index, match in enumerate(rule.matches):
        place = f"{path}.matches[{index}]"
        yield from _path(f"{place}.path.value", match.path)
        yield from _repeated(f"{place}.headers", "name", (header.name for header in match.headers))
        yield from _repeated(f"{place}.queryParams", "name", (parameter.name for parameter in match.query_params))
    if rule.backend_refs and any(f.type is FilterType.REQUEST_REDIRECT for f in rule.filters):
        yield Complaint(f"{path}.backendRefs", show(rule.backend_refs), "nothing beside a RequestRedirect filter")
    for index, backend in enumerate(rule.backend_refs):
        yield from _backend(f"{path}.backendRefs[{index}]", backend)


def _backend(path: str, backend: BackendRef) -> Complaints:
    if not backend.group and backend.kind == "Service" and backend.port is None:
        yield Complaint(f"{path}.port", "nothing", "1 to 65535: a Service reference needs its port")


def _path(path: str, match: PathMatch) -> Complaints:
    """An absolute path without empty, ``.`` or ``..`` elements, in characters that need no escape."""
    if match.type is PathType.REGULAR_EXPRESSION:
        return
    value = match.value
    if not value.startswith("/"):
        yield Complaint(path, show(value), "a path that starts with /")
    elif not _PATH.fullmatch(value):
        yield Complaint(path, show(value), "only the characters of a URL path, others as %xx")
    elif "%2f" in value.lower() or "//" in value or {".", ".."} & set(value.split("/")):
        yield Complaint(path, show(value), "a path without //, /./, /../ and %2F")


def _repeated(path: str, member: str, names: Iterable[str]) -> Complaints:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            yield Complaint(f"{path}[{index}].{member}", f"{show(name)} again", "each once")
        seen.add(name)


def _service(thing: Service) -> Complaints:
    spec = thing.spec
    if spec.type is ServiceType.EXTERNAL_NAME and not spec.external_name:
        yield Complaint("spec.externalName", "nothing", "a DNS name with type ExternalName")
    names = [port.name for port in spec.ports]
    for index, name in enumerate(names):
        if len(names) > 1 and not name:
            yield Complaint(f"spec.ports[{index}].name", "nothing", "a name where a Service has several ports")
    yield from _repeated("spec.ports", "name", names)


_ADDRESSES: Final[dict[SliceAddressType, Callable[[str], object]]] = {
    SliceAddressType.IPV4: IPv4Address,
    SliceAddressType.IPV6: IPv6Address,
    SliceAddressType.FQDN: str,
}


def _endpoint_slice(thing: EndpointSlice) -> Complaints:
    parse = _ADDRESSES[thing.address_type]
    for index, endpoint in enumerate(thing.endpoints):
        for place, address in enumerate(endpoint.addresses):
            try:
                parse(address)
            except ValueError:
                path = f"endpoints[{index}].addresses[{place}]"
                yield Complaint(path, show(address), f"an {thing.address_type} address")


_RULES: Final[dict[Kind, Callable[[Any], Complaints]]] = {
    Kind.GATEWAY: _gateway,
    Kind.HTTP_ROUTE: _http_route,
    Kind.GRPC_ROUTE: _other_route,
    Kind.TLS_ROUTE: _other_route,
    Kind.SERVICE: _service,
    Kind.ENDPOINT_SLICE: _endpoint_slice,
}
