"""Everything the emulated service knows: tables of resources and what is kept beside them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush

from lattice_emulator.world import model as m
from lattice_emulator.world.kinds import Kind, kind_of
from lattice_emulator.world.table import Table


@dataclass(frozen=True, slots=True)
class Due:
    """A life-cycle step that waits for its time; ``goal`` None means the resource will be gone."""

    at: float
    goal: m.Status | None


@dataclass(frozen=True, slots=True)
class TagVersion:
    """The tags a resource had from ``at`` on."""

    at: float
    tags: dict[str, str]


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A deleted resource that lists may still show for a while, with the tags it had (None: never tagged)."""

    at: float
    resource: m.Resource
    tags: dict[str, str] | None


@dataclass(frozen=True, slots=True)
class ForcedFailure:
    """The next life-cycle step towards ``goal`` of the resource with this id or name fails."""

    subject: str
    goal: m.Status
    failure: m.Failure


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """A successful create, kept for its client token; ``digest`` is of the parameters without the token."""

    digest: str
    resource_id: str
    answer: dict[str, object]
    until: float


@dataclass(frozen=True, slots=True)
class TokenKey:
    """What a client token is unique in."""

    caller: m.Caller
    operation: str
    token: str


@dataclass(frozen=True, slots=True, order=True)
class Appointment:
    """Look at ``subject`` at the time ``at``: a resource's id; for a target that drains, its group's and its key."""

    at: float
    subject: str
    target: m.TargetKey | None = field(compare=False, default=None)


class Agenda:
    """Appointments by time. One that no longer holds is skipped by whoever looks."""

    def __init__(self) -> None:
        self._heap: list[Appointment] = []

    def add(self, appointment: Appointment) -> None:
        """Note it down."""
        heappush(self._heap, appointment)

    def first(self) -> Appointment | None:
        """The earliest one, or None."""
        return self._heap[0] if self._heap else None

    def drop_first(self) -> None:
        """Strike out the earliest one."""
        heappop(self._heap)


@dataclass(slots=True)
class Counters:
    """Where ids and the order of creation come from; same seed and calls, same ids."""

    seed: int
    seq: int = 0

    def next_seq(self) -> int:
        """The next number in the order of creation."""
        self.seq += 1
        return self.seq

    def new_id(self, kind: Kind) -> str:
        """A fresh id: the kind's prefix, ``0`` and 16 hexadecimal digits."""
        digest = hashlib.sha256(f"{self.seed}/{self.next_seq()}".encode()).hexdigest()
        return f"{kind.prefix}-0{digest[:16]}"


def _services() -> Table[m.Service]:
    return Table(m.Service, {"home": lambda s: (s.home,), "name": lambda s: ((s.home, s.name),)})


def _listeners() -> Table[m.Listener]:
    return Table(
        m.Listener,
        {
            "home": lambda x: (x.home,),
            "service": lambda x: (x.service_id,),
            "name": lambda x: ((x.service_id, x.name),),
            "port": lambda x: ((x.service_id, x.port),),
        },
    )


def groups_of(action: m.Action) -> dict[str, int]:
    """The groups an action names, in order, each with the sum of its weights."""
    match action:
        case m.Forward(shares):
            weights: dict[str, int] = {}
            for share in shares:
                weights[share.group_id] = weights.get(share.group_id, 0) + share.weight
            return weights
        case m.FixedResponse():
            return {}


def _rules() -> Table[m.Rule]:
    return Table(
        m.Rule,
        {
            "home": lambda r: (r.home,),
            "listener": lambda r: (r.listener_id,),
            "service": lambda r: (r.service_id,),
            "name": lambda r: ((r.listener_id, r.name),),
            "priority": lambda r: () if r.priority is None else ((r.listener_id, r.priority),),
            "group": lambda r: groups_of(r.action),
        },
    )


def _target_groups() -> Table[m.TargetGroup]:
    return Table(m.TargetGroup, {"home": lambda g: (g.home,), "name": lambda g: ((g.home, g.name),)})


def _networks() -> Table[m.ServiceNetwork]:
    return Table(m.ServiceNetwork, {"home": lambda n: (n.home,), "name": lambda n: ((n.home, n.name),)})


