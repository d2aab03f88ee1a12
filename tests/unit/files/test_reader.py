"""Readings over time and over restarts: what is told, what is written down first, what survives."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lattice_gateway.adapters.files import Binding, NoMemory, StateDirectory, read_once, read_state
from lattice_gateway.adapters.files.reader import EVERYTHING, Paths, Reader
from lattice_gateway.core.objects import CONTROLLER_NAME, Kind, Object, Ref
from lattice_gateway.engine.feed import Batch, ObjectRecord, Recorded, StateUnwritable
from tests.unit.files.making import at, route, service, stream, write

BINDING = Binding(owner="1/c/v", endpoint=None, source="/manifests")
ONE = Ref(Kind.HTTP_ROUTE, "default", "one")


@dataclass
class Fragile:
    """A memory whose disk can be full."""

    full: bool = False
    recorded: Recorded = field(default_factory=Recorded)
    written: list[str] = field(default_factory=list)

    def remember_objects(self, records: Iterable[ObjectRecord], gone: Iterable[Ref] = ()) -> None:
        self.written += [record.thing.ref.name for record in records] + [f"-{ref.name}" for ref in gone]
        if self.full:
            raise StateUnwritable("no space left")


def told(batch: Batch | None) -> tuple[list[str], list[str]]:
    assert batch is not None
    return sorted(thing.ref.name for thing in batch.puts), [ref.name for ref in batch.gone]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "manifests"


def test_the_first_batch_tells_everything_and_the_next_what_changed(root: Path) -> None:
    write(root, x=stream(route("one"), route("two")), y=service("rooms"))
    reader = Reader(root, NoMemory(), None)

    first = reader.read(at(0))
    unchanged = reader.read(at(1))
    write(root, x=stream(route("one", 5), route("two")))
    second = reader.read(at(2))

    assert told(first) == (["one", "rooms", "two"], [])
    assert unchanged is None
    assert told(second) == (["one"], [])


def test_a_manifest_taken_from_a_cluster_of_the_go_controller_tells_nothing_of_the_switch(root: Path) -> None:
    """File mode has no finalizers, so nothing is ever inherited there."""
    taken = route("one").replace("  name:", "  finalizers: [httproute.k8s.aws/resources]\n  name:")
    condition = "{type: Accepted, status: 'True'}"
    entry = f"{{controllerName: {CONTROLLER_NAME}, parentRef: {{name: hotel}}, conditions: [{condition}]}}"
    write(root, x=f"{taken}status: {{parents: [{entry}]}}\n")

    batch = Reader(root, NoMemory(), None).read(at(0))

    assert told(batch) == (["one"], [])
    assert batch is not None
    assert batch.inherited == {}


def test_a_notice_of_a_path_is_enough(root: Path) -> None:
    write(root, x=route("one"), y=route("two"))
    reader = Reader(root, NoMemory(), None)
    reader.read(at(0))

    write(root, x=route("one", 5), y=route("two", 5), z=route("three"))
    looked = [reader.read(at(1), Paths(frozenset({str(root / name)}))) for name in ("x.yaml", "y.new", "z.yaml")]

    assert told(looked[0]) == (["one"], [])
    assert looked[1] is None
    assert told(looked[2]) == (["three", "two"], [])


def test_a_notice_of_a_new_directory_is_followed(root: Path) -> None:
    write(root, x=route("one"))
    reader = Reader(root, NoMemory(), None)
    reader.read(at(0))

    write(root / "deep", y=route("two"))

    assert told(reader.read(at(1), Paths(frozenset({str(root / "deep")})))) == (["two"], [])


def test_an_edit_of_spaces_tells_nothing(root: Path) -> None:
    write(root, x=route("one"))
    reader = Reader(root, NoMemory(), None)
    reader.read(at(0))

    write(root, x="# a comment\n" + route("one"))

    assert reader.read(at(1)) is None


def test_a_problem_is_told_when_it_comes_and_when_it_goes(root: Path) -> None:
    write(root, x=route("one"), y=service("rooms"))
    reader = Reader(root, NoMemory(), None)
    reader.read(at(0))

    write(root, x="a: [")
    broken = reader.read(at(1))
    same = reader.read(at(2))
    write(root, x=route("one"))
    mended = reader.read(at(3))

    assert broken is not None
    assert [problem.file for problem in broken.problems] == ["x.yaml"]
    assert told(broken) == ([], [])
    assert same is None
    assert mended is not None
    assert (mended.problems, told(mended)) == ((), ([], []))


def test_an_object_that_was_never_readable_is_told_as_such(root: Path) -> None:
    write(root, x=route("one", -1))
    reader = Reader(root, NoMemory(), None)

    batch = reader.read(at(0))

    assert batch is not None
    assert [each.ref for each in batch.undecodable] == [ONE]
    assert told(batch) == ([], [])


def test_nothing_is_complete_before_the_source_could_be_listed(root: Path) -> None:
    reader = Reader(root, NoMemory(), None)

    missing = reader.read(at(0))
    write(root, x=route("one"))
    there = reader.read(at(1))

    assert missing is not None
    assert there is not None
    assert [missing.complete, there.complete] == [False, True]
    assert told(there) == (["one"], [])


def test_a_directory_that_vanishes_takes_nothing_with_it(root: Path) -> None:
    write(root, x=route("one"))
    reader = Reader(root, NoMemory(), None)
    reader.read(at(0))

    shutil.rmtree(root)
    gone = reader.read(at(10))
    later = reader.read(at(20))

    assert told(gone) == ([], [])
    assert later is None


def test_a_due_removal_asks_for_another_reading(root: Path) -> None:
    write(root, x=route("one"), y=service("rooms"))
    reader = Reader(root, NoMemory(), None)
    reader.read(at(0))
    (root / "x.yaml").unlink()

    reader.read(at(10))
    asked = [reader.overdue(second) for second in (10.5, 11)]
    gone = reader.read(at(11))

    assert [notice == EVERYTHING for notice in asked] == [False, True]
    assert told(gone) == ([], ["one"])
    assert reader.overdue(12) != EVERYTHING


def test_a_confirmed_number_is_used_up(root: Path) -> None:
    def five(prefix: str) -> str:
        return stream(*(route(f"{prefix}{number}") for number in range(5)))

    write(root, x=five("a"), y=five("b"), z=service("rooms"))
    reader = Reader(root, NoMemory(), 5)
    reader.read(at(0))

    (root / "x.yaml").unlink()
    reader.read(at(10))
    first = reader.read(at(12))
    (root / "y.yaml").unlink()
    second = reader.read(at(20))

    assert first is not None
    assert len(first.gone) == 5
    assert second is not None
    assert second.held is not None
    assert second.held.count == 5


def test_contents_are_written_down_before_they_are_told(root: Path) -> None:
    memory = Fragile()
    write(root, x=route("one"))
    reader = Reader(root, memory, None)

    reader.read(at(0))
    write(root, x=route("one", 2))
    reader.read(at(1))
    reader.read(at(2))

    assert memory.written == ["one", "one"]


def test_a_full_disk_is_a_problem_that_is_told_and_tried_again(root: Path) -> None:
    memory = Fragile(full=True)
    write(root, x=route("one"))
    reader = Reader(root, memory, None)

    batch = reader.read(at(0))
    memory.full = False
    asks = reader.overdue(1)
    after = reader.read(at(1))

    assert batch is not None
    assert [str(problem) for problem in batch.problems] == ["no space left"]
    assert told(batch) == (["one"], [])
    assert asks == EVERYTHING
    assert after is not None
    assert after.problems == ()


@pytest.mark.parametrize("trouble", ["broken file", "missing directory", "empty directory", "unreadable file"])
def test_after_a_restart_what_cannot_be_read_stays_in_force(root: Path, tmp_path: Path, trouble: str) -> None:
    write(root, x=route("one", 7))
    _run_once(root, tmp_path / "state")
    match trouble:
        case "broken file":
            write(root, x="a: [")
        case "missing directory":
            shutil.rmtree(root)
        case "empty directory":
            (root / "x.yaml").unlink()
        case _:
            (root / "x.yaml").unlink()
            (root / "x.yaml").symlink_to("x.yaml")

    batches = _run_once(root, tmp_path / "state", seconds=(100, 200))

    (first, *_) = batches
    assert [thing.metadata.generation for thing in first.puts] == [1]
    assert told(first) == (["one"], [])
    assert first.problems
    assert [batch.gone for batch in batches[1:]] == []


def test_after_a_restart_generation_and_first_sight_go_on(root: Path, tmp_path: Path) -> None:
    write(root, x=route("one", 1))
    (first,) = _run_once(root, tmp_path / "state")
    write(root, x=route("one", 2))

    (second,) = _run_once(root, tmp_path / "state", seconds=(100,))

    (old,), (new,) = first.puts, second.puts
    assert new.metadata.generation == old.metadata.generation + 1
    assert new.metadata.creation_timestamp == old.metadata.creation_timestamp


def test_what_was_removed_while_nobody_ran_is_in_force_until_its_removal_counts(root: Path, tmp_path: Path) -> None:
    write(root, x=route("one"), y=service("rooms"))
    _run_once(root, tmp_path / "state")
    (root / "x.yaml").unlink()

    first, second = _run_once(root, tmp_path / "state", seconds=(100, 101))

    assert told(first) == (["one", "rooms"], [])
    assert told(second) == ([], ["one"])
    recorded = read_state(tmp_path / "state")
    assert recorded is not None
    assert ONE not in recorded.objects


def test_a_mass_deletion_while_nobody_ran_is_held(root: Path, tmp_path: Path) -> None:
    write(root, x=stream(*(route(f"r{number}") for number in range(8))), y=service("rooms"))
    _run_once(root, tmp_path / "state")
    (root / "x.yaml").unlink()

    batches = _run_once(root, tmp_path / "state", seconds=(100, 200))
    snapshot = read_once(root, read_state(tmp_path / "state"), at(300))

    assert batches[0].held is not None
    assert batches[0].held.count == 8
    assert [told(batch)[1] for batch in batches] == [[]]
    assert (snapshot.held, len(snapshot.objects)) == (batches[0].held, 9)


def test_looking_once_shows_what_would_go_and_changes_nothing(root: Path, tmp_path: Path) -> None:
    write(root, x=route("one"), y=service("rooms"))
    _run_once(root, tmp_path / "state")
    (root / "x.yaml").unlink()
    before = (tmp_path / "state" / "records.jsonl").read_bytes()

    snapshot = read_once(root, read_state(tmp_path / "state"), at(100))
    without_state = read_once(root, None, at(100))

    assert (snapshot.gone, [thing.ref.name for thing in snapshot.objects]) == ((ONE,), ["rooms"])
    assert without_state.gone == ()
    assert (tmp_path / "state" / "records.jsonl").read_bytes() == before


def _run_once(root: Path, directory: Path, seconds: tuple[float, ...] = (0,)) -> list[Batch]:
    """A process of its own that reads at the given seconds."""
    state = StateDirectory.open(directory, BINDING)
    reader = Reader(root, state, None)
    batches = [batch for second in seconds if (batch := reader.read(at(second)))]
    state.close()
    return batches


SCALARS = st.sampled_from(
    ["1", "99999999999999999999999", "1e400", ".nan", '"\\ud800"', "!!int x", "!!binary eA==", "&a [*a]", "[" * 99, "'"]
)


@settings(deadline=None, max_examples=50)
@given(scalar=SCALARS | st.text(max_size=8), ending=st.sampled_from(["yaml", "json"]))
def test_whatever_stands_in_a_file_is_read_and_written_down(
    tmp_path_factory: pytest.TempPathFactory, scalar: str, ending: str
) -> None:
    root = tmp_path_factory.mktemp("tree")
    json = '{"apiVersion": "application-networking.k8s.aws/v1alpha1", "kind": "ServiceExport", '
    json += f'"metadata": {{"name": "a", "annotations": {{"x": {scalar}}}}}, "spec": {{"x": {scalar}}}}}'
    (root / f"x.{ending}").write_bytes(json.encode("utf-8", "surrogatepass"))

    (batch,) = _run_once(root, tmp_path_factory.mktemp("state"))

    assert batch.puts or batch.problems


NAMES = [f"r{number}" for number in range(4)]
TEXTS = st.one_of(
    st.none(),
    st.just("a: ["),
    st.just(""),
    st.lists(st.tuples(st.sampled_from(NAMES), st.integers(-1, 2)), max_size=4).map(
        lambda pairs: stream(*(route(name, weight) for name, weight in pairs))
    ),
)
EDITS = st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), TEXTS, st.booleans()), max_size=8)
"""Name, text (None: the file goes), and whether the file system says which file it was."""


@settings(deadline=None, max_examples=40)
@given(EDITS)
def test_after_any_edits_what_was_told_adds_up_to_a_reading_from_scratch(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[str, str | None, bool]]
) -> None:
    root = tmp_path_factory.mktemp("tree")
    write(root, keep=service("keep"))
    reader = Reader(root, NoMemory(), None)
    known: dict[Ref, Object] = {}
    second = 0.0
    for name, text, is_noticed in [("keep", service("keep"), True), *edits]:
        path = root / f"{name}.yaml"
        path.unlink(missing_ok=True) if text is None else path.write_text(text)
        notice = Paths(frozenset({str(path)})) if is_noticed else EVERYTHING
        for where in (notice, EVERYTHING):
            second += 5
            _apply(known, reader.read(at(second), where))

    scratch = read_once(root, None, at(0))

    fresh = {thing.ref: thing for thing in scratch.objects}
    assert fresh.keys() <= known.keys()
    assert {ref: _content(known[ref]) for ref in fresh} == {ref: _content(thing) for ref, thing in fresh.items()}
    if not scratch.problems:
        held = reader._settled.held
        assert known.keys() - fresh.keys() <= (set(held.refs) if held else set())


def _apply(known: dict[Ref, Object], batch: Batch | None) -> None:
    if batch is not None:
        known.update({thing.ref: thing for thing in batch.puts})
        for ref in batch.gone:
            known.pop(ref, None)


def _content(thing: Object) -> object:
    return getattr(thing, "spec", None)
