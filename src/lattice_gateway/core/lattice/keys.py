"""Keys of units: what makes a piece of Lattice state the same piece over time."""

from dataclasses import dataclass
from typing import TypeAlias

from lattice_gateway.core.lattice.words import AddressType, ProtocolVersion, TargetProtocol


@dataclass(frozen=True, slots=True, order=True)
class NetworkKey:
    """A service network, by the name a Gateway gives it."""

    name: str

    def __str__(self) -> str:
        return f"network/{self.name}"


@dataclass(frozen=True, slots=True, order=True)
class ServiceKey:
    """A Lattice service, by its name."""

    name: str

    def __str__(self) -> str:
        return f"service/{self.name}"


@dataclass(frozen=True, slots=True, order=True, kw_only=True)
class GroupKey:
    """A target group: the Lattice service it serves and every field Lattice cannot change.

    ``service`` is the name of the Lattice service, ``None`` for the group of a ServiceExport. ``namespace``, ``name``
    and ``port`` name the Kubernetes Service (or export) and its port as the backendRef gives it.
    A group serves one Lattice service (decision 36); the owner belongs to the key too, and enters the group's name.
    """

    service: str | None
    namespace: str
    name: str
    port: int
    protocol: TargetProtocol
    version: ProtocolVersion | None
    address_type: AddressType

    def __str__(self) -> str:
        version = f"/{self.version}" if self.version else ""
        backend = f"{self.namespace}/{self.name}:{self.port}"
        return f"group/{self.service or '-'}/{backend}/{self.protocol}{version}/{self.address_type}"


UnitKey: TypeAlias = NetworkKey | GroupKey | ServiceKey
