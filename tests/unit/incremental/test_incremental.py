"""The engine of recorded reads, on a toy translation: words, their lengths, totals by first letter."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lattice_gateway.core.lattice.words import Owner, VpcId
from lattice_gateway.core.translate.view import Cells, Index, Inputs, Program, View
from lattice_gateway.engine.incremental import Changes, Incremental, OrderError
from lattice_gateway.settings import Settings

SETTINGS = Settings(region="r", owner=Owner("1", "c", VpcId("vpc-1")))

WORDS: Inputs[str, str] = Inputs("words")
LIMITS: Inputs[str, int] = Inputs("limits")


def _by_letter(key: str, word: str) -> Iterable[tuple[str, str]]:
    return [(word[:1], key)] if word else []


BY_LETTER: Index[str, str] = Index("words by letter", WORDS, _by_letter)


def _length(view: View, key: str) -> int:
    word = view.get(WORDS, key)
    if word == "crash":
        raise ValueError(word)
    return min(len(word or ""), view.get(LIMITS, "length") or 99)


LENGTH: Cells[str, int] = Cells("length", _length)


def _total(view: View, letter: str) -> int:
    return sum(view.cell(LENGTH, key) or 0 for key in view.lookup(BY_LETTER, letter))


TOTAL: Cells[str, int] = Cells("total", _total, per=(BY_LETTER,))
BY_TOTAL: Index[int, str] = Index("letters by total", TOTAL, lambda letter, total: [(total, letter)])


def _report(view: View, total: int) -> tuple[str | None, int]:
    return view.first(BY_TOTAL, total), view.count(BY_TOTAL, total)


REPORT: Cells[int, tuple[str | None, int]] = Cells("report", _report, per=(BY_TOTAL,))
PROGRAM = Program((LENGTH, TOTAL, REPORT), (BY_LETTER, BY_TOTAL))


def engine(words: dict[str, str]) -> Incremental:
    made = Incremental(PROGRAM, SETTINGS)
    for key, word in words.items():
        made.put(WORDS, key, word)
    made.refresh()
    return made


def test_cells_exist_for_the_keys_of_their_index() -> None:
    made = engine({"1": "apple", "2": "ant", "3": "bee"})

    assert made.results(TOTAL) == {"a": 8, "b": 3}
    assert made.results(REPORT) == {8: ("a", 1), 3: ("b", 1)}


def test_a_change_recomputes_its_readers_only() -> None:
    made = engine({"1": "apple", "2": "ant", "3": "bee"})

    made.put(WORDS, "3", "bear")

    assert made.refresh().recomputed == {"length": 1, "total": 1, "report": 1}


def test_an_equal_result_stops_the_wave() -> None:
    made = engine({"1": "apple"})

    made.put(WORDS, "1", "ample")

    assert made.refresh() == Changes(recomputed={"length": 1})


def test_an_equal_input_changes_nothing() -> None:
    made = engine({"1": "apple"})

    made.put(WORDS, "1", str(b"apple", "ascii"))

    assert made.refresh() == Changes()


def test_what_was_absent_is_read_as_well() -> None:
    made = engine({"1": "apple"})

    made.put(LIMITS, "length", 2)

    assert made.refresh().of(TOTAL)["a"].after == 2


def test_an_input_nobody_read_recomputes_nothing() -> None:
    made = engine({"1": "apple"})

    made.put(LIMITS, "width", 2)

    assert made.refresh() == Changes()


def test_a_cell_ends_with_the_last_entry_of_its_key() -> None:
    made = engine({"1": "apple"})

    made.remove(WORDS, "1")
    changes = made.refresh()

    assert (changes.of(TOTAL)["a"].before, changes.of(TOTAL)["a"].after) == (5, None)
    assert made.results(REPORT) == {}
    assert made.results(LENGTH) == {}


def test_the_first_and_the_count_are_read_without_the_list() -> None:
    made = engine({"1": "aa", "2": "bb", "3": "cc"})
    assert made.results(REPORT) == {2: ("a", 3)}

    made.put(WORDS, "2", "")
    made.put(WORDS, "4", "dd")

    assert made.refresh().recomputed == {"length": 1, "total": 1}


def test_a_crash_keeps_what_was_there_and_names_the_cell() -> None:
    made = engine({"1": "cable", "2": "bee"})

    made.put(WORDS, "1", "crash")
    made.put(WORDS, "2", "bear")
    changes = made.refresh()

    assert [(crash.cells, crash.key) for crash in changes.crashes] == [("length", "1")]
    assert made.results(TOTAL) == {"c": 5, "b": 4}


def test_a_cell_recovers_from_a_crash() -> None:
    made = engine({"1": "crash", "2": "cat"})
    assert made.results(TOTAL) == {}

    made.put(WORDS, "1", "clash")
    made.refresh()

    assert made.results(TOTAL) == {"c": 8}


def test_a_cell_that_reads_what_stands_behind_it_is_a_bug() -> None:
    early: Cells[str, int] = Cells("early", lambda view, key: view.cell(LENGTH, key) or 0, per=(BY_LETTER,))
    made = Incremental(Program((early, LENGTH), (BY_LETTER,)), SETTINGS)
    made.put(WORDS, "1", "apple")

    with pytest.raises(OrderError, match="length is read by a cell that stands before it"):
        made.refresh()


def test_an_index_over_results_is_read_only_behind_them() -> None:
    early: Cells[str, int] = Cells("early", lambda view, _: view.count(BY_TOTAL, 5), per=(BY_LETTER,))
    made = Incremental(Program((early, LENGTH, TOTAL), (BY_LETTER, BY_TOTAL)), SETTINGS)
    made.put(WORDS, "1", "apple")

    with pytest.raises(OrderError, match="letters by total"):
        made.refresh()


def test_nothing_is_left_when_all_inputs_are_gone() -> None:
    made = engine({"1": "apple", "2": "ant", "3": "bee"})
    made.put(LIMITS, "length", 2)
    made.refresh()

    for key in ("1", "2", "3"):
        made.remove(WORDS, key)
    made.remove(LIMITS, "length")
    made.refresh()

    assert [family.nodes for family in made._families.values()] == [{}, {}, {}]
    assert [table.readings for table in made._tables.values()] == [{}, {}]
    assert list(made._inputs.values()) == [{}, {}]


changes = st.lists(
    st.tuples(
        st.sampled_from("1234"),
        st.one_of(st.none(), st.text("ab", max_size=3), st.just("crash")),
        st.booleans(),
    )
)


@given(changes=changes, limit=st.integers(1, 3))
def test_any_history_ends_in_what_is_computed_from_nothing(
    changes: list[tuple[str, str | None, bool]], limit: int
) -> None:
    made = engine({})
    words: dict[str, str] = {}
    for key, word, refreshed in changes:
        if word is None:
            made.remove(WORDS, key)
            words.pop(key, None)
        elif word != "crash":
            made.put(WORDS, key, word)
            words[key] = word
        if refreshed:
            made.refresh()
    made.put(LIMITS, "length", limit)
    made.refresh()

    fresh = Incremental(PROGRAM, SETTINGS)
    fresh.put(LIMITS, "length", limit)
    for key in sorted(words):
        fresh.put(WORDS, key, words[key])
    fresh.refresh()

    for cells in (LENGTH, TOTAL, REPORT):
        assert made.results(cells) == fresh.results(cells)


@given(changes=changes)
def test_crashes_pass_and_leave_no_trace(changes: list[tuple[str, str | None, bool]]) -> None:
    made = engine({})
    for key, word, _ in changes:
        made.put(WORDS, key, word or "a")
        made.refresh()
    for key in "1234":
        made.put(WORDS, key, "ab")
    made.refresh()

    assert made.results(TOTAL) == {"a": 8}
    assert made.results(REPORT) == {8: ("a", 1)}


SHELVES: Inputs[str, str] = Inputs("shelves")
LABELS: Inputs[str, str] = Inputs("labels")
EACH_SHELF: Index[str, str] = Index("each shelf", SHELVES, lambda key, _: [(key, key)])
EACH_LABEL: Index[str, str] = Index("each label", LABELS, lambda key, _: [(key, key)])
SHELF: Cells[str, str] = Cells("shelf", lambda view, key: view.get(SHELVES, key) or "", per=(EACH_SHELF,))
LABEL: Cells[str, str | None] = Cells(
    "label", lambda view, key: view.cell(SHELF, view.get(LABELS, key) or ""), per=(EACH_LABEL,)
)


def test_a_cell_that_begins_while_its_last_reader_ends_is_computed() -> None:
    made = Incremental(Program((SHELF, LABEL), (EACH_SHELF, EACH_LABEL)), SETTINGS)
    made.put(LABELS, "label", "shelf")
    made.refresh()

    made.put(SHELVES, "shelf", "books")
    made.remove(LABELS, "label")
    made.refresh()

    assert made.results(SHELF) == {"shelf": "books"}
