"""The queue of units, alarms, and what a unit watches."""

import asyncio

import pytest

from lattice_gateway.core.lattice.keys import GroupKey, NetworkKey, ServiceKey, UnitKey
from lattice_gateway.core.lattice.observed import (
    NetworkView,
    Observed,
    ObservedAssociation,
    ObservedGroup,
    ObservedService,
    ObservedTarget,
    ObservedVpcAssociation,
)
from lattice_gateway.core.lattice.outcome import Done, Result, Waiting
from lattice_gateway.core.lattice.units import Absent, Held, Target
from lattice_gateway.core.lattice.words import Arn, Status, TargetStatus, VpcId
from lattice_gateway.engine.alarms import Alarms
from lattice_gateway.engine.gate import Urgency
from lattice_gateway.engine.noticing import associations_seen, group_seen, service_seen, vpc_association_seen
from lattice_gateway.engine.queue import AT_ONCE, Queue
from lattice_gateway.engine.watches import Watch, What, watches
from tests.laws.engine_making import group_key
from tests.laws.engine_stage import LoopClock, play

A, B = ServiceKey("a"), ServiceKey("b")
GROUP: GroupKey = group_key("a", "x")


async def taken(queue: Queue, number: int) -> list[UnitKey]:
    return [await queue.take() for _ in range(number)]


def test_a_unit_that_is_queued_twice_runs_once_at_its_greater_urgency() -> None:
    queue = Queue()
    queue.add(A, Urgency.CHANGE)
    queue.add(B, Urgency.UPKEEP)
    queue.add(B, Urgency.TARGETS)

    assert play(lambda: taken(queue, 2)) == [B, A]
    assert len(queue) == 0


def test_a_unit_that_is_queued_while_it_runs_runs_once_more_after_that() -> None:
    queue = Queue()
    queue.add(A, Urgency.CHANGE)
    play(lambda: taken(queue, 1))

    queue.add(A, Urgency.CHANGE)
    queue.add(A, Urgency.CHANGE)
    assert not queue.idle
    queue.done(A)

    assert play(lambda: taken(queue, 1)) == [A]
    queue.done(A)
    assert queue.idle


def test_many_units_of_a_kind_do_not_keep_another_kind_waiting() -> None:
    queue = Queue()
    for number in range(2 * AT_ONCE[ServiceKey]):
        queue.add(ServiceKey(str(number)), Urgency.CHANGE)
    play(lambda: taken(queue, AT_ONCE[ServiceKey]))

    queue.add(NetworkKey("n"), Urgency.UPKEEP)

    assert play(lambda: taken(queue, 1)) == [NetworkKey("n")]


def test_alarms_ring_in_order_and_only_at_their_last_time() -> None:
    async def scene() -> list[tuple[str, float]]:
        alarms: Alarms[str] = Alarms(LoopClock())
        alarms.set("late", 5)
        alarms.set("moved", 1)
        alarms.set("moved", 9)
        alarms.set("cancelled", 2)
        alarms.cancel("cancelled")
        return [(await alarms.ring(), asyncio.get_running_loop().time()) for _ in range(2)]

    assert play(scene) == [("late", 5), ("moved", 9)]


def an_observed_group(status: Status, *, used: bool = False, targets: int = 0) -> ObservedGroup:
    return ObservedGroup(
        id="tg-1",
        arn=Arn("arn"),
        name="g",
        status=status,
        port=80,
        protocol=None,
        version=None,
        address_type=None,
        vpc=None,
        service_arns=frozenset({Arn("svc")} if used else ()),
        targets=tuple(ObservedTarget(Target(str(n), 80), TargetStatus.DRAINING) for n in range(targets)),
    )


def an_observed_service(status: Status, association: Status = Status.ACTIVE) -> ObservedService:
    associated = ObservedAssociation(
        id="snsa-1", arn=Arn("arn"), network_id="sn-1", network_arn=Arn("arn"), network_name="n", status=association
    )
    return ObservedService(
        id="svc-1", arn=Arn("arn"), name="a", status=status, dns_name=None, associations=(associated,)
    )


