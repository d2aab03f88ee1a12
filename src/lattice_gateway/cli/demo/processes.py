"""Child processes that never outlive the demo: own session, killed with their parent, stopped in order."""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

STOP_PATIENCE = 8.0
"""Seconds between the polite signal and the one that cannot be refused."""

_PR_SET_PDEATHSIG = 1


class StageError(Exception):
    """A process of the demo did not do its part; the message ends with what it last said."""


@dataclass(slots=True)
class Child:
    """A running process with the file that its log goes to."""

    name: str
    process: asyncio.subprocess.Process
    log: Path

    async def first_line(self, patience: float) -> str:
        """The first line of its standard output; raises ``StageError`` if none comes in ``patience`` seconds."""
        stream = self.process.stdout
        if stream is None:
            raise StageError(f"{self.name} was started without a pipe")
        try:
            line = await asyncio.wait_for(stream.readline(), patience)
        except TimeoutError:
            line = b""
        if not line:
            raise StageError(f"{self.name} did not start:\n{self.last_words()}")
        return line.decode().strip()

    def check(self) -> None:
        """Raises ``StageError`` when the process has ended by itself."""
        if self.process.returncode is not None:
            raise StageError(f"{self.name} ended with exit code {self.process.returncode}:\n{self.last_words()}")

    def last_words(self, lines: int = 20) -> str:
        """The end of its log."""
        with suppress(OSError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        return "(no log)"

    async def stop(self) -> None:
        """Ends the process; returns when it is gone."""
        if self.process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), STOP_PATIENCE)
        except TimeoutError:
            with suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()


async def start(
    name: str, module: str, *arguments: str, log: Path, extra: Mapping[str, str] = MappingProxyType({})
) -> Child:
    """A Python module of ours as a process, its standard output piped and its errors in ``log``.

    ``extra`` are variables added to its environment.
    """
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **extra},
            start_new_session=True,  # Ctrl-C reaches the demo first, which stops the others in order
            preexec_fn=_die_with_parent(),
        )
    return Child(name, process, log)


def _die_with_parent() -> Callable[[], None] | None:
    """What a child does before it becomes another program: asks Linux to end it when the demo is killed."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)

    def ask() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

    return ask
