"""What of a service others see: reports its address, networks and groups who uses them."""

from collections.abc import Hashable
from dataclasses import replace

from lattice_gateway.core.lattice.observed import ObservedService
from lattice_gateway.core.lattice.outcome import Outcome


def with_service(outcome: Outcome, service: ObservedService) -> Outcome:
    """The outcome of its unit, with what a report tells of the service."""
    return replace(outcome, id=service.id, arn=service.arn, status=service.status, dns_name=service.dns_name)


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
