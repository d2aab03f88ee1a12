"""Requests that never stop: a client in the cluster's VPC, and what it was answered."""

import http.client
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from time import monotonic

PAUSE = 0.015
TIMEOUT = 5.0


@dataclass(frozen=True, slots=True)
class Request:
    """A path of a Lattice service, which is known by its DNS name."""

    host: str
    path: str


@dataclass(frozen=True, slots=True)
class Answer:
    """``status`` 0: there was none, and ``backend`` says why; else ``backend`` is the Service of the pod."""

    at: float
    request: Request
    status: int
    backend: str


class Traffic:
    """Sends each request in turn to the front door (a port of loopback), again and again."""

    def __init__(self, door: int, requests: Sequence[Request]) -> None:
        self._door = door
        self.requests = requests
        self._end = Event()
        self.answers: list[Answer] = []

    def run(self) -> None:
        """Send until told to end."""
        while True:
            for request in self.requests:
                self.answers.append(ask(self._door, request))
                if self._end.wait(PAUSE):
                    return

    def close(self) -> None:
        self._end.set()

    def failures(self, since: float) -> list[Answer]:
        """What was not answered with 200 since a moment (``monotonic``)."""
        return [each for each in self.answers if each.at >= since and each.status != http.HTTPStatus.OK]

    def split(self, host: str, last: int) -> Counter[str]:
        """Who gave the last so many answers of a service."""
        return Counter(each.backend for each in [each for each in self.answers if each.request.host == host][-last:])


@contextmanager
def traffic(door: int, requests: Sequence[Request]) -> Iterator[Traffic]:
    """Traffic as long as the block runs."""
    flowing = Traffic(door, requests)
    thread = Thread(target=flowing.run, name="traffic")
    thread.start()
    try:
        yield flowing
    finally:
        flowing.close()
        thread.join()


def ask(door: int, request: Request) -> Answer:
    """One request."""
    began = monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", door, timeout=TIMEOUT)
    try:
        connection.request("GET", request.path, headers={"Host": request.host})
        answer = connection.getresponse()
        answer.read()
        return Answer(began, request, answer.status, answer.getheader("x-backend", ""))
    except (OSError, http.client.HTTPException) as error:
        return Answer(began, request, 0, str(error))
    finally:
        connection.close()
