"""The rules of a listener: matched, numbered, created, updated, turned and deleted."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from lattice_gateway.core.lattice.keys import ServiceKey
from lattice_gateway.core.lattice.observed import Fixed, ForwardTo, ObservedRule, Unmodelled
from lattice_gateway.core.lattice.operations import (
    BatchUpdateRule,
    CreateRule,
    DeleteRule,
    Known,
    Operation,
    UpdateRule,
)
from lattice_gateway.core.lattice.units import AsItIs, Exact, FixedResponse, HeaderMatch, Match, Prefix, Rule
from lattice_gateway.core.lattice.words import Arn, Status, Tags
from lattice_gateway.core.plan.plan import GroupState, Health, NoteKind, Surroundings
from lattice_gateway.core.plan.rules import Piece, Site, plan_rules, rule_name
from tests.laws.plan.worlds import OWN, forward, group_key, rule

KEY = group_key("rates-default", "parking")
A, B, C, ROOT = (Match(Prefix(path)) for path in ("/a", "/b", "/c", "/"))
TO_GROUP = forward((KEY, 1))
LIVE = ForwardTo((("tg-1", 1),))
AROUND = Surroundings(
    groups={KEY: GroupState(ref=Known("tg-1", Arn("arn:tg-1")), status=Status.ACTIVE, health=Health.GOOD)}
)
SITE = Site(
    key=ServiceKey("rates-default"),
    service=Known("svc-1", Arn("arn:svc-1")),
    listener=Known("listener-1", Arn("arn:listener-1")),
    label="listener 80",
    child_tags=Tags(OWN),
    around=AROUND,
)


def there(number: int, match: Match | Unmodelled, **changes: object) -> ObservedRule:
    fields = {"name": f"k8s-1700000000-rule-{number}", "action": LIVE, "tags": Tags(OWN)}
    fields |= {"id": f"rule-{number}", "arn": Arn(f"arn:rule-{number}"), "priority": number, "match": match}
    return ObservedRule(**{**fields, **changes})  # type: ignore[arg-type]


def to(match: Match, priority: int | None = None) -> Rule:
    return rule(match, TO_GROUP, priority=priority)


def held(match: Match) -> Rule:
    return rule(match, AsItIs("Service pay cannot be read"))


def plan(rules: Sequence[Rule], existing: Sequence[ObservedRule], quota: int = 10) -> Piece:
    return plan_rules(replace(SITE, around=replace(AROUND, rule_quota=quota)), rules, tuple(existing))


def told(operation: Operation) -> str:
    """An operation in short: ``+2 /a`` created at 2, ``~rule-1`` updated, ``-rule-1`` deleted, ``#rule-1=2`` moved."""
    match operation:
        case CreateRule(priority=number, match=match):
            return f"+{number} {match.path.path}"
        case UpdateRule(rule=known, match=None):
            return f"~{known.id}"
        case UpdateRule(rule=known, match=match) if match is not None:
            return f"~{known.id} {match.path.path}"
        case DeleteRule(rule=known):
            return f"-{known.id}"
        case BatchUpdateRule(priorities=priorities):
            return ",".join(f"#{known.id}={number}" for known, number in priorities)
        case _:
            raise AssertionError(operation)


def tell(piece: Piece) -> list[str]:
    return [told(operation) for step in piece.steps for operation in step.operations]


@pytest.mark.parametrize(
    ("rules", "existing", "expected"),
    [
        pytest.param([to(A), to(ROOT)], [], ["+1 /a", "+2 /"], id="fresh"),
        pytest.param([to(A), to(ROOT)], [there(7, A), there(9, ROOT)], [], id="numbers that hold the order stay"),
        pytest.param([to(A)], [there(1, A, action=Fixed(500))], ["~rule-1"], id="another action"),
        pytest.param([to(A), to(ROOT)], [there(2, A), there(1, ROOT)], ["#rule-1=3"], id="out of order"),
        pytest.param(
            [to(A), to(ROOT)], [there(1, ROOT)], ["#rule-1=2", "+1 /a"], id="never in front of what it follows"
        ),
        pytest.param([to(B)], [there(1, A)], ["+2 /b", "-rule-1"], id="an edited match: new before old"),
        pytest.param([to(A)], [there(1, A), there(2, A)], ["-rule-2"], id="of equal ones the first evaluated stays"),
        pytest.param(
            [to(A)], [there(1, Unmodelled("{}")), there(2, A)], ["-rule-1"], id="an unreadable match is stale"
        ),
        pytest.param([to(A, 40)], [there(1, A)], ["#rule-1=40"], id="an annotated number is exact"),
        pytest.param(
            [to(B, 1)], [there(1, A)], ["#rule-1=2", "+1 /b", "-rule-1"], id="it makes a stale rule step aside"
        ),
        pytest.param([to(A), to(A)], [there(1, A)], [], id="equal matches collapse"),
        pytest.param([], [there(1, A), there(2, ROOT)], ["-rule-2", "-rule-1"], id="what comes to light goes first"),
    ],
)
def test_rules_become_the_desired_ones(rules: list[Rule], existing: list[ObservedRule], expected: list[str]) -> None:
    assert tell(plan(rules, existing)) == expected


@pytest.mark.parametrize(
    ("rules", "existing", "expected"),
    [
        pytest.param(
            [to(A), to(B)], [there(1, A), there(2, C)], ["~rule-2 /b"], id="full: the stale rule becomes the new one"
        ),
        pytest.param([to(A), to(B)], [there(1, C)], ["+2 /a", "~rule-1 /b"], id="room for one"),
        pytest.param([to(A), to(B), to(C)], [there(1, A), there(2, B)], ["+3 /c"], id="no stale one: the API decides"),
        pytest.param([to(A)], [there(1, B), there(2, C)], ["~rule-2 /a", "-rule-1"], id="the rest goes"),
    ],
)
def test_at_the_quota_a_stale_rule_is_turned(
    rules: list[Rule], existing: list[ObservedRule], expected: list[str]
) -> None:
    assert tell(plan(rules, existing, quota=2)) == expected


