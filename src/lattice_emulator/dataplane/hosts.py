"""One listener of one service -> Envoy's routes and headers: order, matches, weights, fixed answers.

Envoy refuses a RouteConfiguration as a whole, so what it would refuse is never written: weights that sum to 0
become a fixed answer, a path that can match nothing becomes no route (design/envoy.md §2, §4).
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, assert_never

from lattice_emulator.dataplane.configuration import Json
from lattice_emulator.dataplane.view import (
    Action,
    Answers,
    Exact,
    Fixed,
    Forward,
    Group,
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


def routes_and_headers(
    service: Service, reach: Reachable, listener: Listener, groups: Mapping[str, Group], answers: Answers
) -> Json:
    """What a virtual host of the listener holds besides its name and domains."""
    lowered = _Lowering(service, reach, groups, answers)
    return {"routes": lowered.routes(listener), "request_headers_to_add": _request_headers(listener, reach)}


def groups_of(listener: Listener) -> frozenset[str]:
    """The groups that the listener's actions name."""
    actions = (listener.default, *(rule.action for rule in listener.rules))
    return frozenset(share.group for action in actions if isinstance(action, Forward) for share in action.shares)


def fixed(status: int) -> dict[str, Any]:
    """An answer without any target: the reason phrase as text."""
    return {"direct_response": {"status": status, "body": {"inline_string": HTTPStatus(status).phrase}}}


class _Lowering:
    """Routes of one reachable service."""

    def __init__(self, service: Service, reach: Reachable, groups: Mapping[str, Group], answers: Answers) -> None:
        self._service = service
        self._reach = reach
        self._groups = groups
        self._answers = answers

    def routes(self, listener: Listener) -> list[dict[str, Any]]:
        """The rules in their order, then the default action."""
        ruled = [
            {"match": match, **self._action(rule.action)}
            for rule in listener.rules
            for match in route_matches(rule.match, self._answers.prefix)
        ]
        return [*ruled, {"match": {"prefix": ""}, **self._action(listener.default)}]

    def _action(self, action: Action) -> dict[str, Any]:
        match action:
            case Fixed(status):
                return fixed(status)
            case Forward():
                return self._forward(action)
            case _:
                assert_never(action)

    def _forward(self, forward: Forward) -> dict[str, Any]:
        """Weighted clusters; a fixed answer when no share has weight or none of the groups takes HTTP/1.1."""
        weights = _weights(forward)
        if not weights:
            return fixed(self._answers.zero_weight_status)
        if not any(self._takes_http1(group) for group in weights):
            return fixed(self._answers.protocol_mismatch_status)
        idle = f"{self._service.idle_seconds}s"
        clusters = [self._weighted(group, weight) for group, weight in weights.items()]
        return {"route": {"weighted_clusters": {"clusters": clusters}, "timeout": "0s", "idle_timeout": idle}}

    def _takes_http1(self, group_id: str) -> bool:
        group = self._groups.get(group_id)
        return group is None or _takes_http1(group.upstream)

    def _weighted(self, group_id: str, weight: int) -> dict[str, Any]:
        group = self._groups.get(group_id)
        target = (
            f"ServiceArn={self._service.arn}; ServiceNetworkArn={self._reach.network_arn}; "
            f"TargetGroupArn={group.arn if group else ''}"
        )
        return {
            "name": group_id,
            "weight": weight,
            "request_headers_to_add": [_overwrite("x-amzn-lattice-target", target)],
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
            return ({"path": value, "case_sensitive": case},)
        case Prefix(value, case) if mode is PrefixMode.SEGMENT and value.rstrip("/"):
            return ({"path_separated_prefix": value.rstrip("/"), "case_sensitive": case},)
        case Prefix(value, case):
            return ({"prefix": value, "case_sensitive": case},)
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


def _request_headers(listener: Listener, reach: Reachable) -> list[dict[str, Any]]:
    """What the service adds for targets (spec/lattice.md §9.5); the request id is the listener's work."""
    return [
        {
            "header": {"key": "x-forwarded-for", "value": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%"},
            "append_action": "APPEND_IF_EXISTS_OR_ADD",
        },
        _overwrite("x-forwarded-port", str(listener.port)),
        _overwrite("x-amzn-lattice-network", f"SourceVpcArn={reach.vpc_arn}"),
        _overwrite("x-amzn-source-vpc", reach.vpc_id),
    ]


def _overwrite(key: str, value: str) -> dict[str, Any]:
    return {
        "header": {"key": key, "value": value},
        "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
        "keep_empty_value": True,
    }
