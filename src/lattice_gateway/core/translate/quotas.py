"""Default quotas of VPC Lattice. They can be raised, so going over one is only worth a warning (decision 26).

Lattice: rules per listener, listeners per service, target groups per service (lattice.md §8).
"""

from collections.abc import Iterator, Sequence

from lattice_gateway.core.lattice.keys import GroupKey
from lattice_gateway.core.lattice.units import Service

RULES_PER_LISTENER = 10
LISTENERS_PER_SERVICE = 2
GROUPS_PER_SERVICE = 10


def over_default(service: Service, groups: Sequence[GroupKey]) -> Iterator[str]:
    """What of a service goes beyond a default quota, in words."""
    rules = max((len(listener.rules) for listener in service.listeners), default=0)
    found = (
        (rules, RULES_PER_LISTENER, "rules on a listener"),
        (len(service.listeners), LISTENERS_PER_SERVICE, "listeners"),
        (len(groups), GROUPS_PER_SERVICE, "target groups"),
    )
    for number, quota, noun in found:
        if number > quota:
            yield f"{number} {noun} in Lattice service {service.key.name}: the default quota is {quota}"
