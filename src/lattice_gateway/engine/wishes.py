"""What each unit should be now, and which units need which."""

from collections.abc import Iterator, Mapping

from lattice_gateway.core.lattice.keys import GroupKey, NetworkKey, ServiceKey, UnitKey
from lattice_gateway.core.lattice.units import Absent, Desired, Forward, RuleAction, Service


def groups_needed(service: Service) -> frozenset[GroupKey]:
    """The groups that a service forwards to."""
    actions: list[RuleAction] = [listener.default_action for listener in service.listeners]
    actions += [rule.action for listener in service.listeners for rule in listener.rules]
    return frozenset(share.group for action in actions if isinstance(action, Forward) for share in action.shares)


def needs(desired: Desired) -> frozenset[UnitKey]:
    """The units without which this one cannot be as desired."""
    if isinstance(desired, Service):
        return groups_needed(desired) | desired.networks | desired.held_networks
    return frozenset()


class Wishes:
    """Desired states by key, with an index of who needs whom."""

    def __init__(self) -> None:
        self._desired: dict[UnitKey, Desired] = {}
        self._users: dict[UnitKey, set[UnitKey]] = {}
        self._leaving: set[NetworkKey] = set()

    def get(self, key: UnitKey) -> Desired | None:
        """What the unit should be; None where nothing is known of it."""
        return self._desired.get(key)

    def set(self, key: UnitKey, desired: Desired) -> None:
        """Wish anew."""
        self._unlink(key)
        self._desired[key] = desired
        if isinstance(key, NetworkKey) and isinstance(desired, Absent):
            self._leaving.add(key)
        for needed in needs(desired):
            self._users.setdefault(needed, set()).add(key)

    def drop(self, key: UnitKey) -> None:
        """The unit is gone and nobody wants it."""
        self._unlink(key)
        self._desired.pop(key, None)

    def users(self, key: UnitKey) -> frozenset[UnitKey]:
        """Units that should be there and need this one."""
        return frozenset(self._users.get(key, ()))

    def items(self) -> Iterator[tuple[UnitKey, Desired]]:
        """All wishes."""
        yield from self._desired.items()

    def all(self) -> Mapping[UnitKey, Desired]:
        """A copy of all wishes."""
        return dict(self._desired)

    def absent_networks(self) -> frozenset[NetworkKey]:
        """Networks that should not be there."""
        return frozenset(self._leaving)

    def services(self) -> tuple[ServiceKey, ...]:
        """All services that something is wished of."""
        return tuple(key for key in self._desired if isinstance(key, ServiceKey))

    def _unlink(self, key: UnitKey) -> None:
        before = self._desired.get(key)
        if before is None:
            return
        if isinstance(key, NetworkKey):
            self._leaving.discard(key)
        for needed in needs(before):
            users = self._users[needed]
            users.discard(key)
            if not users:
                del self._users[needed]


def is_absent(desired: Desired | None) -> bool:
    """Whether a unit should go."""
    return isinstance(desired, Absent)


def service_of(key: UnitKey) -> ServiceKey | None:
    """The service that a group belongs to."""
    return ServiceKey(key.service) if isinstance(key, GroupKey) and key.service is not None else None
