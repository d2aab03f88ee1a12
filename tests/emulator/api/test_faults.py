"""Faults: decisions as values, and what a client sees of them."""

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from lattice_emulator.api.faults import (
    Always,
    Bucket,
    CloseBefore,
    Every,
    Failure,
    FaultPlan,
    Faults,
    First,
    LoseAnswer,
    Refuse,
    SlowAnswer,
)

BROKEN = Refuse("InternalServerException")


def effects(plan, operation, calls):
    faults = Faults(plan)
    return [faults.decide(operation, 0.0).effect for _ in range(calls)]


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        pytest.param(Failure("CreateService", BROKEN, Always()), "xxxxxx", id="always"),
        pytest.param(Failure("CreateService", BROKEN, First(2)), "xx....", id="the first two"),
        pytest.param(Failure("Create*", BROKEN, Every(3)), "..x..x", id="every third, by pattern"),
        pytest.param(Failure("GetService", BROKEN, Always()), "......", id="another operation"),
    ],
)
def test_a_failure_follows_its_schedule(failure, expected):
    seen = effects(FaultPlan(failures=(failure,)), "CreateService", 6)

    assert "".join("x" if effect == BROKEN else "." for effect in seen) == expected


def test_the_first_failure_that_is_due_decides_and_all_count():
    plan = FaultPlan(failures=(Failure("*", CloseBefore(), Every(2)), Failure("*", BROKEN, Every(2))))

    assert effects(plan, "GetService", 4) == [None, CloseBefore(), None, CloseBefore()]


def test_the_best_fitting_pattern_sets_the_latency():
    faults = Faults(FaultPlan(latency={"*": 0.1, "Get*": 0.2, "GetService": 0.3}))

    assert [faults.decide(name, 0).delay for name in ("ListRules", "GetRule", "GetService")] == [0.1, 0.2, 0.3]


def test_a_bucket_lets_a_burst_through_and_then_its_rate():
    faults = Faults(FaultPlan(throttle={"*": Bucket(rate=2.0, burst=3)}))

    at_once = [faults.decide("GetService", 100.0).throttled_for for _ in range(4)]
    later = [faults.decide("GetService", 100.5).throttled_for for _ in range(2)]

    assert at_once == [None, None, None, 0.5]
    assert later == [None, 0.5]


def test_a_fast_clock_fills_buckets_faster():
    faults = Faults(FaultPlan(throttle={"*": Bucket(rate=1.0, burst=1)}), scale=20.0)

    faults.decide("GetService", 0.0)

    assert faults.decide("GetService", 0.0).throttled_for == 0.05


def test_each_operation_has_a_bucket_of_its_own():
    faults = Faults(FaultPlan(throttle={"*": Bucket(rate=1.0, burst=1)}))

    assert [faults.decide(name, 0.0).throttled_for for name in ("GetService", "GetRule")] == [None, None]


def test_a_failure_added_later_leaves_the_counts_of_the_others():
    faults = Faults(FaultPlan(failures=(Failure("*", BROKEN, First(1)),)))
    faults.decide("GetService", 0.0)

    faults.add(Failure("*", CloseBefore(), First(1)))

    assert faults.decide("GetService", 0.0).effect == CloseBefore()


async def test_a_throttled_client_is_told_when_to_come_back(serve, table_world):
    world = table_world()
    served = await serve(world, FaultPlan(throttle={"*": Bucket(rate=0.1, burst=1)}))
    lattice = await served.client("vpc-lattice")
    await lattice.list_services()

    with pytest.raises(lattice.exceptions.ThrottlingException) as caught:
        await lattice.list_services()

    answer = caught.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 429
    assert answer["retryAfterSeconds"] == 10
    assert len(world.asked) == 1
    served.clock.advance(10)
    await lattice.list_services()


async def test_throttling_is_seen_by_the_sdks_own_retries(serve, table_world):
    world = table_world()
    plan = FaultPlan(failures=(Failure("ListServices", Refuse("ThrottlingException"), First(1)),))
    served = await serve(world, plan)
    lattice = await served.client("vpc-lattice", retries={"total_max_attempts": 2, "mode": "standard"})

    answer = await lattice.list_services()

    assert answer["ResponseMetadata"]["RetryAttempts"] == 1


@pytest.mark.parametrize(
    ("service", "call", "code", "status"),
    [
        pytest.param("vpc-lattice", "list_services", "InternalServerException", 500, id="lattice"),
        pytest.param("vpc-lattice", "list_services", "ServiceQuotaExceededException", 402, id="quota"),
        pytest.param("vpc-lattice", "list_services", "AccessDeniedException", 403, id="denied"),
        pytest.param("vpc-lattice", "list_services", "ExpiredTokenException", 403, id="common to AWS"),
        pytest.param("resourcegroupstaggingapi", "get_resources", "InternalServiceException", 500, id="tagging"),
        pytest.param("resourcegroupstaggingapi", "get_resources", "ThrottledException", 400, id="tagging throttled"),
        pytest.param("sts", "get_caller_identity", "ExpiredTokenException", 400, id="sts"),
        pytest.param("acm", "list_certificates", "AccessDeniedException", 400, id="acm"),
    ],
)
async def test_a_scripted_error_has_the_form_of_its_service(serve, table_world, service, call, code, status):
    plan = FaultPlan(failures=(Failure("*", Refuse(code), Always()),))
    client = await (await serve(table_world(), plan)).client(service)

    with pytest.raises(ClientError) as caught:
        await getattr(client, call)()

    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


@pytest.mark.parametrize(
    ("effect", "carried_out"),
    [pytest.param(LoseAnswer(), 1, id="after the work"), pytest.param(CloseBefore(), 0, id="before the work")],
)
async def test_the_connection_closes_instead_of_an_answer(serve, table_world, effect, carried_out):
    world = table_world()
    served = await serve(world, FaultPlan(failures=(Failure("CreateService", effect, First(1)),)))
    lattice = await served.client("vpc-lattice")

    with pytest.raises(ConnectionClosedError):
        await lattice.create_service(name="rates")

    assert len(world.asked) == carried_out
    assert [(c.status, c.effect is None) for c in served.endpoint.log.calls()] == [(0, False)]
    await lattice.create_service(name="rates")


async def test_a_slow_answer_comes_after_the_work(serve, table_world):
    world = table_world()
    served = await serve(world, FaultPlan(failures=(Failure("*", SlowAnswer(0.05), First(1)),)))
    lattice = await served.client("vpc-lattice")

    await lattice.list_services()

    assert served.endpoint.log.calls()[0].took_ms >= 50


async def test_latency_is_added_to_every_call(serve, table_world):
    served = await serve(table_world(), FaultPlan(latency={"ListServices": 0.05}))
    lattice = await served.client("vpc-lattice")

    await lattice.list_services()
    await lattice.get_service(serviceIdentifier="svc-0123456789abcdef0")

    slow, fast = served.endpoint.log.calls()
    assert slow.took_ms >= 50 > fast.took_ms
