"""Names of Lattice resources (decision 12)."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lattice_gateway.core.lattice.keys import GroupKey
from lattice_gateway.core.lattice.units import Exact, HeaderMatch, Match, Prefix
from lattice_gateway.core.lattice.words import (
    AddressType,
    ListenerProtocol,
    Owner,
    ProtocolVersion,
    TargetProtocol,
    VpcId,
)
from lattice_gateway.core.names import (
    default_service_name,
    group_name,
    hashed_service_name,
    listener_name,
    match_hash,
    network_name_problem,
    route_hash,
)

OWNER = Owner("111122223333", "c1", VpcId("vpc-1"))
NAME = re.compile(r"(?!listener-)(?![-])(?!.*[-]$)(?!.*[-]{2})[a-z0-9-]{3,63}")
GROUP_NAME = re.compile(r"(?!tg-)(?![-])(?!.*[-]$)(?!.*[-]{2})[a-z0-9-]{3,128}")

kubernetes_names = st.from_regex(r"[a-z0-9]([-a-z0-9.]{0,80}[a-z0-9])?", fullmatch=True)


def key(name: str = "pay", namespace: str = "arena", port: int = 80) -> GroupKey:
    return GroupKey(
        service="tickets-arena",
        namespace=namespace,
        name=name,
        port=port,
        protocol=TargetProtocol.HTTP,
        version=ProtocolVersion.HTTP1,
        address_type=AddressType.IPV4,
    )


@pytest.mark.parametrize(
    ("route", "namespace", "expected"),
    [
        pytest.param("tickets", "arena", "tickets-arena", id="short"),
        pytest.param(
            "checkout-payment-gateway-v2",
            "team-commerce-production",
            "checkout-payment-gat-team-commerce-prod",
            id="both parts cut",
        ),
        pytest.param("abcdefghij-klmnopqr-stu", "edge", "abcdefghij-klmnopqr-edge", id="cut falls on a hyphen"),
    ],
)
def test_the_default_service_name_is_the_go_controllers(route: str, namespace: str, expected: str) -> None:
    assert default_service_name(route, namespace) == expected


def test_routes_whose_names_cut_alike_get_different_hashed_names() -> None:
    names = {hashed_service_name(OWNER, "HTTPRoute", "arena", f"seat-map-renderer-api-{end}") for end in "ab"}

    assert len(names) == 2
    assert all(re.fullmatch(r"seat-map-renderer-ap-arena-[0-9a-f]{7}", name) for name in names)


def test_a_hashed_name_is_32_characters_without_trailing_hyphen_and_seven_digits() -> None:
    name = hashed_service_name(OWNER, "HTTPRoute", "team-commerce-production", "checkout-payment-gateway-v2")

    assert re.fullmatch(r"checkout-payment-gat-team-commer-[0-9a-f]{7}", name)
    assert len(name) == 40


@pytest.mark.parametrize(
    ("route", "namespace", "expected"),
    [
        pytest.param("tickets", "arena", "tickets-arena-80-http", id="plain"),
        pytest.param("a.b", "arena", "a-b-arena-80-http", id="a dot"),
        pytest.param("a--b", "arena", "a-b-arena-80-http", id="two hyphens"),
        pytest.param("listener-x", "arena", "l-listener-x-arena-80-http", id="a reserved beginning"),
    ],
)
def test_listener_names_are_made_legal(route: str, namespace: str, expected: str) -> None:
    assert listener_name(route, namespace, 80, ListenerProtocol.HTTP) == expected


@given(route=kubernetes_names, namespace=kubernetes_names, port=st.integers(1, 65535))
def test_every_listener_name_is_legal(route: str, namespace: str, port: int) -> None:
    assert NAME.fullmatch(listener_name(route, namespace, port, ListenerProtocol.TLS_PASSTHROUGH))


@given(name=kubernetes_names, namespace=kubernetes_names, port=st.integers(1, 65535))
def test_every_group_name_is_legal_and_ends_in_ten_letters(name: str, namespace: str, port: int) -> None:
    made = group_name(key(name, namespace, port), OWNER)

    assert GROUP_NAME.fullmatch(made)
    assert re.search(r"-[a-z]{10}$", made)


def test_groups_of_different_ports_or_owners_have_different_names() -> None:
    other = Owner("111122223333", "c2", VpcId("vpc-1"))

    assert len({group_name(key(port=80), OWNER), group_name(key(port=81), OWNER), group_name(key(), other)}) == 3


def test_hashes_stand_for_what_they_name() -> None:
    one = Match(Exact("/a"), "GET", (HeaderMatch("X-A", "1"), HeaderMatch("x-b", "2")))
    same = Match(Exact("/a"), "GET", (HeaderMatch("x-b", "2"), HeaderMatch("x-a", "1")))

    assert match_hash(one) == match_hash(same)
    assert match_hash(one) != match_hash(Match(Prefix("/a"), "GET", one.headers))
    assert route_hash(OWNER, "HTTPRoute", "a", "b") != route_hash(OWNER, "GRPCRoute", "a", "b")


@pytest.mark.parametrize(
    ("name", "fine"),
    [
        pytest.param("my-hotel", True, id="a name"),
        pytest.param("sn-0123456789abcdef0", True, id="an id"),
        pytest.param("a.b", False, id="a dot"),
        pytest.param("ab", False, id="too short"),
        pytest.param("a" * 64, False, id="too long"),
        pytest.param("servicenetwork-x", False, id="reserved"),
    ],
)
def test_gateways_whose_name_no_network_can_have(name: str, fine: bool) -> None:
    assert (network_name_problem(name) is None) is fine
