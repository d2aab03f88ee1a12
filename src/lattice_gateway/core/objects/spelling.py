"""Members that nobody reads because their name is misspelt: files pass no API server, which would refuse them.

Only a name that is close to one that could stand there counts: kinds grow, and an unknown member is no mistake.
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final

from msgspec import inspect

from lattice_gateway.core.objects.decode import CLASSES, Object, without_nulls
from lattice_gateway.core.objects.explain import Complaint
from lattice_gateway.core.objects.refs import Kind

CLOSE: Final = 0.8
"""How alike two names are, from 0 to 1, for one to be meant for the other."""

_SHAPES: Final[Mapping[Kind, inspect.Type]] = {
    kind: inspect.type_info(cls) for kind, cls in CLASSES.items() if kind is not Kind.ENDPOINT_SLICE
}
"""What may stand in each kind; EndpointSlices are written by machines, and there are thousands."""


def misspelt(thing: Object, raw: Mapping[str, Any]) -> Complaint | None:
    """The first member of ``raw``, which was decoded to ``thing``, that is close to one that is not there."""
    shape = _SHAPES.get(thing.KIND)
    return next(_looked_at(shape, without_nulls(raw), ""), None) if shape else None


def _looked_at(kind: inspect.Type, raw: object, path: str) -> Iterator[Complaint]:
    match kind:
        case inspect.StructType(fields=fields) if isinstance(raw, Mapping):
            yield from _members({field.encode_name: field.type for field in fields}, raw, path)
        case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item) if isinstance(raw, list):
            for index, one in enumerate(raw):
                yield from _looked_at(item, one, f"{path}[{index}]")
        case inspect.UnionType(types=types):
            for one in types:
                yield from _looked_at(one, raw, path)
        case _:
            return


def _members(known: Mapping[str, inspect.Type], raw: Mapping[str, Any], path: str) -> Iterator[Complaint]:
    absent = [name for name in known if name not in raw]
    for name, value in raw.items():
        place = f"{path}.{name}".lstrip(".")
        if name in known:
            yield from _looked_at(known[name], value, place)
        elif meant := get_close_matches(str(name), absent, n=1, cutoff=CLOSE):
            yield Complaint(place, "a member that is not known", f"{meant[0]}, if that is meant")