def a_network(status: Status) -> NetworkView:
    association = ObservedVpcAssociation(
        id="snva-1",
        arn=Arn("arn"),
        network_id="sn-1",
        network_arn=Arn("arn"),
        network_name="n",
        vpc=VpcId("vpc-1"),
        status=status,
    )
    return NetworkView((), association)


WAITING = Waiting("it is not ready")


@pytest.mark.parametrize(
    ("key", "absent", "observed", "result", "expected"),
    [
        pytest.param(GROUP, False, (an_observed_group(Status.ACTIVE, targets=1),), Done(), set(), id="at rest"),
        pytest.param(
            GROUP,
            False,
            (an_observed_group(Status.CREATE_IN_PROGRESS),),
            Done(),
            {Watch(GROUP, What.GROUP, "tg-1")},
            id="group being created",
        ),
        pytest.param(
            GROUP,
            True,
            (an_observed_group(Status.ACTIVE, used=True, targets=1),),
            WAITING,
            {Watch(GROUP, What.GROUP, "tg-1"), Watch(GROUP, What.TARGETS, "tg-1")},
            id="group that drains and is still used",
        ),
        pytest.param(
            A,
            False,
            an_observed_service(Status.CREATE_IN_PROGRESS, Status.DELETE_IN_PROGRESS),
            WAITING,
            {Watch(A, What.SERVICE, "svc-1"), Watch(A, What.ASSOCIATIONS, "sn-1")},
            id="service and association moving",
        ),
        pytest.param(
            NetworkKey("n"),
            False,
            a_network(Status.UPDATE_IN_PROGRESS),
            Done(),
            {Watch(NetworkKey("n"), What.VPC_ASSOCIATION, "snva-1")},
            id="VPC association moving",
        ),
        pytest.param(A, False, None, WAITING, {Watch(A, What.WHOLE)}, id="nothing else can tell"),
        pytest.param(A, False, None, Waiting("for the group", (GROUP,)), set(), id="another unit will tell"),
    ],
)
def test_a_unit_watches_what_lattice_changes_by_itself(
    key: UnitKey, *, absent: bool, observed: Observed, result: Result, expected: set[Watch]
) -> None:
    desired = Absent(key) if absent else Held(key, "")

    awaited = result.on if isinstance(result, Waiting) else ()

    assert watches(desired, observed, result, awaited) == expected


def test_what_a_listing_does_not_show_is_gone_only_if_it_was_leaving() -> None:
    creating = (an_observed_group(Status.CREATE_IN_PROGRESS),)
    leaving = (an_observed_group(Status.DELETE_IN_PROGRESS),)

    assert group_seen(creating, "tg-1", None) == creating
    assert group_seen(leaving, "tg-1", None) == ()
    assert service_seen(an_observed_service(Status.DELETE_IN_PROGRESS), None) is None
    assert service_seen(an_observed_service(Status.ACTIVE), None) == an_observed_service(Status.ACTIVE)


def test_associations_move_by_what_a_listing_shows() -> None:
    leaving = an_observed_service(Status.ACTIVE, Status.DELETE_IN_PROGRESS)
    creating = an_observed_service(Status.ACTIVE, Status.CREATE_IN_PROGRESS)
    active = an_observed_service(Status.ACTIVE)
    assert active.associations is not None

    seen = {each.id: each for each in active.associations}

    assert associations_seen(creating, "sn-1", seen) == active
    assert associations_seen(creating, "sn-1", {}) == creating
    gone = associations_seen(leaving, "sn-1", {})
    assert isinstance(gone, ObservedService)
    assert gone.associations == ()
    assert vpc_association_seen(a_network(Status.DELETE_IN_PROGRESS), {}) == NetworkView((), None)


def test_a_group_whose_pods_moved_runs_however_many_groups_do() -> None:
    queue = Queue()
    for number in range(2 * AT_ONCE[GroupKey]):
        queue.add(group_key("a", str(number)), Urgency.CHANGE)
    play(lambda: taken(queue, AT_ONCE[GroupKey]))

    queue.add(GROUP, Urgency.TARGETS)

    assert play(lambda: taken(queue, 1)) == [GROUP]
    assert queue.urgency(GROUP) is Urgency.TARGETS
