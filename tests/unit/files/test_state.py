"""The state directory: what was written is there in the next process, and nothing else is."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lattice_gateway.adapters.files import Binding, StateDirectory, StateError, StateLocked, StateMismatch, read_state
from lattice_gateway.adapters.files import state as state_module
from lattice_gateway.adapters.files.records import Ledger, UnitGone, to_line, unit_line, unit_name
from lattice_gateway.core.lattice.keys import GroupKey, NetworkKey, ServiceKey, UnitKey
from lattice_gateway.core.lattice.words import AddressType, Arn, ProtocolVersion, TargetProtocol
from lattice_gateway.core.objects import DecodeError, Kind, NotOurs, Object, Ref, decode
from lattice_gateway.engine.feed import ObjectRecord, StateUnwritable, UnitRecord
from tests.unit.files.making import route

BINDING = Binding(owner="1/c/v", endpoint="http://127.0.0.1:1", source="/manifests")
ROUTE = Ref(Kind.HTTP_ROUTE, "default", "one")
GROUP = GroupKey(
    service="one-default",
    namespace="default",
    name="rooms",
    port=80,
    protocol=TargetProtocol.HTTP,
    version=ProtocolVersion.HTTP1,
    address_type=AddressType.IPV4,
)
UNITS: tuple[UnitKey, ...] = (NetworkKey("hotel"), ServiceKey("one-default"), GROUP)


def thing(name: str = "one", weight: int = 1) -> Object:
    found = decode(yaml.safe_load(route(name, weight)))
    assert not isinstance(found, NotOurs | DecodeError)
    return found


@contextmanager
def opened(directory: Path, binding: Binding = BINDING) -> Iterator[StateDirectory]:
    state = StateDirectory.open(directory, binding)
    try:
        yield state
    finally:
        state.close()


@contextmanager
def disk_full_after(size: int) -> Iterator[None]:
    """Writes beyond ``size`` bytes of a file fail, as on a full disk: part of the data may be written before."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_was_remembered_is_there_in_the_next_process(tmp_path: Path) -> None:
    records = [UnitRecord(key, ROUTE, Arn(f"arn:{key}")) for key in UNITS]
    with opened(tmp_path / "state") as state:
        state.remember_objects([ObjectRecord(thing(), "x.yaml")])
        state.remember_accepted(thing(weight=7))
        for record in records:
            state.remember_unit(UnitRecord(record.key, ROUTE))
            state.remember_unit(record)

    with opened(tmp_path / "state") as state:
        assert state.recorded.objects == {ROUTE: ObjectRecord(thing(), "x.yaml")}
        assert state.recorded.accepted == {ROUTE: thing(weight=7)}
        assert state.recorded.units == {record.key: record for record in records}
        assert state.damaged == 0


def test_what_was_forgotten_is_gone_in_the_next_process(tmp_path: Path) -> None:
    with opened(tmp_path) as state:
        state.remember_objects([ObjectRecord(thing(), "x.yaml")])
        state.remember_accepted(thing())
        state.remember_unit(UnitRecord(GROUP, ROUTE))
        state.remember_objects([], [ROUTE])
        state.forget_accepted(ROUTE)
        state.forget_unit(GROUP)

    with opened(tmp_path) as state:
        assert (state.recorded.objects, state.recorded.accepted, state.recorded.units) == ({}, {}, {})


def test_what_is_known_already_is_not_written_again(tmp_path: Path) -> None:
    with opened(tmp_path) as state:
        state.remember_unit(UnitRecord(GROUP, ROUTE))
        state.remember_accepted(thing())
        size = (tmp_path / "records.jsonl").stat().st_size
        state.remember_unit(UnitRecord(GROUP, ROUTE))
        state.remember_accepted(thing())
        state.forget_unit(NetworkKey("other"))
        state.forget_accepted(Ref(Kind.GATEWAY, "a", "b"))

        assert (tmp_path / "records.jsonl").stat().st_size == size


def test_a_second_controller_is_told_who_works_there(tmp_path: Path) -> None:
    with opened(tmp_path), pytest.raises(StateLocked) as caught:
        StateDirectory.open(tmp_path, BINDING)

    assert str(caught.value) == f"{tmp_path} is in use by another controller, process {os.getpid()}"


def test_a_closed_directory_can_be_opened_again(tmp_path: Path) -> None:
    for _ in range(3):
        with opened(tmp_path) as state:
            assert state.recorded.units == {}


def test_a_directory_of_another_identity_is_refused_and_can_be_opened_by_its_own(tmp_path: Path) -> None:
    with opened(tmp_path):
        pass

    with pytest.raises(StateMismatch) as caught:
        StateDirectory.open(tmp_path, Binding(owner="1/other/v", endpoint=None, source="/manifests"))

    assert str(caught.value) == (
        f"the state directory {tmp_path} belongs to owner 1/c/v, not 1/other/v; endpoint http://127.0.0.1:1, not AWS"
    )
    with opened(tmp_path):
        pass


def test_it_is_read_without_the_lock(tmp_path: Path) -> None:
    with opened(tmp_path) as state:
        state.remember_unit(UnitRecord(GROUP, ROUTE))
        recorded = read_state(tmp_path)

    assert recorded is not None
    assert recorded.units == {GROUP: UnitRecord(GROUP, ROUTE)}


def test_a_directory_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert read_state(tmp_path / "nowhere") is None
    assert list(tmp_path.iterdir()) == []


