"""A stage for whole processes: emulators and controllers on temporary directories, and eyes to watch them with.

Everything is waited for by a condition. When the stage is closed, no process that it started is left, whatever that
started in turn, and no file of theirs in the directory for temporary files.
"""

import asyncio
import json
import os
import signal
import socket
import sys
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session

from lattice_gateway.cli.demo.processes import Child, start
from lattice_gateway.settings import VARIABLES
from tests.process.manifests import Manifest, text_of

MARK = "LATTICE_GATEWAY_TEST_STAGE"
"""The variable by which processes of a stage, and those that they start, are found."""

PATIENCE = 30.0
LOOK_AGAIN = 0.05
P = "application-networking.k8s.aws/"
PROGRAMMED = f"{P}Programmed"


async def until(holds: Callable[[], Awaitable[bool] | bool], what: str, patience: float = PATIENCE) -> None:
    """Returns as soon as something holds; fails with ``what`` was expected, which may be a path to read it from."""
    deadline = time.monotonic() + patience
    while True:
        answer = holds()
        if answer if isinstance(answer, bool) else await answer:
            return
        assert time.monotonic() < deadline, f"after {patience:g} s still not: {what}"
        await asyncio.sleep(LOOK_AGAIN)


def free_port() -> int:
    """A port of the loopback address that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True)
class Emulator:
    """A running emulator, its admin API, and what is deployed in it."""

    child: Child
    url: str
    session: aiohttp.ClientSession

    async def admin(self, method: str, path: str, document: object = None) -> Any:
        """One request of the admin API."""
        address = f"{self.url}/_emulator/{path}"
        async with self.session.request(method, address, json=document, raise_for_status=True) as response:
            return await response.json()

    async def counts(self) -> dict[str, int]:
        """How many resources of each type there are, zeros left out."""
        return {kind: count for kind, count in (await self.admin("GET", "counts")).items() if count}

    async def counters(self) -> dict[str, int]:
        """Calls by operation, as the emulator counts them."""
        found: dict[str, int] = (await self.admin("GET", "calls?limit=0"))["counters"]
        return found

    async def fails(self, **failure: object) -> None:
        """Let calls fail: ``operation``, ``effect``, ``code``, ``count`` or ``every`` as the guide has them."""
        await self.admin("POST", "faults/failures", failure)

    async def is_well(self) -> None:
        """Nothing goes wrong from now on."""
        await self.admin("DELETE", "faults")

    async def services(self) -> dict[str, str]:
        """Ids of Lattice services by name."""
        async with lattice(self.url) as client:
            return await _services(client)

    async def create_service(self, name: str) -> str:
        """Somebody else makes a service; returns its id."""
        async with lattice(self.url) as client:
            return str((await client.create_service(name=name))["id"])

    async def create_group(self, name: str, vpc: str, tags: Mapping[str, str]) -> None:
        """Somebody else, or an earlier process, makes a target group."""
        config = {"port": 80, "protocol": "HTTP", "vpcIdentifier": vpc}
        async with lattice(self.url) as client:
            await client.create_target_group(name=name, type="IP", config=config, tags=dict(tags))

    async def groups(self) -> set[str]:
        """Names of all target groups."""
        async with lattice(self.url) as client:
            return {one["name"] for one in (await client.list_target_groups(maxResults=100))["items"]}

    async def rules(self, service: str) -> int:
        """How many rules the listeners of a service have, default rules not counted; ``service`` is its name."""
        return len((await self.deployed())[service][1])

    async def deployed(self) -> dict[str, tuple[str, tuple[str, ...]]]:
        """Services by name: the id, and the ids of all rules that are not the default, sorted."""
        async with lattice(self.url) as client:
            return {name: (id_, await _rules(client, id_)) for name, id_ in (await _services(client)).items()}

    async def paths(self, service: str) -> set[str]:
        """The path prefixes that the rules of a service match; ``service`` is its name."""
        async with lattice(self.url) as client:
            id_ = (await _services(client)).get(service)
            found = [rule for rule in await _listed_rules(client, id_) if not rule["isDefault"]] if id_ else []
            details = [await _rule(client, str(id_), rule) for rule in found]
            return {each["match"]["httpMatch"]["pathMatch"]["match"]["prefix"] for each in details if each}


async def _services(client: Any) -> dict[str, str]:
    return {one["name"]: one["id"] for one in (await client.list_services(maxResults=100))["items"]}


async def _rules(client: Any, service: str) -> tuple[str, ...]:
    return tuple(sorted(rule["id"] for rule in await _listed_rules(client, service) if not rule["isDefault"]))


async def _listed_rules(client: Any, service: str) -> list[dict[str, Any]]:
    """Rules of all listeners, each with the listener's id."""
    found: list[dict[str, Any]] = []
    for listener in (await client.list_listeners(serviceIdentifier=service))["items"]:
        page = await client.list_rules(serviceIdentifier=service, listenerIdentifier=listener["id"])
        found += [{**rule, "listener": listener["id"]} for rule in page["items"]]
    return found


