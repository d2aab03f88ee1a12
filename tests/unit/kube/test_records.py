"""What objects record of Lattice, and what a cluster remembers."""

from random import Random
from typing import Any

import pytest

from lattice_gateway.adapters.kube.changing import Changer
from lattice_gateway.adapters.kube.connect import always
from lattice_gateway.adapters.kube.finalizers import Finalizers
from lattice_gateway.adapters.kube.known import Known
from lattice_gateway.adapters.kube.records import records_of, service_name
from lattice_gateway.adapters.kube.state import ClusterState
from lattice_gateway.core.lattice.keys import NetworkKey, ServiceKey, UnitKey
from lattice_gateway.core.lattice.words import Arn, Owner, VpcId
from lattice_gateway.core.names import hashed_service_name
from lattice_gateway.core.objects import Kind
from lattice_gateway.core.objects.annotations import Annotation
from lattice_gateway.core.objects.finalizers import FINALIZERS
from lattice_gateway.engine.feed import StateUnwritable, UnitRecord
from lattice_gateway.engine.keeping import NoHerald
from tests.laws.engine_stage import LoopClock
from tests.unit.kube.making import ALL, Script, ref, route, seen

OWNER = Owner(account="123456789012", cluster="tests", vpc=VpcId("vpc-1"))
ARN = Arn("arn:aws:vpc-lattice:eu-west-1:123456789012:service/svc-0a1b2c3d4e5f60718")
DOMAIN = "shop-0a1b2c3d4e5f60718.7d67968.vpc-lattice-svcs.eu-west-1.on.aws"
NOTES: dict[str, Any] = {str(Annotation.SERVICE_ARN): ARN, str(Annotation.ASSIGNED_DOMAIN_NAME): DOMAIN}
LEAVING: dict[str, Any] = {
    "deletionTimestamp": "2026-01-31T13:00:00Z",
    "finalizers": [FINALIZERS[Kind.HTTP_ROUTE]],
}
HASHED = hashed_service_name(OWNER, "HTTPRoute", "default", "one")


@pytest.mark.parametrize(
    ("arn", "domain", "name"),
    [
        pytest.param(ARN, DOMAIN, "shop", id="as Lattice gives them"),
        pytest.param(ARN, DOMAIN.replace("shop", "a-b-c"), "a-b-c", id="a name with hyphens"),
        pytest.param(ARN, "shop-0ffff.7d67968.on.aws", None, id="of another service"),
        pytest.param(ARN, "", None, id="no DNS name"),
        pytest.param("", DOMAIN, None, id="no ARN"),
        pytest.param("arn:aws:vpc-lattice:eu-west-1:1:service/svc-", "shop-.x", None, id="an ARN without id"),
        pytest.param(ARN, "-0a1b2c3d4e5f60718.x", None, id="no name"),
    ],
)
def test_the_name_of_a_service_follows_from_arn_and_dns_name(arn: str, domain: str, name: str | None) -> None:
    assert service_name(arn, domain) == name


@pytest.mark.parametrize(
    ("metadata", "units"),
    [
        pytest.param({}, {}, id="a live route without a service"),
        pytest.param({"annotations": NOTES}, {"shop": ARN}, id="a live route with one"),
        pytest.param(LEAVING, {"one-default": None, HASHED: None}, id="leaving, nothing known"),
        pytest.param(
            {**LEAVING, "annotations": NOTES},
            {"shop": ARN, "one-default": None, HASHED: None},
            id="leaving with a service",
        ),
        pytest.param(
            {**LEAVING, "annotations": {str(Annotation.SERVICE_NAME_OVERRIDE): "mine"}},
            {"mine": None, "one-default": None, HASHED: None},
            id="leaving with an override",
        ),
        pytest.param(
            {**LEAVING, "annotations": {str(Annotation.SERVICE_NAME_OVERRIDE): "Not A Name"}},
            {"one-default": None, HASHED: None},
            id="leaving with an override that names nothing",
        ),
        pytest.param({**LEAVING, "finalizers": ["example.org/x"]}, {}, id="leaving, never held by us"),
    ],
)
def test_a_route_records_its_service(metadata: dict[str, Any], units: dict[str, Arn | None]) -> None:
    found = records_of(ref(), seen(route(**metadata)).metadata, OWNER)

    assert found == tuple(UnitRecord(ServiceKey(name), ref(), arn) for name, arn in units.items())


