"""What translation starts from: objects by kind, and facts.

Objects come from the sources. An object that cannot be decoded comes as ``Undecodable`` under its ref, with its last
readable form where one is known; it never counts as absent (architecture.md §1, law 3). Facts are what the engine has
seen in Lattice or remembers.
"""

from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from lattice_gateway.core.lattice.keys import UnitKey
from lattice_gateway.core.lattice.outcome import Outcome
from lattice_gateway.core.lattice.words import Arn, Tags
from lattice_gateway.core.objects import (
    EndpointSlice,
    Gateway,
    GatewayClass,
    HTTPRoute,
    Kind,
    Namespace,
    Pod,
    Ref,
    ReferenceGrant,
    Route,
    Service,
    Unbuilt,
)
from lattice_gateway.core.translate.view import Index, Inputs

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Undecodable(Generic[T]):
    """An object that is there but cannot be read; ``last`` is what it last said, None where that is not known.

    ``leaving``: it was never readable, is being deleted, and carries our finalizer.
    """

    ref: Ref
    problem: str
    last: T | None = None
    leaving: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRecord:
    """A Lattice service of this account, as it was last seen. ``tags`` None: not read yet, so its owner is unknown."""

    name: str
    arn: Arn
    id: str
    dns: str | None = None
    tags: Tags | None = None
    created_at: float | None = None


@dataclass(frozen=True, slots=True)
class LastAccepted:
    """The last form of a route that was translated whole; it goes on being deployed while the present one is not."""

    route: HTTPRoute


class ParentOfRoute(NamedTuple):
    """A Gateway that a route refers to, or referred to."""

    route: Ref
    gateway: Ref


@dataclass(frozen=True, slots=True)
class FormerParents:
    """Gateways that a route was attached to and no longer names, until they expire (decision 25)."""

    gateways: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class Expired:
    """A parent has been gone for so long that what only it wanted is given up."""


@dataclass(frozen=True, slots=True)
class Forbidden:
    """A kind is there, and we were never allowed to read it: what its objects say is not enforced (decision 22)."""


@dataclass(frozen=True, slots=True)
class Inherited:
    """A route of this generation is as the Go controller left it: what that chose is held (decision 22)."""

    generation: int


@dataclass(frozen=True, slots=True)
class Settled:
    """There was something to hold, or could have been, and that is over; words of the route's own status."""

    reason: str
    message: str


Inheritance: TypeAlias = Inherited | Settled

MAY_BE_FORBIDDEN = (Kind.REFERENCE_GRANT, Kind.POD)
"""Kinds that a role may leave out: the Go controller's has no ReferenceGrants, and without pods no gate turns True."""

CLASSES: Inputs[Ref, GatewayClass | Undecodable[GatewayClass]] = Inputs("classes")
GATEWAYS: Inputs[Ref, Gateway | Undecodable[Gateway]] = Inputs("gateways")
ROUTES: Inputs[Ref, Route | Undecodable[Route]] = Inputs("routes")
SERVICES: Inputs[Ref, Service | Undecodable[Service]] = Inputs("services")
SLICES: Inputs[Ref, EndpointSlice | Undecodable[EndpointSlice]] = Inputs("slices")
PODS: Inputs[Ref, Pod | Undecodable[Pod]] = Inputs("pods")
NAMESPACES: Inputs[Ref, Namespace | Undecodable[Namespace]] = Inputs("namespaces")
GRANTS: Inputs[Ref, ReferenceGrant | Undecodable[ReferenceGrant]] = Inputs("grants")
UNBUILT: Inputs[Ref, Unbuilt | Undecodable[Unbuilt]] = Inputs("kinds not built yet")

RECORDS: Inputs[str, ServiceRecord] = Inputs("service records")
OUTCOMES: Inputs[UnitKey, Outcome] = Inputs("outcomes")
ACCEPTED: Inputs[Ref, LastAccepted] = Inputs("last accepted routes")
FORMER: Inputs[Ref, FormerParents] = Inputs("former parents")
PUBLISHED: Inputs[Ref, str] = Inputs("published addresses")
"""The address that the status of a Gateway shows; it stays while a route is served there."""

EXPIRED: Inputs[ParentOfRoute, Expired] = Inputs("expired parents")

FORBIDDEN: Inputs[Kind, Forbidden] = Inputs("forbidden kinds")
INHERITED: Inputs[Ref, Inheritance] = Inputs("inherited routes")

AnyObjects: TypeAlias = Inputs[Ref, Any]

_FAMILIES: dict[Kind, AnyObjects] = {
    Kind.GATEWAY_CLASS: CLASSES,
    Kind.GATEWAY: GATEWAYS,
    Kind.HTTP_ROUTE: ROUTES,
    Kind.GRPC_ROUTE: ROUTES,
    Kind.TLS_ROUTE: ROUTES,
    Kind.SERVICE: SERVICES,
    Kind.ENDPOINT_SLICE: SLICES,
    Kind.POD: PODS,
    Kind.NAMESPACE: NAMESPACES,
    Kind.REFERENCE_GRANT: GRANTS,
}


def family_of(kind: Kind) -> AnyObjects:
    """The inputs that objects of a kind belong to."""
    return _FAMILIES.get(kind, UNBUILT)


def last_good(value: T | Undecodable[T] | None) -> T | None:
    """The object, or its last readable form; None where there is none or none was ever readable."""
    return value.last if isinstance(value, Undecodable) else value


def last_route(value: Route | Undecodable[Route] | None) -> Route | None:
    """``last_good`` of a route of any kind."""
    return value.last if isinstance(value, Undecodable) else value


def is_unknown(value: object) -> bool:
    """Whether an object is there but nothing is known of it."""
    return isinstance(value, Undecodable) and value.last is None


def each(inputs: AnyObjects) -> Index[Ref, Ref]:
    """The index that makes one cell for each input of a family."""
    return Index(f"each of {inputs.name}", inputs, lambda ref, _: ((ref, ref),))
