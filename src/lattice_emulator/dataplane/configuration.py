"""Envoy's configuration as a value, and the order in which one is changed into another without a failed request.

Clusters come first and must be live before a route names them; routes come before the listeners that subscribe to
them; what is no longer named goes last (design/envoy.md §2). Rules never stand inside listeners: changing a listener
drains its connections, changing routes does not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Json: TypeAlias = Mapping[str, object]
Named: TypeAlias = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Configuration:
    """Envoy's resources by their names; ``subscriptions`` are the names of routes by listener."""

    clusters: Named = field(default_factory=dict)
    routes: Named = field(default_factory=dict)
    listeners: Named = field(default_factory=dict)
    subscriptions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PutClusters:
    """Replace the file of clusters and wait until they are live."""

    clusters: Named


@dataclass(frozen=True, slots=True)
class PutRoutes:
    """Replace the routes ``name``, which listeners are subscribed to, and wait until they are live."""

    name: str
    routes: Json


@dataclass(frozen=True, slots=True)
class StageRoutes:
    """Write the routes ``name`` for listeners to come; nothing to wait for."""

    name: str
    routes: Json


@dataclass(frozen=True, slots=True)
class PutListeners:
    """Replace the file of listeners and wait until they are live, their routes included."""

    listeners: Named


@dataclass(frozen=True, slots=True)
class DropClusters:
    """As `PutClusters`, leaving out what no route names any more; only after all before it was accepted."""

    clusters: Named


@dataclass(frozen=True, slots=True)
class DropRoutes:
    """Remove a file that no listener subscribes to any more."""

    name: str


Step: TypeAlias = PutClusters | PutRoutes | StageRoutes | PutListeners | DropClusters | DropRoutes


def steps(live: Configuration, wanted: Configuration) -> tuple[Step, ...]:
    """The writes that change ``live`` into ``wanted``, in order; empty when they are equal."""
    return (
        *_first_clusters(live.clusters, wanted.clusters),
        *_routes(live, wanted),
        *([PutListeners(wanted.listeners)] if live.listeners != wanted.listeners else []),
        *(DropRoutes(name) for name in sorted(live.routes.keys() - wanted.routes.keys())),
        *([DropClusters(wanted.clusters)] if live.clusters.keys() - wanted.clusters.keys() else []),
    )


def _first_clusters(live: Named, wanted: Named) -> tuple[Step, ...]:
    both = {**live, **wanted}
    return (PutClusters(both),) if both != live else ()


def _routes(live: Configuration, wanted: Configuration) -> tuple[Step, ...]:
    subscribed = set(live.subscriptions.values())
    return tuple(
        PutRoutes(name, routes) if name in subscribed else StageRoutes(name, routes)
        for name, routes in sorted(wanted.routes.items())
        if live.routes.get(name) != routes
    )
