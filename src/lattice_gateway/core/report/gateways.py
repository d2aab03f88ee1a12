"""The status of a Gateway and of its listeners (controllers.md §6.2, §6.3)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from lattice_gateway.core.lattice.outcome import Failed, Outcome, Refusal, Waiting
from lattice_gateway.core.lattice.units import Desired, Held
from lattice_gateway.core.objects import CONTROLLER_NAME, Ref
from lattice_gateway.core.objects.refs import Kind
from lattice_gateway.core.report.conditions import Condition, Status, Type
from lattice_gateway.core.report.ownership import blockers
from lattice_gateway.core.report.routes import ADDRESSES, PLACES, UNSEEN, Place
from lattice_gateway.core.translate.gateways import EACH_GATEWAY, GATEWAY_VIEWS, OurGateway
from lattice_gateway.core.translate.inputs import GATEWAYS, OUTCOMES, PUBLISHED, last_good
from lattice_gateway.core.translate.listeners import Aspect, ListenerView, is_conflict
from lattice_gateway.core.translate.lower import PAUSED
from lattice_gateway.core.translate.networks import NETWORKS
from lattice_gateway.core.translate.standing import BY_LISTENER, ListenerOf
from lattice_gateway.core.translate.verdicts import Reason, Rejected
from lattice_gateway.core.translate.view import Cells, View

NOT_FOUND = "VPC Lattice Service Network not found"
AMBIGUOUS = (
    "Found multiple VPC Lattice Service Networks matching Gateway name. Either ensure only one Service Network has a "
    "matching name, or use the Service Network's id as the Gateway name."
)
"""Parity: both texts as Go v2.1.3 has them."""

_Said: TypeAlias = tuple[Status, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerStatus:
    """A listener: the kinds it supports and admits, the routes it serves, its four conditions."""

    name: str
    kinds: tuple[Kind, ...]
    attached_routes: int
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class GatewayStatus:
    """A Gateway; ``address`` is the DNS name of one of its served routes, None while there is none."""

    address: str | None
    conditions: tuple[Condition, ...]
    listeners: tuple[ListenerStatus, ...]


def report_gateway(view: View, ref: Ref) -> GatewayStatus | None:
    """The status of a Gateway of ours; None for others and for one that cannot be read."""
    value = last_good(view.get(GATEWAYS, ref))
    ours = view.cell(GATEWAY_VIEWS, ref)
    if value is None or not isinstance(ours, OurGateway):
        return None
    generation = value.metadata.generation
    accepted = _accepted(ours)
    programmed = _programmed(view, ref, ours, accepted)
    return GatewayStatus(
        address=_address(view, ref),
        conditions=tuple(_conditions(ours, accepted, programmed, generation)),
        listeners=tuple(
            _listener(one, programmed, generation, view.count(BY_LISTENER, ListenerOf(ref, one.name)))
            for one in ours.listeners
        ),
    )


def _address(view: View, ref: Ref) -> str | None:
    """The address that is published already while a route is served there, or may be, else that of the oldest one."""
    published = view.get(PUBLISHED, ref)
    if published is not None and (view.count(PLACES, Place(ref, published)) or view.count(UNSEEN, ref)):
        return published
    oldest = view.first(ADDRESSES, ref)
    return oldest[1] if oldest else None


def _conditions(ours: OurGateway, accepted: _Said, programmed: _Said, generation: int) -> Iterable[Condition]:
    yield _condition(Type.ACCEPTED, accepted, generation)
    yield _condition(Type.PROGRAMMED, programmed, generation)
    if ours.paused:
        yield _condition(Type.DEPLOYED, (Status.UNKNOWN, "Paused", PAUSED), generation)


def _accepted(ours: OurGateway) -> _Said:
    if isinstance(ours.verdict, Rejected):
        return Status.FALSE, str(ours.verdict.reason), ours.verdict.message
    wrong = [one for one in ours.listeners if not one.accepted]
    if not wrong:
        return Status.TRUE, "Accepted", CONTROLLER_NAME
    message = "; ".join(f"listener {one.name}: {_fault(one, Aspect.ACCEPTED)}" for one in wrong)
    status = Status.FALSE if len(wrong) == len(ours.listeners) else Status.TRUE
    return status, str(Reason.LISTENERS_NOT_VALID), message


def _programmed(view: View, ref: Ref, ours: OurGateway, accepted: _Said) -> _Said:
    """Whether the service network is there."""
    if accepted[0] is Status.FALSE:
        return Status.FALSE, "Invalid", accepted[2]
    routes = blockers(view, ref) if ours.leaving else ()
    if routes:
        named = ", ".join(map(str, routes[:5])) + (", …" if len(routes) > 5 else "")
        return Status.FALSE, "Pending", f"deletion waits for {len(routes)} routes: {named}"
    return _network(view.cell(NETWORKS, ours.network), view.get(OUTCOMES, ours.network))


def _network(unit: Desired | None, outcome: Outcome | None) -> _Said:
    if isinstance(unit, Held):
        return Status.FALSE, "Invalid", unit.why
    if outcome is None:
        return Status.FALSE, "Pending", "the service network has not been looked up yet"
    found = f"aws-service-network-arn: {outcome.arn}"
    match outcome.result:
        case Refusal(reason="Invalid", message=message):
            return Status.FALSE, "Invalid", f"{AMBIGUOUS} ({message})"
        case Refusal(message=message):
            return Status.FALSE, "Pending", message
        case Failed(error):
            return Status.FALSE, "Pending", str(error)
        case Waiting(why) if outcome.arn:
            return Status.TRUE, "Programmed", f"{found} ({why})"
        case Waiting(why):
            return Status.FALSE, "Pending", why
        case _:
            return _found(outcome) if outcome.arn else (Status.FALSE, "Pending", NOT_FOUND)


def _found(outcome: Outcome) -> _Said:
    """Parity: the ARN in the words of the Go controller v2.1.3; ours is what follows in parentheses."""
    remark = f" ({outcome.remark})" if outcome.remark else ""
    return Status.TRUE, "Programmed", f"aws-service-network-arn: {outcome.arn}{remark}"


def _listener(one: ListenerView, programmed: _Said, generation: int, attached: int) -> ListenerStatus:
    conflict = next((fault for fault in one.faults if is_conflict(fault)), None)
    no_conflict = (Status.FALSE, "NoConflicts", "")
    conditions = (
        _condition(Type.ACCEPTED, _aspect(one, Aspect.ACCEPTED, "Accepted"), generation),
        _condition(Type.RESOLVED_REFS, _aspect(one, Aspect.RESOLVED_REFS, "ResolvedRefs"), generation),
        _condition(Type.PROGRAMMED, _listener_programmed(one, programmed), generation),
        _condition(
            Type.CONFLICTED,
            (Status.TRUE, str(conflict.reason), conflict.message) if conflict else no_conflict,
            generation,
        ),
    )
    return ListenerStatus(name=one.name, kinds=one.kinds, attached_routes=attached, conditions=conditions)


def _aspect(one: ListenerView, aspect: Aspect, good: str) -> _Said:
    fault = one.fault(aspect)
    return (Status.FALSE, str(fault.reason), fault.message) if fault else (Status.TRUE, good, "")


def _listener_programmed(one: ListenerView, programmed: _Said) -> _Said:
    """A listener with a fault of its own is never programmed; another is as soon as the network is there."""
    if not one.kinds:
        return Status.FALSE, "Invalid", _fault(one, Aspect.ACCEPTED) or _fault(one, Aspect.RESOLVED_REFS)
    if programmed[0] is Status.TRUE:
        return Status.TRUE, "Programmed", ""
    return Status.FALSE, "Pending", programmed[2]


def _fault(one: ListenerView, aspect: Aspect) -> str:
    fault = one.fault(aspect)
    return fault.message if fault else ""


def _condition(kind: Type, said: _Said, generation: int) -> Condition:
    status, reason, message = said
    return Condition(type=kind, status=status, reason=reason, message=message, generation=generation)


GATEWAY_STATUSES: Cells[Ref, GatewayStatus | None] = Cells("gateway status", report_gateway, per=(EACH_GATEWAY,))
