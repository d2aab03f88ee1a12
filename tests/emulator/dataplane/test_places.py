"""Where services are bound."""

import ipaddress
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lattice_emulator.dataplane.places import CanBind, OneAddress, OwnAddresses, Places, layout_for, place

OWN = OwnAddresses(ipaddress.IPv4Network("127.171.0.0/16"))
ONE = OneAddress("127.0.0.1")
Wanted = Mapping[str, frozenset[int]]

service_ids = st.sampled_from([f"svc-{n}" for n in range(8)])
wanted_ports = st.dictionaries(service_ids, st.frozensets(st.sampled_from([80, 443, 8080, 10_080, 60_000])))


def anything(_address: str, _port: int) -> bool:
    return True


def unprivileged(_address: str, port: int) -> bool:
    return port >= 1024


def only_127_0_0_1(address: str, port: int) -> bool:
    return address == "127.0.0.1" and port != 80


@given(first=wanted_ports, then=wanted_ports)
def test_a_service_keeps_its_place_for_its_life(first: Wanted, then: Wanted) -> None:
    before = place(Places(), first, OWN, anything)

    after = place(before, then, OWN, anything)

    stayed = first.keys() & then.keys()
    assert {s: after.addresses[s] for s in stayed} == {s: before.addresses[s] for s in stayed}
    assert all(after.ports[before.addresses[s], p] == p for s in stayed for p in first[s] | then[s])


@given(wanted=wanted_ports)
@pytest.mark.parametrize("layout", [OWN, ONE], ids=["own addresses", "one address"])
def test_no_two_listener_ports_share_a_bound_one(layout: OwnAddresses | OneAddress, wanted: Wanted) -> None:
    placed = place(Places(), wanted, layout, anything)

    bound = [(address, port) for (address, _), port in placed.ports.items()]
    assert len(bound) == len(set(bound))


@given(wanted=wanted_ports)
def test_services_never_share_an_address_of_their_own(wanted: Wanted) -> None:
    addresses = place(Places(), wanted, OWN, anything).addresses.values()

    assert len(set(addresses)) == len(wanted)
    assert all(ipaddress.ip_address(address) in OWN.network for address in addresses)


def test_the_address_follows_from_the_id_alone() -> None:
    alone = place(Places(), {"svc-1": frozenset()}, OWN, anything)
    among = place(Places(), {f"svc-{n}": frozenset() for n in range(3)}, OWN, anything)

    assert alone.addresses["svc-1"] == among.addresses["svc-1"]


@pytest.mark.parametrize(
    ("layout", "can_bind", "port", "bound"),
    [
        pytest.param(OWN, anything, 80, 80, id="the real port"),
        pytest.param(OWN, unprivileged, 80, 10_080, id="a privileged port is offset"),
        pytest.param(OWN, unprivileged, 8080, 8080, id="an unprivileged one is not"),
        pytest.param(ONE, anything, 8080, 18_080, id="one address: always offset"),
        pytest.param(ONE, anything, 60_000, 20_000, id="no room for the offset"),
    ],
)
def test_a_listener_port_is_bound(layout: OwnAddresses | OneAddress, can_bind: CanBind, port: int, bound: int) -> None:
    placed = place(Places(), {"svc-1": frozenset({port})}, layout, can_bind)

    assert placed.ports == {(placed.addresses["svc-1"], port): bound}


def test_a_port_that_nothing_can_be_bound_for_has_no_place() -> None:
    assert place(Places(), {"svc-1": frozenset({80})}, OWN, lambda *_: False).ports == {}


def test_a_listener_that_comes_back_finds_its_port_though_the_machine_has_not_freed_it() -> None:
    before = place(Places(), {"svc-1": frozenset({80})}, OWN, anything)
    without = place(before, {"svc-1": frozenset()}, OWN, anything)

    again = place(without, {"svc-1": frozenset({80})}, OWN, lambda *_: False)

    assert again.ports == before.ports


def test_a_range_too_small_says_so() -> None:
    small = OwnAddresses(ipaddress.IPv4Network("127.171.0.0/30"))

    with pytest.raises(ValueError, match=r"all 2 of 127\.171\.0\.0/30 are in use"):
        place(Places(), {f"svc-{n}": frozenset() for n in range(3)}, small, anything)


def test_where_only_127_0_0_1_can_be_bound_all_services_share_it() -> None:
    assert layout_for(OWN.network, only_127_0_0_1) == OneAddress("127.0.0.1")
    assert layout_for(OWN.network, anything) == OWN
