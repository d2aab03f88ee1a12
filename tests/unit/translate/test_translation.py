"""The facade: what a change of inputs means for units, statuses and memory."""

from datetime import UTC, datetime
from itertools import permutations

import pytest
from msgspec import structs

from lattice_gateway.core.lattice.keys import GroupKey, NetworkKey, ServiceKey
from lattice_gateway.core.lattice.outcome import Done, Outcome
from lattice_gateway.core.lattice.units import Absent, Child, Forward, Held, RouteOwner, Service, Target, TargetGroup
from lattice_gateway.core.lattice.words import Arn, Owner, SourceType, Tag, Tags, VpcId
from lattice_gateway.core.objects import (
    CONTROLLER_NAME,
    BackendRef,
    Endpoint,
    EndpointPort,
    EndpointSlice,
    Filter,
    FilterType,
    Gateway,
    GatewayClass,
    GatewayClassSpec,
    GatewaySpec,
    HTTPRoute,
    HTTPRouteRule,
    HTTPRouteSpec,
    Kind,
    Listener,
    Object,
    ObjectMeta,
    ParentRef,
    ReferenceGrant,
    ServicePort,
    ServiceSpec,
    SliceAddressType,
)
from lattice_gateway.core.objects import Service as Backend
from lattice_gateway.core.objects.cluster import SERVICE_NAME_LABEL
from lattice_gateway.core.objects.grants import GrantFrom, GrantTo, ReferenceGrantSpec
from lattice_gateway.core.objects.refs import GATEWAY_API
from lattice_gateway.core.report.conditions import Type
from lattice_gateway.core.report.gateways import GatewayStatus
from lattice_gateway.core.report.routes import RouteStatus
from lattice_gateway.core.translate.inputs import Inherited, ParentOfRoute, ServiceRecord, Settled
from lattice_gateway.engine.translation import News, Translation, Unreadable
from lattice_gateway.settings import Settings

OWNER = Owner("111122223333", "c1", VpcId("vpc-1"))
BORN = datetime(2026, 1, 1, tzinfo=UTC)
SERVICE = ServiceKey("tickets-arena")
ROUTE_OWNER = RouteOwner(namespace="arena", name="tickets", source=SourceType.HTTP_ROUTE)


def meta(name: str, labels: dict[str, str] | None = None) -> ObjectMeta:
    return ObjectMeta(name=name, namespace="arena", creation_timestamp=BORN, generation=1, labels=labels or {})


CLASS = GatewayClass(metadata=ObjectMeta(name="lattice"), spec=GatewayClassSpec(controller_name=CONTROLLER_NAME))
GATEWAY = Gateway(
    metadata=meta("edge"),
    spec=GatewaySpec(gateway_class_name="lattice", listeners=(Listener(name="web", port=80, protocol="HTTP"),)),
)
PAY = Backend(metadata=meta("pay"), spec=ServiceSpec(ports=(ServicePort(name="web", port=80),)))
SITE = structs.replace(PAY, metadata=meta("site"))


def pods(*addresses: str) -> EndpointSlice:
    return EndpointSlice(
        metadata=meta("pay-x", {SERVICE_NAME_LABEL: "pay"}),
        address_type=SliceAddressType.IPV4,
        ports=(EndpointPort(name="web", port=8080),),
        endpoints=tuple(Endpoint(addresses=(address,)) for address in addresses),
    )


def route(*backends: str, parent: str = "edge", filters: tuple[Filter, ...] = ()) -> HTTPRoute:
    rule = HTTPRouteRule(backend_refs=tuple(BackendRef(name=name, port=80) for name in backends), filters=filters)
    return HTTPRoute(metadata=meta("tickets"), spec=HTTPRouteSpec(parent_refs=(ParentRef(name=parent),), rules=(rule,)))


WORLD: tuple[Object, ...] = (CLASS, GATEWAY, PAY, SITE, pods("10.0.0.1"), route("pay"))
FORBIDDEN = route("site", filters=(Filter(type=FilterType.CORS),))
GRANT = ReferenceGrant(
    metadata=structs.replace(meta("in"), namespace="vault"),
    spec=ReferenceGrantSpec(
        from_=(GrantFrom(group=GATEWAY_API, kind="HTTPRoute", namespace="arena"),),
        to=(GrantTo(group="", kind="Service"),),
    ),
)
RECORD = ServiceRecord(
    name=SERVICE.name,
    arn=Arn("arn:tickets"),
    id="svc-1",
    tags=Tags(
        {
            Tag.MANAGED_BY: str(OWNER),
            Tag.ROUTE_NAME: "tickets",
            Tag.ROUTE_NAMESPACE: "arena",
            Tag.ROUTE_TYPE: "http",
        }
    ),
)


