"""The status of a route, one entry for each parent of ours (controllers.md §6.4, §10.4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias, assert_never

from lattice_gateway.core.lattice.keys import ServiceKey
from lattice_gateway.core.lattice.outcome import Done, Outcome
from lattice_gateway.core.lattice.units import Desired
from lattice_gateway.core.objects import ParentRef, Ref, Route
from lattice_gateway.core.objects.annotations import Annotation
from lattice_gateway.core.report.conditions import Condition, Status, Type
from lattice_gateway.core.report.deployed import Deployed, as_left, deployed, on_hold
from lattice_gateway.core.translate.age import Age
from lattice_gateway.core.translate.attach import EACH_ROUTE
from lattice_gateway.core.translate.differences import Ended, Holding, Switch
from lattice_gateway.core.translate.inputs import ACCEPTED, OUTCOMES, ROUTES, last_route
from lattice_gateway.core.translate.lower import PAUSED
from lattice_gateway.core.translate.routes import ROUTE_VIEWS, RouteView
from lattice_gateway.core.translate.services import SERVICE_VIEWS
from lattice_gateway.core.translate.standing import STANDINGS, Missing, ParentVerdict, RouteStanding
from lattice_gateway.core.translate.verdicts import Accepted, Rejected
from lattice_gateway.core.translate.view import Cells, Index, View

DIFFERENCES_HELD: Final = "DifferencesHeld"
UNTIL: Final = "as the Go controller left it, until the route is edited or APPLY_SWITCHOVER_DIFFERENCES is true"
"""Reason and words of a hold; what is held stands behind them."""


@dataclass(frozen=True, slots=True)
class ParentStatus:
    """What one parent says.

    ``missing``: why it is not there to say anything, None where it is; then only an entry that is there already is
    brought up to date, and none is made.
    """

    ref: ParentRef
    conditions: tuple[Condition, ...]
    missing: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteStatus:
    """Entries in the order of the route's parentRefs; annotations that tell ARN and DNS name once they are known.

    ``address`` is the DNS name under which the route is served, None while it is not; ``gateways`` accept it.
    ``blind``: this process has not looked yet whether it is served.
    """

    parents: tuple[ParentStatus, ...]
    annotations: tuple[tuple[str, str], ...] = ()
    age: Age | None = None
    address: str | None = None
    gateways: tuple[Ref, ...] = ()
    blind: bool = False


class Place(NamedTuple):
    """A Gateway and an address under which a route of it is served."""

    gateway: Ref
    address: str


@dataclass(frozen=True, slots=True)
class _Deployment:
    """The service of a route as far as it has come."""

    unit: Desired | None
    outcome: Outcome | None
    shown: Deployed
    generation: int
    switch: Switch | None


_Said: TypeAlias = tuple[Status, str, str]


def report_route(view: View, ref: Ref) -> RouteStatus | None:
    """The status of a route; None where no parent is ours or it cannot be read."""
    value = last_route(view.get(ROUTES, ref))
    standing = view.cell(STANDINGS, ref)
    if value is None or standing is None:
        return None
    route = view.cell(ROUTE_VIEWS, ref)
    deployment = _deployment(view, ref, value, route) if route else None
    parents = (
        ParentStatus(parent.ref, tuple(_conditions(value, standing, parent, deployment)), _missing(parent))
        for parent in standing.parents
        if parent.ref is not None
    )
    outcome = deployment.outcome if deployment else None
    return RouteStatus(
        parents=tuple(parents),
        annotations=_annotations(outcome),
        age=route.age if route else None,
        address=_address(value, deployment),
        gateways=tuple(sorted({one.gateway for one in standing.parents if isinstance(one.verdict, Accepted)})),
        blind=deployment is not None and deployment.shown.blind,
    )


def _missing(parent: ParentVerdict) -> str | None:
    return parent.verdict.why if isinstance(parent.verdict, Missing) else None


def _deployment(view: View, ref: Ref, value: Route, route: RouteView) -> _Deployment:
    """What became of the route's service, if the route has it; its generation is the one in force."""
    key = route.service
    service = view.cell(SERVICE_VIEWS, key.name) if key else None
    has_it = service is not None and service.holder == ref
    unit = route.unit if has_it else None
    outcome = view.get(OUTCOMES, ServiceKey(key.name)) if key and has_it else None
    shown = on_hold(PAUSED) if route.paused else deployed(unit, outcome)
    if isinstance(route.switch, Holding) and not route.paused:
        shown = as_left(shown, unit, outcome)
    accepted = None if route.whole else view.get(ACCEPTED, ref)
    generation = accepted.route.metadata.generation if accepted else value.metadata.generation
    return _Deployment(unit, outcome, shown, generation, route.switch)


