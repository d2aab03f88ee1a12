"""A client in the cluster's VPC: requests to Lattice services through the emulator's front door."""

import asyncio
import time
from collections import Counter, deque
from dataclasses import dataclass

import aiohttp

WINDOW = 100
"""How many of the latest answers decide whether a new split has arrived."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; ``backend`` is the Service of the pod that gave it, empty when none did."""

    status: int
    backend: str
    text: str


@dataclass(slots=True)
class Client:
    """Sends requests to ``front_door`` (``http://host:port``) under the DNS names of services."""

    front_door: str
    session: aiohttp.ClientSession

    async def get(self, host: str, path: str = "/") -> Reply:
        """One request."""
        async with self.session.get(f"{self.front_door}{path}", headers={"Host": host}) as response:
            return Reply(response.status, response.headers.get("x-backend", ""), await response.text())

    async def many(self, host: str, count: int, at_once: int = 10) -> Counter[str]:
        """Answers by backend; those without a pod count under their status code."""
        answers: Counter[str] = Counter()

        async def worker(share: int) -> None:
            for _ in range(share):
                reply = await self.get(host)
                answers[reply.backend or str(reply.status)] += 1

        shares = [count // at_once + (index < count % at_once) for index in range(at_once)]
        await asyncio.gather(*(worker(share) for share in shares))
        return answers

    async def until_split(self, host: str, backend: str, least: float, patience: float) -> tuple[float, int]:
        """Sends requests until ``backend`` gave at least the share ``least`` of the last ``WINDOW`` answers.

        Returns the seconds it took and how many requests failed; raises ``TimeoutError`` after ``patience`` seconds.
        """
        started, failed = time.monotonic(), 0
        window: deque[str] = deque(maxlen=WINDOW)
        while True:
            reply = await self.get(host)
            failed += reply.status >= 500
            window.append(reply.backend)
            took = time.monotonic() - started
            if len(window) == WINDOW and window.count(backend) >= least * WINDOW:
                return took, failed
            if took > patience:
                raise TimeoutError(f"{backend} never gave {least:.0%} of the last {WINDOW} answers")
