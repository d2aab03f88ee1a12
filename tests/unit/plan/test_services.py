"""Lattice services: ownership, associations, listeners, deletion."""

from dataclasses import replace

import pytest

from lattice_gateway.core.lattice.keys import NetworkKey
from lattice_gateway.core.lattice.observed import Fixed, ObservedAssociation, ObservedListener, ObservedService
from lattice_gateway.core.lattice.operations import CreateServiceAssociation, Known, TagResource
from lattice_gateway.core.lattice.outcome import Refusal
from lattice_gateway.core.lattice.units import Absent, Child
from lattice_gateway.core.lattice.words import Arn, ListenerProtocol, Status, Tag, Tags
from lattice_gateway.core.plan import holds, plan_service
from lattice_gateway.core.plan.plan import NetworkState, NoteKind, Plan, Surroundings
from tests.laws.plan.driver import OWNER
from tests.laws.plan.worlds import NETWORK, OWN, listener, route_owner, service

OTHER = NetworkKey("other")
WANTED = service([listener(80, [])])
SNSA = ObservedAssociation(
    id="snsa-1",
    arn=Arn("arn:snsa-1"),
    network_id="sn-1",
    network_arn=Arn("arn:sn-1"),
    network_name="my-hotel",
    status=Status.ACTIVE,
    tags=Tags(OWN),
)
HTTP80 = ObservedListener(
    id="listener-1",
    arn=Arn("arn:listener-1"),
    name="anything",
    port=80,
    protocol=ListenerProtocol.HTTP,
    default_action=Fixed(404),
    rules=(),
    tags=Tags(OWN),
)
THERE = ObservedService(
    id="svc-1",
    arn=Arn("arn:svc-1"),
    name="rates-default",
    status=Status.ACTIVE,
    dns_name="x",
    tags=WANTED.tags,
    associations=(SNSA,),
    listeners=(HTTP80,),
)
AROUND = Surroundings(
    networks={
        NETWORK: NetworkState(ref=Known("sn-1", Arn("arn:sn-1"))),
        OTHER: NetworkState(ref=Known("sn-2", Arn("arn:sn-2"))),
    }
)


def names(plan: object) -> list[str]:
    assert isinstance(plan, Plan)
    return [type(operation).__name__ for operation in plan.operations]


def without(*keys: str) -> Tags:
    return Tags({key: value for key, value in WANTED.tags.items() if key not in keys})


@pytest.mark.parametrize(
    ("tags", "refusal"),
    [
        pytest.param(WANTED.tags, None, id="ours"),
        pytest.param(
            without(Tag.MANAGED_BY),
            "service default/rates had a conflict: Found existing resource not owned by controller: arn:svc-1",
            id="nobody's",
        ),
        pytest.param(
            Tags({**WANTED.tags, Tag.MANAGED_BY: "1/2/3"}),
            "service default/rates had a conflict: Found existing resource not owned by controller: arn:svc-1",
            id="somebody else's",
        ),
        pytest.param(
            Tags({**WANTED.tags, Tag.ROUTE_NAME: "inventory"}),
            "service rates/default had a conflict: Found existing resource with conflicting service name: arn:svc-1",
            id="another route's",
        ),
        pytest.param(
            Tags({**WANTED.tags, Tag.ROUTE_TYPE: "grpc"}),
            "service rates/default had a conflict: Found existing resource with conflicting service name: arn:svc-1",
            id="another kind's",
        ),
    ],
)
def test_only_our_own_service_of_this_route_is_changed(tags: Tags, refusal: str | None) -> None:
    planned = plan_service(WANTED, replace(THERE, tags=tags), OWNER, AROUND)

    assert planned == (Refusal("Conflicted", refusal) if refusal else Plan(unit=WANTED.key))


@pytest.mark.parametrize(
    "missing",
    [
        pytest.param((Tag.ROUTE_NAME, Tag.ROUTE_NAMESPACE, Tag.ROUTE_TYPE), id="all"),
        pytest.param((Tag.ROUTE_TYPE,), id="only the kind"),
    ],
)
def test_missing_route_tags_are_completed_under_the_routes_own_name(missing: tuple[str, ...]) -> None:
    planned = plan_service(WANTED, replace(THERE, tags=without(*missing)), OWNER, AROUND)

    assert isinstance(planned, Plan)
    assert planned.operations == (
        TagResource(Known("svc-1", Arn("arn:svc-1")), Tags({key: WANTED.tags[key] for key in missing})),
    )


def test_under_an_override_that_would_be_a_claim() -> None:
    wanted = replace(WANTED, key=replace(WANTED.key, name="orders"))
    tags = without(Tag.ROUTE_NAME, Tag.ROUTE_NAMESPACE, Tag.ROUTE_TYPE)

    assert isinstance(plan_service(wanted, replace(THERE, name="orders", tags=tags), OWNER, AROUND), Refusal)


