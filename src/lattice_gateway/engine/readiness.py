"""Readiness gates: a pod that only VPC Lattice keeps from being ready is watched there until its gate opens.

In: the pods that wait, with the places where they are registered. Out: the condition of each. Only groups with waiting
pods are read, each by one ListTargets for all of them, 1, 2, 4 … 10 s after the last one of them came. Nothing is
remembered that does not follow again after a restart; a replica that does not lead reads and writes nothing.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Final, Protocol, TypeAlias

import structlog

from lattice_gateway.core.lattice.keys import GroupKey
from lattice_gateway.core.lattice.units import Target
from lattice_gateway.core.lattice.words import TargetStatus
from lattice_gateway.core.objects import Ref
from lattice_gateway.core.report.readiness import Found, GateCondition, gate_of, gate_without_places
from lattice_gateway.core.translate.readiness import Place, Waiting
from lattice_gateway.engine.alarms import Alarms
from lattice_gateway.engine.calls import Calls
from lattice_gateway.engine.metrics import Metrics
from lattice_gateway.engine.mirror import Mirror
from lattice_gateway.engine.ports import Clock, LatticeFailure
from lattice_gateway.engine.reads import ListTargets

FIRST: Final = 1.0
LONGEST: Final = 10.0
"""Seconds until a group is looked at after a pod came, doubled with each further look, and at most. Parity: 10 s."""

TOGETHER: Final = 0.5
"""Seconds by which a look may come early, so that it serves more than one."""

ALONE: Final = 10.0
"""Seconds after which a pod that no group has is believed to be in none: routes and slices may be late."""

log = structlog.get_logger(__name__)


class Gates(Protocol):
    """Where conditions of pods are written; returns at once, and what is so already costs nothing."""

    def turn(self, pod: Ref, uid: str, condition: GateCondition) -> None:
        """Say of the pod with that uid, and of no later one of its name, how its gate stands."""


class NoGates:
    """Where there are no pods: objects are files."""

    def turn(self, pod: Ref, uid: str, condition: GateCondition) -> None:
        """Nobody waits."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """The targets of a group when the reading ``begun``; a group that is known not to exist yet has none."""

    begun: float
    statuses: Mapping[Target, TargetStatus]


@dataclass(frozen=True, slots=True)
class _Pod:
    """A pod that waits since it ``began``, and ``since`` then at these places."""

    waiting: Waiting
    began: float
    since: float
    told: GateCondition | None = None


_Due: TypeAlias = GroupKey | Ref


class Readiness:
    """Who waits for whom, when to look, and what was seen. Without alarms it only remembers who waits."""

    def __init__(
        self, *, calls: Calls, mirror: Mirror, gates: Gates, clock: Clock, random: Random, metrics: Metrics
    ) -> None:
        self._calls = calls
        self._mirror = mirror
        self._gates = gates
        self._clock = clock
        self._random = random
        self._metrics = metrics
        self._pods: dict[Ref, _Pod] = {}
        self._pods_at: defaultdict[GroupKey, set[Ref]] = defaultdict(set)
        self._readings: dict[GroupKey, _Reading] = {}
        self._looks: dict[GroupKey, int] = {}
        self._alarms: Alarms[_Due] | None = None
        metrics.gate_wait(self._longest)

    def take(self, news: Mapping[Ref, Waiting | None]) -> None:
        """Which pods wait, and where; None: a pod waits no more."""
        now = self._clock.now()
        for ref, waiting in news.items():
            before = self._forget(ref)
            if waiting is not None:
                same = before is not None and before.waiting.uid == waiting.uid
                self._pods[ref] = _Pod(waiting, before.began if before and same else now, now)
                self._arm_pod(ref, waiting)
        if news:
            self._metrics.waiting_pods(len(self._pods))

    async def run(self) -> None:
        """Look and tell, as long as this replica leads; who led before may have told something else."""
        alarms = self._alarms = Alarms(self._clock)
        self._readings.clear()
        self._looks.clear()
        for ref, pod in self._pods.items():
            self._pods[ref] = replace(pod, told=None)
            self._arm_pod(ref, pod.waiting)
        try:
            while True:
                first = await alarms.ring()
                await self._see_to({first, *alarms.take_until(self._clock.now() + TOGETHER)})
        finally:
            self._alarms = None

    async def _see_to(self, due: set[_Due]) -> None:
        """Look at groups, and judge their pods and others that are due."""
        groups = sorted((key for key in due if isinstance(key, GroupKey)), key=str)
        await self._look(groups)
        concerned = {ref for key in groups for ref in self._pods_at.get(key, ())}
        concerned.update(key for key in due if isinstance(key, Ref))
        for ref in sorted(concerned):
            self._judge(ref)
        for key in groups:
            self._arm_group(key)

    def _longest(self) -> float:
        """Seconds for which the pod that waits longest has waited, 0 where none does."""
        now = self._clock.now()
        return max((now - pod.began for pod in self._pods.values()), default=0.0)

    def _forget(self, ref: Ref) -> _Pod | None:
        pod = self._pods.pop(ref, None)
        self._cancel(ref)
        for place in pod.waiting.places if pod else ():
            self._pods_at[place.group].discard(ref)
            if not self._pods_at[place.group]:
                del self._pods_at[place.group]
                self._readings.pop(place.group, None)
                self._looks.pop(place.group, None)
                self._cancel(place.group)
        return pod

    def _arm_pod(self, ref: Ref, waiting: Waiting) -> None:
        """Groups with health checks are looked at; where there are none nothing has to be waited for in Lattice."""
        checked = {place.group for place in waiting.places if place.checked}
        for place in waiting.places:
            self._pods_at[place.group].add(ref)
        for group in checked:
            if self._looks.get(group) != 1:  # else the first look is about to come, and serves this pod too
                self._looks[group] = 0
                self._arm_group(group)
        if not checked:
            self._set(ref, 0.0 if waiting.places else ALONE)

    def _arm_group(self, key: GroupKey) -> None:
        if key not in self._pods_at:
            return
        look = self._looks.get(key, 0)
        self._looks[key] = look + 1
        self._set(key, min(LONGEST, FIRST * 2.0 ** min(look, 10)) * (0.9 + 0.2 * self._random.random()))

    def _set(self, key: _Due, delay: float) -> None:
        if self._alarms is not None:
            self._alarms.set(key, self._clock.now() + delay)

    def _cancel(self, key: _Due) -> None:
        if self._alarms is not None:
            self._alarms.cancel(key)

    async def _look(self, groups: Iterable[GroupKey]) -> None:
        async with asyncio.TaskGroup() as tasks:
            for key in groups:
                tasks.create_task(self._read(key))

    async def _read(self, key: GroupKey) -> None:
        """Read the targets of a group; a reading that a write has overtaken, or that failed, says nothing."""
        begun, group = self._clock.now(), self._mirror.chosen(key)
        self._readings.pop(key, None)
        if group is None:
            if self._mirror.get(key) is not None:
                self._readings[key] = _Reading(begun, {})
            return
        try:
            targets = await self._calls.pages(lambda after: ListTargets(group, after))
        except LatticeFailure:
            return  # counted where it was sent; the next look is later
        memory = self._mirror.get(key)
        if memory is not None and memory.trusted and memory.written_at <= begun:
            self._readings[key] = _Reading(begun, {each.target: each.status for each in targets})

    def _judge(self, ref: Ref) -> None:
        """Tell how a gate stands, if that is known of all places."""
        pod = self._pods.get(ref)
        if pod is None:
            return
        found = [self._found(place, pod.since) for place in pod.waiting.places]
        known = [each for each in found if each is not None]
        if len(known) < len(found):
            return
        condition = gate_of(known) if known else gate_without_places(pod.waiting)
        self._gates.turn(ref, pod.waiting.uid, condition)
        if condition != pod.told:
            waited = round(self._clock.now() - pod.began, 1)
            log.info("gate", object=str(ref), status=condition.status, reason=condition.reason, waited_s=waited)
            self._pods[ref] = replace(pod, told=condition)

    def _found(self, place: Place, since: float) -> Found | None:
        """What is known of a place since the pod waits there; None: nothing."""
        if not place.checked:
            return Found(place, None)
        reading = self._readings.get(place.group)
        if reading is None or reading.begun < since:
            return None
        return Found(place, reading.statuses.get(place.target))