def translation(*more: Object) -> Translation:
    made = Translation(Settings(region="us-west-2", owner=OWNER))
    made.apply(News(puts=(*WORLD, *more)))
    return made


def groups(made: Translation) -> dict[str, TargetGroup]:
    return {unit.key.name: unit for unit in made.desired().values() if isinstance(unit, TargetGroup)}


def served(made: Translation) -> News:
    """The service is as desired."""
    unit = made.desired()[SERVICE]
    outcome = Outcome(key=SERVICE, desired=unit, result=Done(), serving=unit, arn=Arn("arn"), dns_name="t.test")
    return News(outcomes={SERVICE: outcome}, services={SERVICE.name: RECORD})


def test_a_moved_pod_changes_one_group_and_recomputes_its_endpoints() -> None:
    made = translation()

    delta = made.apply(News(puts=(pods("10.0.0.2"),)))

    [unit] = delta.units.values()
    assert isinstance(unit, TargetGroup)
    assert unit.targets == {Target("10.0.0.2", 8080)}
    assert delta.recomputed == {"endpoints": 1, "gated endpoints": 1, "group": 1}


def test_a_deleted_route_takes_its_service_and_groups_with_it() -> None:
    made = translation()
    key = next(key for key in made.desired() if isinstance(key, GroupKey))

    delta = made.apply(News(gone=(route("pay").ref,)))

    assert delta.units == {SERVICE: Absent(SERVICE, ROUTE_OWNER), key: Absent(key)}
    assert set(delta.gone) == {SERVICE, key}
    assert delta.statuses[route("pay").ref] is None


def test_a_route_that_is_being_deleted_is_gone_for_us() -> None:
    made = translation()
    leaving = structs.replace(meta("tickets"), deletion_timestamp=BORN)

    delta = made.apply(News(puts=(structs.replace(route("pay"), metadata=leaving),)))

    assert delta.units[SERVICE] == Absent(SERVICE, ROUTE_OWNER)
    assert list(delta.holds) == []


def test_a_gateway_that_is_being_deleted_keeps_its_network_while_routes_attach() -> None:
    made = translation()
    leaving = structs.replace(GATEWAY, metadata=structs.replace(GATEWAY.metadata, deletion_timestamp=BORN))

    waits = made.apply(News(puts=(leaving,)))
    goes = made.apply(News(gone=(route("pay").ref,)))

    assert waits.units == {}
    assert goes.units[NetworkKey("edge")] == Absent(NetworkKey("edge"))


def test_a_deleted_gateway_takes_its_network_with_it() -> None:
    made = translation()
    made.apply(News(gone=(route("pay").ref,)))

    delta = made.apply(News(gone=(GATEWAY.ref,)))

    assert delta.units == {NetworkKey("edge"): Absent(NetworkKey("edge"))}


def test_a_deleted_gateway_with_routes_holds_them_and_its_network() -> None:
    made = translation()
    made.apply(served(made))

    delta = made.apply(News(gone=(GATEWAY.ref,)))

    held = Held(NetworkKey("edge"), "HTTPRoute arena/tickets asks for it, but no Gateway stands for it")
    assert delta.units[NetworkKey("edge")] == held
    assert delta.units[SERVICE] == Held(SERVICE, "Gateway arena/edge does not exist")
    assert list(delta.holds) == [ParentOfRoute(route("pay").ref, GATEWAY.ref)]
    assert "pay" in groups(made)


def test_a_parent_that_stays_away_is_given_up_and_the_service_stays() -> None:
    made = translation()
    made.apply(served(made))
    made.apply(News(gone=(GATEWAY.ref,)))

    delta = made.apply(News(expired=(ParentOfRoute(route("pay").ref, GATEWAY.ref),)))

    unit = delta.units[SERVICE]
    assert isinstance(unit, Service)
    assert delta.units[NetworkKey("edge")] == Absent(NetworkKey("edge"))
    assert (unit.networks, unit.listeners, unit.held_networks) == (frozenset(), (), frozenset())
    assert list(delta.released) == [ParentOfRoute(route("pay").ref, GATEWAY.ref)]