async def _rule(client: Any, service: str, listed: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """A listed rule as a whole; None where it has gone since."""
    try:
        found: Mapping[str, Any] = await client.get_rule(
            serviceIdentifier=service, listenerIdentifier=listed["listener"], ruleIdentifier=listed["id"]
        )
    except client.exceptions.ResourceNotFoundException:
        return None
    return found


def lattice(url: str) -> Any:
    """A client of VPC Lattice at ``url``, one attempt a call."""
    return get_session().create_client(
        "vpc-lattice",
        region_name="us-west-2",
        endpoint_url=url,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - nothing verifies it
        config=AioConfig(retries={"total_max_attempts": 1}),
    )


@dataclass(slots=True)
class Controller:
    """A running ``lattice-gateway run`` with its source and its state directory."""

    child: Child
    source: Path
    state: Path

    def events(self, name: str | None = None) -> list[dict[str, Any]]:
        """What it logged, as far as whole lines are there."""
        lines = self.child.log.read_text().splitlines()
        events = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
        return [event for event in events if name in {None, event["event"]}]

    @property
    def said(self) -> str:
        """Everything it wrote to its log."""
        return self.child.log.read_text()

    def status(self, kind: str, name: str, namespace: str = "default") -> dict[str, Any]:
        """The status of an object as written; empty while there is none."""
        path = self.state / "status" / kind / namespace / f"{name}.yaml"
        try:
            found: dict[str, Any] = yaml.safe_load(path.read_text())
        except FileNotFoundError:
            return {}
        return found

    def condition(self, name: str, kind: str, parent: int = 0) -> tuple[str, str, str]:
        """Status, reason and message of a route's condition; empty texts while there is none."""
        parents = self.status("HTTPRoute", name).get("parents", [])
        conditions = parents[parent]["conditions"] if len(parents) > parent else []
        found = [(one["status"], one["reason"], one["message"]) for one in conditions if one["type"] == kind]
        return found[0] if found else ("", "", "")

    def programmed(self, *names: str) -> bool:
        """Whether all these routes are in place."""
        return all(self.condition(name, PROGRAMMED)[0] == "True" for name in names)

    def problems(self) -> list[dict[str, Any]]:
        """``status/problems.yaml``."""
        try:
            found: list[dict[str, Any]] = yaml.safe_load((self.state / "status/problems.yaml").read_text())["problems"]
        except FileNotFoundError:
            return []
        return found

    def write(self, name: str, *documents: Manifest) -> None:
        """Put a file of these objects into the source, whole at once."""
        self.write_text(name, text_of(*documents))

    def write_text(self, name: str, text: str) -> None:
        """Put a file into the source, whole at once."""
        put(self.source / name, text)

    def remove(self, *names: str) -> None:
        """Take files out of the source."""
        for name in names:
            (self.source / name).unlink()

    async def built(self, *names: str, patience: float = PATIENCE) -> None:
        """Returns when all these routes are in place."""
        await until(lambda: self.programmed(*names), f"{names} programmed\n{self.child.last_words()}", patience)

    async def kill(self) -> None:
        """End it as a crash would."""
        self.child.process.kill()
        await self.child.process.wait()

    async def stop(self) -> int:
        """Ask it to end, and return its exit code."""
        await self.child.stop()
        return self.child.process.returncode or 0


def put(path: Path, text: str) -> None:
    """Write a file whole at once: nobody ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text)
    fresh.replace(path)


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command that ended by itself left: exit code and both outputs."""

    code: int
    out: str
    err: str


@dataclass(slots=True)
class Stage:
    """Processes below one directory; their directory for temporary files is ``root/tmp``."""

    root: Path
    session: aiohttp.ClientSession
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)
    children: list[Child] = field(default_factory=list)

    @property
    def temporary(self) -> Path:
        """Where the processes put temporary files."""
        return self.root / "tmp"

    @property
    def variables(self) -> dict[str, str]:
        """What every process of the stage has in its environment."""
        return {MARK: self.mark, "TMPDIR": str(self.temporary)}

    async def emulator(self, *options: str, scale: float = 200) -> Emulator:
        """``lattice-emulator serve`` without a data plane; ``options`` come last."""
        return await self.emulator_with_traffic("--no-data-plane", *options, scale=scale)

    async def emulator_with_traffic(self, *options: str, scale: float = 20) -> Emulator:
        """``lattice-emulator serve``."""
        child = await self._start("emulator", "lattice_emulator", "serve", "--time-scale", f"{scale:g}", *options)
        return Emulator(child, await child.first_line(PATIENCE), self.session)

    async def controller(
        self, url: str, *options: str, name: str = "one", extra: Mapping[str, str] | None = None
    ) -> Controller:
        """``lattice-gateway run`` on ``root/name/source`` and ``root/name/state``."""
        source, state = self.root / name / "source", self.root / name / "state"
        words = ("run", "--source", str(source), "--state-dir", str(state), "--endpoint-url", url, *options)
        return Controller(await self._start(name, "lattice_gateway", *words, extra=extra or {}), source, state)

    async def _start(self, name: str, module: str, *words: str, extra: Mapping[str, str] | None = None) -> Child:
        self.temporary.mkdir(parents=True, exist_ok=True)
        log = self.root / f"{name}-{len(self.children)}.log"
        child = await start(name, module, *words, log=log, extra={**self.variables, **(extra or {})})
        self.children.append(child)
        return child

    async def command(
        self, module: str, *words: str, extra: Mapping[str, str] | None = None, patience: float = 60.0
    ) -> Ended:
        """Runs a command to its end."""
        self.temporary.mkdir(parents=True, exist_ok=True)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**bare_environment(), **self.variables, **(extra or {})},
        )
        out, err = await asyncio.wait_for(process.communicate(), patience)
        return Ended(process.returncode or 0, out.decode(), err.decode())

    async def close(self) -> None:
        """Stops everything, last started first; fails where something is left."""
        for child in reversed(self.children):
            await child.stop()
        left = tuple(self.running())
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert not left, f"processes are left: {left}"
        files = sorted(str(path) for path in self.temporary.glob("*"))
        assert not files, f"files are left: {files}"

    def running(self) -> Iterator[int]:
        """Ids of processes that this stage or one of its processes started."""
        wanted = f"{MARK}={self.mark}".encode()
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with suppress(OSError):
                    if wanted in (entry / "environ").read_bytes().split(b"\0"):
                        yield int(entry.name)


def bare_environment() -> dict[str, str]:
    """Our environment without anything that settings are read from."""
    read = {variable.name for variable in VARIABLES}
    return {
        name: value
        for name, value in os.environ.items()
        if name not in read and not name.startswith(("AWS_", "REGION"))
    }
