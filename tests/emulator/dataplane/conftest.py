"""One Envoy for each module of tests that need one, and a way to ask it."""

import asyncio
import ipaddress
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio

from lattice_emulator.dataplane import view as v
from lattice_emulator.dataplane.binary import Found, find_envoy
from lattice_emulator.dataplane.configuration import Configuration
from lattice_emulator.dataplane.lower import Ground, lower, wanted_ports
from lattice_emulator.dataplane.places import Places, layout_for, place
from lattice_emulator.dataplane.plane import can_bind, front_door_at
from lattice_emulator.dataplane.proxy import Applied, Proxy

ADDRESSES = ipaddress.IPv4Network("127.172.0.0/16")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.text))

    @property
    def name(self) -> str:
        """The backend that answered; "" for an answer of the service's own."""
        return str(self.json["name"]) if self.text.startswith("{") else ""


@dataclass
class Stage:
    """A running Envoy that serves whatever view it is given."""

    proxy: Proxy
    ground: Ground
    answers: v.Answers = field(default_factory=v.Answers)
    places: Places = field(default_factory=Places)

    def lowered(self, view: v.View) -> Configuration:
        self.places = place(self.places, wanted_ports(view), self.ground.layout, can_bind)
        return lower(view, self.places, self.ground)

    async def show(self, view: v.View) -> Applied:
        return await self.proxy.apply(self.lowered(view))

    async def ask(self, path: str = "/", host: str = "s1.on.aws", method: str = "GET", **headers: str) -> Answer:
        """One request through the front door; ``x_a="1"`` becomes the header ``x-a: 1``."""
        named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
        return await request(self.ground.front_door, path, method, (("host", host), *named))


async def request(where: tuple[str, int], path: str, method: str, headers: tuple[tuple[str, str], ...]) -> Answer:
    """One request on a connection of its own, with exactly these headers."""
    reader, writer = await asyncio.open_connection(*where)
    lines = [f"{method} {path} HTTP/1.1", *(f"{k}: {value}" for k, value in headers), "connection: close", "", ""]
    writer.write("\r\n".join(lines).encode())
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        status, *lines = head.decode().strip().split("\r\n")
        parted = (line.partition(": ") for line in lines)
        found = {key.lower(): value for key, _, value in parted}
        body = await reader.readexactly(int(found.get("content-length", 0)))
        return Answer(int(status.split()[1]), found, body.decode())
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.fixture(scope="module")
def envoy() -> str:
    found = find_envoy()
    if not isinstance(found, Found):
        pytest.skip(found.why)
    return found.path


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(envoy: str) -> AsyncIterator[Stage]:
    proxy = Proxy(envoy)
    ground = Ground(
        front_door=front_door_at(("127.0.0.1", 0)),
        routes_directory=proxy.routes_directory,
        layout=layout_for(ADDRESSES, can_bind),
        answers=v.Answers(),
    )
    running = Stage(proxy, ground)
    await proxy.start()
    watch = asyncio.create_task(proxy.process.supervise())
    try:
        yield running
    finally:
        watch.cancel()
        await asyncio.wait([watch])
        await proxy.stop()
