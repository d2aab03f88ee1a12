"""When only our readiness gate keeps a pod from being ready."""

from datetime import UTC, datetime

import pytest

from lattice_gateway.core.objects import (
    READINESS_GATE,
    ObjectMeta,
    Pod,
    PodCondition,
    PodSpec,
    PodStatus,
    ReadinessGate,
    decode,
)
from lattice_gateway.core.objects.decode import NotOurs

OTHER = "example.org/other"
READY = ("ContainersReady", "True")


def pod(gates: tuple[str, ...], *conditions: tuple[str, str], leaving: bool = False) -> Pod:
    return Pod(
        metadata=ObjectMeta(name="room", deletion_timestamp=datetime(2026, 1, 1, tzinfo=UTC) if leaving else None),
        spec=PodSpec(readiness_gates=tuple(ReadinessGate(condition_type=gate) for gate in gates)),
        status=PodStatus(conditions=tuple(PodCondition(type=kind, status=status) for kind, status in conditions)),
    )


@pytest.mark.parametrize(
    ("given", "ready_but_for_us", "waits"),
    [
        pytest.param(pod((READINESS_GATE,), READY), True, True, id="nobody has set our condition yet"),
        pytest.param(pod((READINESS_GATE,), READY, (READINESS_GATE, "False")), True, True, id="our gate is shut"),
        pytest.param(pod((READINESS_GATE,), READY, (READINESS_GATE, "True")), True, False, id="our gate is open"),
        pytest.param(pod((READINESS_GATE,)), False, False, id="containers have not said anything"),
        pytest.param(pod((READINESS_GATE,), ("ContainersReady", "False")), False, False, id="containers are not ready"),
        pytest.param(pod((READINESS_GATE, OTHER), READY), False, False, id="another gate is shut"),
        pytest.param(pod((READINESS_GATE, OTHER), READY, (OTHER, "True")), True, True, id="another gate is open"),
        pytest.param(pod((READINESS_GATE,), READY, (OTHER, "False")), True, True, id="a condition that is no gate"),
        pytest.param(pod((OTHER,), READY, (OTHER, "True")), False, False, id="our gate is not there"),
        pytest.param(pod((READINESS_GATE,), READY, leaving=True), False, False, id="the pod leaves"),
    ],
)
def test_a_pod_waits_for_us_when_everything_else_is_true(given: Pod, *, ready_but_for_us: bool, waits: bool) -> None:
    assert (given.is_ready_but_for_us, given.waits_for_us) == (ready_but_for_us, waits)


def test_a_pod_among_manifests_is_none_of_ours() -> None:
    assert decode({"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "x-"}}) == NotOurs("v1", "Pod")
