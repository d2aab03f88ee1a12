"""What is learned of how long Lattice takes."""

from random import Random

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


FOUR: Round = ([], [4.0])


@pytest.mark.parametrize(
    ("rounds", "expected"),
    [
        pytest.param([], None, id="nothing was seen"),
        pytest.param([([0.7], [])], None, id="nothing was seen done"),
        pytest.param([([1.0], [])], 3.0, id="as slow as it typically is"),
        pytest.param([([1.0], []), ([], [1.4])], 1.14, id="faster than it typically is: somewhere between two looks"),
        pytest.param([([1.0], []), ([3.0], [3.1])], 3.1, id="as long as it typically takes"),
        pytest.param([([1.0], []), ([], [60.0])], 5.7, id="longer than it typically takes counts only so much"),
        pytest.param([([], [1.0])], 0.95, id="done at the first look: a little earlier the next time"),
        pytest.param([FOUR, FOUR], 3.8, id="done in time: as early once more"),
        pytest.param([FOUR, ([], [3.85])], 0.95 * 3.85, id="done earlier: a little earlier than that"),
        pytest.param([FOUR, ([3.85], []), ([], [4.3])], 4.0, id="too early: what was enough before"),
        pytest.param([FOUR, ([3.85], []), ([4.4], []), ([], [4.5])], 4.5, id="slower than before: as long as it took"),
        pytest.param([FOUR, ([3.85], []), ([4.1], []), ([], [60.0])], 7.6, id="one slow moment counts only so much"),
        pytest.param([FOUR, ([3.85], []), *[FOUR] * 20], 4.0, id="tried in vain: not again"),
        pytest.param([FOUR, ([3.85], []), *[FOUR] * 21], 3.8, id="tried in vain long ago: again"),
        pytest.param([FOUR, ([3.85], []), *[([1.0], [4.0])] * 21], 3.8, id="the same, where others have only begun"),
        pytest.param([FOUR, ([3.85], []), ([], [3.7])], 0.95 * 3.7, id="done in less than was too short"),
        pytest.param([([], [9.0, 3.0, 5.0])], 2.85, id="of many the youngest tells"),
        pytest.param([([], [500.0])], 0.95 * LONGEST, id="never longer than is bearable"),
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


DURATIONS: dict[Change, float] = {
    CREATION: 3.0,
    (What.ASSOCIATIONS, Status.CREATE_IN_PROGRESS): 15.0,
    SERVICE: 30.0,
}


def a_route(experience: Experience, random: Random, durations: dict[Change, float]) -> int:
    """Looks that come too early while a route's changes are waited for, each kind by itself."""
    early = 0
    for change, takes in durations.items():
        waited = (experience.expected(change) or 1.0) * (1 + 0.1 * random.random())
        while waited < takes:
            early += 1
            experience.learn([(change, waited)], [])
            waited *= 9 / 8
        experience.learn([], [(change, waited)])
    return early


@pytest.mark.parametrize("seed", range(20))
def test_a_route_pays_for_one_look_too_early_at_most_once_it_is_known_how_long_all_takes(seed: int) -> None:
    experience, random = Experience(), Random(seed)
    a_route(experience, random, DURATIONS)

    early = [a_route(experience, random, DURATIONS) for _ in range(100)]

    assert max(early) <= 1
    assert sum(early) <= 20
    assert {change: experience.expected(change) for change in DURATIONS} == {
        change: pytest.approx(takes, rel=0.15) for change, takes in DURATIONS.items()
    }


@pytest.mark.parametrize("seed", range(20))
def test_it_is_found_out_that_everything_has_become_faster(seed: int) -> None:
    experience, random = Experience(), Random(seed)
    for _ in range(20):
        a_route(experience, random, DURATIONS)
    faster = {change: takes / 2 for change, takes in DURATIONS.items()}

    for _ in range(300):
        a_route(experience, random, faster)

    assert {change: experience.expected(change) for change in faster} == {
        change: pytest.approx(takes, rel=0.15) for change, takes in faster.items()
    }
