"""The Envoy process: started in a group of its own, restarted when it dies, never left behind."""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress

import structlog

from lattice_emulator.dataplane.admin import UNREACHABLE, Admin
from lattice_emulator.dataplane.files import Files

_log = structlog.get_logger(__name__)
# Asks Linux for SIGKILL when the parent dies, then becomes the command, unless the parent died before. A process of
# its own rather than a function run after the fork, where the locks of other threads may be held.
_TIE = """
import ctypes, os, signal, sys
PR_SET_PDEATHSIG = 1
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
"""
_SHORTEST_LIFE = 10.0  # seconds; whoever dies younger is restarted more and more slowly
_BACKOFF = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_READY_WITHIN = 15.0
_POLL = 0.01


class EnvoyStartError(Exception):
    """Envoy ended or stayed silent before it was ready; the message holds the end of its log."""


class Process:
    """Keeps one Envoy running from `start` to `stop`."""

    def __init__(self, binary: str, files: Files, admin: Admin) -> None:
        self._binary = binary
        self._files = files
        self._admin = admin
        self._child: asyncio.subprocess.Process | None = None
        self.restarts = 0

    @property
    def pid(self) -> int | None:
        """The process id while one runs; None before the start and between a death and the restart."""
        return self._child.pid if self._child and self._child.returncode is None else None

    async def start(self) -> None:
        """Start it and wait until it serves; raises `EnvoyStartError`."""
        if not os.access(self._binary, os.X_OK):
            raise EnvoyStartError(f"Envoy at {self._binary} cannot be run: it is no executable file")
        await self._spawn()
        try:
            async with asyncio.timeout(_READY_WITHIN):
                await self._until_ready()
        except TimeoutError:
            await self.stop()
            raise EnvoyStartError(f"Envoy was not ready within {_READY_WITHIN:.0f} s: {self.last_words()}") from None

    async def supervise(self) -> None:
        """Restart it whenever it dies; ends only by cancellation."""
        youth = 0
        loop = asyncio.get_running_loop()
        while self._child is not None:
            born = loop.time()
            code = await self._child.wait()
            youth = 0 if loop.time() - born > _SHORTEST_LIFE else youth
            pause = _BACKOFF[min(youth, len(_BACKOFF) - 1)]
            _log.warning("envoy died", code=code, restart_in_s=pause, last_words=self.last_words())
            await asyncio.sleep(pause)
            youth += 1
            self.restarts += 1
            try:
                await self._spawn()
            except OSError as error:  # out of memory or processes: the next turn tries again, later
                _log.warning("envoy cannot be run", error=error.strerror)

    async def stop(self) -> None:
        """Kill it with its whole group and wait for its end; nothing happens when none runs."""
        child, self._child = self._child, None
        if child is None or child.returncode is not None:
            return
        # Nothing is lost by SIGKILL: its files are ours, and draining would only delay the end.
        with suppress(ProcessLookupError, PermissionError):  # it ended in this moment; macOS refuses for that
            os.killpg(child.pid, signal.SIGKILL)
        await child.wait()

    async def _spawn(self) -> None:
        self._files.forget_admin()
        with self._files.open_log() as log:
            self._child = await asyncio.create_subprocess_exec(
                *_tied(_command(self._binary, self._files)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal must not reach it before us
            )

    async def _until_ready(self) -> None:
        while True:
            if self._child is None or self._child.returncode is not None:
                raise EnvoyStartError(f"Envoy ended before it was ready: {self.last_words()}")
            try:
                if await self._admin.ready():
                    return
            except UNREACHABLE:
                pass  # its socket appears when it is far enough
            await asyncio.sleep(_POLL)

    def last_words(self) -> str:
        """The end of Envoy's log."""
        if not self._files.log.exists():
            return "no log"
        lines = self._files.log.read_text(errors="replace").strip().splitlines()
        return " | ".join(lines[-3:]) or "empty log"


def _command(binary: str, files: Files) -> Sequence[str]:
    return (
        *(binary, "-c", str(files.bootstrap)),
        *("--disable-hot-restart", "--concurrency", "1"),
        *("--drain-time-s", "600"),  # requests in flight outlive their listener
        *("--log-level", "warn", "--log-path", str(files.log)),
    )


def _tied(command: Sequence[str]) -> Sequence[str]:
    """``command``, on Linux run so that it dies with this process; elsewhere as it is."""
    if sys.platform != "linux":
        return command
    return (sys.executable, "-I", "-S", "-c", _TIE, str(os.getpid()), *command)
