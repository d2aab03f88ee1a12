"""Changes while requests flow: none fails, and each shows at once."""

import asyncio
import errno
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace

import aiohttp
import pytest
import pytest_asyncio

from lattice_emulator.dataplane import view as v
from lattice_emulator.dataplane.places import OwnAddresses
from lattice_emulator.dataplane.proxy import Live, Refused
from tests.emulator.dataplane.conftest import Stage
from tests.emulator.dataplane.making import Backend, backend, eventually, group, http_listener, service, to, view_of

pytestmark = [pytest.mark.process, pytest.mark.asyncio(loop_scope="module")]

REQUESTS = 3000
CLIENTS = 8
Backends = tuple[Backend, ...]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def backends() -> AsyncIterator[Backends]:
    async with AsyncExitStack() as stack:
        yield tuple([await stack.enter_async_context(backend(name)) for name in "abc"])


def split(stage_of: Backends, a: int, b: int) -> v.View:
    """Service 1 with the first two backends as groups a and b."""
    groups = [group("a", stage_of[0].endpoint), group("b", stage_of[1].endpoint)]
    return view_of([service(1, http_listener(default=to(("a", a), ("b", b))))], groups)


def one_group(*serving: Backend) -> v.View:
    endpoints = [each.endpoint for each in serving]
    return view_of([service(1, http_listener(default=to(("a", 1))))], [group("a", *endpoints)])


async def outcomes_under_load(
    stage: Stage, change: Callable[[], Awaitable[None]], where: tuple[str, int] | None = None
) -> Counter[str]:
    """What became of `REQUESTS` requests over kept connections while ``change`` ran again and again.

    They go to ``where``; None: to the front door.
    """
    outcomes: Counter[str] = Counter()
    left = iter(range(REQUESTS))
    url = "http://{}:{}/".format(*(where or stage.ground.front_door))

    async def client(session: aiohttp.ClientSession) -> None:
        for _ in left:
            try:
                async with session.get(url, headers={"host": "s1.on.aws"}) as answer:
                    await answer.read()
                    outcomes[str(answer.status)] += 1
            except aiohttp.ClientError as error:
                outcomes[repr(error)] += 1

    async def changing() -> None:
        while True:
            await change()

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        changes = asyncio.create_task(changing())
        await asyncio.gather(*(client(session) for _ in range(CLIENTS)))
        changes.cancel()
        await asyncio.wait([changes])
    if not changes.cancelled():
        changes.result()
    return outcomes


async def test_no_request_fails_while_weights_change(stage: Stage, backends: Backends) -> None:
    await stage.show(split(backends, 50, 50))
    weights = iter(range(10_000))

    async def change() -> None:
        share = next(weights) * 7 % 101
        assert isinstance(await stage.show(split(backends, share, 100 - share)), Live)

    assert await outcomes_under_load(stage, change) == {"200": REQUESTS}
    assert next(weights) > 20, "too few changes to mean anything"


async def test_no_request_fails_while_targets_are_replaced_gracefully(stage: Stage, backends: Backends) -> None:
    a, b, c = backends
    steps = iter([one_group(a, b), one_group(b), one_group(b, c), one_group(c), one_group(c, a), one_group(a)] * 1000)

    async def change() -> None:
        assert isinstance(await stage.show(next(steps)), Live)

    await stage.show(one_group(a))
    assert await outcomes_under_load(stage, change) == {"200": REQUESTS}
    assert len(list(steps)) < 5980, "too few changes to mean anything"


async def test_no_request_fails_while_groups_and_other_services_come_and_go(stage: Stage, backends: Backends) -> None:
    a, b, _ = backends

    def blue(name: str, at: Backend) -> v.View:
        others = [service(n, http_listener(default=v.Fixed(404), port=8000 + n)) for n in range(2, 2 + len(name))]
        one = service(1, http_listener(default=to((name, 1))))
        return view_of([one, *others], [group(name, at.endpoint)])

    steps = iter([blue("blue", a), blue("green", b)] * 1000)

    async def change() -> None:
        assert isinstance(await stage.show(next(steps)), Live)

    await stage.show(blue("green", b))
    assert await outcomes_under_load(stage, change) == {"200": REQUESTS}