def test_a_parent_that_comes_back_starts_a_new_hold_when_it_goes_again() -> None:
    made = translation()
    made.apply(served(made))
    parent = ParentOfRoute(route("pay").ref, GATEWAY.ref)
    made.apply(News(gone=(GATEWAY.ref,)))
    made.apply(News(expired=(parent,)))
    made.apply(News(puts=(GATEWAY,)))

    delta = made.apply(News(gone=(GATEWAY.ref,)))

    assert isinstance(delta.units[SERVICE], Held)
    assert list(delta.holds) == [parent]


def test_a_route_that_is_made_again_starts_a_new_hold() -> None:
    made = translation()
    made.apply(served(made))
    parent = ParentOfRoute(route("pay").ref, GATEWAY.ref)
    made.apply(News(gone=(GATEWAY.ref,)))
    made.apply(News(expired=(parent,)))
    made.apply(News(gone=(parent.route,)))

    delta = made.apply(News(puts=(route("pay"),)))

    assert isinstance(delta.units[SERVICE], Held)
    assert list(delta.holds) == [parent]


def test_a_parent_ref_taken_out_is_held_for_a_while() -> None:
    inner = structs.replace(GATEWAY, metadata=meta("inner"))
    made = translation(inner)
    made.apply(served(made))

    delta = made.apply(News(puts=(route("pay", parent="inner"),)))

    unit = delta.units[SERVICE]
    assert isinstance(unit, Service)
    assert (unit.networks, unit.held_networks) == ({NetworkKey("inner")}, {NetworkKey("edge")})
    assert unit.others_stay == {Child.LISTENER}
    assert list(delta.holds) == [ParentOfRoute(route("pay").ref, GATEWAY.ref)]


def test_a_parent_ref_taken_out_while_nobody_looked_is_held_as_well() -> None:
    inner = structs.replace(GATEWAY, metadata=meta("inner"))
    both = structs.replace(
        route("pay"),
        spec=structs.replace(route("pay").spec, parent_refs=(ParentRef(name="edge"), ParentRef(name="inner"))),
    )
    made = Translation(Settings(region="us-west-2", owner=OWNER))
    world = (CLASS, GATEWAY, inner, PAY, SITE, pods("10.0.0.1"), route("pay", parent="inner"))

    delta = made.apply(News(puts=world, accepted=(both,), services={SERVICE.name: RECORD}))

    unit = delta.units[SERVICE]
    assert isinstance(unit, Service)
    assert (unit.networks, unit.held_networks) == ({NetworkKey("inner")}, {NetworkKey("edge")})
    assert list(delta.holds) == [ParentOfRoute(both.ref, GATEWAY.ref)]


def test_a_gateway_that_left_our_class_while_nobody_looked_is_held_and_then_given_up() -> None:
    made = Translation(Settings(region="us-west-2", owner=OWNER))
    foreign = structs.replace(GATEWAY, spec=structs.replace(GATEWAY.spec, gateway_class_name="other"))
    world = (CLASS, foreign, PAY, SITE, pods("10.0.0.1"), route("pay"))

    held = made.apply(News(puts=world, accepted=(route("pay"),), services={SERVICE.name: RECORD}))
    given_up = made.apply(News(expired=tuple(held.holds)))

    assert list(held.holds) == [ParentOfRoute(route("pay").ref, GATEWAY.ref)]
    assert isinstance(held.units[SERVICE], Held)
    unit = given_up.units[SERVICE]
    assert isinstance(unit, Service)
    assert (unit.networks, unit.held_networks) == (frozenset(), frozenset())


def test_a_class_that_is_gone_holds_as_a_gateway_does() -> None:
    made = translation()
    made.apply(served(made))

    delta = made.apply(News(gone=(CLASS.ref,)))

    assert delta.units[SERVICE] == Held(SERVICE, "Gateway arena/edge has no class of ours any more")


def test_an_edit_that_cannot_be_translated_changes_nothing_and_pods_are_followed() -> None:
    made = translation()

    delta = made.apply(News(puts=(FORBIDDEN,)))
    moved = made.apply(News(puts=(pods("10.0.0.9"),)))

    assert delta.units == {}
    assert [unit.targets for unit in moved.units.values() if isinstance(unit, TargetGroup)] == [
        {Target("10.0.0.9", 8080)}
    ]


def test_a_form_translated_whole_is_to_be_remembered_over_a_restart() -> None:
    first = Translation(Settings(region="us-west-2", owner=OWNER))
    remembered = first.apply(News(puts=WORLD)).accepted

    second = Translation(Settings(region="us-west-2", owner=OWNER))
    second.apply(News(puts=(*WORLD[:-1], FORBIDDEN), accepted=tuple(remembered.values())))

    assert list(remembered.values()) == [route("pay")]
    assert second.desired() == first.desired()


