"""Who may write, and when: the value that the lease's thread and the engine share."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from lattice_gateway.engine.controller import Controller
from lattice_gateway.engine.leadership import RENEW_WITHIN, Alone, Leadership
from lattice_gateway.engine.metrics import Metrics
from tests.laws.engine_cluster import Cluster, Statuses, launch_post
from tests.laws.engine_stage import LoopClock, Stage


def test_nothing_may_be_written_before_the_lease_was_gained() -> None:
    leadership = Leadership()

    assert not leadership.may_write(0.0)


def test_a_term_must_be_begun_before_anything_may_be_written() -> None:
    leadership = Leadership()
    leadership.renewed(100.0)

    before = leadership.may_write(100.0)
    leadership.begin(1)

    assert (before, leadership.may_write(100.0)) == (False, True)


@pytest.mark.parametrize(
    ("age", "may"),
    [
        pytest.param(0.0, True, id="renewed just now"),
        pytest.param(RENEW_WITHIN - 0.001, True, id="renewed just in time"),
        pytest.param(RENEW_WITHIN, False, id="renewed ten seconds ago"),
        pytest.param(3600.0, False, id="woken after an hour"),
    ],
)
def test_a_lease_counts_for_ten_seconds_after_its_renewal_was_sent(age: float, may: bool) -> None:
    leadership = Leadership()
    leadership.renewed(100.0)
    leadership.begin(1)

    assert leadership.may_write(100.0 + age) is may


@pytest.mark.parametrize(
    "between",
    [
        pytest.param(lambda leadership: leadership.lost(), id="lost in between"),
        pytest.param(lambda _: None, id="renewed too late"),
    ],
)
def test_a_lease_gained_again_is_a_new_term_that_must_be_begun(between: Callable[[Leadership], None]) -> None:
    leadership = Leadership()
    leadership.renewed(100.0)
    leadership.begin(1)
    between(leadership)

    leadership.renewed(111.0)

    assert leadership.term(111.0) == 2
    assert not leadership.may_write(111.0)


def test_renewals_in_time_are_one_term() -> None:
    leadership = Leadership()

    for moment in (100.0, 102.0, 111.9):
        leadership.renewed(moment)

    assert leadership.term(111.9) == 1


async def test_work_is_cancelled_with_its_term_and_begun_anew_in_the_next() -> None:
    leadership, terms = Leadership(), []

    async def work(term: int) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            terms.append(term)

    clock = _Steps()
    running = asyncio.create_task(leadership.lead(clock, work))
    for moment in (0.0, 20.0):
        clock.moment = moment
        leadership.renewed(moment)
        await _turns()
        leadership.lost()
        await _turns()
    running.cancel()

    assert terms == [1, 2]


@pytest.mark.parametrize("permission", [pytest.param(Alone(), id="alone"), pytest.param(Leadership(), id="leader")])
async def test_what_the_work_raises_is_not_kept_secret(permission: Alone | Leadership) -> None:
    async def work(term: int) -> None:
        raise LookupError(str(term))

    if isinstance(permission, Leadership):
        permission.renewed(0.0)

    with pytest.raises(LookupError):
        await permission.lead(_Steps(), work)


def test_a_follower_writes_nothing_and_the_leader_of_a_new_term_mends_what_happened_meanwhile() -> None:
    stage, leadership = Stage(), Leadership()
    writes: list[int] = []

    async def scene(controller: Controller) -> None:
        await asyncio.sleep(120.0)
        writes.append(stage.wire.writes().total())
        async with _renewing(leadership):
            await _rest(controller)
        writes.append(stage.wire.writes().total())
        await asyncio.sleep(60.0)
        _lose_a_rule(stage)
        await asyncio.sleep(300.0)
        writes.append(stage.wire.writes().total())
        async with _renewing(leadership):
            await _rest(controller)
        writes.append(stage.wire.writes().total())

    statuses = Statuses()
    _play(stage, leadership, statuses, scene)

    before, built, meanwhile, mended = writes
    assert (before, meanwhile - built) == (0, 0)
    assert built > 0
    assert mended - meanwhile >= 1


def test_a_follower_tells_no_status() -> None:
    stage, statuses = Stage(), Statuses()

    async def scene(_: Controller) -> None:
        await asyncio.sleep(300.0)

    _play(stage, Leadership(), statuses, scene)

    assert not statuses.statuses


class _Steps:
    """A clock that stands still; sleeping lets others go on."""

    moment = 0.0

    def now(self) -> float:
        return self.moment

    def wall(self) -> float:
        return self.moment

    async def sleep(self, _seconds: float) -> None:
        await asyncio.sleep(0)


class _renewing:  # noqa: N801 - reads as a phrase
    """The lease is held and renewed every two seconds."""

    def __init__(self, leadership: Leadership) -> None:
        self._leadership = leadership

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._renew())
        await asyncio.sleep(0.5)

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        self._leadership.lost()
        await asyncio.sleep(0.5)

    async def _renew(self) -> None:
        while True:
            self._leadership.renewed(LoopClock().now())
            await asyncio.sleep(2.0)


async def _turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def _rest(controller: Controller) -> None:
    await asyncio.sleep(1.0)
    async with asyncio.timeout(3600.0):
        await controller.converged()


def _lose_a_rule(stage: Stage) -> None:
    """Somebody else deletes a rule."""
    state = stage.world.state
    rule = next(rule for rule in state.rules if rule.priority is not None)
    members = {"serviceIdentifier": rule.service_id, "listenerIdentifier": rule.listener_id, "ruleIdentifier": rule.id}
    stage.world.call("vpc-lattice", "DeleteRule", members, stage.wire.caller)


def _play(stage: Stage, leadership: Leadership, statuses: Statuses, scene: Callable[[Controller], Any]) -> None:
    async def whole() -> None:
        controller = Controller(
            settings=stage.settings,
            source=Cluster(launch_post()),
            state=stage.memory,
            status=statuses,
            lattice=stage.lattice(),
            clock=LoopClock(),
            random=Random(1),
            process="process",
            metrics=Metrics(CollectorRegistry()),
            leadership=leadership,
        )
        running = asyncio.create_task(controller.run())
        try:
            await scene(controller)
        finally:
            controller.stop()
            await running

    stage.play(whole)