async def test_no_request_fails_while_the_listener_itself_changes(stage: Stage, backends: Backends) -> None:
    """The idle time is the listener's: changing it replaces the listener at the service's own address."""
    if not isinstance(stage.ground.layout, OwnAddresses):
        pytest.skip("only 127.0.0.1 can be bound here")
    seconds = iter(range(60, 10_000))

    def idle(seconds: int) -> v.View:
        shown = one_group(backends[0])
        return replace(shown, services=(replace(shown.services[0], idle_seconds=seconds),))

    async def change() -> None:
        assert isinstance(await stage.show(idle(next(seconds))), Live)
        await asyncio.sleep(0.02)

    await stage.show(idle(60))
    address = stage.places.addresses["svc-1"]

    outcomes = await outcomes_under_load(stage, change, (address, stage.places.ports[address, 80]))

    assert outcomes == {"200": REQUESTS}


async def test_a_change_of_weights_is_in_the_traffic_when_it_is_live(stage: Stage, backends: Backends) -> None:
    await stage.show(split(backends, 100, 0))
    await stage.show(split(backends, 0, 100))

    async with asyncio.timeout(2):
        while (await stage.ask()).name != "b":
            pass

    assert {(await stage.ask()).name for _ in range(20)} == {"b"}


async def test_a_request_finishes_though_its_target_and_its_route_are_removed(stage: Stage, backends: Backends) -> None:
    slow = backends[2]
    slow.delay = 0.5
    slow.started.clear()
    await stage.show(one_group(slow))

    request = asyncio.create_task(stage.ask())
    await slow.started.wait()
    await stage.show(view_of([]))
    answer = await request
    slow.delay = 0.0

    assert (answer.status, answer.name) == (200, "c")
    assert (await stage.ask()).status == 404


async def test_a_killed_envoy_comes_back_with_the_same_routes(stage: Stage, backends: Backends) -> None:
    await stage.show(split(backends, 100, 0))
    killed = stage.proxy.process.pid
    assert killed is not None

    os.kill(killed, signal.SIGKILL)

    await eventually(lambda: answers(stage))
    assert stage.proxy.process.pid not in (None, killed)
    assert (await stage.ask()).name == "a"
    assert isinstance(await stage.show(split(backends, 0, 100)), Live), "later changes are taken"
    assert (await stage.ask()).name == "b"


async def answers(stage: Stage) -> bool:
    try:
        return (await stage.ask()).status == 200
    except (OSError, asyncio.IncompleteReadError):
        return False


async def test_a_change_while_envoy_is_dead_is_live_when_it_is_back(stage: Stage, backends: Backends) -> None:
    await stage.show(split(backends, 100, 0))
    killed = stage.proxy.process.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)

    assert isinstance(await stage.show(split(backends, 0, 100)), Live)

    assert (await stage.ask()).name == "b"


async def test_routes_that_envoy_refuses_are_reported_and_the_old_ones_stay(stage: Stage, backends: Backends) -> None:
    await stage.show(split(backends, 100, 0))
    twice = [service(n, http_listener(default=v.Fixed(500)), names=("same.on.aws",)) for n in (1, 2)]

    applied = await stage.show(view_of(twice, split(backends, 1, 1).groups))

    assert isinstance(applied, Refused)
    assert set(applied.files) == {"routes/front-door", "routes/port-80"}
    assert (await stage.ask()).name == "a"
    assert isinstance(await stage.show(split(backends, 0, 100)), Live), "the next good ones are taken"
    assert (await stage.ask()).name == "b"


async def test_a_full_disk_is_survived(stage: Stage, backends: Backends, monkeypatch: pytest.MonkeyPatch) -> None:
    await stage.show(split(backends, 100, 0))

    with monkeypatch.context() as full:
        full.setattr(os, "replace", no_space)
        applied = await stage.show(split(backends, 0, 100))
        while_full = (await stage.ask()).name

    assert applied.version > 0
    assert isinstance(applied, Refused)
    assert while_full == "a"
    assert isinstance(await stage.show(split(backends, 0, 100)), Live)
    assert (await stage.ask()).name == "b"


def no_space(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
