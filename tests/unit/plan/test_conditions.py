"""When a step may run, and what operations become once ids are known."""

from dataclasses import replace

import pytest

from lattice_gateway.core.lattice.keys import ServiceKey
from lattice_gateway.core.lattice.observed import NetworkView, Observed
from lattice_gateway.core.lattice.operations import (
    CreateVpcAssociation,
    DeleteService,
    Known,
    New,
    Operation,
    RegisterTargets,
    SendForward,
    SendTo,
    UpdateListener,
    UpdateRule,
)
from lattice_gateway.core.lattice.outcome import Waiting
from lattice_gateway.core.lattice.units import FixedResponse, Target
from lattice_gateway.core.lattice.words import Arn, Status, Tags
from lattice_gateway.core.plan import bind, holds
from lattice_gateway.core.plan.plan import (
    AssociationIs,
    AssociationsGone,
    AssociationState,
    Condition,
    Drained,
    Gone,
    GroupState,
    NetworkState,
    Never,
    Part,
    Surroundings,
    UnitActive,
    Unneeded,
    Unused,
    WasRead,
)
from tests.laws.plan.driver import OWNER
from tests.laws.plan.worlds import NETWORK
from tests.unit.plan.test_groups import KEY
from tests.unit.plan.test_groups import OURS as GROUP
from tests.unit.plan.test_networks import ASSOCIATED
from tests.unit.plan.test_networks import OURS as SN
from tests.unit.plan.test_services import HTTP80, SNSA, THERE

SERVICE = ServiceKey("rates-default")
SN1 = Known("sn-1", Arn("arn:sn-1"))
VIEW = NetworkView((SN,), ASSOCIATED)
NO_VIEW = NetworkView((), None)
NOTHING = Surroundings()
NEEDED = Surroundings(live_dependants=frozenset({SERVICE}))


def around(status: Status | None) -> Surroundings:
    return Surroundings(groups={KEY: GroupState(ref=New(KEY), status=status)})


def knows(ref: Known | New | None) -> Surroundings:
    return Surroundings(networks={NETWORK: NetworkState(ref=ref, problem=None if ref else "ambiguous")})


def is_(state: AssociationState, network: Known | New = SN1) -> AssociationIs:
    return AssociationIs(SERVICE, network, state)


def with_status(status: Status) -> Observed:
    return replace(THERE, associations=(replace(SNSA, status=status),))


