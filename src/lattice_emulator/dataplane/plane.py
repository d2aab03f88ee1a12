"""The data plane of one world: follows its state, carries its traffic, checks its targets."""

import asyncio
import ipaddress
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from lattice_emulator.dataplane.addresses import Mapping as AddressMapping
from lattice_emulator.dataplane.binary import Binary, Found, Missing, find_envoy
from lattice_emulator.dataplane.configuration import Configuration
from lattice_emulator.dataplane.derive import Derivation, Deriver, answers_of
from lattice_emulator.dataplane.health import Checker
from lattice_emulator.dataplane.lower import Ground, Lowering, wanted_ports
from lattice_emulator.dataplane.places import Places, layout_for, place
from lattice_emulator.dataplane.process import EnvoyStartError
from lattice_emulator.dataplane.proxy import Live, Proxy
from lattice_emulator.dataplane.reach import Client
from lattice_emulator.dataplane.verdict import Subject
from lattice_emulator.dataplane.view import View
from lattice_emulator.world.clock import Clock
from lattice_emulator.world.knobs import Knobs
from lattice_emulator.world.model import Health, TargetKey
from lattice_emulator.world.state import State

_log = structlog.get_logger(__name__)
_LONGEST_REST = 0.25  # seconds
_RETRY = 5.0  # seconds; what was refused may be a port that is free again later
SERVICE_ADDRESSES = ipaddress.IPv4Network("127.171.0.0/16")


class Source(Protocol):
    """The part of the world that the data plane needs."""

    @property
    def state(self) -> State:
        """What is to be served."""
        ...

    def report_health(self, group_id: str, target: TargetKey, health: Health) -> None:
        """Take over what a check said of a registered target."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the data plane stands on this machine.

    ``front_door`` is (address, port), port 0: any free one. ``service_addresses`` is where services get an address
    each. ``time_scale`` is how many emulated seconds pass in a second.
    """

    client: Client
    front_door: tuple[str, int] = ("127.0.0.1", 0)
    service_addresses: ipaddress.IPv4Network = SERVICE_ADDRESSES
    mappings: tuple[AddressMapping, ...] = ()
    time_scale: float = 1.0
    binary: Binary = field(default_factory=find_envoy)


class FrontDoorError(Exception):
    """The front door's address is taken or not ours; the message names it."""


@dataclass(frozen=True, slots=True)
class _Carrying:
    """An Envoy and what its configuration stands on."""

    proxy: Proxy
    ground: Ground
    lowering: Lowering


