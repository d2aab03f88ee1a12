"""Leaf functions of the translation: hostnames, selectors, matches, precedence, weights."""

import pytest

from lattice_gateway.core.lattice.units import Exact, HeaderMatch, Match, Prefix
from lattice_gateway.core.objects import (
    HTTPRoute,
    HTTPRouteMatch,
    HTTPRouteRule,
    HTTPRouteSpec,
    LabelRequirement,
    LabelSelector,
    ObjectMeta,
    PathMatch,
    PathType,
    SelectorOperator,
)
from lattice_gateway.core.objects.routes import HeaderMatch as RouteHeader
from lattice_gateway.core.translate.hostnames import intersect, served
from lattice_gateway.core.translate.matches import by_element, lower, unsupported
from lattice_gateway.core.translate.precedence import Place, annotated, numbered, rank
from lattice_gateway.core.translate.selectors import selects
from lattice_gateway.core.translate.weights import scaled


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        pytest.param("a.b", "a.b", True, id="equal"),
        pytest.param("a.b", "c.b", False, id="different"),
        pytest.param("*.b", "a.b", True, id="one label below"),
        pytest.param("*.b", "x.a.b", True, id="two labels below"),
        pytest.param("*.b", "b", False, id="the domain itself"),
        pytest.param("*.a.b", "*.b", True, id="two wildcards"),
        pytest.param("x.b", "*.x.b", False, id="above the wildcard"),
        pytest.param("*.b", "a.cb", False, id="a longer label"),
    ],
)
def test_hostnames_intersect(one: str, other: str, meet: bool) -> None:
    assert intersect(one, other) is meet
    assert intersect(other, one) is meet


@pytest.mark.parametrize(
    ("listener", "hostnames", "expected"),
    [
        pytest.param(None, ("a.b",), ("a.b",), id="a listener without hostname takes all"),
        pytest.param("a.b", (), (), id="a route without hostnames takes what there is"),
        pytest.param("*.b", ("x.c", "x.b", "y.b"), ("x.b", "y.b"), id="those that intersect, in order"),
        pytest.param("*.b", ("x.c",), None, id="none"),
    ],
)
def test_the_hostnames_a_listener_serves(
    listener: str | None, hostnames: tuple[str, ...], expected: tuple[str, ...] | None
) -> None:
    assert served(listener, hostnames) == expected


def requirement(operator: SelectorOperator, *values: str) -> LabelSelector:
    return LabelSelector(match_expressions=(LabelRequirement(key="team", operator=operator, values=values),))


@pytest.mark.parametrize(
    ("selector", "labels", "expected"),
    [
        pytest.param(LabelSelector(), {}, True, id="empty selects everything"),
        pytest.param(LabelSelector(match_labels={"team": "a"}), {"team": "a"}, True, id="label equal"),
        pytest.param(LabelSelector(match_labels={"team": "a"}), {}, False, id="label missing"),
        pytest.param(requirement(SelectorOperator.IN, "a", "b"), {"team": "b"}, True, id="in"),
        pytest.param(requirement(SelectorOperator.IN, "a"), {}, False, id="in, missing"),
        pytest.param(requirement(SelectorOperator.NOT_IN, "a"), {}, True, id="not in, missing"),
        pytest.param(requirement(SelectorOperator.NOT_IN, "a"), {"team": "a"}, False, id="not in"),
        pytest.param(requirement(SelectorOperator.EXISTS), {"team": ""}, True, id="exists"),
        pytest.param(requirement(SelectorOperator.DOES_NOT_EXIST), {"team": ""}, False, id="does not exist"),
    ],
)
def test_selectors(selector: LabelSelector, labels: dict[str, str], expected: bool) -> None:
    assert selects(selector, labels) is expected


def test_of_headers_that_differ_in_case_the_first_counts() -> None:
    headers = tuple(RouteHeader(name=name, value=value) for name, value in (("A", "1"), ("b", "2"), ("a", "3")))

    assert lower(HTTPRouteMatch(headers=headers)).headers == (HeaderMatch("A", "1"), HeaderMatch("b", "2"))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param(Exact("/v2"), (Exact("/v2"),), id="exact stays"),
        pytest.param(Prefix("/"), (Prefix("/"),), id="everything stays"),
        pytest.param(Prefix("/v2"), (Exact("/v2"), Prefix("/v2/")), id="whole elements"),
        pytest.param(Prefix("/v2/"), (Exact("/v2"), Prefix("/v2/")), id="a slash at the end does not count"),
    ],
)
def test_prefixes_by_element(path: Exact | Prefix, expected: tuple[Exact | Prefix, ...]) -> None:
    assert tuple(match.path for match in by_element(Match(path))) == expected


