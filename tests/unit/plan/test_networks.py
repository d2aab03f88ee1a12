"""Service networks of Gateways (decision 1)."""

from dataclasses import replace

import pytest

from lattice_gateway.core.lattice.keys import ServiceKey
from lattice_gateway.core.lattice.observed import NetworkView, ObservedNetwork, ObservedVpcAssociation
from lattice_gateway.core.lattice.operations import Known
from lattice_gateway.core.lattice.outcome import Refusal
from lattice_gateway.core.lattice.units import Absent
from lattice_gateway.core.lattice.words import Arn, Status, Tag, Tags, VpcId
from lattice_gateway.core.plan import holds, network_state, plan_network
from lattice_gateway.core.plan.networks import remark
from lattice_gateway.core.plan.plan import NoteKind, Plan, Surroundings
from tests.laws.plan.driver import OWNER
from tests.laws.plan.worlds import NETWORK, OWN, network

GATEWAYS = Tags({**OWN, Tag.GATEWAY: "default/my-hotel"})
OURS = ObservedNetwork(id="sn-1", arn=Arn("arn:sn-1"), name="my-hotel", tags=GATEWAYS, services=0, vpcs=0)
BY_HAND = replace(OURS, tags=Tags())
SHARED = replace(OURS, id="sn-7", arn=Arn("arn:aws:vpc-lattice:us-west-2:999988887777:servicenetwork/sn-7"), tags=None)
ASSOCIATED = ObservedVpcAssociation(
    id="snva-1",
    arn=Arn("arn:snva-1"),
    network_id="sn-1",
    network_arn=Arn("arn:sn-1"),
    network_name="my-hotel",
    vpc=OWNER.vpc,
    status=Status.ACTIVE,
    tags=GATEWAYS,
)
ELSEWHERE = replace(ASSOCIATED, network_id="sn-2", network_arn=Arn("arn:sn-2"), network_name="other")
AROUND = Surroundings()


def names(plan: object) -> list[str]:
    assert isinstance(plan, Plan)
    return [type(operation).__name__ for operation in plan.operations]


def view(association: ObservedVpcAssociation | None, *networks: ObservedNetwork) -> NetworkView:
    return NetworkView(networks, association)


@pytest.mark.parametrize(
    ("observed", "operations"),
    [
        pytest.param(view(None), ["CreateServiceNetwork", "CreateVpcAssociation"], id="missing"),
        pytest.param(view(None, OURS), ["CreateVpcAssociation"], id="ours without association"),
        pytest.param(view(ASSOCIATED, OURS), [], id="ours and associated"),
        pytest.param(view(None, BY_HAND), [], id="made by hand is used as it is"),
        pytest.param(view(None, replace(OURS, tags=None)), [], id="unread tags are not ours"),
        pytest.param(view(None, replace(OURS, tags=Tags(OWN))), [], id="ours but not a Gateway's"),
        pytest.param(view(ELSEWHERE, OURS), [], id="a VPC has one association"),
        pytest.param(
            view(replace(ASSOCIATED, status=Status.CREATE_FAILED), OURS),
            ["DeleteVpcAssociation", "CreateVpcAssociation"],
            id="a failed association is made again",
        ),
        pytest.param(
            view(replace(ASSOCIATED, status=Status.DELETE_IN_PROGRESS), OURS),
            ["CreateVpcAssociation"],
            id="one that is going is waited for and made again",
        ),
        pytest.param(
            view(replace(ELSEWHERE, status=Status.DELETE_IN_PROGRESS), OURS),
            ["CreateVpcAssociation"],
            id="another network's that is going as well",
        ),
    ],
)
def test_a_network_comes_to_be_and_is_associated(observed: NetworkView, operations: list[str]) -> None:
    assert names(plan_network(network(), observed, OWNER, AROUND)) == operations