def test_a_gateway_that_leaves_records_its_network() -> None:
    gateway = ref("hotel", Kind.GATEWAY)
    leaving = seen(route("hotel", **{**LEAVING, "finalizers": [FINALIZERS[Kind.GATEWAY]]})).metadata

    assert records_of(gateway, leaving, OWNER) == (UnitRecord(NetworkKey("hotel"), gateway),)
    assert records_of(gateway, seen(route("hotel")).metadata, OWNER) == ()


class Memory:
    """A cluster's state and the objects that it remembers by."""

    def __init__(self) -> None:
        self.known = Known()
        self.known.installed(ALL)
        finalizers = Finalizers(
            changer=Changer(Script(), self.known, always),
            known=self.known,
            herald=NoHerald(),
            clock=LoopClock(),
            random=Random(1),
            may_write=always,
        )
        self.state = ClusterState(self.known, finalizers, OWNER)

    def put(self, version: int, **metadata: Any) -> None:
        self.known.put(seen(route(version=version, **metadata)))

    @property
    def units(self) -> set[UnitKey]:
        return set(self.state.recorded.units)


SHOP = ServiceKey("shop")


def test_objects_tell_what_is_recorded_also_those_that_were_there_before() -> None:
    memory = Memory()
    memory.put(1, annotations=NOTES)
    later = ClusterState(memory.known, memory.state._finalizers, OWNER)

    assert memory.units == set(later.recorded.units) == {SHOP}


def test_a_unit_that_is_gone_is_forgotten_although_the_object_still_names_it() -> None:
    memory = Memory()
    memory.put(1, annotations=NOTES)
    memory.state.forget_unit(SHOP)
    assert memory.units == set()

    memory.put(2, annotations=NOTES, **LEAVING)

    assert memory.units == {ServiceKey("one-default"), ServiceKey(HASHED)}


def test_a_record_outlives_its_object_until_the_unit_is_gone() -> None:
    memory = Memory()
    memory.put(1, annotations=NOTES)
    memory.known.drop(ref())
    assert memory.units == {SHOP}

    memory.state.forget_unit(SHOP)

    assert memory.units == set()


def test_the_service_that_a_route_named_before_is_still_recorded() -> None:
    memory = Memory()
    memory.put(1, annotations=NOTES)
    other = {**NOTES, str(Annotation.ASSIGNED_DOMAIN_NAME): DOMAIN.replace("shop", "mall")}
    memory.put(2, annotations=other)

    assert memory.units == {SHOP, ServiceKey("mall")}


def test_nothing_is_remembered_for_an_object_that_is_not_held() -> None:
    memory = Memory()
    memory.put(1)
    record = UnitRecord(SHOP, ref())

    with pytest.raises(StateUnwritable, match="HTTPRoute default/one does not carry the finalizer"):
        memory.state.remember_unit(record)
    memory.put(2, finalizers=[FINALIZERS[Kind.HTTP_ROUTE]])
    memory.state.remember_unit(record)

    assert memory.state.recorded.units[SHOP] == record


def test_units_of_nobody_are_simply_remembered() -> None:
    memory = Memory()

    memory.state.remember_unit(UnitRecord(SHOP, None))

    assert memory.units == {SHOP}


def test_accepted_forms_are_remembered_while_the_process_lives() -> None:
    memory, thing = Memory(), seen(route()).thing
    assert thing is not None

    memory.state.remember_accepted(thing)
    assert memory.state.recorded.accepted == {ref(): thing}
    memory.state.forget_accepted(ref())

    assert memory.state.recorded.accepted == {}
