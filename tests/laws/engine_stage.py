"""A stage for engine tests: time that passes only when everybody sleeps, and the emulator's world in this process.

The live adapter runs unchanged on top of the world, so that everything but HTTP is the real thing; faults are put in
between by ``Faults``.
"""

import asyncio
import contextlib
import selectors
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.exceptions import ClientError, ReadTimeoutError
from prometheus_client import CollectorRegistry

from lattice_emulator.world.errors import ServiceError
from lattice_emulator.world.knobs import Knobs
from lattice_emulator.world.model import Caller
from lattice_emulator.world.world import World
from lattice_gateway.adapters.aws.client import AwsLattice
from lattice_gateway.core.lattice.keys import UnitKey
from lattice_gateway.core.objects import Object, Ref
from lattice_gateway.engine.calls import Calls
from lattice_gateway.engine.feed import Recorded, StateUnwritable, UnitRecord
from lattice_gateway.engine.metrics import Metrics
from lattice_gateway.engine.units import Told, Units
from lattice_gateway.settings import Settings, read_settings

EPOCH = 1_700_000_000.0
SIGNING = {"vpc-lattice": "vpc-lattice", "resourcegroupstaggingapi": "tagging", "sts": "sts"}


class _NoWaiting(selectors.SelectSelector):
    """Instead of waiting, the loop's time moves on."""

    def __init__(self) -> None:
        super().__init__()
        self.loop: VirtualLoop | None = None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise AssertionError("everybody waits, and nothing will ever happen")
        if not ready and timeout and self.loop:
            self.loop.skip(timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to the next timer."""

    def __init__(self) -> None:
        selector = _NoWaiting()
        self._skipped = 0.0
        super().__init__(selector)
        selector.loop = self

    def time(self) -> float:
        return self._skipped

    def skip(self, seconds: float) -> None:
        self._skipped += seconds


def play(scene: Callable[[], Awaitable[Any]]) -> Any:
    """Run a scene in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(_awaited(scene))


async def _awaited(scene: Callable[[], Awaitable[Any]]) -> Any:
    return await scene()


class LoopClock:
    """The engine's clock in virtual time."""

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def wall(self) -> float:
        return EPOCH + self.now()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class WorldClock:
    """The world's clock: the virtual loop's, also between two loops."""

    def __init__(self) -> None:
        self.offset = EPOCH
        self.last = EPOCH

    def now(self) -> float:
        with contextlib.suppress(RuntimeError):  # between two scenes time stands still
            self.last = max(self.last, self.offset + asyncio.get_running_loop().time())
        return self.last

    def next_loop(self) -> None:
        """A new loop begins at 0; time goes on from here."""
        self.offset = self.last


Fault = Callable[[str, int], Exception | None]


@dataclass
class Wire:
    """What lies between the adapter and the world: latency, faults, a log of calls."""

    world: World
    caller: Caller
    latency: float = 0.05
    before: Fault = lambda _name, _number: None
    """Called with the operation and the number of the call: an exception is raised instead of calling."""
    after: Fault = lambda _name, _number: None
    """As ``before``, but the call is carried out and its answer lost."""
    slowness: Callable[[str], float] = lambda _name: 0.0
    """Seconds by which the answer of an operation is late, beside the latency."""
    log: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    killed: asyncio.Event | None = None
    kill_at: int = -1
    kill_after: bool = False

    def kill(self, number: int, *, after: bool) -> asyncio.Event:
        """Have the process die with its mutating call ``number`` on the wire, before or after it was carried out."""
        self.kill_at, self.kill_after, self.killed = number + self.writes().total(), after, asyncio.Event()
        return self.killed

    async def call(self, service: str, operation: str, members: Mapping[str, Any]) -> Mapping[str, Any]:
        number = len(self.log)
        self.log.append((operation, members))
        await asyncio.sleep(self.latency / 2)
        dies = self.killed is not None and not is_read(operation) and self.writes().total() - 1 == self.kill_at
        if dies and not self.kill_after:
            await self._die()
        refused = self.before(operation, number)
        if refused is not None:
            raise refused
        try:
            answer = self.world.call(SIGNING[service], operation, dict(members), self.caller)
        except ServiceError as error:
            self.errors[f"{operation} {error.code}"] += 1
            raise client_error(operation, error.code, error.message, error.status) from error
        if dies and self.kill_after:
            await self._die()
        lost = self.after(operation, number)
        await asyncio.sleep(self.latency / 2 + self.slowness(operation))
        if lost is not None:
            raise lost
        return answer

    async def _die(self) -> None:
        assert self.killed is not None
        self.killed.set()
        await asyncio.Event().wait()

    def writes(self) -> Counter[str]:
        """Mutating calls by operation."""
        return Counter(name for name, _ in self.log if not is_read(name))

    def reads(self) -> Counter[str]:
        """Reading calls by operation."""
        return Counter(name for name, _ in self.log if is_read(name))


def is_read(operation: str) -> bool:
    return operation.startswith(("Get", "List"))


def client_error(operation: str, code: str, message: str, status: int) -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        operation,
    )


