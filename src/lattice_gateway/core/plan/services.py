"""Lattice services with their associations, listeners and rules; refused where not ours, deleted where proven ours."""

from dataclasses import replace
from typing import assert_never

from lattice_gateway.core.lattice.keys import ServiceKey
from lattice_gateway.core.lattice.observed import ObservedService
from lattice_gateway.core.lattice.operations import (
    CreateService,
    DeleteService,
    DeleteServiceAssociation,
    Known,
    New,
    Ref,
    UpdateService,
)
from lattice_gateway.core.lattice.outcome import Refusal
from lattice_gateway.core.lattice.units import Absent, RouteOwner, Service
from lattice_gateway.core.lattice.words import Owner, SourceType, Status, Tag, Tags
from lattice_gateway.core.names import default_service_name, hashed_service_name
from lattice_gateway.core.plan.associations import Bond, plan_associations
from lattice_gateway.core.plan.conditions import USABLE
from lattice_gateway.core.plan.listeners import plan_listeners
from lattice_gateway.core.plan.ownership import is_ours, remembering, tag_change
from lattice_gateway.core.plan.plan import (
    AssociationIs,
    AssociationsGone,
    AssociationState,
    Condition,
    Gone,
    Note,
    NoteKind,
    Part,
    Plan,
    Planned,
    Step,
    Surroundings,
    UnitActive,
    WasRead,
)
from lattice_gateway.core.plan.rules import Piece

ROUTE_TYPES = {SourceType.HTTP_ROUTE: "http", SourceType.GRPC_ROUTE: "grpc", SourceType.TLS_ROUTE: "tls"}
"""Value of the RouteType tag (deploy.md §11 row 7)."""

CONFLICTED = "Conflicted"


def plan_service(
    desired: Service | Absent, observed: ObservedService | None, owner: Owner, around: Surroundings
) -> Planned:
    """Operations that make the service as desired; refused where the service of that name is somebody else's."""
    match desired:
        case Service():
            return _present(desired, observed, owner, around)
        case Absent(key=ServiceKey() as key):
            return _absent(desired, key, observed, owner)
        case Absent(key=key):
            raise TypeError(f"{key} is not a service")
        case _:
            assert_never(desired)


def route_tags(owner: RouteOwner) -> Tags:
    """The tags that say which route a service belongs to."""
    pairs: dict[str, str] = {Tag.ROUTE_NAME: owner.name, Tag.ROUTE_NAMESPACE: owner.namespace}
    if owner.source in ROUTE_TYPES:
        pairs[Tag.ROUTE_TYPE] = ROUTE_TYPES[owner.source]
    return Tags(pairs)


def conflict(desired: Service, observed: ObservedService, owner: Owner) -> Refusal | None:
    """Why the service may not be changed; None where it is ours and this route's, or ours to complete.

    A service of ours without route tags is completed under the route's own name; under an override it would be a
    claim. Parity: the two texts are those of the Go controller v2.1.3, the order of name and namespace too.
    """
    route, tags = desired.owner, observed.tags or Tags()
    if not is_ours(observed.tags, owner):
        what = f"Found existing resource not owned by controller: {observed.arn}"
        return Refusal(CONFLICTED, f"service {route.namespace}/{route.name} had a conflict: {what}")
    wanted = route_tags(route)
    nameless = Tag.ROUTE_NAME not in tags and Tag.ROUTE_NAMESPACE not in tags
    if all(tags.get(key, value) == value for key, value in wanted.items()) and not (
        nameless and not _is_own_name(desired, owner)
    ):
        return None
    what = f"Found existing resource with conflicting service name: {observed.arn}"
    return Refusal(CONFLICTED, f"service {route.name}/{route.namespace} had a conflict: {what}")


def _is_own_name(desired: Service, owner: Owner) -> bool:
    """Whether the service has a name that its route gets without an override (decision 12)."""
    route = desired.owner
    hashed = hashed_service_name(owner, route.source, route.namespace, route.name)
    return desired.key.name in {default_service_name(route.name, route.namespace), hashed}


def _present(desired: Service, observed: ObservedService | None, owner: Owner, around: Surroundings) -> Planned:
    if observed is None:
        return _created(desired, owner, around)
    if observed.tags is None:
        return _unread(desired.key)
    refusal = conflict(desired, observed, owner)
    if refusal is not None:
        return refusal
    match observed.status:
        case Status.DELETE_IN_PROGRESS:
            return _created(desired, owner, around, (Gone(desired.key),))
        case Status.CREATE_FAILED:
            return _recreated(desired, observed, owner, around)
        case _:
            return _kept(desired, observed, owner, around)


def _unread(key: ServiceKey) -> Plan:
    """Unread tags are neither ours nor not ours; nothing happens until they are known."""
    return Plan(unit=key, steps=(Step(name="ownership", when=(WasRead(key, Part.TAGS),)),))


def _plan(key: ServiceKey, piece: Piece) -> Plan:
    return Plan(unit=key, steps=piece.steps, joins=piece.joins, notes=piece.notes)


def _created(desired: Service, owner: Owner, around: Surroundings, when: tuple[Condition, ...] = ()) -> Plan:
    return _plan(desired.key, _creation(desired, owner, around, frozenset(), when))


def _creation(
    desired: Service, owner: Owner, around: Surroundings, needs: frozenset[str], when: tuple[Condition, ...]
) -> Piece:
    operation = CreateService(
        service=desired.key,
        custom_domain=desired.custom_domain,
        certificate=desired.certificate,
        tags=remembering(desired.tags),
    )
    made = Step(name="service", operations=(operation,), needs=needs, when=when)
    return Piece((made,)) + _hanging(desired, None, owner, around)


