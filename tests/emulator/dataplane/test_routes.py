"""Rules and actions as Envoy's routes."""

from typing import Any

import pytest

from lattice_emulator.dataplane import view as v
from lattice_emulator.dataplane.hosts import route_matches
from lattice_emulator.dataplane.routes import Router
from tests.emulator.dataplane.making import group, http_listener, service, to, view_of

STRING, SEGMENT = v.PrefixMode.STRING, v.PrefixMode.SEGMENT


@pytest.mark.parametrize(
    ("match", "mode", "expected"),
    [
        pytest.param(v.Match(), STRING, {"prefix": ""}, id="anything"),
        pytest.param(v.Match(path=v.Exact("/a")), STRING, {"path": "/a"}, id="exact"),
        pytest.param(
            v.Match(path=v.Prefix("/a/", case_sensitive=False)),
            STRING,
            {"prefix": "/a/", "case_sensitive": False},
            id="prefix by characters",
        ),
        pytest.param(
            v.Match(path=v.Prefix("/a/")),
            SEGMENT,
            {"path_separated_prefix": "/a"},
            id="prefix by segments has no trailing slash",
        ),
        pytest.param(v.Match(path=v.Prefix("/")), SEGMENT, {"prefix": "/"}, id="the root segment"),
        pytest.param(
            v.Match(method="GET"),
            STRING,
            {"prefix": "", "headers": [{"name": ":method", "string_match": {"exact": "GET"}}]},
            id="method",
        ),
        pytest.param(
            v.Match(headers=(v.HeaderMatch("X-A", v.Compare.CONTAINS, "b"),)),
            STRING,
            {"prefix": "", "headers": [{"name": "x-a", "string_match": {"contains": "b", "ignore_case": True}}]},
            id="header",
        ),
        pytest.param(
            v.Match(headers=(v.HeaderMatch("Host", v.Compare.EXACT, "b", case_sensitive=True),)),
            STRING,
            {
                "prefix": "",
                "headers": [{"name": ":authority", "string_match": {"exact": "b", "ignore_case": False}}],
            },
            id="the header Host has another name in Envoy",
        ),
    ],
)
def test_a_match_becomes_a_route_match(match: v.Match, mode: v.PrefixMode, expected: dict[str, Any]) -> None:
    assert route_matches(match, mode) == (expected,)


@pytest.mark.parametrize("path", [v.Exact("/a?b"), v.Prefix("/a#b"), v.Prefix("/a?")], ids=repr)
@pytest.mark.parametrize("mode", [STRING, SEGMENT])
def test_a_path_beyond_the_path_matches_nothing_and_is_not_written(path: v.PathMatch, mode: v.PrefixMode) -> None:
    assert route_matches(v.Match(path=path), mode) == ()


@pytest.mark.parametrize("name", ["x y", ":path", "x:", "é", "x\n"])
def test_a_header_that_no_request_can_bear_matches_nothing_and_is_not_written(name: str) -> None:
    assert route_matches(v.Match(headers=(v.HeaderMatch(name, v.Compare.EXACT, "v"),)), STRING) == ()


def routes_of(action: v.Action, *groups: v.Group, answers: v.Answers | None = None) -> list[dict[str, Any]]:
    view = view_of([service(1, http_listener(default=action))], groups)
    configured: Any = Router(answers or v.Answers()).routes(view, {})["port-80"]
    return list(configured["virtual_hosts"][0]["routes"])


def weights_of(route: dict[str, Any]) -> dict[str, int]:
    return {cluster["name"]: cluster["weight"] for cluster in route["route"]["weighted_clusters"]["clusters"]}


@pytest.mark.parametrize(
    ("action", "weights"),
    [
        pytest.param(to(("a", 1)), {"tg-a": 1}, id="one group"),
        pytest.param(to(("a", 90), ("b", 10)), {"tg-a": 90, "tg-b": 10}, id="two groups"),
        pytest.param(to(("a", 90), ("b", 0)), {"tg-a": 90}, id="weight 0 gets nothing"),
        pytest.param(to(("a", 1), ("b", 2), ("a", 3)), {"tg-a": 4, "tg-b": 2}, id="a group twice"),
        pytest.param(to(("a", 1), ("h2", 1)), {"tg-a": 1, "tg-h2": 1}, id="mixed protocols go by weight"),
    ],
)
def test_a_forward_becomes_weighted_clusters(action: v.Action, weights: dict[str, int]) -> None:
    groups = (group("a"), group("b"), group("h2", upstream=v.Tls(v.Speaks.HTTP2)))

    assert weights_of(routes_of(action, *groups)[0]) == weights


@pytest.mark.parametrize(
    ("action", "answers", "status"),
    [
        pytest.param(v.Fixed(404), v.Answers(), 404, id="fixed"),
        pytest.param(to(("a", 0), ("b", 0)), v.Answers(), 500, id="all weights 0"),
        pytest.param(to(("a", 0)), v.Answers(zero_weight_status=503), 503, id="all weights 0, by knob"),
        pytest.param(to(("h2", 1)), v.Answers(), 500, id="only HTTP/2 groups"),
        pytest.param(to(("h2", 1)), v.Answers(protocol_mismatch_status=502), 502, id="only HTTP/2 groups, by knob"),
    ],
)
def test_an_action_without_a_usable_group_answers_by_itself(action: v.Action, answers: v.Answers, status: int) -> None:
    groups = (group("a"), group("b"), group("h2", upstream=v.Plain(v.Speaks.HTTP2)))

    assert routes_of(action, *groups, answers=answers)[0]["direct_response"]["status"] == status


def domains(view: v.View, name: str, addresses: dict[str, str]) -> dict[str, list[str]]:
    configured: Any = Router(v.Answers()).routes(view, addresses)[name]
    return {host["name"]: host["domains"] for host in configured["virtual_hosts"]}


def test_a_service_answers_to_its_names_and_its_own_address() -> None:
    one = service(1, http_listener(default=v.Fixed(404)), names=("s1.on.aws", "shop.example"))

    assert domains(view_of([one]), "port-80", {"svc-1": "127.171.0.9"}) == {
        "svc-1/listener-80": ["s1.on.aws", "shop.example", "127.171.0.9"],
        "nobody": ["*"],
    }


def test_at_the_front_door_the_port_chooses_and_the_lowest_takes_the_rest() -> None:
    both = service(1, http_listener(default=v.Fixed(404)), http_listener(default=v.Fixed(500), port=8080))

    assert domains(view_of([both]), "front-door", {}) == {
        "svc-1/listener-80": ["s1.on.aws", "s1.on.aws:*"],
        "svc-1/listener-8080": ["s1.on.aws:8080"],
        "nobody": ["*"],
    }


def test_a_service_out_of_reach_is_nobody() -> None:
    away = service(1, http_listener(default=v.Fixed(500)), reach=v.OutOfReach())

    assert domains(view_of([away]), "port-80", {}) == {"nobody": ["*"]}
    assert domains(view_of([away]), "front-door", {}) == {"nobody": ["*"]}


def test_what_is_not_carried_has_no_routes() -> None:
    https = v.Listener(
        id="listener-443", port=443, protocol=v.NotCarried("protocol HTTPS"), rules=(), default=v.Fixed(404)
    )

    assert set(Router(v.Answers()).routes(view_of([service(1, https)]), {})) == {"front-door"}
