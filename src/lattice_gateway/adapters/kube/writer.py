"""Status and annotations of objects in a cluster.

In: the status of each object, as it should be from now on. Out: our part of it in the cluster, written only where it
differs, never at the cost of what others wrote, and without anybody waiting for it. What somebody undoes is put right,
ever more slowly. A new word on what is being waited for is no hurry: the API server validates the whole of a route each
time, and on the way to its address a route would be written twice as often.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any, Final

import msgspec
import structlog

from lattice_gateway.adapters.kube.api import KubeFailure, MayWrite
from lattice_gateway.adapters.kube.changing import Changer, patience
from lattice_gateway.adapters.kube.contest import Contest
from lattice_gateway.adapters.kube.known import Known
from lattice_gateway.adapters.kube.merging import Status, as_written, is_progress, is_same, merged, notes_to_write
from lattice_gateway.adapters.kube.outbox import Outbox
from lattice_gateway.adapters.kube.reading import Seen
from lattice_gateway.core.objects import Kind, Ref
from lattice_gateway.core.report.happenings import Happening, Importance, Reason
from lattice_gateway.engine.alarms import Alarms
from lattice_gateway.engine.feed import Problem
from lattice_gateway.engine.keeping import Herald
from lattice_gateway.engine.ports import Clock

ROUTES: Final = frozenset({Kind.HTTP_ROUTE, Kind.GRPC_ROUTE, Kind.TLS_ROUTE})

CONTESTED: Final = "another writer keeps undoing this controller's part of the status; it is put right ever more slowly"

PROGRESS: Final = 30.0
"""Seconds between two statuses of an object that differ only in what is being waited for."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Wish:
    """What we want to say of an object, as JSON.

    ``said``: it has been there, so that whatever differs now is somebody else's doing. ``ends``: once it is said there
    is nothing more to say. ``since``: when something was last said, or first wished.
    """

    status: bytes
    since: float
    ends: bool = False
    said: bool = False
    failures: int = 0
    contest: Contest = field(default_factory=Contest)


