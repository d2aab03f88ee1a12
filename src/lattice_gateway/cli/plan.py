"""``lattice-gateway plan``: everything that would be done, as text or as JSON (docs/plan.md). It writes nothing."""

import json
from collections.abc import Iterable, Iterator, Sized
from dataclasses import dataclass
from typing import Any

from lattice_gateway.cli.exits import Exit
from lattice_gateway.cli.look import Look, look
from lattice_gateway.cli.render.changes import Change, UnitChange, summary, unit_change, unit_text
from lattice_gateway.cli.unknown import Unknown, blind_units, routes_shown, unknown_of
from lattice_gateway.cli.where import Place
from lattice_gateway.core.plan.plan import Surroundings
from lattice_gateway.core.plan.whole import plan_world
from lattice_gateway.core.translate.differences import Difference, Holding
from lattice_gateway.core.translate.naming import Refused
from lattice_gateway.core.translate.standing import Missing
from lattice_gateway.core.translate.topology import RouteTopology
from lattice_gateway.core.translate.verdicts import Reason, Rejected

FORMAT = 1
"""Version of the JSON output; it changes when a member changes its meaning."""

SPARED = "Held as the Go controller left it, until the route is edited or APPLY_SWITCHOVER_DIFFERENCES is true:"

NO_STATE = "There is no state directory to read, so nothing is said of orphans, of deletions and of mass deletions."


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All that ``plan`` tells.

    ``rejected`` are (object, reason, message) of what the manifests ask for in vain; ``refused`` those of routes that
    ask for a Lattice service that they may not have. ``spared`` is what stays as the Go controller left it (decision
    22): no change, as nothing is written for it. Nothing else is said of what is ``unknown``.
    """

    units: tuple[UnitChange, ...]
    rejected: tuple[tuple[str, str, str], ...]
    problems: tuple[str, ...]
    orphans: tuple[str, ...]
    skipped: dict[str, int]
    held: str | None
    state_known: bool
    refused: tuple[tuple[str, str, str], ...] = ()
    unknown: tuple[Unknown, ...] = ()
    spared: tuple[tuple[str, Difference], ...] = ()

    @property
    def exit(self) -> Exit:
        """An error comes before a refusal, a refusal before changes."""
        changes = {unit.change for unit in self.units}
        if self.problems:
            return Exit.ERROR
        if self.held is not None or self.refused or Change.REFUSED in changes:
            return Exit.REFUSED
        return Exit.CHANGES if changes - {Change.NOTHING} else Exit.DONE


async def plan_text(place: Place, *, as_json: bool) -> tuple[str, int]:
    """The output and the exit code; raises ``CommandError`` when source or account cannot be read."""
    overview = overview_of(await look(place))
    return (json.dumps(as_document(overview), indent=2) if as_json else as_text(overview)), overview.exit


def overview_of(seen: Look) -> Overview:
    """Plans every unit, and tells of those that are shown and known."""
    read, blind = seen.read, blind_units(seen)
    basis = Surroundings(warm_up_timeout=read.settings.warm_up_timeout)
    planned = plan_world(seen.desired, seen.observed, read.settings.owner, basis)
    told = [one for one in planned if one.key not in blind and seen.shows(one.key)]
    return Overview(
        units=tuple(unit_change(one.key, one.planned, seen.observed.get(one.key)) for one in told),
        rejected=tuple(_rejected(seen)),
        refused=tuple(row for route in routes_shown(seen) if is_refused(route) for row in _rejected_of(route)),
        problems=tuple(str(problem) for problem in read.snapshot.problems),
        orphans=tuple(str(orphan) for orphan in seen.orphans),
        skipped=dict(read.snapshot.skipped),
        held=str(read.snapshot.held) if read.snapshot.held else None,
        state_known=read.recorded is not None,
        unknown=unknown_of(seen),
        spared=tuple((str(route.ref), each) for route in routes_shown(seen) for each in _spared(route)),
    )


def _spared(route: RouteTopology) -> tuple[Difference, ...]:
    switch = route.route.switch if route.route else None
    return switch.differences if isinstance(switch, Holding) else ()


def _rejected(seen: Look) -> Iterator[tuple[str, str, str]]:
    """Everything that the manifests ask for and do not get."""
    for gateway in seen.topology.gateways:
        if not seen.read.sight.shows([gateway.ref.namespace]):
            continue
        for listener in gateway.listeners:
            for fault in listener.view.faults:
                yield f"{gateway.ref} listener {listener.view.name}", fault.reason, fault.message
    for route in routes_shown(seen):
        if not is_refused(route):
            yield from _rejected_of(route)
    for ref in seen.topology.unbuilt:
        if seen.read.sight.shows([ref.namespace]):
            yield str(ref), "NotBuilt", "this kind is known but not built yet"


def is_refused(route: RouteTopology) -> bool:
    """Whether a route asks for a Lattice service that is another's, or for another one than it has."""
    naming = route.route.naming if route.route else None
    if isinstance(naming, Refused) and naming.kept is not None:
        return True
    verdicts = (parent.verdict for parent in route.standing.parents)
    return any(isinstance(one, Rejected) and one.reason is Reason.CONFLICTED for one in verdicts)


