"""A process that leads, stops leading and leads again: nothing it knew counts, and nothing it does comes late."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from bench.manifests import Size
from lattice_gateway.core.objects.refs import Kind, Ref
from lattice_gateway.engine.leadership import Leadership
from tests.laws.engine_cluster import Raw, process, rest
from tests.laws.engine_stage import LoopClock
from tests.laws.engine_town import Town

SOON = 3.0
"""Seconds of a term in which what changed before it is written."""


class Lease:
    """Somebody renews it, or does not."""

    def __init__(self) -> None:
        self.leadership, self.ours = Leadership(), True

    async def renew(self) -> None:
        while True:
            if self.ours:
                self.leadership.renewed(LoopClock().now())
            else:
                self.leadership.lost()
            await asyncio.sleep(0.5)


@asynccontextmanager
async def leading(lease: Lease, town: Town) -> AsyncIterator[None]:
    """The lease is renewed and a controller runs, which is at rest at first."""
    controller = process(town.stage, town.cluster, leadership=lease.leadership)
    tasks = [asyncio.create_task(lease.renew()), asyncio.create_task(controller.run())]
    try:
        await rest(controller)
        yield
    finally:
        controller.stop()
        tasks[0].cancel()


def move(raw: Raw) -> None:
    raw["endpoints"][0]["addresses"] = [raw["endpoints"][0]["addresses"][0].replace("10.", "11.", 1)]


def reweigh(raw: Raw) -> None:
    raw["spec"]["rules"][0]["backendRefs"][0]["weight"] = 7


@pytest.mark.parametrize("seed", range(10))
def test_what_changed_while_another_led_is_written_at_once_when_we_lead_again(tmp_path: Path, seed: int) -> None:
    """Whatever answers first: units may meet others that were read and not yet looked at."""
    town, lease, random = Town(tmp_path, Size(routes=3)), Lease(), Random(seed)
    town.stage.wire.slowness = lambda _name: random.choice([0.0, 0.0, 0.1])

    async def scene() -> None:
        async with leading(lease, town):
            lease.ours = False
            await asyncio.sleep(5)
            for number in range(3):
                town.cluster.edit(Kind.HTTP_ROUTE, f"r000{number}", reweigh)
            await asyncio.sleep(5)
            town.stage.wire.log.clear()
            lease.ours = True
            await asyncio.sleep(SOON)
            assert town.stage.wire.writes() == {"UpdateRule": 3}

    town.stage.play(scene)


def test_a_pod_that_moved_while_nobody_led_goes_before_all_that_others_have_long_told(tmp_path: Path) -> None:
    town, lease = Town(tmp_path, Size(routes=30)), Lease()

    async def scene() -> list[str]:
        async with leading(lease, town):
            lease.ours = False
            await asyncio.sleep(5)
            for number in range(29):
                town.cluster.edit(Kind.ENDPOINT_SLICE, f"r{number:04}-s00", move)
            await asyncio.sleep(300)
            town.cluster.edit(Kind.ENDPOINT_SLICE, "r0029-s00", move)
            await asyncio.sleep(5)
            town.stage.wire.log.clear()
            lease.ours = True
            await asyncio.sleep(30)
            return [str(members["targets"]) for name, members in town.stage.wire.log if name == "RegisterTargets"]

    registered = town.stage.play(scene)

    assert len(registered) == 30
    assert pod_of(town, "r0029-s00") in registered[0]


def test_a_pod_that_moved_as_we_lost_the_lease_goes_first_when_we_lead_again(tmp_path: Path) -> None:
    town, lease = Town(tmp_path, Size(routes=30)), Lease()

    async def scene() -> list[str]:
        async with leading(lease, town):
            await asyncio.sleep(300)
            town.cluster.edit(Kind.ENDPOINT_SLICE, "r0029-s00", move)
            lease.leadership.lost()
            lease.ours = False
            await asyncio.sleep(10)
            assert town.stage.wire.writes()["RegisterTargets"] == 120
            town.stage.wire.log.clear()
            lease.ours = True
            await asyncio.sleep(30)
            return [name for name, _ in town.stage.wire.log]

    called = town.stage.play(scene)

    assert called.count("ListTargets") == 120
    assert called[: called.index("RegisterTargets")].count("ListTargets") <= 10, "what is under way at first"


def pod_of(town: Town, piece: str) -> str:
    """The address of the first pod of a slice."""
    endpoints: list[Raw] = town.cluster.objects[Ref(Kind.ENDPOINT_SLICE, "default", piece)]["endpoints"]
    return str(endpoints[0]["addresses"][0])