def throttled(operation: str) -> ClientError:
    return client_error(operation, "ThrottlingException", "Rate exceeded", 429)


def broken(operation: str) -> ClientError:
    return client_error(operation, "InternalServerException", "oops", 500)


def lost_answer(_operation: str) -> ReadTimeoutError:
    return ReadTimeoutError(endpoint_url="http://127.0.0.1")


class _Client:
    """Looks like an aiobotocore client; the names of its methods are the model's."""

    def __init__(self, service: str, wire: Wire) -> None:
        self._service = service
        self._wire = wire

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Mapping[str, Any]]]:
        operation = operations_of(self._service)[name]

        async def call(**members: Any) -> Mapping[str, Any]:
            return await self._wire.call(self._service, operation, members)

        return call


_OPERATIONS: dict[str, dict[str, str]] = {}


def operations_of(service: str) -> dict[str, str]:
    """Operations by their method name."""
    if service not in _OPERATIONS:
        model = botocore.session.get_session().get_service_model(service)
        _OPERATIONS[service] = {xform_name(name): name for name in model.operation_names}
    return _OPERATIONS[service]


class Memory:
    """A state store that outlives the process it is used by, and can be full."""

    def __init__(self) -> None:
        self.units: dict[UnitKey, UnitRecord] = {}
        self.accepted: dict[Ref, Object] = {}
        self.full = False

    @property
    def recorded(self) -> Recorded:
        return Recorded(units=self.units, accepted=self.accepted)

    def remember_unit(self, record: UnitRecord) -> None:
        if self.full:
            raise StateUnwritable("no space left on device")
        self.units[record.key] = record

    def forget_unit(self, key: UnitKey) -> None:
        self.units.pop(key, None)

    def remember_accepted(self, thing: Object) -> None:
        self.accepted[thing.ref] = thing

    def forget_accepted(self, ref: Ref) -> None:
        self.accepted.pop(ref, None)


SETTINGS = read_settings({"LATTICE_ENDPOINT": "http://127.0.0.1:1"}, {})


class Stage:
    """One account of the world, one state store, and as many processes as come and go."""

    def __init__(self, knobs: Knobs | None = None, settings: Settings = SETTINGS) -> None:
        self.clock = WorldClock()
        self.world = World(knobs=knobs or Knobs(), clock=self.clock)
        self.settings = settings
        self.wire = Wire(self.world, Caller(settings.owner.account, settings.region))
        self.memory = Memory()
        self.starts = 0

    def lattice(self) -> AwsLattice:
        """The live adapter on the world."""
        return AwsLattice({service: _Client(service, self.wire) for service in SIGNING})

    def calls(self) -> Calls:
        return Calls(self.lattice(), LoopClock(), Random(1), Metrics(CollectorRegistry()))

    def copy(self) -> "Stage":
        """The same account and store at this moment, to go on from more than once."""
        stage = Stage(self.world.knobs, self.settings)
        stage.clock.last = self.clock.last
        stage.world = World.load(self.world.dump(), knobs=self.world.knobs, clock=stage.clock)
        stage.wire.world = stage.world
        stage.memory.units.update(self.memory.units)
        return stage

    def units(self, told: Told = lambda _key, _outcome: None, registry: CollectorRegistry | None = None) -> Units:
        """A new process, which counts in ``registry``."""
        self.starts += 1
        return Units(
            settings=self.settings,
            calls=self.calls(),
            state=self.memory,
            clock=LoopClock(),
            random=Random(self.starts),
            process=f"process {self.starts}",
            metrics=Metrics(registry or CollectorRegistry()),
            told=told,
        )

    def play(self, scene: Callable[[], Awaitable[Any]]) -> Any:
        """Run a scene; the world's time goes on from the last one."""
        self.clock.next_loop()
        return play(scene)


async def until_rest(units: Units, longest: float = 3600.0) -> None:
    """Wait until nothing is under way; raises ``TimeoutError`` after so many virtual seconds."""
    async with asyncio.timeout(longest):
        while not units.at_rest:  # noqa: ASYNC110 - virtual time
            await asyncio.sleep(0.1)
