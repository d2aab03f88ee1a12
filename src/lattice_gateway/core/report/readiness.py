"""What the condition of our readiness gate says of a pod (controllers.md §9.4).

In: what VPC Lattice says of each target of the pod. Out: the condition. A gate that is open stays open, so that nothing
here is asked about pods that are ready.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from lattice_gateway.core.lattice.words import TargetStatus
from lattice_gateway.core.translate.readiness import Place, Waiting


class GateReason(StrEnum):
    """Reasons of the condition. Parity: the Go controller v2.1.3."""

    HEALTHY = "Healthy"
    UNAVAILABLE = "HealthCheckUnavailable"
    UNUSED = "Unused"
    INITIAL = "Initial"
    UNHEALTHY = "Unhealthy"
    NOT_FOUND = "TargetNotFound"


@dataclass(frozen=True, slots=True)
class GateCondition:
    """Whether the gate is open, and why."""

    is_open: bool
    reason: GateReason
    message: str = ""

    @property
    def status(self) -> str:
        """The word of the Kubernetes API."""
        return "True" if self.is_open else "False"


@dataclass(frozen=True, slots=True)
class Found:
    """What was found at a place; ``status`` None: the target is not registered."""

    place: Place
    status: TargetStatus | None


WITHOUT_CHECK = GateCondition(is_open=True, reason=GateReason.UNAVAILABLE)
"""Of a target in a group without health checks, which is registered as soon as its pod is ready."""

UNWANTED = GateCondition(
    is_open=True, reason=GateReason.UNUSED, message="no route of this controller sends requests to the pod"
)
"""Of a pod that waits for nothing: it would block the rollout of its Deployment for ever."""


def gate_without_places(waiting: Waiting) -> GateCondition:
    """The condition of a pod that no group has."""
    if waiting.unlisted is None:
        return UNWANTED
    return _closed(GateReason.NOT_FOUND, f"{waiting.unlisted} selects the pod and has no endpoint for it yet")


def gate_of(found: Iterable[Found]) -> GateCondition:
    """The condition of a pod with at least one place: open when all are good, else what the first bad one says."""
    conditions = tuple(map(_gate_at, found))
    closed = next((each for each in conditions if not each.is_open), None)
    healthy = next((each for each in conditions if each.reason is GateReason.HEALTHY), conditions[0])
    return closed or healthy


def _gate_at(found: Found) -> GateCondition:
    if not found.place.checked:
        return WITHOUT_CHECK
    target = f"{found.place.target.address}:{found.place.target.port}"
    where = f"{target} in {found.place.group}"
    match found.status:
        case TargetStatus.HEALTHY:
            return GateCondition(is_open=True, reason=GateReason.HEALTHY)
        case TargetStatus.UNAVAILABLE:
            return WITHOUT_CHECK
        case TargetStatus.UNUSED:
            return _closed(GateReason.UNUSED, f"{where}: no service of VPC Lattice uses the target group")
        case TargetStatus.INITIAL:
            return _closed(GateReason.INITIAL, f"{where}: the health check has not decided yet")
        case None:
            return _closed(GateReason.NOT_FOUND, f"{where}: not registered yet")
        case TargetStatus.UNHEALTHY | TargetStatus.DRAINING:
            return _closed(GateReason.UNHEALTHY, f"Target health check status: {found.status}")


def _closed(reason: GateReason, message: str) -> GateCondition:
    return GateCondition(is_open=False, reason=reason, message=message)
