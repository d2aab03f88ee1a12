"""What is known of the cluster: the latest form of each object, shared by the source, the writers and the state.

The objects themselves are those that the engine holds too, so that they cost memory once.
"""

from collections.abc import Callable, Iterator, Mapping

from lattice_gateway.adapters.kube.catalogue import BUILT_IN, Catalogue, Served
from lattice_gateway.adapters.kube.reading import Seen
from lattice_gateway.core.objects import Kind, Ref

Notice = Callable[[Ref], None]


class Known:
    """Objects and kinds as last seen. Implements ``Places``; one writer (the source), many readers."""

    def __init__(self) -> None:
        self._objects: dict[Kind, dict[Ref, Seen]] = {kind: {} for kind in Kind}
        self._ahead: dict[Ref, Seen] = {}
        self._served: dict[Kind, Served] = dict(BUILT_IN)
        self._notices: list[Notice] = []

    def __iter__(self) -> Iterator[Seen]:
        """Every object."""
        for objects in self._objects.values():
            yield from objects.values()

    def get(self, ref: Ref) -> Seen | None:
        """An object, None where there is none."""
        return self._objects[ref.kind].get(ref)

    def latest(self, ref: Ref) -> Seen | None:
        """An object in its newest form, which may be an answer that the watch has not shown yet."""
        return self._ahead.get(ref) or self.get(ref)

    def answered(self, seen: Seen) -> None:
        """The server showed an object outside the watch."""
        told = self.get(seen.ref)
        if told is not None and is_newer(seen.version, told.version):
            self._ahead[seen.ref] = seen

    def of(self, kind: Kind) -> Mapping[Ref, Seen]:
        """All objects of a kind."""
        return self._objects[kind]

    def served(self, kind: Kind) -> Served | None:
        """How a kind is reached, None while it is not installed."""
        return self._served.get(kind)

    def path(self, ref: Ref) -> str | None:
        """The path of an object, None while its kind is not installed."""
        served = self._served.get(ref.kind)
        return served.path(ref) if served else None

    def status_path(self, ref: Ref) -> str | None:
        """The path of its status, None where the kind has none."""
        served = self._served.get(ref.kind)
        return f"{served.path(ref)}/status" if served and served.has_status else None

    def put(self, seen: Seen) -> None:
        """An object is new or changed."""
        self._objects[seen.ref.kind][seen.ref] = seen
        ahead = self._ahead.get(seen.ref)
        if ahead is not None and not is_newer(ahead.version, seen.version):
            del self._ahead[seen.ref]
        self._tell(seen.ref)

    def drop(self, ref: Ref) -> None:
        """An object is gone."""
        self._ahead.pop(ref, None)
        if self._objects[ref.kind].pop(ref, None) is not None:
            self._tell(ref)

    def installed(self, catalogue: Catalogue) -> None:
        """Which kinds there are."""
        self._served = dict(catalogue)

    def on_change(self, notice: Notice) -> None:
        """Tell ``notice`` of every object that is put or dropped."""
        self._notices.append(notice)

    def _tell(self, ref: Ref) -> None:
        for notice in self._notices:
            notice(ref)


def is_newer(one: str, other: str) -> bool:
    """Whether a resource version comes after another of the same object.

    They are whole numbers since Kubernetes began; whatever else they may be counts as newer where it differs.
    """
    if one.isdecimal() and other.isdecimal():
        return int(one) > int(other)
    return one != other
