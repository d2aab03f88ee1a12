"""Laws 1, 2 and 5 of the architecture, on generated worlds."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from lattice_gateway.core.lattice.keys import NetworkKey, UnitKey
from lattice_gateway.core.lattice.observed import (
    ForwardTo,
    ObservedAction,
    ObservedGroup,
    ObservedRule,
    ObservedService,
)
from lattice_gateway.core.lattice.outcome import Waiting
from lattice_gateway.core.lattice.units import AsItIs, Desired, Match, Prefix, Rule, Service, Target
from lattice_gateway.core.lattice.words import Tag, Tags, TargetStatus
from lattice_gateway.core.plan.binding import bind
from lattice_gateway.core.plan.overlap import identity
from lattice_gateway.core.plan.plan import NoteKind, Plan
from tests.examples import examples
from tests.laws.plan.drift import DRIFTS, Change, as_the_go_controller, with_rules
from tests.laws.plan.driver import Crash, at_rest, converge, plans, resolve, run
from tests.laws.plan.generated import edited, worlds
from tests.laws.plan.lattice import Lattice, Refused
from tests.laws.plan.traffic import Seen, lost, misled, seen
from tests.laws.plan.worlds import (
    NETWORK,
    STANDARD,
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

Desireds = dict[UnitKey, Desired]
quick = settings(
    max_examples=examples(15),
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    print_blob=True,
)


def converged(*desired: Desireds) -> Lattice:
    lattice = Lattice()
    for each in desired:
        converge(lattice, each)
    return lattice


def end_state(lattice: Lattice) -> dict[str, Any]:
    """What is there, by names: ids and the numbers of rules that never meet do not count."""
    names = {group.id: group.name for group in lattice.groups.values()}

    def action(there: ObservedAction | None) -> object:
        return tuple((names[g], w) for g, w in there.shares) if isinstance(there, ForwardTo) else there

    return {
        "networks": {n.name: n.tags for n in lattice.networks.values()},
        "vpcs": {(a.network_name, a.vpc, a.status) for a in lattice.vpcs.values()},
        "groups": {g.name: (g.status, g.tags, serving(g)) for g in lattice.groups.values()},
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


def serving(group: ObservedGroup) -> set[Target]:
    return {t.target for t in group.targets or () if t.status is not TargetStatus.DRAINING}


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

    assert (lattice.networks, lattice.vpcs, lattice.groups, lattice.services) == ({}, {}, {}, {})


@quick
@given(old=worlds(annotated=True), new=worlds(annotated=True))
def test_an_edit_leads_where_the_new_world_alone_leads(old: Desireds, new: Desireds) -> None:
    assert end_state(converged(old, edited(old, new))) == end_state(converged(new))


def with_held(desired: Desireds, which: int) -> Desireds:
    """The same world while of every third rule it is not known what it should do (decision 37)."""

    def held(number: int, one: Rule) -> Rule:
        return replace(one, action=AsItIs("cannot be read")) if number % 3 == which else one

    def as_far_as_known(unit: Desired) -> Desired:
        if not isinstance(unit, Service):
            return unit
        listeners = [replace(e, rules=tuple(held(i, one) for i, one in enumerate(e.rules))) for e in unit.listeners]
        return replace(unit, listeners=tuple(listeners))

    return {key: as_far_as_known(unit) for key, unit in desired.items()}


def actions(lattice: Lattice) -> dict[object, ObservedAction | None]:
    """What each rule does, by service, port and match."""
    return {
        (service.name, each.port, identity(rule.match)): rule.action  # type: ignore[arg-type]
        for service in lattice.services.values()
        for each in service.listeners or ()
        for rule in each.rules or ()
    }


@quick
@given(old=worlds(annotated=True), new=worlds(annotated=True), which=st.integers(0, 2))
def test_what_is_held_stays_and_leads_where_the_new_world_leads_once_it_is_known(
    old: Desireds, new: Desireds, which: int
) -> None:
    lattice, both = converged(old), edited(old, new)
    held = with_held(both, which)
    unknown = {
        (unit.key.name, each.port, identity(one.match))
        for unit in held.values()
        if isinstance(unit, Service)
        for each in unit.listeners
        for one in each.rules
        if isinstance(one.action, AsItIs)
    }
    protocols = {(s.name, e.port): e.protocol for s in lattice.services.values() for e in s.listeners or ()}
    before = actions(lattice)

    for _ in range(12):
        run(lattice, held)
        lattice.tick()

    now = actions(lattice)
    kept = {(s.name, e.port): e.protocol for s in lattice.services.values() for e in s.listeners or ()}
    same = [place for place in unknown & set(before) if protocols[place[0], place[1]] == kept.get((place[0], place[1]))]
    assert {place: now.get(place) for place in same} == {place: before[place] for place in same}
    assert not (unknown - set(before)) & set(now)
    converge(lattice, both)
    assert end_state(lattice) == end_state(converged(new))


def watched(old: Desireds, new: Desireds, quota: int = 10) -> Iterator[tuple[str, Seen, Seen, Seen]]:
    """Old, present and new answers after each operation of an edit that does nothing that law 5 exempts."""
    lattice, both = Lattice(rule_quota=quota), edited(old, new)
    converge(lattice, old)
    before, after = seen(lattice), seen(converged(old, both))
    assume(not any(note.kind is NoteKind.INTERRUPTS for plan in plans_of(lattice, both) for note in plan.notes))
    states: list[tuple[str, Seen]] = []
    converge(lattice, both, lambda now: states.append((str(now.log[-1]), seen(now))))
    return ((operation, before, now, after) for operation, now in states)


def plans_of(lattice: Lattice, desired: Desireds) -> list[Plan]:
    return [plan for _, plan in plans(lattice, desired) if isinstance(plan, Plan)]


@quick
@given(old=worlds(annotated=True), new=worlds(annotated=True))
def test_what_old_and_new_answer_is_answered_after_every_operation(old: Desireds, new: Desireds) -> None:
    for operation, before, now, after in watched(old, new):
        assert not lost(before, now, after), operation


@quick
@given(old=worlds(annotated=True), new=worlds(annotated=True))
def test_it_is_answered_where_the_quota_of_rules_is_full(old: Desireds, new: Desireds) -> None:
    for operation, before, now, after in watched(old, new, quota=6):
        assert not lost(before, now, after), operation


@quick
@given(old=worlds(every_group=True), new=worlds(every_group=True))
def test_it_is_answered_by_the_old_or_the_new_target_where_no_step_waits(old: Desireds, new: Desireds) -> None:
    for operation, before, now, after in watched(old, new):
        assert not misled(before, now, after), operation


@quick
@given(old=worlds(annotated=True), new=worlds(annotated=True), after=st.integers(1, 60))
def test_a_crash_after_any_operation_leads_to_the_same_end(old: Desireds, new: Desireds, after: int) -> None:
    lattice, both = converged(old), edited(old, new)
    start = len(lattice.log)

    def dies(now: Lattice) -> None:
        if len(now.log) - start == after:
            raise Crash

    with contextlib.suppress(Crash):
        converge(lattice, both, dies)
    converge(lattice, both)

    assert end_state(lattice) == end_state(converged(new))


@quick
@given(old=worlds(annotated=True), new=worlds(annotated=True))
def test_executing_a_plan_twice_does_no_harm(old: Desireds, new: Desireds) -> None:
    lattice, both = converged(old), edited(old, new)
    stale = plans_of(lattice, both)
    run(lattice, both)

    for plan in stale:
        replay(lattice, plan)
    converge(lattice, both)

    assert end_state(lattice) == end_state(converged(new))


def replay(lattice: Lattice, plan: Plan) -> None:
    """Send the operations of a plan once more; what Lattice refuses by now changes nothing."""
    for operation in plan.operations:
        bound = bind(operation, lambda new: resolve(lattice, new))
        if not isinstance(bound, Waiting):
            with contextlib.suppress(Refused, KeyError, StopIteration):
                lattice.perform(bound)


@quick
@given(desired=worlds(annotated=True), drifts=st.sets(st.sampled_from(DRIFTS), max_size=3), seed=st.integers())
def test_whatever_changes_behind_our_back_is_mended(desired: Desireds, drifts: set[Change], seed: int) -> None:
    lattice, random = converged(desired), Random(seed)
    for change in sorted(drifts, key=lambda each: each.__name__):
        change(lattice, random)

    converge(lattice, desired)

    assert end_state(lattice) == end_state(converged(desired))


@quick
@given(desired=worlds(annotated=True))
def test_nothing_is_written_for_what_the_go_controller_left(desired: Desireds) -> None:
    lattice = converged(desired)

    as_the_go_controller(lattice)

    assert at_rest(lattice, desired)


def two_ports(*networks: NetworkKey) -> Desireds:
    """A route with two ports of one Service, each with its own targets."""
    keys = [group_key("rates-default", "parking", port) for port in (80, 81)]
    rules = [rule(Match(Prefix(path)), forward((key, 1))) for path, key in zip(("/a", "/b"), keys, strict=True)]
    targets = [[Target("10.0.0.1", port)] for port in (8080, 9090)]
    groups = [group(key, there) for key, there in zip(keys, targets, strict=True)]
    made = service([listener(80, rules)], networks=frozenset(networks))
    return world(*(network(key=key) for key in networks[:1]), *groups, made)


def test_two_ports_of_a_service_that_shared_a_group_get_one_each() -> None:
    desired = two_ports(NETWORK)
    lattice = converged(desired)
    as_the_go_controller(lattice)
    first, second = sorted(lattice.groups.values(), key=lambda each: each.id)
    lattice.groups = {first.id: replace(first, targets=(*(first.targets or ()), *(second.targets or ())))}
    redirect(lattice, second.id, first.id)

    converge(lattice, desired)

    assert {t.target.port for t in lattice.groups[first.id].targets or ()} == {8080}
    assert sorted(serving(each) == {Target("10.0.0.1", 9090)} for each in lattice.groups.values()) == [False, True]


def redirect(lattice: Lattice, old: str, new: str) -> None:
    """Every rule forwards to ``new`` instead of ``old``."""

    def redirected(there: ObservedRule) -> ObservedRule:
        shares = there.action.shares if isinstance(there.action, ForwardTo) else ()
        return replace(there, action=ForwardTo(tuple((new if g == old else g, w) for g, w in shares)))

    with_rules(lattice, lambda rules: tuple(redirected(each) for each in rules))


def test_a_service_moves_from_one_network_to_another() -> None:
    other = NetworkKey("other")
    before = two_ports(NETWORK)
    lattice = converged(before)
    after = two_ports(other)

    converge(lattice, edited(before, after))

    assert [a.network_name for s in lattice.services.values() for a in s.associations or ()] == ["other"]
    assert [n.name for n in lattice.networks.values()] == ["other"]
    assert [a.network_name for a in lattice.vpcs.values()] == ["other"]


@quick
@given(old=worlds(annotated=True), new=worlds(annotated=True), seed=st.randoms(use_true_random=False))
def test_the_order_of_inputs_does_not_matter(old: Desireds, new: Desireds, seed: Random) -> None:
    lattice, both = converged(old), edited(old, new)
    shuffled = dict(seed.sample(sorted(both.items(), key=str), len(both)))
    other = lattice.copy()
    other.groups = dict(seed.sample(sorted(other.groups.items()), len(other.groups)))
    other.services = {k: mixed(s, seed) for k, s in other.services.items()}

    assert plans(other, shuffled) == plans(lattice, both)


def mixed(there: ObservedService, seed: Random) -> ObservedService:
    listeners = [replace(e, rules=tuple(seed.sample(e.rules or (), len(e.rules or ())))) for e in there.listeners or ()]
    seed.shuffle(listeners)
    return replace(there, listeners=tuple(listeners))


@quick
@given(old=worlds(annotated=True), new=worlds(annotated=True), whose=st.sampled_from(["", "another/cluster/vpc-9"]))
def test_what_is_not_ours_is_never_touched(old: Desireds, new: Desireds, whose: str) -> None:
    lattice = foreign(converged(old), whose)
    before = everything(lattice)

    for desired in (edited(old, new), absent(old)):
        for _ in range(6):
            run(lattice, desired)
            lattice.tick()

    assert everything(lattice).items() >= before.items()


def everything(lattice: Lattice) -> dict[str, object]:
    return {**lattice.networks, **lattice.vpcs, **lattice.groups, **lattice.services}


def foreign(lattice: Lattice, whose: str) -> Lattice:
    """The same account with everything in it somebody else's, or nobody's."""

    def given_away(tags: Tags | None) -> Tags:
        kept = {k: v for k, v in (tags or {}).items() if k != Tag.MANAGED_BY}
        return Tags({**kept, Tag.MANAGED_BY: whose} if whose else kept)

    lattice.networks = {k: replace(n, tags=given_away(n.tags)) for k, n in lattice.networks.items()}
    lattice.vpcs = {k: replace(a, tags=given_away(a.tags)) for k, a in lattice.vpcs.items()}
    lattice.groups = {
        k: replace(g, tags=given_away(g.tags), name=f"their-{g.name}"[:-1]) for k, g in lattice.groups.items()
    }
    lattice.services = {k: replace(s, tags=given_away(s.tags)) for k, s in lattice.services.items()}
    return lattice
