"""The source directory as a whole: what cannot be read is not gone, and nothing is ever deleted by an absence alone."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.process.conftest import open_shop
from tests.process.manifests import BASE, route, text_of
from tests.process.shop import MOVING, STEADY, Shop
from tests.process.stage import Controller, Stage, put, until

pytestmark = pytest.mark.asyncio(loop_scope="module")


def _link_to_nowhere(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere.yaml")


def _link_to_itself(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def _no_text(path: Path) -> None:
    path.write_bytes(b"kind: HTTPRoute\nmetadata: \x80\x81")


UNREADABLE = [
    pytest.param(_link_to_nowhere, "No such file", id="a link to nowhere"),
    pytest.param(_link_to_itself, "symbolic links", id="a link to itself"),
    pytest.param(_no_text, "no valid YAML", id="no text"),
]


@pytest.mark.parametrize(("spoil", "words"), UNREADABLE)
async def test_a_file_that_can_no_longer_be_read_deletes_nothing(
    shop: Shop, spoil: Callable[[Path], None], words: str
) -> None:
    shop.controller.write("spoilt.yaml", route("spoilt"))
    await shop.controller.built("spoilt")

    async with shop.nothing_is_lost():
        spoil(shop.controller.source / "spoilt.yaml")

        problem = await shop.problem(file="spoilt.yaml")

        assert words in problem["message"]
    assert shop.controller.programmed("spoilt")


def _missing(source: Path) -> None:
    source.rename(source.with_name("away"))


def _empty(source: Path) -> None:
    _missing(source)
    source.mkdir()


def _unreadable(source: Path) -> None:
    _missing(source)
    source.symlink_to(source.name)


def _a_file(source: Path) -> None:
    _missing(source)
    source.write_text("")


def _back(source: Path) -> None:
    if source.is_dir() and not source.is_symlink():
        shutil.rmtree(source)
    else:
        source.unlink(missing_ok=True)
    source.with_name("away").rename(source)


SOURCES = [
    pytest.param(_missing, "No such file or directory", id="missing"),
    pytest.param(_empty, "holds no object", id="empty"),
    pytest.param(_unreadable, "symbolic links", id="unreadable"),
    pytest.param(_a_file, "Not a directory", id="a file"),
]


async def _tells(controller: Controller, words: str) -> None:
    await until(lambda: any(words in one["message"] for one in controller.problems()), f"a problem says {words!r}")


@pytest.mark.parametrize(("spoil", "words"), SOURCES)
async def test_a_source_that_is_taken_away_deletes_nothing_and_may_come_back(
    shop: Shop, spoil: Callable[[Path], None], words: str
) -> None:
    before = await shop.deployed()
    spoil(shop.controller.source)
    try:
        await _tells(shop.controller, words)
        assert await shop.deployed() == before
        assert shop.controller.programmed(STEADY)
    finally:
        _back(shop.controller.source)

    await shop.healthy()
    assert await shop.deployed() == before
    await shop.others_work()


@pytest.mark.parametrize(("spoil", "words"), SOURCES)
async def test_a_restart_without_the_source_deletes_nothing(
    shop: Shop, spoil: Callable[[Path], None], words: str
) -> None:
    before = await shop.deployed()
    assert await shop.controller.stop() == 0
    spoil(shop.controller.source)
    try:
        shop.controller = await shop.stage.controller(shop.emulator.url)
        await _tells(shop.controller, words)
        await until(lambda: bool(shop.controller.problems()), "the problem is told")
        assert await shop.deployed() == before
    finally:
        _back(shop.controller.source)

    await shop.healthy()
    await shop.others_work()
    assert await shop.deployed() == before


async def test_a_first_start_without_a_source_waits_for_it(shop: Shop) -> None:
    other = await shop.stage.controller(shop.emulator.url, "--cluster-name", "other", name="late")
    await _tells(other, "No such file or directory")
    assert other.child.process.returncode is None

    put(other.source / "all.yaml", text_of(*BASE, route("late")))

    await other.built("late")
    put(other.source / "all.yaml", text_of(*BASE))
    await shop.gone("late-default")
    assert await other.stop() == 0


async def test_an_empty_directory_with_the_name_of_a_cluster_that_has_services_names_orphans_and_deletes_none(
    shop: Shop,
) -> None:
    before = await shop.deployed()
    assert await shop.controller.stop() == 0
    (shop.stage.root / "stranger/source").mkdir(parents=True)

    stranger = await shop.stage.controller(shop.emulator.url, name="stranger")

    wanted = {f"service/{STEADY}-default", f"service/{MOVING}-default", "network/shop"}

    def named() -> bool:
        return wanted <= {event["what"].split(" ")[0] for event in stranger.events("orphaned")}

    await until(named, f"{wanted} named as orphans\n{stranger.child.last_words()}")
    assert await shop.deployed() == before
    assert await stranger.stop() == 0
    shop.controller = await shop.stage.controller(shop.emulator.url)
    await shop.others_work()
    assert await shop.deployed() == before


@pytest.mark.asyncio(loop_scope="function")
async def test_half_the_objects_gone_at_once_wait_for_a_person_who_names_the_number(stage: Stage) -> None:
    shop = await open_shop(stage)
    names = [f"many-{number}" for number in range(6)]
    for name in names:
        shop.controller.write(f"{name}.yaml", route(name))
    await shop.controller.built(*names)

    async with shop.nothing_is_lost():
        shop.controller.remove(*(f"{name}.yaml" for name in names))
        await until(lambda: bool(shop.controller.events("mass deletion")), "a mass deletion is told")
        held = shop.controller.events("mass deletion")[0]["held"]
        assert "6 of 9 objects" in held
        assert "--confirm-deletions 6" in held
        assert "HTTPRoute default/many-3" in held
        assert shop.controller.programmed(*names)

    await shop.controller.stop()
    shop.controller = await stage.controller(shop.emulator.url, "--confirm-deletions", "5")
    async with shop.nothing_is_lost():
        await until(lambda: bool(shop.controller.events("mass deletion")), "the wrong number is told")
        assert "--confirm-deletions named 5" in shop.controller.events("mass deletion")[0]["held"]

    await shop.controller.stop()
    shop.controller = await stage.controller(shop.emulator.url, "--confirm-deletions", "6")
    await shop.gone(*(f"{name}-default" for name in names))
    assert set(await shop.emulator.services()) == {f"{STEADY}-default", f"{MOVING}-default"}
