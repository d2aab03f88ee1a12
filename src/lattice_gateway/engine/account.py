"""What the account's services tell the translation: names that are taken, and by whom.

Ownership can change behind our back: the tags of all services are read again in bulk each minute. A change seen there
counts after the service itself was asked, as the index lags behind.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

import structlog

from lattice_gateway.core.lattice.keys import ServiceKey
from lattice_gateway.core.lattice.observed import ObservedService
from lattice_gateway.core.lattice.words import Arn, Tags
from lattice_gateway.core.translate.inputs import ServiceRecord
from lattice_gateway.engine.gate import Urgency
from lattice_gateway.engine.inbox import Inbox
from lattice_gateway.engine.ports import Clock, LatticeFailure
from lattice_gateway.engine.reads import ListTags
from lattice_gateway.engine.units import Units
from lattice_gateway.settings import Settings

EVERY = 60.0
log = structlog.get_logger(__name__)


class Account:
    """The services of the account, as the translation knows them."""

    def __init__(self, settings: Settings, units: Units, inbox: Inbox, clock: Clock) -> None:
        self._settings = settings
        self._units = units
        self._inbox = inbox
        self._clock = clock
        self._told: dict[str, ServiceRecord] = {}
        self._unread: set[str] = set()
        self._asked = asyncio.Event()
        self._listed_at = float("-inf")
        self._looked_at = clock.now()

    def unit_changed(self, key: ServiceKey) -> None:
        """A unit ran: its service is known better than by any listing."""
        self._tell(key.name, self._units.mirror.service(key))

    async def tell_all(self) -> None:
        """Tell every service that the last listing shows; raises ``LatticeFailure``."""
        listing, index = self._units.listings.services.last, self._units.listings.owned.last
        if listing is None or listing.begun <= self._listed_at:
            return
        owned: Mapping[Arn, Tags] = index.items if index else {}
        foreign = tuple(service.arn for service in listing.items.values() if service.arn not in owned)
        tags = {**owned, **await self._tags_of(foreign)}
        self._listed_at = listing.begun
        for name, service in listing.items.items():
            if self._units.mirror.service(ServiceKey(name)) is None:
                self._tell(name, replace(service, tags=tags.get(service.arn)))
        for name in self._told.keys() - listing.items.keys():
            if self._units.mirror.service(ServiceKey(name)) is None:
                self._tell(name, None)

    def wanted(self, name: str) -> None:
        """Somebody needs to know whose the service of that name is."""
        record = self._told.get(name)
        if record is not None and record.tags is None:
            self._unread.add(name)
            self._asked.set()

    async def run(self) -> None:
        """Look after ownership, as long as the process lives."""
        while True:
            self._asked.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(EVERY):
                    await self._asked.wait()
            try:
                await self._look()
            except LatticeFailure as failure:
                log.warning("ownership not read", error=str(failure))

    async def _look(self) -> None:
        for name in sorted(self._unread):
            await self._ask(name)
            self._unread.discard(name)
        if self._clock.now() - self._looked_at >= EVERY:
            self._looked_at = self._clock.now()
            await self.tell_all()
            await self._check_owners()

    async def _ask(self, name: str) -> None:
        record = self._told.get(name)
        if record is None or record.tags is not None:
            return
        known = replace(record, tags=await self._units.calls.read(ListTags(record.arn)))
        self._told[name] = known
        self._inbox.service(name, known)

    async def _check_owners(self) -> None:
        """Compare the tags of all our services with what we remember; without the tagging API the resync does that."""
        if not self._settings.tagging_api:
            return
        begun = self._clock.now()
        remembered = {service.arn: (key, service) for key, service in self._units.mirror.services()}
        seen = await self._units.listings.tags_of(tuple(remembered), Urgency.UPKEEP)
        for arn, (key, service) in remembered.items():
            if service.tags is not None and seen.get(arn, Tags()) != service.tags:
                await self._confirm(key, arn, begun)

    async def _confirm(self, key: ServiceKey, arn: Arn, begun: float) -> None:
        tags = await self._units.calls.read(ListTags(arn), Urgency.UPKEEP)
        memory = self._units.mirror.get(key)
        if memory is None or not isinstance(memory.observed, ObservedService) or memory.written_at > begun:
            return
        if memory.observed.tags != tags:
            self._units.mirror.noticed(key, replace(memory.observed, tags=tags), begun)
            self._tell(key.name, self._units.mirror.service(key))
            self._units.wake(key, Urgency.UPKEEP)

    async def _tags_of(self, arns: tuple[Arn, ...]) -> dict[Arn, Tags]:
        """Tags of services that are not ours; untagged ones are empty. Unread where there is no tagging API."""
        if not self._settings.tagging_api:
            return {}
        found = await self._units.listings.tags_of(arns, Urgency.CHANGE)
        return {arn: found.get(arn, Tags()) for arn in arns}

    def _tell(self, name: str, service: ObservedService | None) -> None:
        record = _record(service) if service else None
        if self._told.get(name) == record:
            return
        if record is None:
            self._told.pop(name, None)
        else:
            self._told[name] = record
        self._inbox.service(name, record)


def _record(service: ObservedService) -> ServiceRecord:
    return ServiceRecord(
        name=service.name,
        arn=service.arn,
        id=service.id,
        dns=service.dns_name,
        tags=service.tags,
        created_at=service.created_at,
    )
