"""Status as files: where it stands, and that it is written only where it differs."""

from pathlib import Path

import pytest

from lattice_gateway.adapters.files import StatusDirectory
from lattice_gateway.core.objects import Kind, Ref
from lattice_gateway.engine.feed import Problem, StateUnwritable

ROUTE = Ref(Kind.HTTP_ROUTE, "shop", "rates")
CLASS = Ref(Kind.GATEWAY_CLASS, "", "lattice")
STATUS = {"status": {"parents": [{"parentRef": {"name": "hotel"}, "conditions": [{"type": "Accepted"}]}]}}


def test_a_status_stands_at_its_objects_place(tmp_path: Path) -> None:
    writer = StatusDirectory(tmp_path)

    writer.write(ROUTE, STATUS)
    writer.write(CLASS, STATUS)

    assert (tmp_path / "status/HTTPRoute/shop/rates.yaml").read_text() == (
        "status:\n  parents:\n  - parentRef:\n      name: hotel\n    conditions:\n    - type: Accepted\n"
    )
    assert (tmp_path / "status/GatewayClass/lattice.yaml").exists()


def test_a_status_is_written_only_where_it_differs(tmp_path: Path) -> None:
    writer = StatusDirectory(tmp_path)

    assert writer.write(ROUTE, STATUS)
    inode = writer.path(ROUTE).stat().st_ino
    assert not writer.write(ROUTE, STATUS)
    assert writer.path(ROUTE).stat().st_ino == inode
    assert writer.write(ROUTE, {"status": {}})
    assert writer.path(ROUTE).stat().st_ino != inode


def test_the_previous_status_outlives_the_process(tmp_path: Path) -> None:
    StatusDirectory(tmp_path).write(ROUTE, STATUS)

    assert StatusDirectory(tmp_path).previous(ROUTE) == STATUS
    assert StatusDirectory(tmp_path).previous(CLASS) is None


@pytest.mark.parametrize("text", ["a: [", "just text", ""])
def test_a_previous_status_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    writer = StatusDirectory(tmp_path)
    writer.write(ROUTE, STATUS)
    writer.path(ROUTE).write_text(text)

    assert writer.previous(ROUTE) is None


def test_the_status_of_an_object_that_is_gone_leaves_nothing(tmp_path: Path) -> None:
    writer = StatusDirectory(tmp_path)
    writer.write(ROUTE, STATUS)
    writer.write(CLASS, STATUS)

    writer.remove(ROUTE)
    writer.remove(ROUTE)

    assert [path.name for path in (tmp_path / "status").iterdir()] == ["GatewayClass"]


def test_a_name_too_long_for_a_file_has_a_file_of_its_own(tmp_path: Path) -> None:
    writer = StatusDirectory(tmp_path)
    long = [Ref(Kind.HTTP_ROUTE, "shop", "a" * 250 + end) for end in ("b", "c")]

    for ref in long:
        writer.write(ref, {"name": ref.name})

    assert [writer.previous(ref) for ref in long] == [{"name": ref.name} for ref in long]


def test_problems_are_listed_with_file_object_field_and_message(tmp_path: Path) -> None:
    writer = StatusDirectory(tmp_path)
    problem = Problem(file="x.yaml", line=3, who="Service shop/a", field="spec.ports[0].port", message="found 0")

    assert writer.write_problems((problem,))
    assert not writer.write_problems((problem,))
    assert (tmp_path / "status/problems.yaml").read_text() == (
        "problems:\n- file: x.yaml\n  line: 3\n  object: Service shop/a\n"
        "  field: spec.ports[0].port\n  message: found 0\n"
    )
    assert writer.write_problems(())
    assert (tmp_path / "status/problems.yaml").read_text() == "problems: []\n"


def test_a_status_that_cannot_be_written_is_told_and_leaves_no_piece(tmp_path: Path) -> None:
    (tmp_path / "status").write_text("in the way")

    with pytest.raises(StateUnwritable, match=r"rates\.yaml cannot be written: (Not a directory|File exists)"):
        StatusDirectory(tmp_path).write(ROUTE, STATUS)
