"""What a source of objects tells the engine, and what the engine remembers over a restart, as values.

Nothing here knows files, a cluster or VPC Lattice's API.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lattice_gateway.core.lattice.keys import UnitKey
from lattice_gateway.core.lattice.words import Arn
from lattice_gateway.core.objects import Kind, Object, Ref
from lattice_gateway.core.translate.inputs import Inheritance

OWNING_KINDS = frozenset(
    {
        Kind.GATEWAY,
        Kind.HTTP_ROUTE,
        Kind.GRPC_ROUTE,
        Kind.TLS_ROUTE,
        Kind.SERVICE_EXPORT,
        Kind.SERVICE_NETWORK,
        Kind.ACCESS_LOG_POLICY,
        Kind.IAM_AUTH_POLICY,
        Kind.TARGET_GROUP_POLICY,
        Kind.VPC_ASSOCIATION_POLICY,
    }
)
"""Kinds that own Lattice state: only they count towards a mass deletion (decision 35)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something in the source that cannot be used as it is; what was there before stays in force.

    ``file`` is relative to the source, empty for the source itself; ``line`` counts from 1, None where there is none.
    ``who`` names the object as far as it is known, ``ref`` only if kind and name are certain. ``field`` is a path
    like ``spec.rules[0].name``, empty where the whole file or object is meant.
    """

    file: str
    line: int | None = None
    who: str = ""
    ref: Ref | None = None
    field: str = ""
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(part for part in (place, self.who, self.field, self.message) if part)


@dataclass(frozen=True, slots=True)
class Undecodable:
    """An object that is there and cannot be read, without any earlier good content: it holds its units.

    ``leaving``: it is being deleted, and only our finalizer, which it carries, keeps it (decision 16).
    """

    ref: Ref
    problem: Problem
    leaving: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MassDeletion:
    """So many objects vanished at once that nothing is deleted until a person names the number (decision 35).

    ``refs`` own Lattice state and are missing, ``known`` is how many such objects there were. ``confirmed`` is the
    number a person gave, None where none was.
    """

    refs: tuple[Ref, ...]
    known: int
    confirmed: int | None = None

    @property
    def count(self) -> int:
        """The number to confirm."""
        return len(self.refs)

    def __str__(self) -> str:
        said = "" if self.confirmed is None else f" (--confirm-deletions named {self.confirmed})"
        names = ", ".join(str(ref) for ref in self.refs[:10]) + (", …" if self.count > 10 else "")
        return (
            f"{self.count} of {self.known} objects that own Lattice state are gone from the source{said}; nothing is "
            f"deleted until --confirm-deletions {self.count} says so: {names}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What changed since the batch before; the first one tells everything.

    ``puts`` are new and changed objects, ``gone`` those whose removal counts, ``undecodable`` new ones that cannot be
    read. ``problems``, ``skipped`` (objects of kinds that are none of ours, by ``kind.apiVersion``) and ``held`` are
    the whole truth at this moment, and so is ``forbidden``: kinds that are there and that we were never allowed to
    read. ``complete`` is True once the source was read as a whole at least once: before
    that nothing may count as absent. ``inherited`` is what routes tell of the switch from the Go controller, where that
    is new; None: nothing any more.
    """

    puts: tuple[Object, ...] = ()
    gone: tuple[Ref, ...] = ()
    undecodable: tuple[Undecodable, ...] = ()
    problems: tuple[Problem, ...] = ()
    skipped: Mapping[str, int] = field(default_factory=dict)
    complete: bool = False
    held: MassDeletion | None = None
    forbidden: frozenset[Kind] = frozenset()
    inherited: Mapping[Ref, Inheritance | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One reading of a source, for commands that look once.

    ``objects`` are in force, ordered by reference, the retained ones included. ``gone`` are objects the state
    directory knows and the source no longer has: they are not among ``objects`` unless ``held`` keeps them.
    """

    objects: tuple[Object, ...] = ()
    gone: tuple[Ref, ...] = ()
    undecodable: tuple[Undecodable, ...] = ()
    problems: tuple[Problem, ...] = ()
    skipped: Mapping[str, int] = field(default_factory=dict)
    complete: bool = False
    held: MassDeletion | None = None
    inherited: Mapping[Ref, Inheritance] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ObjectRecord:
    """The last good content of an object and the file it stood in; metadata holds first seen and generation."""

    thing: Object
    file: str


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """A piece of Lattice state we began to create: after a crash it is deleted only because this record says so.

    ``owner`` is the object it was made for; ``arn`` None until an answer told it.
    """

    key: UnitKey
    owner: Ref | None
    arn: Arn | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Everything the last process left behind; ``accepted`` are the last contents whose translation was whole."""

    objects: Mapping[Ref, ObjectRecord] = field(default_factory=dict)
    units: Mapping[UnitKey, UnitRecord] = field(default_factory=dict)
    accepted: Mapping[Ref, Object] = field(default_factory=dict)


class StateUnwritable(Exception):  # noqa: N818  # reads as what is the case
    """A record could not be written (no space, no permission): whatever it was to allow must not happen."""


class NotHeldYet(StateUnwritable):
    """The object that something is made for can still vanish unseen; our finalizer is on its way to it."""

    def __init__(self, ref: Ref, finalizer: str) -> None:
        super().__init__(f"{ref} does not carry the finalizer {finalizer} yet")
        self.ref = ref
