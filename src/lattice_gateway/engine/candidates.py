"""Target groups of a listing by what they are looked up by: a listing holds thousands, and thousands look into it."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from lattice_gateway.core.lattice.keys import GroupKey
from lattice_gateway.core.lattice.units import TargetGroup
from lattice_gateway.core.lattice.words import Arn, Owner, Tag, Tags
from lattice_gateway.core.names import group_name
from lattice_gateway.core.plan.choosing import could_be, ending
from lattice_gateway.engine.reads import Listed
from lattice_gateway.engine.shared import Snapshot

Groups: TypeAlias = Snapshot[tuple[Listed, ...]]
Backend: TypeAlias = tuple[str, str, str]
"""Namespace and name of the Kubernetes Service, and name of the route, as tags have them."""


@dataclass(frozen=True, slots=True, eq=False)
class GroupIndex:
    """``listing`` and ``owned`` are what it was made of."""

    listing: Groups
    owned: Snapshot[Mapping[Arn, Tags]] | None
    by_ending: Mapping[str, list[Listed]]
    by_backend: Mapping[Backend, list[Listed]]

    def candidates(self, unit: TargetGroup | GroupKey, owner: Owner) -> list[Listed]:
        """Groups that may be the unit's, each once, those found by name first."""
        if isinstance(unit, GroupKey):
            return list(self.by_ending.get(ending(group_name(unit, owner)), ()))
        named = self.by_ending.get(ending(unit.name), [])
        tagged = [one for one in self.by_backend.get(_backend(unit.tags), ()) if could_be(self._tags(one), unit)]
        return list({one.group.id: one for one in (*named, *tagged)}.values())

    def _tags(self, listed: Listed) -> Tags:
        return self.owned.items.get(listed.group.arn, Tags()) if self.owned else Tags()


def index_groups(listing: Groups, owned: Snapshot[Mapping[Arn, Tags]] | None) -> GroupIndex:
    """The index of a listing, with the tags of what is ours."""
    by_ending: defaultdict[str, list[Listed]] = defaultdict(list)
    by_backend: defaultdict[Backend, list[Listed]] = defaultdict(list)
    for listed in listing.items:
        by_ending[ending(listed.group.name)].append(listed)
        tags = owned.items.get(listed.group.arn) if owned else None
        if tags is not None:
            by_backend[_backend(tags)].append(listed)
    return GroupIndex(listing, owned, by_ending, by_backend)


def _backend(tags: Tags) -> Backend:
    return (
        tags.get(Tag.SERVICE_NAMESPACE, ""),
        tags.get(Tag.SERVICE_NAME, ""),
        tags.get(Tag.ROUTE_NAME, ""),
    )