def _rejected_of(route: RouteTopology) -> Iterator[tuple[str, str, str]]:
    for parent in route.standing.parents:
        match parent.verdict:
            case Rejected(reason=reason, message=message):
                yield str(route.ref), reason, message
            case Missing(why=why):
                yield str(route.ref), "ParentMissing", why
    if isinstance(route.standing.references, Rejected):
        yield str(route.ref), route.standing.references.reason, route.standing.references.message


def as_text(overview: Overview) -> str:
    """The output for people."""
    lines: list[str] = []
    for unit in overview.units:
        if unit.shown:
            lines += [*unit_text(unit), ""]
    lines += _section("In the manifests, not as they should be:", overview.problems)
    lines += _section("Refused:", _rows(overview.refused))
    lines += _section("Asked for and not had:", _rows(overview.rejected))
    lines += _section(SPARED, [f"! {who}: {difference}" for who, difference in overview.spared])
    lines += _section("Ours in VPC Lattice without a record (kept; see lattice-gateway sweep):", overview.orphans)
    if overview.held is not None:
        lines += [f"Refused: {overview.held}", ""]
    if overview.skipped:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(overview.skipped.items()))
        lines += [f"Skipped, as none of ours: {kinds}.", ""]
    if not overview.state_known:
        lines += [NO_STATE, ""]
    lines += _section("Unknown:", [str(one) for one in overview.unknown])
    nothing = "Nothing to do: VPC Lattice is as the manifests want it."
    if overview.refused or overview.rejected:
        nothing = "Nothing to do; VPC Lattice is not as the manifests want it, for the reasons above."
    if overview.unknown:
        nothing = "Nothing to do in what is known."
    changes = any(unit.change is not Change.NOTHING for unit in overview.units)
    return "\n".join([*lines, f"{summary(overview.units) if changes else nothing}{_count(overview.spared)}"])


def _count(spared: Sized) -> str:
    """What the last line says of differences that are held; nothing where there are none."""
    number = len(spared)
    return f" {number} difference{' is' if number == 1 else 's are'} held." if number else ""


def _rows(found: Iterable[tuple[str, str, str]]) -> list[str]:
    return [f"{who}: {why}: {text}" for who, why, text in found]


def _documents(found: Iterable[tuple[str, str, str]]) -> list[dict[str, str]]:
    return [{"object": who, "reason": why, "message": text} for who, why, text in found]


def _section(title: str, rows: list[str] | tuple[str, ...]) -> list[str]:
    return [title, *(f"  {row}" for row in rows), ""] if rows else []


def as_document(overview: Overview) -> dict[str, Any]:
    """The output for programs; docs/plan.md describes each member."""
    return {
        "format": FORMAT,
        "exit": int(overview.exit),
        "units": [_unit_document(unit) for unit in overview.units],
        "refused": _documents(overview.refused),
        "rejected": _documents(overview.rejected),
        "problems": list(overview.problems),
        "orphans": list(overview.orphans),
        "massDeletion": overview.held,
        "skipped": overview.skipped,
        "stateKnown": overview.state_known,
        "held": [{"object": who, "text": each.text, "decision": each.decision} for who, each in overview.spared],
        "unknown": [{"object": one.who, "why": one.why} for one in overview.unknown],
    }


def _unit_document(unit: UnitChange) -> dict[str, Any]:
    refusal = unit.refusal
    return {
        "unit": str(unit.key),
        "change": unit.change.value,
        "operations": [{"operation": line.operation, "text": line.text} for line in unit.lines],
        "waits": list(unit.waits),
        "notes": [{"kind": kind.value, "text": text} for kind, text in unit.notes],
        "refusal": refusal and {"reason": refusal.reason, "message": refusal.message, "losses": list(refusal.losses)},
    }
