"""Each HTTPRoute as the Lattice service it becomes; targets are elsewhere.

In force is the route as it is, or, while that cannot be translated whole, its last accepted form (decision 9).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lattice_gateway.core.lattice.keys import GroupKey, ServiceKey
from lattice_gateway.core.lattice.units import Held, RouteOwner, Service
from lattice_gateway.core.lattice.words import SourceType, Tags
from lattice_gateway.core.names import default_service_name
from lattice_gateway.core.objects import HTTPRoute, Ref
from lattice_gateway.core.objects.annotations import (
    doubts,
    override_fault,
    paused,
    service_name_override,
    user_tags,
)
from lattice_gateway.core.objects.explain import Complaint
from lattice_gateway.core.objects.refs import Kind
from lattice_gateway.core.translate.age import NEVER, Age, age_of
from lattice_gateway.core.translate.attach import ATTACHMENTS, Attachment
from lattice_gateway.core.translate.backends import Backend, Origin, unbuilt
from lattice_gateway.core.translate.choice import Choice, choice_of
from lattice_gateway.core.translate.differences import Switch, differences, view_switch
from lattice_gateway.core.translate.inputs import ACCEPTED, ROUTES, Undecodable, last_route
from lattice_gateway.core.translate.lower import PAUSED, Built, Form, ServiceUnit, build, domain, groups_of
from lattice_gateway.core.translate.matches import unsupported
from lattice_gateway.core.translate.naming import (
    SERVICES_OF,
    Named,
    Naming,
    Refused,
    Undecided,
    choose,
    identity_of,
    owner_of,
)
from lattice_gateway.core.translate.quotas import over_default
from lattice_gateway.core.translate.rules import Duplicate, lower_rules, priority_faults
from lattice_gateway.core.translate.tags import ROOM
from lattice_gateway.core.translate.view import Cells, Index, View


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteView:
    """A route, translated.

    ``complaints`` and ``naming`` say why the present form is not in force; ``whole`` that it can be. ``problem``: the
    route cannot be read any more, and its last readable form counts as the present one.
    ``unit`` None: there is nothing to build, and nothing was built. ``backends`` and ``duplicates`` are those of the
    form in force, whose owner and additional tags the groups carry. ``follows_only``: no form can be had, so that
    groups keep their settings and only their targets are followed. ``switch`` None: it was not inherited from the Go
    controller; ``choice`` is the one in force.
    """

    age: Age
    naming: Naming
    owner: RouteOwner
    problem: str | None = None
    complaints: tuple[str, ...] = ()
    unit: ServiceUnit | None = None
    groups: tuple[GroupKey, ...] = ()
    backends: tuple[Backend, ...] = ()
    duplicates: tuple[Duplicate, ...] = ()
    extra_tags: Tags = field(default_factory=Tags)
    paused: bool = False
    follows_only: bool = False
    warnings: tuple[str, ...] = ()
    switch: Switch | None = None
    choice: Choice = Choice.OURS

    @property
    def whole(self) -> bool:
        """Whether the present form of the route is translated whole."""
        return not self.complaints and isinstance(self.naming, Named)

    @property
    def service(self) -> ServiceKey | None:
        """The Lattice service that the unit is about."""
        key = self.unit.key if self.unit else None
        return key if isinstance(key, ServiceKey) else None


def view_route(view: View, ref: Ref) -> RouteView:
    """What a route becomes."""
    value = view.get(ROUTES, ref)
    route = last_route(value)
    problem = value.problem if isinstance(value, Undecodable) else None
    attachment = view.cell(ATTACHMENTS, ref) or Attachment(())
    if not isinstance(route, HTTPRoute):
        return _unreadable(view, ref, problem or f"{ref.kind} expected")
    complaints = tuple(_complaints(view, route, attachment))
    naming = choose(view, route)
    form = _form(view, route, attachment, None if complaints else naming)
    built = build(view, form) if form else _unbuilt(view, route, naming, complaints)
    on_hold = paused(route.metadata.annotations)
    return RouteView(
        age=age_of(route),
        naming=naming,
        owner=owner_of(route),
        problem=problem,
        complaints=complaints,
        unit=Held(built.unit.key, PAUSED) if on_hold and built.unit else built.unit,
        groups=built.groups,
        backends=built.lowered.backends,
        duplicates=built.lowered.duplicates,
        extra_tags=form.extra_tags if form else Tags(),
        paused=on_hold,
        follows_only=form is None,
        warnings=(*_warnings(route, attachment), *_quotas(built)),
        switch=_switch(view, route, attachment, naming, form),
        choice=form.choice if form else choice_of(view, route),
    )


def _complaints(view: View, route: HTTPRoute, attachment: Attachment) -> Iterator[str]:
    """Everything that keeps the present form from being translated, in words."""
    override = service_name_override(route.metadata.annotations)
    fault = override_fault(override) if override else None
    if fault:
        yield fault
    host = domain(route, attachment)
    if host and host.startswith("*."):
        place = f"spec.hostnames[{route.spec.hostnames.index(host)}]"
        yield str(Complaint(place, host, "a host without wildcard: it becomes the custom domain of the service"))
    faults = (*unsupported(route), *unbuilt(route), *priority_faults(view, route))
    yield from map(str, faults)


def _form(view: View, route: HTTPRoute, attachment: Attachment, naming: Naming | None) -> Form | None:
    """The form in force: the present one if it can be had (``naming`` None: it cannot), else the last accepted one.

    A route on hold stays at its last accepted form, so that it is not mixed with later edits.
    """
    accepted = view.get(ACCEPTED, route.ref) if naming is None or not _runs(route, naming) else None
    if accepted is not None:
        chosen, named = accepted.route, choose(view, accepted.route)
    else:
        chosen, named = route, naming or Undecided("", "")
    if not isinstance(named, Named):
        return None
    exists = bool(view.lookup(SERVICES_OF, identity_of(view, owner_of(chosen))))
    extra = Tags(user_tags(chosen.metadata.annotations, ROOM).as_mapping())
    return Form(chosen, named, attachment, extra, exists, differences(view, chosen, attachment, named))


def _switch(view: View, route: HTTPRoute, attachment: Attachment, naming: Naming, form: Form | None) -> Switch | None:
    """What is held; an edit that is refused ends no hold of the form that stays in force instead."""
    if form is not None and form.held:
        return view_switch(view, form.route, attachment, form.naming)
    return view_switch(view, route, attachment, naming)


def _runs(route: HTTPRoute, naming: Naming) -> bool:
    return isinstance(naming, Named) and not paused(route.metadata.annotations)


def _unbuilt(view: View, route: HTTPRoute, naming: Naming, complaints: tuple[str, ...]) -> Built:
    """No form can be had: what the route has stays as it is, and the backends that it names now are followed."""
    if isinstance(naming, Undecided):
        return Built(Held(ServiceKey(naming.name), naming.why))
    name = (naming.kept if isinstance(naming, Refused) else None) or _existing(view, route.ref)
    if name is None:
        return Built(None)
    why = "; ".join(complaints) or (naming.verdict.message if isinstance(naming, Refused) else naming.why)
    lowered = lower_rules(view, Origin(route, name, choice_of(view, route)))
    return Built(Held(ServiceKey(name), why), groups_of(lowered.rules))


def _existing(view: View, ref: Ref) -> str | None:
    """The service that a route has, by its tags."""
    return next(iter(view.lookup(SERVICES_OF, identity_of(view, _owner(ref)))), None)


def _unreadable(view: View, ref: Ref, problem: str) -> RouteView:
    """A route of which only the name is known: the service that it has, or would have, is held."""
    name = _existing(view, ref) or default_service_name(ref.name, ref.namespace)
    return RouteView(
        age=Age(NEVER, ref.namespace, ref.name, ref.kind),
        naming=Undecided(name, problem),
        owner=_owner(ref),
        problem=problem,
        unit=Held(ServiceKey(name), problem),
    )


def _owner(ref: Ref) -> RouteOwner:
    return RouteOwner(namespace=ref.namespace, name=ref.name, source=SourceType.HTTP_ROUTE)


def _warnings(route: HTTPRoute, attachment: Attachment) -> Iterator[str]:
    """What does not stop the route, but would surprise who wrote it."""
    annotations = route.metadata.annotations
    yield from map(str, user_tags(annotations, ROOM).skipped)
    yield from map(str, doubts(annotations))
    host = domain(route, attachment)
    others = [name for name in route.spec.hostnames if name != host]
    if host and others:
        yield f"spec.hostnames: {', '.join(others)} not served: a Lattice service has one custom domain, {host}"


def _quotas(built: Built) -> Iterable[str]:
    return over_default(built.unit, built.groups) if isinstance(built.unit, Service) else ()


def _by_service(_: Ref, route: RouteView) -> Iterable[tuple[str, Age]]:
    return ((route.service.name, route.age),) if route.service else ()


def _http_routes(ref: Ref, _: Attachment) -> Iterable[tuple[Ref, Ref]]:
    return ((ref, ref),) if ref.kind is Kind.HTTP_ROUTE else ()


EACH_HTTP_ROUTE: Index[Ref, Ref] = Index("each HTTPRoute", ATTACHMENTS, _http_routes)
ROUTE_VIEWS: Cells[Ref, RouteView] = Cells("route", view_route, per=(EACH_HTTP_ROUTE,))
BY_SERVICE: Index[str, Age] = Index("routes by Lattice service", ROUTE_VIEWS, _by_service)