class DataPlane:
    """Serves a world from `start` to `stop`.

    Without an Envoy it checks targets all the same, and `missing` says in a sentence why no traffic flows.
    """

    def __init__(self, world: Source, *, knobs: Knobs, clock: Clock, options: Options) -> None:
        self._world = world
        self._options = options
        self._knobs = knobs
        self._deriver = Deriver(Derivation(options.client, options.mappings, knobs))
        self._checker = Checker(self._report, clock, options.time_scale)
        self._changed = asyncio.Event()
        self._settled = asyncio.Condition()
        self._told = 0
        self._done = 0
        self._places = Places()
        self._view = View()
        self._carrying: _Carrying | None = None
        self._running: asyncio.Task[None] | None = None
        self.missing: str | None = None
        self.live_version = 0

    async def start(self) -> None:
        """Serve the world as it is, then follow it; raises `FrontDoorError`."""
        match self._options.binary:
            case Found(path):
                await self._carry(path)
            case Missing(why):
                self.missing = why
        self.notify()
        self._running = asyncio.create_task(self._run(self._carrying), name="data plane")
        await self.caught_up()

    async def stop(self) -> None:
        """End everything and leave nothing behind."""
        try:
            if self._running is not None:
                self._running.cancel()
                await asyncio.wait([self._running])
        finally:
            await self._drop()

    async def wait(self) -> None:
        """Wait until the data plane ends: by `stop`, or by an error of ours, which is raised."""
        if self._running is not None:
            await asyncio.shield(self._running)

    def notify(self) -> None:
        """The world changed: look again. To be called in the event loop's thread."""
        self._told += 1
        self._changed.set()

    async def caught_up(self) -> None:
        """Wait until all that was notified before this call is live, or refused; raises as `wait` does."""
        caught = asyncio.create_task(self._until_done(self._told))
        ended = asyncio.create_task(self.wait())
        try:
            done, _ = await asyncio.wait((caught, ended), return_when=asyncio.FIRST_COMPLETED)
            if caught not in done:
                await ended
        finally:
            caught.cancel()
            ended.cancel()

    @property
    def front_door(self) -> tuple[str, int] | None:
        """Where any service answers to its name in Host; None without an Envoy."""
        return None if self._carrying is None else self._carrying.ground.front_door

    def addresses(self) -> dict[str, tuple[str, dict[int, int]]]:
        """By service id: its address, and the bound port of each of its listener ports; empty without an Envoy."""
        if self._carrying is None:
            return {}
        wanted = wanted_ports(self._view)
        return {
            service: (address, self._bound(address, wanted.get(service, frozenset())))
            for service, address in self._places.addresses.items()
        }

    @property
    def notes(self) -> tuple[str, ...]:
        """What cannot be carried, in a sentence each."""
        return self._view.notes

    @property
    def envoy_pid(self) -> int | None:
        """The process id of the Envoy; None while none runs."""
        return None if self._carrying is None else self._carrying.proxy.process.pid

    async def _until_done(self, told: int) -> None:
        async with self._settled:
            await self._settled.wait_for(lambda: self._done >= told)

    def _bound(self, address: str, ports: frozenset[int]) -> dict[int, int]:
        return {
            port: self._places.ports[address, port] for port in sorted(ports) if (address, port) in self._places.ports
        }

    async def _carry(self, binary: str) -> None:
        """Start Envoy, with nothing to serve yet."""
        front_door = front_door_at(self._options.front_door)
        proxy = Proxy(binary)
        ground = Ground(
            front_door=front_door,
            routes_directory=proxy.routes_directory,
            layout=layout_for(self._options.service_addresses, can_bind),
            answers=answers_of(self._knobs),
        )
        self._carrying = _Carrying(proxy, ground, Lowering(ground))
        try:
            await proxy.start()
        except EnvoyStartError as error:
            await self._drop()
            self.missing = f"{error} (no traffic flows, everything else works)"

    async def _drop(self) -> None:
        """End Envoy, if there is one."""
        carrying, self._carrying = self._carrying, None
        if carrying is not None:
            await carrying.proxy.stop()

    async def _run(self, carrying: _Carrying | None) -> None:
        """Follow, check and, unless ``carrying`` is None, keep Envoy alive."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow(carrying))
            tasks.create_task(self._checker.run())
            if carrying is not None:
                tasks.create_task(carrying.proxy.process.supervise())

    async def _follow(self, carrying: _Carrying | None) -> None:
        """Take over each change. Changes meanwhile are taken together by the next round."""
        loop = asyncio.get_running_loop()
        again: float | None = None
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(again):
                    await self._changed.wait()
            started = loop.time()
            self._changed.clear()
            again = await self._take_over(carrying)
            # In a burst (thousands of first checks) others get their turn as well.
            await asyncio.sleep(min(loop.time() - started, _LONGEST_REST))

    async def _take_over(self, carrying: _Carrying | None) -> float | None:
        """Checks, then traffic, as the world is now; seconds until another try where Envoy refused it, else None."""
        told = self._told
        derived = self._deriver.derive(self._world.state)
        self._checker.follow(derived.checks)
        self._note(derived.view)
        refused = carrying is not None and not await self._serve(carrying, derived.view)
        async with self._settled:
            self._done = told
            self._settled.notify_all()
        return _RETRY if refused else None

    async def _serve(self, carrying: _Carrying, view: View) -> bool:
        """Make Envoy serve ``view``; False when it refused any of it."""
        applied = await carrying.proxy.apply(self._lowered(carrying, view))
        self.live_version = applied.version
        return isinstance(applied, Live)

    def _lowered(self, carrying: _Carrying, view: View) -> Configuration:
        """Envoy's configuration for ``view``, at places that follow from the ones before."""
        self._places = place(self._places, wanted_ports(view), carrying.ground.layout, can_bind)
        return carrying.lowering.lower(view, self._places)

    def _note(self, view: View) -> None:
        """Take over the view; what newly cannot be carried is logged once."""
        for note in sorted(set(view.notes) - set(self._view.notes)):
            _log.warning("not carried", note=note)
        self._view = view

    def _report(self, subject: Subject, health: Health) -> None:
        self._world.report_health(subject.group, subject.target, health)


def can_bind(address: str, port: int) -> bool:
    """Whether this process may listen on ``address`` and ``port`` now; port 0 asks for the address alone."""
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((address, port))
        except OSError:
            return False
    return True


def front_door_at(wanted: tuple[str, int]) -> tuple[str, int]:
    """The front door with a port that is free now; raises `FrontDoorError`."""
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(wanted)
        except OSError as error:
            raise FrontDoorError(f"front door {wanted[0]}:{wanted[1]}: {error.strerror}; give another port") from None
        return wanted[0], int(attempt.getsockname()[1])
