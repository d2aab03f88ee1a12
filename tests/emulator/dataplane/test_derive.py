"""What the world's state becomes in the data plane."""

from dataclasses import replace

import pytest

from lattice_emulator.dataplane import view as v
from lattice_emulator.dataplane.addresses import parse_mapping
from lattice_emulator.dataplane.derive import MAX_PORTS, Derivation, checks_of, view_of
from lattice_emulator.dataplane.reach import AnyClient, ClientVpc
from lattice_emulator.dataplane.verdict import Check, Subject
from lattice_emulator.world import model as m
from lattice_emulator.world.knobs import Knobs
from lattice_emulator.world.state import State
from tests.emulator.dataplane.worlds import HEALTH_CHECK, WorldInHand

BY = Derivation(ClientVpc("vpc-1"), (parse_mapping("10.244.0.0/16=127.244.0.0/16"),), Knobs())
PENDING, HEALTHY, UNHEALTHY = m.Health.PENDING, m.Health.HEALTHY, m.Health.UNHEALTHY
ACTIVE, CREATING, DELETING = m.Status.ACTIVE, m.Status.CREATING, m.Status.DELETING


@pytest.fixture
def world() -> WorldInHand:
    """Service 1 with one HTTP listener that forwards to group 1, reachable from vpc-1."""
    world = WorldInHand()
    world.put_group(1)
    world.put_service(1, world.forward((1, 100)))
    world.associate(1)
    return world


def only_service(state: State, by: Derivation = BY) -> v.Service:
    return view_of(state, by).services[0]


