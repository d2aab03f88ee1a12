"""The processes under measurement: emulator and controller as users start them, and what the emulator counted."""

import asyncio
import json
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from bench.manifests import Tree
from lattice_gateway.cli.demo.processes import Child, start

WRITES = ("Create", "Update", "Delete", "Register", "Deregister", "Tag", "Untag", "BatchUpdate", "Put")
QUOTAS = {
    "services": 10_000,
    "target_groups": 50_000,
    "service_associations": 10_000,
}
PATIENCE = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How slow and how tight the emulated service is; seconds and calls a second an operation.

    ``scale`` is how much faster its life cycles go than AWS's, and its clock; latency and buckets stay as they are.
    ``knobs`` are those of the emulator, where single durations are to be others.
    """

    scale: float = 1.0
    latency: float = 0.0
    rate: float | None = None
    burst: int = 10
    knobs: Mapping[str, float] = field(default_factory=dict)

    def config(self) -> dict[str, Any]:
        """The emulator's settings file."""
        faults: dict[str, Any] = {}
        if self.latency:
            faults["latency"] = {"*": self.latency}
        if self.rate is not None:
            faults["throttle"] = {"*": {"rate": self.rate, "burst": self.burst}}
        return {"knobs": dict(self.knobs), "quotas": QUOTAS, "faults": faults}

    def seconds_of(self, calls: Iterable[int]) -> float:
        """How long the buckets alone take for so many calls of each operation."""
        return 0.0 if self.rate is None else max((number - self.burst) / self.rate for number in calls)


@dataclass(frozen=True, slots=True)
class Counted:
    """Calls since the last clearing: carried out, and refused by throttling, by operation."""

    done: Mapping[str, int]
    throttled: Mapping[str, int]

    @property
    def writes(self) -> int:
        """Mutating calls that were carried out."""
        return sum(count for name, count in self.done.items() if is_write(name))

    @property
    def reads(self) -> int:
        """Other calls that were carried out."""
        return sum(count for name, count in self.done.items() if not is_write(name))

    def seconds_at(self, load: Load) -> float:
        """How long the buckets alone make the mutating calls take."""
        return load.seconds_of(count for name, count in self.done.items() if is_write(name))

    def seconds_of_all_at(self, load: Load) -> float:
        """How long the buckets alone make all calls take."""
        return load.seconds_of(self.done.values())


@dataclass(slots=True, kw_only=True)
class Bench:
    """A temporary directory with a tree, an emulator, and the controller while it runs."""

    root: Path
    tree: Tree
    session: aiohttp.ClientSession
    url: str
    stack: AsyncExitStack
    controller: Child | None = None
    environment: dict[str, str] = field(default_factory=dict)

    async def run_controller(self) -> Child:
        """Starts the controller on the tree."""
        source, state = str(self.tree.root), str(self.root / "state")
        arguments = ("run", "--source", source, "--state-dir", state, "--endpoint-url", self.url)
        self.controller = await start(
            "controller", "lattice_gateway", *arguments, log=self.root / "controller.log", extra=self.environment
        )
        return self.controller

    async def kill_controller(self) -> None:
        """Ends the controller as a crash would."""
        if self.controller is not None and self.controller.process.returncode is None:
            self.controller.process.send_signal(signal.SIGKILL)
            await self.controller.process.wait()

    async def clear_calls(self) -> None:
        """Starts counting anew."""
        async with self.session.delete(f"{self.url}/_emulator/calls", raise_for_status=True):
            pass

    async def counted(self) -> Counted:
        """What was called since the last clearing."""
        answer = await self._ask("calls?limit=0")
        errors: Mapping[str, Mapping[str, int]] = answer["errors"]
        failed = {name: sum(codes.values()) for name, codes in errors.items()}
        throttled = {name: codes.get("ThrottlingException", 0) for name, codes in errors.items()}
        done = {name: count - failed.get(name, 0) for name, count in answer["counters"].items()}
        return Counted(done, throttled)

    async def resources(self) -> dict[str, int]:
        """Resources by type."""
        return await self._ask("counts")  # type: ignore[no-any-return]  # the admin API's JSON

    async def calls(self, operation: str, after: int = 0) -> list[dict[str, Any]]:
        """The latest logged calls of an operation numbered above ``after``, oldest first."""
        answer = await self._ask(f"calls?operation={operation}&after={after}&limit=3")
        return answer["calls"]  # type: ignore[no-any-return]  # the admin API's JSON

    async def until(self, holds: Callable[[dict[str, int]], bool]) -> float:
        """Seconds until the resources are as wanted; raises ``RuntimeError`` when the controller has ended."""
        started = time.monotonic()
        while not holds(await self.resources()):
            if self.controller is not None:
                self.controller.check()
            if time.monotonic() - started > PATIENCE:
                raise RuntimeError(f"not converged after {PATIENCE:g} s: {await self.resources()}")
            await asyncio.sleep(0.2)
        return time.monotonic() - started

    async def quiet(self, seconds: float) -> None:
        """Waits until no mutating call was made for so long."""
        writes, since = -1, time.monotonic()
        while time.monotonic() - since < seconds:
            now = (await self.counted()).writes
            if now != writes:
                writes, since = now, time.monotonic()
            await asyncio.sleep(min(0.5, seconds / 4))

    async def _ask(self, path: str) -> Any:
        async with self.session.get(f"{self.url}/_emulator/{path}", raise_for_status=True) as response:
            return json.loads(await response.text())


@asynccontextmanager
async def bench(load: Load, **environment: str) -> AsyncIterator[Bench]:
    """An emulator under ``load`` with an empty account and tree; nothing is left afterwards."""
    async with AsyncExitStack() as stack:
        root = Path(tempfile.mkdtemp(prefix="lattice-gateway-bench-"))
        stack.callback(shutil.rmtree, root, ignore_errors=True)
        (root / "emulator.yaml").write_text(yaml.safe_dump(load.config()))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        words = ("--time-scale", f"{load.scale:g}", "--config", str(root / "emulator.yaml"))
        arguments = ("serve", "--no-data-plane", *words)
        emulator = await start("emulator", "lattice_emulator", *arguments, log=root / "emulator.log")
        stack.push_async_callback(emulator.stop)
        url = await emulator.first_line(30)
        made = Bench(
            root=root, tree=Tree(root / "tree"), session=session, url=url, stack=stack, environment=environment
        )
        try:
            yield made
        finally:
            if made.controller is not None:
                await made.controller.stop()


def is_write(operation: str) -> bool:
    """Whether a call changes something."""
    return operation.startswith(WRITES)


def moment(call: dict[str, Any]) -> float:
    """When a call arrived, in seconds since the epoch."""
    return datetime.fromisoformat(call["at"]).timestamp()


def peak_memory(child: Child) -> float:
    """The most memory a running process ever held, in MiB (Linux)."""
    status = Path(f"/proc/{child.process.pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024
