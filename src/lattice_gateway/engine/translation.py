"""The translation as the engine uses it: news in, changed units and statuses out.

It remembers what pure cells cannot: which Gateways a route was attached to, which address a Gateway shows, and the last
form of each route that was translated whole. Nothing here waits or looks at a clock.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from lattice_gateway.core.lattice.keys import NetworkKey, ServiceKey, UnitKey
from lattice_gateway.core.lattice.outcome import Outcome
from lattice_gateway.core.lattice.units import Absent, Desired
from lattice_gateway.core.objects import HTTPRoute, Kind, Object, Ref
from lattice_gateway.core.report.gateways import GATEWAY_STATUSES
from lattice_gateway.core.report.ownership import OWNERSHIP, Ownership
from lattice_gateway.core.report.program import STATUS_CELLS, WHOLE, ObjectStatus
from lattice_gateway.core.translate.attach import (
    ATTACHMENTS,
    Attached,
    Attachment,
    Gone,
    NotOurs,
    Standing,
    gateways_named,
)
from lattice_gateway.core.translate.groups import GROUPS
from lattice_gateway.core.translate.inputs import (
    ACCEPTED,
    EXPIRED,
    FORBIDDEN,
    FORMER,
    INHERITED,
    MAY_BE_FORBIDDEN,
    OUTCOMES,
    PUBLISHED,
    RECORDS,
    ROUTES,
    Expired,
    Forbidden,
    FormerParents,
    Inheritance,
    LastAccepted,
    ParentOfRoute,
    ServiceRecord,
    Undecodable,
    family_of,
    last_good,
    last_route,
)
from lattice_gateway.core.translate.networks import DEFAULTS, NETWORKS, FromSettings
from lattice_gateway.core.translate.readiness import WAITING, Waiting
from lattice_gateway.core.translate.routes import ROUTE_VIEWS
from lattice_gateway.core.translate.services import SERVICE_VIEWS, ServiceView
from lattice_gateway.core.translate.topology import Topology, topology, units
from lattice_gateway.core.translate.verdicts import Rejected
from lattice_gateway.core.translate.view import Inputs
from lattice_gateway.engine.incremental import Change, Changes, Crash, Incremental
from lattice_gateway.settings import Settings

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An object that is there and cannot be decoded; its last readable form stays in force where one is known.

    ``leaving``: it was never readable, and is being deleted.
    """

    ref: Ref
    problem: str
    leaving: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What the translation should know anew; None in a mapping means that it is gone.

    ``services`` are Lattice services by name, as seen in the account; ``accepted`` forms remembered by an earlier
    process; ``former`` Gateways that the routes' own statuses attest; ``expired`` parents that have been gone for
    ``parent_hold`` seconds (decision 25). ``forbidden`` are all kinds that we may not read at this moment.
    ``inherited`` says what the routes' own statuses tell of the switch; ``published`` the address that a Gateway's
    status showed before this process, None where it showed none.
    """

    puts: tuple[Object, ...] = ()
    gone: tuple[Ref, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    services: Mapping[str, ServiceRecord | None] = field(default_factory=dict)
    outcomes: Mapping[UnitKey, Outcome | None] = field(default_factory=dict)
    accepted: tuple[HTTPRoute, ...] = ()
    former: Mapping[Ref, tuple[Ref, ...]] = field(default_factory=dict)
    expired: tuple[ParentOfRoute, ...] = ()
    published: Mapping[Ref, str | None] = field(default_factory=dict)
    forbidden: frozenset[Kind] = frozenset()
    inherited: Mapping[Ref, Inheritance | None] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class TranslationDelta:
    """What the news changed.

    ``units`` holds every unit whose desired state changed; one that nobody wants any more is ``Absent``.
    ``statuses`` are those that changed, None where there is nothing to say any more (report.writing makes mappings).
    ``ownership`` says which objects keep our finalizer, and which go when nothing is left of them.
    ``waiting`` are pods that began to wait for their readiness gate, or do so otherwise; None: no more.
    ``accepted`` are forms of routes to be remembered over a restart. ``holds`` are parents that began to be missing:
    the engine says ``expired`` when their time is over; ``released`` are those that need no timer any more.
    ``crashes`` are bugs: their units and statuses stay as they were.
    """

    units: dict[UnitKey, Desired] = field(default_factory=dict)
    statuses: dict[Ref, ObjectStatus | None] = field(default_factory=dict)
    ownership: dict[Ref, Ownership | None] = field(default_factory=dict)
    waiting: dict[Ref, Waiting | None] = field(default_factory=dict)
    accepted: dict[Ref, HTTPRoute] = field(default_factory=dict)
    holds: dict[ParentOfRoute, None] = field(default_factory=dict)
    released: dict[ParentOfRoute, None] = field(default_factory=dict)
    crashes: list[Crash] = field(default_factory=list)
    recomputed: dict[str, int] = field(default_factory=dict)

    @property
    def gone(self) -> tuple[UnitKey, ...]:
        """The units that nobody wants any more."""
        return tuple(key for key, desired in self.units.items() if isinstance(desired, Absent))


class Translation:
    """Objects and facts, and everything that follows from them."""

    def __init__(self, settings: Settings) -> None:
        self._engine = Incremental(WHOLE, settings)
        if settings.default_service_network is not None:
            self._engine.put(DEFAULTS, NetworkKey(settings.default_service_network), FromSettings())

    def apply(self, news: News) -> TranslationDelta:
        """Takes in news and answers what they change."""
        self._take(news)
        delta = TranslationDelta()
        touched = dict.fromkeys(thing.ref for thing in news.puts)
        while True:
            changes = self._engine.refresh()
            _add(delta, changes)
            touched.update(dict.fromkeys(changes.of(ROUTE_VIEWS)))
            again = self._remember_parents(changes, delta)
            self._remember_addresses(changes)
            if not again and not changes.of(GATEWAY_STATUSES):
                break
        self._remember_accepted(touched, delta)
        return delta

    def desired(self) -> dict[UnitKey, Desired]:
        """Every unit that is wanted, or held."""
        return units(self._engine)

    def statuses(self) -> dict[Ref, ObjectStatus]:
        """The status of every object that is ours to report on."""
        found: dict[Ref, ObjectStatus] = {}
        for cells in STATUS_CELLS:
            found.update(self._engine.results(cells))
        return found

    def waiting(self) -> dict[Ref, Waiting]:
        """Every pod that only its readiness gate keeps from being ready."""
        found = self._engine.results(WAITING)
        return {ref: one for ref, one in found.items() if one is not None}

    def topology(self) -> Topology:
        """Who attaches to what, with every verdict."""
        return topology(self._engine)

    def _take(self, news: News) -> None:
        engine = self._engine
        for thing in news.puts:
            engine.put(family_of(thing.KIND), thing.ref, thing)
        for ref in news.gone:
            engine.remove(family_of(ref.kind), ref)
            engine.remove(ACCEPTED, ref)
            engine.remove(FORMER, ref)
            engine.remove(INHERITED, ref)
        for one in news.unreadable:
            last = last_good(engine.get(family_of(one.ref.kind), one.ref))
            engine.put(family_of(one.ref.kind), one.ref, Undecodable(one.ref, one.problem, last, one.leaving))
        self._take_facts(news)

    def _take_facts(self, news: News) -> None:
        for name, record in news.services.items():
            self._set(RECORDS, name, record)
        for key, outcome in news.outcomes.items():
            self._set(OUTCOMES, key, outcome)
        for route in news.accepted:
            self._engine.put(ACCEPTED, route.ref, LastAccepted(route))
            # What an earlier process deployed is the evidence of parents that left while nobody looked (decision 25).
            self._keep_parents(route.ref, gateways_named(route))
        for ref, gateways in news.former.items():
            self._keep_parents(ref, gateways)
        for ref, inheritance in news.inherited.items():
            self._set(INHERITED, ref, inheritance)
        for gateway, address in news.published.items():
            self._set(PUBLISHED, gateway, address)
        for parent in news.expired:
            self._engine.put(EXPIRED, parent, Expired())
        for kind in MAY_BE_FORBIDDEN:
            self._set(FORBIDDEN, kind, Forbidden() if kind in news.forbidden else None)

    def _set(self, inputs: Inputs[K, V], key: K, value: V | None) -> None:
        if value is None:
            self._engine.remove(inputs, key)
        else:
            self._engine.put(inputs, key, value)

    def _remember_parents(self, changes: Changes, delta: TranslationDelta) -> bool:
        """Notes parents that were lost or came back; whether that must be translated too."""
        again = False
        for route, change in changes.of(ATTACHMENTS).items():
            before, after = _standings(change.before), _standings(change.after)
            for gateway in {**before, **after}:
                parent = ParentOfRoute(route, gateway)
                was, now = before.get(gateway), after.get(gateway)
                _note_hold(delta, parent, was, now)
                if change.after is None or isinstance(now, Attached | Rejected):
                    self._engine.remove(EXPIRED, parent)
                elif isinstance(was, Attached) and isinstance(now, NotOurs | None):
                    again |= self._keep_parents(route, (gateway,))
        return again

    def _remember_addresses(self, changes: Changes) -> None:
        """Notes which address each Gateway shows, so that it stays as long as it can."""
        for gateway, change in changes.of(GATEWAY_STATUSES).items():
            self._set(PUBLISHED, gateway, change.after.address if change.after else None)

    def _keep_parents(self, route: Ref, gateways: tuple[Ref, ...]) -> bool:
        """Remembers Gateways that a route was attached to; whether any is new."""
        former = self._engine.get(FORMER, route)
        known = former.gateways if former else ()
        new = tuple(gateway for gateway in gateways if gateway not in known)
        if new:
            self._engine.put(FORMER, route, FormerParents((*known, *new)))
        return bool(new)

    def _remember_accepted(self, touched: Iterable[Ref], delta: TranslationDelta) -> None:
        """Remembers the form of every route that was translated whole, unless it is on hold."""
        for ref in touched:
            view = self._engine.result(ROUTE_VIEWS, ref)
            route = last_route(self._engine.get(ROUTES, ref))
            if view is None or not view.whole or view.paused or not isinstance(route, HTTPRoute):
                continue
            known = self._engine.get(ACCEPTED, ref)
            if known is None or known.route != route:
                self._engine.put(ACCEPTED, ref, LastAccepted(route))
                delta.accepted[ref] = route


def _add(delta: TranslationDelta, changes: Changes) -> None:
    """Adds the units of one refresh; a later refresh has the last word."""
    for network, change in changes.of(NETWORKS).items():
        delta.units[network] = change.after or Absent(network)
    for group, change in changes.of(GROUPS).items():
        delta.units[group] = change.after or Absent(group)
    for name, change in changes.of(SERVICE_VIEWS).items():
        _add_service(delta, ServiceKey(name), change)
    for cells in STATUS_CELLS:
        for ref, change in changes.of(cells).items():
            delta.statuses[ref] = change.after
    for ref, change in changes.of(OWNERSHIP).items():
        delta.ownership[ref] = change.after
    for ref, change in changes.of(WAITING).items():
        delta.waiting[ref] = change.after
    delta.crashes.extend(changes.crashes)
    for family, count in changes.recomputed.items():
        delta.recomputed[family] = delta.recomputed.get(family, 0) + count


def _add_service(delta: TranslationDelta, key: ServiceKey, change: Change) -> None:
    before: ServiceView | None = change.before
    after: ServiceView | None = change.after
    if after is None:
        delta.units[key] = Absent(key, before.settings.owner if before else None)
    elif before is None or before.unit != after.unit:
        delta.units[key] = after.unit


def _standings(attachment: Attachment | None) -> dict[Ref, Standing]:
    """How each Gateway of a route stands; of several parentRefs to one, the best counts."""
    found: dict[Ref, Standing] = {}
    for parent in attachment.parents if attachment else ():
        if not isinstance(found.get(parent.gateway), Attached):
            found[parent.gateway] = parent.standing
    return found


def _note_hold(delta: TranslationDelta, parent: ParentOfRoute, was: Standing | None, now: Standing | None) -> None:
    """Notes that a parent began, or ended, to be missing."""
    if isinstance(now, Gone) and not isinstance(was, Gone):
        delta.holds[parent] = None
        delta.released.pop(parent, None)
    elif isinstance(was, Gone) and not isinstance(now, Gone):
        delta.released[parent] = None
        delta.holds.pop(parent, None)


def translate(settings: Settings, news: News) -> Topology:
    """Everything from nothing, by the same cells; for commands that look once."""
    translation = Translation(settings)
    translation.apply(news)
    return translation.topology()