def test_a_turn_that_leaves_requests_without_rule_says_so() -> None:
    x, y = (Match(Prefix("/"), None, (HeaderMatch(name, "1"),)) for name in "xy")

    piece = plan([to(x), to(y)], [there(1, A), there(2, B)], quota=2)

    assert [note.kind for note in piece.notes] == [NoteKind.INTERRUPTS]


def test_a_rule_whose_match_was_changed_behind_our_back_is_found_by_its_name() -> None:
    wanted = to(A)
    drifted = there(1, B, name=f"k8s-{wanted.route_hash}-{wanted.match_hash}-rule-1")

    assert tell(plan([wanted], [drifted])) == ["~rule-1 /a"]


@pytest.mark.parametrize(
    ("rules", "existing", "expected"),
    [
        pytest.param([held(A), to(B)], [], ["+1 /b"], id="it is not made, the others are"),
        pytest.param([held(A), to(B)], [there(1, A), there(2, B)], [], id="it stays"),
        pytest.param([held(A)], [there(1, A, action=Fixed(500))], [], id="whatever it does"),
        pytest.param([held(A), to(ROOT)], [there(1, ROOT), there(2, A)], ["#rule-1=3"], id="it keeps its place"),
        pytest.param([held(A)], [there(1, B)], [], id="its match was edited: what may be its earlier form stays"),
        pytest.param([to(A)], [there(1, B), there(2, A)], ["-rule-1"], id="once all is known the rest goes"),
    ],
)
def test_a_rule_of_which_it_is_not_known_what_it_should_do_stays_as_it_is(
    rules: list[Rule], existing: list[ObservedRule], expected: list[str]
) -> None:
    assert tell(plan(rules, existing)) == expected


def test_at_the_quota_the_earlier_form_of_a_held_rule_is_not_turned_into_another() -> None:
    assert tell(plan([held(A), to(C)], [there(1, B)], quota=1)) == ["+2 /c"]


@pytest.mark.parametrize(
    ("rules", "existing", "expected"),
    [
        pytest.param([to(ROOT)], [there(1, A), there(2, ROOT)], [], id="nobody asks for it"),
        pytest.param([to(B), to(C)], [there(1, A), there(2, B)], ["+3 /c"], id="at the quota it is not turned"),
    ],
)
def test_a_stale_rule_that_is_spared_stays_and_is_told(
    rules: list[Rule], existing: list[ObservedRule], expected: list[str]
) -> None:
    site = replace(SITE, stale_stay=True, around=replace(AROUND, rule_quota=2))

    piece = plan_rules(site, rules, tuple(existing))

    assert tell(piece) == expected
    assert [note.text for note in piece.notes] == [
        "listener 80 rule k8s-1700000000-rule-1 stays, although nobody asks for it now"
    ]


def test_a_held_rule_is_told() -> None:
    assert [note.text for note in plan([held(A)], [there(1, A)]).notes] == [
        "HTTPRoute default/rates /a stays as it is: Service pay cannot be read"
    ]


def test_equal_matches_are_told() -> None:
    piece = plan([to(A), to(A)], [])

    what = "HTTPRoute default/rates /a"
    assert piece.notes[0].text == f"{what} has the same match as {what}, which comes first; it is not deployed"


def test_an_annotation_against_precedence_is_told() -> None:
    piece = plan([to(A), to(ROOT, 1)], [])

    assert piece.notes[0].text == (
        "annotated priorities put HTTPRoute default/rates / (1) before HTTPRoute default/rates /a (2), "
        "against the precedence of the Gateway API"
    )


def test_headers_are_a_set_and_their_names_ignore_case() -> None:
    one = Match(Exact("/a"), "GET", (HeaderMatch("X", "1"), HeaderMatch("Y", "2")))
    other = Match(Exact("/a"), "GET", (HeaderMatch("y", "2"), HeaderMatch("x", "1")))

    assert tell(plan([to(one)], [there(1, other)])) == []


def test_more_than_ten_rules_move_in_batches() -> None:
    matches = [Match(Prefix(f"/{'a' * (20 - i)}")) for i in range(12)]
    existing = [there(i, match) for i, match in enumerate(matches[1:], start=1)]

    piece = plan([to(match) for match in matches], existing, quota=20)

    batches = [o for step in piece.steps for o in step.operations if isinstance(o, BatchUpdateRule)]
    assert [len(batch.priorities) for batch in batches] == [10, 1]
    assert tell(piece)[-1] == f"+1 {matches[0].path.path}"


def test_a_deletion_needs_the_rules_that_answer_instead() -> None:
    piece = plan([to(ROOT), to(C)], [there(1, A)])
    steps = {step.name: step for step in piece.steps}

    assert steps["listener 80 stale rule rule-1"].needs == {"listener 80 rule 2"}


def test_a_rule_waits_only_for_its_own_groups() -> None:
    piece = plan([to(A), rule(B, FixedResponse(500))], [])

    assert [len(step.when) for step in piece.steps] == [1, 0]


def test_a_name_that_is_taken_gets_the_next_number() -> None:
    wanted = to(A)
    start = f"k8s-{wanted.route_hash}-{wanted.match_hash}-rule-"

    assert rule_name(wanted, 3, []) == f"{start}3"
    assert rule_name(wanted, 3, [f"{start}3", f"{start}4"]) == f"{start}5"
