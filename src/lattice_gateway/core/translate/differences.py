"""What our choice would take away from a route that the Go controller left (decisions 10, 22, 25, 27, 33, …).

While there is any, the Go controller's choice is held, until the route is edited or the switch is set. What adds, or
only puts rules into another order, is no difference in this sense.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from lattice_gateway.core.lattice.units import Child
from lattice_gateway.core.objects import HTTPRoute, Kind, Ref
from lattice_gateway.core.translate.attach import Attachment, GivenUp, Gone, lost_listeners
from lattice_gateway.core.translate.backends import Backend, Origin, ToGroup, Unknown, Unresolved
from lattice_gateway.core.translate.choice import Choice, choice_of
from lattice_gateway.core.translate.endpoints import socket_of
from lattice_gateway.core.translate.inputs import FORBIDDEN, INHERITED, RECORDS, SERVICES, Inherited, Settled, last_good
from lattice_gateway.core.translate.matches import by_element, lower, matches_of
from lattice_gateway.core.translate.naming import SERVICES_OF, Named, Naming, Refused, Undecided, identity_of, owner_of
from lattice_gateway.core.translate.rules import Lowered, lower_rules
from lattice_gateway.core.translate.strays import STRAY_KINDS
from lattice_gateway.core.translate.verdicts import Reason, Rejected
from lattice_gateway.core.translate.view import View

NO_DIFFERENCES = "NoDifferences"
EDITED = "Edited"
APPLIED = "DifferencesApplied"
"""Reasons why nothing is held."""

_OF_PARENTS = frozenset({Child.ASSOCIATION, Child.LISTENER})


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that would be taken away: the place in the route and what is found there; the decision's number.

    ``spares``: what may hang on the service because of it although nobody asks for that now.
    """

    text: str
    decision: int
    spares: frozenset[Child] = frozenset()

    def __str__(self) -> str:
        return f"{self.text} (decision {self.decision})"


@dataclass(frozen=True, slots=True)
class Holding:
    """The Go controller's choice is in force for that generation of the route, because of these."""

    differences: tuple[Difference, ...]
    generation: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The route was inherited, and our own choice is in force."""

    reason: str
    message: str = ""


Switch: TypeAlias = Holding | Ended


def view_switch(view: View, route: HTTPRoute, attachment: Attachment, naming: Naming) -> Switch | None:
    """How the switch stands for a form of a route; None where the route was not inherited."""
    match view.get(INHERITED, route.ref):
        case None:
            return None
        case Settled(reason, message):
            return Ended(reason, message)
        case Inherited(generation):
            if view.settings.apply_switchover_differences:
                return Ended(APPLIED, "APPLY_SWITCHOVER_DIFFERENCES is true")
            if generation != route.metadata.generation:
                return Ended(EDITED, f"generation {generation} was as the Go controller left it")
            found = differences(view, route, attachment, naming)
            return Holding(found, generation) if found else Ended(NO_DIFFERENCES)
        case other:
            assert_never(other)


def differences(view: View, route: HTTPRoute, attachment: Attachment, naming: Naming) -> tuple[Difference, ...]:
    """Everything that our choice would take away; nothing where the route's present form is not inherited.

    What is not known yet counts, because it may. Where there is no service nothing can be taken away.
    """
    if choice_of(view, route) is Choice.OURS:
        return ()
    if isinstance(naming, Undecided):
        return (Difference(naming.why, 24),)
    if not _is_served(view, route, naming):
        return ()
    theirs = lower_rules(view, Origin(route, "", Choice.THEIRS))
    found = (
        *_backends(view, route, theirs.backends),
        *_duplicates(lower_rules(view, Origin(route, "")), theirs),
        *_earlier_forms(view, route),
        *_prefixes(view, route),
        *_parents(view, route, attachment),
        *_strays(view, theirs.backends),
    )
    return tuple(dict.fromkeys(found))


def _is_served(view: View, route: HTTPRoute, naming: Named | Refused) -> bool:
    """Whether the route has a service; one of the Go controller's may lack the tags that name its route."""
    has = view.lookup(SERVICES_OF, identity_of(view, owner_of(route)))
    return bool(has) or (isinstance(naming, Named) and view.get(RECORDS, naming.name) is not None)


