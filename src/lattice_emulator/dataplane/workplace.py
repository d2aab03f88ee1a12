"""A temporary directory for one Envoy, that goes with the emulator, or with the next one if that was killed."""

import fcntl
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

PREFIX = "lattice-emulator-"
_LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Workplace:
    """A directory of our own, and the lock that says so for as long as this process lives."""

    root: Path
    lock: int

    def leave(self) -> None:
        """Remove the directory with all in it."""
        shutil.rmtree(self.root, ignore_errors=True)
        os.close(self.lock)


def workplace() -> Workplace:
    """A new directory; those of emulators that were killed are removed."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        _remove_unless_held(left)
    root = Path(tempfile.mkdtemp(prefix=PREFIX))
    # The name comes after the lock: a directory without it is being made, and is left alone.
    fresh = root / f"{_LOCK}.new"
    lock = os.open(fresh, os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    fresh.rename(root / _LOCK)
    return Workplace(root, lock)


def _remove_unless_held(root: Path) -> None:
    # A lock rather than a process id: ids come again, and containers that share the directory number their own.
    try:
        lock = os.open(root / _LOCK, os.O_RDWR)
    except OSError:
        return  # not ours, or not finished
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return  # its emulator lives
    else:
        shutil.rmtree(root, ignore_errors=True)
    finally:
        os.close(lock)
