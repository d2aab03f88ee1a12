"""Listings of the whole account that many units look at: read once for all who ask at the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from lattice_gateway.core.lattice.observed import ObservedNetwork, ObservedService, ObservedVpcAssociation
from lattice_gateway.core.lattice.words import Arn, Tag, Tags
from lattice_gateway.engine.calls import Calls
from lattice_gateway.engine.gate import Urgency
from lattice_gateway.engine.ports import Clock
from lattice_gateway.engine.reads import (
    ARNS_PER_CALL,
    FindTagged,
    Linked,
    ListAssociationsOfNetwork,
    Listed,
    ListServiceNetworks,
    ListServices,
    ListTags,
    ListTargetGroups,
    ListVpcAssociations,
    Page,
    Read,
    TagsOf,
)
from lattice_gateway.settings import Settings

T = TypeVar("T")

PAGE = 100

TAGS_FRESH = 300.0
"""Seconds that tags may be old when a unit is read: drift of tags is found at most so much later."""


@dataclass(frozen=True, slots=True)
class Since:
    """How old what is read may be: the moments after which listings were begun and tags were read; and how urgent."""

    listed: float
    tags: float
    urgency: Urgency = Urgency.CHANGE


NOW = Since(float("inf"), float("inf"))
"""Nothing remembered will do."""


@dataclass(frozen=True, slots=True)
class Snapshot(Generic[T]):
    """A listing that was begun at ``begun``: what was there by then is in it, what came later may be."""

    begun: float
    items: T


class Shared(Generic[T]):
    """One listing, remembered. Whoever finds it too old reads it again; those who come meanwhile wait for that."""

    def __init__(self, clock: Clock, fetch: Callable[[], Awaitable[T]]) -> None:
        self._clock = clock
        self._fetch = fetch
        self._lock = asyncio.Lock()
        self.last: Snapshot[T] | None = None

    async def since(self, moment: float) -> Snapshot[T]:
        """The listing as it was begun at ``moment`` or later."""
        if self.last is not None and self.last.begun >= moment:
            return self.last
        async with self._lock:
            if self.last is not None and self.last.begun >= moment:
                return self.last
            begun = self._clock.now()
            self.last = Snapshot(begun, await self._fetch())
            return self.last


class Listings:
    """All shared listings of the account and its VPC.

    Services are those of our own account: what is shared with us can carry the same names (deploy.md D2.2).
    """

    def __init__(self, calls: Calls, settings: Settings, clock: Clock) -> None:
        self._calls = calls
        self._settings = settings
        self._clock = clock
        vpc = settings.owner.vpc
        self.services: Shared[Mapping[str, ObservedService]] = Shared(clock, self._services)
        self.groups: Shared[tuple[Listed, ...]] = Shared(
            clock, lambda: self._pages(lambda after: ListTargetGroups(vpc, after))
        )
        self.networks: Shared[tuple[ObservedNetwork, ...]] = Shared(clock, lambda: self._pages(ListServiceNetworks))
        self.vpc_associations: Shared[tuple[ObservedVpcAssociation, ...]] = Shared(
            clock, lambda: self._pages(lambda after: ListVpcAssociations(vpc, after))
        )
        self.owned: Shared[Mapping[Arn, Tags]] = Shared(clock, self._owned)
        self._of_network: dict[str, Shared[tuple[Linked, ...]]] = {}

    def associations(self, network: str) -> Shared[tuple[Linked, ...]]:
        """Associations of all services with the network of that id."""
        shared = self._of_network.get(network)
        if shared is None:
            shared = self._of_network[network] = Shared(
                self._clock, lambda: self._pages(lambda after: ListAssociationsOfNetwork(network, after))
            )
        return shared

    async def tags(self, arn: Arn, since: Since) -> Tags:
        """Tags of a resource: from the index of what is ours if that was read since, else from the resource itself.

        An index that is old is read anew as a whole: a page of it costs what the tags of one resource cost.
        """
        index = self.owned.last
        if (
            self._settings.tagging_api
            and index is not None
            and index.begun < self._clock.now() - TAGS_FRESH >= since.tags
        ):
            index = await self.owned.since(self._clock.now() - TAGS_FRESH)
        if index is not None and index.begun >= since.tags and arn in index.items:
            return index.items[arn]
        return await self._calls.read(ListTags(arn), since.urgency)

    async def tags_of(self, arns: tuple[Arn, ...], urgency: Urgency) -> dict[Arn, Tags]:
        """Tags of many resources from the tagging API; those it does not know are left out."""
        found: dict[Arn, Tags] = {}
        for start in range(0, len(arns), ARNS_PER_CALL):
            page = await self._calls.read(TagsOf(arns[start : start + ARNS_PER_CALL]), urgency)
            found.update((tagged.arn, tagged.tags) for tagged in page.items)
        return found

    async def _services(self) -> Mapping[str, ObservedService]:
        listed = await self._pages(ListServices)
        return {service.name: service for service in listed if self._is_our_account(service.arn)}

    async def _owned(self) -> Mapping[Arn, Tags]:
        """Everything with our ManagedBy; nothing where the tagging API is switched off."""
        if not self._settings.tagging_api:
            return {}
        owner = str(self._settings.owner)
        tagged = await self._pages(lambda after: FindTagged(Tag.MANAGED_BY, owner, after))
        return {each.arn: each.tags for each in tagged}

    async def _pages(self, page: Callable[[str | None], Read[Page[T]]]) -> tuple[T, ...]:
        """Among those who wait for a listing may be pods that move: its pages do not stand in line."""
        return await self._calls.pages(page, Urgency.TARGETS)

    def _is_our_account(self, arn: Arn) -> bool:
        return arn.split(":")[4] == self._settings.owner.account


def pages_of(number: int) -> int:
    """Calls that a listing of so many items takes."""
    return max(1, -(-number // PAGE))
