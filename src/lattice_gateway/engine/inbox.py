"""News that wait to be translated: collected while a translation runs, taken all at once."""

import asyncio
from collections.abc import Iterable

from lattice_gateway.core.lattice.keys import UnitKey
from lattice_gateway.core.lattice.outcome import Outcome
from lattice_gateway.core.objects import HTTPRoute, Kind, Object, Ref
from lattice_gateway.core.translate.inputs import Inheritance, ParentOfRoute, ServiceRecord
from lattice_gateway.engine.feed import Batch
from lattice_gateway.engine.translation import News, Unreadable


class Inbox:
    """The latest of each thing; closed until the source was read as a whole, as before that absence proves nothing."""

    def __init__(self) -> None:
        self._objects: dict[Ref, Object | Unreadable | None] = {}
        self._services: dict[str, ServiceRecord | None] = {}
        self._outcomes: dict[UnitKey, Outcome | None] = {}
        self._accepted: list[HTTPRoute] = []
        self._expired: dict[ParentOfRoute, None] = {}
        self._forbidden: frozenset[Kind] = frozenset()
        self._inherited: dict[Ref, Inheritance | None] = {}
        self._news = asyncio.Event()
        self.open = False

    @property
    def empty(self) -> bool:
        """Whether there is nothing to translate."""
        return not self._news.is_set()

    def batch(self, batch: Batch) -> None:
        """What a source tells."""
        for thing in batch.puts:
            self._objects[thing.ref] = thing
        for one in batch.undecodable:
            self._objects[one.ref] = Unreadable(one.ref, str(one.problem), one.leaving)
        for ref in batch.gone:
            self._objects[ref] = None
            self._inherited.pop(ref, None)
        self._inherited.update(batch.inherited)
        self._forbidden = batch.forbidden
        self.open = self.open or batch.complete
        self._ring()

    def service(self, name: str, record: ServiceRecord | None) -> None:
        """A Lattice service of the account, as it was seen; None: it is gone."""
        self._services[name] = record
        self._ring()

    def outcome(self, key: UnitKey, outcome: Outcome | None) -> None:
        """What became of a unit; None: it is gone."""
        self._outcomes[key] = outcome
        self._ring()

    def accepted(self, routes: Iterable[HTTPRoute]) -> None:
        """Forms of routes that an earlier process translated whole."""
        self._accepted.extend(routes)

    def expired(self, parent: ParentOfRoute) -> None:
        """A parent was gone for too long."""
        self._expired[parent] = None
        self._ring()

    async def rung(self) -> None:
        """Return when there is something to translate."""
        await self._news.wait()

    def take(self) -> News:
        """Everything that came since the last time."""
        self._news.clear()
        objects, self._objects = self._objects, {}
        services, self._services = self._services, {}
        outcomes, self._outcomes = self._outcomes, {}
        accepted, self._accepted = self._accepted, []
        expired, self._expired = self._expired, {}
        inherited, self._inherited = self._inherited, {}
        return News(
            puts=tuple(each for each in objects.values() if each is not None and not isinstance(each, Unreadable)),
            gone=tuple(ref for ref, each in objects.items() if each is None),
            unreadable=tuple(each for each in objects.values() if isinstance(each, Unreadable)),
            services=services,
            outcomes=outcomes,
            accepted=tuple(accepted),
            expired=tuple(expired),
            forbidden=self._forbidden,
            inherited=inherited,
        )

    def _ring(self) -> None:
        if self.open:
            self._news.set()
