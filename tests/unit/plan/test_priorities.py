"""Numbers of rules as constraints (decision 6)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lattice_gateway.core.lattice.units import Exact, Match, Prefix
from lattice_gateway.core.plan.priorities import Wanted, assign, pairs_in_order

ROOT, A, B, AX = Match(Prefix("/")), Match(Prefix("/a")), Match(Prefix("/b")), Match(Exact("/a/x"))


def new(match: Match, exact: int | None = None) -> Wanted:
    return Wanted(match, exact)


def at(number: int, match: Match, exact: int | None = None) -> Wanted:
    return Wanted(match, exact, number)


@pytest.mark.parametrize(
    ("rules", "numbers"),
    [
        pytest.param([new(AX), new(A), new(ROOT)], (1, 2, 3), id="a fresh listener counts from one"),
        pytest.param([at(1, AX), at(2, A), at(3, ROOT)], (1, 2, 3), id="what holds the order stays"),
        pytest.param([at(40, AX), at(50, A), at(60, ROOT)], (40, 50, 60), id="gaps stay"),
        pytest.param([at(2, A), at(1, B)], (2, 1), id="rules that never meet may stand in any order"),
        pytest.param([at(2, A), at(1, ROOT)], (2, 3), id="the rule in the wrong place moves behind"),
        pytest.param([at(1, A), new(B), at(2, ROOT)], (1, 2, 3), id="no room between two makes the later one move"),
        pytest.param([at(1, A), new(B), at(3, ROOT)], (1, 2, 3), id="a new rule fills a gap"),
        pytest.param(
            [at(10, A), new(B), at(30, ROOT)], (10, 2, 30), id="a new rule takes its rank where that is right"
        ),
        pytest.param([at(10, A), new(AX), at(30, ROOT)], (10, 11, 30), id="order of the list is the precedence"),
        pytest.param([at(1, A), at(2, B), new(ROOT)], (1, 2, 3), id="a catch-all goes last"),
        pytest.param([new(A, 100), new(B, 50), new(ROOT)], (100, 50, 101), id="behind an annotated 100 there is 101"),
        pytest.param([new(A, 100), new(B, 50), new(AX)], (100, 50, 101), id="annotated numbers are exact"),
        pytest.param([new(A), new(ROOT, 1)], (2, 1), id="an annotated number overrules precedence"),
        pytest.param([new(AX), new(A), new(ROOT, 2)], (1, 3, 2), id="only as far as it must"),
        pytest.param([at(5, A), new(ROOT, 5)], (1, 5), id="a number that somebody annotated is given up"),
        pytest.param([at(7, A, 9), at(9, B, 7)], (9, 7), id="annotated numbers swap"),
        pytest.param([new(A, 2000), new(ROOT)], (2000, 2), id="behind 2000 there is nothing, so the pair is overruled"),
        pytest.param([at(100, A), new(ROOT)], (100, 101), id="above 100 only when it has to be"),
    ],
)
def test_numbers_follow_from_precedence_and_what_is_there(rules: list[Wanted], numbers: tuple[int, ...]) -> None:
    assert assign(tuple(rules)).numbers == numbers


def test_numbers_of_rules_that_are_about_to_go_are_left_alone() -> None:
    assert assign((at(1, A), new(ROOT)), (at(2, B), at(3, B))).numbers == (1, 4)


def test_a_stale_rule_gives_its_number_up_when_nothing_else_fits() -> None:
    assignment = assign((new(A), new(ROOT, 2)), (at(1, B),))

    assert (assignment.numbers, assignment.stale) == ((1, 2), (3,))


def test_a_stale_rule_keeps_its_place_among_the_rules_that_move() -> None:
    assignment = assign((new(AX), at(1, A)), (at(2, Match(Prefix("/a"), "GET")),))

    assert (assignment.numbers, assignment.stale) == ((1, 2), (3,))


def test_a_pair_that_annotations_forbid_is_named() -> None:
    assert assign((new(A), new(B), new(ROOT, 1))).overruled == ((0, 2), (1, 2))


MATCHES = [
    ROOT,
    A,
    B,
    AX,
    Match(Prefix("/a"), "GET"),
    Match(Prefix("/"), "POST"),
    Match(Prefix("/c")),
    Match(Exact("/b")),
]
matches = st.permutations(MATCHES).flatmap(lambda every: st.integers(1, len(every)).map(lambda n: every[:n]))


@st.composite
def listeners(draw: st.DrawFn) -> tuple[tuple[Wanted, ...], tuple[Wanted, ...]]:
    chosen = draw(matches)
    numbers = draw(st.lists(st.integers(1, 14), min_size=len(chosen), max_size=len(chosen), unique=True))
    exact = draw(st.lists(st.integers(1, 12) | st.just(2000), min_size=len(chosen), max_size=len(chosen), unique=True))
    kinds = draw(st.lists(st.sampled_from(["new", "new", "there", "there", "exact", "both"]), min_size=8, max_size=8))
    rules = tuple(
        Wanted(
            match,
            exact[i] if kinds[i] in {"exact", "both"} else None,
            numbers[i] if kinds[i] in {"there", "both"} else None,
        )
        for i, match in enumerate(chosen)
    )
    free = draw(st.frozensets(st.integers(1, 20), max_size=3)) - {rule.current for rule in rules}
    return rules, tuple(at(number, draw(st.sampled_from(MATCHES))) for number in sorted(free))


@given(listener=listeners())
def test_every_pair_that_can_meet_is_in_order_and_annotations_are_exact(
    listener: tuple[tuple[Wanted, ...], tuple[Wanted, ...]],
) -> None:
    rules, stale = listener

    assignment = assign(rules, stale)

    numbers, every = assignment.numbers, assignment.numbers + assignment.stale
    assert len(set(every)) == len(every)
    assert all(1 <= number <= 2000 for number in every)
    assert all(number == rule.exact for rule, number in zip(rules, numbers, strict=True) if rule.exact)
    assert all(numbers[i] < numbers[j] for i, j in pairs_in_order(rules) if (i, j) not in assignment.overruled)
    assert all(rules[i].exact or rules[j].exact or numbers[i] < numbers[j] for i, j in pairs_in_order(rules))


@given(listener=listeners())
def test_numbers_once_assigned_stay(listener: tuple[tuple[Wanted, ...], tuple[Wanted, ...]]) -> None:
    rules, stale = listener
    numbers = assign(rules, stale).numbers

    there = tuple(Wanted(rule.match, rule.exact, number) for rule, number in zip(rules, numbers, strict=True))

    assert assign(there).numbers == numbers
