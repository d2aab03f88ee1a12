"""Leases in a cluster, over a synchronous client that belongs to the thread of the election alone."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from http import HTTPStatus
from typing import ParamSpec, TypeVar

import httpx2
from lightkube import ApiError, Client, SingleConfig
from lightkube.config.client_adapter import verify_cluster
from lightkube.config.models import User
from lightkube.core.exceptions import ConfigError
from lightkube.models.coordination_v1 import LeaseSpec
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.coordination_v1 import Lease

from lattice_gateway.adapters.kube.client import proxy_of, with_plugin_of_lightkube
from lattice_gateway.adapters.kube.counting import CountedSync, Told, nobody
from lattice_gateway.engine.leases import LEASE_NAME, LeaseRecord, LeaseTaken, LeaseUnreachable

TIMEOUT = 3.0
"""Seconds for each step of a request: within the 10 seconds of a renewal three of them fit."""
MANAGER = "lattice-gateway"

P = ParamSpec("P")
R = TypeVar("R")


def _translated(call: Callable[P, R]) -> Callable[P, R]:
    """The client's errors as ours."""

    @wraps(call)
    def ours(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return call(*args, **kwargs)
        except ApiError as error:
            if error.status.code == HTTPStatus.CONFLICT:
                raise LeaseTaken(str(error)) from error
            raise LeaseUnreachable(f"{error.status.code} {error.status.reason}: {error}") from error
        except (httpx2.HTTPError, ConfigError, OSError, LookupError, ValueError) as error:  # lightkube's plugins too
            raise LeaseUnreachable(f"{type(error).__name__}: {error}") from error

    return ours


class KubeLeases:
    """Leases of one name; ours is in ``namespace``, by default the one of the pod or of the kubeconfig's context.

    Parity: only the spec is written, so that labels and annotations of other people stay.
    """

    def __init__(
        self, config: SingleConfig, namespace: str | None = None, name: str = LEASE_NAME, told: Told = nobody
    ) -> None:
        config = with_plugin_of_lightkube(config)
        tls = verify_cluster(config.cluster, config.user or User(), config.abs_file)
        transport = httpx2.HTTPTransport(verify=tls, proxy=proxy_of(config))
        self._client = Client(
            config,
            namespace=namespace,
            timeout=httpx2.Timeout(TIMEOUT),
            field_manager=MANAGER,
            transport=CountedSync(transport, told),
        )
        self._name = name

    @property
    def namespace(self) -> str:
        """Where ours is."""
        return str(self._client.namespace)

    @_translated
    def read(self) -> LeaseRecord | None:
        """Ours, None where there is none."""
        try:
            return _record(self._client.get(Lease, self._name))
        except ApiError as error:
            if error.status.code == HTTPStatus.NOT_FOUND:
                return None
            raise

    @_translated
    def create(self, record: LeaseRecord) -> LeaseRecord:
        """Make ours."""
        return _record(self._client.create(Lease(metadata=ObjectMeta(name=self._name), spec=_spec(record))))

    @_translated
    def replace(self, record: LeaseRecord) -> LeaseRecord:
        """Write ours over the version that the record names."""
        change = Lease(metadata=ObjectMeta(resourceVersion=record.version), spec=_spec(record))
        try:
            return _record(self._client.patch(Lease, self._name, change))
        except ApiError as error:
            if error.status.code == HTTPStatus.NOT_FOUND:
                raise LeaseTaken(f"the Lease {self._name} is gone") from error
            raise

    @_translated
    def elsewhere(self) -> tuple[LeaseRecord, ...]:
        """Those of other namespaces."""
        found = self._client.list(Lease, namespace="*", fields={"metadata.name": self._name})
        return tuple(each for each in map(_record, found) if each.namespace != self.namespace)

    def close(self) -> None:
        """End the connections."""
        self._client.close()


def _record(lease: Lease) -> LeaseRecord:
    metadata, spec = lease.metadata or ObjectMeta(), lease.spec or LeaseSpec()
    return LeaseRecord(
        namespace=metadata.namespace or "",
        holder=spec.holderIdentity or "",
        acquired=spec.acquireTime,
        renewed=spec.renewTime,
        seconds=spec.leaseDurationSeconds or 0,
        transitions=spec.leaseTransitions or 0,
        version=metadata.resourceVersion or "",
    )


def _spec(record: LeaseRecord) -> LeaseSpec:
    return LeaseSpec(
        holderIdentity=record.holder,
        acquireTime=_micro(record.acquired),
        renewTime=_micro(record.renewed),
        leaseDurationSeconds=record.seconds,
        leaseTransitions=record.transitions,
    )


def _micro(moment: datetime | None) -> datetime | None:
    """The API server wants six digits of a second; a moment without any would be written without."""
    return moment.replace(microsecond=max(1, moment.microsecond)) if moment else None
