"""What a source tells of what followers tell it: every order of events, without a server."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lattice_gateway.adapters.kube.catalogue import BUILT_IN, Served
from lattice_gateway.adapters.kube.departures import GRACE
from lattice_gateway.adapters.kube.intake import Intake
from lattice_gateway.adapters.kube.known import Known
from lattice_gateway.core.objects import Kind, Object, Ref
from lattice_gateway.engine.feed import Batch
from tests.unit.kube.making import (
    ABSENT,
    ALL,
    AWAY,
    FORBIDDEN,
    GRANTS,
    ROUTES,
    SERVICES,
    Raw,
    broken,
    ref,
    route,
    seen,
    service,
)

LEAVING = replace(ROUTES, leaving=True)
MARKED: Raw = {"deletionTimestamp": "2026-01-31T13:00:00Z", "finalizers": ["httproute.k8s.aws/resources"]}


class Hands:
    """An intake, a clock that is moved by hand, and what was told so far."""

    def __init__(self) -> None:
        self.time = 0.0
        self.known = Known()
        self.intake = Intake(self.known, self)
        self.objects: dict[Ref, Object] = {}
        self.gone: list[Ref] = []
        self.undecodable: list[Ref] = []

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds

    def take(self) -> Batch:
        """The next batch, an empty one where there is none."""
        batch = self.intake.batch() or Batch()
        for thing in batch.puts:
            self.objects[thing.ref] = thing
        for each in batch.gone:
            self.objects.pop(each, None)
        self.gone.extend(batch.gone)
        self.undecodable.extend(each.ref for each in batch.undecodable)
        return batch

    def put(self, raw: Raw, served: Served = ROUTES) -> None:
        self.intake.seen(served, seen(raw, served))

    def delete(self, raw: Raw, served: Served = ROUTES) -> None:
        self.intake.deleted(served, seen(raw, served))

    def listing(self, *raws: Raw, served: Served = ROUTES) -> None:
        self.intake.begins(served)
        for raw in raws:
            self.put(raw, served)
        self.intake.listed(served)

    def confirm(self, now: Served | None = ROUTES) -> None:
        """Some time passes, and the server is asked whether it still has routes."""
        self.time += GRACE
        self.intake.looked(ROUTES, now, self.time)

    def says(self, words: str) -> bool:
        return any(words in str(problem) for problem in self.intake._all_problems())


@pytest.fixture
def hands() -> Hands:
    """Everything is installed and listed: a route and a Service."""
    made = Hands()
    made.intake.installed(ALL)
    for served in ALL.values():
        made.listing(served=served)
    made.listing(route())
    made.listing(service(), served=SERVICES)
    assert made.take().complete
    return made


def test_nothing_is_told_until_every_installed_kind_was_listed() -> None:
    hands = Hands()
    hands.intake.installed(ALL)
    hands.listing(route())

    assert hands.take().puts == ()

    for kind, served in ALL.items():
        if kind is not Kind.HTTP_ROUTE:
            hands.listing(served=served)
    batch = hands.take()

    assert batch.complete
    assert [thing.ref for thing in batch.puts] == [ref()]


OLD, NEW = replace(ROUTES, born="2026-01-01T00:00:00Z"), replace(ROUTES, born="2026-02-01T00:00:00Z")


def test_deletions_of_a_kind_that_was_created_anew_at_once_do_not_count(hands: Hands) -> None:
    hands.intake.installed({**ALL, Kind.HTTP_ROUTE: OLD})
    hands.delete(route(), OLD)
    hands.time += GRACE

    hands.intake.looked(OLD, NEW, hands.time)
    hands.intake.installed({**ALL, Kind.HTTP_ROUTE: NEW})
    hands.listing(served=NEW)
    hands.take()

    assert hands.gone == []
    assert ref() in hands.objects
    assert hands.says("were lost with their kind")


def test_a_kind_that_was_created_anew_is_noticed_without_any_deletion_too(hands: Hands) -> None:
    hands.intake.installed({**ALL, Kind.HTTP_ROUTE: OLD})
    hands.intake.installed({**ALL, Kind.HTTP_ROUTE: NEW})
    hands.listing(served=NEW)
    hands.time += GRACE
    hands.intake.looked(NEW, NEW, hands.time)

    assert hands.take().gone == ()


@pytest.mark.parametrize(
    ("before", "now"),
    [
        pytest.param(OLD, OLD, id="the same"),
        pytest.param(ROUTES, NEW, id="nobody knows when the first was created"),
        pytest.param(OLD, ROUTES, id="nobody knows when the second was created"),
    ],
)
def test_a_deletion_in_a_kind_that_is_not_known_to_be_another_counts(hands: Hands, before: Served, now: Served) -> None:
    hands.intake.installed({**ALL, Kind.HTTP_ROUTE: before})
    hands.delete(route(), before)
    hands.time += GRACE

    hands.intake.looked(before, now, hands.time)
    hands.take()

    assert hands.gone == [ref()]


def test_missing_required_kinds_are_named_with_the_command_and_nothing_is_complete() -> None:
    hands = Hands()
    hands.intake.installed(BUILT_IN)
    for served in BUILT_IN.values():
        hands.listing(served=served)

    batch = hands.take()

    assert not batch.complete
    (problem,) = batch.problems
    assert "not installed: GatewayClass, Gateway, HTTPRoute" in str(problem)
    assert "kubectl apply --server-side -f https://" in str(problem)


def test_grants_that_may_not_be_read_do_not_hold_up_the_rest() -> None:
    hands = Hands()
    hands.intake.installed({**ALL, Kind.REFERENCE_GRANT: GRANTS})
    for served in ALL.values():
        hands.listing(served=served)
    assert not hands.take().complete

    hands.intake.trouble(GRANTS, FORBIDDEN)
    batch = hands.take()

    assert batch.complete
    assert batch.forbidden == hands.intake.forbidden == {Kind.REFERENCE_GRANT}
    assert hands.says("the controller's role needs get, list and watch")


def test_routes_that_may_not_be_read_hold_up_everything() -> None:
    hands = Hands()
    hands.intake.installed(ALL)
    for kind, served in ALL.items():
        if kind is not Kind.HTTP_ROUTE:
            hands.listing(served=served)
    hands.intake.trouble(ROUTES, FORBIDDEN)

    assert not hands.take().complete


def test_what_was_never_readable_is_told_again_when_it_is_deleted(hands: Hands) -> None:
    hands.put(broken("odd", version=5))
    (first,) = hands.take().undecodable

    hands.put(broken("odd", version=6, **MARKED))
    hands.confirm()
    (second,) = hands.take().undecodable

    assert (first.leaving, second.leaving) == (False, True)


def test_an_object_that_is_as_before_is_no_news(hands: Hands) -> None:
    before = hands.objects[ref()]

    hands.put({**route(version=2), "status": {"parents": []}})

    assert hands.intake.batch() is None
    found = hands.known.get(ref())
    assert found is not None
    assert found.thing is before
    assert found.status == b'{"parents": []}'


def test_a_deleted_service_is_gone_at_once(hands: Hands) -> None:
    hands.delete(service(), SERVICES)

    assert hands.take().gone == (ref("rooms", Kind.SERVICE),)


def test_a_deleted_route_is_gone_when_its_kind_is_still_there(hands: Hands) -> None:
    hands.delete(route())
    assert hands.intake.batch() is None

    hands.confirm()

    assert hands.take().gone == (ref(),)


def test_an_answer_that_was_asked_for_too_early_proves_nothing(hands: Hands) -> None:
    hands.delete(route())

    hands.intake.looked(ROUTES, ROUTES, hands.time)

    assert hands.intake.batch() is None
    assert hands.intake.next_doubt() == GRACE


def test_a_deletion_that_begins_is_told_when_the_kind_is_still_there(hands: Hands) -> None:
    hands.put(route(version=2, **MARKED))
    hands.take()
    assert hands.objects[ref()].metadata.deletion_timestamp is None

    hands.confirm()
    hands.take()

    assert hands.objects[ref()].metadata.deletion_timestamp is not None


def test_a_route_made_again_in_time_is_never_gone(hands: Hands) -> None:
    hands.delete(route())
    hands.put(route(version=3, weight=2))
    hands.confirm()
    hands.take()

    assert hands.gone == []
    assert hands.objects[ref()].metadata.generation == 2


def test_a_route_that_was_not_listed_again_is_gone(hands: Hands) -> None:
    hands.listing(route("two"))
    hands.confirm()
    hands.take()

    assert hands.gone == [ref()]


@pytest.mark.parametrize("now", [pytest.param(LEAVING, id="leaving"), pytest.param(None, id="gone")])
def test_a_kind_that_is_deleted_takes_no_object_with_it(hands: Hands, now: Served | None) -> None:
    hands.put(route(version=2, **MARKED))
    hands.delete(route())
    hands.confirm(now)
    hands.put(route("two", **MARKED), LEAVING)
    hands.delete(route("two"))
    hands.confirm(now)
    hands.take()

    assert hands.gone == []
    assert hands.objects[ref()].metadata.deletion_timestamp is None
    assert hands.says("the kind is being deleted; what its 2 objects ask for stays as it is")


def test_a_kind_that_vanished_leaves_its_objects_in_force_and_says_so(hands: Hands) -> None:
    hands.intake.installed({kind: served for kind, served in ALL.items() if kind is not Kind.HTTP_ROUTE})

    batch = hands.take()

    assert batch.gone == ()
    assert hands.says("HTTPRoute: the kind is no longer installed; what its 1 objects ask for stays as it is")


def test_objects_that_do_not_come_back_with_their_kind_stay_and_are_named(hands: Hands) -> None:
    hands.listing(route(), route("two"))
    hands.intake.installed({kind: served for kind, served in ALL.items() if kind is not Kind.HTTP_ROUTE})
    hands.intake.installed(ALL)
    hands.listing(route("two", version=20))
    hands.confirm()
    hands.take()

    assert hands.gone == []
    assert hands.says("1 objects were lost with their kind: HTTPRoute default/one")

    hands.put(route(version=30))

    assert not hands.says("lost")


def test_an_object_that_becomes_unreadable_stays_as_it_was(hands: Hands) -> None:
    before = hands.objects[ref()]
    hands.put(broken(version=2))
    batch = hands.take()

    assert (batch.gone, batch.puts, batch.undecodable) == ((), (), ())
    assert [problem.ref for problem in batch.problems] == [ref()]
    assert hands.objects[ref()] == before


def test_an_unreadable_object_can_still_be_deleted(hands: Hands) -> None:
    hands.put(broken(version=2))
    hands.put(broken(version=3, **MARKED))
    hands.confirm()
    hands.take()
    assert hands.objects[ref()].metadata.deletion_timestamp is not None

    hands.delete(broken(version=4))
    hands.confirm()

    assert hands.take().gone == (ref(),)
    assert not hands.says("rules")


def test_an_object_that_never_was_readable_is_undecodable_once(hands: Hands) -> None:
    hands.put(broken("odd", version=5))
    hands.take()
    hands.put(broken("odd", version=6))
    hands.take()

    assert hands.undecodable == [ref("odd")]


def test_a_server_that_is_away_is_one_problem(hands: Hands) -> None:
    for served in ALL.values():
        hands.intake.trouble(served, AWAY)

    (problem,) = hands.take().problems

    assert "7 kinds cannot be watched: no answer: ConnectError; what was last read stays in force" in str(problem)


def test_a_kind_that_is_missed_is_looked_for(hands: Hands) -> None:
    hands.intake.trouble(ROUTES, ABSENT)

    assert hands.intake.missed.is_set()
    assert hands.intake.batch() is None


NAMES = st.sampled_from(["a", "b", "c"])
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), NAMES),
        st.tuples(st.just("break"), NAMES),
        st.tuples(st.just("delete"), NAMES),
        st.tuples(st.just("list"), st.just("")),
        st.tuples(st.just("confirm"), st.just("")),
        st.tuples(st.just("take"), st.just("")),
    ),
    max_size=40,
)


@given(ACTIONS)
def test_batches_add_up_to_what_is_there(actions: list[tuple[str, str]]) -> None:
    hands = Hands()
    hands.intake.installed(ALL)
    for served in ALL.values():
        hands.listing(served=served)
    there: dict[str, Raw] = {}
    for version, (action, name) in enumerate(actions, start=100):
        match action:
            case "put":
                there[name] = route(name, version, weight=version)
                hands.put(there[name])
            case "break" if name in there:
                there[name] = broken(name, version)
                hands.put(there[name])
            case "delete" if name in there:
                hands.delete(there.pop(name))
            case "list":
                hands.listing(*there.values())
            case "confirm":
                hands.confirm()
            case "take":
                hands.take()
    hands.confirm()
    hands.take()

    assert {each.name for each in hands.objects} == set(there)
    assert {each.name for each in hands.known.of(Kind.HTTP_ROUTE)} == set(there)
