"""Service, EndpointSlice and Namespace, with what an API server would fill in."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar, Final, TypeAlias

import msgspec
from msgspec import Meta

from lattice_gateway.core.objects.meta import ObjectBase, ObjectMeta, PortNumber, Value
from lattice_gateway.core.objects.refs import Kind

SERVICE_NAME_LABEL: Final = "kubernetes.io/service-name"
NAMESPACE_NAME_LABEL: Final = "kubernetes.io/metadata.name"

HEADLESS: Final = "None"
"""``clusterIP`` of a Service without a cluster address."""

PortName: TypeAlias = Annotated[str, Meta(max_length=63)]


class TransportProtocol(StrEnum):
    """Protocol of a port; Lattice targets speak TCP."""

    TCP = "TCP"
    UDP = "UDP"
    SCTP = "SCTP"


class ServiceType(StrEnum):
    """How a Service is exposed."""

    CLUSTER_IP = "ClusterIP"
    NODE_PORT = "NodePort"
    LOAD_BALANCER = "LoadBalancer"
    EXTERNAL_NAME = "ExternalName"


class IpFamily(StrEnum):
    """An address family in the words of a Service."""

    IPV4 = "IPv4"
    IPV6 = "IPv6"


class ServicePort(Value, frozen=True, kw_only=True):
    """A port of a Service; an empty name is the single unnamed port, ``target_port`` None is ``port`` itself."""

    name: PortName = ""
    port: PortNumber
    protocol: TransportProtocol = TransportProtocol.TCP
    target_port: PortNumber | Annotated[str, Meta(min_length=1, max_length=63)] | None = None
    app_protocol: str | None = None


class ServiceSpec(Value, frozen=True, kw_only=True):
    """``ip_families`` as given; see ``families``."""

    ports: tuple[ServicePort, ...] = ()
    selector: Mapping[str, str] = {}
    type: ServiceType = ServiceType.CLUSTER_IP
    cluster_ip: Annotated[str, Meta(max_length=45)] | None = msgspec.field(default=None, name="clusterIP")
    cluster_ips: tuple[str, ...] = msgspec.field(default=(), name="clusterIPs")
    external_name: str | None = None
    ip_families: Annotated[tuple[IpFamily, ...], Meta(max_length=2)] = ()
    publish_not_ready_addresses: bool = False

    @property
    def families(self) -> tuple[IpFamily, ...]:
        """Address families, the primary one first; none for an ExternalName.

        Where none is given they follow from the cluster addresses, else they are what a single-stack IPv4 cluster
        fills in.
        """
        if self.type is ServiceType.EXTERNAL_NAME:
            return ()
        addresses = self.cluster_ips or ((self.cluster_ip,) if self.cluster_ip else ())
        found = tuple(IpFamily.IPV6 if ":" in a else IpFamily.IPV4 for a in addresses if a != HEADLESS)
        return self.ip_families or found or (IpFamily.IPV4,)


class Service(ObjectBase, frozen=True, kw_only=True):
    """A backend of routes."""

    KIND: ClassVar[Kind] = Kind.SERVICE

    spec: ServiceSpec = ServiceSpec()


class SliceAddressType(StrEnum):
    """Kind of the addresses of one EndpointSlice."""

    IPV4 = "IPv4"
    IPV6 = "IPv6"
    FQDN = "FQDN"


class EndpointConditions(Value, frozen=True, kw_only=True):
    """State of an endpoint; what is not known counts as ready, serving and not terminating (model.md P5.6)."""

    ready: bool = True
    serving: bool = True
    terminating: bool = False


class ObjectReference(Value, frozen=True, kw_only=True):
    """The object behind an endpoint, most often a Pod; a replaced one has the same name and another ``uid``."""

    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""


class Endpoint(Value, frozen=True, kw_only=True):
    """A set of addresses that are one backend."""

    addresses: Annotated[tuple[str, ...], Meta(min_length=1, max_length=100)]
    conditions: EndpointConditions = EndpointConditions()
    target_ref: ObjectReference | None = None


class EndpointPort(Value, frozen=True, kw_only=True):
    """A port of all endpoints of a slice; the number is the container's, ``None`` means every port."""

    name: PortName = ""
    port: PortNumber | None = None
    protocol: TransportProtocol = TransportProtocol.TCP


class EndpointSlice(ObjectBase, frozen=True, kw_only=True):
    """A part of the endpoints of a Service; it has no ``spec``."""

    KIND: ClassVar[Kind] = Kind.ENDPOINT_SLICE

    address_type: SliceAddressType
    endpoints: Annotated[tuple[Endpoint, ...], Meta(max_length=1000)] = ()
    ports: Annotated[tuple[EndpointPort, ...], Meta(max_length=100)] = ()

    @property
    def service(self) -> str | None:
        """Name of the Service, in the slice's namespace, or None where the label is missing."""
        return self.metadata.labels.get(SERVICE_NAME_LABEL) or None


class Namespace(ObjectBase, frozen=True, kw_only=True):
    """A namespace; only its labels count, and it has no ``spec``."""

    KIND: ClassVar[Kind] = Kind.NAMESPACE

    @property
    def labels(self) -> Mapping[str, str]:
        """Labels with the one an API server adds (decision 42)."""
        return {**self.metadata.labels, NAMESPACE_NAME_LABEL: self.metadata.name}


def implied_namespace(name: str) -> Namespace:
    """The namespace that exists because objects name it, although no file declares it (decision 42)."""
    return Namespace(metadata=ObjectMeta(name=name))
