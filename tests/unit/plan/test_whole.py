"""The plan of everything, from an empty account on."""

from lattice_gateway.core.lattice.keys import ServiceKey
from lattice_gateway.core.lattice.observed import NetworkView
from lattice_gateway.core.lattice.operations import New
from lattice_gateway.core.lattice.units import Held
from lattice_gateway.core.plan import plan_world
from lattice_gateway.core.plan.binding import references
from lattice_gateway.core.plan.plan import Plan
from tests.laws.plan.driver import OWNER, converge, observe
from tests.laws.plan.lattice import Lattice
from tests.laws.plan.worlds import STANDARD, absent


def kinds(lattice: Lattice, desired: object = STANDARD) -> list[str]:
    assert isinstance(desired, dict)
    units = plan_world(desired, observe(lattice, desired), OWNER)
    return [
        type(operation).__name__
        for unit in units
        if isinstance(unit.planned, Plan)
        for operation in unit.planned.operations
    ]


def test_an_empty_account_is_planned_whole_in_the_order_of_needs() -> None:
    assert kinds(Lattice()) == [
        "CreateServiceNetwork",
        "CreateVpcAssociation",
        *["CreateTargetGroup", "RegisterTargets"] * 4,
        "CreateService",
        "CreateServiceAssociation",
        "CreateListener",
        "CreateRule",
        "CreateRule",
    ]


def test_what_does_not_exist_yet_is_a_handle() -> None:
    service = plan_world(STANDARD, {}, OWNER)[-1]

    assert service.key == ServiceKey("rates-default")
    assert isinstance(service.planned, Plan)
    refs = [ref for operation in service.planned.operations for ref in references(operation)]
    assert len(refs) == 11
    assert all(isinstance(ref, New) for ref in refs)


def test_an_account_that_is_as_desired_needs_nothing() -> None:
    lattice = Lattice()
    converge(lattice, STANDARD)

    assert kinds(lattice) == []


def test_what_goes_is_planned_from_the_service_to_the_network() -> None:
    lattice = Lattice()
    converge(lattice, STANDARD)

    assert kinds(lattice, absent(STANDARD)) == [
        "DeleteServiceAssociation",
        "DeleteService",
        *["DeregisterTargets", "DeleteTargetGroup"] * 4,
        "DeleteVpcAssociation",
        "DeleteServiceNetwork",
    ]


def test_a_held_unit_has_nothing_to_do_and_says_why() -> None:
    key = ServiceKey("rates-default")

    unit = plan_world({key: Held(key, "the Gateway cannot be read")}, {}, OWNER)[0]

    assert isinstance(unit.planned, Plan)
    assert unit.planned.empty
    assert unit.planned.notes[0].text == "held: the Gateway cannot be read"


def test_a_view_without_networks_is_the_same_as_none() -> None:
    observed = observe(Lattice(), STANDARD)

    assert NetworkView((), None) in observed.values()
    assert plan_world(STANDARD, observed, OWNER) == plan_world(STANDARD, {}, OWNER)
