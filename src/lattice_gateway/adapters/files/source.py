"""A directory tree as a source of objects: read, watched, read again.

In: a directory and the state directory. Out: batches, the first at once. Changes are noticed by the file system's
notices; since those can be missed (a network file system, a replaced root) the tree is also looked through at times.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from watchfiles import awatch

from lattice_gateway.adapters.files.reader import ObjectMemory, Reader
from lattice_gateway.adapters.files.settle import Moment
from lattice_gateway.engine.feed import Batch

TICK: Final = 0.5
"""Seconds between looks at what waits for time to pass."""

LOOK_AGAIN: Final = 5.0
"""Seconds after which the tree is looked through without any notice."""

QUIET_MS: Final = 20
LONGEST_MS: Final = 100
"""Milliseconds without a further notice, and at most, before notices are passed on: editors write in steps."""

Ticks: TypeAlias = Callable[[Path], AsyncGenerator[bool, None]]


class Time(Protocol):
    """The two clocks a source needs; the engine's ``Clock`` has them."""

    def now(self) -> float:
        """Seconds of a clock that never goes back."""

    def wall(self) -> float:
        """Seconds since the epoch."""


class DirectorySource:
    """Objects of a directory tree. Implements ``Source``.

    ``confirmed`` is the number of deletions a person agreed to (``--confirm-deletions``); it is used up by them.
    ``ticks`` yields True where files may have changed and False now and then; it is a parameter for tests.
    """

    def __init__(
        self, root: Path, memory: ObjectMemory, time: Time, confirmed: int | None = None, ticks: Ticks | None = None
    ) -> None:
        self._root = root
        self._time = time
        self._reader = Reader(root, memory, confirmed)
        self._ticks = ticks or watch

    async def changes(self) -> AsyncIterator[Batch]:
        """Batches without end; the first tells everything that is in force."""
        if first := await self._read():
            yield first
        read_at = float("-inf")
        async with aclosing(self._ticks(self._root)) as ticks:
            async for changed in ticks:
                now = self._time.now()
                if not (changed or now - read_at >= LOOK_AGAIN or self._reader.wants_rereading(now)):
                    continue
                read_at = now
                if batch := await self._read():
                    yield batch

    async def _read(self) -> Batch | None:
        return await asyncio.to_thread(self._reader.read, moment(self._time))


def moment(time: Time) -> Moment:
    """This moment by both clocks."""
    return Moment(steady=time.now(), wall=datetime.fromtimestamp(time.wall(), UTC))


async def watch(root: Path) -> AsyncGenerator[bool, None]:
    """True whenever something under ``root`` may have changed, False every ``TICK``; also while there is no root."""
    while True:
        identity, is_new = _identity(root), True
        try:
            async with aclosing(_notices(root)) as notices:
                async for changed in notices:
                    yield changed or is_new  # what happened before the watch stood was not noticed
                    is_new = False
                    if _identity(root) != identity:
                        break
        except (OSError, RuntimeError):  # watchfiles' own errors are RuntimeErrors
            await asyncio.sleep(TICK)
            yield True


async def _notices(root: Path) -> AsyncGenerator[bool, None]:
    """The file system's notices for the tree that ``root`` is now."""
    async for changes in awatch(
        root,
        watch_filter=None,
        step=QUIET_MS,
        debounce=LONGEST_MS,
        rust_timeout=int(TICK * 1000),
        yield_on_timeout=True,
    ):
        yield bool(changes)


def _identity(root: Path) -> tuple[int, int] | None:
    """Which directory ``root`` leads to; None if to none."""
    try:
        found = root.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
