"""Processes of a test: started with a log of their own, stopped or killed, and gone when the test run is gone."""

import os
import signal
import socket
import subprocess
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

GRACE = 5.0
"""Seconds between asking a process to end and making it end."""

LIVES_WITH_STDIN = {"CONTROLPLANE_LIVES_WITH_STDIN": "1"}
"""Our own programs end when their standard input does, so that a killed test run leaves none behind."""


@dataclass(frozen=True, slots=True)
class Running:
    """A started process and the file that has everything it wrote."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def last_words(self, lines: int = 20) -> str:
        """The end of the log, for an error message."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def stop(self) -> None:
        """End it in order, by force after ``GRACE`` seconds."""
        self.process.terminate()
        try:
            self.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self._reap()

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.send_signal(signal.SIGKILL)
        self._reap()

    def _reap(self) -> None:
        if self.process.stdin:
            self.process.stdin.close()
        self.process.wait()


def start(command: list[str], log: Path, environment: Mapping[str, str]) -> Running:
    """Start a process whose output is appended to ``log``."""
    with log.open("ab") as file:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, **LIVES_WITH_STDIN, **environment},
            start_new_session=True,
        )
    return Running(process, log)


def free_ports(count: int) -> tuple[int, ...]:
    """Ports of the loopback address that nothing listens on at this moment, all different."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return tuple(each.getsockname()[1] for each in sockets)
