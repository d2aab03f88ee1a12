"""Leases in memory, as an API server keeps them, and candidates on one clock that a test moves."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from lattice_gateway.engine.leadership import Leadership
from lattice_gateway.engine.leases import LeaseRecord, LeaseTaken, LeaseUnreachable
from lattice_gateway.serve.election.campaign import Campaign, Clocks
from lattice_gateway.serve.election.candidate import Timing

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Cluster:
    """All leases by namespace; every write gets a version of its own."""

    now: float = 1000.0
    leases: dict[str, LeaseRecord] = field(default_factory=dict)
    cut_off: bool = False
    blind: bool = False
    versions: int = 0

    def moment(self) -> datetime:
        return EPOCH + timedelta(seconds=self.now)

    def write(self, record: LeaseRecord) -> LeaseRecord:
        self.versions += 1
        written = self.leases[record.namespace] = replace(record, version=str(self.versions))
        return written

    def candidate(self, name: str, namespace: str = "ours") -> "Candidate":
        leadership = Leadership()
        clocks = Clocks(now=lambda: self.now, moment=self.moment)
        campaign = Campaign(name, InMemory(self, namespace), leadership, clocks, Timing())
        return Candidate(name, self, leadership, campaign, self.now)

    def go_on(self, seconds: float, *candidates: "Candidate") -> None:
        """Let time pass; each candidate looks when it wants to."""
        end = self.now + seconds
        while candidates and (nearest := min(candidates, key=lambda each: each.due)).due <= end:
            self.now = max(self.now, nearest.due)
            nearest.look()
        self.now = end


@dataclass
class InMemory:
    """The leases as one candidate reaches them."""

    cluster: Cluster
    namespace: str

    def read(self) -> LeaseRecord | None:
        self._reach()
        return self.cluster.leases.get(self.namespace)

    def create(self, record: LeaseRecord) -> LeaseRecord:
        self._reach()
        if self.namespace in self.cluster.leases:
            raise LeaseTaken
        return self.cluster.write(record)

    def replace(self, record: LeaseRecord) -> LeaseRecord:
        self._reach()
        there = self.cluster.leases.get(self.namespace)
        if there is None or there.version != record.version:
            raise LeaseTaken
        return self.cluster.write(record)

    def elsewhere(self) -> tuple[LeaseRecord, ...]:
        self._reach()
        if self.cluster.blind:
            raise LeaseUnreachable("listing is not allowed")
        return tuple(each for name, each in self.cluster.leases.items() if name != self.namespace)

    def _reach(self) -> None:
        if self.cluster.cut_off:
            raise LeaseUnreachable("no route")


@dataclass
class Candidate:
    """A process; its engine begins each term at once."""

    name: str
    cluster: Cluster
    leadership: Leadership
    campaign: Campaign
    due: float

    def look(self) -> None:
        self.due = self.cluster.now + self.campaign.step()
        self.begin()

    def begin(self) -> None:
        term = self.leadership.term(self.cluster.now)
        if term is not None:
            self.leadership.begin(term)

    @property
    def writes(self) -> bool:
        return self.leadership.may_write(self.cluster.now)
