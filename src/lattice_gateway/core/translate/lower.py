"""A route, its name and its attachment as the Lattice service they ask for."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias, assert_never

from lattice_gateway.core.lattice.keys import GroupKey, NetworkKey, ServiceKey
from lattice_gateway.core.lattice.units import (
    AsItIs,
    Child,
    FixedResponse,
    Forward,
    Held,
    Listener,
    Rule,
    RuleAction,
    Service,
)
from lattice_gateway.core.lattice.words import Tags
from lattice_gateway.core.names import listener_name
from lattice_gateway.core.objects import HTTPRoute
from lattice_gateway.core.objects.annotations import Annotation, standalone
from lattice_gateway.core.translate.attach import Attachment, NotOurs
from lattice_gateway.core.translate.backends import Origin
from lattice_gateway.core.translate.choice import Choice
from lattice_gateway.core.translate.differences import Difference
from lattice_gateway.core.translate.naming import Named, owner_of
from lattice_gateway.core.translate.rules import Lowered, lower_rules
from lattice_gateway.core.translate.tags import child_tags, service_tags
from lattice_gateway.core.translate.view import View

NOT_FOUND = 404
"""What a listener answers that has no rule for a request."""

ServiceUnit: TypeAlias = Service | Held


@dataclass(frozen=True, slots=True)
class Form:
    """A route that can be translated whole. ``exists``: it has a Lattice service already.

    ``held``: because of these the Go controller's choice is in force (decision 22).
    """

    route: HTTPRoute
    naming: Named
    attachment: Attachment
    extra_tags: Tags
    exists: bool
    held: tuple[Difference, ...] = ()

    @property
    def key(self) -> ServiceKey:
        """Its service."""
        return ServiceKey(self.naming.name)

    @property
    def choice(self) -> Choice:
        """Whose choice is in force."""
        return Choice.THEIRS if self.held else Choice.OURS


@dataclass(frozen=True, slots=True)
class Built:
    """What a form becomes. ``unit`` None: nothing is built yet and nothing is to be built."""

    unit: ServiceUnit | None
    groups: tuple[GroupKey, ...] = ()
    lowered: Lowered = field(default_factory=Lowered)


def build(view: View, form: Form) -> Built:
    """The service a form asks for, and the groups it sends requests to (decisions 10, 25)."""
    lowered = lower_rules(view, Origin(form.route, form.naming.name, form.choice))
    attachment = form.attachment
    if attachment.attached:
        return Built(_attached(view, form, lowered.rules), groups_of(lowered.rules), lowered)
    if not form.exists:
        return Built(None, (), lowered)
    if attachment.gone:
        return Built(Held(form.key, attachment.gone[0].why), groups_of(lowered.rules), lowered)
    if all(isinstance(parent.standing, NotOurs) for parent in attachment.parents):
        return Built(Held(form.key, "no parent of the route is ours"), groups_of(lowered.rules), lowered)
    if form.choice is Choice.THEIRS:
        return Built(Held(form.key, "no listener admits the route any more"), groups_of(lowered.rules), lowered)
    return Built(_service(view, form, frozenset(), ()), (), lowered)


def groups_of(rules: Iterable[Rule]) -> tuple[GroupKey, ...]:
    """Every group that rules name, weight 0 included, each once."""
    return tuple(dict.fromkeys(group for rule in rules for group in _named(rule.action)))


def _named(action: RuleAction) -> Iterable[GroupKey]:
    match action:
        case Forward(shares=shares):
            return (share.group for share in shares)
        case AsItIs(groups=groups):
            return groups
        case FixedResponse():
            return ()
        case _:
            assert_never(action)


def domain(route: HTTPRoute, attachment: Attachment) -> str | None:
    """The first hostname of the route that an attached listener serves; a service has one (model.md P1.14)."""
    served = {name for attached in attachment.attached for name in attached.hostnames}
    return next((name for name in route.spec.hostnames if name in served), None)


def is_standalone(route: HTTPRoute, attachment: Attachment) -> bool:
    """Whether the service joins no network: what the route says, else what one of its Gateways says."""
    own = standalone(route.metadata.annotations)
    return own if own is not None else any(attached.standalone for attached in attachment.attached)


def _attached(view: View, form: Form, rules: tuple[Rule, ...]) -> Service:
    networks = frozenset(attached.network for attached in form.attachment.attached)
    if is_standalone(form.route, form.attachment):
        networks = frozenset()
    return _service(view, form, networks, _listeners(form, rules))


def _service(view: View, form: Form, networks: frozenset[NetworkKey], listeners: tuple[Listener, ...]) -> Service:
    owner, route = view.settings.owner, owner_of(form.route)
    gone = form.attachment.gone
    held = frozenset(one.network for one in gone) - networks
    return Service(
        key=form.key,
        owner=route,
        networks=networks,
        listeners=listeners,
        tags=service_tags(owner, route, form.extra_tags),
        child_tags=child_tags(owner, form.extra_tags),
        custom_domain=domain(form.route, form.attachment),
        held_networks=frozenset() if is_standalone(form.route, form.attachment) else held,
        others_stay=_others_stay(form),
    )


def _others_stay(form: Form) -> frozenset[Child]:
    """What nobody asks for now and may have been asked for; a service that joins no network leaves all of ours."""
    spared = {child for difference in form.held for child in difference.spares}
    if is_standalone(form.route, form.attachment):
        spared.discard(Child.ASSOCIATION)
    return frozenset({*spared, Child.LISTENER} if form.attachment.gone else spared)


def _listeners(form: Form, rules: tuple[Rule, ...]) -> tuple[Listener, ...]:
    """One listener for each port of the attached Gateways, by number; all with the same rules."""
    meta = form.route.metadata
    ports = {(port.number, port.protocol) for attached in form.attachment.attached for port in attached.ports}
    return tuple(
        Listener(
            port=number,
            protocol=protocol,
            name=listener_name(meta.name, meta.namespace, number, protocol),
            default_action=FixedResponse(NOT_FOUND),
            rules=rules,
        )
        for number, protocol in sorted(ports)
    )


PAUSED = f"on hold: annotation {Annotation.PAUSED}"
"""Why a paused unit is held (decision 34)."""
