"""Keeping the state file up to date while the emulation runs."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from lattice_emulator.admin.emulation import Emulation
from lattice_emulator.admin.state_file import write_state

# Changes come in bursts: the file is written this long after the first of them, and never costs more than a tenth
# of the time.
QUIET_SECONDS = 0.2
MOST_OF_THE_TIME = 10


class Saving:
    """Writes the state file of an emulation; ``complain`` takes a sentence when that fails."""

    def __init__(self, emulation: Emulation, path: Path, complain: Callable[[str], None]) -> None:
        self._emulation = emulation
        self._path = path
        self._complain = complain
        self._changed = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None
        emulation.subscribe(self._changed.set)

    async def run(self) -> None:
        """Save after changes until cancelled; what cannot be written is tried again with the next change."""
        pause = QUIET_SECONDS
        while True:
            await self._changed.wait()
            await asyncio.sleep(pause)
            self._changed.clear()
            started = time.perf_counter()
            try:
                await self.save()
            except OSError as error:
                self._complain(f"the state could not be saved to {self._path}: {error.strerror}")
            pause = max(QUIET_SECONDS, MOST_OF_THE_TIME * (time.perf_counter() - started))

    async def save(self) -> None:
        """Save the present state, after a write that is under way; raises OSError.

        Writes happen in a thread, which cancelling does not stop: an old one must never end after a newer one.
        """
        self._writing = asyncio.create_task(self._write_after(self._writing))
        await asyncio.shield(self._writing)

    async def _write_after(self, earlier: asyncio.Task[None] | None) -> None:
        if earlier is not None:
            with suppress(OSError):  # whoever asked for that write was told
                await earlier
        await asyncio.to_thread(write_state, self._path, self._emulation.snapshot())