def test_a_new_network_carries_owner_and_gateway() -> None:
    plan = plan_network(network(), view(None), OWNER, AROUND)

    assert isinstance(plan, Plan)
    assert [operation.tags for operation in plan.operations] == [GATEWAYS, GATEWAYS]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("gateway", "observed", "told"),
    [
        pytest.param("default/my-hotel", view(ELSEWHERE, OURS), True, id="a Gateway's"),
        pytest.param(None, view(ELSEWHERE, BY_HAND), True, id="that of the settings"),
        pytest.param("default/my-hotel", view(ELSEWHERE, BY_HAND), False, id="made by hand is used as it is"),
        pytest.param("default/my-hotel", view(ASSOCIATED, OURS), False, id="associated"),
        pytest.param("default/my-hotel", view(None, OURS), False, id="not associated yet"),
        pytest.param(
            "default/my-hotel",
            view(replace(ELSEWHERE, status=Status.DELETE_IN_PROGRESS), OURS),
            False,
            id="the other association is going",
        ),
        pytest.param("default/my-hotel", view(ELSEWHERE), False, id="no network"),
    ],
)
def test_who_reaches_the_network_is_said_where_it_is_not_our_vpc(
    gateway: str | None, observed: NetworkView, told: bool
) -> None:
    said = remark(network(gateway=gateway), observed, OWNER)

    expected = (
        f"{OWNER.vpc} is associated with the network other; its clients do not reach my-hotel, "
        "as a VPC has one association"
    )
    assert said == (expected if told else "")


FROM_SETTINGS = {"gateway": None, "tags": Tags(OWN)}


@pytest.mark.parametrize(
    ("observed", "operations"),
    [
        pytest.param(view(None), ["CreateServiceNetwork", "CreateVpcAssociation"], id="missing"),
        pytest.param(view(None, BY_HAND), ["CreateVpcAssociation"], id="made by hand"),
        pytest.param(view(replace(ASSOCIATED, tags=Tags()), BY_HAND), [], id="made and associated by hand"),
        pytest.param(view(ASSOCIATED, replace(OURS, tags=None)), [], id="unread tags"),
        pytest.param(view(ASSOCIATED, OURS), [], id="a Gateway's"),
        pytest.param(view(ELSEWHERE, BY_HAND), [], id="a VPC has one association"),
        pytest.param(
            view(replace(ASSOCIATED, status=Status.CREATE_FAILED, tags=Tags(OWN)), BY_HAND),
            ["DeleteVpcAssociation", "CreateVpcAssociation"],
            id="a failed association is made again",
        ),
    ],
)
def test_the_network_of_the_settings_is_made_and_associated_and_never_tagged(
    observed: NetworkView, operations: list[str]
) -> None:
    assert names(plan_network(network(**FROM_SETTINGS), observed, OWNER, AROUND)) == operations


def test_the_network_of_the_settings_carries_owner_alone() -> None:
    plan = plan_network(network(**FROM_SETTINGS), view(None), OWNER, AROUND)

    assert isinstance(plan, Plan)
    assert [operation.tags for operation in plan.operations] == [Tags(OWN), Tags(OWN)]  # type: ignore[union-attr]


def test_an_association_that_is_going_is_waited_for() -> None:
    observed = view(replace(ASSOCIATED, status=Status.DELETE_IN_PROGRESS), OURS)
    plan = plan_network(network(), observed, OWNER, AROUND)

    assert isinstance(plan, Plan)
    assert holds(plan.steps[0].when[0], observed, AROUND) is not None
    assert holds(plan.steps[0].when[0], view(None, OURS), AROUND) is None


def test_a_missing_network_that_nobody_may_create_is_refused() -> None:
    planned = plan_network(network(create=False), view(None), OWNER, AROUND)

    assert planned == Refusal("Pending", "VPC Lattice Service Network not found: no network is named my-hotel")
    assert network_state(network(create=False), view(None)).ref is None


def test_an_ambiguous_name_is_refused_with_every_match() -> None:
    other = replace(OURS, id="sn-9", tags=Tags())

    planned = plan_network(network(), view(None, other, OURS), OWNER, AROUND)

    assert planned == Refusal(
        "Invalid",
        "name conflict, multiple SN found: nameMatch={name=my-hotel, id=sn-1}, {name=my-hotel, id=sn-9} idMatch=",
    )


def test_a_vpc_that_is_associated_elsewhere_is_a_note_and_the_network_stays_usable() -> None:
    planned = plan_network(network(), view(ELSEWHERE, OURS), OWNER, AROUND)

    assert isinstance(planned, Plan)
    assert planned.notes[0].text.startswith("vpc-1 is associated with the network other;")
    assert network_state(network(), view(ELSEWHERE, OURS)).ref == Known("sn-1", Arn("arn:sn-1"))


