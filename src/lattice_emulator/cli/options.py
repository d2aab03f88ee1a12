"""The options of ``serve`` as one value."""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lattice_emulator.admin.entries import SettingError
from lattice_emulator.dataplane.addresses import Mapping, MappingError, parse_mapping

_VPC = re.compile(r"vpc-([0-9a-z]{8}|[0-9a-z]{17})")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """What to serve, and how.

    ``client_vpc`` None: every service is reachable; ``service_addresses`` None: the data plane's own choice.
    """

    host: str
    port: int
    state: Path | None
    config: Path | None
    time_scale: float
    client_vpc: str | None
    mappings: tuple[Mapping, ...]
    data_plane: bool
    front_door_port: int
    service_addresses: ipaddress.IPv4Network | None


def mappings_of(texts: Iterable[str]) -> tuple[Mapping, ...]:
    """Read the mappings of target addresses; raises SettingError."""
    try:
        return tuple(parse_mapping(text) for text in texts)
    except MappingError as error:
        raise SettingError(f"--map-targets: {error}") from None


def read_vpc(option: str, text: str) -> str:
    """Check the id of a VPC; raises SettingError."""
    if not _VPC.fullmatch(text):
        raise SettingError(f"{option}: found {text!r}, expected the id of a VPC (vpc-0123456789abcdef0)")
    return text


def read_network(option: str, text: str) -> ipaddress.IPv4Network:
    """Read a network within 127.0.0.0/8; raises SettingError."""
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError as error:
        raise SettingError(f"{option}: found {text!r}, expected a network (127.64.0.0/16): {error}") from None
    if not network.is_loopback:
        raise SettingError(f"{option}: found {text!r}, expected a network within 127.0.0.0/8")
    return network
