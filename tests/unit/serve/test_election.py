"""Who leads: candidates on one clock, with leases in memory."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lattice_gateway.engine.leases import LeaseRecord
from lattice_gateway.serve.election.candidate import Create, Move, Sighting, Timing, Wait, Write, next_move
from lattice_gateway.serve.election.rivals import Free, Rivals, StandBack, Undecided, judge
from lattice_gateway.serve.election.standing import Following, Leading, Released, Unreachable, complaint
from tests.unit.serve.leases import EPOCH, Cluster

OTHERS = LeaseRecord(namespace="ours", holder="other", acquired=EPOCH, renewed=EPOCH, transitions=3, version="7")
MINE = replace(OTHERS, holder="me")
NOBODYS = replace(OTHERS, holder="")
NEW = LeaseRecord(namespace="ours", holder="me", acquired=EPOCH, renewed=EPOCH)


@pytest.mark.parametrize(
    ("seen", "now", "expected"),
    [
        pytest.param(Sighting(), 0.0, Create(NEW), id="there is none"),
        pytest.param(Sighting().then(MINE, 0.0), 500.0, Write(MINE), id="ours, however old"),
        pytest.param(Sighting().then(NOBODYS, 0.0), 0.0, Write(replace(MINE, transitions=4)), id="given back"),
        pytest.param(Sighting().then(OTHERS, 0.0), 14.9, Wait(15.0), id="held by another"),
        pytest.param(Sighting().then(OTHERS, 0.0), 15.0, Write(replace(MINE, transitions=4)), id="not renewed"),
        pytest.param(Sighting().then(OTHERS, 0.0).then(OTHERS, 9.0), 14.9, Wait(15.0), id="seen twice unchanged"),
        pytest.param(
            Sighting().then(OTHERS, 0.0).then(replace(OTHERS, version="8"), 9.0), 15.0, Wait(24.0), id="renewed"
        ),
        pytest.param(Sighting().then(OTHERS, 0.0).then(None, 1.0), 2.0, Wait(15.0), id="deleted under its holder"),
        pytest.param(Sighting().then(OTHERS, 0.0).then(None, 1.0), 15.0, Create(NEW), id="deleted long ago"),
        pytest.param(Sighting().then(MINE, 0.0).then(None, 1.0), 2.0, Create(NEW), id="ours, deleted"),
    ],
)
def test_what_a_candidate_does(seen: Sighting, now: float, expected: Move) -> None:
    assert next_move("me", seen, now, EPOCH, Timing(), "ours") == expected


def test_timing_that_would_let_two_lead_is_no_timing() -> None:
    with pytest.raises(ValueError, match="retry < renew < lease"):
        Timing(lease=10, renew=10.0)


def test_who_comes_alone_leads_at_once() -> None:
    cluster = Cluster()
    one = cluster.candidate("one")

    one.look()

    assert one.campaign.standing == Leading()
    assert one.writes


def test_one_of_two_leads_and_the_other_knows_who() -> None:
    cluster = Cluster()
    one, other = cluster.candidate("one"), cluster.candidate("other")

    cluster.go_on(60.0, one, other)

    assert (one.writes, other.writes) == (True, False)
    assert other.campaign.standing == Following("one")
    assert one.leadership.term(cluster.now) == 1


@pytest.mark.parametrize("died_after", [pytest.param(0.0, id="at a renewal"), pytest.param(1.9, id="before the next")])
def test_a_killed_leader_is_replaced_within_20_seconds(died_after: float) -> None:
    cluster = Cluster()
    one, other = cluster.candidate("one"), cluster.candidate("other")
    cluster.go_on(30.0 + died_after, one, other)

    died = cluster.now
    while not other.writes:
        cluster.go_on(0.1, other)

    assert cluster.now - died < 17.5


def test_a_frozen_leader_may_not_write_when_it_wakes() -> None:
    cluster = Cluster()
    one, other = cluster.candidate("one"), cluster.candidate("other")
    cluster.go_on(30.0, one, other)
    cluster.go_on(25.0, other)

    woken = one.writes
    one.look()

    assert (woken, one.writes, other.writes) == (False, False, True)
    assert one.campaign.standing == Following("other")


def test_who_gives_the_lease_back_is_replaced_at_the_next_look() -> None:
    cluster = Cluster()
    one, other = cluster.candidate("one"), cluster.candidate("other")
    cluster.go_on(30.0, one, other)

    one.campaign.resign()
    cluster.go_on(2.1, other)

    assert (one.writes, other.writes) == (False, True)
    assert one.campaign.standing == Released()


def test_a_follower_that_ends_leaves_the_lease_alone() -> None:
    cluster = Cluster()
    one, other = cluster.candidate("one"), cluster.candidate("other")
    cluster.go_on(30.0, one, other)

    other.campaign.resign()

    assert cluster.leases["ours"].holder == "one"


def test_a_leader_that_is_cut_off_stops_writing_after_10_seconds_and_begins_a_new_term_after_that() -> None:
    cluster = Cluster()
    one = cluster.candidate("one")
    cluster.go_on(30.0, one)
    cluster.cut_off = True
    cluster.go_on(7.0, one)
    still = one.writes

    cluster.go_on(5.0, one)
    lost, standing = one.writes, one.campaign.standing
    cluster.cut_off = False
    cluster.go_on(3.0, one)

    assert (still, lost, one.writes) == (True, False, True)
    assert standing == Unreachable("no route")
    assert one.leadership.term(cluster.now) == 2


def test_a_lease_that_somebody_edits_stays_with_its_leader() -> None:
    cluster = Cluster()
    one = cluster.candidate("one")
    cluster.go_on(30.0, one)

    cluster.write(cluster.leases["ours"])
    cluster.go_on(30.0, one)

    assert one.leadership.term(cluster.now) == 1


def test_a_lease_that_somebody_deletes_stays_with_its_leader() -> None:
    cluster = Cluster()
    one, other = cluster.candidate("one"), cluster.candidate("other")
    cluster.go_on(30.5, one, other)

    del cluster.leases["ours"]
    cluster.go_on(30.0, other, one)

    assert (one.writes, other.writes) == (True, False)


def test_the_lease_carries_what_other_tools_read() -> None:
    cluster = Cluster()
    one, other = cluster.candidate("one"), cluster.candidate("other")
    cluster.go_on(30.0, one, other)
    cluster.go_on(30.0, other)

    lease = cluster.leases["ours"]

    assert (lease.holder, lease.seconds, lease.transitions) == ("other", 15, 1)
    assert lease.acquired is not None
    assert lease.renewed is not None
    assert EPOCH < lease.acquired < lease.renewed


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2), st.sampled_from(["look", "freeze", "wake", "resign", "cut off"]), st.floats(0.0, 12.0)
        ),
        max_size=60,
    )
)
def test_never_two_may_write_at_once(events: list[tuple[int, str, float]]) -> None:
    cluster = Cluster()
    everyone = [cluster.candidate(name) for name in ("one", "two", "three")]
    frozen: set[str] = set()
    for number, event, seconds in events:
        who = everyone[number]
        match event:
            case "freeze":
                frozen.add(who.name)
            case "wake":
                frozen.discard(who.name)
            case "cut off":
                cluster.cut_off = not cluster.cut_off
            case "look" if who.name not in frozen:
                who.look()
            case "resign" if who.name not in frozen:
                who.campaign.resign()
        awake = [each for each in everyone if each.name not in frozen and each.campaign.standing != Released()]
        for _ in range(int(seconds / 0.5)):
            cluster.go_on(0.5, *awake)
            assert sum(each.writes for each in everyone) <= 1


def test_two_installations_the_later_one_stands_back_and_says_who_works() -> None:
    cluster = Cluster()
    elder = cluster.candidate("elder", "a")
    cluster.go_on(60.0, elder)
    later = cluster.candidate("later", "b")

    later.look()
    watching, began = later.campaign.standing, later.writes
    cluster.go_on(60.0, elder, later)

    assert isinstance(watching, Undecided)
    assert not began
    assert elder.writes
    assert complaint(later.campaign.standing) == ("another controller is at work: elder holds the Lease in namespace a")
    assert "b" not in cluster.leases


def test_of_two_that_began_together_the_later_gives_its_lease_back() -> None:
    cluster = Cluster(blind=True)
    elder = cluster.candidate("elder", "z")
    cluster.go_on(1.0, elder)
    later = cluster.candidate("later", "b")
    later.look()
    both = (elder.writes, later.writes)

    cluster.blind = False
    cluster.go_on(20.0, elder, later)

    assert both == (True, True)
    assert (elder.writes, later.writes) == (True, False)
    assert cluster.leases["b"].holder == ""


def test_a_remnant_of_another_installation_delays_the_start_by_20_seconds() -> None:
    cluster = Cluster()
    cluster.write(replace(OTHERS, namespace="elsewhere"))
    one = cluster.candidate("one")

    cluster.go_on(19.0, one)
    before = one.writes
    cluster.go_on(6.0, one)

    assert (before, one.writes) == (False, True)


def test_who_stood_back_works_when_the_other_is_gone() -> None:
    cluster = Cluster()
    elder, later = cluster.candidate("elder", "a"), cluster.candidate("later", "b")
    cluster.go_on(60.0, elder, later)

    cluster.go_on(30.0, later)

    assert later.writes


def test_who_may_not_look_elsewhere_leads_and_says_so() -> None:
    cluster = Cluster(blind=True)
    cluster.write(replace(OTHERS, namespace="elsewhere"))
    one = cluster.candidate("one")

    one.look()

    assert one.writes
    assert one.campaign.blind == "listing is not allowed"


def test_who_cannot_look_elsewhere_any_more_goes_on_standing_back() -> None:
    cluster = Cluster()
    elder, later = cluster.candidate("elder", "a"), cluster.candidate("later", "b")
    cluster.go_on(60.0, elder, later)

    cluster.blind = True
    cluster.go_on(60.0, elder, later)

    assert (elder.writes, later.writes) == (True, False)


def test_another_installation_that_comes_later_disturbs_nobody() -> None:
    cluster = Cluster()
    elder = cluster.candidate("elder", "b")
    cluster.go_on(60.0, elder)

    cluster.go_on(60.0, elder, cluster.candidate("later", "a"))

    assert elder.writes
    assert elder.leadership.term(cluster.now) == 1


def test_a_lease_nobody_holds_is_no_rival() -> None:
    rivals = Rivals().then([replace(NOBODYS, namespace="a")], 0.0)

    assert judge(rivals, None, 0.0) == Free()


def test_of_equal_times_the_first_namespace_goes_on() -> None:
    theirs = replace(OTHERS, namespace="b")
    rivals = Rivals().then([replace(theirs, version="1")], 0.0).then([theirs], 1.0)

    assert judge(rivals, replace(MINE, namespace="a"), 1.0) == Free()
    assert judge(rivals, replace(MINE, namespace="c"), 1.0) == StandBack(theirs)
