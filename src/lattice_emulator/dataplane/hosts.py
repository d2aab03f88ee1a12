"""One listener of one service -> Envoy's routes and headers: order, matches, weights, fixed answers.

Envoy refuses a RouteConfiguration as a whole, so what it would refuse is never written: weights that sum to 0
become a fixed answer, a path that can match nothing becomes no route (design/envoy.md §2, §4).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, assert_never

from lattice_emulator.dataplane.view import (
    Action,
    Answers,
    Exact,
    Fixed,
    Forward,
    HeaderMatch,
    Listener,
    Match,
    NotCarried,
    PathMatch,
    Plain,
    Prefix,
    PrefixMode,
    Reachable,
    Service,
    Speaks,
    Tls,
    Upstream,
)

_NEVER: tuple[dict[str, Any], ...] = ()
_CASE: Mapping[bool, dict[str, bool]] = {True: {}, False: {"case_sensitive": False}}  # Envoy minds it by default
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110: token
_GROUP_ARN = "%METADATA(CLUSTER:lattice:arn)%"  # once a virtual host, not once a weight: half of the file


@dataclass(frozen=True, slots=True)
class Given:
    """What a listener's routes depend on besides the listener; ``upstreams`` are the groups it names."""

    idle_seconds: int
    upstreams: Mapping[str, Upstream]
    answers: Answers


def routes(listener: Listener, given: Given) -> list[dict[str, Any]]:
    """The rules in their order, then the default action."""
    ruled = [
        {"match": match, **_action(rule.action, given)}
        for rule in listener.rules
        for match in route_matches(rule.match, given.answers.prefix)
    ]
    return [*ruled, {"match": {"prefix": ""}, **_action(listener.default, given)}]


def request_headers(service: Service, reach: Reachable, listener: Listener) -> list[dict[str, Any]]:
    """What the service adds for targets (spec/lattice.md §9.5); the request id is the Envoy listener's work."""
    target = f"ServiceArn={service.arn}; ServiceNetworkArn={reach.network_arn}; TargetGroupArn={_GROUP_ARN}"
    return [
        {
            "header": {"key": "x-forwarded-for", "value": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%"},
            "append_action": "APPEND_IF_EXISTS_OR_ADD",
        },
        _overwrite("x-forwarded-port", str(listener.port)),
        _overwrite("x-amzn-lattice-network", f"SourceVpcArn={reach.vpc_arn}"),
        _overwrite("x-amzn-lattice-target", target),
        _overwrite("x-amzn-source-vpc", reach.vpc_id),
    ]


def groups_of(listener: Listener) -> frozenset[str]:
    """The groups that the listener's actions name."""
    actions = (listener.default, *(rule.action for rule in listener.rules))
    return frozenset(share.group for action in actions if isinstance(action, Forward) for share in action.shares)


def fixed(status: int) -> dict[str, Any]:
    """An answer without any target: the reason phrase as text."""
    return {"direct_response": {"status": status, "body": {"inline_string": HTTPStatus(status).phrase}}}


def _action(action: Action, given: Given) -> dict[str, Any]:
    match action:
        case Fixed(status):
            return fixed(status)
        case Forward():
            return _forward(_weights(action), given)
        case _:
            assert_never(action)


def _forward(weights: Mapping[str, int], given: Given) -> dict[str, Any]:
    """Weighted clusters; a fixed answer when no group has weight or none of them takes HTTP/1.1."""
    if not weights:
        return fixed(given.answers.zero_weight_status)
    known = [given.upstreams[group] for group in weights if group in given.upstreams]
    if known and not any(_takes_http1(upstream) for upstream in known):
        return fixed(given.answers.protocol_mismatch_status)
    clusters = [{"name": group, "weight": weight} for group, weight in weights.items()]
    return {
        "route": {
            "weighted_clusters": {"clusters": clusters},
            "timeout": "0s",
            "idle_timeout": f"{given.idle_seconds}s",
        }
    }


def _weights(forward: Forward) -> dict[str, int]:
    """Weights by group, those of a repeated group added up, without groups of weight 0."""
    weights: dict[str, int] = {}
    for share in forward.shares:
        weights[share.group] = weights.get(share.group, 0) + share.weight
    return {group: weight for group, weight in weights.items() if weight > 0}


def _takes_http1(upstream: Upstream) -> bool:
    """Whether a group takes a request of an HTTP/1.1 client (spec/lattice.md §9.3)."""
    match upstream:
        case Plain(speaks) | Tls(speaks):
            return speaks is Speaks.HTTP1
        case NotCarried():
            return True
        case _:
            assert_never(upstream)


def route_matches(match: Match, mode: PrefixMode) -> tuple[dict[str, Any], ...]:
    """Envoy's form of a match: one route match, or none where no request can ever match."""
    if not all(_NAME.fullmatch(header.name) for header in match.headers):
        return _NEVER  # no request can bear such a header, and Envoy refuses the name
    headers = [*_method(match.method), *(_header(header) for header in match.headers)]
    tail: dict[str, Any] = {"headers": headers} if headers else {}
    return tuple({**path, **tail} for path in _paths(match.path, mode))


def _paths(path: PathMatch | None, mode: PrefixMode) -> tuple[dict[str, Any], ...]:
    match path:
        case None:
            return ({"prefix": ""},)
        case Exact() | Prefix() if "?" in path.path or "#" in path.path:
            return _NEVER  # query and fragment are cut off before paths are compared
        case Exact(value, case):
            return ({"path": value, **_CASE[case]},)
        case Prefix(value, case) if mode is PrefixMode.SEGMENT and value.rstrip("/"):
            return ({"path_separated_prefix": value.rstrip("/"), **_CASE[case]},)
        case Prefix(value, case):
            return ({"prefix": value, **_CASE[case]},)
        case _:
            assert_never(path)


def _method(method: str | None) -> list[dict[str, Any]]:
    return [] if method is None else [{"name": ":method", "string_match": {"exact": method}}]


def _header(header: HeaderMatch) -> dict[str, Any]:
    name = header.name.lower()
    return {
        "name": ":authority" if name == "host" else name,  # Envoy keeps Host under HTTP/2's name
        "string_match": {header.compare.value: header.value, "ignore_case": not header.case_sensitive},
    }


def _overwrite(key: str, value: str) -> dict[str, Any]:
    return {
        "header": {"key": key, "value": value},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
        "keep_empty_value": True,
    }
