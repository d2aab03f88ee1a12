"""Groups that join a live forward (decision 18)."""

import pytest

from lattice_gateway.core.lattice.keys import GroupKey
from lattice_gateway.core.lattice.observed import Fixed, ForwardTo, ObservedAction
from lattice_gateway.core.lattice.operations import Known, New, SendForward, SendTo
from lattice_gateway.core.lattice.units import Action, FixedResponse
from lattice_gateway.core.lattice.words import Arn, Status
from lattice_gateway.core.plan.forwards import Sending, differs, sending
from lattice_gateway.core.plan.plan import GroupState, Health, Surroundings
from tests.laws.plan.worlds import forward, group_key

OLD, NEW = group_key("rates-default", "old"), group_key("rates-default", "new")
HERE = Arn("arn:aws:vpc-lattice:us-west-2:111122223333:service/svc-1")


def known(identity: str) -> Known:
    return Known(identity, Arn(f"arn:aws:vpc-lattice:us-west-2:111122223333:targetgroup/{identity}"))


def state(identity: str, health: Health, joining_for: float = 0.0) -> GroupState:
    return GroupState(ref=known(identity), status=Status.ACTIVE, health=health, joining_for=joining_for)


def around(new: GroupState | None, old: Health = Health.GOOD) -> Surroundings:
    groups: dict[GroupKey, GroupState] = {OLD: state("tg-old", old)}
    return Surroundings(groups=groups if new is None else {**groups, NEW: new})


def sent(*shares: tuple[str, int]) -> SendForward:
    return SendForward(tuple(SendTo(known(identity), weight) for identity, weight in shares))


BOTH = forward((OLD, 50), (NEW, 50))
ONLY_NEW = forward((NEW, 1))
LIVE = ForwardTo((("tg-old", 90),))
ENTERED = ForwardTo((("tg-old", 90), ("tg-new", 0)))


@pytest.mark.parametrize(
    ("wanted", "live", "new", "expected", "joins"),
    [
        pytest.param(
            BOTH, LIVE, state("tg-new", Health.UNUSED), sent(("tg-old", 90), ("tg-new", 0)), 1, id="enters at 0"
        ),
        pytest.param(
            ONLY_NEW,
            LIVE,
            state("tg-new", Health.UNUSED),
            sent(("tg-old", 90), ("tg-new", 0)),
            1,
            id="the old one stays",
        ),
        pytest.param(
            BOTH,
            ENTERED,
            state("tg-new", Health.WAITING),
            sent(("tg-old", 90), ("tg-new", 0)),
            1,
            id="waits for checks",
        ),
        pytest.param(
            BOTH,
            ENTERED,
            state("tg-new", Health.GOOD),
            sent(("tg-old", 50), ("tg-new", 50)),
            0,
            id="good: written at once",
        ),
        pytest.param(
            BOTH,
            ENTERED,
            state("tg-new", Health.BAD, 119),
            sent(("tg-old", 90), ("tg-new", 0)),
            1,
            id="bad: still waits",
        ),
        pytest.param(
            BOTH,
            ENTERED,
            state("tg-new", Health.BAD, 120),
            sent(("tg-old", 50), ("tg-new", 50)),
            0,
            id="until the time-out",
        ),
        pytest.param(
            BOTH,
            ENTERED,
            state("tg-new", Health.UNUSED, 29),
            sent(("tg-old", 90), ("tg-new", 0)),
            1,
            id="unused for 29 s",
        ),
        pytest.param(
            BOTH,
            ENTERED,
            state("tg-new", Health.UNUSED, 30),
            sent(("tg-old", 50), ("tg-new", 50)),
            0,
            id="unused for 30 s",
        ),
        pytest.param(
            BOTH,
            ENTERED,
            state("tg-new", Health.EMPTY, 999),
            sent(("tg-old", 90), ("tg-new", 0)),
            1,
            id="empty waits on",
        ),
        pytest.param(
            BOTH,
            Fixed(500),
            state("tg-new", Health.UNUSED),
            sent(("tg-old", 50), ("tg-new", 50)),
            0,
            id="nothing to join",
        ),
        pytest.param(
            BOTH,
            ForwardTo((("tg-old", 0),)),
            state("tg-new", Health.UNUSED),
            sent(("tg-old", 50), ("tg-new", 50)),
            0,
            id="no weighted group",
        ),
        pytest.param(
            ONLY_NEW,
            ForwardTo((("tg-unknown", 7),)),
            state("tg-new", Health.UNUSED),
            sent(("tg-unknown", 7), ("tg-new", 0)),
            1,
            id="a live group that nobody knows keeps its weight",
        ),
        pytest.param(
            forward((OLD, 10), (NEW, 0)),
            LIVE,
            state("tg-new", Health.UNUSED),
            sent(("tg-old", 10), ("tg-new", 0)),
            0,
            id="wanted at 0 does not join",
        ),
        pytest.param(
            FixedResponse(500), LIVE, state("tg-new", Health.UNUSED), FixedResponse(500), 0, id="to a response"
        ),
    ],
)
def test_what_a_rule_forwards_to_now(
    wanted: Action, live: ObservedAction, new: GroupState, expected: SendForward | FixedResponse, joins: int
) -> None:
    found = sending(wanted, live, around(new), HERE)

    assert found.action == expected
    assert len(found.joins) == joins


@pytest.mark.parametrize("health", [Health.BAD, Health.EMPTY])
def test_nobody_waits_where_no_live_group_can_serve(health: Health) -> None:
    found = sending(BOTH, LIVE, around(state("tg-new", Health.UNUSED), old=health), HERE)

    assert found == Sending(sent(("tg-old", 50), ("tg-new", 50)))


def test_a_group_that_does_not_exist_yet_joins_as_a_handle() -> None:
    found = sending(BOTH, LIVE, around(None), HERE)

    assert found.action == SendForward((SendTo(known("tg-old"), 90), SendTo(New(NEW), 0)))
    assert [join.group for join in found.joins] == [NEW]


def test_a_full_forward_cannot_be_joined_step_by_step() -> None:
    full = ForwardTo(tuple((f"tg-{i}", 1) for i in range(10)))

    assert sending(ONLY_NEW, full, around(state("tg-new", Health.UNUSED)), HERE) == Sending(sent(("tg-new", 1)))


@pytest.mark.parametrize(
    ("live", "another"),
    [
        pytest.param(ForwardTo((("tg-old", 1), ("tg-new", 2))), False, id="the same"),
        pytest.param(ForwardTo((("tg-new", 2), ("tg-old", 1))), True, id="another order"),
        pytest.param(ForwardTo((("tg-old", 1), ("tg-new", 3))), True, id="another weight"),
        pytest.param(Fixed(404), True, id="a response"),
        pytest.param(None, True, id="not read"),
    ],
)
def test_actions_are_compared_by_ids_weights_and_order(live: ObservedAction | None, another: bool) -> None:
    assert differs(sent(("tg-old", 1), ("tg-new", 2)), live) is another
