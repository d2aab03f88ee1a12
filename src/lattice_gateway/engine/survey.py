"""One look at Lattice for the commands that only read: whose services there are, and what stands where units should.

It performs no operation; its calls go through the same pacing and the same observer as the controller's.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from random import Random

from prometheus_client import CollectorRegistry

from lattice_gateway.core.lattice.keys import GroupKey, NetworkKey, ServiceKey, UnitKey
from lattice_gateway.core.lattice.observed import Observed, ObservedService
from lattice_gateway.core.lattice.units import Absent, Desired, TargetGroup
from lattice_gateway.core.lattice.words import Arn, Tags
from lattice_gateway.core.plan.sweep import Account
from lattice_gateway.core.translate.inputs import ServiceRecord
from lattice_gateway.engine.calls import Calls
from lattice_gateway.engine.gate import Urgency
from lattice_gateway.engine.metrics import Metrics
from lattice_gateway.engine.observe import Observer
from lattice_gateway.engine.ports import Clock, Lattice
from lattice_gateway.engine.shared import Listings, Since
from lattice_gateway.settings import Settings


class Survey:
    """Reads an account at one moment. Every method raises ``LatticeFailure`` when it cannot."""

    def __init__(self, settings: Settings, lattice: Lattice, clock: Clock, random: Random) -> None:
        self._settings = settings
        self._calls = Calls(lattice, clock, random, Metrics(CollectorRegistry()))
        self._listings = Listings(self._calls, settings, clock)
        self._observer = Observer(self._calls, self._listings, settings)
        self._since = clock.now()

    async def records(self) -> dict[str, ServiceRecord]:
        """Every service of the account with its tags; unread tags (None) where there is no tagging API."""
        listed = (await self._listings.services.since(self._since)).items
        owned = (await self._listings.owned.since(self._since)).items
        foreign = tuple(service.arn for service in listed.values() if service.arn not in owned)
        others = await self._tags_of(foreign)
        return {name: _record(one, owned.get(one.arn, others.get(one.arn))) for name, one in listed.items()}

    async def observed(self, units: Iterable[Desired]) -> dict[UnitKey, Observed]:
        """What stands where each unit should stand; keys without anything are left out."""
        wanted = tuple(units)
        await self.account()
        found = await asyncio.gather(*(self._one(unit) for unit in wanted))
        return {unit.key: seen for unit, seen in zip(wanted, found, strict=True) if seen not in {None, ()}}

    async def account(self) -> Account:
        """Everything that the listings show, with the tags of what is ours; of the rest they are left unread."""
        since = self._since
        tags = (await self._listings.owned.since(since)).items
        services = (await self._listings.services.since(since)).items.values()
        groups = (await self._listings.groups.since(since)).items
        networks = (await self._listings.networks.since(since)).items
        vpcs = (await self._listings.vpc_associations.since(since)).items
        return Account(
            services=tuple(replace(one, tags=tags.get(one.arn)) for one in services),
            networks=tuple(replace(one, tags=tags.get(one.arn)) for one in networks),
            vpc_associations=tuple(replace(one, tags=tags.get(one.arn)) for one in vpcs),
            groups=tuple(replace(one.group, tags=tags.get(one.group.arn)) for one in groups),
        )

    async def _one(self, unit: Desired) -> Observed:
        since = Since(self._since, self._since)
        match unit.key:
            case NetworkKey() as key:
                view = await self._observer.network(key, since)
                return await self._observer.users(view, since) if isinstance(unit, Absent) else view
            case GroupKey() as key:
                return await self._observer.groups(unit if isinstance(unit, TargetGroup) else key, (), since)
            case ServiceKey() as key:
                return await self._observer.service(key, None, since)

    async def _tags_of(self, arns: tuple[Arn, ...]) -> dict[Arn, Tags]:
        if not self._settings.tagging_api:
            return {}
        found = await self._listings.tags_of(arns, Urgency.CHANGE)
        return {arn: found.get(arn, Tags()) for arn in arns}


def _record(service: ObservedService, tags: Tags | None) -> ServiceRecord:
    return ServiceRecord(
        name=service.name,
        arn=service.arn,
        id=service.id,
        dns=service.dns_name,
        tags=tags,
        created_at=service.created_at,
    )
