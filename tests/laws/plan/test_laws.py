"""Laws 1, 2 and 5 of the architecture, on generated worlds."""


from hypothesis import HealthCheck, given, settings

from lattice_gateway.core.lattice.keys import UnitKey
from lattice_gateway.core.lattice.observed import ForwardTo, ObservedAction
from lattice_gateway.core.lattice.units import Desired
from lattice_gateway.core.plan.overlap import identity
from tests.laws.plan.driver import at_rest, converge
from tests.laws.plan.generated import edited, worlds
from tests.laws.plan.lattice import Lattice
from tests.laws.plan.traffic import Seen, broken, seen
from tests.laws.plan.worlds import STANDARD, absent

Desireds = dict[UnitKey, Desired]
quick = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def converged(*desired: Desireds) -> Lattice:
    lattice = Lattice()
    for each in desired:
        converge(lattice, each)
    return lattice


def end_state(lattice: Lattice) -> object:
    """What is there, by names: ids and the numbers of rules that never meet do not count."""
    names = {group.id: group.name for group in lattice.groups.values()}

    def action(there: ObservedAction | None) -> object:
        return tuple((names[g], w) for g, w in there.shares) if isinstance(there, ForwardTo) else there

    return {
        "networks": {n.name: n.tags for n in lattice.networks.values()},
        "vpcs": {(a.network_name, a.vpc, a.status) for a in lattice.vpcs.values()},
        "groups": {g.name: (g.status, g.tags, {t.target for t in g.targets or ()}) for g in lattice.groups.values()},
        "services": {
            s.name: (
                s.status,
                s.tags,
                {(a.network_name, a.status, a.tags) for a in s.associations or ()},
                {
                    (e.port, identity(r.match), action(r.action), r.tags)  # type: ignore[arg-type]
                    for e in s.listeners or ()
                    for r in e.rules or ()
                },
            )
            for s in lattice.services.values()
        },
    }


def test_the_standard_route_takes_thirteen_writes_and_its_network_two() -> None:
    lattice = converged(STANDARD)

    assert at_rest(lattice, STANDARD)
    assert len(lattice.log) == 15


@quick
@given(desired=worlds(annotated=True))
def test_a_world_converges_rests_and_goes_without_leftovers(desired: Desireds) -> None:
    lattice = converged(desired)
    assert at_rest(lattice, desired)

    converge(lattice, absent(desired))

    assert not (lattice.networks or lattice.vpcs or lattice.groups or lattice.services)


@quick
@given(old=worlds(annotated=True), new=worlds(annotated=True))
def test_an_edit_leads_where_the_new_world_alone_leads(old: Desireds, new: Desireds) -> None:
    assert end_state(converged(old, edited(old, new))) == end_state(converged(new))


@quick
@given(old=worlds(), new=worlds())
def test_requests_that_old_and_new_answer_are_answered_all_the_way(old: Desireds, new: Desireds) -> None:
    lattice = converged(old)
    before, after = seen(lattice), seen(converged(old, edited(old, new)))
    states: list[tuple[str, Seen]] = []

    converge(lattice, edited(old, new), lambda now: states.append((str(now.log[-1]), seen(now))))

    for operation, now in states:
        assert not broken(before, now, after), operation