def _service_associations() -> Table[m.ServiceAssociation]:
    return Table(
        m.ServiceAssociation,
        {
            "home": lambda a: (a.home,),
            "service": lambda a: (a.service_id,),
            "network": lambda a: (a.network_id,),
            "pair": lambda a: ((a.network_id, a.service_id),),
            "status": lambda a: ((a.network_id, a.status),),
        },
    )


def _vpc_associations() -> Table[m.VpcAssociation]:
    return Table(
        m.VpcAssociation,
        {
            "home": lambda a: (a.home,),
            "network": lambda a: (a.network_id,),
            "vpc": lambda a: ((a.home.region, a.vpc_id),),
            "status": lambda a: ((a.network_id, a.status),),
        },
    )


def _access_logs() -> Table[m.AccessLogSubscription]:
    return Table(m.AccessLogSubscription, {"home": lambda s: (s.home,), "resource": lambda s: (s.resource_id,)})


@dataclass(slots=True)
class State:
    """The tables, and by id: targets (in order of registration), tags, auth policies, pending steps.

    ``tags`` has an entry for every resource that was ever tagged. ``shares`` maps a resource's id to the
    accounts that it is shared with and that accepted. ``tombstones`` is empty unless lists lag, by ``listing_lag``
    seconds. ``agenda`` follows from the rest. ``revision`` rises with every change that matters to traffic or status.
    """

    counters: Counters
    services: Table[m.Service] = field(default_factory=_services)
    listeners: Table[m.Listener] = field(default_factory=_listeners)
    rules: Table[m.Rule] = field(default_factory=_rules)
    target_groups: Table[m.TargetGroup] = field(default_factory=_target_groups)
    networks: Table[m.ServiceNetwork] = field(default_factory=_networks)
    service_associations: Table[m.ServiceAssociation] = field(default_factory=_service_associations)
    vpc_associations: Table[m.VpcAssociation] = field(default_factory=_vpc_associations)
    access_logs: Table[m.AccessLogSubscription] = field(default_factory=_access_logs)
    targets: dict[str, dict[m.TargetKey, m.Target]] = field(default_factory=dict)
    tags: dict[str, tuple[TagVersion, ...]] = field(default_factory=dict)
    auth_policies: dict[str, m.AuthPolicy] = field(default_factory=dict)
    certificates: dict[str, m.Certificate] = field(default_factory=dict)
    pending: dict[str, Due] = field(default_factory=dict)
    answers: dict[TokenKey, StoredAnswer] = field(default_factory=dict)
    shares: dict[str, frozenset[str]] = field(default_factory=dict)
    tombstones: list[Tombstone] = field(default_factory=list)
    forced: tuple[ForcedFailure, ...] = ()
    listing_lag: float = 0.0
    agenda: Agenda = field(default_factory=Agenda)
    revision: int = 0

    def put(self, resource: m.Resource) -> None:
        """Add the resource, or put it in the place of the one with its id."""
        kind = kind_of(resource.id)
        if kind is None:
            raise ValueError(f"id {resource.id!r} is of no kind")
        self.tables()[kind].put(resource)
        self.touch()

    def tables(self) -> Mapping[Kind, Table[m.Resource]]:
        """Every table by kind; to read or to remove from by id."""
        named: dict[Kind, object] = {
            Kind.SERVICE: self.services,
            Kind.LISTENER: self.listeners,
            Kind.RULE: self.rules,
            Kind.TARGET_GROUP: self.target_groups,
            Kind.NETWORK: self.networks,
            Kind.SERVICE_ASSOCIATION: self.service_associations,
            Kind.VPC_ASSOCIATION: self.vpc_associations,
            Kind.ACCESS_LOG: self.access_logs,
        }
        return named  # type: ignore[return-value]  # a Table is invariant; callers put back what they took out

    def find(self, identifier: str) -> m.Resource | None:
        """The resource with this id, of whatever kind."""
        kind = kind_of(identifier)
        return None if kind is None else self.tables()[kind].get(identifier)

    def ever(self, identifier: str) -> m.Resource:
        """The resource with this id, also when only lagging lists still know it; raises KeyError."""
        found = self.find(identifier)
        if found is not None:
            return found
        return next(t.resource for t in reversed(self.tombstones) if t.resource.id == identifier)

    def touch(self) -> None:
        """Note that something changed."""
        self.revision += 1