def test_unread_tags_are_waited_for() -> None:
    there = replace(THERE, tags=None)
    for desired in (WANTED, Absent(WANTED.key, route_owner("rates"))):
        plan = plan_service(desired, there, OWNER, AROUND)

        assert names(plan) == []
        assert isinstance(plan, Plan)
        assert holds(plan.steps[0].when[0], there, AROUND) is not None


@pytest.mark.parametrize(
    ("there", "operations"),
    [
        pytest.param(None, ["CreateService", "CreateServiceAssociation", "CreateListener"], id="missing"),
        pytest.param(
            replace(THERE, status=Status.DELETE_IN_PROGRESS),
            ["CreateService", "CreateServiceAssociation", "CreateListener"],
            id="going",
        ),
        pytest.param(
            replace(THERE, status=Status.CREATE_FAILED),
            ["DeleteService", "CreateService", "CreateServiceAssociation", "CreateListener"],
            id="failed",
        ),
        pytest.param(replace(THERE, associations=None, listeners=None), [], id="not read"),
        pytest.param(replace(THERE, listeners=(replace(HTTP80, rules=None),)), [], id="rules not read"),
        pytest.param(replace(THERE, associations=()), ["CreateServiceAssociation"], id="not associated"),
        pytest.param(
            replace(THERE, associations=(replace(SNSA, status=Status.CREATE_FAILED),)),
            ["DeleteServiceAssociation", "CreateServiceAssociation"],
            id="a failed association is made again",
        ),
        pytest.param(
            replace(THERE, associations=(replace(SNSA, status=Status.CREATE_FAILED, tags=None),)),
            [],
            id="a failed one that is not ours stays",
        ),
        pytest.param(
            replace(THERE, associations=(replace(SNSA, status=Status.DELETE_IN_PROGRESS),)),
            ["CreateServiceAssociation"],
            id="one that is going is waited for",
        ),
        pytest.param(
            replace(THERE, associations=(SNSA, replace(SNSA, id="snsa-2", network_id="sn-2"))),
            ["DeleteServiceAssociation"],
            id="ours with another network goes",
        ),
        pytest.param(
            replace(THERE, associations=(SNSA, replace(SNSA, id="snsa-2", network_id="sn-2", tags=Tags()))),
            [],
            id="somebody's with another network stays",
        ),
        pytest.param(
            replace(THERE, associations=(SNSA, replace(SNSA, id="snsa-2", network_id="sn-2", tags=None))),
            [],
            id="unread tags are not ours",
        ),
        pytest.param(
            replace(THERE, listeners=(HTTP80, replace(HTTP80, id="l-2", port=81))),
            ["DeleteListener"],
            id="a listener more",
        ),
        pytest.param(
            replace(THERE, listeners=(replace(HTTP80, protocol=ListenerProtocol.HTTPS),)),
            ["DeleteListener", "CreateListener"],
            id="another protocol on the port",
        ),
        pytest.param(
            replace(THERE, listeners=(replace(HTTP80, default_action=Fixed(500)),)),
            [],
            id="another default action stays",
        ),
    ],
)
def test_a_service_becomes_as_desired(there: ObservedService | None, operations: list[str]) -> None:
    assert names(plan_service(WANTED, there, OWNER, AROUND)) == operations


def test_a_change_of_protocol_interrupts_and_says_so() -> None:
    there = replace(THERE, listeners=(replace(HTTP80, protocol=ListenerProtocol.HTTPS),))
    plan = plan_service(WANTED, there, OWNER, AROUND)

    assert isinstance(plan, Plan)
    assert [note.kind for note in plan.notes] == [NoteKind.INTERRUPTS]


def test_a_network_is_recognised_by_its_id() -> None:
    by_id = NetworkKey("sn-1")
    around = replace(AROUND, networks={by_id: NetworkState(ref=Known("sn-1", Arn("arn:sn-1")))})

    assert names(plan_service(replace(WANTED, networks=frozenset({by_id})), THERE, OWNER, around)) == []


def test_a_network_with_a_problem_holds_only_its_own_association() -> None:
    around = replace(AROUND, networks={NETWORK: NetworkState(ref=None, problem="ambiguous")})
    plan = plan_service(WANTED, replace(THERE, listeners=()), OWNER, around)

    assert names(plan) == ["CreateListener"]
    assert isinstance(plan, Plan)
    waiting = holds(plan.steps[0].when[0], THERE, around)
    assert waiting is not None
    assert (waiting.why, waiting.on) == ("ambiguous", (NETWORK,))