def route(match: HTTPRouteMatch) -> HTTPRoute:
    return HTTPRoute(
        metadata=ObjectMeta(name="tickets", namespace="arena"),
        spec=HTTPRouteSpec(rules=(HTTPRouteRule(matches=(match,)),)),
    )


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        pytest.param(HTTPRouteMatch(path=PathMatch(value="/" + "a" * 199)), (), id="200 characters"),
        pytest.param(
            HTTPRouteMatch(path=PathMatch(value="/" + "a" * 200)),
            ("spec.rules[0].matches[0].path.value: found 201 characters, expected at most 200",),
            id="201 characters",
        ),
        pytest.param(
            HTTPRouteMatch(path=PathMatch(type=PathType.REGULAR_EXPRESSION, value=".*")),
            (
                (
                    "spec.rules[0].matches[0].path.type: found RegularExpression, expected Exact or PathPrefix: "
                    "VPC Lattice has no regular expressions"
                ),
            ),
            id="a regular expression",
        ),
        pytest.param(
            HTTPRouteMatch(headers=tuple(RouteHeader(name=f"h{n}", value="1") for n in range(5))), (), id="five headers"
        ),
        pytest.param(
            HTTPRouteMatch(headers=tuple(RouteHeader(name=f"h{n}", value="1") for n in range(6))),
            ("spec.rules[0].matches[0].headers: found 6 headers, expected at most 5",),
            id="six headers",
        ),
        pytest.param(
            HTTPRouteMatch(headers=(RouteHeader(name="h" * 101, value="v" * 201),)),
            (
                "spec.rules[0].matches[0].headers[0].name: found 101 characters, expected at most 100",
                "spec.rules[0].matches[0].headers[0].value: found 201 characters, expected at most 200",
            ),
            id="a long header",
        ),
    ],
)
def test_what_lattice_cannot_match_names_the_field(match: HTTPRouteMatch, expected: tuple[str, ...]) -> None:
    assert tuple(map(str, unsupported(route(match)))) == expected


def test_precedence_is_that_of_the_gateway_api() -> None:
    header = (HeaderMatch("a", "1"),)
    wanted = [
        Match(Exact("/a")),
        Match(Prefix("/a/b")),
        Match(Prefix("/a"), "GET"),
        Match(Prefix("/a"), None, (*header, HeaderMatch("b", "1"))),
        Match(Prefix("/a"), None, header),
        Match(Prefix("/a")),
        Match(Prefix("/")),
    ]
    placed = [(match, Place(rule, 0)) for rule, match in enumerate(reversed(wanted))]

    assert [match for match, _ in sorted(placed, key=lambda one: rank(*one))] == wanted


def test_equal_ranks_keep_the_order_of_the_manifest() -> None:
    places = [Place(1, 0), Place(0, 1), Place(0, 0), Place(0, 0, 1)]

    assert sorted(places, key=lambda place: rank(Match(Prefix("/a")), place)) == [
        Place(0, 0),
        Place(0, 0, 1),
        Place(0, 1),
        Place(1, 0),
    ]


def priorities(**texts: str) -> dict[str, str]:
    return {f"application-networking.k8s.aws/rule-{name[1:]}-priority": text for name, text in texts.items()}


def test_priorities_are_read_strictly() -> None:
    numbers, complaints = annotated(priorities(r0="5", r1="+5", r3="2001", r4="2000", r9="1"), 5)

    assert numbers == {0: 5, 4: 2000}
    assert [complaint.path.rpartition("/")[2] for complaint in complaints] == ["rule-1-priority", "rule-3-priority"]


@pytest.mark.parametrize(
    ("numbers", "sizes", "blocks", "complaints"),
    [
        pytest.param({0: 5, 1: 7}, [2, 1], {0: range(5, 7), 1: range(7, 8)}, [], id="blocks that touch"),
        pytest.param(
            {0: 5, 1: 6},
            [2, 1],
            {0: range(5, 7)},
            ["found 6, expected numbers that rule 0 does not have"],
            id="a clash",
        ),
        pytest.param(
            {0: 2000}, [2], {}, ["found 2000 to 2001 (one for each match), expected numbers up to 2000"], id="the end"
        ),
    ],
)
def test_a_rule_with_several_matches_takes_a_block_of_numbers(
    numbers: dict[int, int], sizes: list[int], blocks: dict[int, range], complaints: list[str]
) -> None:
    found, wrong = numbered(numbers, sizes)

    assert found == blocks
    assert [str(complaint).partition(": ")[2] for complaint in wrong] == complaints


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        pytest.param([], (), id="none"),
        pytest.param([0, 0], (0, 0), id="zero"),
        pytest.param([999, 1], (999, 1), id="within the range"),
        pytest.param([1000, 500], (999, 500), id="in proportion"),
        pytest.param([1_000_000, 1, 0], (999, 1, 0), id="what is not zero stays"),
    ],
)
def test_weights_are_scaled(weights: list[int], expected: tuple[int, ...]) -> None:
    assert scaled(weights) == expected
