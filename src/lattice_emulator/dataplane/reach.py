"""Which services a client reaches, and through which network. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from lattice_emulator.dataplane.view import OutOfReach, Reach, Reachable
from lattice_emulator.world import model as m
from lattice_emulator.world.arns import arn_in, partition_of, tail_of
from lattice_emulator.world.state import State

# An association that is being changed still carries traffic.
_JOINED = frozenset({m.Status.ACTIVE, m.Status.UPDATING, m.Status.UPDATE_FAILED})


@dataclass(frozen=True, slots=True)
class ClientVpc:
    """Clients stand in this VPC: a service answers only while a network joins both."""

    vpc_id: str


@dataclass(frozen=True, slots=True)
class AnyClient:
    """Reachability plays no part: every ACTIVE service answers."""


Client: TypeAlias = ClientVpc | AnyClient


def reach_of(state: State, service: m.Service, client: Client) -> Reach:
    """How the client's requests travel to the service, if at all."""
    if service.status is not m.Status.ACTIVE:
        return OutOfReach()
    networks = _networks(state, service)
    match client:
        case ClientVpc(vpc_id):
            return next((way for network in networks for way in _ways(state, network, vpc_id)), OutOfReach())
        case AnyClient():
            network = next(networks, None)
            return Reachable("" if network is None else _arn(network), "", "")
        case _:
            assert_never(client)


def _networks(state: State, service: m.Service) -> Iterator[m.ServiceNetwork]:
    """The networks that the service is in, the oldest association first."""
    for association in state.service_associations.by("service", service.id):
        network = state.networks.get(association.network_id)
        if network is not None and association.status in _JOINED:
            yield network


def _ways(state: State, network: m.ServiceNetwork, vpc_id: str) -> Iterator[Reachable]:
    """The ways from the VPC into the network; there is one at most, as a VPC has one network."""
    for door in state.vpc_associations.by("network", network.id):
        if door.vpc_id == vpc_id and door.status in _JOINED:
            yield Reachable(_arn(network), vpc_id, _vpc_arn(door))


def _arn(network: m.ServiceNetwork) -> str:
    return arn_in(network.home, tail_of(network))


def _vpc_arn(door: m.VpcAssociation) -> str:
    home = door.home
    return f"arn:{partition_of(home.region)}:ec2:{home.region}:{home.account}:vpc/{door.vpc_id}"
