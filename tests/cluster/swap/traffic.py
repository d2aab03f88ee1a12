"""Requests that never stop: who asks for what, and every answer that was not good."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from urllib.parse import urlsplit

PAUSE = 0.01
"""Seconds between two requests of one caller."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: method, host of the service, path."""

    method: str
    host: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Traffic:
    """What came of all requests so far: who answered how often, and what failed."""

    answered: dict[str, int] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        return sum(list(self.answered.values())) + len(self.failed)

    def count(self, ask: Ask, door: str) -> None:
        """Ask once."""
        connection = http.client.HTTPConnection(urlsplit(door).netloc, timeout=5)
        try:
            connection.request(ask.method, ask.path, headers={"Host": ask.host, **dict(ask.headers)})
            answer = connection.getresponse()
            body = answer.read().decode()
            if answer.status == http.HTTPStatus.OK:
                self.answered[body] = self.answered.get(body, 0) + 1
            else:
                self.failed.append(f"{ask.method} {ask.host}{ask.path}: {answer.status} {body}")
        except (OSError, http.client.HTTPException) as error:
            self.failed.append(f"{ask.method} {ask.host}{ask.path}: {error!r}")
        finally:
            connection.close()


@contextmanager
def traffic(door: str, asks: tuple[Ask, ...]) -> Iterator[Traffic]:
    """Ask for all of these in turn through the emulator's front door, until the block ends."""
    found, enough = Traffic(), Event()

    def run() -> None:
        while True:
            for ask in asks:
                found.count(ask, door)
                if enough.wait(PAUSE):
                    return

    caller = Thread(target=run)
    caller.start()
    try:
        yield found
    finally:
        enough.set()
        caller.join()
