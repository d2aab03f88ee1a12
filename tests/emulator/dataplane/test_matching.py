"""Which rule answers, asked of a real Envoy: every case gets a port of its own in one view."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from lattice_emulator.dataplane import view as v
from lattice_emulator.dataplane.proxy import Live
from tests.emulator.dataplane.conftest import Stage
from tests.emulator.dataplane.making import backend, group, http_listener, service, to, view_of

pytestmark = [pytest.mark.process, pytest.mark.asyncio(loop_scope="module")]

HEADER = v.HeaderMatch
EXACT, PREFIX, CONTAINS = v.Compare.EXACT, v.Compare.PREFIX, v.Compare.CONTAINS

# Each rule answers 500, what it does not match gets the default's 404.
CASES: dict[str, v.Match] = {
    "exact": v.Match(path=v.Exact("/two")),
    "exact-anycase": v.Match(path=v.Exact("/two", case_sensitive=False)),
    "prefix": v.Match(path=v.Prefix("/seg")),
    "prefix-anycase": v.Match(path=v.Prefix("/seg", case_sensitive=False)),
    "query": v.Match(path=v.Exact("/two?a=1")),
    "method": v.Match(method="POST"),
    "own-method": v.Match(method="PURGE"),
    "value": v.Match(headers=(HEADER("X-Tier", EXACT, "Gold"),)),
    "value-case": v.Match(headers=(HEADER("x-tier", EXACT, "Gold", case_sensitive=True),)),
    "value-prefix": v.Match(headers=(HEADER("x-tier", PREFIX, "go"),)),
    "value-contains": v.Match(headers=(HEADER("x-tier", CONTAINS, "ol"),)),
    "two-headers": v.Match(headers=(HEADER("x-tier", EXACT, "gold"), HEADER("x-area", EXACT, "eu"))),
    "host": v.Match(headers=(HEADER("Host", PREFIX, "host."),)),
    "all": v.Match("GET", v.Prefix("/a"), (HEADER("x-tier", EXACT, "gold"),)),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cases(stage: Stage) -> AsyncIterator[Stage]:
    async with backend("a") as a, backend("b") as b:
        ruled = [
            service(n, http_listener(v.Rule(match, v.Fixed(500)), default=v.Fixed(404)), names=(f"{name}.on.aws",))
            for n, (name, match) in enumerate(CASES.items())
        ]
        ordered = http_listener(
            v.Rule(v.Match(path=v.Prefix("/")), to(("a", 1))),
            v.Rule(v.Match(path=v.Exact("/longer")), to(("b", 1))),
            default=v.Fixed(404),
        )
        split = http_listener(
            v.Rule(v.Match(path=v.Exact("/zero")), to(("a", 0), ("b", 100))),
            v.Rule(v.Match(path=v.Exact("/none")), to(("a", 0), ("b", 0))),
            v.Rule(v.Match(path=v.Exact("/twice")), to(("a", 10), ("b", 10), ("a", 10))),
            v.Rule(v.Match(path=v.Exact("/empty")), to(("empty", 1))),
            v.Rule(v.Match(path=v.Exact("/dead")), to(("dead", 1))),
            v.Rule(v.Match(path=v.Exact("/h2")), to(("h2", 1))),
            default=to(("a", 90), ("b", 10)),
        )
        groups = [
            group("a", a.endpoint),
            group("b", b.endpoint),
            group("dead", v.Endpoint("127.0.0.1", 9)),
            group("empty"),
            group("h2", a.endpoint, upstream=v.Plain(v.Speaks.HTTP2)),
        ]
        two = service(102, http_listener(default=v.Fixed(404)), http_listener(default=v.Fixed(500), port=8080))
        unreachable = service(103, http_listener(default=to(("a", 1))), reach=v.OutOfReach())
        services = [*ruled, service(100, ordered), service(101, split), two, unreachable]
        assert isinstance(await stage.show(view_of(services, sorted(groups, key=lambda g: g.id))), Live)
        yield stage


@pytest.mark.parametrize(
    ("case", "path", "method", "headers", "matched"),
    [
        pytest.param("exact", "/two", "GET", {}, True, id="the whole path"),
        pytest.param("exact", "/two?a=1", "GET", {}, True, id="a query plays no part"),
        pytest.param("exact", "/two/", "GET", {}, False, id="a trailing slash counts"),
        pytest.param("exact", "/Two", "GET", {}, False, id="case counts"),
        pytest.param("exact", "/two/x", "GET", {}, False, id="nothing below an exact path"),
        pytest.param("exact", "/%74wo", "GET", {}, False, id="nothing is decoded"),
        pytest.param("exact", "/x/../two", "GET", {}, False, id="no dot segments"),
        pytest.param("exact-anycase", "/TWO", "GET", {}, True, id="case does not count"),
        pytest.param("prefix", "/seg/x", "GET", {}, True, id="a segment below the prefix"),
        pytest.param("prefix", "/segment", "GET", {}, True, id="a prefix goes by characters"),
        pytest.param("prefix", "/SEG", "GET", {}, False, id="case of a prefix counts"),
        pytest.param("prefix", "//seg", "GET", {}, False, id="slashes are not merged"),
        pytest.param("prefix-anycase", "/SEGMENT", "GET", {}, True, id="case of a prefix does not count"),
        pytest.param("query", "/two?a=1", "GET", {}, False, id="a path with a question mark never matches"),
        pytest.param("method", "/", "POST", {}, True, id="the method"),
        pytest.param("method", "/", "GET", {}, False, id="another method"),
        pytest.param("own-method", "/", "PURGE", {}, True, id="a method of one's own"),
        pytest.param("value", "/", "GET", {"x_tier": "gOLD"}, True, id="case of a value does not count"),
        pytest.param("value", "/", "GET", {"x_tier": "golden"}, False, id="the whole value"),
        pytest.param("value", "/", "GET", {"x_tier": "gold, silver"}, False, id="a list is one value"),
        pytest.param("value-case", "/", "GET", {"x_tier": "Gold"}, True, id="case of a value"),
        pytest.param("value-case", "/", "GET", {"x_tier": "gold"}, False, id="case of a value counts"),
        pytest.param("value-prefix", "/", "GET", {"X_TIER": "Golden"}, True, id="the beginning of a value"),
        pytest.param("value-contains", "/", "GET", {"x_tier": "fool"}, True, id="within a value"),
        pytest.param("two-headers", "/", "GET", {"x_tier": "gold", "x_area": "eu"}, True, id="both headers"),
        pytest.param("two-headers", "/", "GET", {"x_tier": "gold"}, False, id="one of two headers"),
        pytest.param("host", "/", "GET", {}, True, id="the header Host"),
        pytest.param("all", "/a/b", "GET", {"x_tier": "gold"}, True, id="method, path and header"),
        pytest.param("all", "/b", "GET", {"x_tier": "gold"}, False, id="all but the path"),
    ],
)
async def test_a_rule_matches(
    cases: Stage, case: str, path: str, method: str, headers: dict[str, str], matched: bool
) -> None:
    answer = await cases.ask(path, f"{case}.on.aws", method, **headers)

    assert answer.status == (500 if matched else 404)


async def test_a_repeated_header_matches_by_any_of_its_lines(cases: Stage) -> None:
    answer = await cases.ask("/", "value.on.aws", X_Tier="silver", x_tier="gold")

    assert answer.status == 500


async def test_the_first_rule_in_order_answers_however_short(cases: Stage) -> None:
    assert (await cases.ask("/longer", "s100.on.aws")).name == "a"


async def test_weights_split_the_requests(cases: Stage) -> None:
    answers = [await cases.ask("/", "s101.on.aws") for _ in range(300)]

    assert 9 <= Counter(answer.name for answer in answers)["b"] <= 60  # 30 expected, 4 deviations below, 6 above


async def test_a_group_that_stands_twice_has_both_weights(cases: Stage) -> None:
    answers = await asyncio.gather(*(cases.ask("/twice", "s101.on.aws") for _ in range(300)))

    assert 165 <= Counter(answer.name for answer in answers)["a"] <= 235


async def test_a_group_of_weight_0_gets_nothing(cases: Stage) -> None:
    answers = [await cases.ask("/zero", "s101.on.aws") for _ in range(30)]

    assert {answer.name for answer in answers} == {"b"}


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        pytest.param("/none", 500, "Internal Server Error", id="all weights are 0"),
        pytest.param("/empty", 503, "Service Unavailable", id="a group without targets"),
        pytest.param("/dead", 500, "Internal Server Error", id="nobody listens"),
        pytest.param("/h2", 500, "Internal Server Error", id="a group that speaks HTTP/2 only"),
    ],
)
async def test_without_a_target_the_service_answers(cases: Stage, path: str, status: int, text: str) -> None:
    answer = await cases.ask(path, "s101.on.aws")

    assert (answer.status, answer.text, answer.headers["content-type"]) == (status, text, "text/plain")


async def test_the_port_in_host_chooses_the_listener_at_the_front_door(cases: Stage) -> None:
    asked = ("s102.on.aws", "s102.on.aws:9999", "s102.on.aws:80", "s102.on.aws:8080", "S102.ON.AWS:8080")

    assert [(await cases.ask("/", host)).status for host in asked] == [404, 404, 404, 500, 500]


@pytest.mark.parametrize("host", ["s103.on.aws", "nobody.on.aws", "localhost"])
async def test_what_the_client_cannot_reach_is_not_found(cases: Stage, host: str) -> None:
    answer = await cases.ask("/", host)

    assert (answer.status, answer.text) == (404, "Not Found")
