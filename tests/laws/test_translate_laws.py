"""Laws of the translation, on made-up worlds: sense and nonsense, in any order, with any history."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from lattice_gateway.core.lattice.keys import GroupKey, ServiceKey, UnitKey
from lattice_gateway.core.lattice.outcome import Done, Outcome, Waiting
from lattice_gateway.core.lattice.units import Desired
from lattice_gateway.core.lattice.words import Arn, Owner, Tags, VpcId
from lattice_gateway.core.objects import (
    CONTROLLER_NAME,
    READINESS_GATE,
    AllowedRoutes,
    BackendRef,
    Endpoint,
    EndpointConditions,
    EndpointPort,
    EndpointSlice,
    Filter,
    FilterType,
    FromNamespaces,
    Gateway,
    GatewayClass,
    GatewayClassSpec,
    GatewaySpec,
    GRPCRoute,
    HeaderMatch,
    HTTPRoute,
    HTTPRouteMatch,
    HTTPRouteRule,
    HTTPRouteSpec,
    LabelSelector,
    Listener,
    Method,
    Namespace,
    Object,
    ObjectMeta,
    ParentRef,
    PathMatch,
    PathType,
    Pod,
    PodCondition,
    PodIP,
    PodSpec,
    PodStatus,
    ReadinessGate,
    Ref,
    ReferenceGrant,
    RouteGroupKind,
    RouteNamespaces,
    Service,
    ServicePort,
    ServiceSpec,
    ServiceType,
    SliceAddressType,
)
from lattice_gateway.core.objects.cluster import SERVICE_NAME_LABEL, ObjectReference, TransportProtocol
from lattice_gateway.core.objects.grants import GrantFrom, GrantTo, ReferenceGrantSpec
from lattice_gateway.core.objects.refs import GATEWAY_API, Kind
from lattice_gateway.core.objects.routes import OtherRouteSpec
from lattice_gateway.core.report.program import WHOLE
from lattice_gateway.core.report.writing import write_status
from lattice_gateway.core.translate.inputs import Inherited, ParentOfRoute, ServiceRecord, Settled
from lattice_gateway.core.translate.services import SERVICE_VIEWS
from lattice_gateway.core.translate.tree import tree
from lattice_gateway.engine.incremental import Incremental
from lattice_gateway.engine.translation import News, Translation, TranslationDelta, Unreadable, translate
from lattice_gateway.settings import Settings
from tests.examples import examples

OWNER = Owner("111122223333", "c1", VpcId("vpc-1"))
SETTINGS = Settings(region="us-west-2", owner=OWNER)
NAMESPACES = ("red", "blue")
P = "application-networking.k8s.aws/"
WORLDS = settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))

names = st.sampled_from(("one", "two", "a.b", "seat-map-renderer-api-a", "seat-map-renderer-api-b"))
namespaces = st.sampled_from(NAMESPACES)
maybe_namespace = st.one_of(st.none(), namespaces)
hosts = st.sampled_from(("a.test", "b.test", "*.test", "*.other"))


def metas(names: st.SearchStrategy[str], annotations: st.SearchStrategy[Mapping[str, str]]) -> Any:
    return st.builds(
        ObjectMeta,
        name=names,
        namespace=namespaces,
        generation=st.integers(1, 3),
        creation_timestamp=st.one_of(
            st.none(), st.integers(0, 5).map(lambda hour: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour))
        ),
        deletion_timestamp=st.one_of(st.none(), st.none(), st.none(), st.just(datetime(2026, 2, 1, tzinfo=UTC))),
        annotations=annotations,
    )


no_annotations: st.SearchStrategy[Mapping[str, str]] = st.just({})
switches = st.sampled_from(("true", "false", " TRUE", "", "maybe"))
route_annotations = st.fixed_dictionaries(
    {},
    optional={
        f"{P}standalone": switches,
        f"{P}paused": switches,
        f"{P}tags": st.sampled_from(("a=b", "a=b,c", "=,=", "aws:x=y", ",".join(f"k{n}=v" for n in range(60)))),
        f"{P}service-name-override": st.sampled_from(("box-office", "one-red", "svc-x", "", "UPPER")),
        f"{P}allow-takeover-from": st.sampled_from(("111122223333/c2/vpc-2", " ")),
        f"{P}rule-0-priority": st.sampled_from(("1", "2000", "0", "x", "1e3")),
        f"{P}rule-1-priority": st.sampled_from(("1", "2", "-5")),
    },
)
plain_matches = st.builds(
    HTTPRouteMatch,
    path=st.builds(PathMatch, value=st.sampled_from(("/", "/a", "/b"))),
    method=st.sampled_from((None, Method.GET)),
)
matches = st.builds(
    HTTPRouteMatch,
    path=st.builds(
        PathMatch, type=st.sampled_from(PathType), value=st.sampled_from(("/", "/a", "/a/", "x", "/" * 300))
    ),
    headers=st.lists(
        st.builds(HeaderMatch, name=st.sampled_from(("a", "A", "b", "x" * 120)), value=st.sampled_from(("1", "2"))),
        max_size=7,
    ).map(tuple),
    method=st.one_of(st.none(), st.sampled_from(Method)),
)
backends = st.builds(
    BackendRef,
    name=st.sampled_from(("pay", "site", "gone")),
    group=st.sampled_from(("", "", "", "apps")),
    kind=st.sampled_from(("Service", "Service", "Service", "ServiceImport", "Pod")),
    namespace=maybe_namespace,
    port=st.one_of(st.none(), st.sampled_from((80, 81))),
    weight=st.sampled_from((0, 1, 5, 1_000_000)),
)
filters = st.lists(st.builds(Filter, type=st.sampled_from(FilterType)), max_size=1).map(tuple)
plain_rules = st.builds(
    HTTPRouteRule,
    matches=st.lists(plain_matches, max_size=2).map(tuple),
    backend_refs=st.lists(
        st.builds(BackendRef, name=st.sampled_from(("pay", "site")), port=st.just(80), weight=st.integers(0, 3)),
        max_size=2,
    ).map(tuple),
)
odd_rules = st.builds(
    HTTPRouteRule,
    matches=st.lists(matches, max_size=3).map(tuple),
    filters=st.one_of(st.just(()), st.just(()), filters),
    backend_refs=st.lists(backends, max_size=3).map(tuple),
)
rules = st.one_of(plain_rules, plain_rules, plain_rules, odd_rules)
parents = st.one_of(
    st.just(ParentRef(name="edge", namespace="red")),
    st.just(ParentRef(name="inner", namespace="blue")),
    st.builds(
        ParentRef,
        name=st.sampled_from(("edge", "inner", "nowhere")),
        namespace=maybe_namespace,
        kind=st.sampled_from(("Gateway", "Gateway", "Gateway", "Service")),
        section_name=st.one_of(st.none(), st.sampled_from(("web", "alt"))),
        port=st.one_of(st.none(), st.none(), st.sampled_from((80, 81))),
    ),
)
routes = st.builds(
    HTTPRoute,
    metadata=metas(names, route_annotations),
    spec=st.builds(
        HTTPRouteSpec,
        parent_refs=st.lists(parents, min_size=1, max_size=3).map(tuple),
        hostnames=st.one_of(st.just(()), st.lists(hosts, max_size=2).map(tuple)),
        rules=st.lists(rules, min_size=1, max_size=3).map(tuple),
    ),
)
grpc_routes = st.builds(
    GRPCRoute,
    metadata=metas(names, no_annotations),
    spec=st.builds(OtherRouteSpec, parent_refs=st.lists(parents, max_size=1).map(tuple)),
)
listeners = st.builds(
    Listener,
    name=st.sampled_from(("web", "alt")),
    port=st.sampled_from((80, 81)),
    protocol=st.sampled_from(("HTTP", "HTTP", "HTTP", "HTTPS", "TLS", "TCP")),
    hostname=st.one_of(st.none(), st.none(), hosts),
    allowed_routes=st.builds(
        AllowedRoutes,
        namespaces=st.builds(
            RouteNamespaces,
            from_=st.sampled_from((*FromNamespaces, FromNamespaces.ALL)),
            selector=st.one_of(st.none(), st.just(LabelSelector(match_labels={"team": "blue"}))),
        ),
        kinds=st.lists(st.builds(RouteGroupKind, kind=st.sampled_from(("HTTPRoute", "TCPRoute"))), max_size=2).map(
            tuple
        ),
    ),
)
gateways = st.builds(
    Gateway,
    metadata=metas(
        st.sampled_from(("edge", "inner")),
        st.fixed_dictionaries({}, optional={f"{P}standalone": switches, f"{P}paused": switches}),
    ),
    spec=st.builds(
        GatewaySpec,
        gateway_class_name=st.sampled_from(("lattice", "lattice", "lattice", "other")),
        listeners=st.lists(listeners, min_size=1, max_size=3, unique_by=lambda one: one.name).map(tuple),
    ),
)
classes = st.builds(
    GatewayClass,
    metadata=st.builds(ObjectMeta, name=st.sampled_from(("lattice", "other"))),
    spec=st.builds(
        GatewayClassSpec, controller_name=st.sampled_from((CONTROLLER_NAME, CONTROLLER_NAME, "example.com/other"))
    ),
)
protocols = st.sampled_from((TransportProtocol.TCP, TransportProtocol.TCP, TransportProtocol.UDP))
services = st.builds(
    Service,
    metadata=metas(st.sampled_from(("pay", "site")), no_annotations),
    spec=st.builds(
        ServiceSpec,
        ports=st.lists(
            st.builds(
                ServicePort, name=st.sampled_from(("", "web")), port=st.sampled_from((80, 81)), protocol=protocols
            ),
            max_size=2,
        ).map(tuple),
        type=st.sampled_from((*ServiceType,)),
        selector=st.sampled_from(({}, {"app": "pay"})),
        publish_not_ready_addresses=st.booleans(),
        cluster_ip=st.sampled_from((None, "None", "10.0.0.1", "fd00::1")),
    ),
)
pod_names = st.sampled_from(("p", "q"))
gate_types = st.sampled_from((READINESS_GATE, READINESS_GATE, "example.org/other"))
pods = st.builds(
    lambda meta, uid, labels, gates, conditions: Pod(
        metadata=structs.replace(meta, uid=uid, labels=labels),
        spec=PodSpec(readiness_gates=tuple(ReadinessGate(condition_type=gate) for gate in gates)),
        status=PodStatus(pod_ips=(PodIP(ip="10.0.0.1"), PodIP(ip="10.0.0.3")), conditions=conditions),
    ),
    metas(pod_names, no_annotations),
    st.sampled_from(("1", "2")),
    st.sampled_from(({}, {"app": "pay"})),
    st.lists(gate_types, min_size=1, max_size=2),
    st.lists(
        st.builds(
            PodCondition,
            type=st.sampled_from(("ContainersReady", "ContainersReady", READINESS_GATE, "example.org/other")),
            status=st.sampled_from(("True", "True", "False")),
        ),
        max_size=3,
    ).map(tuple),
)
slices = st.builds(
    lambda meta, service, kind, ports, endpoints: EndpointSlice(
        metadata=structs.replace(meta, labels={SERVICE_NAME_LABEL: service} if service else {}),
        address_type=kind,
        ports=ports,
        endpoints=endpoints,
    ),
    metas(st.sampled_from(("x", "y")), no_annotations),
    st.sampled_from(("pay", "site", "")),
    st.sampled_from(SliceAddressType),
    st.lists(
        st.builds(
            EndpointPort, name=st.sampled_from(("", "web")), port=st.sampled_from((None, 8080)), protocol=protocols
        )
    ).map(tuple),
    st.lists(
        st.builds(
            Endpoint,
            addresses=st.sampled_from((("10.0.0.1",), ("10.0.0.2", "10.0.0.3"))),
            conditions=st.builds(EndpointConditions, ready=st.booleans(), terminating=st.booleans()),
            target_ref=st.one_of(
                st.none(),
                st.builds(ObjectReference, kind=st.just("Pod"), name=pod_names, uid=st.sampled_from(("", "1", "2"))),
            ),
        ),
        max_size=3,
    ).map(tuple),
)
grants = st.builds(
    ReferenceGrant,
    metadata=metas(st.just("in"), no_annotations),
    spec=st.builds(
        lambda namespace, name: ReferenceGrantSpec(
            from_=(GrantFrom(group=GATEWAY_API, kind="HTTPRoute", namespace=namespace),),
            to=(GrantTo(group="", kind="Service", name=name),),
        ),
        namespaces,
        st.sampled_from((None, "pay")),
    ),
)
namespace_objects = st.builds(
    lambda name, team: Namespace(metadata=ObjectMeta(name=name, labels={"team": team})),
    namespaces,
    st.sampled_from(("blue", "green")),
)
objects: st.SearchStrategy[Object] = st.one_of(
    classes,
    gateways,
    gateways,
    routes,
    routes,
    routes,
    grpc_routes,
    services,
    slices,
    slices,
    pods,
    pods,
    grants,
    namespace_objects,
)


def _ground() -> list[Object]:
    """A class, two open Gateways, and in each namespace two Services with a pod, and one that waits for its gate."""
    ground: list[Object] = [
        GatewayClass(metadata=ObjectMeta(name="lattice"), spec=GatewayClassSpec(controller_name=CONTROLLER_NAME))
    ]
    everywhere = AllowedRoutes(namespaces=RouteNamespaces(from_=FromNamespaces.ALL))
    for name, namespace in (("edge", "red"), ("inner", "blue")):
        listener = Listener(name="web", port=80, protocol="HTTP", allowed_routes=everywhere)
        spec = GatewaySpec(gateway_class_name="lattice", listeners=(listener,))
        ground.append(Gateway(metadata=ObjectMeta(name=name, namespace=namespace), spec=spec))
    waiting = Endpoint(
        addresses=("10.0.0.3",),
        conditions=EndpointConditions(ready=False),
        target_ref=ObjectReference(kind="Pod", name="p", uid="1"),
    )
    for namespace in NAMESPACES:
        for name in ("pay", "site"):
            meta = ObjectMeta(name=name, namespace=namespace)
            ground.append(
                Service(
                    metadata=meta, spec=ServiceSpec(ports=(ServicePort(name="web", port=80),), selector={"app": name})
                )
            )
            ground.append(
                EndpointSlice(
                    metadata=structs.replace(meta, labels={SERVICE_NAME_LABEL: name}),
                    address_type=SliceAddressType.IPV4,
                    ports=(EndpointPort(name="web", port=8080),),
                    endpoints=(Endpoint(addresses=("10.0.0.1",)), waiting),
                )
            )
        ground.append(
            Pod(
                metadata=ObjectMeta(name="p", namespace=namespace, uid="1"),
                spec=PodSpec(readiness_gates=(ReadinessGate(condition_type=READINESS_GATE),)),
                status=PodStatus(
                    pod_ips=(PodIP(ip="10.0.0.3"),), conditions=(PodCondition(type="ContainersReady", status="True"),)
                ),
            )
        )
    return ground


GROUND = _ground()
worlds = st.builds(
    lambda ground, most, some: list({thing.ref: thing for thing in (*ground, *most, *some)}.values()),
    st.sampled_from(((), GROUND, GROUND, GROUND, GROUND)),
    st.lists(routes, min_size=2, max_size=6),
    st.lists(objects, max_size=8),
)

records = st.builds(
    lambda name, managed, route: ServiceRecord(
        name=name,
        arn=Arn(f"arn:{name}"),
        id=name,
        tags=None if managed is None else Tags({f"{P}ManagedBy": managed, **route} if managed else {}),
    ),
    st.sampled_from(("one-red", "two-blue", "box-office", "seat-map-renderer-ap-red")),
    st.sampled_from((None, "", str(OWNER), str(OWNER), "111122223333/c2/vpc-2")),
    st.one_of(
        st.just({}),
        st.builds(
            lambda name, namespace: {f"{P}RouteName": name, f"{P}RouteNamespace": namespace, f"{P}RouteType": "http"},
            names,
            namespaces,
        ),
    ),
)
route_refs = st.builds(Ref, st.just(Kind.HTTP_ROUTE), namespaces, names)
gateway_refs = st.builds(Ref, st.just(Kind.GATEWAY), namespaces, st.sampled_from(("edge", "inner")))
inheritances = st.one_of(
    st.none(), st.builds(Inherited, generation=st.integers(1, 3)), st.just(Settled("NoDifferences", ""))
)
any_refs = st.one_of(route_refs, gateway_refs, objects.map(lambda thing: thing.ref))
news = st.one_of(
    objects.map(lambda thing: News(puts=(thing,))),
    worlds.map(lambda found: News(puts=tuple(found))),
    any_refs.map(lambda ref: News(gone=(ref,))),
    any_refs.map(lambda ref: News(unreadable=(Unreadable(ref, "broken"),))),
    records.map(lambda record: News(services={record.name: record})),
    records.map(lambda record: News(services={record.name: None})),
    st.builds(lambda route, gateway: News(expired=(ParentOfRoute(route, gateway),)), route_refs, gateway_refs),
    st.builds(lambda ref, fact: News(inherited={ref: fact}), route_refs, inheritances),
    st.sampled_from(("outcomes",)).map(lambda _: News()),
)


@dataclass
class Mirror:
    """What the deltas of a translation add up to."""

    units: dict[UnitKey, Desired]
    statuses: dict[Ref, Any]
    waiting: dict[Ref, Any] = field(default_factory=dict)

    def take(self, delta: TranslationDelta) -> None:
        assert delta.crashes == []
        for key, desired in delta.units.items():
            self.units[key] = desired
        for ref, status in delta.statuses.items():
            self.statuses[ref] = status
        self.waiting.update(delta.waiting)


def outcomes(translation: Translation, chance: random.Random) -> News:
    """Some units have been executed, some still wait."""
    found: dict[UnitKey, Outcome | None] = {}
    for key, unit in translation.desired().items():
        match chance.randrange(4):
            case 0:
                found[key] = Outcome(key=key, desired=unit, result=Done(), serving=unit, dns_name=f"{key}.test")
            case 1:
                found[key] = Outcome(key=key, desired=unit, result=Waiting("creating"))
            case 2:
                found[key] = None
    return News(outcomes=found)


@WORLDS
@given(world=worlds, later=st.lists(news, min_size=1, max_size=10), seed=st.integers(0, 1000))
def test_any_history_ends_in_what_is_computed_from_nothing(world: list[Object], later: list[News], seed: int) -> None:
    chance = random.Random(seed)
    translation = Translation(SETTINGS)
    mirror = Mirror({}, {})
    for step in (News(puts=tuple(world)), News(), *later):
        mirror.take(translation.apply(step if step != News() else outcomes(translation, chance)))

    engine = translation._engine
    fresh = Incremental(WHOLE, SETTINGS)
    for inputs, nodes in engine._inputs.items():
        for key in nodes:
            value = engine.get(inputs, key)
            if value is not None:
                fresh.put(inputs, key, value)
    changes = fresh.refresh()

    assert changes.crashes == []
    for cells in WHOLE.cells:
        if cells.per:
            assert engine.results(cells) == fresh.results(cells), cells.name
    wanted = translation.desired()
    assert {key: unit for key, unit in mirror.units.items() if key in wanted} == wanted
    assert {ref: status for ref, status in mirror.statuses.items() if status is not None} == translation.statuses()
    assert {ref: waiting for ref, waiting in mirror.waiting.items() if waiting is not None} == translation.waiting()


@WORLDS
@given(world=worlds, known=st.lists(records, max_size=3), seed=st.integers(0, 1000))
def test_the_order_of_inputs_does_not_show(world: list[Object], known: list[ServiceRecord], seed: int) -> None:
    facts = {record.name: record for record in known}
    shuffled = list(world)
    random.Random(seed).shuffle(shuffled)

    one = translate(SETTINGS, News(puts=tuple(world), services=facts))
    other = translate(SETTINGS, News(puts=tuple(shuffled), services=facts))

    assert one == other
    assert list(one.units) == list(other.units)
    assert list(tree(one)) == list(tree(other))


@WORLDS
@given(world=worlds, thing=objects)
def test_what_is_put_again_recomputes_nothing(world: list[Object], thing: Object) -> None:
    translation = Translation(SETTINGS)
    translation.apply(News(puts=(*world, thing)))

    again = translation.apply(News(puts=tuple(structs.replace(one) for one in (*world, thing))[-1:]))

    assert again.recomputed == {}
    assert again.units == {}


@WORLDS
@given(world=worlds, bad=routes, filtered=st.sampled_from(FilterType))
def test_a_bad_route_changes_no_unit_of_another(world: list[Object], bad: HTTPRoute, filtered: FilterType) -> None:
    translation = Translation(SETTINGS)
    translation.apply(News(puts=(*(thing for thing in world if thing.ref != bad.ref), bad)))
    before = _of_others(translation, bad)
    rule = structs.replace(bad.spec.rules[0], filters=(Filter(type=filtered),))
    spec = structs.replace(bad.spec, rules=(rule, *bad.spec.rules[1:]))

    translation.apply(News(puts=(structs.replace(bad, spec=spec),)))

    assert _of_others(translation, bad) == before


@WORLDS
@given(world=worlds, ref=st.data())
def test_what_cannot_be_read_any_more_changes_no_unit(world: list[Object], ref: st.DataObject) -> None:
    translation = Translation(SETTINGS)
    translation.apply(News(puts=tuple(world)))
    before = translation.desired()
    if not world:
        return

    broken = ref.draw(st.sampled_from(world)).ref
    delta = translation.apply(News(unreadable=(Unreadable(broken, "broken"),)))

    assert translation.desired() == before
    assert delta.gone == ()


@WORLDS
@given(world=worlds)
def test_every_status_is_written_once(world: list[Object]) -> None:
    translation = Translation(SETTINGS)
    translation.apply(News(puts=tuple(world)))

    for status in translation.statuses().values():
        first = write_status(status, None, "2026-01-01T00:00:00Z")
        assert write_status(status, first, "2027-01-01T00:00:00Z") == first


def _of_others(translation: Translation, route: HTTPRoute) -> dict[UnitKey, Desired]:
    """The units that do not belong to a route: neither the service that it has nor the groups of that."""
    services = translation._engine.results(SERVICE_VIEWS)
    own = {name for name, service in services.items() if service and service.holder == route.ref}
    return {key: unit for key, unit in translation.desired().items() if _service_of(key) not in own}


def _service_of(key: UnitKey) -> str | None:
    match key:
        case ServiceKey(name):
            return name
        case GroupKey(service=service):
            return service
        case _:
            return None
