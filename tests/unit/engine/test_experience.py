"""What is learned of how long Lattice takes."""

import pytest

from lattice_gateway.core.lattice.words import Status
from lattice_gateway.engine.experience import LONGEST, Change, Experience
from lattice_gateway.engine.watches import What

CREATION: Change = (What.GROUP, Status.CREATE_IN_PROGRESS)
Round = tuple[list[float], list[float]]
"""Seconds that changes had when one looked at them: those that were not done, and those that were."""


def learned(*rounds: Round) -> float | None:
    experience = Experience()
    for moving, done in rounds:
        experience.learn([(CREATION, waited) for waited in moving], [(CREATION, waited) for waited in done])
    return experience.expected(CREATION)


@pytest.mark.parametrize(
    ("rounds", "expected"),
    [
        pytest.param([], None, id="nothing was seen"),
        pytest.param([([0.7], [])], None, id="nothing was seen done"),
        pytest.param([([1.0], [])], 3.0, id="as slow as it typically is"),
        pytest.param([([1.0], []), ([], [1.4])], 1.2, id="faster than it typically is: somewhere between two looks"),
        pytest.param([([1.0], []), ([], [3.1])], 3.1, id="as long as it typically takes"),
        pytest.param([([], [1.0])], 0.97, id="done at the first look"),
        pytest.param([([], [4.0]), ([], [4.0])], 3.7636, id="done in time: a little earlier the next time"),
        pytest.param([([], [4.0]), ([3.8], []), ([], [4.5])], 4.5, id="too early: as long as it took"),
        pytest.param([([], [4.0]), ([3.8], []), ([], [60.0])], 7.76, id="one slow moment counts only so much"),
        pytest.param([([], [9.0, 3.0, 5.0])], 2.91, id="of many the youngest tells"),
        pytest.param([([], [500.0])], LONGEST, id="never longer than is bearable"),
    ],
)
def test_what_is_expected_follows_what_was_seen(rounds: list[Round], expected: float | None) -> None:
    assert learned(*rounds) == pytest.approx(expected)


def test_kinds_of_changes_are_apart() -> None:
    experience = Experience()

    experience.learn([], [(CREATION, 3.0)])

    assert experience.expected((What.GROUP, Status.DELETE_IN_PROGRESS)) is None


SERVICE: Change = (What.SERVICE, Status.CREATE_IN_PROGRESS)


def test_what_is_typical_is_believed_of_all_once_one_change_was_seen_to_be_that_slow() -> None:
    experience = Experience()
    before = experience.expected(SERVICE)

    experience.learn([(CREATION, 1.0), (SERVICE, 1.0)], [])

    assert (before, experience.expected(SERVICE)) == (None, 30.0)


def test_what_is_typical_is_not_believed_of_a_service_that_is_many_times_faster() -> None:
    experience = Experience()
    experience.learn([(CREATION, 1.0)], [])

    experience.learn([(SERVICE, 1.0)], [(CREATION, 1.2)])

    assert experience.expected(SERVICE) is None


def test_a_change_that_always_takes_as_long_is_seldom_looked_at_too_early() -> None:
    experience, takes, early = Experience(), 15.0, 0
    experience.learn([(CREATION, 7.0)], [(CREATION, 16.0)])

    for _ in range(100):
        waited = experience.expected(CREATION) or 1.0
        if waited < takes:
            early += 1
            experience.learn([(CREATION, waited)], [])
            waited *= 9 / 8
        experience.learn([], [(CREATION, max(waited, takes))])

    assert early < 40
    assert (experience.expected(CREATION) or 0.0) == pytest.approx(takes, rel=0.15)