def _backends(view: View, route: HTTPRoute, backends: Iterable[Backend]) -> Iterator[Difference]:
    """Backends that the Go controller forwards to, or may forward to, and we do not."""
    for backend in backends:
        match backend.leads_to:
            case Unresolved(reason, message) if backend.kept is not None:
                yield Difference(message, 27 if reason is Reason.REF_NOT_PERMITTED else 10)
            case Unknown(why):
                yield Difference(why, 37)
            case ToGroup(group) if group.namespace != route.metadata.namespace and _is_unread(view):
                yield Difference(f"{backend.place}: ReferenceGrants of namespace {group.namespace} cannot be read", 27)
            case _:
                pass


def _is_unread(view: View) -> bool:
    """Whether grants are to count, and are not enforced only because nobody may read them."""
    return view.settings.enforce_reference_grants and view.get(FORBIDDEN, Kind.REFERENCE_GRANT) is not None


def _duplicates(ours: Lowered, theirs: Lowered) -> Iterator[Difference]:
    """Matches that something else would answer."""
    unanswered = {each.place for each in theirs.duplicates}
    for each in ours.displacing:
        if each.place not in unanswered:
            yield Difference(f"{each.place} has the match of {each.first}, which would answer instead", 33)


def _earlier_forms(view: View, route: HTTPRoute) -> Iterator[Difference]:
    """What the Go controller refuses as a whole: it serves an earlier form, of which we know nothing."""
    for number, rule in enumerate(route.spec.rules):
        if len(rule.matches) > 1:
            text = f"rules[{number}].matches: {len(rule.matches)} of them, so an earlier form may be served"
            yield Difference(text, 7, frozenset(Child))
        for place, ref in enumerate(rule.backend_refs):
            target = Ref(Kind.SERVICE, ref.namespace or route.metadata.namespace, ref.name)
            if ref.kind == Kind.SERVICE and _has_two_families(view, target):
                where = f"rules[{number}].backendRefs[{place}]"
                text = f"{where}: {target} has two address families, so an earlier form may be served"
                yield Difference(text, 10, frozenset(Child))


def _has_two_families(view: View, target: Ref) -> bool:
    service = last_good(view.get(SERVICES, target))
    return service is not None and len(service.spec.families) > 1


def _prefixes(view: View, route: HTTPRoute) -> Iterator[Difference]:
    """Prefixes that are split: what they matched beside whole path elements would be lost."""
    if not view.settings.path_prefix_by_element:
        return
    for number, rule in enumerate(route.spec.rules):
        if any(len(by_element(lower(match))) > 1 for match in matches_of(rule)):
            text = f"rules[{number}].matches: a prefix that is no whole path element would be lost"
            yield Difference(text, 8)


def _parents(view: View, route: HTTPRoute, attachment: Attachment) -> Iterator[Difference]:
    """Associations and listeners that the route would lose."""
    for parent in attachment.parents:
        match parent.standing:
            case Gone(_, why) | GivenUp(why):
                yield Difference(why, 25, _OF_PARENTS)
            case Rejected(_, message) if not attachment.attached:
                yield Difference(f"{parent.gateway}: {message}", 25, _OF_PARENTS)
            case _:
                for listener in lost_listeners(view, route, parent):
                    why = "; ".join(fault.message for fault in listener.faults)
                    text = f"{parent.gateway} listener {listener.name} ({listener.port}): {why}"
                    yield Difference(text, 25, _OF_PARENTS)


def _strays(view: View, backends: Iterable[Backend]) -> Iterator[Difference]:
    """Endpoints that are no targets for us."""
    for backend in backends:
        if isinstance(backend.in_force, ToGroup):
            key = backend.in_force.group
            for each in view.cell(STRAY_KINDS, socket_of(key)) or ():
                yield Difference(f"{backend.place}: {each} of Service {key.namespace}/{key.name}", 18)
