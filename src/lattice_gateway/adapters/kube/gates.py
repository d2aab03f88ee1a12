"""Conditions of readiness gates, on the status of pods.

In: how the gate of a pod should stand from now on. Out: a patch of that one condition, which touches nothing that
kubelet or another gate's controller wrote, and meets no later pod of the same name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

import structlog

from lattice_gateway.adapters.kube.api import Api, KubeFailure, MayWrite, Patch
from lattice_gateway.adapters.kube.changing import patience
from lattice_gateway.adapters.kube.known import Known
from lattice_gateway.adapters.kube.outbox import Outbox
from lattice_gateway.adapters.kube.reading import read_item
from lattice_gateway.core.objects import READINESS_GATE, Pod, PodCondition, Ref
from lattice_gateway.core.objects.pods import TRUE
from lattice_gateway.core.report.readiness import GateCondition
from lattice_gateway.engine.ports import Clock

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Wish:
    uid: str
    condition: GateCondition
    failures: int = 0


class PodGates:
    """Implements ``Gates``. ``run`` does the writing; everything else returns at once."""

    def __init__(self, *, api: Api, known: Known, clock: Clock, random: Random, may_write: MayWrite) -> None:
        self._api = api
        self._known = known
        self._clock = clock
        self._random = random
        self._wishes: dict[Ref, _Wish] = {}
        self._outbox: Outbox[Ref] = Outbox(self._perform, clock, may_write)

    @property
    def idle(self) -> bool:
        """Whether everything is written."""
        return self._outbox.idle

    async def run(self) -> None:
        """Write until cancelled."""
        await self._outbox.run()

    def turn(self, pod: Ref, uid: str, condition: GateCondition) -> None:
        """Say how the gate of a pod stands; nothing where it stands so, or where the pod is another one by now."""
        wish = _Wish(uid, condition)
        before = self._wishes.get(pod)
        if before is not None and (before.uid, before.condition) == (uid, condition):
            return
        self._wishes.pop(pod, None)
        if self._change(pod, wish) is not None:
            self._wishes[pod] = wish
            self._outbox.put(pod)

    def _change(self, ref: Ref, wish: _Wish) -> Mapping[str, Any] | None:
        """What to merge into the pod as it is known; None: nothing, as where the gate is open, for then it stays so."""
        form = self._known.latest(ref)
        if form is None or not isinstance(form.thing, Pod) or form.metadata.uid != wish.uid:
            return None
        before, wanted = form.thing.condition(READINESS_GATE), wish.condition
        if before is not None and (before.status == TRUE or is_said(before, wanted)):
            return None
        return {"metadata": {"uid": wish.uid}, "status": {"conditions": [self._written(before, wanted)]}}

    def _written(self, before: PodCondition | None, wanted: GateCondition) -> dict[str, str]:
        """The condition; left out, the time of its last change stays."""
        said = {
            "type": READINESS_GATE,
            "status": wanted.status,
            "reason": str(wanted.reason),
            "message": wanted.message,
        }
        if before is None or before.status != wanted.status:
            moment = datetime.fromtimestamp(self._clock.wall(), UTC)
            said["lastTransitionTime"] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        return said

    async def _perform(self, ref: Ref) -> float | None:
        wish, path = self._wishes.get(ref), self._known.path(ref)
        change = self._change(ref, wish) if wish is not None else None
        if wish is None or change is None or path is None:
            self._wishes.pop(ref, None)
            return None
        try:
            self._answered(ref, await self._api.patch(f"{path}/status", change, Patch.STRATEGIC))
        except KubeFailure as failure:
            return self._failed(ref, wish, failure)
        if self._wishes.get(ref) is wish:
            del self._wishes[ref]
        return None

    def _failed(self, ref: Ref, wish: _Wish, failure: KubeFailure) -> float | None:
        """Seconds until it is tried again; never, where the pod is gone or another one has its name.

        Kubernetes: a patch that names another uid is Invalid (seen with 1.36).
        """
        if failure.error.absent:
            self._wishes.pop(ref, None)
            return None
        log.warning("readiness gate not written", object=str(ref), error=str(failure.error))
        if failure.error.conflict or failure.error.invalid:
            self._wishes.pop(ref, None)
            return None
        wish.failures += 1
        return patience(failure.error, wish.failures, self._random)

    def _answered(self, ref: Ref, answer: bytes) -> None:
        served = self._known.served(ref.kind)
        if served is not None:
            self._known.answered(read_item(answer, served))


def is_said(before: PodCondition, wanted: GateCondition) -> bool:
    """Whether a pod's condition says what it should."""
    return (before.status, before.reason, before.message) == (wanted.status, str(wanted.reason), wanted.message)
