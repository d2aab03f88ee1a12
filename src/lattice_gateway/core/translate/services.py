"""Each Lattice service: who has it, what it should be, and which groups it sends requests to.

Until routes merge (decision 11), a service has one route; the others that name it are told so.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from lattice_gateway.core.lattice.keys import GroupKey, ServiceKey
from lattice_gateway.core.lattice.units import RouteOwner, Service
from lattice_gateway.core.lattice.words import Tags
from lattice_gateway.core.objects import Ref
from lattice_gateway.core.translate.choice import Choice
from lattice_gateway.core.translate.inputs import OUTCOMES
from lattice_gateway.core.translate.lower import ServiceUnit, groups_of
from lattice_gateway.core.translate.naming import SERVICES_OF, identity_of
from lattice_gateway.core.translate.routes import BY_SERVICE, ROUTE_VIEWS, RouteView
from lattice_gateway.core.translate.view import Cells, Index, View


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSettings:
    """What the groups of a service have in common. ``paused``: their settings stay as they are.

    ``choice``: whose choice of endpoints is in force.
    """

    owner: RouteOwner
    extra_tags: Tags
    paused: bool
    choice: Choice = Choice.OURS


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceView:
    """A service and the route that has it."""

    holder: Ref
    unit: ServiceUnit
    groups: tuple[GroupKey, ...]
    settings: GroupSettings


@dataclass(frozen=True, slots=True)
class Followed:
    """The groups whose targets are kept up to date for a service: those it wants, and those it still serves."""

    groups: tuple[GroupKey, ...]
    settings: GroupSettings


def view_service(view: View, name: str) -> ServiceView | None:
    """The service of the route that has it by its tags, else of the oldest that names it."""
    routes = [(age.ref, view.cell(ROUTE_VIEWS, age.ref)) for age in view.lookup(BY_SERVICE, name)]
    named = [(ref, route, route.unit) for ref, route in routes if route and route.unit]
    chosen = next((one for one in named if _has(view, one[1], name)), named[0] if named else None)
    if chosen is None:
        return None
    ref, route, unit = chosen
    return ServiceView(
        holder=ref,
        unit=unit,
        groups=route.groups,
        settings=_settings(route),
    )


def _settings(route: RouteView) -> GroupSettings:
    return GroupSettings(
        owner=route.owner,
        extra_tags=route.extra_tags,
        paused=route.paused or route.follows_only,
        choice=route.choice,
    )


def _has(view: View, route: RouteView, name: str) -> bool:
    return name in view.lookup(SERVICES_OF, identity_of(view, route.owner))


def view_followed(view: View, name: str) -> Followed | None:
    """The groups of a service; one that is leaving the rules is followed until it has left (decision 18)."""
    service = view.cell(SERVICE_VIEWS, name)
    if service is None:
        return None
    outcome = view.get(OUTCOMES, ServiceKey(name))
    serving = outcome.serving if outcome else None
    live = (rule for listener in serving.listeners for rule in listener.rules) if isinstance(serving, Service) else ()
    return Followed(tuple(dict.fromkeys((*service.groups, *groups_of(live)))), service.settings)


def _groups(name: str, followed: Followed) -> Iterable[tuple[GroupKey, str]]:
    return [(group, name) for group in followed.groups if group.service == name]


SERVICE_VIEWS: Cells[str, ServiceView | None] = Cells("service", view_service, per=(BY_SERVICE,))
FOLLOWED: Cells[str, Followed | None] = Cells("followed", view_followed, per=(BY_SERVICE,))
BY_GROUP: Index[GroupKey, str] = Index("services by group", FOLLOWED, _groups)