def _recreated(desired: Service, failed: ObservedService, owner: Owner, around: Surroundings) -> Plan:
    """A service whose creation failed keeps its name until it is deleted."""
    remove = Step(name="failed service", operations=(DeleteService(Known(failed.id, failed.arn)),))
    why = f": {failed.failure}" if failed.failure else ""
    note = Note(NoteKind.REPLACES, f"service {failed.id} could not be created{why}; it is deleted and made again")
    again = _creation(desired, owner, around, frozenset({remove.name}), (Gone(desired.key),))
    return _plan(desired.key, Piece((remove,), (), (note,)) + again)


def _kept(desired: Service, observed: ObservedService, owner: Owner, around: Surroundings) -> Plan:
    piece = _own(desired, observed) + _hanging(desired, observed, owner, around)
    if observed.status not in USABLE:
        piece += Piece((Step(name="service active", when=(UnitActive(desired.key),)),))
    return _plan(desired.key, piece)


def _own(desired: Service, observed: ObservedService) -> Piece:
    """Tags, certificate and what can never change of the service itself."""
    service = Known(observed.id, observed.arn)
    steps: tuple[Step, ...] = ()
    retag = tag_change(desired.tags, observed.tags or Tags()).operations(service)
    if retag:
        steps = (Step(name="tags", operations=retag),)
    if desired.certificate is not None and desired.certificate != observed.certificate:
        update = UpdateService(service, desired.certificate)
        steps += (Step(name="certificate", operations=(update,), when=(UnitActive(desired.key),)),)
    if desired.custom_domain == observed.custom_domain:
        return Piece(steps)
    text = (
        f"the custom domain is {observed.custom_domain or 'none'} for the life of the service; "
        f"{desired.custom_domain or 'none'} is wanted"
    )
    return Piece(steps, (), (Note(NoteKind.IMMUTABLE, text),))


def _hanging(desired: Service, observed: ObservedService | None, owner: Owner, around: Surroundings) -> Piece:
    """Associations, listeners and rules."""
    service: Ref = New(desired.key) if observed is None else Known(observed.id, observed.arn)
    ready = () if observed is not None and observed.status in USABLE else (UnitActive(desired.key),)
    needs = frozenset({"service"} if observed is None else ())
    bond = Bond(desired=desired, service=service, owner=owner, around=around, needs=needs, ready=ready)
    if observed is None:
        return plan_associations(bond, ()) + plan_listeners(bond, ())
    return plan_associations(bond, observed.associations) + plan_listeners(bond, observed.listeners)


def _absent(absent: Absent, key: ServiceKey, observed: ObservedService | None, owner: Owner) -> Planned:
    if observed is None:
        return Plan(unit=key)
    if observed.tags is None:
        return _unread(key)
    why = _not_proven(absent, observed, owner)
    if why is not None:
        return Plan(unit=key, notes=(Note(NoteKind.INFO, f"service {observed.name} is left alone: {why}"),))
    gone = Step(name="gone", when=(Gone(key),))
    if observed.status is Status.DELETE_IN_PROGRESS:
        return Plan(unit=key, steps=(gone,))
    if observed.associations is None:
        return Plan(unit=key, steps=(Step(name="associations", when=(WasRead(key, Part.ASSOCIATIONS),)),))
    return _removed(key, observed, owner, gone)


def _not_proven(absent: Absent, observed: ObservedService, owner: Owner) -> str | None:
    """Why the service is not the one to delete (decision 24); None where everything proves that it is."""
    tags = observed.tags
    if tags is None or not is_ours(tags, owner):
        return "it is not ours"
    if absent.arn is not None and absent.arn != observed.arn:
        return f"it is {observed.arn}, recorded was {absent.arn}"
    if absent.owner is None:
        return "no route is named that it belonged to"
    if any(tags.get(tag) != value for tag, value in route_tags(absent.owner).items()):
        return f"it does not carry the tags of the route {absent.owner.namespace}/{absent.owner.name}"
    return None


def _removed(key: ServiceKey, observed: ObservedService, owner: Owner, gone: Step) -> Plan:
    """All associations, those made by others too (deploy.md D1.9), then the service with listeners and rules."""
    service = Known(observed.id, observed.arn)
    steps: list[Step] = []
    notes = [Note(NoteKind.DESTRUCTIVE, f"service {observed.name} ({observed.id}) and its DNS name are deleted")]
    for each in sorted(observed.associations or (), key=lambda association: association.id):
        if each.status is Status.DELETE_IN_PROGRESS:
            continue
        there = Known(each.network_id, each.network_arn)
        operation = DeleteServiceAssociation(service, Known(each.id, each.arn))
        settled = AssociationIs(key, there, AssociationState.SETTLED)
        steps.append(Step(name=f"association {each.id}", operations=(operation,), when=(settled,)))
        if not is_ours(each.tags, owner):
            text = f"its association with {each.network_name} ({each.id}), which is not ours, goes with it"
            notes.append(Note(NoteKind.DESTRUCTIVE, text))
    needs = frozenset(step.name for step in steps)
    delete = Step(name="service", operations=(DeleteService(service),), needs=needs, when=(_deletable(key, observed)))
    final = replace(gone, needs=frozenset({delete.name}))
    return Plan(unit=key, steps=(*steps, delete, final), notes=tuple(notes))


def _deletable(key: ServiceKey, observed: ObservedService) -> tuple[Condition, ...]:
    """A service that is still being created cannot be deleted yet."""
    creating = (UnitActive(key),) if observed.status is Status.CREATE_IN_PROGRESS else ()
    return (*creating, AssociationsGone(key))