def test_a_service_has_its_names_its_way_and_its_rules(world: WorldInHand) -> None:
    match = m.Match(
        "GET", m.PathMatch(m.PathKind.PREFIX, "/a", None), (m.HeaderMatch("X", m.HeaderKind.EXACT, "y", None),)
    )
    world.put_rule(
        1, 20, m.Match(None, m.PathMatch(m.PathKind.EXACT, "/b", case_sensitive=False), ()), m.FixedResponse(404)
    )
    world.put_rule(1, 10, match, m.FixedResponse(500))

    assert only_service(world.state) == v.Service(
        id="svc-1",
        arn="arn:aws:vpc-lattice:us-west-2:111122223333:service/svc-1",
        names=("s1.on.aws",),
        reach=v.Reachable(
            "arn:aws:vpc-lattice:us-west-2:111122223333:servicenetwork/sn-1",
            "vpc-1",
            "arn:aws:ec2:us-west-2:111122223333:vpc/vpc-1",
        ),
        idle_seconds=60,
        listeners=(
            v.Listener(
                id="listener-1-80",
                port=80,
                protocol=v.Http(),
                rules=(
                    v.Rule(v.Match("GET", v.Prefix("/a"), (v.HeaderMatch("X", v.Compare.EXACT, "y"),)), v.Fixed(500)),
                    v.Rule(v.Match(path=v.Exact("/b", case_sensitive=False)), v.Fixed(404)),
                ),
                default=v.Forward((v.Share("tg-1", 100),)),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("service", "into_network", "into_vpc", "vpc", "reachable"),
    [
        pytest.param(ACTIVE, ACTIVE, ACTIVE, "vpc-1", True, id="joined"),
        pytest.param(ACTIVE, ACTIVE, m.Status.UPDATING, "vpc-1", True, id="joined while the VPC's side changes"),
        pytest.param(CREATING, ACTIVE, ACTIVE, "vpc-1", False, id="the service is not ready"),
        pytest.param(ACTIVE, CREATING, ACTIVE, "vpc-1", False, id="not in the network yet"),
        pytest.param(ACTIVE, DELETING, ACTIVE, "vpc-1", False, id="leaving the network"),
        pytest.param(ACTIVE, ACTIVE, CREATING, "vpc-1", False, id="the VPC is not in the network yet"),
        pytest.param(ACTIVE, ACTIVE, ACTIVE, "vpc-2", False, id="another VPC"),
    ],
)
def test_a_service_is_reached_through_a_network_of_the_clients_vpc(
    world: WorldInHand, service: m.Status, into_network: m.Status, into_vpc: m.Status, vpc: str, reachable: bool
) -> None:
    world.state.services.put(replace(world.state.services["svc-1"], status=service))
    world.associate(1, into_network, into_vpc)

    reach = only_service(world.state, replace(BY, client=ClientVpc(vpc))).reach

    assert isinstance(reach, v.Reachable) is reachable


def test_any_client_reaches_a_service_of_no_network() -> None:
    world = WorldInHand()
    world.put_service(1, m.FixedResponse(404))

    assert only_service(world.state, replace(BY, client=AnyClient())).reach == v.Reachable("", "", "")


T = tuple[m.Health, bool]
UP, DOWN, NEW, LEAVING = (HEALTHY, True), (UNHEALTHY, True), (PENDING, True), (HEALTHY, False)


@pytest.mark.parametrize(
    ("targets", "serving"),
    [
        pytest.param((UP, UP), (1, 2), id="all healthy"),
        pytest.param((UP, DOWN), (1,), id="the healthy one"),
        pytest.param((UP, NEW), (1,), id="not the one still being checked"),
        pytest.param((DOWN, DOWN), (1, 2), id="all when none is healthy"),
        pytest.param((NEW, DOWN), (1, 2), id="all when none is healthy yet"),
        pytest.param((LEAVING, UP), (2,), id="never a draining one"),
        pytest.param((LEAVING, DOWN), (2,), id="nor when the other is unhealthy"),
        pytest.param((LEAVING,), (), id="nobody"),
    ],
)
def test_targets_serve_by_their_health(world: WorldInHand, targets: tuple[T, ...], serving: tuple[int, ...]) -> None:
    for number, (health, registered) in enumerate(targets, 1):
        world.put_target(1, f"10.244.0.{number}", health, registered=registered)

    endpoints = view_of(world.state, BY).groups[0].endpoints

    assert endpoints == tuple(v.Endpoint(f"127.244.0.{number}", 8080) for number in serving)


def test_targets_still_being_checked_serve_beside_healthy_ones_by_knob(world: WorldInHand) -> None:
    for number, health in enumerate((HEALTHY, PENDING, UNHEALTHY), 1):
        world.put_target(1, f"10.244.0.{number}", health)

    by = replace(BY, knobs=replace(BY.knobs, initial_targets_serve=True))

    assert [e.address for e in view_of(world.state, by).groups[0].endpoints] == ["127.244.0.1", "127.244.0.2"]


def test_without_health_check_all_registered_targets_serve(world: WorldInHand) -> None:
    world.put_group(1, check=replace(HEALTH_CHECK, enabled=False))
    world.put_target(1, "10.244.0.1", PENDING)
    world.put_target(1, "10.244.0.2", HEALTHY, registered=False)

    assert [e.address for e in view_of(world.state, BY).groups[0].endpoints] == ["127.244.0.1"]
    assert checks_of(world.state, BY) == {}


def test_a_registered_target_of_a_used_group_is_checked_where_it_listens(world: WorldInHand) -> None:
    world.put_group(2)
    world.put_target(1, "10.244.0.1", UNHEALTHY)
    world.put_target(1, "10.244.0.2", HEALTHY, registered=False)
    world.put_target(2, "10.244.0.3", PENDING)

    assert checks_of(world.state, BY) == {
        Subject("tg-1", m.TargetKey("10.244.0.1", 8080)): Check(
            v.Endpoint("127.244.0.1", 8080), HEALTH_CHECK, UNHEALTHY
        )
    }


def test_a_check_may_have_a_port_of_its_own(world: WorldInHand) -> None:
    world.put_group(1, check=replace(HEALTH_CHECK, port=9000))
    world.put_target(1, "10.244.0.1", PENDING)

    assert [check.where.port for check in checks_of(world.state, BY).values()] == [9000]


@pytest.mark.parametrize(
    ("protocol", "version", "upstream"),
    [
        (m.GroupProtocol.HTTP, m.ProtocolVersion.HTTP1, v.Plain(v.Speaks.HTTP1)),
        (m.GroupProtocol.HTTP, m.ProtocolVersion.GRPC, v.Plain(v.Speaks.HTTP2)),
        (m.GroupProtocol.HTTPS, m.ProtocolVersion.HTTP2, v.Tls(v.Speaks.HTTP2)),
        (m.GroupProtocol.TCP, None, v.NotCarried("protocol TCP")),
    ],
)
def test_a_group_is_spoken_to_as_it_says(
    world: WorldInHand, protocol: m.GroupProtocol, version: m.ProtocolVersion | None, upstream: v.Upstream
) -> None:
    group = world.state.target_groups["tg-1"]
    assert group.config is not None
    world.state.target_groups.put(replace(group, config=replace(group.config, protocol=protocol, version=version)))

    assert view_of(world.state, BY).groups[0].upstream == upstream


def test_the_oldest_service_keeps_a_name_that_two_claim() -> None:
    world = WorldInHand()
    world.put_service(2, m.FixedResponse(404), custom="Shop.example")
    world.put_service(1, m.FixedResponse(404), custom="shop.example")

    assert [s.names for s in view_of(world.state, BY).services] == [("s1.on.aws",), ("s2.on.aws", "shop.example")]


@pytest.mark.parametrize("custom", ["*", "*.example", "a b", "a:80"])
def test_a_name_that_no_request_can_bear_is_left_out(custom: str) -> None:
    world = WorldInHand()
    world.put_service(1, m.FixedResponse(404), custom=custom)

    assert only_service(world.state).names == ("s1.on.aws",)


def test_what_cannot_be_carried_is_said(world: WorldInHand) -> None:
    world.put_listener(1, 443, m.FixedResponse(404), m.ListenerProtocol.HTTPS)
    world.put_target(1, "i-0123", PENDING)

    view = view_of(world.state, BY)

    assert view.notes == (
        "Listener listener-1-443 of svc-1 (port 443) is not carried yet: protocol HTTPS.",
        (
            "Target i-0123 of tg-1 gets no traffic: it is no IP address; "
            "say where it listens with a mapping i-0123=ADDRESS."
        ),
    )


def test_ports_beyond_what_envoy_can_watch_are_not_carried() -> None:
    world = WorldInHand()
    world.put_service(1, m.FixedResponse(404))
    for port in range(1000, 1000 + MAX_PORTS):
        world.put_listener(1, port, m.FixedResponse(404))

    carried = [x.port for x in only_service(world.state).listeners if isinstance(x.protocol, v.Http)]

    assert (len(carried), max(carried)) == (MAX_PORTS, 1000 + MAX_PORTS - 2)
