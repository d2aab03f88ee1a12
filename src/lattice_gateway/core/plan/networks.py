"""Service networks: created for Gateways where they are missing, associated with our VPC, gone with the last Gateway.

A network is a Gateway's own when it carries our ManagedBy and the Gateway tag; any other is used as it is (decision 1).
That of the settings is made and associated too, and never deleted: the tag is what deletion asks for.
"""

from dataclasses import replace
from typing import assert_never

from lattice_gateway.core.lattice.keys import NetworkKey
from lattice_gateway.core.lattice.observed import NetworkView, ObservedNetwork, ObservedVpcAssociation
from lattice_gateway.core.lattice.operations import (
    CreateServiceNetwork,
    CreateVpcAssociation,
    DeleteServiceNetwork,
    DeleteVpcAssociation,
    Known,
    New,
    Ref,
    UntagResource,
)
from lattice_gateway.core.lattice.outcome import Refusal
from lattice_gateway.core.lattice.units import Absent, Network
from lattice_gateway.core.lattice.words import Arn, Owner, Status, Tag, Tags
from lattice_gateway.core.plan.conditions import USABLE
from lattice_gateway.core.plan.ownership import is_ours, is_shared_with_us
from lattice_gateway.core.plan.plan import (
    AssociationIs,
    AssociationsGone,
    AssociationState,
    NetworkState,
    Note,
    NoteKind,
    Part,
    Plan,
    Planned,
    Step,
    Surroundings,
    Unneeded,
    WasRead,
)

ELSEWHERE = "is associated with the network"
"""What is said of a VPC whose clients reach another network."""

OUR_KEYS = frozenset({Tag.MANAGED_BY, Tag.GATEWAY, Tag.TAG_KEYS})
"""Tags taken off what is left for good."""


def plan_network(desired: Network | Absent, observed: NetworkView, owner: Owner, around: Surroundings) -> Planned:
    """Operations that make the network as desired; refused where a name is ambiguous or nobody may create it."""
    match desired:
        case Network():
            return _present(desired, observed, owner)
        case Absent(key=NetworkKey() as key, arn=arn):
            return _absent(key, _recorded(observed, arn), owner, around)
        case Absent(key=key):
            raise TypeError(f"{key} is not a network")
        case _:
            assert_never(desired)


def network_state(desired: Network, observed: NetworkView) -> NetworkState:
    """What services need of the network: its id, ``New`` before we create it, or why there is none."""
    match observed.candidates:
        case ():
            missing = NetworkState(ref=None, problem=_missing(desired.key))
            return NetworkState(ref=New(desired.key)) if desired.create and not desired.paused else missing
        case (network,):
            return NetworkState(ref=Known(network.id, network.arn))
        case several:
            return NetworkState(ref=None, problem=_ambiguous(desired.key, several))


def remark(desired: Network, observed: NetworkView, owner: Owner) -> str:
    """What clients in our VPC should know of a network that we would associate with it; empty if it is, or will be."""
    network = observed.candidates[0] if len(observed.candidates) == 1 else None
    association = observed.vpc_association
    if network is None or association is None or association.network_id == network.id:
        return ""
    if desired.gateway is not None and not is_a_gateways(network, owner):
        return ""
    return "" if association.status is Status.DELETE_IN_PROGRESS else _elsewhere(desired, association)


def is_a_gateways(network: ObservedNetwork, owner: Owner) -> bool:
    """Whether a Gateway of ours made the network; False where its tags were not read."""
    return is_ours(network.tags, owner) and network.tags is not None and Tag.GATEWAY in network.tags


def _missing(key: NetworkKey) -> str:
    return f"VPC Lattice Service Network not found: no network is named {key.name}"


def _ambiguous(key: NetworkKey, networks: tuple[ObservedNetwork, ...]) -> str:
    """Parity: the words of the Go controller v2.1.3, every match listed."""
    found = sorted(networks, key=lambda network: network.id)
    named = ", ".join(f"{{name={n.name}, id={n.id}}}" for n in found if n.name == key.name)
    by_id = ", ".join(f"{{name={n.name}, id={n.id}}}" for n in found if n.id == key.name)
    return f"name conflict, multiple SN found: nameMatch={named} idMatch={by_id}"


def _present(desired: Network, observed: NetworkView, owner: Owner) -> Planned:
    if desired.paused:
        return Plan(unit=desired.key, notes=(Note(NoteKind.INFO, "paused: nothing of the network changes"),))
    match observed.candidates:
        case () if not desired.create:
            return Refusal("Pending", _missing(desired.key))
        case ():
            return _created(desired, observed.vpc_association, owner)
        case (network,):
            return _used(desired, network, observed.vpc_association, owner)
        case several:
            return Refusal("Invalid", _ambiguous(desired.key, several))


def _tags(desired: Network, owner: Owner) -> Tags:
    ours: dict[str, str] = {Tag.MANAGED_BY: str(owner)}
    if desired.gateway is not None:
        ours[Tag.GATEWAY] = desired.gateway
    return desired.tags.over(ours)


def _created(desired: Network, association: ObservedVpcAssociation | None, owner: Owner) -> Plan:
    create = CreateServiceNetwork(network=desired.key, tags=_tags(desired, owner))
    network = New(desired.key)
    steps, notes = _association(desired, network, association, owner, frozenset({"network"}))
    return Plan(unit=desired.key, steps=(Step(name="network", operations=(create,)), *steps), notes=notes)


