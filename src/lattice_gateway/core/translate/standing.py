"""What every parent of a route says of it in the end: attachment, translation and Lattice taken together."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias, assert_never

from lattice_gateway.core.lattice.keys import ServiceKey
from lattice_gateway.core.lattice.outcome import ErrorKind, Failed, Refusal
from lattice_gateway.core.objects import ParentRef, Ref
from lattice_gateway.core.translate.attach import (
    ATTACHMENTS,
    EACH_ROUTE,
    Attached,
    GivenUp,
    Gone,
    NotOurs,
    Parent,
    Port,
)
from lattice_gateway.core.translate.backends import Backend, Unresolved
from lattice_gateway.core.translate.inputs import OUTCOMES
from lattice_gateway.core.translate.listeners import NOT_BUILT
from lattice_gateway.core.translate.naming import Refused
from lattice_gateway.core.translate.routes import ROUTE_VIEWS, RouteView
from lattice_gateway.core.translate.services import SERVICE_VIEWS
from lattice_gateway.core.translate.verdicts import Accepted, Reason, Rejected
from lattice_gateway.core.translate.view import Cells, Index, View

_PRECEDENCE = (Reason.INVALID_KIND, Reason.REF_NOT_PERMITTED, Reason.BACKEND_NOT_FOUND)
"""Which reason names a mixture of unresolved references."""


@dataclass(frozen=True, slots=True)
class Missing:
    """The Gateway is not there to say anything; ``held`` while what only it wanted stays (decision 25)."""

    why: str
    held: bool


Verdict: TypeAlias = Accepted | Rejected | Missing


@dataclass(frozen=True, slots=True)
class ParentVerdict:
    """What one parent says. ``ref`` None: the route no longer names it. ``ports`` are those it attaches to."""

    ref: ParentRef | None
    gateway: Ref
    verdict: Verdict
    ports: tuple[Port, ...] = ()


@dataclass(frozen=True, slots=True)
class RouteStanding:
    """Every parent of ours, in the order of the route, and whether all references resolve."""

    parents: tuple[ParentVerdict, ...]
    references: Accepted | Rejected


class ListenerOf(NamedTuple):
    """A listener of a Gateway."""

    gateway: Ref
    listener: str


def view_standing(view: View, ref: Ref) -> RouteStanding | None:
    """How a route stands; None where no parent is, or was, of ours."""
    attachment = view.cell(ATTACHMENTS, ref)
    parents = (
        [parent for parent in attachment.parents if not isinstance(parent.standing, NotOurs)] if attachment else []
    )
    if not parents:
        return None
    route = view.cell(ROUTE_VIEWS, ref)
    against = _against(view, ref, route) if route else None
    verdicts = tuple(_verdict(parent, against, route) for parent in parents)
    return RouteStanding(verdicts, references(route.backends) if route else Accepted())


def references(backends: tuple[Backend, ...]) -> Accepted | Rejected:
    """Whether every backendRef resolves; one verdict for the route, which lists all that do not."""
    wrong = [backend.leads_to for backend in backends if isinstance(backend.leads_to, Unresolved)]
    if not wrong:
        return Accepted()
    reason = next(reason for reason in _PRECEDENCE if any(one.reason is reason for one in wrong))
    return Rejected(reason, "; ".join(one.message for one in wrong))


def _against(view: View, ref: Ref, route: RouteView) -> Rejected | None:
    """What stands against a route that its parents would accept."""
    wrong = (*([route.problem] if route.problem else []), *route.complaints)
    if wrong:
        return Rejected(Reason.UNSUPPORTED_VALUE, "; ".join(wrong))
    if isinstance(route.naming, Refused):
        return route.naming.verdict
    key = route.service
    if key is None:
        return None
    service = view.cell(SERVICE_VIEWS, key.name)
    if service is not None and service.holder != ref:
        message = f"Lattice service {key.name} belongs to {service.holder}: sharing a service {NOT_BUILT}"
        return Rejected(Reason.CONFLICTED, message)
    return _refused(view, key)


def _refused(view: View, key: ServiceKey) -> Rejected | None:
    """What Lattice, or the planner on seeing it, said against the service.

    Parity: the beginning of the message of a conflict (Go v2.1.3).
    """
    outcome = view.get(OUTCOMES, key)
    match outcome.result if outcome else None:
        case Refusal(message=message):
            start = f"error during service synthesis failed ServiceManager.Upsert {key.name} due to"
            return Rejected(Reason.CONFLICTED, f"{start} {message}")
        case Failed(error) if error.kind is ErrorKind.QUOTA:
            return Rejected(Reason.QUOTA_EXCEEDED, str(error))
        case _:
            return None


def _verdict(parent: Parent, against: Rejected | None, route: RouteView | None) -> ParentVerdict:
    match parent.standing:
        case Attached() as attached:
            note = "; ".join(route.warnings) if route else ""
            return ParentVerdict(parent.ref, parent.gateway, against or Accepted(note), attached.ports)
        case Rejected() as rejected:
            return ParentVerdict(parent.ref, parent.gateway, rejected)
        case Gone(_, why):
            return ParentVerdict(parent.ref, parent.gateway, Missing(why, held=True))
        case GivenUp(why):
            return ParentVerdict(parent.ref, parent.gateway, Missing(why, held=False))
        case NotOurs():
            raise ValueError(f"{parent.gateway} is no parent of ours")
        case _:
            assert_never(parent.standing)


def counts_for(ref: Ref, standing: RouteStanding) -> Iterable[tuple[ListenerOf, Ref]]:
    """Each listener that the route counts for, once."""
    found = {
        ListenerOf(parent.gateway, port.listener)
        for parent in standing.parents
        if isinstance(parent.verdict, Accepted)
        for port in parent.ports
    }
    return [(listener, ref) for listener in sorted(found)]


STANDINGS: Cells[Ref, RouteStanding | None] = Cells("standing", view_standing, per=(EACH_ROUTE,))
BY_LISTENER: Index[ListenerOf, Ref] = Index("accepted routes by listener", STANDINGS, counts_for)
