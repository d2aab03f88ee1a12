"""A replica that does nothing but lead and write: each call that AWS would see is a line in a file all replicas share.

Arguments: kubeconfig, namespace, name, the file. SIGTERM ends it in order.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any

from prometheus_client import CollectorRegistry

from lattice_gateway.adapters.kube.client import read_config
from lattice_gateway.adapters.kube.lease import KubeLeases
from lattice_gateway.core.lattice.operations import DeleteService, Known, Operation
from lattice_gateway.core.lattice.outcome import Answer
from lattice_gateway.core.lattice.words import Arn
from lattice_gateway.engine.calls import Calls
from lattice_gateway.engine.clock import SystemClock
from lattice_gateway.engine.gate import Urgency
from lattice_gateway.engine.leadership import Leadership
from lattice_gateway.engine.metrics import Metrics
from lattice_gateway.engine.reads import Read
from lattice_gateway.serve.election.campaign import Campaign, Clocks
from lattice_gateway.serve.election.candidate import Timing
from lattice_gateway.serve.election.thread import Election

EVERY = 0.05
WRITE = DeleteService(Known("svc-1", Arn("arn:aws:vpc-lattice:us-west-2:111122223333:service/svc-1")))
ANSWER = 0.3
"""Seconds until AWS answers: a call that was sent before SIGTERM ends after it."""


class Aws:
    """Writes down who called, and when, before the answer and after it."""

    def __init__(self, name: str, file: Path) -> None:
        self._name = name
        self._file = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def perform(self, _operation: Operation, _token: str) -> Answer:
        self._note("sent")
        await asyncio.sleep(ANSWER)
        self._note("answered")
        return Answer()

    async def read(self, read: Read[Any]) -> Any:
        raise NotImplementedError

    def _note(self, what: str) -> None:
        os.write(self._file, f"{monotonic():.3f} {self._name} {what}\n".encode())


async def main(kubeconfig: Path, namespace: str, name: str, file: Path) -> None:
    loop, clock, stop = asyncio.get_running_loop(), SystemClock(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    leadership = Leadership()
    leases = KubeLeases(read_config(kubeconfig, None), namespace)
    clocks = Clocks(now=monotonic, moment=lambda: datetime.now(UTC))
    election = Election(
        Campaign(name, leases, leadership, clocks, Timing()), lambda: loop.call_soon_threadsafe(stop.set)
    )
    calls = Calls(Aws(name, file), clock, Random(), Metrics(CollectorRegistry()), leadership)
    election.start()
    leading = asyncio.create_task(leadership.lead(clock, _writing(leadership, calls)))
    leading.add_done_callback(lambda _: stop.set())
    await stop.wait()
    await calls.close()
    leading.cancel()
    with suppress(asyncio.CancelledError):
        await leading
    await asyncio.to_thread(election.resign, 5.0)


def _writing(leadership: Leadership, calls: Calls) -> Callable[[int], Awaitable[None]]:
    async def work(term: int) -> None:
        leadership.begin(term)
        async with asyncio.TaskGroup() as tasks:
            while True:
                tasks.create_task(calls.perform(WRITE, "token", Urgency.CHANGE))
                await asyncio.sleep(EVERY)

    return work


if __name__ == "__main__":
    kubeconfig, namespace, name, file = sys.argv[1:]
    asyncio.run(main(Path(kubeconfig), namespace, name, Path(file)))
