"""Reading one unit from Lattice: shared listings tell what is there, single reads tell the rest.

What we know to have existed and no listing shows is asked for by its id: listings lag behind, and absence needs proof.
"""

from collections.abc import Awaitable
from dataclasses import replace
from typing import TypeVar

from lattice_gateway.core.lattice.keys import GroupKey, NetworkKey, ServiceKey
from lattice_gateway.core.lattice.observed import (
    NetworkView,
    ObservedAssociation,
    ObservedGroup,
    ObservedListener,
    ObservedNetwork,
    ObservedRule,
    ObservedService,
    ObservedTarget,
    ObservedVpcAssociation,
)
from lattice_gateway.core.lattice.outcome import ErrorKind
from lattice_gateway.core.lattice.units import TargetGroup
from lattice_gateway.core.lattice.words import Arn, ListenerProtocol, Status, Tags
from lattice_gateway.core.plan.ownership import is_ours
from lattice_gateway.engine.calls import Calls
from lattice_gateway.engine.candidates import GroupIndex, index_groups
from lattice_gateway.engine.gate import Urgency
from lattice_gateway.engine.ports import LatticeFailure
from lattice_gateway.engine.reads import (
    GetListener,
    GetRule,
    GetService,
    GetTargetGroup,
    ListAssociationsOfService,
    Listed,
    ListListeners,
    ListRules,
    ListTargets,
    ListVpcAssociationsOfNetwork,
    RuleSummary,
)
from lattice_gateway.engine.shared import NOW, Listings, Since, Snapshot
from lattice_gateway.settings import Settings

T = TypeVar("T")

FAILED = frozenset({Status.CREATE_FAILED, Status.DELETE_FAILED})


