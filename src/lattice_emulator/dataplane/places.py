"""Where services are bound: an address each in 127/8 with real or offset ports, or one address for all of them.

Placing is a plain function of what was placed before, what is wanted now and what the machine lets us bind (asked
through a callable), so that a service keeps its address and its ports for its life.
"""

import hashlib
import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeAlias

OFFSET = 10_000
FALLBACK_PORTS = range(20_000, 60_000)

Address: TypeAlias = str
CanBind: TypeAlias = Callable[[Address, int], bool]


@dataclass(frozen=True, slots=True)
class OwnAddresses:
    """Each service gets an address out of ``network``."""

    network: ipaddress.IPv4Network


@dataclass(frozen=True, slots=True)
class OneAddress:
    """All services share ``address``: ports are always offset, and Host chooses the service."""

    address: Address


Layout: TypeAlias = OwnAddresses | OneAddress


@dataclass(frozen=True, slots=True)
class Places:
    """Addresses by service id, and the bound port by (address, listener port).

    Ports outlive their listener for as long as their address is in use: one that comes back finds its port again,
    also while the machine still frees it.
    """

    addresses: Mapping[str, Address] = field(default_factory=dict)
    ports: Mapping[tuple[Address, int], int] = field(default_factory=dict)


def layout_for(network: ipaddress.IPv4Network, can_bind: CanBind) -> Layout:
    """Own addresses where the machine binds any of ``network`` (Linux), else 127.0.0.1 alone (macOS)."""
    if can_bind(str(network[1]), 0):
        return OwnAddresses(network)
    return OneAddress("127.0.0.1")


def place(before: Places, wanted: Mapping[str, frozenset[int]], layout: Layout, can_bind: CanBind) -> Places:
    """Places for the ``wanted`` listener ports by service id; whatever was placed before stays where it is.

    A port that cannot be bound is offset by 10,000, then goes to the first of 20,000-59,999 that can.
    A port for which nothing can be bound has no place.
    """
    addresses = _addresses(before.addresses, sorted(wanted), layout)
    needed = sorted({(addresses[service], port) for service, ports in wanted.items() for port in ports})
    used = set(addresses.values())
    ports = {place: bound for place, bound in before.ports.items() if place[0] in used}
    taken = {(address, bound) for (address, _), bound in ports.items()}
    for address, port in needed:
        if (address, port) in ports:
            continue
        bound = _bindable(address, port, layout, lambda a, p: (a, p) not in taken and can_bind(a, p))
        if bound is not None:
            ports[address, port] = bound
            taken.add((address, bound))
    return Places(addresses, ports)


def _addresses(before: Mapping[str, Address], services: list[str], layout: Layout) -> dict[str, Address]:
    match layout:
        case OneAddress(address):
            return dict.fromkeys(services, address)
        case OwnAddresses(network):
            addresses = {service: before[service] for service in services if service in before}
            taken = set(addresses.values())
            for service in services:
                if service not in addresses:
                    addresses[service] = _free_address(service, network, taken)
                    taken.add(addresses[service])
            return addresses


def _free_address(service: str, network: ipaddress.IPv4Network, taken: set[Address]) -> Address:
    """The address the service's id hashes to, or the next free one; first and last of the network stay unused."""
    room = network.num_addresses - 2
    start = int.from_bytes(hashlib.sha256(service.encode()).digest()[:8]) % room
    for step in range(room):
        address = str(network[1 + (start + step) % room])
        if address not in taken:
            return address
    raise ValueError(f"service addresses: all {room} of {network} are in use, give a larger range")


def _bindable(address: Address, port: int, layout: Layout, free: CanBind) -> int | None:
    real = [port] if isinstance(layout, OwnAddresses) else []
    offset = [port + OFFSET] if port + OFFSET <= FALLBACK_PORTS[-1] else []
    candidates = chain(real, offset, FALLBACK_PORTS)
    return next((candidate for candidate in candidates if free(address, candidate)), None)
