"""GatewayClass and Gateway with the defaults of the Gateway API CRDs 1.5.0."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final, TypeAlias

from msgspec import Meta

from lattice_gateway.core.objects.meta import (
    DnsLabel,
    DnsName,
    GroupName,
    Hostname,
    KindName,
    ObjectBase,
    PortNumber,
    Text,
    Value,
)
from lattice_gateway.core.objects.refs import GATEWAY_API, Kind

CONTROLLER_NAME: Final = "application-networking.k8s.aws/gateway-api-controller"
"""``spec.controllerName`` of the classes that are ours."""

ControllerName: TypeAlias = Annotated[
    str,
    Meta(min_length=1, max_length=253, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?/[A-Za-z0-9/\-._~%!$&'()*+,;=:]+\Z"),
]
ProtocolName: TypeAlias = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=255,
        # The second half has no beginning in the Gateway API's schema either.
        pattern=r"^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?\Z|[a-z0-9]([-a-z0-9.]*[a-z0-9])?/[A-Za-z0-9]+\Z",
    ),
]


class GatewayClassSpec(Value, frozen=True, kw_only=True):
    """``parameters_ref`` has no meaning to us."""

    controller_name: ControllerName
    description: Annotated[str, Meta(max_length=64)] | None = None
    parameters_ref: Mapping[str, Any] | None = None


class GatewayClass(ObjectBase, frozen=True, kw_only=True):
    """Names the controller that serves Gateways of this class."""

    KIND: ClassVar[Kind] = Kind.GATEWAY_CLASS

    spec: GatewayClassSpec


class TlsMode(StrEnum):
    """Where TLS ends."""

    TERMINATE = "Terminate"
    PASSTHROUGH = "Passthrough"


class FromNamespaces(StrEnum):
    """Namespaces whose routes a listener admits."""

    SAME = "Same"
    ALL = "All"
    SELECTOR = "Selector"


class SelectorOperator(StrEnum):
    """Operators of a label selector."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


class LabelRequirement(Value, frozen=True, kw_only=True):
    """One expression of a label selector."""

    key: Text
    operator: SelectorOperator
    values: tuple[str, ...] = ()


class LabelSelector(Value, frozen=True, kw_only=True):
    """Labels that must be there; an empty selector selects everything."""

    match_labels: Mapping[str, str] = {}
    match_expressions: tuple[LabelRequirement, ...] = ()


class RouteNamespaces(Value, frozen=True, kw_only=True):
    """``selector`` counts only with ``Selector``."""

    from_: FromNamespaces = FromNamespaces.SAME
    selector: LabelSelector | None = None


class RouteGroupKind(Value, frozen=True, kw_only=True):
    """A kind of route a listener admits."""

    group: GroupName = GATEWAY_API
    kind: KindName


class AllowedRoutes(Value, frozen=True, kw_only=True):
    """Which routes may attach; no ``kinds``: those of the listener's protocol."""

    namespaces: RouteNamespaces = RouteNamespaces()
    kinds: Annotated[tuple[RouteGroupKind, ...], Meta(max_length=8)] = ()


class CertificateRef(Value, frozen=True, kw_only=True):
    """A Secret with a certificate; not read by default (decision 28)."""

    group: GroupName = ""
    kind: KindName = "Secret"
    name: Text
    namespace: DnsLabel | None = None


class ListenerTls(Value, frozen=True, kw_only=True):
    """TLS of a listener; ``options`` holds ``P/certificate-arn``."""

    mode: TlsMode = TlsMode.TERMINATE
    certificate_refs: Annotated[tuple[CertificateRef, ...], Meta(max_length=64)] = ()
    options: Mapping[str, str] = {}


class Listener(Value, frozen=True, kw_only=True):
    """A listener of a Gateway; ``hostname`` None admits every hostname."""

    name: DnsName
    port: PortNumber
    protocol: ProtocolName
    hostname: Hostname | None = None
    tls: ListenerTls | None = None
    allowed_routes: AllowedRoutes = AllowedRoutes()


class GatewaySpec(Value, frozen=True, kw_only=True):
    """``addresses``, ``infrastructure``, ``allowed_listeners`` and ``tls`` have no meaning to us."""

    gateway_class_name: Text
    listeners: Annotated[tuple[Listener, ...], Meta(min_length=1, max_length=64)]
    addresses: Annotated[tuple[Mapping[str, Any], ...], Meta(max_length=16)] = ()
    infrastructure: Mapping[str, Any] | None = None
    allowed_listeners: Mapping[str, Any] | None = None
    tls: Mapping[str, Any] | None = None


class Gateway(ObjectBase, frozen=True, kw_only=True):
    """Stands for the service network of its name."""

    KIND: ClassVar[Kind] = Kind.GATEWAY

    spec: GatewaySpec
