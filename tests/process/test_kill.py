"""A controller that is killed at any moment and started again comes to the same end: nothing twice, nothing left."""

import asyncio
from random import Random
from signal import SIGTERM

import pytest

from tests.process.manifests import BASE, backend, endpoints, route, rule, service, text_of
from tests.process.stage import Controller, Emulator, Stage, put, until

pytestmark = pytest.mark.asyncio(loop_scope="function")

ROUTES = ("first", "second")
MANIFESTS = text_of(
    *BASE, service("other"), endpoints("other", ("10.0.0.2", "10.0.0.3")),
    *(route(name, rule(path="/a"), rule(backend("web"), backend("other"), path="/b")) for name in ROUTES),
)  # fmt: skip
NOTHING_WANTED = text_of(*BASE[:1], *BASE[2:])
BUILT = {
    "SERVICE": 2,
    "LISTENER": 2,
    "RULE": 6,
    "TARGET_GROUP": 4,
    "TARGET": 6,
    "SERVICE_NETWORK": 1,
    "SERVICE_NETWORK_SERVICE_ASSOCIATION": 2,
    "SERVICE_NETWORK_VPC_ASSOCIATION": 1,
}
DEATHS = 3
STARTING = 0.9
"""Seconds that a process takes before it does anything that matters."""
WORKING = 1.6
"""Seconds in which it does most of it on a clock 100 times as fast."""


async def _has(emulator: Emulator, controller: Controller, wanted: dict[str, int]) -> None:
    found: list[dict[str, int]] = []

    async def equal() -> bool:
        found[:] = [await emulator.counts()]
        return found == [wanted]

    try:
        await until(equal, "the resources that are wanted", 60)
    except AssertionError as error:
        raise AssertionError(f"{error}: {wanted}, found {found}\n{controller.child.last_words()}") from None


async def _dies_and_returns(stage: Stage, emulator: Emulator, first: Controller, random: Random) -> Controller:
    """``DEATHS`` times after a while of work; the last process goes on. The moment depends on the seed alone."""
    controller = first
    for _ in range(DEATHS):
        await asyncio.sleep(random.uniform(STARTING if controller is not first else 0.0, STARTING + WORKING))
        await controller.kill()
        controller = await stage.controller(emulator.url, extra={"SWEEP_MIN_AGE": "1"})
    return controller


@pytest.mark.parametrize("seed", [1, 2])
async def test_killed_again_and_again_while_it_builds_and_while_it_deletes_the_end_is_the_same(
    stage: Stage, seed: int
) -> None:
    random = Random(seed)
    source = stage.root / "one/source/all.yaml"
    put(source, MANIFESTS)
    emulator = await stage.emulator(scale=100)
    controller = await stage.controller(emulator.url)
    controller = await _dies_and_returns(stage, emulator, controller, random)
    await controller.built(*ROUTES)
    await _has(emulator, controller, BUILT)

    put(source, NOTHING_WANTED)
    controller = await _dies_and_returns(stage, emulator, controller, random)
    await _has(emulator, controller, {})

    await until(lambda: not controller.status("HTTPRoute", "first"), "no status is left of a route")
    assert not controller.events("bug")
    assert not controller.events("orphaned")
    # The last process may be told to end before Python has come as far as listening to signals.
    assert await controller.stop() in {0, -SIGTERM}
