"""Addresses and ports -> Envoy listeners, each with a subscription to the routes of its port."""

from http import HTTPStatus
from typing import Any

from lattice_emulator.dataplane.view import Answers

LISTENER = "type.googleapis.com/envoy.config.listener.v3.Listener"
_HTTP = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_ROUTER = "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
_MUTATION = "type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation"
_MAX_HEADERS = 100  # Lattice: headers of a request
_MAX_HEADERS_KB = 60  # Lattice: headers of a request, in all
# No client is internal: else its x-envoy-… headers would steer the proxy. An address nobody has (RFC 5737).
_INTERNAL = {"cidr_ranges": [{"address_prefix": "192.0.2.0", "prefix_len": 32}]}
_LATTICE_HEADERS = "x-amzn-lattice-"


def http_listener(
    name: str, bound: tuple[str, int], routes: dict[str, Any], idle_seconds: int, answers: Answers
) -> dict[str, Any]:
    """A cleartext HTTP/1.1 listener on ``bound``, answering by ``routes`` (its `route_source`)."""
    address, port = bound
    return {
        "@type": LISTENER,
        "name": name,
        "address": {"socket_address": {"address": address, "port_value": port}},
        # With it two Envoys could share a port unnoticed, and split its traffic.
        "enable_reuse_port": False,
        "filter_chains": [{"filters": [_connections(routes, idle_seconds, answers)]}],
    }


def route_source(name: str, directory: str) -> dict[str, Any]:
    """The subscription to the routes ``name``; equal ones share one file watch (an inotify instance each)."""
    source = {
        "path_config_source": {
            "path": f"{directory}/{name}.json",
            "watched_directory": {"path": directory},
        },
        "resource_api_version": "V3",
    }
    return {"route_config_name": name, "config_source": source}


def _connections(routes: dict[str, Any], idle_seconds: int, answers: Answers) -> dict[str, Any]:
    config = {
        "@type": _HTTP,
        "stat_prefix": routes["route_config_name"],
        "codec_type": "HTTP1",  # Lattice offers no cleartext HTTP/2
        "rds": routes,
        "common_http_protocol_options": {
            "idle_timeout": f"{idle_seconds}s",
            "max_connection_duration": f"{answers.connection_seconds}s",
            "max_headers_count": _MAX_HEADERS,
        },
        "max_request_headers_kb": _MAX_HEADERS_KB,
        "http_protocol_options": {"allow_custom_methods": True},
        "use_remote_address": True,
        "skip_xff_append": True,
        "internal_address_config": _INTERNAL,
        "generate_request_id": False,
        "server_header_transformation": "PASS_THROUGH",
        "local_reply_config": {"mappers": _generated_answers(answers)},
        "http_filters": [
            {"name": "headers", "typed_config": _headers()},
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": _ROUTER, "suppress_envoy_headers": True},
            },
        ],
    }
    return {"name": "envoy.filters.network.http_connection_manager", "typed_config": config}


def _headers() -> dict[str, Any]:
    """Spoofed headers of the service go, a request id comes (the client's own is kept, cut at 512 bytes)."""
    return {
        "@type": _MUTATION,
        "mutations": {
            "request_mutations": [
                {"remove_on_match": {"key_matcher": {"prefix": _LATTICE_HEADERS, "ignore_case": True}}},
                {"remove": "x-envoy-external-address"},
                _append("x-amzn-requestid", "%REQ(x-amzn-requestid):512%", "OVERWRITE_IF_EXISTS"),
                _append("x-amzn-requestid", "%UNIQUE_ID%", "ADD_IF_ABSENT"),
            ],
            "response_mutations": [
                _append("x-amzn-requestid", "%REQ(x-amzn-requestid)%", "OVERWRITE_IF_EXISTS_OR_ADD")
            ],
        },
    }


def _append(key: str, value: str, action: str) -> dict[str, Any]:
    return {"append": {"header": {"key": key, "value": value}, "append_action": action}}


def _generated_answers(answers: Answers) -> list[dict[str, Any]]:
    """What Envoy's own answers become; the first that fits is taken (spec/lattice.md §9.7)."""
    return [
        _by_flags(["UH"], answers.no_target_status),
        _by_flags(["UF", "UC", "LR", "UR"], 500),
        _by_flags(["UPE"], answers.malformed_answer_status),
        _by_flags(["UT"], answers.slow_target_status),
        _by_status(504, answers.slow_target_status),
        _by_status(431, 400),
        _by_status(404, 404),
    ]


def _by_flags(flags: list[str], status: int) -> dict[str, Any]:
    return {"filter": {"response_flag_filter": {"flags": flags}}, **_answer(status)}


def _by_status(found: int, status: int) -> dict[str, Any]:
    value = {"default_value": found, "runtime_key": f"lattice.status_{found}"}
    comparison = {"comparison": {"op": "EQ", "value": value}}
    return {"filter": {"status_code_filter": comparison}, **_answer(status)}


def _answer(status: int) -> dict[str, Any]:
    return {"status_code": status, "body": {"inline_string": HTTPStatus(status).phrase}}