def test_a_paused_network_does_not_change() -> None:
    assert names(plan_network(network(paused=True), view(None), OWNER, AROUND)) == []


@pytest.mark.parametrize(
    ("observed", "operations"),
    [
        pytest.param(view(None), [], id="gone"),
        pytest.param(view(None, BY_HAND), [], id="made by hand stays"),
        pytest.param(view(None, replace(OURS, tags=None)), [], id="unread tags stay"),
        pytest.param(view(None, OURS), ["DeleteServiceNetwork"], id="ours without association"),
        pytest.param(view(None, SHARED, OURS), ["DeleteServiceNetwork"], id="ours beside one of another account"),
        pytest.param(
            view(ASSOCIATED, replace(OURS, vpcs=1)),
            ["DeleteVpcAssociation", "DeleteServiceNetwork"],
            id="association first",
        ),
        pytest.param(view(replace(ASSOCIATED, tags=None), replace(OURS, vpcs=1)), [], id="unread association tags"),
        pytest.param(
            view(replace(ASSOCIATED, status=Status.DELETE_IN_PROGRESS), replace(OURS, vpcs=1)),
            ["DeleteServiceNetwork"],
            id="association on its way",
        ),
        pytest.param(
            view(ASSOCIATED, replace(OURS, vpcs=1, services=1)),
            ["UntagResource", "UntagResource"],
            id="somebody else's service: left for good",
        ),
        pytest.param(
            view(ASSOCIATED, replace(OURS, vpcs=1, services=2, ours=2)),
            ["DeleteVpcAssociation", "DeleteServiceNetwork"],
            id="services of ours that still show are not somebody else's",
        ),
        pytest.param(view(ASSOCIATED, replace(OURS, vpcs=2)), ["UntagResource"] * 2, id="somebody else's VPC as well"),
        pytest.param(
            view(replace(ASSOCIATED, tags=Tags()), replace(OURS, vpcs=1)), ["UntagResource"], id="association by hand"
        ),
    ],
)
def test_what_gateways_made_goes_with_the_last_of_them(observed: NetworkView, operations: list[str]) -> None:
    assert names(plan_network(Absent(NETWORK), observed, OWNER, AROUND)) == operations


def test_services_of_ours_are_waited_for_and_not_taken_for_somebody_elses() -> None:
    around = Surroundings(live_dependants=frozenset({ServiceKey("rates-default")}))
    observed = view(ASSOCIATED, replace(OURS, vpcs=1, services=1))

    plan = plan_network(Absent(NETWORK), observed, OWNER, around)

    assert names(plan) == ["DeleteVpcAssociation", "DeleteServiceNetwork"]
    assert isinstance(plan, Plan)
    waiting = [holds(step.when[0], observed, around) for step in plan.steps]
    assert [each and each.on for each in waiting] == [(ServiceKey("rates-default"),)] * 2
    assert [note.kind for note in plan.notes] == [NoteKind.DESTRUCTIVE]


def test_another_vpc_is_somebody_elses() -> None:
    elsewhere = replace(ASSOCIATED, vpc=VpcId("vpc-9"), network_id="sn-9")

    assert names(plan_network(Absent(NETWORK), view(elsewhere, replace(OURS, vpcs=1)), OWNER, AROUND)) == [
        "UntagResource"
    ]


def test_a_network_of_another_account_is_not_waited_for() -> None:
    plan = plan_network(Absent(NETWORK), view(None, SHARED), OWNER, AROUND)

    assert isinstance(plan, Plan)
    assert plan.empty


def test_only_the_network_that_was_recorded_is_deleted() -> None:
    another = Absent(NETWORK, arn=Arn("arn:sn-of-before"))

    assert names(plan_network(another, view(ASSOCIATED, replace(OURS, vpcs=1)), OWNER, AROUND)) == []
    assert names(plan_network(replace(another, arn=OURS.arn), view(None, OURS), OWNER, AROUND)) == [
        "DeleteServiceNetwork"
    ]
