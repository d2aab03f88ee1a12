"""What a crash left without a record: unused groups go by themselves, everything else when a person names it."""

import shutil

import pytest

from tests.process.conftest import open_shop
from tests.process.shop import MOVING, STEADY
from tests.process.stage import P, Stage, until

pytestmark = pytest.mark.asyncio(loop_scope="function")

OWNER = ("111122223333", "laptop", "vpc-0123456789abcdef0")
OURS = {f"{P}ManagedBy": "/".join(OWNER), f"{P}ClusterName": OWNER[1], f"{P}SourceTypeKey": "HTTPRoute"}


async def test_an_unused_group_of_ours_is_swept_and_a_strangers_stays(stage: Stage) -> None:
    shop = await open_shop(stage, extra={"SWEEP_MIN_AGE": "1"})
    assert await shop.controller.stop() == 0
    before = await shop.emulator.groups()
    await shop.emulator.create_group("left-by-a-crash", OWNER[2], OURS)
    await shop.emulator.create_group("of-a-stranger", OWNER[2], {})

    shop.controller = await stage.controller(shop.emulator.url, extra={"SWEEP_MIN_AGE": "1"})

    async def is_swept() -> bool:
        return await shop.emulator.groups() == {*before, "of-a-stranger"}

    await until(is_swept, f"the unused group is gone\n{shop.controller.child.last_words()}", 60)
    await shop.others_work()


async def test_orphans_are_listed_and_only_the_one_that_is_named_is_deleted(stage: Stage) -> None:
    shop = await open_shop(stage)
    assert await shop.controller.stop() == 0
    shutil.rmtree(shop.controller.state)
    empty = stage.root / "empty"
    (empty / "source").mkdir(parents=True)
    lonely = await stage.controller(shop.emulator.url, name="empty")
    await until(lambda: bool(lonely.events("orphaned")), "orphans are told")
    assert await lonely.stop() == 0
    words = ("sweep", "--source", str(empty / "source"), "--state-dir", str(empty / "state"))
    here = ("--endpoint-url", shop.emulator.url)

    listed = await stage.command("lattice_gateway", *words, *here)
    blind = await stage.command("lattice_gateway", *words[:3], *here)
    blindly = await stage.command("lattice_gateway", *words[:3], *here, "--delete", f"service/{STEADY}-default")
    unknown = await stage.command("lattice_gateway", *words, *here, "--delete", "service/nobody")
    untouched = set(await shop.emulator.services())
    deleted = await stage.command("lattice_gateway", *words, *here, "--delete", f"service/{STEADY}-default")

    assert listed.code == 0
    assert (blind.code, blind.out.startswith("No verdict: without the controller's records")) == (0, True), blind
    assert (blindly.code, blindly.err.startswith("error: nothing is deleted: without")) == (1, True), blindly
    assert all(f"service/{name}-default" in listed.out for name in (STEADY, MOVING))
    assert unknown.code == 1
    assert unknown.err.startswith("error: service/nobody is no orphan")
    assert untouched == {f"{STEADY}-default", f"{MOVING}-default"}
    assert deleted.code == 0, deleted
    await shop.gone(f"{STEADY}-default")
    assert set(await shop.emulator.services()) == {f"{MOVING}-default"}
