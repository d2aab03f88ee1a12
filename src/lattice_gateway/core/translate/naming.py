"""Which Lattice service a route becomes, by name (decisions.md, "Names")."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from lattice_gateway.core.lattice.units import RouteOwner
from lattice_gateway.core.lattice.words import SourceType, Tag, Tags
from lattice_gateway.core.names import default_service_name, hashed_service_name
from lattice_gateway.core.objects import HTTPRoute, Ref
from lattice_gateway.core.objects.annotations import (
    Annotation,
    allow_takeover_from,
    service_name_fault,
    service_name_override,
)
from lattice_gateway.core.objects.refs import Kind
from lattice_gateway.core.translate.age import Age, age_of
from lattice_gateway.core.translate.attach import ATTACHMENTS, Attachment
from lattice_gateway.core.translate.inputs import RECORDS, ServiceRecord
from lattice_gateway.core.translate.listeners import NOT_BUILT
from lattice_gateway.core.translate.verdicts import Reason, Rejected
from lattice_gateway.core.translate.view import Index, View

ROUTE_TYPES = {SourceType.HTTP_ROUTE: "http", SourceType.GRPC_ROUTE: "grpc", SourceType.TLS_ROUTE: "tls"}
"""Values of the tag ``P/RouteType``. Parity: Go v2.1.3."""


class How(StrEnum):
    """How a name was found."""

    OVERRIDE = "override"
    DEFAULT = "default"
    HASHED = "hashed"


@dataclass(frozen=True, slots=True)
class Named:
    """The Lattice service of a route; ``why`` says what a person may wonder about, else empty."""

    name: str
    how: How
    why: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The name that is asked for cannot be had. ``kept``: the service that the route has, and keeps; None: none."""

    verdict: Rejected
    kept: str | None = None


@dataclass(frozen=True, slots=True)
class Undecided:
    """Whose service it is has not been read yet."""

    name: str
    why: str


Naming: TypeAlias = Named | Refused | Undecided


class Identity(NamedTuple):
    """What the tags of a service say of its route."""

    managed_by: str
    namespace: str
    name: str
    type: str


class Holder(StrEnum):
    """Whose a service is, seen from a route."""

    NOBODY_THERE = "no such service"
    MINE = "this route's"
    OURS_WITHOUT_ROUTE = "ours, of no route"
    OTHER_ROUTE = "another route's"
    UNTAGGED = "nobody's"
    FOREIGN = "another owner's"
    UNREAD = "not read yet"


def owner_of(route: HTTPRoute) -> RouteOwner:
    """The route as the tags of its service name it."""
    return RouteOwner(namespace=route.metadata.namespace, name=route.metadata.name, source=SourceType.HTTP_ROUTE)


def choose(view: View, route: HTTPRoute) -> Naming:
    """The name of a route's service; a route that has a service keeps it for life.

    Until moving services is built, an override that was changed or removed is refused (decision 30).
    """
    identity = identity_of(view, owner_of(route))
    has = view.lookup(SERVICES_OF, identity)
    override = service_name_override(route.metadata.annotations)
    if override is not None:
        return _overridden(view, route, override, has)
    default, hashed = _names(view, route)
    kept = next((name for name in (default, hashed) if name in has), None)
    if kept is not None:
        return Named(kept, How.DEFAULT) if kept == default else Named(kept, How.HASHED, "the route has it already")
    if has:
        return _moved("nothing", has)
    return _first_name(view, route, default, hashed)


def _overridden(view: View, route: HTTPRoute, override: str, has: tuple[str, ...]) -> Naming:
    if has and override not in has:
        return _moved(f"'{override}'", has)
    record = view.get(RECORDS, override)
    holder = _holder(record, identity_of(view, owner_of(route)))
    if record is None or holder in {Holder.MINE, Holder.NOBODY_THERE}:
        return Named(override, How.OVERRIDE, f"annotation {Annotation.SERVICE_NAME_OVERRIDE}")
    if holder is Holder.UNREAD:
        return Undecided(override, f"the owner of Lattice service {override} has not been read yet")
    return Refused(Rejected(Reason.CONFLICTED, _conflict(route, record, holder)))


