"""One look at a source and at Lattice: everything that ``plan``, ``describe`` and ``sweep`` show. It writes nothing."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any, assert_never

import msgspec

from lattice_gateway.adapters.aws.client import connect
from lattice_gateway.adapters.files import StateError, moment, read_once, read_state
from lattice_gateway.adapters.kube import NotConfigured
from lattice_gateway.adapters.kube.client import open_client, read_config
from lattice_gateway.adapters.kube.inheritance import inheritance_of
from lattice_gateway.adapters.kube.reading import Seen
from lattice_gateway.adapters.kube.records import records_of
from lattice_gateway.cli.deployed import contradictions, deployed, merged
from lattice_gateway.cli.exits import CommandError
from lattice_gateway.cli.glance import Glance, glance
from lattice_gateway.cli.sight import ALL, Sight, homes, namespaces_of
from lattice_gateway.cli.where import InCluster, Place, Where
from lattice_gateway.core.lattice.keys import NetworkKey, UnitKey
from lattice_gateway.core.lattice.observed import NetworkView, Observed, ObservedService
from lattice_gateway.core.lattice.units import Absent, Desired
from lattice_gateway.core.lattice.words import Arn, Owner
from lattice_gateway.core.objects import HTTPRoute, Ref
from lattice_gateway.core.objects.finalizers import is_leaving
from lattice_gateway.core.plan.sweep import Account, Orphan, orphans
from lattice_gateway.core.translate.topology import Topology
from lattice_gateway.engine.clock import SystemClock
from lattice_gateway.engine.feed import Recorded, Snapshot, Undecodable
from lattice_gateway.engine.ledger import absence
from lattice_gateway.engine.ports import LatticeFailure
from lattice_gateway.engine.recollect import recollect
from lattice_gateway.engine.survey import Survey
from lattice_gateway.engine.sweeping import origins_not_built
from lattice_gateway.engine.translation import News, Translation, Unreadable
from lattice_gateway.settings import Settings, read_settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A source, read once.

    ``recorded`` None: there is no state directory, so nothing can be said of objects that vanished.
    ``statuses`` are those of routes, empty for a directory, whose state directory knows more. ``contradictions``: how
    our identity differs from that of the cluster's controller.
    """

    settings: Settings
    snapshot: Snapshot
    recorded: Recorded | None
    sight: Sight = ALL
    statuses: Mapping[Ref, Mapping[str, Any]] = field(default_factory=dict)
    contradictions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was seen.

    ``desired`` holds the wanted units and those that are to go because a record says so; ``homes`` the objects that
    each is made for. ``observed`` tells of the units that are shown, and of all networks.
    """

    read: Read
    topology: Topology
    desired: Mapping[UnitKey, Desired]
    homes: Mapping[UnitKey, frozenset[Ref]]
    observed: Mapping[UnitKey, Observed]
    account: Account

    @property
    def orphans(self) -> tuple[Orphan, ...]:
        """What is ours in Lattice and neither recorded nor wanted; nothing where that cannot be known."""
        if self.read.recorded is None or not self.read.sight.everything_owned:
            return ()
        recorded = {record.arn for record in self.read.recorded.units.values() if record.arn}
        known = frozenset(recorded | set(_arns(self.observed)))
        found = orphans(self.account, self.read.settings.owner, known)
        foreign = origins_not_built(_refs(self.read.snapshot))
        return tuple(each for each in found if self.read.sight.shows([_namespace(each)]) and each.origin not in foreign)

    def shows(self, key: UnitKey) -> bool:
        """Whether a unit belongs to what is shown."""
        return self.read.sight.shows(namespaces_of(key, self.homes.get(key, frozenset())))


async def look(place: Place) -> Look:
    """Reads the source, then the account; raises ``CommandError`` or ``SettingsError`` where one cannot be read."""
    read = await _read(place)
    async with _survey(read.settings) as survey:
        translation = Translation(read.settings)
        news = News(
            puts=read.snapshot.objects,
            unreadable=tuple(Unreadable(one.ref, str(one.problem)) for one in read.snapshot.undecodable),
            services=await survey.records(),
            accepted=_accepted(read.recorded),
            inherited=read.snapshot.inherited,
        )
        translation.apply(recollect(news, read.statuses.get))
        wanted, topology = translation.desired(), translation.topology()
        desired = {**_going(read.recorded, read.snapshot, wanted), **wanted}
        made_for = homes(topology, desired)
        shown = [
            unit
            for key, unit in desired.items()
            if isinstance(key, NetworkKey) or read.sight.shows(namespaces_of(key, made_for.get(key, frozenset())))
        ]
        return Look(
            read=read,
            topology=topology,
            desired={unit.key: unit for unit in shown},
            homes=made_for,
            observed=await survey.observed(shown),
            account=await survey.account(),
        )


async def _read(place: Place) -> Read:
    match place:
        case Where():
            return _read_directory(place)
        case InCluster():
            return await _read_cluster(place)
        case _:
            assert_never(place)


def _read_directory(where: Where) -> Read:
    recorded = _recorded(where)
    snapshot = read_once(where.source, recorded, moment(SystemClock()))
    if not snapshot.complete:
        problems = "; ".join(str(problem) for problem in snapshot.problems)
        raise CommandError(problems or f"{where.source} cannot be read")
    return Read(settings=where.settings, snapshot=snapshot, recorded=recorded)


async def _read_cluster(place: InCluster) -> Read:
    try:
        config = read_config(place.kubeconfig, place.context)
        namespace = place.namespace or config.namespace
        async with open_client(config) as api:
            found = await glance(api, namespace)
            below = await deployed(api, namespace)
    except NotConfigured as error:
        raise CommandError(f"no cluster: {error}") from error
    settings = read_settings(merged(place.environment, place.flags, below.variables), place.flags)
    shown = None if place.everywhere else namespace
    return Read(
        settings=settings,
        snapshot=_snapshot(found, shown),
        recorded=_told_by(found.seen, settings.owner),
        sight=Sight(
            namespace=shown,
            hidden=found.hidden,
            settings=below.unknown,
            enforced=settings.enforce_reference_grants,
            remembers=False,
        ),
        statuses=_statuses(found.seen),
        contradictions=contradictions(settings.owner, below.variables),
    )


def _statuses(seen: Iterable[Seen]) -> dict[Ref, Mapping[str, Any]]:
    found = {each.ref: msgspec.json.decode(each.status) for each in seen if each.status}
    return {ref: status for ref, status in found.items() if isinstance(status, Mapping)}


def _snapshot(found: Glance, shown: str | None) -> Snapshot:
    """What was seen as the engine takes it; problems of namespaces that are not shown are nobody's business here."""
    undecodable = [
        Undecodable(seen.ref, seen.problem) for seen in found.seen if seen.thing is None and seen.problem is not None
    ]
    return Snapshot(
        objects=tuple(seen.thing for seen in found.seen if seen.thing is not None),
        undecodable=tuple(undecodable),
        problems=tuple(one.problem for one in undecodable if shown is None or one.ref.namespace in {"", shown}),
        complete=True,
        inherited={seen.ref: fact for seen in found.seen if (fact := inheritance_of(seen)) is not None},
    )


