"""What is remembered is what would be computed anew."""

import ipaddress
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from lattice_emulator.dataplane import view as v
from lattice_emulator.dataplane.derive import Derivation, Deriver
from lattice_emulator.dataplane.lower import Ground, Lowering, lower, wanted_ports
from lattice_emulator.dataplane.memory import Memory
from lattice_emulator.dataplane.places import OwnAddresses, Places, place
from lattice_emulator.dataplane.reach import ClientVpc
from lattice_emulator.world import model as m
from lattice_emulator.world.knobs import Knobs
from tests.emulator.dataplane.worlds import WorldInHand

BY = Derivation(ClientVpc("vpc-1"), (), Knobs())
GROUND = Ground(("127.0.0.1", 8000), "run/routes", OwnAddresses(ipaddress.IPv4Network("127.171.0.0/16")), v.Answers())
Change = Callable[[WorldInHand], None]

numbers = st.integers(1, 3)
actions = st.one_of(
    st.sampled_from([404, 500]).map(m.FixedResponse),
    st.lists(st.tuples(numbers, st.integers(0, 3)), min_size=1, max_size=3).map(
        lambda shares: m.Forward(tuple(m.Share(f"tg-{group}", weight) for group, weight in shares))
    ),
)
changes: st.SearchStrategy[Change] = st.one_of(
    st.builds(
        lambda n, action, custom: lambda w: w.put_service(n, action, custom),
        numbers,
        actions,
        st.sampled_from([None, "c"]),
    ),
    st.builds(lambda n, port, action: lambda w: w.put_listener(n, port, action), numbers, st.just(8080), actions),
    st.builds(lambda n: lambda w: w.put_group(n), numbers),
    st.builds(
        lambda n, host, health, on: lambda w: w.put_target(n, f"10.0.0.{host}", health, registered=on),
        *(numbers, numbers, st.sampled_from(m.Health), st.booleans()),
    ),
    st.builds(lambda n, status: lambda w: w.associate(n, status), numbers, st.sampled_from(m.Status)),
)


@given(st.lists(changes, max_size=12))
def test_a_remembered_configuration_equals_a_fresh_one(sequence: list[Change]) -> None:
    world = WorldInHand()
    for number in (1, 2, 3):
        world.put_group(number)
        world.put_service(number, m.FixedResponse(404))
    deriver, lowering, places = Deriver(BY), Lowering(GROUND), Places()

    for change in sequence:
        change(world)
        derived = deriver.derive(world.state)
        places = place(places, wanted_ports(derived.view), GROUND.layout, lambda *_: True)

        assert derived == Deriver(BY).derive(world.state)
        assert lowering.lower(derived.view, places) == lower(derived.view, places, GROUND)


def test_what_is_not_asked_for_is_forgotten() -> None:
    memory: Memory[list[int]] = Memory()
    first = memory.recall("a", 1, lambda: [1])
    memory.turn()
    again = memory.recall("a", 1, lambda: [2])
    memory.turn()
    memory.turn()

    assert again is first
    assert memory.recall("a", 1, lambda: [3]) == [3]
