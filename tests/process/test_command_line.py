"""Commands that are used wrongly, or at a bad time: a sentence on stderr, exit 1, and never a traceback."""

from pathlib import Path

import pytest

from tests.process.shop import STEADY, Shop
from tests.process.stage import Ended, Stage

pytestmark = pytest.mark.asyncio(loop_scope="module")

URL = "http://127.0.0.1:1"
RUN = ("run", "--source", "s", "--state-dir", "d")

WRONG = [
    pytest.param(("run", "--source", "s", "--endpoint-url", URL), {}, "--state-dir", id="no state directory"),
    pytest.param((*RUN, "--what"), {}, "--what", id="an option that is none"),
    pytest.param((*RUN, "--endpoint-url"), {}, "--endpoint-url", id="an option without its value"),
    pytest.param((*RUN, "--endpoint-url", URL, "--confirm-deletions", "some"), {}, "'some'", id="no number"),
    pytest.param((*RUN, "--endpoint-url", URL, "--confirm-deletions", "0"), {}, "'0'", id="no deletion"),
    pytest.param(
        RUN, {}, "AWS_REGION, AWS_ACCOUNT_ID, CLUSTER_VPC_ID, CLUSTER_NAME", id="nothing is known of the cluster"
    ),
    pytest.param((*RUN, "--endpoint-url", URL), {"SWEEP_MIN_AGE": "soon"}, "SWEEP_MIN_AGE is 'soon'", id="no age"),
    pytest.param(
        (*RUN, "--endpoint-url", URL),
        {"RECONCILE_DEFAULT_RESYNC_SECONDS": "5"},
        "at least 60",
        id="too many resyncs",
    ),
    pytest.param(
        (*RUN, "--endpoint-url", URL),
        {"ENFORCE_REFERENCE_GRANTS": "perhaps"},
        "ENFORCE_REFERENCE_GRANTS is 'perhaps'",
        id="no switch",
    ),
    pytest.param((*RUN, "--endpoint-url", "nonsense"), {}, "nonsense", id="no URL"),
    pytest.param((*RUN, "--endpoint-url", "127.0.0.1:80"), {}, "127.0.0.1:80", id="a URL without its scheme"),
    pytest.param((*RUN, "--endpoint-url", "http://127.0.0.1:port"), {}, "http://127.0.0.1:port", id="no port"),
    pytest.param(
        ("plan", "--endpoint-url", URL),
        {"KUBECONFIG": "/nowhere/config"},
        "no cluster: Configuration file /nowhere/config not found",
        id="neither a source nor a cluster",
    ),
    pytest.param(("plan", "--source", "nowhere", "--endpoint-url", URL), {}, "nowhere", id="plan of nothing"),
    pytest.param(("describe", "--source", ".", "--endpoint-url", URL), {}, URL, id="nobody to ask"),
    pytest.param(("demo", "-o", "xml"), {}, "xml", id="another form of output"),
    pytest.param(("dance",), {}, "dance", id="no such command"),
]


def _is_a_sentence(ended: Ended, words: str) -> None:
    assert ended.code == 1, ended
    assert words in ended.err
    assert ended.err.startswith("error: ")
    assert ended.err.count("\n") == 1, ended.err
    assert ended.out == ""


@pytest.mark.parametrize(("words", "variables", "told"), WRONG)
@pytest.mark.asyncio(loop_scope="function")
async def test_wrong_usage_is_a_sentence(
    stage: Stage, words: tuple[str, ...], variables: dict[str, str], told: str
) -> None:
    places = {"s": str(stage.root / "s"), "d": str(stage.root / "d"), ".": str(stage.root)}

    ended = await stage.command("lattice_gateway", *(places.get(word, word) for word in words), extra=variables)

    _is_a_sentence(ended, told)


EMULATOR = [
    pytest.param(("serve", "--time-scale", "0"), "--time-scale", id="no time"),
    pytest.param(("serve", "--port", "99999"), "--port", id="no port"),
    pytest.param(("serve", "--config", "nowhere.yaml"), "nowhere.yaml", id="no settings"),
    pytest.param(("counts", "--url", URL), URL, id="nobody to ask"),
]


@pytest.mark.parametrize(("words", "told"), EMULATOR)
@pytest.mark.asyncio(loop_scope="function")
async def test_wrong_usage_of_the_emulator_is_a_sentence(stage: Stage, words: tuple[str, ...], told: str) -> None:
    ended = await stage.command("lattice_emulator", *words)

    assert ended.code == 1
    assert told in ended.err
    assert "Traceback" not in ended.err


def _looking(shop: Shop, command: str, *more: str, state: Path | None = None) -> tuple[str, ...]:
    where = ("--source", str(shop.controller.source), "--endpoint-url", shop.emulator.url)
    return (command, *where, *(("--state-dir", str(state)) if state else ()), *more)


async def test_describe_shows_one_object_and_says_which_there_are(shop: Shop) -> None:
    found = await shop.stage.command("lattice_gateway", *_looking(shop, "describe", f"HTTPRoute/{STEADY}"))
    missed = await shop.stage.command("lattice_gateway", *_looking(shop, "describe", "HTTPRoute/none"))

    assert found.code == 0
    assert f"service {STEADY}-default" in found.out
    _is_a_sentence(missed, f"HTTPRoute default/{STEADY}")


async def test_plan_of_what_stands_has_nothing_to_do_and_writes_nothing(shop: Shop) -> None:
    await shop.emulator.admin("DELETE", "calls")

    ended = await shop.stage.command("lattice_gateway", *_looking(shop, "plan", state=shop.controller.state))

    assert ended.code == 0, ended
    assert not [name for name in await shop.emulator.counters() if _writes(name)]


def _writes(operation: str) -> bool:
    return not operation.rpartition(":")[2].rpartition(".")[2].startswith(("Get", "List", "Describe"))


async def test_delete_all_deletes_what_is_recorded_and_nothing_else(shop: Shop) -> None:
    strangers = {"stranger": await shop.emulator.create_service("stranger")}
    assert await shop.controller.stop() == 0

    ended = await shop.stage.command("lattice_gateway", *shop.words(), "--delete-all")

    assert (ended.code, ended.out) == (0, "Everything that was recorded is deleted.\n"), ended
    assert await shop.emulator.counts() == {"SERVICE": 1}
    assert await shop.emulator.services() == strangers
    await shop.emulator.admin("POST", "reset")
    shop.controller = await shop.stage.controller(shop.emulator.url)
    await shop.controller.built(STEADY)
    await shop.others_work()