def test_a_group_that_leaves_the_rules_is_followed_until_it_has_left() -> None:
    made = translation()
    made.apply(served(made))

    made.apply(News(puts=(route("site"),)))
    meanwhile = set(groups(made))
    delta = made.apply(served(made))

    assert meanwhile == {"pay", "site"}
    assert set(groups(made)) == {"site"}
    assert [key.name for key in delta.gone if isinstance(key, GroupKey)] == ["pay"]


def test_an_unreadable_object_keeps_its_last_form() -> None:
    made = translation()
    before = made.desired()

    for thing in WORLD:
        made.apply(News(unreadable=(Unreadable(thing.ref, "broken"),)))

    assert made.desired() == before


def test_an_unreadable_route_without_a_last_form_holds_the_service_it_would_have() -> None:
    made = Translation(Settings(region="us-west-2", owner=OWNER))

    made.apply(News(puts=WORLD[:-1], unreadable=(Unreadable(route("pay").ref, "tickets.yaml: broken"),)))

    assert made.desired()[SERVICE] == Held(SERVICE, "tickets.yaml: broken")


def test_an_unreadable_slice_without_a_last_form_keeps_all_targets_of_its_namespace() -> None:
    made = translation()

    made.apply(News(unreadable=(Unreadable(structs.replace(pods().ref, name="other"), "broken"),)))

    assert groups(made)["pay"].targets is None


def test_a_service_whose_owner_is_not_read_yet_waits() -> None:
    made = Translation(Settings(region="us-west-2", owner=OWNER))

    made.apply(News(puts=WORLD, services={SERVICE.name: with_tags(None)}))

    assert made.desired()[SERVICE] == Held(SERVICE, "the owner of Lattice service tickets-arena has not been read yet")


def with_tags(tags: Tags | None) -> ServiceRecord:
    return ServiceRecord(name=RECORD.name, arn=RECORD.arn, id=RECORD.id, tags=tags)


def test_a_new_port_of_the_gateway_leaves_the_groups_alone() -> None:
    made = translation()
    more = (Listener(name="web", port=80, protocol="HTTP"), Listener(name="alt", port=81, protocol="HTTP"))

    delta = made.apply(News(puts=(structs.replace(GATEWAY, spec=structs.replace(GATEWAY.spec, listeners=more)),)))

    assert set(delta.units) == {SERVICE}
    assert "group" not in delta.recomputed


def crowd(size: int) -> Translation:
    """A translation with that many routes, which all send requests to one Service."""
    others = tuple(
        structs.replace(route("pay"), metadata=structs.replace(route("pay").metadata, name=f"r{number}"))
        for number in range(size)
    )
    return translation(*others)


def test_a_pod_that_many_routes_use_changes_their_groups_and_nothing_else() -> None:
    made = crowd(30)

    delta = made.apply(News(puts=(pods("10.0.0.2"),)))

    assert delta.recomputed == {"endpoints": 1, "gated endpoints": 1, "group": 31}
    assert all(isinstance(unit, TargetGroup) for unit in delta.units.values())


def inherited(*more: Object) -> Translation:
    """A route that the Go controller left, with a backend in a namespace that grants nothing."""
    made = Translation(Settings(region="us-west-2", owner=OWNER))
    far = BackendRef(name="pay", port=80, namespace="vault")
    rule = HTTPRouteRule(backend_refs=(far, BackendRef(name="pay", port=80)))
    left = structs.replace(route(), spec=structs.replace(route().spec, rules=(rule,)))
    vault = structs.replace(PAY, metadata=structs.replace(PAY.metadata, namespace="vault"))
    facts = {left.ref: Inherited(left.metadata.generation)}
    made.apply(News(puts=(*WORLD[:-1], left, vault, *more), services={SERVICE.name: RECORD}, inherited=facts))
    return made


def shares(made: Translation) -> list[str]:
    unit = made.desired()[SERVICE]
    assert isinstance(unit, Service)
    [rule] = unit.listeners[0].rules
    assert isinstance(rule.action, Forward)
    return [f"{share.group.namespace}/{share.group.name}" for share in rule.action.shares]


def test_a_hold_follows_pods_without_looking_at_the_route_again() -> None:
    made = inherited()

    delta = made.apply(News(puts=(pods("10.0.0.2"),)))

    assert shares(made) == ["vault/pay", "arena/pay"]
    assert [unit.targets for unit in delta.units.values() if isinstance(unit, TargetGroup)] == [
        frozenset({Target("10.0.0.2", 8080)})
    ]
    assert "route" not in delta.recomputed


