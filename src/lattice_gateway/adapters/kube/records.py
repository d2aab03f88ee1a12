"""What the objects of a cluster record of Lattice, as a pure function (decisions.md, "What is deleted, and when").

A deletion timestamp under our finalizer records whatever the object may have made. A live route records the service
that its annotation names, for as long as it names it.
"""

from collections.abc import Iterator
from typing import Final

from lattice_gateway.core.lattice.keys import NetworkKey, ServiceKey
from lattice_gateway.core.lattice.words import Arn, Owner
from lattice_gateway.core.names import default_service_name, hashed_service_name
from lattice_gateway.core.objects import Kind, ObjectMeta, Ref
from lattice_gateway.core.objects.annotations import Annotation, service_name_fault, service_name_override
from lattice_gateway.core.objects.finalizers import FINALIZERS
from lattice_gateway.engine.feed import UnitRecord

_SERVICE: Final = ":service/svc-"


def records_of(ref: Ref, metadata: ObjectMeta, owner: Owner) -> tuple[UnitRecord, ...]:
    """The units that an object records, each once."""
    ends = metadata.deletion_timestamp is not None and FINALIZERS.get(ref.kind) in metadata.finalizers
    match ref.kind:
        case Kind.HTTP_ROUTE | Kind.GRPC_ROUTE | Kind.TLS_ROUTE:
            return tuple(_services(ref, metadata, owner, ends=ends))
        case Kind.GATEWAY if ends:
            return (UnitRecord(NetworkKey(ref.name), ref),)
        case _:
            return ()


def service_name(arn: str, domain: str) -> str | None:
    """The name of a service with this ARN and DNS name, None where they do not belong together.

    Lattice: the first label of the DNS name is the service's name, a hyphen, and its id without ``svc-``.

    >>> service_name("arn:aws:vpc-lattice:eu-west-1:1:service/svc-0a1b", "shop-0a1b.7d67968.vpc-lattice-svcs.example")
    'shop'
    """
    _, found, number = arn.partition(_SERVICE)
    name, ends, _ = domain.partition(".")[0].rpartition(f"-{number}")
    return name if found and number and ends and not service_name_fault(name) else None


def _services(ref: Ref, metadata: ObjectMeta, owner: Owner, *, ends: bool) -> Iterator[UnitRecord]:
    notes = metadata.annotations
    arn = notes.get(Annotation.SERVICE_ARN, "")
    named = service_name(arn, notes.get(Annotation.ASSIGNED_DOMAIN_NAME, ""))
    if named is not None:
        yield UnitRecord(ServiceKey(named), ref, Arn(arn))
    if ends:
        override = service_name_override(notes)
        possible = (
            override if override and not service_name_fault(override) else None,
            default_service_name(ref.name, ref.namespace),
            hashed_service_name(owner, str(ref.kind), ref.namespace, ref.name),
        )
        yield from (UnitRecord(ServiceKey(name), ref) for name in dict.fromkeys(possible) if name and name != named)
