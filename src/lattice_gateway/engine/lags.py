"""How long pods wait that came or went: from the moment that their EndpointSlice told so until Lattice has answered.

Only groups that have served count: the first targets of a new group wait for its creation, which is no lag of ours.
"""

from typing import Final, Protocol

from lattice_gateway.core.lattice import operations as ops
from lattice_gateway.core.lattice.keys import UnitKey
from lattice_gateway.core.lattice.units import Desired, Target, TargetGroup
from lattice_gateway.engine.ports import Clock

REGISTERED: Final = "registered"
DEREGISTERED: Final = "deregistered"


class Observed(Protocol):
    """Where lags are counted."""

    def lag(self, change: str, seconds: float) -> None:
        """A pod's target was registered or deregistered so many seconds after that was to be."""


class Lags:
    """Since when targets are to come or to go, by unit; what nobody waits for is not remembered."""

    def __init__(self, observed: Observed, clock: Clock) -> None:
        self._observed = observed
        self._clock = clock
        self._coming: dict[UnitKey, dict[Target, float]] = {}
        self._going: dict[UnitKey, dict[Target, float]] = {}

    def wanted(self, before: Desired | None, desired: Desired, since: float) -> None:
        """A group that has served should have other targets since then."""
        if not isinstance(before, TargetGroup) or not isinstance(desired, TargetGroup):
            self.forget(desired.key)
            return
        old, new = before.targets or frozenset(), desired.targets or frozenset()
        _move(self._coming, desired.key, dict.fromkeys(new - old, since), old - new)
        _move(self._going, desired.key, dict.fromkeys(old - new, since), new - old)

    def performed(self, key: UnitKey, operation: ops.Operation) -> None:
        """Lattice has answered."""
        match operation:
            case ops.RegisterTargets(targets=targets):
                self._tell(REGISTERED, self._coming, key, targets)
            case ops.DeregisterTargets(targets=targets):
                self._tell(DEREGISTERED, self._going, key, targets)
            case _:
                return

    def forget(self, key: UnitKey) -> None:
        """Nobody waits for targets of the unit any more."""
        self._coming.pop(key, None)
        self._going.pop(key, None)

    def _tell(
        self, change: str, waiting: dict[UnitKey, dict[Target, float]], key: UnitKey, targets: tuple[Target, ...]
    ) -> None:
        mine = waiting.get(key, {})
        now = self._clock.now()
        for target in targets:
            since = mine.pop(target, None)
            if since is not None:
                self._observed.lag(change, now - since)
        if not mine:
            waiting.pop(key, None)


def _move(
    waiting: dict[UnitKey, dict[Target, float]], key: UnitKey, more: dict[Target, float], less: frozenset[Target]
) -> None:
    """Adds targets that are waited for, and takes out those that are not any more."""
    left = {target: since for target, since in {**more, **waiting.get(key, {})}.items() if target not in less}
    if left:
        waiting[key] = left
    else:
        waiting.pop(key, None)
