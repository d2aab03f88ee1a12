"""Deletions that wait to be believed.

When a CustomResourceDefinition is deleted, the server deletes its objects first; seen from a watch that is a flood of
deletions that nobody meant. So the deletion of a custom resource counts only when the server, asked a little later,
still takes new objects of the kind. Values and their bookkeeping; time is a parameter.
"""

from dataclasses import dataclass
from typing import Final

from lattice_gateway.adapters.kube.reading import Seen
from lattice_gateway.core.objects import Ref

GRACE: Final = 1.0
"""Seconds after which the server's catalogue certainly shows that a kind is leaving."""


@dataclass(frozen=True, slots=True)
class Departure:
    """An object that seems to leave since ``at``; ``seen`` is its form with a deletion timestamp, None: it is gone."""

    at: float
    seen: Seen | None


class Departures:
    """The departures of one kind."""

    def __init__(self) -> None:
        self._waiting: dict[Ref, Departure] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def __contains__(self, ref: object) -> bool:
        return ref in self._waiting

    def note(self, ref: Ref, departure: Departure) -> None:
        """An object seems to leave; its time counts from when that was first seen."""
        before = self._waiting.get(ref)
        since = before.at if before and (before.seen is None) == (departure.seen is None) else departure.at
        self._waiting[ref] = Departure(since, departure.seen)

    def withdraw(self, ref: Ref) -> None:
        """It is there after all."""
        self._waiting.pop(ref, None)

    def due(self) -> float | None:
        """When the oldest can be believed, None where nothing waits."""
        return min((each.at for each in self._waiting.values()), default=None)

    def believed(self, asked: float) -> dict[Ref, Departure]:
        """Those old enough at the moment the server was asked; they wait no longer."""
        old = {ref: each for ref, each in self._waiting.items() if each.at + GRACE <= asked}
        for ref in old:
            del self._waiting[ref]
        return old

    def forget(self) -> None:
        """None of them counts."""
        self._waiting.clear()
