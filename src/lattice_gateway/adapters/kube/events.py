"""Kubernetes Events on the objects concerned, with the Go controller's reasons.

In: what happened to an object. Out: Events of core/v1 (those that the role allows), equal ones as one with a count.
An Event that cannot be delivered is dropped after a few tries: it is a courtesy, not a record.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import blake2b
from random import Random
from typing import Any, Final

import structlog

from lattice_gateway.adapters.kube.api import Api, KubeFailure, MayWrite, Patch
from lattice_gateway.adapters.kube.changing import patience
from lattice_gateway.adapters.kube.known import Known
from lattice_gateway.adapters.kube.outbox import Outbox
from lattice_gateway.adapters.kube.reading import Seen
from lattice_gateway.adapters.kube.throttle import Allowance, Series
from lattice_gateway.core.objects import Kind, Ref
from lattice_gateway.core.report.happenings import Happening
from lattice_gateway.engine.ports import Clock

REMEMBERED: Final = 4096
"""Series, and objects, that are remembered; the oldest is forgotten first."""

TRIES: Final = 4
MAX_MESSAGE: Final = 1024
"""Kubernetes: length of an Event's message."""

MAX_NAME: Final = 200
"""Characters of the object's name in the Event's, which takes 253."""

CLUSTER_EVENTS: Final = "default"
"""The namespace of Events on objects that have none."""

COMPONENTS: Final[Mapping[Kind, str]] = {
    Kind.HTTP_ROUTE: "httproute",
    Kind.GRPC_ROUTE: "grpcroute",
    Kind.TLS_ROUTE: "tlsroute",
    Kind.GATEWAY: "gateway",
    Kind.SERVICE_EXPORT: "serviceExport",
    Kind.SERVICE_IMPORT: "ServiceImport",
    Kind.ACCESS_LOG_POLICY: "access-log-policy-controller",
    Kind.IAM_AUTH_POLICY: "iam-auth-policy-controller",
    Kind.SERVICE_NETWORK: "service-network-controller",
}
"""Parity: reporting components, controllers.md §7 (Go v2.1.3)."""

OTHER_COMPONENT: Final = "lattice-gateway"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Event:
    """Where a series is told; ``path`` None until the server has it."""

    series: Series
    name: str
    path: str | None = None
    failures: int = 0


class Recorder:
    """Tells what happens. ``run`` does the writing; ``tell`` returns at once."""

    def __init__(self, api: Api, known: Known, clock: Clock, random: Random, may_write: MayWrite) -> None:
        self._api = api
        self._known = known
        self._clock = clock
        self._random = random
        self._may_write = may_write
        self._events: OrderedDict[Happening, _Event] = OrderedDict()
        self._allowances: OrderedDict[Ref, Allowance] = OrderedDict()
        self._outbox: Outbox[Happening] = Outbox(self._perform, clock, may_write)

    @property
    def idle(self) -> bool:
        """Whether everything that is due is told."""
        return self._outbox.idle

    async def run(self) -> None:
        """Write until cancelled."""
        await self._outbox.run()

    def tell(self, happening: Happening) -> None:
        """Something happened to an object; a replica that may not write says nothing."""
        if not self._may_write():
            return
        happening = happening._replace(message=_cut(happening.message))
        now, event = self._clock.wall(), self._events.get(happening)
        event = replace(event, series=event.series.again()) if event else self._new(happening, now)
        if event is None:
            return
        self._events[happening] = event
        self._events.move_to_end(happening)
        _trim(self._events)
        if event.series.is_due(now):
            self._outbox.put(happening)

    def _new(self, happening: Happening, now: float) -> _Event | None:
        """A first Event of its series, None where its object has told too much."""
        allowance = self._allowances.get(happening.ref, Allowance(at=now)).spend(now)
        if allowance is None:
            return None
        self._allowances[happening.ref] = allowance
        self._allowances.move_to_end(happening.ref)
        _trim(self._allowances)
        return _Event(Series(1, now), _name(happening, now))

    async def _perform(self, happening: Happening) -> float | None:
        event, form = self._events.get(happening), self._known.latest(happening.ref)
        if event is None or form is None:
            return None
        try:
            path = await self._send(happening, event, form)
        except KubeFailure as failure:
            return self._failed(happening, event, failure)
        series = self._events.get(happening, event).series
        told = replace(series, told=self._clock.wall())
        self._events[happening] = _Event(told, event.name, path)
        return None

    async def _send(self, happening: Happening, event: _Event, form: Seen) -> str:
        """Tell the series as it is now; the path of its Event. Raises ``KubeFailure``."""
        now = _time(self._clock.wall())
        if event.path is not None:
            try:
                body = {"count": event.series.count, "lastTimestamp": now}
                await self._api.patch(event.path, body, Patch.MERGE)
            except KubeFailure as failure:
                if not failure.error.absent:  # the server forgets Events after an hour
                    raise
            else:
                return event.path
        home = f"/api/v1/namespaces/{happening.ref.namespace or CLUSTER_EVENTS}/events"
        served = self._known.served(happening.ref.kind)
        name = _name(happening, self._clock.wall()) if event.path is not None else event.name
        await self._api.create(home, _body(happening, event, form, name, served.api_version if served else "", now))
        return f"{home}/{name}"

    def _failed(self, happening: Happening, event: _Event, failure: KubeFailure) -> float | None:
        failures = event.failures + 1
        if failure.error.lasting or failure.error.conflict or failures >= TRIES:
            log.warning("event not told", object=str(happening.ref), reason=happening.reason, error=str(failure.error))
            self._events.pop(happening, None)
            return None
        self._events[happening] = replace(self._events.get(happening, event), failures=failures)
        return patience(failure.error, failures, self._random)


def _body(happening: Happening, event: _Event, form: Seen, name: str, version: str, now: str) -> dict[str, Any]:
    ref = happening.ref
    component = COMPONENTS.get(ref.kind, OTHER_COMPONENT)
    involved = {
        "apiVersion": version,
        "kind": str(ref.kind),
        "name": ref.name,
        "uid": form.metadata.uid,
        "resourceVersion": form.version,
        **({"namespace": ref.namespace} if ref.namespace else {}),
    }
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": ref.namespace or CLUSTER_EVENTS},
        "involvedObject": involved,
        "type": str(happening.importance),
        "reason": happening.reason,
        "message": happening.message,
        "count": event.series.count,
        "firstTimestamp": _time(event.series.first),
        "lastTimestamp": now,
        "source": {"component": component},
        "reportingComponent": component,
    }


def _name(happening: Happening, moment: float) -> str:
    """A name that no other Event has: the object's, and a hash of what happened to it and when."""
    said = f"{happening}{moment!r}".encode()
    return f"{happening.ref.name[:MAX_NAME].rstrip('.-')}.{blake2b(said, digest_size=8).hexdigest()}"


def _time(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _cut(message: str) -> str:
    return message if len(message) <= MAX_MESSAGE else f"{message[: MAX_MESSAGE - 1]}…"


def _trim(remembered: "OrderedDict[Any, Any]") -> None:
    while len(remembered) > REMEMBERED:
        remembered.popitem(last=False)
