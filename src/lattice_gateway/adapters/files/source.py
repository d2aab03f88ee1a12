"""A directory tree as a source of objects: read, watched, read again.

In: a directory and the state directory. Out: batches, the first at once. Changes are noticed by the file system's
notices; since those can be missed (a network file system, a replaced root) the tree is also looked through at times.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from lattice_gateway.adapters.files.reader import EVERYTHING, Everything, Notice, ObjectMemory, Paths, Reader
from lattice_gateway.adapters.files.settle import Moment
from lattice_gateway.engine.feed import Batch

TICK: Final = 0.5
"""Seconds between looks at what waits for time to pass."""

LOOK_AGAIN: Final = 10.0
"""Seconds after which the tree is looked through without any notice, if that is done quickly."""

LOOK_SHARE: Final = 200.0
"""How much rarer than it takes a tree is looked through: a large one shall not keep edits waiting."""

LATEST: Final = 6.0
"""Times these seconds after which the tree is looked through although there are notices all the time."""

QUIET_MS: Final = 10
LONGEST_MS: Final = 100
"""Milliseconds without a further notice, and at most, before notices are passed on: editors write in steps."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """Time passes and nothing was noticed."""


Tick: TypeAlias = Notice | Quiet
Ticks: TypeAlias = Callable[[Path], AsyncGenerator[Tick, None]]


class Time(Protocol):
    """The two clocks a source needs; the engine's ``Clock`` has them."""

    def now(self) -> float:
        """Seconds of a clock that never goes back."""

    def wall(self) -> float:
        """Seconds since the epoch."""


class DirectorySource:
    """Objects of a directory tree. Implements ``Source``.

    ``confirmed`` is the number of deletions a person agreed to (``--confirm-deletions``); it is used up by them.
    ``ticks`` gives notice of changes and says now and then that there was none; it is a parameter for tests.
    """

    def __init__(
        self, root: Path, memory: ObjectMemory, time: Time, confirmed: int | None = None, ticks: Ticks | None = None
    ) -> None:
        self._root = root.absolute()
        self._time = time
        self._reader = Reader(self._root, memory, confirmed)
        self._ticks = ticks or watch
        self._looked = float("-inf")
        self._every = LOOK_AGAIN

    async def changes(self) -> AsyncIterator[Batch]:
        """Batches without end; the first tells everything that is in force."""
        if first := await self._read(EVERYTHING):
            yield first
        async with aclosing(self._ticks(self._root)) as ticks:
            async for tick in ticks:
                notice = self._due(tick, self._time.now())
                if notice and (batch := await self._read(notice)):
                    yield batch

    def _due(self, tick: Tick, now: float) -> Notice | None:
        """Where to look at this tick, None: nowhere. What was noticed comes before looking through everything."""
        noticed = None if isinstance(tick, Quiet) else tick
        late = now - self._looked
        if late >= self._every * (1.0 if noticed is None else LATEST):
            return EVERYTHING
        return _both(noticed, self._reader.overdue(now))

    async def _read(self, notice: Notice) -> Batch | None:
        begun = self._time.now()
        batch = await asyncio.to_thread(self._reader.read, moment(self._time), notice)
        if isinstance(notice, Everything):
            self._looked = self._time.now()
            self._every = max(LOOK_AGAIN, LOOK_SHARE * (self._looked - begun))
        return batch


def _both(one: Notice | None, other: Notice | None) -> Notice | None:
    """Where to look for the sake of either."""
    if one is None or other is None:
        return one or other
    return Paths(one.paths | other.paths) if isinstance(one, Paths) and isinstance(other, Paths) else EVERYTHING


def moment(time: Time) -> Moment:
    """This moment by both clocks."""
    return Moment(steady=time.now(), wall=datetime.fromtimestamp(time.wall(), UTC))


async def watch(root: Path) -> AsyncGenerator[Tick, None]:
    """Notices of changes under ``root``, and ``Quiet`` every ``TICK`` without; also while there is no root."""
    while True:
        identity, is_new = _identity(root), True
        try:
            async with aclosing(_notices(root)) as notices:
                async for tick in notices:
                    yield EVERYTHING if is_new else tick  # what happened before the watch stood was not noticed
                    is_new = False
                    if _identity(root) != identity:
                        break
        except (OSError, RuntimeError):  # watchfiles' own errors are RuntimeErrors
            await asyncio.sleep(TICK)
            yield EVERYTHING


async def _notices(root: Path) -> AsyncGenerator[Tick, None]:
    """The file system's notices for the tree that ``root`` is now."""
    from watchfiles import awatch  # noqa: PLC0415 - in a cluster there are no files, and every MiB counts

    async for changes in awatch(
        root,
        watch_filter=None,
        step=QUIET_MS,
        debounce=LONGEST_MS,
        rust_timeout=int(TICK * 1000),
        yield_on_timeout=True,
    ):
        yield Paths(frozenset(path for _, path in changes)) if changes else Quiet()


def _identity(root: Path) -> tuple[int, int] | None:
    """Which directory ``root`` leads to; None if to none."""
    try:
        found = root.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