@pytest.mark.parametrize(
    ("news", "kept"),
    [
        pytest.param(News(puts=(GRANT,)), True, id="what differed is mended"),
        pytest.param(News(inherited={route().ref: Settled("NoDifferences", "")}), False, id="it was over once"),
        pytest.param(News(inherited={route().ref: None}), False, id="the route says nothing any more"),
        pytest.param(News(inherited={route().ref: Inherited(9)}), False, id="the route was edited"),
    ],
)
def test_a_hold_ends(news: News, *, kept: bool) -> None:
    made = inherited()

    made.apply(news)

    assert shares(made) == (["vault/pay", "arena/pay"] if kept else ["arena/pay"])
    unit = made.desired()[SERVICE]
    assert isinstance(unit, Service)
    assert unit.others_stay == frozenset()


def test_what_ended_a_hold_does_not_bring_it_back_unless_it_was_never_told() -> None:
    made = inherited(GRANT)
    over = {route().ref: Settled("NoDifferences", "")}

    made.apply(News(gone=(GRANT.ref,)))
    untold = shares(made)
    made.apply(News(inherited=over))

    assert untold == ["vault/pay", "arena/pay"]
    assert shares(made) == ["arena/pay"]


def test_the_address_of_a_gateway_stays_while_its_route_is_served() -> None:
    old = structs.replace(route("pay"), metadata=structs.replace(route("pay").metadata, name="a-first"))
    made = translation(old)
    made.apply(served(made))
    key = ServiceKey("a-first-arena")
    unit = made.desired()[key]
    both = Outcome(key=key, desired=unit, result=Done(), serving=unit, dns_name="first.test")

    made.apply(News(outcomes={key: both}))
    kept = address(made)
    made.apply(News(gone=(route("pay").ref,)))

    assert kept == "t.test"
    assert address(made) == "first.test"


def address(made: Translation) -> str | None:
    status = made.statuses()[GATEWAY.ref]
    assert isinstance(status, GatewayStatus)
    return status.address


def test_what_an_edit_costs_does_not_depend_on_how_many_routes_there_are() -> None:
    few, many = crowd(2), crowd(30)

    costs = [made.apply(News(puts=(route("site", "pay"),))).recomputed for made in (few, many)]

    assert costs[0] == costs[1]
    assert costs[0]["route"] == 1


def test_a_route_that_attaches_recomputes_its_gateways_status_and_no_other_route() -> None:
    made = crowd(30)
    late = structs.replace(route("pay"), metadata=structs.replace(route("pay").metadata, name="late"))

    delta = made.apply(News(puts=(late,)))

    assert delta.recomputed["gateway status"] == 1
    assert delta.recomputed["route"] == 1
    assert "gateway" not in delta.recomputed


@pytest.mark.parametrize("order", [pytest.param(order, id="-".join(order)) for order in permutations("CGRSE")])
def test_any_order_of_deletion_ends_with_nothing_wanted(order: tuple[str, ...]) -> None:
    things = dict(zip("CGRSE", (CLASS, GATEWAY, route("pay"), PAY, pods()), strict=True))
    made = translation()
    made.apply(served(made))
    last = made.desired()

    for letter in order:
        last.update(made.apply(News(gone=(things[letter].ref,))).units)

    assert {key: unit for key, unit in made.desired().items() if not isinstance(unit, Absent)} == {}
    assert {type(unit) for unit in last.values()} == {Absent}


def test_grants_that_may_not_be_read_are_not_enforced_until_they_may() -> None:
    abroad = BackendRef(name="pay", namespace="elsewhere", port=80)
    spec = HTTPRouteSpec(parent_refs=(ParentRef(name="edge"),), rules=(HTTPRouteRule(backend_refs=(abroad,)),))
    far = structs.replace(route("pay"), spec=spec)
    there = structs.replace(PAY, metadata=structs.replace(PAY.metadata, namespace="elsewhere"))
    made = translation(far, there)

    enforced = made.statuses()[far.ref]
    made.apply(News(forbidden=frozenset({Kind.REFERENCE_GRANT})))
    hidden = made.statuses()[far.ref]
    made.apply(News())

    assert reason_of_references(enforced) == "RefNotPermitted"
    assert reason_of_references(hidden) == "ResolvedRefs"
    assert made.statuses()[far.ref] == enforced


def reason_of_references(status: object) -> str:
    assert isinstance(status, RouteStatus)
    return next(one.reason for one in status.parents[0].conditions if one.type is Type.RESOLVED_REFS)
