"""From one desired unit and what exists to a plan: steps of operations, or a refusal.

Comes in: a desired unit (or its absence), the observed state of the same unit, who we are, and what is known of the
units around it. Goes out: a ``Plan`` or a ``Refusal``, pure values. Knows nothing of Kubernetes, of calls, or of time.
Ownership is decided here: no operation touches what is not ours.
"""

from lattice_gateway.core.plan.apply import apply
from lattice_gateway.core.plan.binding import bind
from lattice_gateway.core.plan.choosing import choose_group
from lattice_gateway.core.plan.conditions import holds
from lattice_gateway.core.plan.describe import describe_operation
from lattice_gateway.core.plan.groups import plan_group
from lattice_gateway.core.plan.health import group_state, health_of
from lattice_gateway.core.plan.networks import network_state, plan_network
from lattice_gateway.core.plan.services import plan_service
from lattice_gateway.core.plan.whole import PlannedUnit, plan_world

__all__ = [
    "PlannedUnit",
    "apply",
    "bind",
    "choose_group",
    "describe_operation",
    "group_state",
    "health_of",
    "holds",
    "network_state",
    "plan_group",
    "plan_network",
    "plan_service",
    "plan_world",
]