@pytest.mark.parametrize(
    ("condition", "observed", "surroundings", "ready"),
    [
        pytest.param(UnitActive(SERVICE), THERE, NOTHING, True, id="service active"),
        pytest.param(UnitActive(SERVICE), None, NOTHING, False, id="no service"),
        pytest.param(
            UnitActive(SERVICE), replace(THERE, status=Status.CREATE_IN_PROGRESS), NOTHING, False, id="service creating"
        ),
        pytest.param(UnitActive(KEY, "tg-1"), (GROUP,), NOTHING, True, id="own group by id"),
        pytest.param(UnitActive(KEY, GROUP.name), (GROUP,), NOTHING, True, id="own group by name"),
        pytest.param(UnitActive(KEY, "tg-9"), (GROUP,), NOTHING, False, id="another group"),
        pytest.param(UnitActive(KEY), THERE, around(Status.ACTIVE), True, id="another unit's group"),
        pytest.param(UnitActive(KEY), THERE, around(None), False, id="another unit's group to come"),
        pytest.param(UnitActive(KEY), THERE, around(Status.CREATE_IN_PROGRESS), False, id="being created"),
        pytest.param(UnitActive(NETWORK), VIEW, NOTHING, True, id="own network"),
        pytest.param(UnitActive(NETWORK), NO_VIEW, NOTHING, False, id="no own network"),
        pytest.param(UnitActive(NETWORK), THERE, knows(SN1), True, id="another unit's network"),
        pytest.param(UnitActive(NETWORK), THERE, knows(New(NETWORK)), False, id="a network to come"),
        pytest.param(UnitActive(NETWORK), THERE, knows(None), False, id="a network with a problem"),
        pytest.param(is_(AssociationState.ACTIVE), THERE, NOTHING, True, id="associated"),
        pytest.param(is_(AssociationState.ACTIVE, New(NETWORK)), THERE, knows(SN1), True, id="associated since"),
        pytest.param(
            is_(AssociationState.ACTIVE), with_status(Status.CREATE_IN_PROGRESS), NOTHING, False, id="associating"
        ),
        pytest.param(is_(AssociationState.ACTIVE), None, NOTHING, False, id="not associated"),
        pytest.param(
            is_(AssociationState.SETTLED), with_status(Status.CREATE_IN_PROGRESS), NOTHING, False, id="moving"
        ),
        pytest.param(is_(AssociationState.SETTLED), THERE, NOTHING, True, id="settled"),
        pytest.param(is_(AssociationState.FREE), with_status(Status.DELETE_IN_PROGRESS), NOTHING, False, id="going"),
        pytest.param(is_(AssociationState.FREE), replace(THERE, associations=()), NOTHING, True, id="free"),
        pytest.param(
            AssociationIs(NETWORK, New(NETWORK), AssociationState.ACTIVE), VIEW, NOTHING, True, id="VPC associated"
        ),
        pytest.param(
            AssociationIs(NETWORK, SN1, AssociationState.FREE), NetworkView((SN,), None), NOTHING, True, id="VPC free"
        ),
        pytest.param(AssociationsGone(SERVICE), THERE, NOTHING, False, id="associations left"),
        pytest.param(AssociationsGone(SERVICE), replace(THERE, associations=()), NOTHING, True, id="none left"),
        pytest.param(AssociationsGone(NETWORK), VIEW, NOTHING, True, id="an unused network"),
        pytest.param(
            AssociationsGone(NETWORK),
            NetworkView((replace(SN, services=1),), None),
            NOTHING,
            False,
            id="a used network",
        ),
        pytest.param(
            AssociationsGone(NETWORK, "sn-9"),
            NetworkView((replace(SN, services=1),), None),
            NOTHING,
            True,
            id="another one",
        ),
        pytest.param(AssociationsGone(NETWORK), VIEW, NEEDED, False, id="a needed network"),
        pytest.param(Unneeded(NETWORK), VIEW, NEEDED, False, id="needed"),
        pytest.param(Unneeded(NETWORK), VIEW, NOTHING, True, id="unneeded"),
        pytest.param(Unused(KEY, "tg-1"), (GROUP,), NOTHING, False, id="used"),
        pytest.param(Unused(KEY, "tg-1"), (GROUP,), NEEDED, False, id="still needed"),
        pytest.param(Unused(KEY, "tg-1"), (replace(GROUP, service_arns=frozenset()),), NOTHING, True, id="unused"),
        pytest.param(Drained(KEY, "tg-1"), (GROUP,), NOTHING, False, id="targets left"),
        pytest.param(Drained(KEY, "tg-1"), (replace(GROUP, targets=None),), NOTHING, False, id="targets unread"),
        pytest.param(Drained(KEY, "tg-1"), (replace(GROUP, targets=()),), NOTHING, True, id="drained"),
        pytest.param(Gone(SERVICE), THERE, NOTHING, False, id="service there"),
        pytest.param(Gone(SERVICE), None, NOTHING, True, id="service gone"),
        pytest.param(Gone(KEY, "tg-1"), (GROUP,), NOTHING, False, id="group there"),
        pytest.param(Gone(KEY, "tg-1"), (), NOTHING, True, id="group gone"),
        pytest.param(Gone(NETWORK), VIEW, NOTHING, False, id="network there"),
        pytest.param(Gone(NETWORK), NO_VIEW, NOTHING, True, id="network gone"),
        pytest.param(WasRead(SERVICE, Part.TAGS), THERE, NOTHING, True, id="tags read"),
        pytest.param(WasRead(SERVICE, Part.TAGS), replace(THERE, tags=None), NOTHING, False, id="tags unread"),
        pytest.param(
            WasRead(SERVICE, Part.ASSOCIATIONS),
            replace(THERE, associations=None),
            NOTHING,
            False,
            id="associations unread",
        ),
        pytest.param(
            WasRead(SERVICE, Part.LISTENERS), replace(THERE, listeners=None), NOTHING, False, id="listeners unread"
        ),
        pytest.param(
            WasRead(SERVICE, Part.RULES),
            replace(THERE, listeners=(replace(HTTP80, rules=None),)),
            NOTHING,
            False,
            id="rules unread",
        ),
        pytest.param(WasRead(SERVICE, Part.RULES), THERE, NOTHING, True, id="rules read"),
        pytest.param(WasRead(SERVICE, Part.TARGETS), THERE, NOTHING, True, id="a service has no targets"),
        pytest.param(WasRead(SERVICE, Part.TAGS), None, NOTHING, True, id="nothing to read"),
        pytest.param(
            WasRead(KEY, Part.TARGETS, "tg-1"), (replace(GROUP, targets=None),), NOTHING, False, id="unread targets"
        ),
        pytest.param(
            WasRead(KEY, Part.TARGETS, "tg-2"), (replace(GROUP, targets=None),), NOTHING, True, id="others' targets"
        ),
        pytest.param(WasRead(KEY, Part.TAGS, "tg-1"), (GROUP,), NOTHING, True, id="group tags read"),
        pytest.param(
            WasRead(NETWORK, Part.TAGS),
            NetworkView((SN,), replace(ASSOCIATED, tags=None)),
            NOTHING,
            False,
            id="VPC association's tags unread",
        ),
        pytest.param(Never("ask the other team"), THERE, NOTHING, False, id="never"),
    ],
)
def test_a_condition_holds_or_says_what_it_waits_for(
    condition: Condition, observed: Observed, surroundings: Surroundings, ready: bool
) -> None:
    assert (holds(condition, observed, surroundings) is None) is ready


