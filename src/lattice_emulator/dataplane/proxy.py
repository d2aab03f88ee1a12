"""Runs one Envoy and makes it serve a `Configuration`: files, order of change, proof that each change is live."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias, assert_never

import structlog

from lattice_emulator.dataplane.admin import UNREACHABLE, Admin
from lattice_emulator.dataplane.bootstrap import bootstrap
from lattice_emulator.dataplane.configuration import (
    Configuration,
    DropClusters,
    DropRoutes,
    Json,
    PutClusters,
    PutListeners,
    PutRoutes,
    StageRoutes,
    Step,
    steps,
)
from lattice_emulator.dataplane.files import Files, write_json, write_resources
from lattice_emulator.dataplane.process import Process
from lattice_emulator.dataplane.workplace import workplace

_log = structlog.get_logger(__name__)
_POLL = 0.002
_LOOK_FOR_REFUSALS = 0.5  # seconds until a change that is not live yet is looked for among the refused ones
_LIVE_WITHIN = 15.0
_CDS = "cluster_manager.cds"
_LDS = "listener_manager.lds"


@dataclass(frozen=True, slots=True)
class Live:
    """All of it serves; ``version`` counts the writes so far."""

    version: int


@dataclass(frozen=True, slots=True)
class Refused:
    """Envoy did not take these files, which is a bug of ours or a machine without room; the rest serves."""

    version: int
    files: tuple[str, ...]


Applied: TypeAlias = Live | Refused


class Proxy:
    """One Envoy with its files in a temporary directory, from `start` to `stop`."""

    def __init__(self, binary: str) -> None:
        self._workplace = workplace()
        self._files = files = Files(self._workplace.root)
        self._admin = Admin(files.admin)
        self.process = Process(binary, files, self._admin)
        self._live = Configuration()
        self._version = 0
        self._refusals = _Refusals()

    @property
    def routes_directory(self) -> str:
        """Where the files of routes are, for listeners to name."""
        return str(self._files.routes_directory)

    async def start(self) -> None:
        """Start Envoy, with nothing to serve yet; raises `EnvoyStartError`."""
        self._files.make_directories()
        write_json(self._files.bootstrap, bootstrap(self._files))
        self._write(self._files.clusters, ())
        self._write(self._files.listeners, ())
        await self.process.start()

    async def stop(self) -> None:
        """End Envoy and remove its files."""
        try:
            await self.process.stop()
            await self._admin.close()
        finally:
            self._workplace.leave()

    async def apply(self, wanted: Configuration) -> Applied:
        """Change what is served to ``wanted``, step by step; calls must not overlap.

        What was refused is tried again by the next call; what it would replace stays.
        """
        refused: list[str] = []
        for step in steps(self._live, wanted):
            if refused and isinstance(step, DropClusters | DropRoutes):
                continue  # refused routes leave old ones in place, which still name what would go
            if await self._tried(step):
                self._live = _after(self._live, step, wanted)
            else:
                refused.append(_file_of(step))
        if refused:
            words = self.process.last_words()
            _log.error("envoy did not take its configuration", files=refused, last_words=words)
            return Refused(self._version, tuple(refused))
        return Live(self._version)

    async def _tried(self, step: Step) -> bool:
        """As `_take`; a file that cannot be written (a full disk) counts as not taken."""
        try:
            return await self._take(step)
        except OSError as error:
            _log.error("envoy's files cannot be written", file=_file_of(step), error=error.strerror)
            return False

    async def _take(self, step: Step) -> bool:
        """Carry out one step; False when Envoy refused it."""
        match step:
            case PutClusters(clusters) | DropClusters(clusters):
                return await self._put(self._files.clusters, tuple(clusters.values()), _CDS)
            case PutListeners(listeners):
                return await self._put(self._files.listeners, tuple(listeners.values()), _LDS)
            case PutRoutes(name, routes):
                return await self._put_routes(name, routes)
            case StageRoutes(name, routes):
                self._write(self._files.routes(name), (routes,))
                return True
            case DropRoutes(name):
                self._files.routes(name).unlink(missing_ok=True)
                return True
            case _:
                assert_never(step)

    async def _put_routes(self, name: str, routes: Json) -> bool:
        """As `_put`; refused routes give way to the last good ones, which a restart would need."""
        file = self._files.routes(name)
        taken = await self._put(file, (routes,), f"http.{name}.rds.{name}")
        if not taken:
            self._write(file, (self._live.routes[name],))
        return taken

    async def _put(self, file: Path, resources: tuple[Json, ...], stat: str) -> bool:
        """Write a watched file and wait until it is live; False when refused, or not live in time."""
        version = self._write(file, resources)
        loop = asyncio.get_running_loop()
        start = loop.time()
        while (passed := loop.time() - start) < _LIVE_WITHIN:
            try:
                if await self._is_live(stat, version):
                    return True
                if passed > _LOOK_FOR_REFUSALS and await self._was_refused(stat):
                    return False
            except UNREACHABLE:
                await asyncio.sleep(_LOOK_FOR_REFUSALS)  # it died, and reads the files when it is back
            await asyncio.sleep(_POLL)
        return False

    async def _is_live(self, stat: str, version: str) -> bool:
        versions = await self._admin.versions()
        return versions.get(f"{stat}.version_text") == version and await self._admin.warming() == 0

    async def _was_refused(self, stat: str) -> bool:
        seen = _Refusals(self.process.restarts, await self._admin.refused())
        before, self._refusals = self._refusals, seen
        return seen.since(before, f"{stat}.update_rejected")

    def _write(self, file: Path, resources: tuple[Json, ...]) -> str:
        """Write ``file`` under the next version and return that version."""
        self._version += 1
        write_resources(file, str(self._version), resources)
        return str(self._version)


@dataclass(frozen=True, slots=True)
class _Refusals:
    """Envoy's counters of refused files; they begin again with each restart."""

    restarts: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)

    def since(self, before: "_Refusals", stat: str) -> bool:
        known = before.counts.get(stat, 0) if before.restarts == self.restarts else 0
        return self.counts.get(stat, 0) > known


def _after(live: Configuration, step: Step, wanted: Configuration) -> Configuration:
    """What is live once ``step`` was taken."""
    match step:
        case PutClusters(clusters) | DropClusters(clusters):
            return replace(live, clusters=clusters)
        case PutListeners(listeners):
            return replace(live, listeners=listeners, subscriptions=wanted.subscriptions)
        case PutRoutes(name, routes) | StageRoutes(name, routes):
            return replace(live, routes={**live.routes, name: routes})
        case DropRoutes(name):
            return replace(live, routes={k: v for k, v in live.routes.items() if k != name})
        case _:
            assert_never(step)


def _file_of(step: Step) -> str:
    match step:
        case PutClusters() | DropClusters():
            return "clusters"
        case PutListeners():
            return "listeners"
        case PutRoutes(name) | StageRoutes(name) | DropRoutes(name):
            return f"routes/{name}"
        case _:
            assert_never(step)