class Observer:
    """Reads units. Remembers details by version, so that a second reading asks only for what changed.

    That a version moves with each change was never tried on AWS; where it is not trusted, all is read each time.
    """

    def __init__(self, calls: Calls, listings: Listings, settings: Settings) -> None:
        self._calls = calls
        self._listings = listings
        self._owner = settings.owner
        self._trusts_versions = settings.trust_last_updated_at
        self._rules: dict[str, tuple[str, ObservedRule]] = {}
        self._details: dict[str, tuple[str, ObservedGroup]] = {}
        self._index: GroupIndex | None = None

    async def network(self, key: NetworkKey, since: Since) -> NetworkView:
        """The networks of that name (or id), and the association of our VPC, as listed at ``since`` or later."""
        listed = (await self._listings.networks.since(since.listed)).items
        associations = (await self._listings.vpc_associations.since(since.listed)).items
        association = await self._vpc_association(associations, since)
        named = [network for network in listed if key.name in {network.name, network.id}]
        candidates = [await self._network(network, since) for network in named]
        if (
            not candidates
            and association is not None
            and key.name in {association.network_name, association.network_id}
        ):
            candidates = [_unlisted(association)]
        return NetworkView(tuple(candidates), association)

    async def users(self, view: NetworkView, since: Since) -> NetworkView:
        """The same networks with who uses them counted one by one, in every status.

        The counts of a summary may be of ACTIVE ones only, and lag; who takes a network away must know whose each is.
        """
        counted = [await self._counted(network, view.vpc_association, since) for network in view.candidates]
        return replace(view, candidates=tuple(counted))

    async def _counted(
        self, network: ObservedNetwork, association: ObservedVpcAssociation | None, since: Since
    ) -> ObservedNetwork:
        linked = (await self._listings.associations(network.id).since(since.listed)).items
        owned = [await self._is_ours(each.association.arn, since) for each in linked]
        vpcs = await self._calls.pages(lambda after: ListVpcAssociationsOfNetwork(network.id, after), since.urgency)
        others = sum(each.vpc != self._owner.vpc for each in vpcs)
        here = association is not None and association.network_id == network.id
        return replace(network, services=len(linked), ours=sum(owned), vpcs=others + here)

    async def _is_ours(self, arn: Arn, since: Since) -> bool:
        """Whether an association is ours, or gone meanwhile: then it is nobody else's."""
        tags = await _unless_missing(self._tags(arn, since))
        return tags is None or is_ours(tags, self._owner)

    async def groups(
        self, unit: TargetGroup | GroupKey, before: tuple[ObservedGroup, ...], since: Since
    ) -> tuple[ObservedGroup, ...]:
        """Every group that may be the unit's: by the hash in its name, or ours with the tags that it would have.

        A unit of which only the key is known is found by the hash. ``before`` are those seen earlier.
        """
        index = self._group_index(await self._listings.groups.since(since.listed))
        candidates = index.candidates(unit, self._owner)
        missing = {group.id for group in before} - {each.group.id for each in candidates}
        found = [await self._group(each, since) for each in candidates]
        found += [await self._group_by_id(group, since) for group in sorted(missing)]
        return tuple(group for group in found if group is not None)

    async def service(self, key: ServiceKey, before: ObservedService | None, since: Since) -> ObservedService | None:
        """The service of that name in our account; None: there is none. What hangs on a foreign one is not read."""
        listed = (await self._listings.services.since(since.listed)).items.get(key.name)
        if listed is None and before is not None:
            listed = await _unless_missing(self._calls.read(GetService(before.id), since.urgency))
        if listed is None:
            return None
        return await _unless_missing(self._whole_service(listed, since))

    async def targets(self, group: str, urgency: Urgency) -> tuple[ObservedTarget, ...]:
        """The registered and draining targets of a group."""
        return await self._calls.pages(lambda after: ListTargets(group, after), urgency)

    async def associations(self, service: str, since: Since) -> tuple[ObservedAssociation, ...]:
        """The associations of one service with their tags."""
        linked = await self._calls.pages(lambda after: ListAssociationsOfService(service, after), since.urgency)
        return tuple([await self._tagged(each.association, since) for each in linked])

    async def owner_of(self, arn: Arn) -> Tags | None:
        """The tags of a resource from the resource itself; None where they may not be read, or it is gone."""
        return await self._readable_tags(arn, NOW)

    async def _network(self, network: ObservedNetwork, since: Since) -> ObservedNetwork:
        """A network with its tags; of another account's they are left unread."""
        if _account(network.arn) != self._owner.account:
            return network
        return replace(network, tags=await self._readable_tags(network.arn, since))

    async def _vpc_association(
        self, listed: tuple[ObservedVpcAssociation, ...], since: Since
    ) -> ObservedVpcAssociation | None:
        if not listed:
            return None
        association = listed[0]
        return replace(association, tags=await self._readable_tags(association.arn, since))

    def _group_index(self, listing: Snapshot[tuple[Listed, ...]]) -> GroupIndex:
        """The listing by what groups are looked up by, made once for each listing."""
        owned = self._listings.owned.last
        if self._index is None or self._index.listing is not listing or self._index.owned is not owned:
            self._index = index_groups(listing, owned)
        return self._index

    async def _group(self, listed: Listed, since: Since) -> ObservedGroup | None:
        """A listed group with all its parts; None: it is gone, and the listing is behind."""
        group = listed.group
        detail = await self._detail(listed, since)
        targets = await _unless_missing(self.targets(group.id, since.urgency))
        if detail is None or targets is None:
            self._details.pop(group.id, None)
            return None
        tags = await _unless_missing(self._tags(group.arn, since))
        return replace(
            group, version=detail.version, health=detail.health, failure=detail.failure, tags=tags, targets=targets
        )

    async def _detail(self, listed: Listed, since: Since) -> ObservedGroup | None:
        """Version and health check; None: the group is gone."""
        known = self._details.get(listed.group.id)
        if known is not None and self._is_current(known[0], listed.version):
            return known[1]
        detail = await _unless_missing(self._calls.read(GetTargetGroup(listed.group.id), since.urgency))
        if detail is not None:
            self._details[detail.id] = (listed.version, detail)
        return detail

    async def _group_by_id(self, group: str, since: Since) -> ObservedGroup | None:
        detail = await _unless_missing(self._calls.read(GetTargetGroup(group), since.urgency))
        if detail is None:
            self._details.pop(group, None)
            return None
        tags = await _unless_missing(self._tags(detail.arn, replace(NOW, urgency=since.urgency)))
        targets = await _unless_missing(self.targets(group, since.urgency))
        return replace(detail, tags=tags, targets=targets)

    async def _whole_service(self, listed_service: ObservedService, since: Since) -> ObservedService:
        service = replace(listed_service, tags=await self._tags(listed_service.arn, since))
        if not is_ours(service.tags, self._owner):
            return service
        associations = await self.associations(service.id, since)
        listed = await self._calls.pages(lambda after: ListListeners(service.id, after), since.urgency)
        listeners = [await self._listener(service.id, listener, since.urgency) for listener in listed]
        whole = replace(service, associations=associations, listeners=tuple(listeners))
        if service.status in FAILED or any(each.protocol is ListenerProtocol.HTTPS for each in listed):
            detail = await self._calls.read(GetService(service.id), since.urgency)
            whole = replace(whole, certificate=detail.certificate, failure=detail.failure)
        return whole

    async def _listener(self, service: str, listener: ObservedListener, urgency: Urgency) -> ObservedListener:
        if listener.protocol is ListenerProtocol.TLS_PASSTHROUGH:
            return replace(await self._calls.read(GetListener(service, listener.id), urgency), rules=())
        summaries = await self._calls.pages(lambda after: ListRules(service, listener.id, after), urgency)
        rules = [await self._rule(service, listener.id, summary, urgency) for summary in summaries]
        return replace(listener, rules=tuple(rules))

    async def _rule(self, service: str, listener: str, summary: RuleSummary, urgency: Urgency) -> ObservedRule:
        known = self._rules.get(summary.id)
        if known is not None and self._is_current(known[0], summary.version):
            return replace(known[1], name=summary.name, priority=summary.priority)
        rule = await self._calls.read(GetRule(service, listener, summary.id), urgency)
        self._rules[rule.id] = (summary.version, rule)
        return rule

    def _is_current(self, known: str, listed: str) -> bool:
        return self._trusts_versions and bool(listed) and known == listed

    async def _tagged(self, association: ObservedAssociation, since: Since) -> ObservedAssociation:
        return replace(association, tags=await self._readable_tags(association.arn, since))

    async def _readable_tags(self, arn: Arn, since: Since) -> Tags | None:
        """Tags; None where we may not read them, or where the resource is gone."""
        try:
            return await self._tags(arn, since)
        except LatticeFailure as failure:
            if failure.error.kind in {ErrorKind.DENIED, ErrorKind.NOT_FOUND}:
                return None
            raise

    async def _tags(self, arn: Arn, since: Since) -> Tags:
        return await self._listings.tags(arn, since)


async def _unless_missing(answer: Awaitable[T]) -> T | None:
    """The answer; None where the service says that there is no such thing."""
    try:
        return await answer
    except LatticeFailure as failure:
        if failure.error.kind is ErrorKind.NOT_FOUND:
            return None
        raise


def _account(arn: Arn) -> str:
    return arn.split(":")[4]


def _unlisted(association: ObservedVpcAssociation) -> ObservedNetwork:
    """A network that only the association of our VPC shows (shared with us, deploy.md §2.1)."""
    return ObservedNetwork(
        id=association.network_id,
        arn=association.network_arn,
        name=association.network_name,
        tags=None,
        services=0,
        vpcs=1,
    )
