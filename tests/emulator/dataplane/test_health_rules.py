"""What the results of checks say of a target, and when it is checked."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from lattice_emulator.dataplane.agenda import Agenda
from lattice_emulator.dataplane.verdict import Check, Result, Streak, Subject, health_after, matches
from lattice_emulator.dataplane.view import Endpoint
from lattice_emulator.world.model import GroupProtocol, Health, HealthCheck, ProtocolVersion, TargetKey

PENDING, HEALTHY, UNHEALTHY = Health.PENDING, Health.HEALTHY, Health.UNHEALTHY
HOW = HealthCheck(
    enabled=True,
    protocol=GroupProtocol.HTTP,
    version=ProtocolVersion.HTTP1,
    port=None,
    path="/",
    interval=30,
    timeout=5,
    healthy_threshold=3,
    unhealthy_threshold=2,
    matcher="200",
)
SUBJECT = Subject("tg-1", TargetKey("10.0.0.1", 80))
CHECK = Check(Endpoint("127.0.0.1", 80), HOW, PENDING)


@pytest.mark.parametrize(
    ("known", "results", "expected"),
    [
        pytest.param(PENDING, "+", HEALTHY, id="the first check passes"),
        pytest.param(PENDING, "-", UNHEALTHY, id="the first check fails"),
        pytest.param(HEALTHY, "-", HEALTHY, id="one failure"),
        pytest.param(HEALTHY, "--", UNHEALTHY, id="two in a row"),
        pytest.param(HEALTHY, "-+-", HEALTHY, id="not in a row"),
        pytest.param(UNHEALTHY, "++", UNHEALTHY, id="too few passes"),
        pytest.param(UNHEALTHY, "+++", HEALTHY, id="three passes"),
        pytest.param(UNHEALTHY, "++-++", UNHEALTHY, id="passes not in a row"),
    ],
)
def test_health_follows_from_results(known: Health, results: str, expected: Health) -> None:
    streak, health = Streak(), known
    for result in results:
        streak = streak.then(Result(result == "+", 0.0, 0.0))
        health = health_after(health, streak, HOW)

    assert health is expected


@pytest.mark.parametrize(
    ("matcher", "passing", "failing"),
    [
        pytest.param("200", (200,), (201, 404), id="one"),
        pytest.param("200,202", (200, 202), (201,), id="list"),
        pytest.param("200-299", (200, 250, 299), (199, 300), id="range"),
        pytest.param("200-204,301", (204, 301), (205, 302), id="range and one"),
    ],
)
def test_a_matcher_knows_its_codes(matcher: str, passing: Sequence[int], failing: Sequence[int]) -> None:
    assert all(matches(matcher, status) for status in passing)
    assert not any(matches(matcher, status) for status in failing)


def test_a_new_target_is_checked_at_once_and_then_at_its_interval() -> None:
    agenda = Agenda()
    agenda.follow({SUBJECT: CHECK}, now=100.0)

    assert list(agenda.take(100.0)) == [(SUBJECT, CHECK)]
    assert agenda.next_due() is None, "a check that runs is not due"
    assert agenda.note(SUBJECT, CHECK, Result(True, 100.0, 100.2)) is HEALTHY
    second = agenda.next_due()
    assert second is not None
    assert 115.0 <= second <= 130.0
    assert list(agenda.take(second)) == [(SUBJECT, CHECK)]
    assert agenda.note(SUBJECT, CHECK, Result(True, second, second + 1)) is None, "nothing changed"
    assert agenda.next_due() == second + 30.0


def test_a_result_that_differs_from_the_last_does_not_hasten_the_next_check() -> None:
    agenda = checked(HEALTHY)
    second = agenda.next_due()
    assert second is not None
    list(agenda.take(second))

    agenda.note(SUBJECT, CHECK, Result(False, second, second))

    assert agenda.next_due() == second + 30.0


def test_checks_that_outlast_their_interval_follow_one_another() -> None:
    agenda = Agenda()
    agenda.follow({SUBJECT: CHECK}, now=100.0)
    list(agenda.take(100.0))

    agenda.note(SUBJECT, CHECK, Result(True, 100.0, 190.0))

    assert agenda.next_due() == 190.0


def test_very_many_targets_are_checked_less_often() -> None:
    agenda = Agenda(shortest=60.0)
    agenda.follow({SUBJECT: CHECK}, now=0.0)
    list(agenda.take(0.0))
    agenda.note(SUBJECT, CHECK, Result(True, 0.0, 0.0))
    list(agenda.take(60.0))

    agenda.note(SUBJECT, CHECK, Result(True, 60.0, 60.0))

    assert agenda.next_due() == 120.0


def checked(known: Health) -> Agenda:
    """An agenda that has checked the one target, with the next check half a minute away."""
    agenda = Agenda()
    agenda.follow({SUBJECT: CHECK}, now=0.0)
    list(agenda.take(0.0))
    agenda.note(SUBJECT, CHECK, Result(known is HEALTHY, 0.0, 0.0))
    return agenda


@pytest.mark.parametrize(
    ("now_followed", "at_once"),
    [
        pytest.param(replace(CHECK, known=HEALTHY), False, id="as reported"),
        pytest.param(replace(CHECK, known=PENDING), True, id="registered again"),
        pytest.param(replace(CHECK, known=HEALTHY, how=replace(HOW, path="/up")), True, id="another check"),
        pytest.param(replace(CHECK, known=HEALTHY, where=Endpoint("127.0.0.1", 81)), True, id="another port"),
    ],
)
def test_a_target_is_checked_at_once_when_it_starts_anew(now_followed: Check, at_once: bool) -> None:
    agenda = checked(HEALTHY)

    agenda.follow({SUBJECT: now_followed}, now=1.0)

    assert (agenda.next_due() == 1.0) is at_once


def test_the_result_for_a_target_that_is_gone_says_nothing() -> None:
    agenda = Agenda()
    agenda.follow({SUBJECT: CHECK}, now=0.0)
    list(agenda.take(0.0))

    agenda.follow({}, now=1.0)

    assert agenda.note(SUBJECT, CHECK, Result(True, 0.0, 1.0)) is None
    assert agenda.next_due() is None


def test_the_result_of_a_check_that_was_replaced_says_nothing() -> None:
    agenda = Agenda()
    agenda.follow({SUBJECT: CHECK}, now=0.0)
    list(agenda.take(0.0))
    other = replace(CHECK, how=replace(HOW, path="/up"))

    agenda.follow({SUBJECT: other}, now=1.0)

    assert agenda.note(SUBJECT, CHECK, Result(True, 0.0, 1.0)) is None
    assert list(agenda.take(1.0)) == [(SUBJECT, other)]
