"""Groups -> Envoy clusters: STATIC, endpoints inline, no health checks (the emulator checks by itself)."""

from typing import Any, assert_never

from lattice_emulator.dataplane.view import (
    Answers,
    Endpoint,
    Group,
    NotCarried,
    Plain,
    Speaks,
    Tls,
    Upstream,
)

CLUSTER = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
# Backends close idle connections; a request sent at that moment would fail. So ours close first.
_UPSTREAM_IDLE = "1s"
# Envoy's own limit of 1,024 connections and requests has no counterpart in Lattice.
_NO_LIMIT = 1_000_000_000


def cluster(group: Group, answers: Answers) -> dict[str, Any]:
    """The cluster of one group, named by the group's id."""
    return {
        "@type": CLUSTER,
        "name": group.id,
        "type": "STATIC",
        "metadata": {"filter_metadata": {"lattice": {"arn": group.arn}}},
        "connect_timeout": f"{answers.connect_seconds:g}s",
        "lb_policy": "ROUND_ROBIN",
        "load_assignment": {
            "cluster_name": group.id,
            "endpoints": [{"lb_endpoints": [_endpoint(endpoint) for endpoint in group.endpoints]}],
        },
        "circuit_breakers": {
            "thresholds": [{"max_connections": _NO_LIMIT, "max_pending_requests": _NO_LIMIT, "max_requests": _NO_LIMIT}]
        },
        **_upstream(group.upstream),
    }


def _endpoint(endpoint: Endpoint) -> dict[str, Any]:
    address = {"address": endpoint.address, "port_value": endpoint.port}
    return {"endpoint": {"address": {"socket_address": address}}}


def _upstream(upstream: Upstream) -> dict[str, Any]:
    match upstream:
        case Plain(speaks):
            return _protocol(speaks)
        case Tls(speaks):
            return {**_protocol(speaks), "transport_socket": _tls(speaks)}
        case NotCarried():
            return {}
        case _:
            assert_never(upstream)


def _protocol(speaks: Speaks) -> dict[str, Any]:
    match speaks:
        case Speaks.HTTP1:
            explicit: dict[str, Any] = {"http_protocol_options": {}}
        case Speaks.HTTP2:
            explicit = {"http2_protocol_options": {}}
        case _:
            assert_never(speaks)
    options = {
        "@type": f"type.googleapis.com/{_HTTP_OPTIONS}",
        "common_http_protocol_options": {"idle_timeout": _UPSTREAM_IDLE},
        "explicit_http_config": explicit,
    }
    return {"typed_extension_protocol_options": {_HTTP_OPTIONS: options}}


def _tls(speaks: Speaks) -> dict[str, Any]:
    alpn = "h2" if speaks is Speaks.HTTP2 else "http/1.1"
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {"@type": _TLS, "common_tls_context": {"alpn_protocols": [alpn]}},
    }
