"""A service's associations with networks: made for what is wanted, ours removed where no longer wanted.

Compared by the ids of networks (deploy.md D2.13). Associations made by others are used and left alone (decision 31).
"""

from dataclasses import dataclass

from lattice_gateway.core.lattice.keys import NetworkKey
from lattice_gateway.core.lattice.observed import ObservedAssociation
from lattice_gateway.core.lattice.operations import CreateServiceAssociation, DeleteServiceAssociation, Known, Ref
from lattice_gateway.core.lattice.units import Child, Service
from lattice_gateway.core.lattice.words import Owner, Status
from lattice_gateway.core.plan.conditions import USABLE
from lattice_gateway.core.plan.ownership import is_ours, remembering
from lattice_gateway.core.plan.plan import (
    AssociationIs,
    AssociationState,
    Condition,
    NetworkState,
    Note,
    NoteKind,
    Part,
    Step,
    Surroundings,
    UnitActive,
    WasRead,
)
from lattice_gateway.core.plan.rules import Piece, tags_step

UNKNOWN_NETWORK = NetworkState(ref=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bond:
    """A service on its way into a network. ``needs`` and ``ready`` are what every change of it waits for."""

    desired: Service
    service: Ref
    owner: Owner
    around: Surroundings
    needs: frozenset[str] = frozenset()
    ready: tuple[Condition, ...] = ()

    def network(self, key: NetworkKey) -> NetworkState:
        """What is known of a network."""
        return self.around.networks.get(key, UNKNOWN_NETWORK)


def plan_associations(bond: Bond, there: tuple[ObservedAssociation, ...] | None) -> Piece:
    """Steps that associate the service with the desired networks, and with no other of those we associated it with.

    ``there`` None: not read.
    """
    if there is None:
        return Piece((Step(name="associations", when=(WasRead(bond.desired.key, Part.ASSOCIATIONS),)),))
    piece = Piece()
    for key in sorted(bond.desired.networks):
        piece += _wanted(bond, key, there)
    if Child.ASSOCIATION in bond.desired.others_stay:
        return piece
    wanted = bond.desired.networks | bond.desired.held_networks
    return piece + Piece(tuple(step for each in _by_id(there) for step in _unwanted(bond, each, wanted)))


def _by_id(there: tuple[ObservedAssociation, ...]) -> list[ObservedAssociation]:
    return sorted(there, key=lambda association: association.id)


def _wanted(bond: Bond, key: NetworkKey, there: tuple[ObservedAssociation, ...]) -> Piece:
    state = bond.network(key)
    if state.ref is None:
        return _not_usable(bond, key, state)
    found = next((each for each in there if _leads_to(each, key, state)), None)
    if found is None:
        return Piece(_created(bond, key, state.ref))
    match found.status:
        case Status.DELETE_IN_PROGRESS:
            return Piece(_created(bond, key, state.ref, frozenset(), _is(bond, state.ref, AssociationState.FREE)))
        case Status.CREATE_FAILED if is_ours(found.tags, bond.owner):
            return Piece(_recreated(bond, key, state.ref, found))
        case _:
            return Piece(_kept(bond, key, state.ref, found))


def _not_usable(bond: Bond, key: NetworkKey, state: NetworkState) -> Piece:
    """The association waits for its network; everything else of the service goes on."""
    why = state.problem or "it is not known yet"
    step = Step(name=f"association {key.name}", needs=bond.needs, when=(UnitActive(key),))
    return Piece((step,), (), (Note(NoteKind.INFO, f"network {key.name} cannot be associated: {why}"),))


def _leads_to(association: ObservedAssociation, key: NetworkKey, state: NetworkState) -> bool:
    """Whether the association is with that network; by name only as long as the network's id is not known."""
    if isinstance(state.ref, Known):
        return association.network_id == state.ref.id
    return state.ref is None and key.name in {association.network_name, association.network_id}


def _is(bond: Bond, network: Ref, state: AssociationState) -> AssociationIs:
    return AssociationIs(bond.desired.key, network, state)


def _created(
    bond: Bond,
    key: NetworkKey,
    network: Ref,
    needs: frozenset[str] = frozenset(),
    *when: Condition,
) -> tuple[Step, ...]:
    operation = CreateServiceAssociation(
        service=bond.service, network=network, network_key=key, tags=remembering(bond.desired.child_tags)
    )
    name = f"association {key.name}"
    conditions = (*bond.ready, UnitActive(key), *when)
    made = Step(name=name, operations=(operation,), needs=bond.needs | needs, when=conditions)
    active = _is(bond, network, AssociationState.ACTIVE)
    return (made, Step(name=f"{name} active", needs=frozenset({name}), when=(active,)))


def _recreated(bond: Bond, key: NetworkKey, network: Ref, failed: ObservedAssociation) -> tuple[Step, ...]:
    remove = _delete(bond, failed, f"failed association {key.name}")
    free = _is(bond, network, AssociationState.FREE)
    return (remove, *_created(bond, key, network, frozenset({remove.name}), free))


def _delete(bond: Bond, association: ObservedAssociation, name: str, *when: Condition) -> Step:
    if not isinstance(bond.service, Known):
        raise TypeError(f"{association.id} is an association of a service that does not exist")
    operation = DeleteServiceAssociation(bond.service, Known(association.id, association.arn))
    return Step(name=name, operations=(operation,), needs=bond.needs, when=when)


def _kept(bond: Bond, key: NetworkKey, network: Ref, found: ObservedAssociation) -> tuple[Step, ...]:
    name = f"association {key.name}"
    tags = tags_step(f"{name} tags", found, bond.desired.child_tags) if is_ours(found.tags, bond.owner) else ()
    if found.status in USABLE:
        return tags
    return (*tags, Step(name=f"{name} active", when=(_is(bond, network, AssociationState.ACTIVE),)))


def _unwanted(bond: Bond, association: ObservedAssociation, wanted: frozenset[NetworkKey]) -> tuple[Step, ...]:
    """Only ours goes; one that may be with a wanted network whose id is not known stays."""
    meant = any(_leads_to(association, key, bond.network(key)) for key in wanted)
    if meant or not is_ours(association.tags, bond.owner):
        return ()
    there = Known(association.network_id, association.network_arn)
    name = f"association {association.id}"
    free = Step(name=f"{name} gone", needs=frozenset({name}), when=(_is(bond, there, AssociationState.FREE),))
    if association.status is Status.DELETE_IN_PROGRESS:
        return (Step(name=free.name, when=free.when),)
    return (_delete(bond, association, name, _is(bond, there, AssociationState.SETTLED)), free)