def _used(desired: Network, network: ObservedNetwork, association: ObservedVpcAssociation | None, owner: Owner) -> Plan:
    if desired.gateway is not None and not is_a_gateways(network, owner):
        return Plan(unit=desired.key)
    steps, notes = _association(desired, Known(network.id, network.arn), association, owner, frozenset())
    return Plan(unit=desired.key, steps=steps, notes=notes)


def _association(
    desired: Network, network: Ref, association: ObservedVpcAssociation | None, owner: Owner, needs: frozenset[str]
) -> tuple[tuple[Step, ...], tuple[Note, ...]]:
    """Steps that associate our VPC with a network of ours; a VPC has one association, and another's stays."""
    create = CreateVpcAssociation(network=network, vpc=desired.vpc, tags=_tags(desired, owner))
    active = Step(
        name="VPC associated",
        needs=needs | {"VPC association"},
        when=(AssociationIs(desired.key, network, AssociationState.ACTIVE),),
    )
    if association is None:
        return (Step(name="VPC association", operations=(create,), needs=needs), active), ()
    there = Known(association.network_id, association.network_arn)
    free = AssociationIs(desired.key, there, AssociationState.FREE)
    recreated = Step(name="VPC association", operations=(create,), needs=needs, when=(free,))
    if association.status is Status.DELETE_IN_PROGRESS:
        return (recreated, active), ()
    if association.network_id != _id(network):
        return (), (Note(NoteKind.INFO, _elsewhere(desired, association)),)
    if association.status is Status.CREATE_FAILED and is_ours(association.tags, owner):
        remove = DeleteVpcAssociation(Known(association.id, association.arn))
        failed = Step(name="failed VPC association", operations=(remove,), needs=needs)
        again = Step(
            name=recreated.name, operations=recreated.operations, needs=needs | {failed.name}, when=recreated.when
        )
        return (failed, again, active), ()
    if association.status in USABLE:
        return (), ()
    return (Step(name=active.name, when=active.when),), ()


def _id(ref: Ref) -> str | None:
    return ref.id if isinstance(ref, Known) else None


def _elsewhere(desired: Network, association: ObservedVpcAssociation) -> str:
    other = association.network_name or association.network_id
    return (
        f"{desired.vpc} {ELSEWHERE} {other}; its clients do not reach {desired.key.name}, as a VPC has one association"
    )


def _recorded(observed: NetworkView, arn: Arn | None) -> NetworkView:
    """Of networks of one name the one that the record names, if it names one (decision 35)."""
    if arn is None:
        return observed
    return replace(observed, candidates=tuple(network for network in observed.candidates if network.arn == arn))


def _absent(key: NetworkKey, observed: NetworkView, owner: Owner, around: Surroundings) -> Plan:
    own_account = [network for network in observed.candidates if not is_shared_with_us(network.arn, owner)]
    if any(network.tags is None for network in own_account):
        return Plan(unit=key, steps=(Step(name="ownership", when=(WasRead(key, Part.TAGS),)),))
    ours = [network for network in own_account if is_a_gateways(network, owner)]
    if not ours:
        return Plan(unit=key)
    network = ours[0]
    association = observed.vpc_association
    if association is None or association.network_id != network.id:
        return _removed(key, network, None, around)
    if association.tags is None:
        return Plan(unit=key, steps=(Step(name="ownership", when=(WasRead(key, Part.TAGS),)),))
    return _removed(key, network, association if is_ours(association.tags, owner) else None, around)


def _removed(
    key: NetworkKey, network: ObservedNetwork, ours: ObservedVpcAssociation | None, around: Surroundings
) -> Plan:
    """The VPC association first, then the network; or neither, where others still use it (``ours``: our association).

    Services of ours that are still associated are waited for; only what then is left is somebody else's.
    """
    foreign = max(0, network.services - network.ours) + max(0, network.vpcs - (1 if ours else 0))
    if foreign > 0 and not around.live_dependants:
        return _left_for_good(key, network, ours)
    resource = Known(network.id, network.arn)
    gone = Step(
        name="network",
        operations=(DeleteServiceNetwork(resource),),
        needs=frozenset({"VPC association"} if ours else ()),
        when=(AssociationsGone(key, network.id),),
    )
    notes = (Note(NoteKind.DESTRUCTIVE, f"service network {network.name} ({network.id}) is deleted"),)
    return Plan(unit=key, steps=(*_dissociated(key, network, ours), gone), notes=notes)


def _dissociated(key: NetworkKey, network: ObservedNetwork, ours: ObservedVpcAssociation | None) -> tuple[Step, ...]:
    """Our VPC keeps its association for as long as services of ours serve through it."""
    if ours is None:
        return ()
    there = Known(network.id, network.arn)
    if ours.status is Status.DELETE_IN_PROGRESS:
        return (Step(name="VPC association", when=(AssociationIs(key, there, AssociationState.FREE),)),)
    remove = DeleteVpcAssociation(Known(ours.id, ours.arn))
    settled = AssociationIs(key, there, AssociationState.SETTLED)
    return (Step(name="VPC association", operations=(remove,), when=(Unneeded(key), settled)),)


def _left_for_good(key: NetworkKey, network: ObservedNetwork, ours: ObservedVpcAssociation | None) -> Plan:
    """Somebody else's services or VPCs use the network: our tags go, everything else stays."""
    resources = [Known(ours.id, ours.arn)] if ours else []
    resources.append(Known(network.id, network.arn))
    untag = Step(
        name="release",
        operations=tuple(UntagResource(resource, frozenset(OUR_KEYS)) for resource in resources),
    )
    why = f"{network.name} is still associated with services or VPCs that are not ours; it is released and stays"
    return Plan(unit=key, steps=(untag,), notes=(Note(NoteKind.INFO, why),))