def _first_name(view: View, route: HTTPRoute, default: str, hashed: str) -> Naming:
    """The name of a route that has no service yet."""
    fault = service_name_fault(default)
    if fault:
        message = (
            f"the default name '{default}' of its Lattice service: {fault}; set {Annotation.SERVICE_NAME_OVERRIDE}"
        )
        return Refused(Rejected(Reason.UNSUPPORTED_VALUE, message))
    record = view.get(RECORDS, default)
    holder = _holder(record, identity_of(view, owner_of(route)))
    if record is not None and holder is Holder.UNREAD:
        return Undecided(default, f"the owner of Lattice service {default} has not been read yet")
    if record is not None and holder not in {Holder.MINE, Holder.OURS_WITHOUT_ROUTE}:
        takeover = allow_takeover_from(route.metadata.annotations)
        if takeover is not None and takeover == _managed_by(record):
            return Refused(Rejected(Reason.CONFLICTED, _conflict(route, record, holder)))
        return Named(hashed, How.HASHED, f"'{default}' is {holder}: {record.arn}")
    oldest = view.first(BY_DEFAULT_NAME, default)
    if oldest is not None and oldest < age_of(route):
        return Named(hashed, How.HASHED, f"'{default}' is the name of the older {oldest.ref}")
    return Named(default, How.DEFAULT)


def _moved(found: str, has: tuple[str, ...]) -> Refused:
    expected = f"'{has[0]}', the service that the route has: moving a route to another service {NOT_BUILT}"
    message = f"metadata.annotations.{Annotation.SERVICE_NAME_OVERRIDE}: found {found}, expected {expected}"
    return Refused(Rejected(Reason.UNSUPPORTED_VALUE, message), has[0])


def _conflict(route: HTTPRoute, record: ServiceRecord, holder: Holder) -> str:
    """The message of a conflict.

    Parity: both texts as Go v2.1.3 has them, order of namespace and name included; what follows is ours.
    """
    meta = route.metadata
    start = f"error during service synthesis failed ServiceManager.Upsert {record.name} due to service"
    if holder is Holder.OTHER_ROUTE:
        other = _tagged_route(record)
        text = f"{meta.name}/{meta.namespace} had a conflict: Found existing resource with conflicting service name"
        return f"{start} {text}: {record.arn} (it belongs to {other})"
    text = f"{meta.namespace}/{meta.name} had a conflict: Found existing resource not owned by controller"
    whose = f"managed by {_managed_by(record)}" if holder is Holder.FOREIGN else f"{holder}"
    verb = "taking over" if holder is Holder.FOREIGN else "claiming"
    return f"{start} {text}: {record.arn} (it is {whose}; {verb} a service {NOT_BUILT})"


def _holder(record: ServiceRecord | None, identity: Identity) -> Holder:
    """Whose the recorded service is."""
    if record is None:
        return Holder.NOBODY_THERE
    if record.tags is None:
        return Holder.UNREAD
    managed_by = record.tags.get(Tag.MANAGED_BY)
    if managed_by is None:
        return Holder.UNTAGGED
    if managed_by != identity.managed_by:
        return Holder.FOREIGN
    if Tag.ROUTE_NAME not in record.tags and Tag.ROUTE_NAMESPACE not in record.tags:
        return Holder.OURS_WITHOUT_ROUTE
    return Holder.MINE if _identity_in(record.tags) == identity else Holder.OTHER_ROUTE


def identity_of(view: View, owner: RouteOwner) -> Identity:
    """What the tags of a route's service say of it."""
    return Identity(str(view.settings.owner), owner.namespace, owner.name, ROUTE_TYPES[owner.source])


def _identity_in(tags: Tags) -> Identity:
    keys = (Tag.MANAGED_BY, Tag.ROUTE_NAMESPACE, Tag.ROUTE_NAME, Tag.ROUTE_TYPE)
    return Identity(*(tags.get(key, "") for key in keys))


def _managed_by(record: ServiceRecord) -> str:
    return (record.tags or Tags()).get(Tag.MANAGED_BY, "")


def _tagged_route(record: ServiceRecord) -> str:
    tags = _identity_in(record.tags or Tags())
    return f"{tags.type} route {tags.namespace}/{tags.name}"


def _names(view: View, route: HTTPRoute) -> tuple[str, str]:
    meta = route.metadata
    hashed = hashed_service_name(view.settings.owner, route.KIND, meta.namespace, meta.name)
    return default_service_name(meta.name, meta.namespace), hashed


def _by_default_name(ref: Ref, attachment: Attachment) -> Iterable[tuple[str, Age]]:
    """Routes that ask for their default name: those of our Gateways, of a kind that is built, without an override."""
    age = attachment.age
    if age is None or attachment.overridden or not attachment.is_ours or ref.kind is not Kind.HTTP_ROUTE:
        return ()
    return ((default_service_name(ref.name, ref.namespace), age),)


def _of_route(name: str, record: ServiceRecord) -> Iterable[tuple[Identity, str]]:
    return ((_identity_in(record.tags), name),) if record.tags else ()


SERVICES_OF: Index[Identity, str] = Index("services by route", RECORDS, _of_route)
BY_DEFAULT_NAME: Index[str, Age] = Index("routes by default name", ATTACHMENTS, _by_default_name)
