"""Generated worlds and edits of them."""

from hypothesis import strategies as st

from lattice_gateway.core.lattice.keys import ServiceKey, UnitKey
from lattice_gateway.core.lattice.units import Action, Desired, FixedResponse, Listener, Rule, Service, Target
from lattice_gateway.core.lattice.words import Tags
from tests.laws.plan.worlds import (
    MATCHES,
    OWN,
    absent,
    forward,
    group,
    group_key,
    listener,
    network,
    rule,
    service,
    world,
)

BACKENDS = ("a", "b", "c")
PODS = tuple(Target(f"10.0.0.{i}", 8080) for i in range(1, 5))
weights = st.sampled_from([0, 1, 1, 9, 90])
targets = st.lists(st.sampled_from(PODS), min_size=1, max_size=4, unique=True)
additional = st.sampled_from([{}, {}, {"team": "hotel"}, {"team": "rates", "cost": "7"}])


@st.composite
def actions(draw: st.DrawFn, name: str) -> Action:
    shares = draw(st.lists(st.tuples(st.sampled_from(BACKENDS), weights), max_size=3, unique_by=lambda s: s[0]))
    if not any(weight for _, weight in shares):
        return FixedResponse(500)
    return forward(*((group_key(name, backend), weight) for backend, weight in shares))


@st.composite
def rules(draw: st.DrawFn, name: str, route: str, annotated: bool) -> list[Rule]:
    chosen = sorted(draw(st.sets(st.sampled_from(range(len(MATCHES))), min_size=1, max_size=6)))
    numbers = draw(st.lists(st.integers(1, 12), min_size=len(chosen), max_size=len(chosen), unique=True))
    exact = [numbers[i] if annotated and draw(st.integers(0, 3)) == 0 else None for i in range(len(chosen))]
    return [rule(MATCHES[m], draw(actions(name)), route, exact[i]) for i, m in enumerate(chosen)]


@st.composite
def listeners(draw: st.DrawFn, name: str, route: str, annotated: bool) -> list[Listener]:
    ports = sorted(draw(st.sets(st.sampled_from([80, 8080]), min_size=1)))
    return [listener(port, draw(rules(name, route, annotated)), route) for port in ports]


@st.composite
def worlds(draw: st.DrawFn, annotated: bool = False, every_group: bool = False) -> dict[UnitKey, Desired]:
    """A network, one or two routes, the groups they forward to (or every one they could), each with a target."""
    networked = draw(st.sampled_from([True, True, True, False]))
    units: list[Desired] = [network()] if networked else []
    for route in sorted(draw(st.sets(st.sampled_from(["rates", "inventory"]), min_size=1))):
        tags = {**OWN, **draw(additional)}
        made = service([], route)
        made = service(
            draw(listeners(made.key.name, route, annotated)),
            route,
            child_tags=Tags(tags),
            tags=made.tags.over(tags),
            networks=made.networks if networked else frozenset(),
        )
        keys = {group_key(made.key.name, backend) for backend in BACKENDS} if every_group else groups_of(made)
        units += [group(key, draw(targets), route) for key in sorted(keys)]
        units.append(made)
    return world(*units)


def groups_of(unit: Service) -> set:  # type: ignore[type-arg]
    forwards = (r.action for each in unit.listeners for r in each.rules if not isinstance(r.action, FixedResponse))
    return {share.group for action in forwards for share in action.shares}


def edited(old: dict[UnitKey, Desired], new: dict[UnitKey, Desired]) -> dict[UnitKey, Desired]:
    """The new world, with what only the old one had wanted absent."""
    return {**absent({key: unit for key, unit in old.items() if key not in new}), **new}


def services_of(desired: dict[UnitKey, Desired]) -> list[Service]:
    return [unit for key, unit in desired.items() if isinstance(key, ServiceKey) and isinstance(unit, Service)]
