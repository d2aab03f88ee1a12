"""The planner of each kind of unit, by key."""

from lattice_gateway.core.lattice.keys import GroupKey, NetworkKey, ServiceKey
from lattice_gateway.core.lattice.observed import NetworkView, Observed, ObservedService
from lattice_gateway.core.lattice.units import Absent, Desired, Held, Network, Service, TargetGroup
from lattice_gateway.core.lattice.words import Owner
from lattice_gateway.core.plan.groups import plan_group
from lattice_gateway.core.plan.networks import plan_network
from lattice_gateway.core.plan.plan import Plan, Planned, Surroundings
from lattice_gateway.core.plan.services import plan_service

NO_NETWORK = NetworkView((), None)


def plan_unit(desired: Desired, observed: Observed, owner: Owner, around: Surroundings) -> Planned:
    """The plan of any unit; a held one has nothing to do. Raises ``TypeError`` where key and desired do not fit."""
    match desired, desired.key:
        case Held(key=key), _:
            return Plan(unit=key)
        case (Network() | Absent()) as network, NetworkKey():
            view = observed if isinstance(observed, NetworkView) else NO_NETWORK
            return plan_network(network, view, owner, around)
        case (TargetGroup() | Absent()) as group, GroupKey():
            candidates = observed if isinstance(observed, tuple) else ()
            return plan_group(group, candidates, owner, around)
        case (Service() | Absent()) as service, ServiceKey():
            found = observed if isinstance(observed, ObservedService) else None
            return plan_service(service, found, owner, around)
        case _:
            raise TypeError(f"{desired.key} cannot be a {type(desired).__name__}")
