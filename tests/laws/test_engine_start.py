"""Where AWS admits few calls a second: all is made, and verified at a start, about as fast as that allows."""

import asyncio
from collections import Counter

from lattice_emulator.world.knobs import Knobs
from tests.laws.engine_making import standard_world
from tests.laws.engine_stage import Stage, is_read, throttled, until_rest
from tests.laws.test_engine_units import converge, running

ROUTES = 50
RATE, BURST = 10.0, 10
PER_BUCKETS = 1.2
QUICK = Knobs(quota_target_groups=5000, tg_create_seconds=0.3, service_create_seconds=1.0, snsa_create_seconds=1.0)


class Buckets:
    """A token bucket for each operation: so many calls a second, so many at once."""

    def __init__(self) -> None:
        self._full_at: dict[str, float] = {}
        self.admitted: Counter[str] = Counter()
        self.last = 0.0

    def refuse(self, name: str, _: int) -> Exception | None:
        """The service's refusal, where the bucket is empty."""
        now = asyncio.get_running_loop().time()
        full_at = max(now, self._full_at.get(name, now)) + 1 / RATE
        if full_at > now + BURST / RATE:
            return throttled(name)
        self._full_at[name], self.last = full_at, now
        self.admitted[name] += 1
        return None

    @property
    def least(self) -> float:
        """Seconds that the fullest bucket alone takes."""
        return max((number - BURST) / RATE for number in self.admitted.values())


def test_everything_is_verified_within_a_fifth_more_than_the_buckets_take() -> None:
    stage = Stage()
    wanted = standard_world(stage.settings.owner, ROUTES)
    converge(stage, wanted)
    buckets = Buckets()

    async def scene() -> float:
        stage.wire.log.clear()
        stage.wire.before = buckets.refuse
        began = asyncio.get_running_loop().time()
        units = stage.units()
        async with running(units):
            for desired in wanted:
                units.want(desired, old=True)
            await until_rest(units)
        return buckets.last - began

    took = stage.play(scene)

    assert all(is_read(name) for name, _ in stage.wire.log)
    assert buckets.admitted["ListTargets"] == 4 * ROUTES
    assert took <= PER_BUCKETS * buckets.least


def test_routes_are_made_within_a_fifth_more_than_the_buckets_take_and_with_less_than_two_reads_each() -> None:
    stage, buckets = Stage(QUICK), Buckets()
    wanted = standard_world(stage.settings.owner, 2 * ROUTES)
    stage.wire.before = buckets.refuse

    async def scene() -> float:
        units = stage.units()
        began = asyncio.get_running_loop().time()
        async with running(units):
            for desired in wanted:
                units.want(desired)
            await until_rest(units)
        return buckets.last - began

    took = stage.play(scene)

    assert buckets.admitted["RegisterTargets"] == 8 * ROUTES
    assert took <= PER_BUCKETS * buckets.least
    assert sum(number for name, number in buckets.admitted.items() if is_read(name)) <= 2 * 2 * ROUTES
