"""Which addresses stand behind a port of a Service (model.md §5)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from lattice_gateway.core.lattice.keys import GroupKey
from lattice_gateway.core.lattice.units import Target
from lattice_gateway.core.lattice.words import AddressType
from lattice_gateway.core.objects import EndpointSlice, Ref, Service
from lattice_gateway.core.objects.cluster import EndpointPort, TransportProtocol
from lattice_gateway.core.objects.refs import Kind
from lattice_gateway.core.translate.inputs import SERVICES, SLICES, Undecodable, is_unknown, last_good
from lattice_gateway.core.translate.view import Cells, Index, View

FAMILIES = {AddressType.IPV4: "IPv4", AddressType.IPV6: "IPv6"}


UNKNOWN = ""
"""Stands for the Service of a slice that cannot be read: it may be any Service of the namespace."""


class Socket(NamedTuple):
    """A port of a Service, in one address family."""

    namespace: str
    name: str
    port: int
    family: AddressType


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The targets that should be registered; None: whatever is registered stays (the Service is going, or unknown)."""

    targets: frozenset[Target] | None


@dataclass(frozen=True, slots=True)
class Behind:
    """The Service of a socket, its slices of that family, and the names of its ports of that number."""

    service: Service
    slices: tuple[EndpointSlice, ...]
    names: frozenset[str]


def socket_of(key: GroupKey) -> Socket:
    """What a group sends requests to."""
    return Socket(key.namespace, key.name, key.port, key.address_type)


def view_endpoints(view: View, socket: Socket) -> Endpoints:
    """Every address that is ready and not terminating, each once; see ``gated`` for those that wait for us."""
    found = behind(view, socket)
    if found is None:
        return Endpoints(None)
    return Endpoints(frozenset(target for part in found.slices for target in _targets(part, found.names)))


def behind(view: View, socket: Socket) -> Behind | None:
    """What stands behind a socket; None where the Service is going, or something of it cannot be read."""
    service = last_good(view.get(SERVICES, Ref(Kind.SERVICE, socket.namespace, socket.name)))
    if service is None or service.metadata.deletion_timestamp is not None:
        return None
    if view.count(SLICES_OF, (socket.namespace, UNKNOWN)):
        return None
    values = (view.get(SLICES, ref) for ref in view.lookup(SLICES_OF, (socket.namespace, socket.name)))
    slices = (one for one in map(last_good, values) if one and one.address_type == FAMILIES[socket.family])
    return Behind(service, tuple(slices), _port_names(service, socket.port))


def ports_of(part: EndpointSlice, names: frozenset[str]) -> list[int]:
    """Numbers of a slice's ports that are those of the Service."""
    return [port.port for port in part.ports if port.port is not None and _is_wanted(port, names)]


def _port_names(service: Service, number: int) -> frozenset[str]:
    """Names of the Service's ports of that number; the empty name is that of an unnamed port."""
    ports = (port for port in service.spec.ports if port.port == number and port.protocol is TransportProtocol.TCP)
    return frozenset(port.name for port in ports)


def _targets(part: EndpointSlice, names: frozenset[str]) -> Iterator[Target]:
    ports = ports_of(part, names)
    for endpoint in part.endpoints:
        if endpoint.conditions.ready and not endpoint.conditions.terminating:
            for address in endpoint.addresses:
                for port in ports:
                    yield Target(address, port)


def _is_wanted(port: EndpointPort, names: frozenset[str]) -> bool:
    """Whether a slice's port is the Service's.

    Parity: an unnamed Service port takes every port of the slice (Go v2.1.3).
    """
    return port.protocol is TransportProtocol.TCP and ("" in names or port.name in names)


def _by_service(ref: Ref, value: EndpointSlice | Undecodable[EndpointSlice]) -> Iterable[tuple[tuple[str, str], Ref]]:
    if is_unknown(value):
        return (((ref.namespace, UNKNOWN), ref),)
    part = last_good(value)
    return (((ref.namespace, part.service), ref),) if part and part.service else ()


SLICES_OF: Index[tuple[str, str], Ref] = Index("slices by service", SLICES, _by_service)
ENDPOINTS: Cells[Socket, Endpoints] = Cells("endpoints", view_endpoints)