def test_a_journal_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "records.jsonl").mkdir()

    with pytest.raises(StateError, match="cannot be read: Is a directory"):
        read_state(tmp_path)


def test_a_line_that_a_crash_cut_short_is_dropped(tmp_path: Path) -> None:
    with opened(tmp_path) as state:
        state.remember_unit(UnitRecord(GROUP, ROUTE))
    journal = tmp_path / "records.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(whole + to_line(unit_line(UnitRecord(NetworkKey("hotel"), None)))[:-5])

    with opened(tmp_path) as state:
        state.remember_unit(UnitRecord(ServiceKey("s"), None))
    with opened(tmp_path) as state:
        assert set(state.recorded.units) == {GROUP, ServiceKey("s")}
        assert state.damaged == 0


def test_a_damaged_line_is_counted_and_the_others_are_read(tmp_path: Path) -> None:
    with opened(tmp_path) as state:
        state.remember_unit(UnitRecord(GROUP, ROUTE))
    journal = tmp_path / "records.jsonl"
    journal.write_bytes(journal.read_bytes() + b'{"is":"unit","unit":{"form":"moon","fields":{}},"owner":null}\n?\n')

    with opened(tmp_path) as state:
        assert set(state.recorded.units) == {GROUP}
        assert state.damaged == 2


def test_on_a_full_disk_nothing_is_written_and_the_caller_is_told(tmp_path: Path) -> None:
    with opened(tmp_path) as state:
        journal = tmp_path / "records.jsonl"
        before = journal.read_bytes()

        with (
            disk_full_after(len(before) + 10),
            pytest.raises(StateUnwritable, match="cannot be written: File too large"),
        ):
            state.remember_unit(UnitRecord(GROUP, ROUTE))

        assert journal.read_bytes() == before
        assert state.recorded.units == {}
        state.remember_unit(UnitRecord(GROUP, ROUTE))
        assert set(state.recorded.units) == {GROUP}


def test_contents_that_could_not_be_written_are_written_before_the_next_record(tmp_path: Path) -> None:
    with opened(tmp_path) as state:
        with disk_full_after(10), pytest.raises(StateUnwritable):
            state.remember_objects([ObjectRecord(thing(), "x.yaml")])
        with disk_full_after(10), pytest.raises(StateUnwritable):
            state.remember_unit(UnitRecord(GROUP, ROUTE))
        state.remember_unit(UnitRecord(NetworkKey("hotel"), ROUTE))

    with opened(tmp_path) as state:
        assert set(state.recorded.objects) == {ROUTE}
        assert set(state.recorded.units) == {NetworkKey("hotel")}


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StateUnwritable, match=r"file/state cannot be written: Not a directory"):
        StateDirectory.open(tmp_path / "file" / "state", BINDING)


def test_the_journal_is_written_anew_when_most_of_it_is_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_module, "SLACK", 4096)
    with opened(tmp_path) as state:
        state.remember_unit(UnitRecord(GROUP, ROUTE))
        for weight in range(200):
            state.remember_objects([ObjectRecord(thing(weight=weight), "x.yaml")])
        assert (tmp_path / "records.jsonl").stat().st_size < 3 * 4096

    with opened(tmp_path) as state:
        assert state.recorded.objects == {ROUTE: ObjectRecord(thing(weight=199), "x.yaml")}
        assert set(state.recorded.units) == {GROUP}


def test_two_threads_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_module, "SLACK", 2048)
    things = [ObjectRecord(thing(f"r{number}"), "x.yaml") for number in range(40)]
    units = [UnitRecord(ServiceKey(f"s{number}"), None) for number in range(300)]

    with opened(tmp_path) as state:
        reading = Thread(target=lambda: [state.remember_objects([each]) for each in things * 5])
        reading.start()
        for unit in units:
            state.remember_unit(unit)
        reading.join()

    with opened(tmp_path) as state:
        assert state.recorded.objects == {each.thing.ref: each for each in things}
        assert state.recorded.units == {unit.key: unit for unit in units}
        assert state.damaged == 0


KEYS = st.one_of(
    st.builds(NetworkKey, st.text(max_size=3)),
    st.builds(ServiceKey, st.text(max_size=3)),
    st.builds(
        GroupKey,
        service=st.none() | st.text(max_size=3),
        namespace=st.just("n"),
        name=st.just("s"),
        port=st.integers(0, 65535),
        protocol=st.sampled_from(TargetProtocol),
        version=st.none() | st.sampled_from(ProtocolVersion),
        address_type=st.sampled_from(AddressType),
    ),
)


@given(st.lists(st.tuples(KEYS, st.booleans(), st.none() | st.just(Arn("arn:x")))))
def test_the_shortest_journal_adds_up_to_the_same(steps: list[tuple[UnitKey, bool, Arn | None]]) -> None:
    ledger = Ledger(binding=BINDING)
    for key, gone, arn in steps:
        ledger.add(UnitGone(unit_name(key)) if gone else unit_line(UnitRecord(key, ROUTE, arn)))

    again = Ledger()
    again.read(map(to_line, ledger.entries()))

    assert again == ledger


@settings(deadline=None)
@given(st.lists(st.binary(max_size=30), max_size=5))
def test_no_line_raises(lines: list[bytes]) -> None:
    ledger = Ledger()
    ledger.read(lines)

    assert ledger.damaged == len(lines)
