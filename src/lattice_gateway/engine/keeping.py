"""Finalizers: an object that has something in Lattice stays until that is gone.

In: what translation says of each object, and which units are gone. Out: finalizers held and released. Nothing is
remembered that does not follow again after a restart from the objects and their records.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Protocol, assert_never

from lattice_gateway.core.lattice.keys import UnitKey
from lattice_gateway.core.lattice.units import Desired
from lattice_gateway.core.objects import Ref
from lattice_gateway.core.report.happenings import ROUTES, Happening, blocked, departure
from lattice_gateway.core.report.ownership import Kept, Ownership, Parting
from lattice_gateway.engine.feed import UnitRecord
from lattice_gateway.engine.wishes import is_absent


class Finalizers(Protocol):
    """Where finalizers are written; both return at once, and what is so already costs nothing."""

    def hold(self, ref: Ref) -> None:
        """Keep an object from vanishing."""

    def release(self, ref: Ref) -> None:
        """Let an object go: nothing of it is left."""

    def on_held(self, told: Callable[[Ref], None]) -> None:
        """Tell of each object that was seen to carry our finalizer, as soon as that is known; also more than once."""


class Herald(Protocol):
    """Where it is told what happens to objects."""

    def tell(self, happening: Happening) -> None:
        """Tell it; equal ones are one series."""


class NoFinalizers:
    """Where objects are files, which nothing can hold."""

    def hold(self, ref: Ref) -> None:
        """Nothing to hold."""

    def release(self, ref: Ref) -> None:
        """Nothing is held."""

    def on_held(self, told: Callable[[Ref], None]) -> None:
        """Nothing is ever waited for."""


class NoHerald:
    """Where nobody listens."""

    def tell(self, happening: Happening) -> None:
        """Nothing is told."""


class Keeping:
    """Holds and releases. ``wish`` tells what a unit should be, ``records`` which units objects record."""

    def __init__(
        self,
        finalizers: Finalizers,
        herald: Herald,
        wish: Callable[[UnitKey], Desired | None],
        records: Callable[[], Mapping[UnitKey, UnitRecord]],
    ) -> None:
        self._finalizers = finalizers
        self._herald = herald
        self._wish = wish
        self._records = records
        self._parting: dict[Ref, Parting] = {}
        self._left: dict[Ref, set[UnitKey]] = {}
        self._waiting: defaultdict[UnitKey, set[Ref]] = defaultdict(set)

    def take(self, changed: Mapping[Ref, Ownership | None]) -> None:
        """What translation says anew; what is to go must be wished to be absent by now."""
        leaving: dict[Ref, Parting] = {}
        for ref, ownership in changed.items():
            match ownership:
                case Kept():
                    self._forget(ref)
                    self._finalizers.hold(ref)
                case Parting():
                    leaving[ref] = ownership
                case None:
                    self._forget(ref)
                case _:
                    assert_never(ownership)
        recorded = self._recorded() if leaving else {}
        for ref, parting in leaving.items():
            self._part(ref, parting, recorded.get(ref, set()))

    def gone(self, key: UnitKey) -> None:
        """A unit has left Lattice, or somebody else wants it now."""
        for ref in sorted(self._waiting.pop(key, ())):
            self._left[ref].discard(key)
            self._let_go(ref)

    def _part(self, ref: Ref, parting: Parting, recorded: set[UnitKey]) -> None:
        self._tell(ref, parting)
        self._forget(ref)
        self._parting[ref] = parting
        self._left[ref] = {key for key in {*parting.units, *recorded} if is_absent(self._wish(key))}
        for key in self._left[ref]:
            self._waiting[key].add(ref)
        self._let_go(ref)

    def _tell(self, ref: Ref, parting: Parting) -> None:
        if parting.blockers:
            self._herald.tell(blocked(ref, parting.blockers))
        elif ref.kind in ROUTES and ref not in self._parting:
            self._herald.tell(departure(ref))

    def _let_go(self, ref: Ref) -> None:
        if not self._left[ref] and not self._parting[ref].blockers:
            self._finalizers.release(ref)

    def _forget(self, ref: Ref) -> None:
        self._parting.pop(ref, None)
        for key in self._left.pop(ref, ()):
            self._waiting[key].discard(ref)
            if not self._waiting[key]:
                del self._waiting[key]

    def _recorded(self) -> dict[Ref, set[UnitKey]]:
        """The units that each object records."""
        found: defaultdict[Ref, set[UnitKey]] = defaultdict(set)
        for key, record in self._records().items():
            if record.owner is not None:
                found[record.owner].add(key)
        return found