def _told_by(seen: Iterable[Seen], owner: Owner) -> Recorded:
    """What the objects themselves record; what the controller remembers beyond that is in its memory alone."""
    records = (record for each in seen for record in records_of(each.ref, each.metadata, owner))
    return Recorded(units={record.key: record for record in records})


@asynccontextmanager
async def _survey(settings: Settings) -> AsyncIterator[Survey]:
    try:
        async with connect(settings) as lattice:
            yield Survey(settings, lattice, SystemClock(), Random())  # noqa: S311 - jitter, not secrets
    except LatticeFailure as failure:
        raise CommandError(f"VPC Lattice at {settings.endpoint or 'AWS'}: {failure}") from failure


def _recorded(where: Where) -> Recorded | None:
    if where.state_dir is None:
        return None
    try:
        return read_state(where.state_dir)
    except StateError as error:
        raise CommandError(str(error)) from error


def _accepted(recorded: Recorded | None) -> tuple[HTTPRoute, ...]:
    found = recorded.accepted.values() if recorded else ()
    return tuple(each for each in found if isinstance(each, HTTPRoute))


def _going(recorded: Recorded | None, snapshot: Snapshot, wanted: Mapping[UnitKey, Desired]) -> dict[UnitKey, Absent]:
    """Units that a record names, whose object is gone and that nobody wants any more."""
    if recorded is None:
        return {}
    live = {thing.ref for thing in snapshot.objects if not is_leaving(thing)}
    live |= {one.ref for one in snapshot.undecodable}
    return {
        key: absence(record) for key, record in recorded.units.items() if key not in wanted and record.owner not in live
    }


def _arns(observed: Mapping[UnitKey, Observed]) -> Iterator[Arn]:
    """ARNs of everything that stands where a unit should stand."""
    for seen in observed.values():
        match seen:
            case ObservedService(arn=arn):
                yield arn
            case NetworkView(candidates=candidates, vpc_association=association):
                yield from (each.arn for each in candidates)
                if association is not None:
                    yield association.arn
            case tuple():
                yield from (group.arn for group in seen)
            case None:
                pass


def _refs(snapshot: Snapshot) -> Iterator[Ref]:
    """Every object that is there, readable or not."""
    yield from (thing.ref for thing in snapshot.objects)
    yield from (one.ref for one in snapshot.undecodable)


def _namespace(orphan: Orphan) -> str:
    """The namespace of the object that an orphan was made for; its origin reads ``route namespace/name``."""
    return orphan.origin.partition(" ")[2].partition("/")[0]
