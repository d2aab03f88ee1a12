"""An API that throttles, fails, dawdles, hangs up or loses answers: nothing is doubled, nothing is left over."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.process.conftest import a_stage
from tests.process.manifests import BASE, backend, endpoints, route, rule, service, text_of
from tests.process.shop import Shop
from tests.process.stage import Controller, Emulator, Stage, free_port, put, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

MANIFESTS = text_of(
    *BASE, service("second"), endpoints("second", ("10.0.0.2", "10.0.0.3")),
    route("first", rule(path="/a"), rule(path="/b")),
    route("split", rule(backend("web", weight=1), backend("second", weight=3))),
)  # fmt: skip
BUILT = {
    "SERVICE": 2,
    "LISTENER": 2,
    "RULE": 5,
    "TARGET_GROUP": 3,
    "TARGET": 4,
    "SERVICE_NETWORK": 1,
    "SERVICE_NETWORK_SERVICE_ASSOCIATION": 2,
    "SERVICE_NETWORK_VPC_ASSOCIATION": 1,
}
"""Resources of ``MANIFESTS``: two default rules among the rules."""

CREATES = (
    "CreateServiceNetwork",
    "CreateServiceNetworkVpcAssociation",
    "CreateService",
    "CreateServiceNetworkServiceAssociation",
    "CreateListener",
    "CreateRule",
    "CreateTargetGroup",
    "RegisterTargets",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ground(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Stage, Emulator]]:
    """An emulator for all tests of the module."""
    async with a_stage(tmp_path_factory.mktemp("faults")) as stage:
        yield stage, await stage.emulator()


async def _lives_and_dies(stage: Stage, emulator: Emulator, name: str, patience: float = 45.0) -> Controller:
    """From an empty account to everything, and back to nothing; faults are set already."""
    put(stage.root / name / "source/all.yaml", MANIFESTS)
    controller = await stage.controller(emulator.url, name=name)
    await controller.built("first", "split", patience=patience)
    await _has(emulator, controller, BUILT, patience)
    put(stage.root / name / "source/all.yaml", text_of(*BASE[:1], *BASE[2:]))
    await _has(emulator, controller, {}, patience)
    return controller


async def _has(emulator: Emulator, controller: Controller, wanted: dict[str, int], patience: float) -> None:
    found: list[dict[str, int]] = [{}]

    async def equal() -> bool:
        found[0] = await emulator.counts()
        return found[0] == wanted

    try:
        await until(equal, "counts as wanted", patience)
    except AssertionError as error:
        raise AssertionError(f"{error}: {wanted}; found {found[0]}\n{controller.child.last_words()}") from None


@pytest_asyncio.fixture(loop_scope="module")
async def emulator(ground: tuple[Stage, Emulator]) -> AsyncIterator[Emulator]:
    """The emulator of the module, empty and well at first."""
    found = ground[1]
    await found.is_well()
    await found.admin("POST", "reset")
    yield found
    await found.is_well()


PLANS: list[Any] = [
    pytest.param(
        [{"operation": operation, "effect": "lose-answer", "count": 1} for operation in CREATES],
        id="the first answer of each create is lost",
    ),
    pytest.param([{"operation": "Create*", "effect": "lose-answer", "every": 2}], id="every second create is lost"),
    pytest.param([{"operation": "*", "code": "ThrottlingException", "every": 3}], id="429 for one call in three"),
    pytest.param([{"operation": "*", "code": "InternalServerException", "every": 3}], id="500 for one call in three"),
    pytest.param([{"operation": "*", "effect": "close-before", "every": 3}], id="one connection in three is closed"),
    pytest.param([{"operation": "*", "effect": "lose-answer", "every": 3}], id="one answer in three is lost"),
    pytest.param([{"operation": "*", "effect": "slow-answer", "seconds": 0.3}], id="slow"),
]


@pytest.mark.parametrize("failures", PLANS)
async def test_an_api_in_trouble_delays_but_changes_nothing_of_the_end(
    ground: tuple[Stage, Emulator], emulator: Emulator, failures: list[dict[str, Any]], request: pytest.FixtureRequest
) -> None:
    await emulator.admin("PUT", "faults", {"failures": failures})

    name = request.node.callspec.id.replace(" ", "-")
    controller = await _lives_and_dies(ground[0], emulator, name)

    assert await controller.stop() == 0
    assert not controller.events("bug")
    assert set(CREATES) <= {name.rpartition(":")[2] for name in await emulator.counters()}


async def test_a_refusal_that_lasts_is_told_where_it_matters_and_other_routes_go_on(shop: Shop) -> None:
    await shop.emulator.fails(operation="CreateService", effect="refuse", code="InternalServerException")
    try:
        async with shop.nothing_is_lost():
            shop.controller.write("unlucky.yaml", route("unlucky"))

            def told() -> bool:
                status = shop.controller.status("HTTPRoute", "unlucky")
                return "InternalServerException" in str(status)

            await until(told, "the route says what the API answered")
    finally:
        await shop.emulator.is_well()

    await shop.controller.built("unlucky")


@pytest.mark.asyncio(loop_scope="function")
async def test_an_api_that_cannot_be_reached_at_start_is_waited_for(stage: Stage) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    put(stage.root / "one/source/all.yaml", MANIFESTS)
    controller = await stage.controller(url)
    await until(lambda: bool(controller.events("not read")), "the log tells that nothing can be read")
    assert url in controller.events("not read")[0]["error"]
    assert controller.child.process.returncode is None

    emulator = await stage.emulator("--port", str(port))

    await controller.built("first", "split")
    assert await emulator.counts() == BUILT


@pytest.mark.asyncio(loop_scope="function")
async def test_an_api_that_goes_away_and_comes_back_finds_everything_followed(stage: Stage) -> None:
    port = free_port()
    kept = ("--port", str(port), "--state", str(stage.root / "emulator.json"))
    put(stage.root / "one/source/all.yaml", MANIFESTS)
    emulator = await stage.emulator(*kept)
    controller = await stage.controller(emulator.url)
    await controller.built("first", "split")
    before = await emulator.deployed()
    await emulator.child.stop()

    controller.write("new.yaml", route("new"))
    await until(
        lambda: (
            "EndpointConnectionError" in str(controller.status("HTTPRoute", "new"))
            or any(
                "group/new-default" in event["unit"] and "failed" in event["outcome"]
                for event in controller.events("unit")
            )
        ),
        "it is told that the API cannot be reached",
    )
    assert controller.programmed("first", "split")

    emulator = await stage.emulator(*kept)
    await controller.built("new")
    after = await emulator.deployed()
    assert {name: after[name] for name in before} == before
    assert set(after) == {*before, "new-default"}
