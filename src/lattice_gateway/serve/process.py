"""Everything a controller in a cluster offers besides its work, put together: election, probes, metrics, webhook.

The pieces are made here and nowhere else, so that what a probe says is what the pieces say.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry

from lattice_gateway.engine.ports import Clock
from lattice_gateway.serve.election.standing import complaint
from lattice_gateway.serve.election.thread import Election
from lattice_gateway.serve.health import Check, health_application
from lattice_gateway.serve.metrics import metrics_application
from lattice_gateway.serve.web import Address, listening
from lattice_gateway.serve.webhook.application import webhook_application
from lattice_gateway.serve.webhook.around import Known
from lattice_gateway.serve.webhook.metrics import WebhookMetrics
from lattice_gateway.serve.webhook.tls import Certificates, Serving, follow

RESIGN_WITHIN = 8.0
"""Seconds in which the lease must be given back: one request of three seconds may be under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """The webhook's address, and where its certificate comes from."""

    address: Address
    certificates: Certificates
    tls: Serving


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """What is offered; None where it is turned off.

    ``live`` and ``ready`` are further checks: watches, the translation.
    """

    registry: CollectorRegistry
    known: Known
    metrics: Address | None = None
    probes: Address | None = None
    webhook: Webhook | None = None
    election: Election | None = None
    live: Mapping[str, Check] = field(default_factory=dict)
    ready: Mapping[str, Check] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where it listens; None where it does not."""

    metrics: int | None = None
    probes: int | None = None
    webhook: int | None = None


def live_checks(front: Front) -> Mapping[str, Check]:
    """What, if it fails for long, only a restart mends."""
    election = front.election
    return {**({"lease": election.stuck} if election else {}), **front.live}


def ready_checks(front: Front) -> Mapping[str, Check]:
    """What must be so before requests are sent here; a replica that waits for the lease is ready, for the webhook."""
    known, election, webhook = front.known, front.election, front.webhook
    checks: dict[str, Check] = {"source": lambda: None if known.complete else "the cluster was not read yet"}
    if election is not None:
        checks["lease"] = lambda: complaint(election.standing)
    if webhook is not None:
        checks["webhook"] = webhook.tls.complaint
    return {**checks, **front.ready}


@asynccontextmanager
async def serving(front: Front, clock: Clock) -> AsyncIterator[Ports]:
    """Offer it while the block runs, which is the work. Raises ``OSError`` where an address is taken.

    When the block ends its calls have been answered: then the lease is given back, and last the probes end.
    """
    async with AsyncExitStack() as stack:
        metrics = await _metrics(stack, front)
        probes = await _probes(stack, front)
        webhook = await _webhook(stack, front, clock)
        if front.election is not None:
            front.election.start()
            stack.push_async_callback(asyncio.to_thread, front.election.resign, RESIGN_WITHIN)
        yield Ports(metrics=metrics, probes=probes, webhook=webhook)


async def _metrics(stack: AsyncExitStack, front: Front) -> int | None:
    if front.metrics is None:
        return None
    return await stack.enter_async_context(listening(metrics_application(front.registry), front.metrics, None))


async def _probes(stack: AsyncExitStack, front: Front) -> int | None:
    if front.probes is None:
        return None
    application = health_application(live_checks(front), ready_checks(front))
    return await stack.enter_async_context(listening(application, front.probes, None))


async def _webhook(stack: AsyncExitStack, front: Front, clock: Clock) -> int | None:
    if front.webhook is None:
        return None
    tls = front.webhook.tls
    following = asyncio.create_task(follow(front.webhook.certificates, tls, clock))
    stack.push_async_callback(_ended, following)
    application = webhook_application(front.known, WebhookMetrics(front.registry))
    return await stack.enter_async_context(listening(application, front.webhook.address, tls.context))


async def _ended(task: asyncio.Task[None]) -> None:
    """Cancel a task that never ends by itself; raises what ended it before."""
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()
