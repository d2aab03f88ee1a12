"""Directories that emulators leave, or do not."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from lattice_emulator.dataplane.workplace import PREFIX, workplace


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_workplace_is_gone_when_it_is_left(temporary: Path) -> None:
    place = workplace()
    (place.root / "routes").mkdir()

    place.leave()

    assert list(temporary.iterdir()) == []


def test_the_workplace_of_another_that_lives_is_left_alone() -> None:
    first = workplace()
    second = workplace()

    assert first.root.exists()
    first.leave()
    second.leave()


def test_the_workplace_of_a_killed_emulator_is_removed_by_the_next(temporary: Path) -> None:
    killed = (
        "import os\nfrom lattice_emulator.dataplane.workplace import workplace\nworkplace()\nos.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", killed], env={"TMPDIR": str(temporary)}, check=False)
    left = list(temporary.iterdir())

    place = workplace()

    assert len(left) == 1
    assert list(temporary.iterdir()) == [place.root]
    place.leave()


def test_a_directory_that_bears_our_name_but_no_lock_is_left_alone(temporary: Path) -> None:
    other = temporary / f"{PREFIX}notes"
    other.mkdir()

    workplace().leave()

    assert list(temporary.iterdir()) == [other]