def _conditions(
    value: Route, standing: RouteStanding, parent: ParentVerdict, deployment: _Deployment | None
) -> Iterable[Condition]:
    generation = value.metadata.generation
    status, reason, message = _accepted(parent)
    yield Condition(type=Type.ACCEPTED, status=status, reason=reason, message=message, generation=generation)
    if deployment is None:
        return
    status, reason, message = _resolved(standing)
    yield Condition(type=Type.RESOLVED_REFS, status=status, reason=reason, message=message, generation=generation)
    yield Condition(
        type=Type.DEPLOYED,
        status=deployment.shown.status,
        reason=deployment.shown.reason,
        message=deployment.shown.message,
        generation=deployment.generation,
        blind=deployment.shown.blind,
    )
    if deployment.switch is not None:
        yield _inherited(deployment.switch, generation)


def _accepted(parent: ParentVerdict) -> _Said:
    match parent.verdict:
        case Accepted(note):
            return Status.TRUE, "Accepted", note
        case Rejected(reason, message):
            return Status.FALSE, str(reason), message
        case Missing(why, held=True):
            return Status.UNKNOWN, "Pending", f"{why}; what it asked for stays for now"
        case Missing(why):
            return Status.FALSE, "NoMatchingParent", why
        case _:
            assert_never(parent.verdict)


def _resolved(standing: RouteStanding) -> _Said:
    match standing.references:
        case Accepted():
            return Status.TRUE, "ResolvedRefs", ""
        case Rejected(reason, message):
            return Status.FALSE, str(reason), message
        case _:
            assert_never(standing.references)


def _inherited(switch: Switch, generation: int) -> Condition:
    """Whether anything is held, of the generation that it is held of, else of the route's own ``generation``."""
    match switch:
        case Holding(differences, held):
            message = f"{UNTIL}: {'; '.join(map(str, differences))}"
            status, reason, about = Status.TRUE, DIFFERENCES_HELD, held
        case Ended(reason, message):
            status, about = Status.FALSE, generation
        case _:
            assert_never(switch)
    return Condition(type=Type.INHERITED, status=status, reason=reason, message=message, generation=about)


def _annotations(outcome: Outcome | None) -> tuple[tuple[str, str], ...]:
    """ARN and DNS name as soon as they are known."""
    if outcome is None:
        return ()
    known = ((Annotation.ASSIGNED_DOMAIN_NAME, outcome.dns_name), (Annotation.SERVICE_ARN, outcome.arn))
    return tuple((str(key), str(value)) for key, value in known if value)


def _address(value: Route, deployment: _Deployment | None) -> str | None:
    """The DNS name once rules are in place; a newer form on its way does not take it back.

    Until this process has looked it is the one that an earlier process, or the Go controller, wrote on the route.
    """
    if deployment is None:
        return None
    outcome = deployment.outcome
    if outcome is None:
        return value.metadata.annotations.get(Annotation.ASSIGNED_DOMAIN_NAME) if deployment.unit else None
    serves = isinstance(outcome.result, Done) or outcome.serving is not None
    return outcome.dns_name if serves else None


def _served(_: Ref, status: RouteStatus) -> Iterable[tuple[Ref, tuple[Age, str]]]:
    """The Gateways that can name the route's address as theirs."""
    if status.age is None or status.address is None:
        return ()
    return [(gateway, (status.age, status.address)) for gateway in status.gateways]


def _places(_: Ref, status: RouteStatus) -> Iterable[tuple[Place, Place]]:
    places = [Place(gateway, status.address) for gateway in status.gateways if status.address]
    return [(place, place) for place in places]


def _unseen(_: Ref, status: RouteStatus) -> Iterable[tuple[Ref, Ref]]:
    return [(gateway, gateway) for gateway in status.gateways] if status.blind and status.address is None else []


ROUTE_STATUSES: Cells[Ref, RouteStatus | None] = Cells("route status", report_route, per=(EACH_ROUTE,))
ADDRESSES: Index[Ref, tuple[Age, str]] = Index("addresses by Gateway", ROUTE_STATUSES, _served)
PLACES: Index[Place, Place] = Index("routes by Gateway and address", ROUTE_STATUSES, _places)
UNSEEN: Index[Ref, Ref] = Index("routes that were not looked at yet, by Gateway", ROUTE_STATUSES, _unseen)
