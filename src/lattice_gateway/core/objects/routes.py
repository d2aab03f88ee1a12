"""HTTPRoute in full, GRPCRoute and TLSRoute as far as parents and hostnames, with the defaults of the CRDs 1.5.0."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, ClassVar, TypeAlias

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

Duration: TypeAlias = Annotated[str, Meta(pattern=r"^([0-9]{1,5}(h|m|s|ms)){1,4}\Z")]
HeaderName: TypeAlias = Annotated[str, Meta(min_length=1, max_length=256, pattern=r"^[A-Za-z0-9!#$%&'*+\-.^_`|~]+\Z")]


class ParentRef(Value, frozen=True, kw_only=True):
    """What a route wants to attach to; ``namespace`` None: the route's own."""

    group: GroupName = GATEWAY_API
    kind: KindName = "Gateway"
    name: Text
    namespace: DnsLabel | None = None
    section_name: DnsName | None = None
    port: PortNumber | None = None


class FilterType(StrEnum):
    """Filters of the Gateway API; none is expressible in VPC Lattice."""

    REQUEST_HEADER_MODIFIER = "RequestHeaderModifier"
    RESPONSE_HEADER_MODIFIER = "ResponseHeaderModifier"
    REQUEST_MIRROR = "RequestMirror"
    REQUEST_REDIRECT = "RequestRedirect"
    URL_REWRITE = "URLRewrite"
    EXTENSION_REF = "ExtensionRef"
    CORS = "CORS"
    EXTERNAL_AUTH = "ExternalAuth"


class Filter(Value, frozen=True, kw_only=True):
    """A filter, as far as it must be known to be refused: its settings are not read."""

    type: FilterType


class BackendRef(Value, frozen=True, kw_only=True):
    """Where a rule sends traffic; ``namespace`` None: the route's own."""

    group: GroupName = ""
    kind: KindName = "Service"
    name: Text
    namespace: DnsLabel | None = None
    port: PortNumber | None = None
    weight: Annotated[int, Meta(ge=0, le=1_000_000)] = 1
    filters: Annotated[tuple[Filter, ...], Meta(max_length=16)] = ()


class PathType(StrEnum):
    """How a path is compared."""

    EXACT = "Exact"
    PATH_PREFIX = "PathPrefix"
    REGULAR_EXPRESSION = "RegularExpression"


class ValueType(StrEnum):
    """How a header or query parameter is compared."""

    EXACT = "Exact"
    REGULAR_EXPRESSION = "RegularExpression"


class Method(StrEnum):
    """Methods the Gateway API can match."""

    GET = "GET"
    HEAD = "HEAD"
    POST = "POST"
    PUT = "PUT"
    DELETE = "DELETE"
    CONNECT = "CONNECT"
    OPTIONS = "OPTIONS"
    TRACE = "TRACE"
    PATCH = "PATCH"


class PathMatch(Value, frozen=True, kw_only=True):
    """A condition on the path; every path where nothing is given."""

    type: PathType = PathType.PATH_PREFIX
    value: Annotated[str, Meta(max_length=1024)] = "/"


class HeaderMatch(Value, frozen=True, kw_only=True):
    """A condition on a header."""

    type: ValueType = ValueType.EXACT
    name: HeaderName
    value: Annotated[str, Meta(min_length=1, max_length=4096)]


class QueryParamMatch(Value, frozen=True, kw_only=True):
    """A condition on a query parameter; VPC Lattice has none."""

    type: ValueType = ValueType.EXACT
    name: HeaderName
    value: Annotated[str, Meta(min_length=1, max_length=1024)]


class HTTPRouteMatch(Value, frozen=True, kw_only=True):
    """All conditions hold together; ``method`` None matches any."""

    path: PathMatch = PathMatch()
    headers: Annotated[tuple[HeaderMatch, ...], Meta(max_length=16)] = ()
    query_params: Annotated[tuple[QueryParamMatch, ...], Meta(max_length=16)] = ()
    method: Method | None = None


class Timeouts(Value, frozen=True, kw_only=True):
    """Time limits of a rule; VPC Lattice's are fixed."""

    request: Duration | None = None
    backend_request: Duration | None = None


class HTTPRouteRule(Value, frozen=True, kw_only=True):
    """A rule: any of ``matches`` (an empty list is like the default, every request), then filters and backends.

    ``retry`` and ``session_persistence`` are read only to be refused; None where not given.
    """

    name: DnsName | None = None
    matches: Annotated[tuple[HTTPRouteMatch, ...], Meta(max_length=64)] = (HTTPRouteMatch(),)
    filters: Annotated[tuple[Filter, ...], Meta(max_length=16)] = ()
    backend_refs: Annotated[tuple[BackendRef, ...], Meta(max_length=16)] = ()
    timeouts: Timeouts | None = None
    retry: Mapping[str, Any] | None = None
    session_persistence: Mapping[str, Any] | None = None


class HTTPRouteSpec(Value, frozen=True, kw_only=True):
    """Parents, hostnames (none: every one) and rules in manifest order."""

    parent_refs: Annotated[tuple[ParentRef, ...], Meta(max_length=32)] = ()
    hostnames: Annotated[tuple[Hostname, ...], Meta(max_length=16)] = ()
    rules: Annotated[tuple[HTTPRouteRule, ...], Meta(min_length=1, max_length=16)] = (HTTPRouteRule(),)


class HTTPRoute(ObjectBase, frozen=True, kw_only=True):
    """Becomes a Lattice service."""

    KIND: ClassVar[Kind] = Kind.HTTP_ROUTE

    spec: HTTPRouteSpec = HTTPRouteSpec()


class OtherRouteSpec(Value, frozen=True, kw_only=True):
    """A route that is known but not built yet: who it attaches to, its rules as given."""

    parent_refs: Annotated[tuple[ParentRef, ...], Meta(max_length=32)] = ()
    hostnames: Annotated[tuple[Hostname, ...], Meta(max_length=16)] = ()
    rules: Annotated[tuple[Mapping[str, Any], ...], Meta(max_length=16)] = ()


class GRPCRoute(ObjectBase, frozen=True, kw_only=True):
    """Known, not built yet."""

    KIND: ClassVar[Kind] = Kind.GRPC_ROUTE

    spec: OtherRouteSpec = OtherRouteSpec()


class TLSRoute(ObjectBase, frozen=True, kw_only=True):
    """Known, not built yet."""

    KIND: ClassVar[Kind] = Kind.TLS_ROUTE

    spec: OtherRouteSpec
