"""The state directory: what must outlive the process, in a journal that only grows, and the lock on it.

In: records. Out: the same records in the next process. One ``write`` a change, no rewriting: the journal is written
anew only when most of it is history. A line that a crash cut short is dropped when the journal is opened.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Final, Self

from lattice_gateway.adapters.files.records import (
    JOURNAL,
    AcceptedGone,
    AcceptedLine,
    Binding,
    Entry,
    Ledger,
    ObjectGone,
    UnitGone,
    object_line,
    to_line,
    unit_line,
    unit_name,
)
from lattice_gateway.core.lattice.keys import UnitKey
from lattice_gateway.core.objects import Object, Ref, to_raw
from lattice_gateway.engine.feed import ObjectRecord, Recorded, StateUnwritable, UnitRecord

LOCK: Final = "lock"

SLACK: Final = 8 * 1024 * 1024
"""Bytes of history that are kept before the journal is written anew."""


class StateError(Exception):
    """The state directory cannot be used; the message is a sentence for the user."""


class StateLocked(StateError):  # noqa: N818
    """Another controller works on this directory."""


class StateMismatch(StateError):  # noqa: N818
    """The directory belongs to another owner, endpoint or source."""


class StateDirectory:
    """The locked, writable state directory of the process that runs. Implements ``StateStore``.

    Its methods may be called from several threads: the source reads files in one of its own.
    """

    def __init__(self, directory: Path, lock: int, ledger: Ledger, journal: int) -> None:
        self._directory = directory
        self._lock = lock
        self._ledger = ledger
        self._journal = journal
        self._guard = Lock()
        self._unsaved: list[bytes] = []
        self._compact_at = _end(journal) + SLACK

    @classmethod
    def open(cls, directory: Path, binding: Binding) -> Self:
        """Lock the directory, made where missing, and read what it holds.

        Raises ``StateLocked`` naming the other process, ``StateMismatch`` naming what differs, and
        ``StateUnwritable``.
        """
        with _writing(directory):
            directory.mkdir(parents=True, exist_ok=True)
            lock = _locked(directory / LOCK)
        try:
            ledger, good = _read(directory / JOURNAL)
            _check_binding(directory, ledger.binding, binding)
            with _writing(directory):
                journal = _opened(directory / JOURNAL, good)
            state = cls(directory, lock, ledger, journal)
            if ledger.binding is None:
                state._write([binding])
        except BaseException:
            os.close(lock)
            raise
        return state

    def close(self) -> None:
        """Release the directory."""
        os.close(self._journal)
        os.close(self._lock)

    @property
    def recorded(self) -> Recorded:
        """What is remembered now."""
        return self._ledger.recorded

    @property
    def damaged(self) -> int:
        """Lines of the journal that said nothing when it was opened."""
        return self._ledger.damaged

    def remember_objects(self, records: Iterable[ObjectRecord], gone: Iterable[Ref] = ()) -> None:
        """Write down contents of objects and removals that counted.

        What cannot be written now is written before anything else the next time, so that no later record stands alone.
        """
        kept, dropped = tuple(records), tuple(gone)
        lines = [to_line(object_line(record)) for record in kept] + [to_line(ObjectGone(ref)) for ref in dropped]
        with self._guard:
            self._ledger.objects.update((record.thing.ref, record) for record in kept)
            for ref in dropped:
                self._ledger.objects.pop(ref, None)
            self._unsaved += lines
            self._write([])

    def remember_unit(self, record: UnitRecord) -> None:
        """Write down a unit before its first create, and again when its ARN is known."""
        with self._guard:
            if self._ledger.units.get(record.key) != record:
                self._write([unit_line(record)])

    def forget_unit(self, key: UnitKey) -> None:
        """The unit is gone from Lattice."""
        with self._guard:
            if key in self._ledger.units:
                self._write([UnitGone(unit_name(key))])

    def remember_accepted(self, thing: Object) -> None:
        """Write down an object whose translation was accepted whole."""
        with self._guard:
            if self._ledger.accepted.get(thing.ref) != thing:
                self._write([AcceptedLine(to_raw(thing))])

    def forget_accepted(self, ref: Ref) -> None:
        """The object is gone."""
        with self._guard:
            if ref in self._ledger.accepted:
                self._write([AcceptedGone(ref)])

    def _write(self, entries: list[Entry]) -> None:
        """Append what is unsaved and ``entries`` in one write; all of it or, with ``StateUnwritable``, nothing."""
        data = b"".join((*self._unsaved, *map(to_line, entries)))
        if not data:
            return
        with _writing(self._directory):
            _append(self._journal, data)
        self._unsaved.clear()
        for entry in entries:
            self._ledger.add(entry)
        if _end(self._journal) > self._compact_at:
            self._compact()

    def _compact(self) -> None:
        """Write the journal anew without its history; where that fails the old one goes on."""
        try:
            journal = self._rewritten()
        except OSError:
            self._compact_at = _end(self._journal) + SLACK
            return
        os.close(self._journal)
        self._journal = journal
        self._compact_at = max(2 * _end(journal), _end(journal) + SLACK)

    def _rewritten(self) -> int:
        """A new journal in place of the old one."""
        fresh = self._directory / f"{JOURNAL}.new"
        fresh.unlink(missing_ok=True)
        journal = _opened(fresh, 0)
        try:
            _append(journal, b"".join(map(to_line, self._ledger.entries())))
            fresh.replace(self._directory / JOURNAL)
        except OSError:
            os.close(journal)
            raise
        return journal


def read_state(directory: Path) -> Recorded | None:
    """What a state directory holds, read without the lock; None where there is none.

    Raises ``StateError`` if it is there and cannot be read.
    """
    if not (directory / JOURNAL).exists():
        return None
    ledger, _ = _read(directory / JOURNAL)
    return ledger.recorded


def _read(journal: Path) -> tuple[Ledger, int]:
    """What the journal adds up to, and the bytes of it that are whole lines."""
    try:
        data = journal.read_bytes()
    except FileNotFoundError:
        data = b""
    except OSError as error:
        raise StateError(f"{journal} cannot be read: {error.strerror}") from error
    good = data.rfind(b"\n") + 1
    ledger = Ledger()
    ledger.read(data[:good].splitlines())
    return ledger, good


def _opened(path: Path, good: int) -> int:
    """The journal opened for appending, cut after its last whole line."""
    journal = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    if _end(journal) > good:
        os.ftruncate(journal, good)
    return journal


def _append(journal: int, data: bytes) -> None:
    """Append all of ``data``, or put the file back as it was and raise ``OSError``."""
    start = _end(journal)
    left = memoryview(data)
    try:
        while left:
            left = left[os.write(journal, left) :]
    except OSError:
        os.ftruncate(journal, start)
        raise


def _end(journal: int) -> int:
    return os.fstat(journal).st_size


def _locked(path: Path) -> int:
    """The lock file, locked for as long as it is open, with our process id in it."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.pread(lock, 20, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(lock)
        raise StateLocked(f"{path.parent} is in use by another controller, process {pid}") from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return lock


def _check_binding(directory: Path, found: Binding | None, wanted: Binding) -> None:
    if found is None or found == wanted:
        return
    names = (
        name for name in ("owner", "endpoint", "source", "format") if getattr(found, name) != getattr(wanted, name)
    )
    parts = (f"{name} {getattr(found, name) or 'AWS'}, not {getattr(wanted, name) or 'AWS'}" for name in names)
    raise StateMismatch(f"the state directory {directory} belongs to {'; '.join(parts)}")


@contextmanager
def _writing(directory: Path) -> Iterator[None]:
    """Turns failures of the disk into ``StateUnwritable``."""
    try:
        yield
    except OSError as error:
        raise StateUnwritable(f"the state directory {directory} cannot be written: {error.strerror}") from error
