"""The data plane of a world: what the world says is what traffic does."""

import asyncio
import ipaddress
import os
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from lattice_emulator.dataplane.addresses import parse_mapping
from lattice_emulator.dataplane.binary import Found, Missing
from lattice_emulator.dataplane.plane import DataPlane, FrontDoorError, Options
from lattice_emulator.dataplane.reach import ClientVpc
from lattice_emulator.world import model as m
from lattice_emulator.world.clock import ScaledClock
from lattice_emulator.world.knobs import Knobs
from tests.emulator.dataplane.conftest import Answer, request
from tests.emulator.dataplane.making import Backend, backend, eventually
from tests.emulator.dataplane.worlds import WorldInHand

SCALE = 200.0
OPTIONS = Options(
    client=ClientVpc("vpc-1"),
    mappings=(parse_mapping("10.244.0.0/16=127.0.0.0/16"),),
    time_scale=SCALE,
    binary=Missing("No Envoy was looked for."),
)
HEALTHY, UNHEALTHY = m.Health.HEALTHY, m.Health.UNHEALTHY


@dataclass
class Serving:
    """A world in hand with its data plane."""

    world: WorldInHand
    plane: DataPlane

    async def told(self) -> None:
        """The world has changed, and the data plane has caught up."""
        self.world.changed()
        await self.plane.caught_up()

    async def ask(self) -> Answer:
        assert self.plane.front_door is not None
        return await request(self.plane.front_door, "/", "GET", (("host", "s1.on.aws"),))

    def health(self, target: Backend) -> m.Health:
        return self.world.state.targets["tg-1"][key_of(target)].health

    async def until(self, target: Backend, health: m.Health) -> None:
        async def reached() -> bool:
            return self.health(target) is health

        await eventually(reached)
        await self.plane.caught_up()

    def register(self, target: Backend, health: m.Health = m.Health.PENDING, *, registered: bool = True) -> None:
        key = key_of(target)
        self.world.put_target(1, key.id, health, registered=registered, port=key.port)


def key_of(target: Backend) -> m.TargetKey:
    """The pod's address that is mapped to the backend's."""
    return m.TargetKey(target.endpoint.address.replace("127.0.", "10.244."), target.endpoint.port)


@asynccontextmanager
async def serving(options: Options) -> AsyncIterator[Serving]:
    """Service 1 in the client's VPC, forwarding to group 1, which has no targets yet."""
    world = WorldInHand()
    world.put_group(1)
    world.put_service(1, world.forward((1, 100)))
    world.associate(1)
    plane = DataPlane(world, knobs=Knobs(), clock=ScaledClock(options.time_scale), options=options)
    world.listeners.append(plane.notify)
    await plane.start()
    try:
        await plane.caught_up()
        yield Serving(world, plane)
    finally:
        await plane.stop()


async def test_targets_are_checked_though_there_is_no_envoy() -> None:
    async with serving(OPTIONS) as here, backend("a") as good, backend("b", status=500) as bad:
        here.register(good)
        here.register(bad)
        await here.told()

        await here.until(good, HEALTHY)
        await here.until(bad, UNHEALTHY)

        assert here.plane.missing == "No Envoy was looked for."
        assert here.plane.front_door is None
        assert here.plane.addresses() == {}


async def test_health_follows_the_target_down_and_up_again() -> None:
    async with serving(OPTIONS) as here, backend("a") as target:
        here.register(target)
        await here.told()

        await here.until(target, HEALTHY)
        target.status = 503
        await here.until(target, UNHEALTHY)
        target.status = 200
        await here.until(target, HEALTHY)


async def test_a_target_of_a_group_that_nobody_uses_is_not_checked() -> None:
    async with serving(OPTIONS) as here, backend("a") as target:
        here.register(target)
        here.world.put_service(1, m.FixedResponse(404))
        await here.told()
        here.world.put_service(1, here.world.forward((1, 1)))
        checked_before_use = target.served
        await here.told()
        await here.until(target, HEALTHY)

        assert checked_before_use == 0


async def test_a_binary_that_cannot_run_is_told_in_a_sentence(tmp_path: Path) -> None:
    broken = tmp_path / "envoy"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)

    async with serving(replace(OPTIONS, binary=Found(str(broken)))) as here:
        assert here.plane.missing is not None
        assert here.plane.missing.startswith("Envoy ended before it was ready")
        assert here.plane.front_door is None


async def test_a_binary_for_another_machine_is_told_in_a_sentence(tmp_path: Path) -> None:
    foreign = tmp_path / "envoy"
    foreign.write_bytes(b"\x7fELF of another kind")
    foreign.chmod(0o755)

    async with serving(replace(OPTIONS, binary=Found(str(foreign)))) as here:
        assert here.plane.missing is not None
        assert "Exec format error" in here.plane.missing


