"""Batches of new numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lattice_gateway.core.plan.moves import batches


@pytest.mark.parametrize(
    ("present", "goal", "sizes"),
    [
        pytest.param({"a": 1, "b": 2}, {}, [], id="nothing moves"),
        pytest.param({"a": 1, "b": 2}, {"a": 2, "b": 1}, [2], id="two swap in one batch"),
        pytest.param({"a": 1, "b": 2, "c": 3}, {"a": 2, "b": 3, "c": 4}, [3], id="a shift"),
        pytest.param(
            {str(i): i for i in range(1, 13)}, {str(i): i + 1 for i in range(1, 13)}, [10, 2], id="a long shift"
        ),
        pytest.param(
            {str(i): i for i in range(1, 13)},
            {str(i): i % 12 + 1 for i in range(1, 13)},
            [10, 3],
            id="a ring of twelve",
        ),
    ],
)
def test_moves_come_in_batches_of_ten(present: dict[str, int], goal: dict[str, int], sizes: list[int]) -> None:
    assert [len(batch) for batch in batches(present, goal)] == sizes


@given(data=st.data(), size=st.integers(1, 25))
def test_every_batch_is_free_of_clashes_and_the_last_reaches_the_goal(data: st.DataObject, size: int) -> None:
    numbers = st.lists(st.integers(1, 40), min_size=size, max_size=size, unique=True)
    present = {f"r{i}": number for i, number in enumerate(data.draw(numbers))}
    goal = {f"r{i}": number for i, number in enumerate(data.draw(numbers))}
    now = dict(present)

    for batch in batches(present, {rule: number for rule, number in goal.items() if number != present[rule]}):
        now.update({move.rule: move.to for move in batch})
        assert 1 <= len(batch) <= 10
        assert len(set(now.values())) == len(now)

    assert now == goal


@given(size=st.integers(2, 30), by=st.integers(1, 5))
def test_rules_that_shift_keep_their_order_all_the_way(size: int, by: int) -> None:
    now = {f"r{i:02}": i for i in range(1, size + 1)}

    for batch in batches(now, {rule: number + by for rule, number in now.items()}):
        now.update({move.rule: move.to for move in batch})
        assert sorted(now, key=lambda rule: now[rule]) == sorted(now)
