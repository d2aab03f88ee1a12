"""Who came first: the order in which objects that want the same thing get it."""

from typing import Final, NamedTuple

from lattice_gateway.core.objects.meta import ObjectBase
from lattice_gateway.core.objects.refs import Kind, Ref

NEVER: Final = float("inf")
"""Creation of an object that has no time yet: younger than all others."""


class Age(NamedTuple):
    """Sorts objects by age, the oldest first: creation in seconds since the epoch, then name, then kind."""

    created: float
    namespace: str
    name: str
    kind: Kind

    @property
    def ref(self) -> Ref:
        """The object itself."""
        return Ref(self.kind, self.namespace, self.name)


def age_of(thing: ObjectBase) -> Age:
    """How old an object is."""
    meta = thing.metadata
    created = meta.creation_timestamp.timestamp() if meta.creation_timestamp else NEVER
    return Age(created, meta.namespace, meta.name, thing.KIND)
