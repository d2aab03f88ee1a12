"""Contests, series of Events and pauses, as values."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lattice_gateway.adapters.kube.api import KubeError
from lattice_gateway.adapters.kube.changing import LONGEST_PAUSE as LONGEST_CHANGE
from lattice_gateway.adapters.kube.changing import REFUSED_PAUSE, patience
from lattice_gateway.adapters.kube.client import refusal
from lattice_gateway.adapters.kube.contest import LONGEST_PAUSE, PEACE, Contest
from lattice_gateway.adapters.kube.follow import PATIENCE, is_trouble
from lattice_gateway.adapters.kube.known import is_newer
from lattice_gateway.adapters.kube.throttle import BURST, QUIET, REFILL, Allowance, Series
from tests.unit.kube.making import AWAY, CONFLICT, EXPIRED, FORBIDDEN


def after(times: int) -> Contest:
    contest = Contest()
    for number in range(times):
        contest = contest.again(float(number))
    return contest


@pytest.mark.parametrize(
    ("times", "pause"), [(0, 0.0), (1, 0.0), (3, 0.0), (4, 10.0), (5, 20.0), (6, 40.0), (100, LONGEST_PAUSE)]
)
def test_what_is_undone_often_is_written_ever_more_slowly(times: int, pause: float) -> None:
    assert after(times).pause == pause
    assert after(times).is_open == (pause > 0)


def test_a_contest_is_forgotten_after_a_time_of_peace() -> None:
    contest = after(6)

    assert contest.again(contest.at + PEACE + 1).pause == 0


def test_a_slow_fight_is_not_taken_for_peace() -> None:
    assert PEACE > LONGEST_PAUSE


def test_equal_events_are_told_again_only_after_a_while() -> None:
    told = Series(1, 0.0, told=100.0)

    assert Series(1, 0.0).is_due(0.0)
    assert not told.is_due(100.0 + QUIET - 1)
    assert told.is_due(100.0 + QUIET)
    assert told.again().count == 2


def test_an_object_may_tell_so_many_different_events_and_then_one_at_a_time() -> None:
    spent = Allowance(left=1.0, at=0.0).spend(0.0)
    assert spent == Allowance(0.0, 0.0)
    assert Allowance(at=0.0).left == BURST

    assert spent.spend(0.0) is None
    assert spent.spend(REFILL) == Allowance(0.0, REFILL)
    assert spent.spend(REFILL * 1000) == Allowance(BURST - 1, REFILL * 1000)


@given(st.integers(1, 1000), st.sampled_from([AWAY, CONFLICT, KubeError(status=500)]))
def test_what_may_pass_is_tried_again_soon(failures: int, error: KubeError) -> None:
    assert 0 < patience(error, failures, Random(failures)) <= LONGEST_CHANGE


def test_what_is_refused_is_tried_again_late() -> None:
    assert patience(FORBIDDEN, 1, Random(1)) == REFUSED_PAUSE


@pytest.mark.parametrize(
    ("error", "failures", "told"),
    [
        pytest.param(AWAY, 1, False, id="cut off once"),
        pytest.param(AWAY, PATIENCE, True, id="away for long"),
        pytest.param(FORBIDDEN, 1, True, id="not allowed"),
        pytest.param(EXPIRED, 1, False, id="history"),
        pytest.param(KubeError(status=503), 1, False, id="busy"),
        pytest.param(KubeError(status=401), 1, False, id="a token that is being replaced"),
    ],
)
def test_a_person_hears_of_what_stays(error: KubeError, failures: int, told: bool) -> None:
    assert is_trouble(error, failures) is told


@pytest.mark.parametrize(
    ("one", "other", "newer"), [("10", "9", True), ("9", "10", False), ("9", "9", False), ("x", "y", True)]
)
def test_versions_are_ordered_as_numbers(one: str, other: str, newer: bool) -> None:
    assert is_newer(one, other) is newer


@pytest.mark.parametrize(
    ("status", "body", "header", "error"),
    [
        pytest.param(
            403,
            b'{"reason": "Forbidden", "message": "no"}',
            "",
            KubeError(status=403, reason="Forbidden", message="no"),
            id="a Status",
        ),
        pytest.param(429, b"slow down\n", "3", KubeError(status=429, message="slow down", retry_after=3.0), id="text"),
        pytest.param(500, b"[]", "soon", KubeError(status=500, message="[]"), id="other JSON"),
        pytest.param(502, b"{}", "", KubeError(status=502, message="no message"), id="nothing"),
    ],
)
def test_a_refusal_is_read_whatever_its_form(status: int, body: bytes, header: str, error: KubeError) -> None:
    assert refusal(status, body, header) == error