class ClusterStatus:
    """Implements ``StatusWriter``. ``run`` does the writing; everything else returns at once."""

    def __init__(
        self, *, changer: Changer, known: Known, herald: Herald, clock: Clock, random: Random, may_write: MayWrite
    ) -> None:
        self._changer = changer
        self._known = known
        self._herald = herald
        self._clock = clock
        self._random = random
        self._wishes: dict[Ref, _Wish] = {}
        self._problems: tuple[Problem, ...] = ()
        self._outbox: Outbox[Ref] = Outbox(self._perform, clock, may_write)
        self._progress: Alarms[Ref] = Alarms(clock)
        known.on_change(self._changed)

    @property
    def idle(self) -> bool:
        """Whether everything is written but progress, which the next process tells as well."""
        return self._outbox.idle

    @property
    def contested(self) -> tuple[Ref, ...]:
        """Objects whose status somebody else keeps changing, in order."""
        return tuple(sorted(ref for ref, wish in self._wishes.items() if wish.contest.is_open))

    async def run(self) -> None:
        """Write until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._outbox.run())
            while True:
                self._outbox.put(await self._progress.ring())

    def previous(self, ref: Ref) -> Mapping[str, Any] | None:
        """The status on its way, else the one in the cluster; None where there is none."""
        wish = self._wishes.get(ref)
        if wish is not None and not wish.said and not wish.ends:
            return _decoded(wish.status)
        form = self._known.latest(ref)
        return as_written(_decoded(form.status), form.metadata.annotations) or None if form else None

    def write(self, ref: Ref, status: Mapping[str, Any]) -> bool:
        """Say this of an object from now on; whether that differs from what is there."""
        return self._wish(ref, status, ends=False)

    def remove(self, ref: Ref) -> None:
        """Nothing is to be said of an object any more; entries of ours in a route's status go."""
        self._wishes.pop(ref, None)
        form = self._known.latest(ref)
        if ref.kind in ROUTES and form is not None and form.thing is not None and form.status:
            self._wish(ref, {"parents": []}, ends=True)

    def write_problems(self, problems: tuple[Problem, ...]) -> bool:
        """Tell what is wrong in the source, each once, in the log; whether anything is new."""
        new = [problem for problem in problems if problem not in self._problems]
        over = [problem for problem in self._problems if problem not in problems]
        self._problems = problems
        for problem in new:
            log.warning("problem in the cluster", problem=str(problem))
        for problem in over:
            log.info("problem in the cluster is over", problem=str(problem))
        return bool(new or over)

    def _wish(self, ref: Ref, status: Status, *, ends: bool) -> bool:
        form, encoded = self._known.latest(ref), msgspec.json.encode(status)
        if form is None:
            return False
        before = self._wishes.get(ref)
        if before is not None and before.status == encoded and before.ends == ends:
            return False
        contest = before.contest if before else Contest()
        since = before.since if before else self._clock.now()
        wish = self._wishes[ref] = _Wish(encoded, since, ends=ends, contest=contest)
        if not self._differs(status, form):
            self._said(ref, wish)
            return False
        self._outbox.put(ref, contest.pause)
        return True

    def _changed(self, ref: Ref) -> None:
        """An object changed: what we had said must still stand."""
        wish, form = self._wishes.get(ref), self._known.latest(ref)
        if wish is None or form is None:
            self._wishes.pop(ref, None)
            return
        if not wish.said or not self._differs(_decoded(wish.status), form):
            return
        wish.said, wish.contest = False, wish.contest.again(self._clock.now())
        if wish.contest.is_open:
            log.warning("status contested", object=str(ref), times=wish.contest.undone, pause=wish.contest.pause)
            self._herald.tell(Happening(ref, Importance.WARNING, Reason.STATUS_CONTESTED, CONTESTED))
        self._outbox.put(ref, wish.contest.pause)

    def _differs(self, wanted: Status, form: Seen) -> bool:
        there = _decoded(form.status)
        has_status = self._known.status_path(form.ref) is not None
        notes = notes_to_write(wanted, form.metadata.annotations)
        return bool(notes) or (has_status and not is_same(merged(wanted, there), there))

    async def _perform(self, ref: Ref) -> float | None:
        wish = self._wishes.get(ref)
        if wish is None or wish.said:
            return None
        wanted = _decoded(wish.status)
        try:
            is_there = await self._changer.change(ref, partial(_notes, wanted))
            if self._can_wait(ref, wish):
                self._progress.set(ref, wish.since + PROGRESS)
                return None
            is_there = is_there and await self._changer.change_status(ref, partial(_body, wanted))
        except KubeFailure as failure:
            wish.failures += 1
            log.warning("status not written", object=str(ref), error=str(failure.error))
            return patience(failure.error, wish.failures, self._random)
        self._said(ref, wish)
        if is_there:
            self._changed(ref)  # somebody may have undone it before we heard that it was done
        return None

    def _can_wait(self, ref: Ref, wish: _Wish) -> bool:
        """Whether all that is left to say is what is being waited for, and the last word is young."""
        form = self._known.latest(ref)
        if form is None or wish.since + PROGRESS <= self._clock.now():
            return False
        there = _decoded(form.status)
        status = merged(_decoded(wish.status), there)
        return is_progress(status, there) and not is_same(status, there)

    def _said(self, ref: Ref, wish: _Wish) -> None:
        wish.said, wish.failures, wish.since = True, 0, self._clock.now()
        if wish.ends and self._wishes.get(ref) is wish:
            del self._wishes[ref]


def _notes(wanted: Status, form: Seen) -> Mapping[str, Any] | None:
    notes = notes_to_write(wanted, form.metadata.annotations)
    return {"metadata": {"annotations": notes}} if notes else None


def _body(wanted: Status, form: Seen) -> Mapping[str, Any] | None:
    there = _decoded(form.status)
    status = merged(wanted, there)
    return None if is_same(status, there) else {"status": status}


def _decoded(status: bytes) -> dict[str, Any]:
    found = msgspec.json.decode(status) if status else None
    return found if isinstance(found, dict) else {}
