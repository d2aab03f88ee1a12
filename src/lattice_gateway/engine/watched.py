"""Which units watch what, since when, and how often they were promised a look."""

from collections import defaultdict

from lattice_gateway.core.lattice.keys import UnitKey
from lattice_gateway.engine.ports import Clock
from lattice_gateway.engine.watches import Watch, What


class Watched:
    """The watches of all units. What nobody watches is not remembered."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by: dict[UnitKey, frozenset[Watch]] = {}
        self._since: dict[UnitKey, float] = {}
        self._looks: dict[UnitKey, int] = {}
        self._who: dict[Watch, set[UnitKey]] = {}
        self._of_kind: defaultdict[What, set[Watch]] = defaultdict(set)

    def set(self, key: UnitKey, wanted: frozenset[Watch]) -> None:
        """What a unit watches from now on."""
        for watch in self._by.pop(key, frozenset()) - wanted:
            self._leave(key, watch)
        self._since.pop(key, None)
        self._looks.pop(key, None)
        if wanted:
            self._by[key], self._since[key], self._looks[key] = wanted, self._clock.now(), 0
        for watch in wanted:
            self._who.setdefault(watch, set()).add(key)
            self._of_kind[watch.what].add(watch)

    def by(self, key: UnitKey) -> frozenset[Watch]:
        """What a unit watches."""
        return self._by.get(key, frozenset())

    def who(self, watch: Watch) -> frozenset[UnitKey]:
        """Units that watch this."""
        return frozenset(self._who.get(watch, ()))

    def of_kind(self, what: What) -> tuple[Watch, ...]:
        """Everything of a kind that is watched."""
        return tuple(self._of_kind[what])

    def since(self, key: UnitKey) -> float:
        """Since when a unit watches all that it does; now, where it watches nothing."""
        return self._since.get(key, self._clock.now())

    def looks(self, key: UnitKey) -> int:
        """How many looks a unit was promised since then."""
        return self._looks.get(key, 0)

    def promise(self, key: UnitKey) -> int:
        """One more look; how many there were before."""
        before = self.looks(key)
        self._looks[key] = before + 1
        return before

    def any_since(self, moment: float) -> bool:
        """Whether a unit watches something, and began that after ``moment``."""
        return any(since > moment for since in self._since.values())

    def _leave(self, key: UnitKey, watch: Watch) -> None:
        watchers = self._who[watch]
        watchers.discard(key)
        if not watchers:
            del self._who[watch]
            self._of_kind[watch.what].discard(watch)
