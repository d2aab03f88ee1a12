"""Finalizers in a cluster: written under an optimistic lock, and without anybody waiting for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

import structlog

from lattice_gateway.adapters.kube.api import KubeFailure, MayWrite
from lattice_gateway.adapters.kube.changing import Changer, patience
from lattice_gateway.adapters.kube.known import Known
from lattice_gateway.adapters.kube.outbox import Outbox
from lattice_gateway.adapters.kube.reading import Seen
from lattice_gateway.core.objects import Kind, Ref
from lattice_gateway.core.objects.finalizers import FINALIZERS
from lattice_gateway.core.report.happenings import not_held
from lattice_gateway.engine.keeping import Herald
from lattice_gateway.engine.ports import Clock

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Wish:
    held: bool
    failures: int = 0


class Finalizers:
    """Adds and removes our finalizers. ``run`` does the writing; everything else returns at once."""

    def __init__(
        self, *, changer: Changer, known: Known, herald: Herald, clock: Clock, random: Random, may_write: MayWrite
    ) -> None:
        self._changer = changer
        self._herald = herald
        self._known = known
        self._random = random
        self._wishes: dict[Ref, _Wish] = {}
        self._outbox: Outbox[Ref] = Outbox(self._perform, clock, may_write)
        self._told: list[Callable[[Ref], None]] = []
        known.on_change(self._changed)

    @property
    def idle(self) -> bool:
        """Whether everything is written."""
        return self._outbox.idle

    def on_held(self, told: Callable[[Ref], None]) -> None:
        """Tell of each object that the server showed with our finalizer, in an answer or in the watch."""
        self._told.append(told)

    async def run(self) -> None:
        """Write until cancelled."""
        await self._outbox.run()

    def holds(self, ref: Ref) -> bool:
        """Whether the object carries our finalizer, as far as the server has told."""
        form = self._known.latest(ref)
        return form is not None and FINALIZERS.get(ref.kind) in form.metadata.finalizers

    def hold(self, ref: Ref) -> None:
        """Keep an object from vanishing; nothing where its deletion has begun, or for Services."""
        form = self._known.latest(ref)
        if form is not None and not form.leaving and ref.kind in FINALIZERS and ref.kind is not Kind.SERVICE:
            self._want(ref, _Wish(held=True))

    def release(self, ref: Ref) -> None:
        """Let an object go: nothing of it is left."""
        if ref.kind in FINALIZERS:
            self._want(ref, _Wish(held=False))

    def _want(self, ref: Ref, wish: _Wish) -> None:
        before = self._wishes.get(ref)
        if self.holds(ref) == wish.held:
            self._wishes.pop(ref, None)
        elif before is None or before.held != wish.held:
            self._wishes[ref] = wish
            self._outbox.put(ref)

    async def _perform(self, ref: Ref) -> float | None:
        wish = self._wishes.get(ref)
        if wish is None:
            return None
        try:
            await self._changer.change(ref, partial(_with if wish.held else without, FINALIZERS[ref.kind]))
        except KubeFailure as failure:
            wish.failures += 1
            log.warning("finalizer not written", object=str(ref), error=str(failure.error))
            if wish.held:
                self._herald.tell(not_held(ref, str(failure.error)))
            return patience(failure.error, wish.failures, self._random)
        if self._wishes.get(ref) is wish:
            del self._wishes[ref]
        self._changed(ref)
        return None

    def _changed(self, ref: Ref) -> None:
        if ref.kind in FINALIZERS and self.holds(ref):
            for told in self._told:
                told(ref)


def _with(name: str, form: Seen) -> Mapping[str, Any] | None:
    """The change that adds a finalizer; none where it stands or nothing can be added any more."""
    finalizers = form.metadata.finalizers
    return None if name in finalizers or form.leaving else {"metadata": {"finalizers": [*finalizers, name]}}


def without(name: str, form: Seen) -> Mapping[str, Any] | None:
    """The change that removes a finalizer; none where it is not there."""
    kept = [each for each in form.metadata.finalizers if each != name]
    return {"metadata": {"finalizers": kept}} if len(kept) < len(form.metadata.finalizers) else None
