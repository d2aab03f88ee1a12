"""``lattice-gateway run`` in a cluster: one replica, from its settings to its end.

Each replica reads the cluster and translates it; only the one that leads writes, to the cluster and to VPC Lattice.
"""

import argparse
import asyncio
import os
import signal
import socket
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from time import monotonic

import structlog
from prometheus_client import CollectorRegistry

from lattice_gateway.adapters.aws.client import connect as connect_aws
from lattice_gateway.adapters.imds.identity import lacking
from lattice_gateway.adapters.imds.instance import ask_instance
from lattice_gateway.adapters.kube import Kube, NotConfigured
from lattice_gateway.adapters.kube.client import read_config
from lattice_gateway.adapters.kube.connect import connect as connect_cluster
from lattice_gateway.adapters.kube.lease import KubeLeases
from lattice_gateway.cli.exits import CommandError, Exit
from lattice_gateway.engine.clock import SystemClock
from lattice_gateway.engine.controller import Controller
from lattice_gateway.engine.feed import Batch, Problem
from lattice_gateway.engine.leadership import Alone, Leadership
from lattice_gateway.engine.metrics import Metrics
from lattice_gateway.engine.ports import Lattice, Source
from lattice_gateway.serve.election.campaign import Campaign, Clocks
from lattice_gateway.serve.election.candidate import Timing
from lattice_gateway.serve.election.thread import Election
from lattice_gateway.serve.metrics import registry_of_process, requests_of_kube, tell_leader
from lattice_gateway.serve.process import Front, Webhook, serving
from lattice_gateway.serve.web import Address, BadAddress, read_address
from lattice_gateway.serve.webhook.around import Known, Overheard
from lattice_gateway.serve.webhook.tls import Files, Serving
from lattice_gateway.settings import Settings, SettingsError, endpoint_of, is_loopback, read_settings

SETTLE = 5.0
"""Seconds at the end in which the cluster is told what was done last."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which cluster: ``kubeconfig`` None is the pod's own or KUBECONFIG's, ``context`` None the current one.

    ``namespace`` is where the Lease is, None: the pod's own or the context's.
    """

    kubeconfig: Path | None = None
    context: str | None = None
    namespace: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a replica offers and where; None where it does not. ``elect``: it works only while it has the Lease."""

    elect: bool
    metrics: Address | None
    probes: Address | None
    webhook: Address | None
    certificates: Path


def cluster_settings(environment: Mapping[str, str], flags: Mapping[str, str | None]) -> Settings:
    """Settings from flags, then the environment, then EC2 metadata for what of our identity is missing.

    Raises ``SettingsError`` within five seconds, naming what is missing and why it could not be found.
    """
    given = {name: text for name, text in flags.items() if text is not None}
    values = {**environment, **given}
    missing = () if is_loopback(endpoint_of(values)) else lacking(values)
    if not missing:
        return read_settings(environment, flags)
    found = asyncio.run(ask_instance(environment, missing))
    if found.missing:
        raise SettingsError(str(found))
    return read_settings(environment, {**given, **{str(part): text for part, text in found.values.items()}})


def read_offer(chosen: argparse.Namespace, settings: Settings) -> Offer:
    """What the command line says; raises ``CommandError`` where an address is none."""
    try:
        return Offer(
            elect=chosen.leader_elect,
            metrics=read_address("--metrics-bind-address", chosen.metrics_bind_address),
            probes=read_address("--health-probe-bind-address", chosen.health_probe_bind_address),
            webhook=read_address("--webhook-bind-address", chosen.webhook_bind_address) if settings.webhook else None,
            certificates=chosen.webhook_cert_dir,
        )
    except BadAddress as error:
        raise CommandError(str(error)) from error


async def keep_cluster(settings: Settings, place: Place, offer: Offer) -> int:
    """Work until SIGTERM or SIGINT; raises ``CommandError`` for what a person can mend."""
    leadership, clock = Leadership() if offer.elect else Alone(), SystemClock()
    registry = registry_of_process()
    told = requests_of_kube(registry)

    def may_write() -> bool:
        return leadership.may_write(clock.now())

    try:
        config = read_config(place.kubeconfig, place.context)
        async with AsyncExitStack() as stack:
            lattice = await stack.enter_async_context(connect_aws(settings))
            kube = await stack.enter_async_context(
                connect_cluster(place.kubeconfig, place.context, may_write=may_write, told=told)
            )
            replica = Replica(settings, offer, Outside(kube, lattice, registry), leadership)
            if isinstance(leadership, Leadership):
                leases = KubeLeases(config, place.namespace or config.namespace, told=told)
                stack.callback(leases.close)
                replica.campaign(leases, leadership)
            return await replica.run()
    except NotConfigured as error:
        raise CommandError(f"no cluster: {error}") from error


class Reading:
    """A source that remembers what is wrong in it, for probes."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._problems: tuple[Problem, ...] = ()
        self._complete = False

    async def changes(self) -> AsyncIterator[Batch]:
        """The batches of the source, unchanged."""
        async for batch in self._source.changes():
            self._problems, self._complete = batch.problems, batch.complete
            yield batch

    def complaint(self) -> str | None:
        """What keeps the cluster from being read as a whole; None once it was."""
        if self._complete:
            return None
        return "; ".join(map(str, self._problems)) or "the cluster was not read yet"


