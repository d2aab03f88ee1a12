"""Targets that the Go controller registers and we do not: they stay while its choice is held (decision 22).

Parity: it reads neither the protocol of a port nor the kind of an address (model.md P5.3, Go v2.1.3).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lattice_gateway.core.lattice.units import Target
from lattice_gateway.core.objects import EndpointSlice, Ref, Service
from lattice_gateway.core.objects.cluster import EndpointPort, TransportProtocol
from lattice_gateway.core.objects.refs import Kind
from lattice_gateway.core.translate.endpoints import FAMILIES, SLICES_OF, Socket
from lattice_gateway.core.translate.inputs import SERVICES, SLICES, last_good
from lattice_gateway.core.translate.view import Cells, View


@dataclass(frozen=True, slots=True)
class Strays:
    """Ready endpoints of ports that are not TCP, and those of the other family.

    Lattice: a group takes no address of the other family, so these are only left where they are.
    """

    targets: frozenset[Target] = frozenset()
    spared: frozenset[Target] = frozenset()


def view_strays(view: View, socket: Socket) -> Strays:
    """The strays of a socket, each once."""
    service = _service(view, socket)
    names = _names(service, socket)
    slices = _slices(view, socket)
    own = [one for one in slices if one.address_type == FAMILIES[socket.family]]
    other = [one for one in slices if one.address_type != FAMILIES[socket.family]]
    return Strays(_targets(own, names), _targets(other, names))


def view_stray_kinds(view: View, socket: Socket) -> tuple[str, ...]:
    """What is astray, in words that stay as they are while pods come and go; empty: nothing is."""
    service = _service(view, socket)
    names, slices = _names(service, socket), _slices(view, socket)
    asked = (port.protocol for port in (service.spec.ports if service else ()) if port.port == socket.port)
    given = (port.protocol for one in slices for port in one.ports if _is_wanted(port, names))
    protocols = {protocol for protocol in (*asked, *given) if protocol is not TransportProtocol.TCP}
    families = {str(one.address_type) for one in slices if one.address_type != FAMILIES[socket.family]}
    return (
        *(f"{protocol} ports" for protocol in sorted(protocols)),
        *(f"{each} endpoints" for each in sorted(families)),
    )


def _service(view: View, socket: Socket) -> Service | None:
    return last_good(view.get(SERVICES, Ref(Kind.SERVICE, socket.namespace, socket.name)))


def _slices(view: View, socket: Socket) -> tuple[EndpointSlice, ...]:
    values = (view.get(SLICES, ref) for ref in view.lookup(SLICES_OF, (socket.namespace, socket.name)))
    return tuple(one for one in map(last_good, values) if one)


def _names(service: Service | None, socket: Socket) -> frozenset[str]:
    ports = service.spec.ports if service else ()
    return frozenset(port.name for port in ports if port.port == socket.port)


def _is_wanted(port: EndpointPort, names: frozenset[str]) -> bool:
    return "" in names or port.name in names


def _targets(slices: Iterable[EndpointSlice], names: frozenset[str]) -> frozenset[Target]:
    return frozenset(target for one in slices for target in _targets_of(one, names))


def _targets_of(part: EndpointSlice, names: frozenset[str]) -> Iterator[Target]:
    numbers = [port.port for port in part.ports if port.port is not None and _is_wanted(port, names)]
    for endpoint in part.endpoints:
        if endpoint.conditions.ready and not endpoint.conditions.terminating:
            yield from (Target(address, number) for address in endpoint.addresses for number in numbers)


STRAYS: Cells[Socket, Strays] = Cells("strays", view_strays)
STRAY_KINDS: Cells[Socket, tuple[str, ...]] = Cells("kinds of strays", view_stray_kinds)
