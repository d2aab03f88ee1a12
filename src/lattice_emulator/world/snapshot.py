"""The state as JSON-able data, and back (times, pending steps, tokens and targets included)."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

import msgspec

from lattice_emulator.world import model as m
from lattice_emulator.world.state import (
    Appointment,
    Counters,
    Due,
    ForcedFailure,
    State,
    StoredAnswer,
    TagVersion,
    TokenKey,
    Tombstone,
    groups_of,
)

FORMAT = 1


@dataclass(frozen=True, slots=True)
class SavedTargets:
    """The targets of one group, in the order of registration."""

    group_id: str
    targets: tuple[m.Target, ...]


@dataclass(frozen=True, slots=True)
class SavedTombstone:
    """A deleted resource that lagging lists may still show."""

    at: float
    kind: str
    resource: dict[str, Any]
    tags: dict[str, str] | None


@dataclass(frozen=True, slots=True)
class SavedAnswer:
    """A stored answer with its key."""

    key: TokenKey
    stored: StoredAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A whole state; ``format`` tells versions of this layout apart."""

    format: int
    counters: Counters
    services: tuple[m.Service, ...]
    listeners: tuple[m.Listener, ...]
    rules: tuple[m.Rule, ...]
    target_groups: tuple[m.TargetGroup, ...]
    networks: tuple[m.ServiceNetwork, ...]
    service_associations: tuple[m.ServiceAssociation, ...]
    vpc_associations: tuple[m.VpcAssociation, ...]
    access_logs: tuple[m.AccessLogSubscription, ...]
    targets: tuple[SavedTargets, ...]
    tags: dict[str, tuple[TagVersion, ...]]
    auth_policies: dict[str, m.AuthPolicy]
    certificates: dict[str, m.Certificate]
    pending: dict[str, Due]
    answers: tuple[SavedAnswer, ...]
    shares: dict[str, tuple[str, ...]]
    tombstones: tuple[SavedTombstone, ...]
    forced: tuple[ForcedFailure, ...]
    listing_lag: float


TABLES = (
    "services",
    "listeners",
    "rules",
    "target_groups",
    "networks",
    "service_associations",
    "vpc_associations",
    "access_logs",
)
TYPES: Mapping[str, type[m.Resource]] = {
    kind.__name__: kind
    for kind in (
        m.Service,
        m.Listener,
        m.Rule,
        m.TargetGroup,
        m.ServiceNetwork,
        m.ServiceAssociation,
        m.VpcAssociation,
        m.AccessLogSubscription,
    )
}
KEPT = ("counters", "tags", "auth_policies", "certificates", "pending", "forced", "listing_lag")


def dump(state: State) -> dict[str, Any]:
    """The state as data that JSON can hold."""
    tables: dict[str, Any] = {name: tuple(getattr(state, name)) for name in TABLES}
    kept: dict[str, Any] = {name: getattr(state, name) for name in KEPT}
    saved = Saved(
        format=FORMAT,
        targets=tuple(SavedTargets(group, tuple(held.values())) for group, held in state.targets.items()),
        answers=tuple(SavedAnswer(key, stored) for key, stored in state.answers.items()),
        shares={ident: tuple(sorted(accounts)) for ident, accounts in state.shares.items()},
        tombstones=tuple(
            SavedTombstone(t.at, type(t.resource).__name__, msgspec.to_builtins(t.resource), t.tags)
            for t in state.tombstones
        ),
        **tables,
        **kept,
    )
    built: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(saved))
    return built


def load(data: Mapping[str, Any]) -> State:
    """The state that `dump` made ``data`` of; raises ValueError with what was found and expected."""
    if data.get("format") != FORMAT:
        raise ValueError(f"format: found {data.get('format')!r}, expected {FORMAT}")
    try:
        saved = msgspec.convert(dict(data), Saved)
    except msgspec.ValidationError as error:
        raise ValueError(f"saved state: {error}") from error
    unknown = [t.kind for t in saved.tombstones if t.kind not in TYPES]
    if unknown:
        raise ValueError(f"tombstones.kind: found {unknown[0]!r}, expected one of {', '.join(TYPES)}")
    state = State(counters=saved.counters)
    for name in TABLES:
        for row in getattr(saved, name):
            getattr(state, name).put(row)
    _restore(state, saved)
    _check_references(state)
    _renew_agenda(state)
    return state


def _restore(state: State, saved: Saved) -> None:
    """Put back what is kept beside the tables."""
    for name in KEPT:
        setattr(state, name, getattr(saved, name))
    state.targets = {each.group_id: {t.key: t for t in each.targets} for each in saved.targets}
    state.answers = {each.key: each.stored for each in saved.answers}
    state.shares = {ident: frozenset(accounts) for ident, accounts in saved.shares.items()}
    state.tombstones = [Tombstone(t.at, msgspec.convert(t.resource, TYPES[t.kind]), t.tags) for t in saved.tombstones]


def _check_references(state: State) -> None:
    """Raise ValueError when something names what is not there, as in a file that was edited by hand."""
    for row in chain(*(getattr(state, name) for name in TABLES)):
        for needed in _needed(row):
            if state.find(needed) is None:
                raise ValueError(f"{row.id}: found a reference to {needed}, expected one to a resource that is there")
    held = chain(state.pending, state.tags, state.auth_policies, state.shares, state.targets)
    unknown = [ident for ident in held if state.find(ident) is None]
    if unknown:
        raise ValueError(f"found {unknown[0]}, expected the id of a resource that is there")
    for group in state.target_groups:
        state.targets.setdefault(group.id, {})


def _needed(row: m.Resource) -> tuple[str, ...]:
    """The ids that a resource cannot be without."""
    match row:
        case m.Listener():
            return (row.service_id, row.default_rule_id)
        case m.Rule():
            return (row.service_id, row.listener_id, *groups_of(row.action))
        case m.ServiceAssociation():
            return (row.service_id, row.network_id)
        case m.VpcAssociation():
            return (row.network_id,)
        case m.AccessLogSubscription():
            return (row.resource_id,)
        case m.Service() | m.TargetGroup() | m.ServiceNetwork():
            return ()


def _renew_agenda(state: State) -> None:
    for ident, due in state.pending.items():
        state.agenda.add(Appointment(due.at, ident))
    for group_id, held in state.targets.items():
        for key, target in held.items():
            if target.drain_until is not None:
                state.agenda.add(Appointment(target.drain_until, group_id, key))