def test_waiting_for_another_unit_names_it_so_that_its_outcome_wakes_us() -> None:
    waits = [
        holds(UnitActive(KEY), THERE, around(Status.CREATE_IN_PROGRESS)),
        holds(UnitActive(NETWORK), THERE, knows(None)),
        holds(Unneeded(NETWORK), VIEW, NEEDED),
    ]

    assert [each and each.on for each in waits] == [(KEY,), (NETWORK,), (SERVICE,)]


SVC, LSN, RULE, TG = (Known(i, Arn(f"arn:{i}")) for i in ("svc-1", "listener-1", "rule-1", "tg-1"))


@pytest.mark.parametrize(
    ("operation", "bound"),
    [
        pytest.param(
            RegisterTargets(New(KEY), (Target("10.0.0.1", 1),)),
            RegisterTargets(TG, (Target("10.0.0.1", 1),)),
            id="targets",
        ),
        pytest.param(
            CreateVpcAssociation(network=New(NETWORK), vpc=OWNER.vpc, tags=Tags()),
            CreateVpcAssociation(network=TG, vpc=OWNER.vpc, tags=Tags()),
            id="association",
        ),
        pytest.param(
            UpdateListener(service=SVC, listener=LSN, default_action=SendForward((SendTo(New(KEY), 1),))),
            UpdateListener(service=SVC, listener=LSN, default_action=SendForward((SendTo(TG, 1),))),
            id="default action",
        ),
        pytest.param(
            UpdateRule(service=SVC, listener=LSN, rule=RULE, action=SendForward((SendTo(TG, 2), SendTo(New(KEY), 1)))),
            UpdateRule(service=SVC, listener=LSN, rule=RULE, action=SendForward((SendTo(TG, 2), SendTo(TG, 1)))),
            id="action",
        ),
        pytest.param(
            UpdateRule(service=SVC, listener=LSN, rule=RULE, action=FixedResponse(500)),
            UpdateRule(service=SVC, listener=LSN, rule=RULE, action=FixedResponse(500)),
            id="response",
        ),
        pytest.param(DeleteService(SVC), DeleteService(SVC), id="nothing to bind"),
    ],
)
def test_handles_become_ids(operation: Operation, bound: Operation) -> None:
    assert bind(operation, lambda _: TG) == bound


def test_a_handle_that_nobody_knows_is_waited_for() -> None:
    operation = RegisterTargets(New(KEY), (Target("10.0.0.1", 1),))

    assert bind(operation, lambda _: None) == Waiting(f"{KEY} does not exist yet", (KEY,))
