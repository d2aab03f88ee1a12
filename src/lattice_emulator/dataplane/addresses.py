"""Where a target's id leads on this machine: addresses of pods mapped to addresses that can be bound here."""

import ipaddress
from dataclasses import dataclass
from typing import TypeAlias

IpNetwork: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
# Only one IPv6 loopback address exists, so groups of that family are served on IPv4 unless mapped otherwise.
IPV6_HOME = ipaddress.IPv4Network("127.246.0.0/16")


@dataclass(frozen=True, slots=True)
class MapNetwork:
    """Addresses in ``source`` become those at the same place in ``target``, modulo its size."""

    source: IpNetwork
    target: IpNetwork


@dataclass(frozen=True, slots=True)
class MapName:
    """A target that is no address (an instance, a load balancer) listens on ``address``."""

    name: str
    address: str


Mapping: TypeAlias = MapNetwork | MapName


class MappingError(ValueError):
    """A mapping that cannot be read; the message names it and what was expected."""


def parse_mapping(text: str) -> Mapping:
    """Read ``10.244.0.0/16=127.244.0.0/16``, or ``i-0123=127.0.0.5`` for a target that is no address.

    >>> local_address("10.244.3.7", (parse_mapping("10.244.0.0/16=127.244.0.0/16"),))
    '127.244.3.7'
    """
    left, equals, right = (part.strip() for part in text.partition("="))
    if not equals or not left or not right:
        raise MappingError(f"mapping of target addresses: found {text!r}, expected FROM=TO")
    if "/" not in left or left.startswith("arn:"):
        return MapName(left, str(_address(right, text)))
    return MapNetwork(_network(left, text), _network(right, text))


def local_address(target: str, mappings: tuple[Mapping, ...]) -> str | None:
    """Where the target listens: by the first mapping that knows it, else its own address.

    An IPv6 address other than ``::1`` that no mapping knows goes to 127.246/16 by its last 16 bits. None: the id
    is no address and no mapping names it.
    """
    address = _parsed(target)
    for mapping in mappings:
        match mapping:
            case MapName(name, home) if name == target:
                return home
            case MapNetwork(source, home) if address is not None and address in source:
                return _moved(int(address) - int(source.network_address), home)
            case _:
                continue
    if isinstance(address, ipaddress.IPv6Address) and not address.is_loopback:
        return _moved(int(address), IPV6_HOME)
    return None if address is None else str(address)


def _moved(place: int, home: IpNetwork) -> str:
    return str(home[place % home.num_addresses])


def _parsed(target: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(target)
    except ValueError:
        return None


def _address(text: str, whole: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(text)
    except ValueError as error:
        raise MappingError(f"mapping of target addresses {whole!r}: {error}; expected an address after '='") from None


def _network(text: str, whole: str) -> IpNetwork:
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise MappingError(f"mapping of target addresses {whole!r}: {error}; expected NETWORK=NETWORK") from None