async def test_a_binary_that_is_none_is_told_in_a_sentence(tmp_path: Path) -> None:
    async with serving(replace(OPTIONS, binary=Found(str(tmp_path / "gone")))) as here:
        assert here.plane.missing is not None
        assert "cannot be run: it is no executable file" in here.plane.missing


async def test_a_front_door_that_is_taken_is_named(envoy: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        options = replace(OPTIONS, binary=Found(envoy), front_door=("127.0.0.1", port))

        with pytest.raises(FrontDoorError, match=rf"front door 127\.0\.0\.1:{port}: Address already in use"):
            async with serving(options):
                pass


@pytest.fixture
async def here(envoy: str) -> AsyncIterator[Serving]:
    async with serving(replace(OPTIONS, binary=Found(envoy))) as served:
        yield served


@pytest.mark.process
async def test_traffic_goes_to_healthy_targets_or_to_all_when_none_is(here: Serving) -> None:
    async with AsyncExitStack() as stack:
        a, b = [await stack.enter_async_context(backend(name)) for name in "ab"]
        assert (await here.ask()).status == 503

        b.status = 500
        here.register(a)
        here.register(b)
        await here.told()
        await here.until(a, HEALTHY)
        await here.until(b, UNHEALTHY)
        assert {(await here.ask()).name for _ in range(10)} == {"a"}

        a.status = 500
        await here.until(a, UNHEALTHY)
        assert {(await here.ask()).name for _ in range(10)} == {"a", "b"}

        here.register(a, UNHEALTHY, registered=False)
        await here.told()
        assert {(await here.ask()).name for _ in range(10)} == {"b"}


@pytest.mark.process
async def test_a_service_answers_only_while_a_network_joins_it_with_the_client(here: Serving) -> None:
    async with backend("a") as target:
        here.register(target)
        await here.told()
        assert (await here.ask()).status == 200

        here.world.associate(1, m.Status.DELETING)
        await here.told()
        assert (await here.ask()).status == 404

        here.world.associate(1)
        await here.told()
        assert (await here.ask()).status == 200


@pytest.mark.process
async def test_weights_changed_in_the_world_are_in_the_traffic_at_once(here: Serving) -> None:
    async with backend("a") as a, backend("b") as b:
        here.world.put_group(2)
        here.register(a)
        key = key_of(b)
        here.world.put_target(2, key.id, port=key.port)
        loop = asyncio.get_running_loop()
        for first, second, expected in ((100, 0, {"a"}), (0, 100, {"b"}), (100, 0, {"a"})):
            here.world.put_service(1, here.world.forward((1, first), (2, second)))
            started = loop.time()
            await here.told()
            assert loop.time() - started < 2.0
            assert {(await here.ask()).name for _ in range(10)} == expected


@pytest.mark.process
async def test_addresses_say_where_a_service_is(here: Serving) -> None:
    address, ports = here.plane.addresses()["svc-1"]

    answer = await request((address, ports[80]), "/", "GET", (("host", "s1.on.aws"),))

    assert answer.status == 503
    assert here.plane.live_version > 0


@pytest.mark.process
async def test_nothing_is_left_behind(envoy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    async with serving(replace(OPTIONS, binary=Found(envoy))) as served:
        pid = served.plane.envoy_pid
        assert pid is not None
        assert len(os.listdir(tmp_path)) == 1

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert os.listdir(tmp_path) == []


@pytest.mark.process
async def test_where_only_127_0_0_1_can_be_bound_services_share_it_with_offset_ports(envoy: str) -> None:
    elsewhere = ipaddress.IPv4Network("192.0.2.0/24")
    async with serving(replace(OPTIONS, binary=Found(envoy), service_addresses=elsewhere)) as here:
        here.world.put_service(2, m.FixedResponse(404))
        here.world.associate(2)
        await here.told()
        addresses = here.plane.addresses()
        address, ports = addresses["svc-1"]
        where = (address, ports[80])
        hosts = ("s1.on.aws", "s2.on.aws:80", "127.0.0.1")
        answers = [await request(where, "/", "GET", (("host", host),)) for host in hosts]

    assert addresses["svc-1"] == addresses["svc-2"]
    assert address == "127.0.0.1"
    assert ports[80] >= 10_080
    assert [answer.status for answer in answers] == [503, 404, 404]


async def test_an_error_of_ours_is_not_waited_for_but_raised() -> None:
    world = WorldInHand()
    world.put_group(1)
    world.put_service(1, world.forward((1, 100)))
    world.state.rules.remove("rule-1-80-default")
    plane = DataPlane(world, knobs=Knobs(), clock=ScaledClock(1.0), options=OPTIONS)

    with pytest.raises(ExceptionGroup) as raised:
        await plane.start()
    await plane.stop()

    assert raised.value.subgroup(KeyError) is not None
