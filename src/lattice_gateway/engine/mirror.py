"""What we remember of each unit in Lattice, and whether that memory may be trusted.

Before a call changes something, the memory of its unit becomes unknown; the answer makes it known again. So a
time-out, a cancelled task or a cut connection can never leave a wrong memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from lattice_gateway.core.lattice.keys import GroupKey, NetworkKey, ServiceKey, UnitKey
from lattice_gateway.core.lattice.observed import NetworkView, Observed, ObservedGroup, ObservedService
from lattice_gateway.core.lattice.words import Arn, Status
from lattice_gateway.engine.watches import Watch, What, passing


@dataclass(frozen=True, slots=True)
class Memory:
    """One unit's last known state.

    ``read_at`` is when the last whole reading began, ``written_at`` when it was last written to, answered or not: what
    was listed before that says nothing about it. ``in_flight``: a call that changes it has no answer yet.
    ``doubtful``: something was answered, or not answered, that does not fit; only a reading helps. ``since`` is when
    what is moving was first seen in its status, by kind and id: Lattice began about then, or before.
    """

    observed: Observed
    read_at: float
    written_at: float = 0.0
    in_flight: bool = False
    doubtful: bool = False
    since: dict[tuple[What, str], tuple[Status, float]] = field(default_factory=dict)

    @property
    def trusted(self) -> bool:
        """Whether the memory may be used; else the unit is read again."""
        return not self.in_flight and not self.doubtful


class Mirror:
    """Memories by unit."""

    def __init__(self) -> None:
        self._memories: dict[UnitKey, Memory] = {}
        self._groups: dict[str, set[GroupKey]] = {}
        self._chosen: dict[GroupKey, str] = {}
        self._chosen_by: dict[str, GroupKey] = {}
        self._left: dict[UnitKey, float] = {}

    def get(self, key: UnitKey) -> Memory | None:
        """The memory of a unit; None where it was never read."""
        return self._memories.get(key)

    def observed(self, key: UnitKey) -> Observed:
        """What was last seen of a unit, trusted or not."""
        memory = self._memories.get(key)
        return memory.observed if memory else None

    def since(self, watch: Watch) -> float | None:
        """When that which is watched was first seen to move as it does; None where it does not move."""
        memory = self._memories.get(watch.key)
        found = memory.since.get((watch.what, watch.id)) if memory else None
        return found[1] if found else None

    def service(self, key: ServiceKey) -> ObservedService | None:
        """What was last seen of a service."""
        observed = self.observed(key)
        return observed if isinstance(observed, ObservedService) else None

    def groups(self, key: GroupKey) -> tuple[ObservedGroup, ...]:
        """The candidates last seen for a group."""
        observed = self.observed(key)
        return observed if isinstance(observed, tuple) else ()

    def network(self, key: NetworkKey) -> NetworkView | None:
        """What was last seen of a network."""
        observed = self.observed(key)
        return observed if isinstance(observed, NetworkView) else None

    def groups_of(self, service: str | None) -> frozenset[GroupKey]:
        """Keys of the groups that are remembered for a Lattice service."""
        return frozenset(self._groups.get(service or "", ()))

    def services(self) -> Iterator[tuple[ServiceKey, ObservedService]]:
        """All services that are there, as last seen."""
        for key, memory in self._memories.items():
            if isinstance(key, ServiceKey) and isinstance(memory.observed, ObservedService):
                yield key, memory.observed

    def choose(self, key: GroupKey, group: str | None) -> None:
        """The unit uses the candidate of that id, or none."""
        before = self._chosen.pop(key, None)
        if before is not None and self._chosen_by.get(before) == key:
            del self._chosen_by[before]
        if group is not None:
            self._chosen[key] = group
            self._chosen_by[group] = key

    def chosen(self, key: GroupKey) -> str | None:
        """Id of the group that a unit uses."""
        return self._chosen.get(key)

    def chosen_by(self, group: str) -> GroupKey | None:
        """The unit that uses the group of that id."""
        return self._chosen_by.get(group)

    def all_chosen(self) -> frozenset[str]:
        """Ids of all groups that units use."""
        return frozenset(self._chosen_by)

    def association_arns(self) -> frozenset[Arn]:
        """ARNs of the VPC associations of all networks."""
        views = (memory.observed for memory in self._memories.values() if isinstance(memory.observed, NetworkView))
        return frozenset(view.vpc_association.arn for view in views if view.vpc_association is not None)

    def read(self, key: UnitKey, observed: Observed, begun: float) -> None:
        """A whole reading, begun at ``begun``."""
        before = self._memories.get(key)
        written_at, since = before.written_at if before else 0.0, _since(before, observed, begun)
        self._set(key, Memory(observed, read_at=begun, written_at=written_at, since=since))

    def touch(self, key: UnitKey, now: float) -> None:
        """A call is about to change the unit."""
        self._change(key, written_at=now, in_flight=True)

    def untouched(self, key: UnitKey) -> None:
        """The call was refused and changed nothing: the memory of before is right."""
        self._change(key, in_flight=False)

    def answered(self, key: UnitKey, observed: Observed, now: float) -> None:
        """The call changed the unit into this."""
        since = _since(self._memories[key], observed, now)
        self._change(key, observed=observed, since=since, written_at=now, in_flight=False)

    def noticed(self, key: UnitKey, observed: Observed, begun: float) -> None:
        """A part of the unit was read anew, in a reading begun at ``begun``."""
        self._change(key, observed=observed, since=_since(self._memories[key], observed, begun))

    def distrust(self, key: UnitKey) -> None:
        """Read the unit again before it is used."""
        if key in self._memories:
            self._change(key, in_flight=False, doubtful=True)

    def forget(self, key: UnitKey, now: float) -> None:
        """The unit is no concern any more."""
        self._memories.pop(key, None)
        self._left[key] = now
        if isinstance(key, GroupKey):
            self.choose(key, None)
            self._groups.get(key.service or "", set()).discard(key)

    def changed_at(self, key: UnitKey) -> float:
        """When the unit was last written to, or forgotten: an older listing may show what is not there any more."""
        memory = self._memories.get(key)
        return max(memory.written_at if memory else 0.0, self._left.get(key, 0.0))

    def _change(self, key: UnitKey, **changes: Any) -> None:
        self._set(key, replace(self._memories[key], **changes))

    def _set(self, key: UnitKey, memory: Memory) -> None:
        self._memories[key] = memory
        if isinstance(key, GroupKey):
            self._groups.setdefault(key.service or "", set()).add(key)


def _since(before: Memory | None, observed: Observed, now: float) -> dict[tuple[What, str], tuple[Status, float]]:
    """Since when things move: since before, where they did so then; what does not move any more is not remembered."""
    known = before.since if before else {}
    found = {}
    for what, status in passing(observed).items():
        before_that, moment = known.get(what, (status, now))
        found[what] = (status, moment if before_that is status else now)
    return found
