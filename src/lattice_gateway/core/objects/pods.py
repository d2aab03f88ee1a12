"""Pods, as far as readiness gates need them. Only a cluster tells of them: among manifests a Pod is none of ours."""

from typing import ClassVar, Final

import msgspec

from lattice_gateway.core.objects.meta import ObjectBase, Value
from lattice_gateway.core.objects.refs import LATTICE_API, Kind

READINESS_GATE: Final = f"{LATTICE_API}/pod-readiness-gate"
"""Type of our gate, and of the condition that opens it."""

CONTAINERS_READY: Final = "ContainersReady"
"""The condition that kubelet sets when every container is ready, whatever the gates say."""

TRUE: Final = "True"


class ReadinessGate(Value, frozen=True, kw_only=True):
    """A condition without which a pod is not ready."""

    condition_type: str


class PodSpec(Value, frozen=True, kw_only=True):
    """What is read of the spec."""

    readiness_gates: tuple[ReadinessGate, ...] = ()


class PodIP(Value, frozen=True, kw_only=True):
    """An address of the pod, one for each family."""

    ip: str = ""


class PodCondition(Value, frozen=True, kw_only=True):
    """A condition; when it last changed is not read."""

    type: str
    status: str = "Unknown"
    reason: str = ""
    message: str = ""


class PodStatus(Value, frozen=True, kw_only=True):
    """What is read of the status."""

    pod_ips: tuple[PodIP, ...] = msgspec.field(default=(), name="podIPs")
    conditions: tuple[PodCondition, ...] = ()


class Pod(ObjectBase, frozen=True, kw_only=True):
    """A pod that carries our readiness gate."""

    KIND: ClassVar[Kind] = Kind.POD

    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    @property
    def gates(self) -> tuple[str, ...]:
        """Types of all conditions that the pod waits for."""
        return tuple(gate.condition_type for gate in self.spec.readiness_gates)

    def condition(self, kind: str) -> PodCondition | None:
        """The condition of a type, None where nobody has set it yet."""
        return next((each for each in self.status.conditions if each.type == kind), None)

    def has(self, address: str) -> bool:
        """Whether an address is the pod's."""
        return any(each.ip == address for each in self.status.pod_ips)

    @property
    def is_ready_but_for_us(self) -> bool:
        """Whether only our gate can keep the pod from being ready; that gate may be open already.

        Spec: a pod is ready when its containers are and every readiness gate's condition is True.
        """
        gates = self.gates
        if READINESS_GATE not in gates or self.metadata.deletion_timestamp is not None:
            return False
        return all(self._is_true(kind) for kind in (CONTAINERS_READY, *gates) if kind != READINESS_GATE)

    @property
    def waits_for_us(self) -> bool:
        """Whether our gate, and nothing else, keeps the pod from being ready."""
        return self.is_ready_but_for_us and not self._is_true(READINESS_GATE)

    def _is_true(self, kind: str) -> bool:
        condition = self.condition(kind)
        return condition is not None and condition.status == TRUE
