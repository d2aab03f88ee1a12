"""Plans as values: steps of operations, what they need, and what a person should know before they run."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from lattice_gateway.core.lattice.keys import GroupKey, NetworkKey, ServiceKey, UnitKey
from lattice_gateway.core.lattice.operations import Operation, Ref
from lattice_gateway.core.lattice.outcome import Refusal
from lattice_gateway.core.lattice.words import Arn, Status


@dataclass(frozen=True, slots=True)
class UnitActive:
    """The resource of ``unit`` (this plan's own or another unit's) exists and is ACTIVE.

    ``which`` is the id or name of the very resource where several could answer (target groups).
    """

    unit: UnitKey
    which: str | None = None


@dataclass(frozen=True, slots=True)
class AssociationsGone:
    """No association of the named service, network (or its VPC association) is left in any status.

    ``which`` is the id of the network meant where several have the name.
    """

    unit: UnitKey
    which: str | None = None


@dataclass(frozen=True, slots=True)
class Unused:
    """No rule and no default action forwards to the group any more; ``which`` is its id."""

    group: GroupKey
    which: str | None = None


@dataclass(frozen=True, slots=True)
class Drained:
    """The group lists no target any more, draining ones included; ``which`` is its id."""

    group: GroupKey
    which: str | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """The resource of the unit, or of the one it must follow, has left Lattice (DELETE_IN_PROGRESS is over).

    ``which`` is its id where several could answer (target groups).
    """

    unit: UnitKey
    which: str | None = None


@dataclass(frozen=True, slots=True)
class Unneeded:
    """No live unit needs this one any more (``Surroundings.live_dependants``)."""

    unit: UnitKey


class AssociationState(StrEnum):
    """What a step needs an association to be: not there at all, no longer in a transition, or ACTIVE."""

    FREE = "free"
    SETTLED = "settled"
    ACTIVE = "active"


@dataclass(frozen=True, slots=True)
class AssociationIs:
    """The association of the unit with ``network`` is so; of a network unit: the one of our VPC."""

    unit: ServiceKey | NetworkKey
    network: Ref
    state: AssociationState


class Part(StrEnum):
    """What of an observed unit may be unread; a plan changes nothing on the strength of what it does not know."""

    TAGS = "tags"
    TARGETS = "targets"
    ASSOCIATIONS = "associations"
    LISTENERS = "listeners"
    RULES = "rules"


@dataclass(frozen=True, slots=True)
class WasRead:
    """The part of the unit was read (decision 24: unknown is never deleted and never leaked, it is retried).

    ``which`` is the id of the resource meant where several could answer (target groups).
    """

    unit: UnitKey
    part: Part
    which: str | None = None


@dataclass(frozen=True, slots=True)
class Never:
    """Only a person or another controller can clear the way; ``why`` says who."""

    why: str


Condition: TypeAlias = (
    UnitActive | AssociationsGone | AssociationIs | Unneeded | Unused | Drained | Gone | WasRead | Never
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Operations in order, started when the steps it needs are done and its conditions hold.

    A failure stops this step and those that need it, nothing else. A step without operations only waits: the unit is
    not done before its conditions hold.
    """

    name: str
    operations: tuple[Operation, ...] = ()
    needs: frozenset[str] = frozenset()
    when: tuple[Condition, ...] = ()


class NoteKind(StrEnum):
    """What a note is about; decides how ``plan`` prints it."""

    DESTRUCTIVE = "destructive"
    REPLACES = "replaces"
    INTERRUPTS = "interrupts"
    IMMUTABLE = "immutable"
    DUPLICATE = "duplicate"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Note:
    """Something a person should know about the plan; ``INTERRUPTS`` marks what law 5 exempts."""

    kind: NoteKind
    text: str


@dataclass(frozen=True, slots=True)
class Join:
    """A group that is warming up: its health is wanted, and the plan changes when it is good or its time is over."""

    group: GroupKey
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that makes a unit as desired; complete, and empty when it already is.

    ``joins`` are the groups a later plan waits for (decision 18): the unit is not done while there are any.
    """

    unit: UnitKey
    steps: tuple[Step, ...] = ()
    joins: tuple[Join, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def operations(self) -> tuple[Operation, ...]:
        """All operations in the order of the steps."""
        return tuple(operation for step in self.steps for operation in step.operations)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do and nothing to wait for."""
        return not self.steps and not self.joins


Planned: TypeAlias = Plan | Refusal


class Health(StrEnum):
    """Health of a group as a whole, for joining (decision 18)."""

    UNKNOWN = "unknown"
    EMPTY = "empty"
    GOOD = "good"
    WAITING = "waiting"
    BAD = "bad"
    UNUSED = "unused"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupState:
    """What a service's plan knows of a group it forwards to.

    ``joining_for`` is how long, in seconds, this process has seen the group join; 0 when it does not.
    ``service_arns`` are the Lattice services that use it.
    """

    ref: Ref
    status: Status | None
    health: Health = Health.UNKNOWN
    joining_for: float = 0.0
    service_arns: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkState:
    """What a service's plan knows of a network; ``problem`` says why it cannot be used (missing, ambiguous)."""

    ref: Ref | None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The other units that a plan refers to, as far as they are known; few, since planners walk through them.

    Of a service: the groups it forwards to and those of its key that its live rules still name, its networks. Of a
    group: its service's ARN and the other groups of the same Kubernetes Service.
    """

    groups: dict[GroupKey, GroupState] = field(default_factory=dict)
    networks: dict[UnitKey, NetworkState] = field(default_factory=dict)
    live_dependants: frozenset[UnitKey] = frozenset()
    """Units that still exist and need this one; an absent unit waits for them."""
    warm_up_timeout: float = 120.0
    services: dict[ServiceKey, Arn] = field(default_factory=dict)
    """Lattice services that exist, by name: tells a group's users (``serviceArns``) apart (decision 36)."""
    taken: frozenset[str] = frozenset()
    """Ids of groups that other units have chosen; a group of the Go controller is chosen once."""
    rule_quota: int = 10
    """Rules a listener may hold (Lattice: L-CF78395E); at this number a stale rule is turned into a new one."""
