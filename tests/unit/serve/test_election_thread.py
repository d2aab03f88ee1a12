"""The thread that keeps the lease, with leases in memory."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic

from lattice_gateway.engine.leadership import Leadership
from lattice_gateway.engine.leases import LeaseRecord
from lattice_gateway.serve.election.campaign import Campaign, Clocks
from lattice_gateway.serve.election.candidate import Timing
from lattice_gateway.serve.election.standing import Leading, Released
from lattice_gateway.serve.election.thread import STUCK, Election
from tests.unit.serve.leases import Cluster, InMemory

SOON = 10.0


@dataclass
class Watched(InMemory):
    """Leases in memory, that say when they were written."""

    renewals: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def replace(self, record: LeaseRecord) -> LeaseRecord:
        written = super().replace(record)
        self.renewals.release()
        return written


class Odd(InMemory):
    """Leases with a bug."""

    def read(self) -> LeaseRecord | None:
        raise LookupError("a bug")


def an_election(leases: InMemory, broken: Callable[[], None] = lambda: None) -> tuple[Election, Leadership]:
    leadership = Leadership()
    clocks = Clocks(now=monotonic, moment=lambda: datetime.now(UTC))
    timing = Timing(lease=3, renew=2.0, retry=0.01)
    return Election(Campaign("me", leases, leadership, clocks, timing), broken), leadership


def test_the_lease_is_renewed_while_nobody_else_does_anything() -> None:
    leases = Watched(Cluster(), "ours")
    election, leadership = an_election(leases)

    election.start()
    renewed = [leases.renewals.acquire(timeout=SOON) for _ in range(3)]
    standing, term, stuck = election.standing, leadership.term(monotonic()), election.stuck()
    ended = election.resign(SOON)

    assert all(renewed)
    assert (standing, term, stuck) == (Leading(), 1, None)
    assert ended
    assert election.standing == Released()
    assert leases.cluster.leases["ours"].holder == ""
    assert leadership.term(monotonic()) is None


def test_a_thread_that_has_ended_is_a_reason_to_restart() -> None:
    election, _ = an_election(Watched(Cluster(), "ours"))

    assert election.stuck() == "the thread that renews the Lease does not run"


def test_a_thread_that_stands_still_is_a_reason_to_restart() -> None:
    moments, go_on = [0.0], threading.Event()

    class Slow(InMemory):
        def read(self) -> LeaseRecord | None:
            go_on.wait(SOON)
            return super().read()

    clocks = Clocks(now=monotonic, moment=lambda: datetime.now(UTC))
    campaign = Campaign("me", Slow(Cluster(), "ours"), Leadership(), clocks, Timing())
    election = Election(campaign, lambda: None, now=lambda: moments[0])
    election.start()

    before = election.stuck()
    moments[0] = STUCK + 1.0
    after = election.stuck()
    go_on.set()
    election.resign(SOON)

    assert (before, after) == (None, "the Lease was not looked at for 31 s")


def test_a_bug_is_told() -> None:
    told = threading.Event()
    election, leadership = an_election(Odd(Cluster(), "ours"), told.set)

    election.start()

    assert told.wait(SOON)
    assert leadership.term(monotonic()) is None
