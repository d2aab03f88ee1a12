"""What others see of a service and a network: reports their names, networks and groups who uses them."""

from collections.abc import Hashable
from dataclasses import replace

from lattice_gateway.core.lattice.observed import NetworkView, ObservedService
from lattice_gateway.core.lattice.outcome import Outcome
from lattice_gateway.core.lattice.units import Network
from lattice_gateway.core.lattice.words import Owner
from lattice_gateway.core.plan.networks import remark


def with_service(outcome: Outcome, service: ObservedService) -> Outcome:
    """The outcome of its unit, with what a report tells of the service."""
    return replace(outcome, id=service.id, arn=service.arn, status=service.status, dns_name=service.dns_name)


def with_network(outcome: Outcome, view: NetworkView, owner: Owner) -> Outcome:
    """The outcome of its unit, with what a report tells of the network; ``view`` shows at least one."""
    network, desired = view.candidates[0], outcome.desired
    told = remark(desired, view, owner) if isinstance(desired, Network) else ""
    return replace(outcome, id=network.id, arn=network.arn, remark=told)


def used_by(service: ObservedService | None) -> Hashable:
    """What tells networks, groups and reports that a service changed."""
    if service is None:
        return None
    associations = tuple((each.network_id, each.status) for each in service.associations or ())
    actions = tuple(
        (listener.default_action, tuple(rule.action for rule in listener.rules or ()))
        for listener in service.listeners or ()
    )
    return (service.id, service.status, associations, actions)
