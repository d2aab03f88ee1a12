"""The brakes: what stays in force, what goes, and what waits for a person."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lattice_gateway.adapters.files.contents import Placed
from lattice_gateway.adapters.files.reading import Reading
from lattice_gateway.adapters.files.settle import Settled, settle
from lattice_gateway.core.objects import DecodeError, Kind, NotOurs, Object, Ref, decode
from lattice_gateway.engine.feed import MassDeletion, Problem, Undecodable
from tests.unit.files.making import START, at, route, service


def thing(text: str) -> Object:
    found = decode(yaml.safe_load(text))
    assert not isinstance(found, NotOurs | DecodeError)
    return found


def reading(texts: Iterable[str], file: str = "x.yaml", blind: Iterable[str] = ()) -> Reading:
    placed = [Placed(thing(text), file, 1) for text in texts]
    return Reading({each.thing.ref: each for each in placed}, blind=frozenset(blind))


def ref(name: str) -> Ref:
    return Ref(Kind.HTTP_ROUTE, "default", name)


def names(settled: Settled) -> set[str]:
    return {each.name for each in settled.in_force}


KEEP = service("keep")
"""An object that stays, so that the source is never empty."""


def routes(count: int) -> list[str]:
    return [route(f"r{number}") for number in range(count)]


def test_a_removal_counts_after_two_readings_a_second_apart() -> None:
    full = settle(Settled(), reading([route("one"), KEEP]), at(0), None)
    once = settle(full, reading([KEEP]), at(10), None)
    soon = settle(once, reading([KEEP]), at(10.9), None)
    late = settle(soon, reading([KEEP]), at(11), None)

    assert [each.gone for each in (once, soon, late)] == [(), (), (ref("one"),)]
    assert [names(each) for each in (once, soon, late)] == [{"one", "keep"}, {"one", "keep"}, {"keep"}]
    assert late.missing == {}


def test_an_object_that_comes_back_meanwhile_was_never_gone() -> None:
    full = settle(Settled(), reading([route("one"), KEEP]), at(0), None)
    once = settle(full, reading([KEEP]), at(10), None)
    back = settle(once, reading([route("one"), KEEP]), at(10.5), None)
    again = settle(back, reading([KEEP]), at(11.2), None)

    assert back.in_force == full.in_force
    assert again.gone == ()


def test_an_object_that_moves_to_another_file_is_not_gone() -> None:
    full = settle(Settled(), reading([route("one")], file="x.yaml"), at(0), None)
    moved = settle(full, reading([route("one")], file="y.yaml"), at(10), None)

    assert moved.in_force[ref("one")].file == "y.yaml"
    assert moved.in_force[ref("one")].thing is full.in_force[ref("one")].thing
    assert moved.missing == {}


@pytest.mark.parametrize("blind", ["x.yaml", "", "x"], ids=["the file", "the root", "a directory above"])
def test_an_object_of_a_file_that_cannot_be_read_stays(blind: str) -> None:
    file = "x/x.yaml" if blind == "x" else "x.yaml"
    full = settle(Settled(), reading([route("one"), KEEP], file=file), at(0), None)

    after = settle(full, reading([KEEP], file="y.yaml", blind=[blind]), at(10), None)
    later = settle(after, reading([KEEP], file="y.yaml", blind=[blind]), at(20), None)

    assert (later.gone, later.missing) == ((), {})
    assert later.in_force[ref("one")] == full.in_force[ref("one")]


def test_a_source_without_objects_deletes_nothing() -> None:
    full = settle(Settled(), reading(routes(2)), at(0), None)

    empty = settle(settle(full, Reading(), at(10), None), Reading(), at(20), 2)

    assert empty.gone == ()
    assert names(empty) == {"r0", "r1"}
    assert [str(problem) for problem in empty.problems] == [
        "the source holds no object that can be read; what was seen last (objects: 2) stays as it is"
    ]


@pytest.mark.parametrize(
    ("known", "lost", "held"),
    [
        pytest.param(3, 3, False, id="three of three"),
        pytest.param(4, 4, True, id="four of four"),
        pytest.param(39, 4, True, id="four of 39: more than a tenth"),
        pytest.param(40, 4, False, id="four of 40: a tenth"),
        pytest.param(200, 20, False, id="twenty of 200"),
        pytest.param(200, 21, True, id="twenty-one of 200"),
    ],
)
def test_many_removals_at_once_are_held(known: int, lost: int, held: bool) -> None:
    full = settle(Settled(), reading([*routes(known), KEEP]), at(0), None)
    rest = reading([*routes(known)[lost:], KEEP])

    after = settle(settle(full, rest, at(10), None), rest, at(20), None)

    assert (after.held is not None) == held
    assert len(after.gone) == (0 if held else lost)
    assert len(after.in_force) == known + 1 - len(after.gone)


def test_a_held_deletion_names_the_number_to_confirm() -> None:
    full = settle(Settled(), reading([*routes(5), KEEP]), at(0), None)

    held = settle(full, reading([KEEP]), at(10), 4).held

    assert held == MassDeletion(refs=tuple(ref(f"r{n}") for n in range(5)), known=5, confirmed=4)
    assert str(held).startswith(
        "5 of 5 objects that own Lattice state are gone from the source (--confirm-deletions named 4); nothing is "
        "deleted until --confirm-deletions 5 says so: HTTPRoute default/r0, "
    )


def test_a_confirmed_number_lets_them_go() -> None:
    full = settle(Settled(), reading([*routes(5), KEEP]), at(0), None)

    after = settle(settle(full, reading([KEEP]), at(10), 5), reading([KEEP]), at(20), 5)

    assert (len(after.gone), after.held) == (5, None)


def test_services_do_not_count_towards_a_mass_deletion_but_are_held_with_it() -> None:
    services = [service(f"s{number}") for number in range(9)]
    full = settle(Settled(), reading([*routes(4), *services, KEEP]), at(0), None)

    alone = settle(settle(full, reading([*routes(4), KEEP]), at(10), None), reading([*routes(4), KEEP]), at(20), None)
    together = settle(settle(full, reading([KEEP]), at(10), None), reading([KEEP]), at(20), None)

    assert (len(alone.gone), alone.held) == (9, None)
    assert together.gone == ()
    assert together.held is not None
    assert together.held.count == 4


def test_new_and_changed_objects_count_while_a_deletion_is_held() -> None:
    full = settle(Settled(), reading([*routes(5), KEEP]), at(0), None)

    after = settle(full, reading([route("new"), KEEP]), at(10), None)

    assert after.held is not None
    assert "new" in names(after)


def test_generation_counts_changes_of_the_spec_and_creation_is_first_sight() -> None:
    def seen(settled: Settled) -> tuple[int, object]:
        standing = settled.in_force[ref("one")].thing
        assert standing is not None
        return standing.metadata.generation, standing.metadata.creation_timestamp

    first = settle(Settled(), reading([route("one", 1)]), at(0.5), None)
    labelled = settle(
        first, reading([route("one", 1).replace("  name: one", "  name: one\n  labels: {a: b}")]), at(5), None
    )
    edited = settle(labelled, reading([route("one", 2)]), at(9), None)

    assert [seen(each) for each in (first, labelled, edited)] == [(1, START), (1, START), (2, START)]


def test_a_given_time_of_creation_counts_and_a_mark_of_deletion_does_not() -> None:
    metadata = "  name: one\n  creationTimestamp: 2020-01-01T00:00:00Z\n  deletionTimestamp: 2020-01-01T00:00:00Z"
    settled = settle(Settled(), reading([route("one").replace("  name: one", metadata)]), at(0), None)

    standing = settled.in_force[ref("one")].thing
    assert standing is not None
    assert standing.metadata.creation_timestamp is not None
    assert standing.metadata.creation_timestamp.year == 2020
    assert standing.metadata.deletion_timestamp is None


def broken(name: str, file: str = "x.yaml") -> Undecodable:
    return Undecodable(ref(name), Problem(file=file, ref=ref(name), message="bad"))


def test_an_object_that_becomes_unreadable_keeps_its_last_good_content() -> None:
    full = settle(Settled(), reading([route("one"), KEEP]), at(0), None)
    bad = replace(reading([KEEP], blind=["x.yaml"]), undecodable={ref("one"): broken("one")})

    after = settle(full, bad, at(10), None)

    assert after.in_force == full.in_force


def test_an_object_that_never_was_readable_stands_as_such_until_it_goes() -> None:
    bad = replace(reading([KEEP], blind=["x.yaml"]), undecodable={ref("one"): broken("one")})
    first = settle(Settled(), bad, at(0), None)
    without = settle(settle(first, reading([KEEP]), at(10), None), reading([KEEP]), at(11), None)
    mended = settle(first, reading([route("one"), KEEP]), at(10), None)

    assert first.in_force[ref("one")].undecodable == broken("one")
    assert without.gone == (ref("one"),)
    assert mended.in_force[ref("one")].undecodable is None


CONTENTS = st.dictionaries(st.sampled_from([f"r{n}" for n in range(6)]), st.integers(0, 3), max_size=6)


@settings(max_examples=40, deadline=None)
@given(st.lists(CONTENTS, max_size=6), CONTENTS)
def test_after_any_history_what_is_in_force_is_what_the_last_reading_says(
    history: list[dict[str, int]], last: dict[str, int]
) -> None:
    def texts(content: dict[str, int]) -> list[str]:
        return [KEEP, *(route(name, weight) for name, weight in content.items())]

    state, second = Settled(), 0.0
    for content in [*history, last, last]:
        second += 5
        state = settle(state, reading(texts(content)), at(second), None)
        if state.held:
            state = settle(state, reading(texts(content)), at(second), state.held.count)

    scratch = settle(Settled(), reading(texts(last)), at(0), None)
    specs = [{key: each.original for key, each in settled.in_force.items()} for settled in (state, scratch)]
    if state.held is None and not state.missing:
        assert specs[0] == specs[1]
    else:
        assert set(specs[1]) <= set(specs[0])
