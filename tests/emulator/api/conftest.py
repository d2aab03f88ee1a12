"""A running emulator and clients for it; worlds made of a table, for tests of the protocol alone."""

import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession, get_session

from lattice_emulator.api.endpoint import Endpoint, Operations
from lattice_emulator.api.faults import FaultPlan, Faults
from lattice_emulator.api.request import Accounts, Request
from lattice_emulator.api.server import listen
from lattice_emulator.api.services import load_services
from lattice_emulator.api.writing import Answer
from lattice_emulator.world.clock import ManualClock
from lattice_emulator.world.model import Caller


@dataclass
class TableWorld:
    """Answers from a table of results (or errors to raise) by operation, and remembers what it was asked."""

    results: Mapping[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, str, Mapping[str, Any], Caller]] = field(default_factory=list)

    def call(self, service: str, operation: str, params: Mapping[str, Any], caller: Caller) -> Mapping[str, Any]:
        self.asked.append((service, operation, params, caller))
        result = self.results.get(operation, {})
        if isinstance(result, Exception):
            raise result
        return result


@dataclass
class Served:
    """An endpoint on a port, with clients that point at it."""

    url: str
    endpoint: Endpoint
    clock: ManualClock
    stack: AsyncExitStack
    session: AioSession

    async def client(self, service: str, key: str = "AKIDEXAMPLE", **config: Any) -> Any:
        """A client of botocore's ``service``; one attempt a call unless ``retries`` says otherwise."""
        options = {"retries": {"total_max_attempts": 1}, **config}
        return await self.stack.enter_async_context(
            self.session.create_client(
                service,
                region_name="us-west-2",
                endpoint_url=self.url,
                aws_access_key_id=key,
                aws_secret_access_key="secret",  # noqa: S106 - nothing verifies it
                config=AioConfig(**options),
            )
        )


async def _no_admin(request: Request) -> Answer:
    return Answer(404, b"")


@dataclass
class Running:
    """`lattice-emulator serve` as a process of its own."""

    url: str
    process: subprocess.Popen[str]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; gives the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=20)


Start = Callable[..., Running]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start `lattice-emulator serve OPTIONS`, on a fast clock and without a data plane unless told otherwise."""
    started: list[subprocess.Popen[str]] = []

    def run(*options: str, usual: tuple[str, ...] = ("--no-data-plane", "--time-scale", "1000")) -> Running:
        command = [sys.executable, "-c", "from lattice_emulator.cli import main; main()", "serve", *usual, *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        return Running(process.stdout.readline().strip(), process)

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def emulator(start: Start) -> Running:
    return start()


Serve = Callable[..., Awaitable[Served]]


@pytest.fixture(scope="session")
def services() -> Mapping[str, Any]:
    return load_services()


@pytest.fixture(scope="session")
def session() -> AioSession:
    """One session for all tests: it keeps the models it has read."""
    return get_session()


@pytest.fixture
def table_world() -> type[TableWorld]:
    return TableWorld


@pytest.fixture
def endpoint_of(services: Mapping[str, Any]) -> Callable[..., Endpoint]:
    def build(
        world: Operations,
        plan: FaultPlan | None = None,
        accounts: Accounts | None = None,
        clock: ManualClock | None = None,
    ) -> Endpoint:
        faults = Faults(plan or FaultPlan())
        return Endpoint(services, lambda: world, clock or ManualClock(), accounts or Accounts(), faults)

    return build


@pytest.fixture
async def serve(endpoint_of: Callable[..., Endpoint], session: AioSession) -> AsyncIterator[Serve]:
    async with AsyncExitStack() as stack:

        async def start(
            world: Operations,
            plan: FaultPlan | None = None,
            accounts: Accounts | None = None,
            clock: ManualClock | None = None,
        ) -> Served:
            clock = clock or ManualClock()
            endpoint = endpoint_of(world, plan, accounts, clock)
            listening = await listen(endpoint, _no_admin, "127.0.0.1", 0)
            stack.push_async_callback(listening.stop)
            return Served(listening.url, endpoint, clock, stack, session)

        yield start
