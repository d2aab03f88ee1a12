"""What a caller cannot know, and what is therefore printed as unknown: pure, from what was hidden from him.

An object that may not be read is not an object that is missing. So what depends on one has no verdict here.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from lattice_gateway.cli.glance import Hidden
from lattice_gateway.core.lattice.keys import GroupKey, NetworkKey, ServiceKey, UnitKey
from lattice_gateway.core.lattice.units import Absent, Desired, Service
from lattice_gateway.core.objects import Gateway, HTTPRoute, Kind, Object, Ref
from lattice_gateway.core.objects.gateway import FromNamespaces
from lattice_gateway.core.translate.gateways import OurGateway
from lattice_gateway.core.translate.topology import Topology

OWNING: Final = (
    *(Kind.GATEWAY_CLASS, Kind.GATEWAY, Kind.HTTP_ROUTE, Kind.GRPC_ROUTE, Kind.TLS_ROUTE),
    *(Kind.SERVICE, Kind.NAMESPACE, Kind.REFERENCE_GRANT),
)
"""Kinds without all of which nothing can be called an orphan: those that own something, and those without which we do
not know what a route wants."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """How much was seen.

    ``namespace`` is the one that is shown, None: all. ``hidden`` may not be listed. ``settings`` says what of the
    controller's settings is unknown. ``enforced``: ReferenceGrants count. ``remembers``: what the controller remembers
    is at hand too, as it is where it works on a directory.
    """

    namespace: str | None = None
    hidden: tuple[Hidden, ...] = ()
    settings: tuple[str, ...] = ()
    enforced: bool = True
    remembers: bool = True

    @property
    def everything_owned(self) -> bool:
        """Whether all objects were seen that say what there should be in VPC Lattice."""
        return not any(one.kind in OWNING for one in self.hidden)

    def missing(self, kind: Kind, namespace: str) -> Iterator[str]:
        """Why objects of a kind in a namespace are not known; nothing where they are."""
        yield from (str(one) for one in self.hidden if one.kind is kind and one.covers(namespace))

    def shows(self, namespaces: Iterable[str]) -> bool:
        """Whether something that belongs to these namespaces is shown."""
        return self.namespace is None or self.namespace in set(namespaces)


ALL: Final = Sight()
"""Everything is seen: a directory."""


def blind_spots(objects: Iterable[Object], sight: Sight) -> dict[Ref, tuple[str, ...]]:
    """Routes of which something that decides about them is hidden, and what that is."""
    if not sight.hidden:
        return {}
    things = {thing.ref: thing for thing in objects}
    routes = [thing for thing in things.values() if isinstance(thing, HTTPRoute)]
    found = {route.ref: tuple(dict.fromkeys(_of_route(route, things, sight))) for route in routes}
    return {ref: why for ref, why in found.items() if why}


def unknown_units(
    units: Iterable[UnitKey],
    homes: Mapping[UnitKey, frozenset[Ref]],
    blind: Mapping[Ref, tuple[str, ...]],
    unready: frozenset[Ref],
    sight: Sight,
) -> dict[UnitKey, tuple[str, ...]]:
    """Units of which nothing can be said, and why.

    ``homes`` are the objects that want each; ``unready`` Services have pods of which only the pods themselves say
    whether they belong in a group.
    """
    found: dict[UnitKey, tuple[str, ...]] = {}
    for key in units:
        why = [reason for ref in sorted(homes.get(key, ())) for reason in blind.get(ref, ())]
        match key:
            case NetworkKey():
                why += [str(one) for one in sight.hidden if one.kind in {Kind.GATEWAY_CLASS, Kind.GATEWAY}]
            case GroupKey(namespace=namespace, name=name):
                why += [*sight.missing(Kind.SERVICE, namespace), *sight.missing(Kind.ENDPOINT_SLICE, namespace)]
                if Ref(Kind.SERVICE, namespace, name) in unready:
                    why += sight.missing(Kind.POD, namespace)
            case ServiceKey():
                pass
        if why:
            found[key] = tuple(dict.fromkeys(why))
    return found


def homes(topology: Topology, desired: Mapping[UnitKey, Desired]) -> dict[UnitKey, frozenset[Ref]]:
    """The objects that each unit is made for: routes of services and their groups, Gateways of networks."""
    found: dict[UnitKey, set[Ref]] = defaultdict(set)
    by_service: dict[str, set[Ref]] = defaultdict(set)
    for gateway in topology.gateways:
        if isinstance(gateway.view, OurGateway):
            found[gateway.view.network].add(gateway.ref)
    for route in topology.routes:
        if route.unit is not None and isinstance(route.unit.key, ServiceKey):
            by_service[route.unit.key.name].add(route.ref)
    for key, unit in desired.items():
        if isinstance(key, ServiceKey):
            by_service[key.name] |= _owner(unit)
    for key in desired:
        match key:
            case ServiceKey(name=name):
                found[key] |= by_service[name]
            case GroupKey(service=str(name)):
                found[key] |= by_service[name]
            case _:
                pass
    return {key: frozenset(refs) for key, refs in found.items()}


def namespaces_of(key: UnitKey, refs: frozenset[Ref]) -> frozenset[str]:
    """The namespaces a unit belongs to."""
    if not refs and isinstance(key, GroupKey):
        return frozenset({key.namespace})
    return frozenset(ref.namespace for ref in refs)


def _owner(unit: Desired) -> set[Ref]:
    match unit:
        case Service(owner=owner) | Absent(owner=owner) if owner is not None:
            return {Ref(Kind(owner.source.value), owner.namespace, owner.name)}
        case _:
            return set()


def _of_route(route: HTTPRoute, things: Mapping[Ref, Object], sight: Sight) -> Iterator[str]:
    """What decides about a route and is hidden."""
    home = route.metadata.namespace
    yield from sight.missing(Kind.GATEWAY_CLASS, "")
    for parent in route.spec.parent_refs:
        place = parent.namespace or home
        yield from sight.missing(Kind.GATEWAY, place)
        gateway = things.get(Ref(Kind.GATEWAY, place, parent.name))
        if isinstance(gateway, Gateway) and _selects(gateway):
            yield from sight.missing(Kind.NAMESPACE, "")
    for backend in (ref for rule in route.spec.rules for ref in rule.backend_refs):
        place = backend.namespace or home
        kind = Kind.SERVICE_IMPORT if backend.kind == Kind.SERVICE_IMPORT else Kind.SERVICE
        yield from sight.missing(kind, place)
        if place != home and sight.enforced:
            yield from sight.missing(Kind.REFERENCE_GRANT, place)


def _selects(gateway: Gateway) -> bool:
    """Whether a listener chooses namespaces by their labels."""
    return any(one.allowed_routes.namespaces.from_ is FromNamespaces.SELECTOR for one in gateway.spec.listeners)
