"""From one reading to the next: what is in force, what changed, and when a removal counts.

In: what is in force, a reading, the time. Out: ``Settled``. Pure, and the only place where the brakes of decision 35
are: two readings that agree, 1 s apart; a source without any object deletes nothing; what cannot be read is not gone;
too many removals at once wait for a person.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias

from msgspec import structs

from lattice_gateway.adapters.files.contents import Placed
from lattice_gateway.adapters.files.reading import Anything, Difference, Reading, Touched
from lattice_gateway.core.objects import EndpointSlice, Namespace, Object, Ref
from lattice_gateway.engine.feed import OWNING_KINDS, MassDeletion, Problem, Undecodable

AGREEMENT: Final = 1.0
"""Seconds that an object must be missing before its removal counts."""

ALWAYS_ALLOWED: Final = 3
ALLOWED_SHARE: Final = 10
"""As many owning objects may vanish at once, or one in so many of them, whichever is more."""


@dataclass(frozen=True, slots=True)
class Standing:
    """An object in force: ``thing`` with generation and first-seen time, as ``original`` was decoded.

    ``original`` None: it comes from the state directory. ``thing`` None: it cannot be read and never could be.
    """

    thing: Object | None
    file: str
    original: Object | None = None
    undecodable: Undecodable | None = None


InForce: TypeAlias = Mapping[Ref, Standing]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When a reading was taken: seconds of a clock that never goes back, and the time of day."""

    steady: float
    wall: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The outcome of a reading.

    ``missing`` are objects that are in force but were not found, with the steady time they were first missed.
    ``held`` says that their removal waits for a person; ``problems`` are those of the reading and of the brakes.
    """

    in_force: InForce = field(default_factory=dict)
    gone: tuple[Ref, ...] = ()
    missing: Mapping[Ref, float] = field(default_factory=dict)
    held: MassDeletion | None = None
    problems: tuple[Problem, ...] = ()
    skipped: Mapping[str, int] = field(default_factory=dict)


def settle(before: Settled, reading: Reading, now: Moment, confirmed: int | None) -> Settled:
    """What is in force after ``reading``; ``confirmed`` is the number of deletions a person agreed to."""
    vanished = _vanished(before.in_force, reading)
    missing = {ref: before.missing.get(ref, now.steady) for ref in vanished}
    empty = not reading.objects
    held = None if empty else mass_deletion(before.in_force, vanished, confirmed)
    may_go = not empty and held is None
    gone = tuple(sorted(ref for ref, since in missing.items() if may_go and now.steady - since >= AGREEMENT))
    return Settled(
        in_force=_in_force(before.in_force, reading, frozenset(gone), now.wall),
        gone=gone,
        missing={ref: since for ref, since in missing.items() if ref not in gone},
        held=held,
        problems=reading.problems + (_emptiness(before.in_force) if empty and before.in_force else ()),
        skipped=reading.skipped,
    )


def settle_difference(
    before: Settled, reading: Reading, difference: Difference, now: Moment, confirmed: int | None
) -> Settled:
    """As ``settle``, at the cost of what differs where nothing is missing; ``before`` is from the reading before."""
    match difference:
        case Touched(refs) if not before.missing and not before.problems:
            changed = {ref: _standing(before.in_force.get(ref), reading.objects[ref], now.wall) for ref in refs}
            return Settled(in_force={**before.in_force, **changed}, skipped=reading.skipped)
        case Touched() | Anything():
            return settle(before, reading, now, confirmed)


def mass_deletion(before: InForce, vanished: frozenset[Ref], confirmed: int | None) -> MassDeletion | None:
    """The brake: too many objects that own Lattice state are missing, and nobody has named their number."""
    owning = [ref for ref in before if ref.kind in OWNING_KINDS]
    lost = tuple(sorted(ref for ref in vanished if ref.kind in OWNING_KINDS))
    if len(lost) <= ALWAYS_ALLOWED or len(lost) * ALLOWED_SHARE <= len(owning) or len(lost) == confirmed:
        return None
    return MassDeletion(refs=lost, known=len(owning), confirmed=confirmed)


def _vanished(before: InForce, reading: Reading) -> frozenset[Ref]:
    """Objects in force that are nowhere in the reading although their file, or its absence, was seen."""
    return frozenset(
        ref
        for ref, standing in before.items()
        if ref not in reading.objects and ref not in reading.undecodable and reading.sees(standing.file)
    )


def _in_force(before: InForce, reading: Reading, gone: frozenset[Ref], wall: datetime) -> InForce:
    after = {ref: standing for ref, standing in before.items() if ref not in gone}
    for ref, broken in reading.undecodable.items():
        known = after.get(ref)
        if known is None or known.thing is None:
            after[ref] = Standing(None, broken.problem.file, undecodable=broken)
    for ref, placed in reading.objects.items():
        after[ref] = _standing(before.get(ref), placed, wall)
    return after


def _standing(before: Standing | None, placed: Placed, wall: datetime) -> Standing:
    if before is not None and before.original is placed.thing and before.file == placed.file:
        return before
    known = before.thing if before is not None else None
    thing = _stamped(known, placed.thing, wall)
    return Standing(known if known == thing else thing, placed.file, placed.thing)


def _stamped(known: Object | None, thing: Object, wall: datetime) -> Object:
    """The object as an API server would keep it: generation +1 a change of its spec, time of creation (decision 42).

    Deletion marks of a file mean nothing: an object of a file is deleted by removing it.
    """
    first_seen = known.metadata.creation_timestamp if known else wall.replace(microsecond=0)
    generation = 1 if known is None else known.metadata.generation + (0 if same_spec(known, thing) else 1)
    metadata = structs.replace(
        thing.metadata,
        generation=generation,
        creation_timestamp=thing.metadata.creation_timestamp or first_seen,
        deletion_timestamp=None,
    )
    return structs.replace(thing, metadata=metadata)


def same_spec(one: Object, other: Object) -> bool:
    """Whether two states of an object differ in metadata at most."""
    match one, other:
        case ((EndpointSlice() | Namespace()), _):
            return structs.replace(one, metadata=other.metadata) == other
        case _, (EndpointSlice() | Namespace()):
            return False
        case _:
            return one.spec == other.spec


def _emptiness(before: InForce) -> tuple[Problem, ...]:
    message = f"the source holds no object that can be read; what was seen last (objects: {len(before)}) stays as it is"
    return (Problem(file="", message=message),)
