"""What the Go controller made goes with its route, also in the first moments of a process that has not looked yet."""

import asyncio
from collections.abc import AsyncIterator, Iterable

import pytest

from lattice_gateway.engine.feed import Batch
from tests.laws.engine_cluster import process, rest
from tests.laws.engine_stage import Stage
from tests.laws.switch.looking import Left, seen
from tests.laws.switch.manifests import Raw, route, rule, to
from tests.laws.switch.test_switch_table import ALL, BASE, kept
from tests.laws.test_engine_units import left


class Leaving(Left):
    """A cluster that the Go controller left, and whose route goes so many seconds after it was read."""

    def __init__(self, objects: Iterable[Raw], leaves: Raw, after: float) -> None:
        super().__init__(seen(each) for each in objects)
        self._leaves, self._after = seen(leaves).ref, after

    async def changes(self) -> AsyncIterator[Batch]:
        first = await anext(super().changes())
        yield first
        await asyncio.sleep(self._after)
        yield Batch(gone=(self._leaves,), complete=True)
        await asyncio.Event().wait()


@pytest.mark.parametrize("after", [0.1, 0.2, 0.3, 0.4, 0.6, 1.0, 5.0])
def test_a_route_that_goes_while_a_process_starts_leaves_nothing(after: float) -> None:
    """Ends of the names of its groups are chance, so that only what the route was tells whose they are.

    Before the account was read, 0.1 s after the start, only a finalizer tells of a route that has gone.
    """
    tickets = route(rule(ALL, to("pay"), to("site")))
    stage = kept(*BASE, tickets)

    async def scene() -> None:
        controller = process(stage, Leaving((*BASE, tickets), tickets, after))
        running = asyncio.create_task(controller.run())
        await asyncio.sleep(after + 0.5)
        await rest(controller)
        controller.stop()
        await running

    stage.play(scene)

    assert left(stage) == {"SERVICE_NETWORK": 1, "SERVICE_NETWORK_VPC_ASSOCIATION": 1}


def test_the_account_had_groups_to_leave() -> None:
    stage: Stage = kept(*BASE, route(rule(ALL, to("pay"), to("site"))))

    assert left(stage)["TARGET_GROUP"] == 2
