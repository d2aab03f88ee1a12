"""The state directory: full, in use by another, belonging to somebody else, damaged."""

import resource
import shutil

import pytest

from tests.process.conftest import open_shop
from tests.process.manifests import route
from tests.process.shop import MOVING, STEADY, Shop
from tests.process.stage import PROGRAMMED, Stage, put, until

pytestmark = pytest.mark.asyncio(loop_scope="module")


def _limit_files(pid: int, size: int) -> None:
    """From now on the process can make no file longer than this, as if the disk were full."""
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))


@pytest.mark.asyncio(loop_scope="function")
async def test_a_full_disk_creates_nothing_that_is_not_recorded_says_so_and_is_got_over(stage: Stage) -> None:
    shop = await open_shop(stage, extra={"LOG_LEVEL": "error"})  # the log lies on the same disk
    records = shop.controller.state / "records.jsonl"
    # Statuses and the log are short files, so only the journal is full.
    _limit_files(shop.controller.child.process.pid, records.stat().st_size)
    before = await shop.deployed()

    shop.controller.write("late.yaml", route("late"))

    await until(
        lambda: str(shop.controller.state) in str(shop.controller.status("HTTPRoute", "late")), "the status says it"
    )
    message = shop.controller.condition("late", PROGRAMMED)[2]
    assert "cannot be written" in message
    assert await shop.deployed() == before

    _limit_files(shop.controller.child.process.pid, resource.RLIM_INFINITY)
    await shop.controller.built("late")
    await shop.others_work()
    assert await shop.controller.stop() == 0
    shop.controller = await stage.controller(shop.emulator.url)
    shop.controller.remove("late.yaml")
    await shop.gone("late-default")


async def test_a_second_controller_on_the_same_state_directory_ends_with_a_sentence(shop: Shop) -> None:
    async with shop.nothing_is_lost():
        pid = shop.controller.child.process.pid
        ended = await shop.stage.command("lattice_gateway", *shop.words())

        assert ended.code == 1
        assert ended.err == (f"error: {shop.controller.state} is in use by another controller, process {pid}\n")


async def test_a_state_directory_that_belongs_to_another_cluster_ends_with_a_sentence(shop: Shop) -> None:
    assert await shop.controller.stop() == 0
    before = await shop.deployed()

    ended = await shop.stage.command("lattice_gateway", *shop.words(), "--cluster-name", "another")

    assert ended.code == 1
    assert ended.err.startswith("error: the state directory ")
    assert "another" in ended.err
    assert ended.err.count("\n") == 1
    assert await shop.deployed() == before
    shop.controller = await shop.stage.controller(shop.emulator.url)
    await shop.others_work()


async def test_a_state_directory_that_is_a_file_ends_with_a_sentence(shop: Shop) -> None:
    put(shop.stage.root / "file", "")

    ended = await shop.stage.command("lattice_gateway", *shop.words(state=shop.stage.root / "file"))

    assert ended.code == 1
    assert ended.err == f"error: the state directory {shop.stage.root / 'file'} cannot be written: File exists\n"


async def test_a_journal_that_ends_in_the_middle_of_a_line_is_read_up_to_there(shop: Shop) -> None:
    before = await shop.deployed()
    await shop.controller.kill()
    with (shop.controller.state / "records.jsonl").open("ab") as journal:
        journal.write(b'{"half a li')

    shop.controller = await shop.stage.controller(shop.emulator.url)

    await shop.others_work()
    assert await shop.deployed() == before


async def test_a_state_directory_that_was_thrown_away_costs_nothing(shop: Shop) -> None:
    shop.controller.write("known.yaml", route("known"))
    await shop.controller.built("known")
    before = await shop.deployed()
    assert await shop.controller.stop() == 0
    shutil.rmtree(shop.controller.state)

    shop.controller = await shop.stage.controller(shop.emulator.url)

    await shop.controller.built(STEADY, MOVING, "known")
    assert await shop.deployed() == before
    shop.controller.remove("known.yaml")
    await shop.gone("known-default")