def test_networks_and_listeners_that_are_held_stay() -> None:
    held = replace(WANTED, networks=frozenset(), listeners=(), held_networks=frozenset({NETWORK}))

    assert names(plan_service(replace(held, held_listeners=frozenset({80})), THERE, OWNER, AROUND)) == []
    assert names(plan_service(replace(held, others_stay=frozenset({Child.LISTENER})), THERE, OWNER, AROUND)) == []


def test_a_service_of_no_network_loses_its_association() -> None:
    assert names(plan_service(replace(WANTED, networks=frozenset()), THERE, OWNER, AROUND)) == [
        "DeleteServiceAssociation"
    ]


def test_what_is_to_stay_stays_unnamed() -> None:
    bare = replace(WANTED, networks=frozenset(), listeners=())
    loses = ["DeleteServiceAssociation", "DeleteListener"]

    assert names(plan_service(bare, THERE, OWNER, AROUND)) == loses
    assert names(plan_service(replace(bare, others_stay=frozenset(Child)), THERE, OWNER, AROUND)) == []


def test_a_certificate_is_changed_and_never_removed() -> None:
    certified = replace(THERE, certificate=Arn("arn:acm:1"))

    assert names(plan_service(WANTED, certified, OWNER, AROUND)) == []
    assert names(plan_service(replace(WANTED, certificate=Arn("arn:acm:2")), certified, OWNER, AROUND)) == [
        "UpdateService"
    ]


def test_a_changed_domain_is_told_and_not_written() -> None:
    plan = plan_service(replace(WANTED, custom_domain="a.example"), THERE, OWNER, AROUND)

    assert names(plan) == []
    assert isinstance(plan, Plan)
    assert [note.kind for note in plan.notes] == [NoteKind.IMMUTABLE]


def test_additional_tags_reach_the_parts_and_our_own_stamp_does_not() -> None:
    stamped = replace(SNSA, tags=Tags(OWN))
    claimed = replace(HTTP80, tags=Tags())
    wanted = replace(WANTED, child_tags=Tags({**OWN, "team": "a"}))

    plan = plan_service(wanted, replace(THERE, associations=(stamped,), listeners=(claimed,)), OWNER, AROUND)

    assert isinstance(plan, Plan)
    put = {operation.resource.id: set(operation.tags) for operation in plan.operations}  # type: ignore[union-attr]
    assert put == {"snsa-1": {"team", Tag.TAG_KEYS}, "listener-1": {"team", Tag.TAG_KEYS}}


@pytest.mark.parametrize(
    ("there", "operations"),
    [
        pytest.param(None, [], id="gone"),
        pytest.param(THERE, ["DeleteServiceAssociation", "DeleteService"], id="ours"),
        pytest.param(
            replace(THERE, associations=(replace(SNSA, tags=Tags()),)),
            ["DeleteServiceAssociation", "DeleteService"],
            id="with somebody's association",
        ),
        pytest.param(
            replace(THERE, associations=(replace(SNSA, status=Status.DELETE_IN_PROGRESS),)),
            ["DeleteService"],
            id="an association on its way",
        ),
        pytest.param(replace(THERE, associations=None), [], id="associations not read"),
        pytest.param(replace(THERE, status=Status.DELETE_IN_PROGRESS), [], id="on its way"),
        pytest.param(replace(THERE, tags=Tags({**THERE.tags, Tag.ROUTE_NAME: "x"})), [], id="another route's"),  # type: ignore[dict-item]
        pytest.param(replace(THERE, tags=Tags(OWN)), [], id="no route's"),
        pytest.param(replace(THERE, tags=without(Tag.MANAGED_BY)), [], id="nobody's"),
    ],
)
def test_a_service_goes_only_where_everything_proves_it(there: ObservedService | None, operations: list[str]) -> None:
    assert names(plan_service(Absent(WANTED.key, route_owner("rates")), there, OWNER, AROUND)) == operations


def test_a_service_of_another_arn_than_the_recorded_stays() -> None:
    assert names(plan_service(Absent(WANTED.key, route_owner("rates"), Arn("arn:svc-0")), THERE, OWNER, AROUND)) == []


def test_somebodys_association_that_goes_with_the_service_is_named() -> None:
    there = replace(THERE, associations=(replace(SNSA, tags=Tags()),))
    plan = plan_service(Absent(WANTED.key, route_owner("rates")), there, OWNER, AROUND)

    assert isinstance(plan, Plan)
    assert [note.text for note in plan.notes][1] == (
        "its association with my-hotel (snsa-1), which is not ours, goes with it"
    )


def test_an_association_with_a_network_that_is_still_to_come_waits_for_it() -> None:
    around = Surroundings()
    plan = plan_service(WANTED, replace(THERE, associations=()), OWNER, around)

    assert not any(isinstance(operation, CreateServiceAssociation) for operation in plan.operations)  # type: ignore[union-attr]
    assert not plan.empty  # type: ignore[union-attr]