@dataclass(frozen=True, slots=True)
class Outside:
    """What a replica works with: a cluster, VPC Lattice, and where its metrics are collected."""

    kube: Kube
    lattice: Lattice
    registry: CollectorRegistry


class Replica:
    """One process among others, and all it consists of."""

    def __init__(self, settings: Settings, offer: Offer, outside: Outside, permission: Alone | Leadership) -> None:
        kube = outside.kube
        self._offer = offer
        self._kube = kube
        self._clock = SystemClock()
        self._permission = permission
        self._registry = outside.registry
        self._known = Known()
        self._reading = Reading(kube.source)
        self._election: Election | None = None
        self._asked = False
        self._controller = Controller(
            settings=settings,
            source=Overheard(self._reading, self._known),
            state=kube.state(settings.owner),
            status=kube.status,
            lattice=outside.lattice,
            clock=self._clock,
            random=Random(),  # noqa: S311 - jitter, not secrets
            process=uuid.uuid4().hex,
            metrics=Metrics(self._registry),
            leadership=permission,
            finalizers=kube.finalizers,
            herald=kube.events,
            gates=kube.gates,
        )
        tell_leader(self._registry, lambda: permission.may_write(self._clock.now()))

    def campaign(self, leases: KubeLeases, leadership: Leadership) -> None:
        """Work only while we have the Lease."""
        loop = asyncio.get_running_loop()

        def ended() -> None:
            loop.call_soon_threadsafe(self._controller.stop)

        clocks = Clocks(now=monotonic, moment=lambda: datetime.now(UTC))
        self._election = Election(Campaign(_name(), leases, leadership, clocks, Timing()), ended)

    async def run(self) -> int:
        """Work until we are told to end; the exit code. Raises ``CommandError`` where an address is taken."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        try:
            async with serving(self._front(), self._clock) as ports:
                log.info("listening", metrics=ports.metrics, probes=ports.probes, webhook=ports.webhook)
                await self._controller.run()
                await self._settle()
        except OSError as error:
            raise CommandError(f"cannot listen: {error.strerror or error}") from error
        return Exit.DONE if self._asked else Exit.ERROR

    def _stop(self) -> None:
        log.info("told to end")
        self._asked = True
        self._controller.stop()

    async def _settle(self) -> None:
        """Tell the cluster what was done last, if it is ours to tell."""
        if self._permission.may_write(self._clock.now()):
            await self._kube.settled(SETTLE)

    def _front(self) -> Front:
        ready: dict[str, Callable[[], str | None]] = {"source": self._reading.complaint, "lattice": self._unread}
        return Front(
            registry=self._registry,
            known=self._known,
            metrics=self._offer.metrics,
            probes=self._offer.probes,
            webhook=_webhook(self._offer),
            election=self._election,
            ready=ready,
        )

    def _unread(self) -> str | None:
        """What keeps a replica from being warm."""
        return None if self._controller.is_warm else "VPC Lattice was not read and compared yet"


def _webhook(offer: Offer) -> Webhook | None:
    if offer.webhook is None:
        return None
    certificates = Files(offer.certificates / "tls.crt", offer.certificates / "tls.key")
    return Webhook(address=offer.webhook, certificates=certificates, tls=Serving(lambda: datetime.now(UTC)))


def _name() -> str:
    """Who we are in the Lease. Parity: host and a random part, as the Go controller's library has it."""
    return f"{os.environ.get('POD_NAME') or socket.gethostname()}_{uuid.uuid4()}"
