"""What holds after any history of calls, sound or not, faults and passing time."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import currently_in_test_context, given, note, settings
from hypothesis import strategies as st

from lattice_emulator.world import Knobs, ManualClock, ServiceError, World
from lattice_emulator.world.lifecycle import FAILED
from lattice_emulator.world.model import Failure, Health, Status
from lattice_emulator.world.state import groups_of
from tests.examples import examples

from .dice import CALLS, Dice
from .service_model import check_answer, declared_errors
from .worlds import OTHER

STEPS = 200
CHANGES = [name for name in CALLS if not name.startswith(("Get", "List"))]
GROWTH = [name for name in CHANGES if not name.startswith("Delete")]
QUOTAS = {"quota_services": 3, "quota_rules": 3, "quota_target_groups": 4, "quota_targets": 4}


class History:
    """A world and the dice that its calls are drawn with."""

    def __init__(self, seed: int) -> None:
        self.clock = ManualClock()
        self.world = World(knobs=Knobs.from_mapping(QUOTAS), clock=self.clock)
        self.dice = Dice(seed, self.world)
        self.done: Counter[str] = Counter()
        for operation in ("CreateService", "CreateTargetGroup", "CreateServiceNetwork") * 3:
            self.call(operation)
        self.clock.advance(100)
        for operation in ("CreateListener", "CreateRule") * 6:
            self.call(operation)

    def step(self) -> None:
        """A call, most of the time; else time passes, or something goes wrong."""
        rng = self.dice.rng
        if rng.random() < 0.7:
            names = rng.choice((GROWTH, GROWTH, GROWTH, GROWTH, CHANGES, list(CALLS)))
            self.call(rng.choice(names))
        else:
            rng.choice((self.wait, self.wait, self.wait, self.see_health, self.disturb))()

    def call(self, operation: str) -> None:
        params, by = CALLS[operation](self.dice), self.dice.caller()
        trace(f"{operation} {params} {by.account}")
        self.world.advance()
        before = self.world.dump()
        try:
            answer = self.world.call("vpc-lattice", operation, params, by)
        except ServiceError as error:
            unforeseen = error.code not in declared_errors(operation)
            if unforeseen or self.world.dump() != before:
                pytest.fail(f"{operation} answered {error}, or changed something")
            return
        check_answer("vpc-lattice", operation, answer)
        self.done[operation] += 1
        if "nextToken" in answer:
            self.dice.tokens.append(answer["nextToken"])

    def wait(self) -> None:
        self.clock.advance(self.dice.pick(0.0, 3.0, 30.0, 100.0))
        self.world.advance()

    def see_health(self) -> None:
        for group, held in self.world.state.targets.items():
            for key in held:
                self.world.report_health(group, key, self.dice.pick(*Health))

    def disturb(self) -> None:
        """A step that will fail, lists that lag, or a network that is shared."""
        subject, goal = self.dice.name()["name"], self.dice.pick(*FAILED.values())
        networks = [network.id for network in self.world.state.networks]
        match self.dice.rng.randrange(3):
            case 0:
                self.world.fail_step(subject, goal, Failure("INTERNAL", "no"))
            case 1:
                self.world.listing_lag = self.dice.pick(0.0, 0.0, 50.0)
            case _ if networks:
                self.world.share(self.dice.pick(*networks), self.dice.pick(frozenset(), frozenset({OTHER.account})))


def names_ports_and_priorities_are_unique(world: World) -> None:
    state = world.state
    groups = [g for g in state.target_groups if g.status is not Status.CREATE_FAILED]
    distinct((s.home, s.name) for s in state.services)
    distinct((n.home, n.name) for n in state.networks)
    distinct((g.home, g.name) for g in groups)
    distinct((x.service_id, x.name) for x in state.listeners)
    distinct((x.service_id, x.port) for x in state.listeners)
    distinct((r.listener_id, r.name) for r in state.rules)
    distinct((r.listener_id, r.priority) for r in state.rules)
    distinct((a.network_id, a.service_id) for a in state.service_associations)
    distinct(a.vpc_id for a in state.vpc_associations)


def a_group_serves_one_service_and_shows_it(world: World) -> None:
    for group in world.state.target_groups:
        users = {r.service_id for r in world.state.rules if group.id in groups_of(r.action)}
        shown = world.call("vpc-lattice", "GetTargetGroup", {"targetGroupIdentifier": group.id}, group.home)
        assert len(users) <= 1
        assert [each.rpartition("/")[2] for each in shown["serviceArns"]] == list(users)


def nothing_that_is_needed_is_gone(world: World) -> None:
    state = world.state
    for listener in state.listeners:
        assert listener.service_id in state.services
        assert state.rules[listener.default_rule_id].is_default
    for each in state.rules:
        assert state.listeners[each.listener_id].service_id == each.service_id
        assert all(group in state.target_groups for group in groups_of(each.action))
    for association in state.service_associations:
        assert state.services[association.service_id].status is not Status.DELETING
        assert association.network_id in state.networks
    assert all(a.network_id in state.networks for a in state.vpc_associations)
    assert all(state.find(s.resource_id) is not None for s in state.access_logs)


def what_is_used_is_not_being_deleted(world: World) -> None:
    for each in world.state.rules:
        for group in groups_of(each.action):
            assert world.state.target_groups[group].status is not Status.DELETING


def quotas_hold(world: World) -> None:
    state = world.state
    assert all(count <= 3 for count in Counter(s.home for s in state.services).values())
    assert all(count <= 4 for count in Counter(g.home for g in state.target_groups).values())
    assert all(count <= 4 for count in Counter(r.listener_id for r in state.rules).values())
    assert all(sum(t.drain_until is None for t in held.values()) <= 4 for held in state.targets.values())


def a_passing_status_has_an_end(world: World) -> None:
    state = world.state
    moving = (state.services, state.target_groups, state.service_associations, state.vpc_associations)
    passing = {row.id for table in moving for row in table if row.status in FAILED}
    assert passing == set(state.pending)
    assert (world.next_due() is not None) >= bool(passing)


def what_is_kept_beside_a_resource_goes_with_it(world: World) -> None:
    state = world.state
    assert set(state.targets) == {group.id for group in state.target_groups}
    for held in (state.tags, state.auth_policies, state.shares):
        assert all(state.find(ident) is not None for ident in held)


def targets_of_an_unused_group_neither_drain_nor_are_healthy(world: World) -> None:
    used = {group for each in world.state.rules for group in groups_of(each.action)}
    for group, held in world.state.targets.items():
        for target in held.values():
            assert group in used or (target.drain_until is None and target.health is Health.PENDING)


def a_dump_is_the_whole_world(world: World) -> None:
    saved = world.dump()
    again = World.load(saved, knobs=world.knobs, clock=world.clock)
    assert again.dump() == saved
    assert again.next_due() == world.next_due()
    for kind, table in world.state.tables().items():
        assert again.state.tables()[kind]._buckets == table._buckets, kind


INVARIANTS: list[Callable[[World], None]] = [
    names_ports_and_priorities_are_unique,
    a_group_serves_one_service_and_shows_it,
    nothing_that_is_needed_is_gone,
    what_is_used_is_not_being_deleted,
    quotas_hold,
    a_passing_status_has_an_end,
    what_is_kept_beside_a_resource_goes_with_it,
    targets_of_an_unused_group_neither_drain_nor_are_healthy,
    a_dump_is_the_whole_world,
]


def trace(line: str) -> None:
    """Show the call in the report of a failing history."""
    if currently_in_test_context():
        note(line)


def distinct(values: Iterable[Any]) -> None:
    twice = [value for value, count in Counter(values).items() if count > 1]
    assert not twice, f"{twice} is there twice"


@given(seed=st.integers(0, 2**32))
@settings(max_examples=examples(25), deadline=None)
def test_every_history_keeps_the_world_in_order(seed: int) -> None:
    history = History(seed)

    for _ in range(STEPS):
        history.step()
        for holds in INVARIANTS:
            holds(history.world)


def test_histories_reach_every_operation() -> None:
    done: Counter[str] = Counter()

    for seed in range(25):
        history = History(seed)
        for _ in range(STEPS):
            history.step()
        done += history.done

    assert set(done) == set(CALLS)
