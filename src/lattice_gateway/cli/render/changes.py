"""A plan of everything as text: unit by unit what is created, changed, replaced and deleted, and a summary."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from lattice_gateway.core.lattice.keys import UnitKey
from lattice_gateway.core.lattice.observed import Observed
from lattice_gateway.core.lattice.operations import (
    CreateService,
    CreateServiceNetwork,
    CreateTargetGroup,
    DeleteService,
    DeleteServiceNetwork,
    DeleteTargetGroup,
)
from lattice_gateway.core.lattice.outcome import Refusal
from lattice_gateway.core.plan.describe import describe_operation
from lattice_gateway.core.plan.plan import NoteKind, Plan, Planned
from lattice_gateway.engine.call_names import call_name


class Change(StrEnum):
    """What becomes of a unit; the words of the summary and of the JSON output."""

    CREATE = "create"
    CHANGE = "change"
    REPLACE = "replace"
    DELETE = "delete"
    REFUSED = "refused"
    NOTHING = "nothing"


SIGNS = {
    Change.CREATE: "+",
    Change.CHANGE: "~",
    Change.REPLACE: "-/+",
    Change.DELETE: "-",
    Change.REFUSED: "✗",
    Change.NOTHING: " ",
}
COUNTED = (Change.CREATE, Change.CHANGE, Change.REPLACE, Change.DELETE)
"""Changes of the summary, in its order."""

LOUD = frozenset({NoteKind.DESTRUCTIVE, NoteKind.INTERRUPTS, NoteKind.REPLACES, NoteKind.IMMUTABLE})
"""Notes that stand out."""

_CREATES = (CreateService, CreateServiceNetwork, CreateTargetGroup)
_DELETES = (DeleteService, DeleteServiceNetwork, DeleteTargetGroup)


@dataclass(frozen=True, slots=True)
class Line:
    """An operation of a unit: the API's name of the call, and what it does in words."""

    operation: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitChange:
    """A unit in the plan; ``notes`` are (kind, text), ``waits`` what a later plan waits for."""

    key: UnitKey
    change: Change
    lines: tuple[Line, ...] = ()
    notes: tuple[tuple[NoteKind, str], ...] = ()
    waits: tuple[str, ...] = ()
    refusal: Refusal | None = None

    @property
    def shown(self) -> bool:
        """Whether there is anything to say about the unit."""
        return self.change is not Change.NOTHING or bool(self.notes or self.waits)


def unit_change(key: UnitKey, planned: Planned, observed: Observed) -> UnitChange:
    """What a plan does to a unit."""
    match planned:
        case Refusal():
            return UnitChange(key=key, change=Change.REFUSED, refusal=planned)
        case Plan():
            return UnitChange(
                key=key,
                change=_change(planned),
                lines=tuple(_lines(planned, observed)),
                notes=tuple((note.kind, note.text) for note in planned.notes),
                waits=tuple(join.why for join in planned.joins),
            )
        case _:
            assert_never(planned)


def _change(plan: Plan) -> Change:
    operations = plan.operations
    kinds = {note.kind for note in plan.notes}
    if not operations:
        return Change.NOTHING
    if NoteKind.REPLACES in kinds or NoteKind.INTERRUPTS in kinds:
        return Change.REPLACE
    if any(isinstance(operation, _DELETES) for operation in operations):
        return Change.DELETE
    return Change.CREATE if any(isinstance(operation, _CREATES) for operation in operations) else Change.CHANGE


def _lines(plan: Plan, observed: Observed) -> list[Line]:
    return [Line(call_name(one).operation, describe_operation(one, observed)) for one in plan.operations]


def unit_text(unit: UnitChange) -> list[str]:
    """A unit with its operations and notes, as lines."""
    lines = [f"{SIGNS[unit.change]:>3} {unit.key}"]
    if unit.refusal is not None:
        lines.append(f"      refused, {unit.refusal.reason}: {unit.refusal.message}")
        lines += [f"        would lose {loss}" for loss in unit.refusal.losses]
    lines += [f"      {line.text}" for line in unit.lines]
    lines += [f"      waits for {wait}" for wait in unit.waits]
    lines += [f"    {'!' if kind in LOUD else ' '} {kind}: {text}" for kind, text in unit.notes]
    return lines


def summary(units: tuple[UnitChange, ...]) -> str:
    """The last line: how many units of each kind of change, and how many calls they take."""
    counts = Counter(unit.change for unit in units)
    calls = sum(len(unit.lines) for unit in units)
    parts = [
        f"{counts[change]} to {change}" for change in (Change.CREATE, Change.CHANGE, Change.REPLACE, Change.DELETE)
    ]
    refused = f", {counts[Change.REFUSED]} refused" if counts[Change.REFUSED] else ""
    return f"Plan: {', '.join(parts)}{refused}; {calls} call{'' if calls == 1 else 's'} to AWS."
