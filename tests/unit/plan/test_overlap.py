"""Which matches can meet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lattice_gateway.core.lattice.observed import Unmodelled
from lattice_gateway.core.lattice.units import Exact, HeaderMatch, Match, Prefix
from lattice_gateway.core.plan.overlap import identity, overlap
from tests.laws.plan.lattice import matches


def with_headers(*pairs: tuple[str, str]) -> Match:
    return Match(Prefix("/"), None, tuple(HeaderMatch(name, value) for name, value in pairs))


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        pytest.param(Match(Exact("/a")), Match(Exact("/a")), True, id="the same exact path"),
        pytest.param(Match(Exact("/a")), Match(Exact("/A")), False, id="paths are compared by case"),
        pytest.param(Match(Exact("/a/b")), Match(Prefix("/a")), True, id="an exact path below a prefix"),
        pytest.param(Match(Exact("/a")), Match(Prefix("/a/")), False, id="an exact path above a prefix"),
        pytest.param(Match(Prefix("/a")), Match(Prefix("/ab")), True, id="a prefix is one of characters"),
        pytest.param(Match(Prefix("/a")), Match(Prefix("/b")), False, id="prefixes beside each other"),
        pytest.param(Match(Prefix("/a"), "GET"), Match(Prefix("/a"), "POST"), False, id="different methods"),
        pytest.param(Match(Prefix("/a"), "GET"), Match(Prefix("/a")), True, id="any method meets each"),
        pytest.param(with_headers(("X", "1")), with_headers(("x", "2")), False, id="two values of one header"),
        pytest.param(with_headers(("X", "a")), with_headers(("x", "A")), True, id="header values ignore case"),
        pytest.param(with_headers(("X", "1")), with_headers(("Y", "2")), True, id="different headers"),
        pytest.param(with_headers(("X", "1")), Match(Prefix("/a")), True, id="a header beside none"),
        pytest.param(Unmodelled("{}"), Match(Exact("/a")), True, id="what cannot be read may meet anything"),
    ],
)
def test_matches_meet_when_one_request_can_fulfil_both(one: Match, other: Match, meet: bool) -> None:
    assert overlap(one, other) is meet
    assert overlap(other, one) is meet


def test_the_order_and_case_of_header_names_do_not_make_a_match_another() -> None:
    assert identity(with_headers(("X", "1"), ("y", "2"))) == identity(with_headers(("Y", "2"), ("x", "1")))
    assert identity(with_headers(("X", "1"))) != identity(with_headers(("X", "2")))


texts = st.sampled_from(["/", "/a", "/a/b", "/ab", "/b"])
generated = st.builds(
    Match,
    st.builds(Exact, texts) | st.builds(Prefix, texts),
    st.sampled_from([None, "GET", "POST"]),
    st.lists(
        st.builds(HeaderMatch, st.sampled_from("xy"), st.sampled_from("12")), max_size=2, unique_by=lambda h: h.name
    ).map(tuple),
)


@given(
    one=generated,
    other=generated,
    path=texts,
    method=st.sampled_from(["GET", "POST"]),
    x=st.sampled_from("12"),
    y=st.sampled_from("12"),
)
def test_what_some_request_fulfils_twice_overlaps(
    one: Match, other: Match, path: str, method: str, x: str, y: str
) -> None:
    headers = {"x": x, "y": y}

    if matches(one, path, method, headers) and matches(other, path, method, headers):
        assert overlap(one, other)
