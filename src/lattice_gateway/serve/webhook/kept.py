"""A certificate that is made once and kept in a Secret, for installations where nobody else makes one (decision 19).

Every replica, and every later version, finds what the first one made. Needs ``secrets`` get, create and patch in the
namespace, and ``mutatingwebhookconfigurations`` get and patch to tell the API server whom to trust.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from lattice_gateway.adapters.kube.api import Api, KubeFailure, Patch
from lattice_gateway.serve.webhook.certificates import Issued, Pair, fault, issue
from lattice_gateway.serve.webhook.tls import Unavailable

CERTIFICATE, KEY, AUTHORITY = "tls.crt", "tls.key", "ca.crt"
CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"
TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The Secret, and the DNS names that its certificate is for."""

    namespace: str
    name: str
    names: tuple[str, ...]

    @property
    def collection(self) -> str:
        """Path of the namespace's Secrets."""
        return f"/api/v1/namespaces/{self.namespace}/secrets"

    @property
    def path(self) -> str:
        """Path of the Secret."""
        return f"{self.collection}/{self.name}"


class Kept:
    """The pair of a Secret, made where it is missing, empty or cannot be served."""

    every = 60.0

    def __init__(self, api: Api, place: Place, configuration: str, moment: Callable[[], datetime]) -> None:
        self._api = api
        self._place = place
        self._configuration = configuration
        self._moment = moment

    async def current(self) -> Pair:
        """The pair as it is now; API servers trust it."""
        try:
            kept = await self._keep()
            await trust(self._api, self._configuration, kept.authority)
        except KubeFailure as failure:
            raise Unavailable(f"Secret {self._place.namespace}/{self._place.name}: {failure}") from failure
        return kept.pair

    async def _keep(self) -> Issued:
        """What the Secret holds; of several replicas that find none the first one's is kept."""
        for _ in range(TRIES):
            secret = await _get(self._api, self._place.path)
            kept = _issued(secret)
            if kept is not None and fault(kept.pair, self._moment()) is None:
                return kept
            try:
                made = issue(self._place.names, self._moment())
                await self._write(secret, made)
            except KubeFailure as failure:
                if not failure.error.conflict:
                    raise
            else:
                return made
        raise Unavailable(f"Secret {self._place.namespace}/{self._place.name} changes again and again")

    async def _write(self, secret: Mapping[str, Any] | None, made: Issued) -> None:
        data = {CERTIFICATE: made.pair.certificate, KEY: made.pair.key, AUTHORITY: made.authority}
        if secret is not None:
            version = secret["metadata"]["resourceVersion"]
            await self._api.patch(
                self._place.path, {"metadata": {"resourceVersion": version}, "data": data}, Patch.MERGE
            )
            return
        metadata = {"name": self._place.name, "namespace": self._place.namespace}
        whole = {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": metadata, "data": data}
        await self._api.create(self._place.collection, whole)


async def trust(api: Api, configuration: str, authority: bytes) -> None:
    """Have API servers trust the authority; nothing is written where they do, or where there is no configuration."""
    path = f"{CONFIGURATIONS}/{configuration}"
    for attempt in range(1, TRIES + 1):
        found = await _get(api, path)
        change = _trusting(found, authority) if found else None
        if change is None:
            return
        try:
            await api.patch(path, change, Patch.MERGE)
        except KubeFailure as failure:
            if not failure.error.conflict or attempt == TRIES:
                raise
        else:
            return


def _trusting(configuration: Mapping[str, Any], authority: bytes) -> Mapping[str, Any] | None:
    """The change of the configuration, None where there is nothing to change."""
    bundle = base64.b64encode(authority).decode()
    before = configuration.get("webhooks") or []
    after = [{**each, "clientConfig": {**each["clientConfig"], "caBundle": bundle}} for each in before]
    if after == before:
        return None
    return {"metadata": {"resourceVersion": configuration["metadata"]["resourceVersion"]}, "webhooks": after}


def _issued(secret: Mapping[str, Any] | None) -> Issued | None:
    """What a Secret holds, None where a part is missing or odd."""
    data = (secret or {}).get("data") or {}
    try:
        parts = [base64.b64decode(data[key], validate=True) for key in (CERTIFICATE, KEY, AUTHORITY)]
    except (KeyError, binascii.Error):
        return None
    return Issued(Pair(parts[0], parts[1]), parts[2]) if all(parts) else None


async def _get(api: Api, path: str) -> dict[str, Any] | None:
    """An object, None where there is none."""
    try:
        found: dict[str, Any] = msgspec.json.decode(await api.get(path, {}))
    except KubeFailure as failure:
        if failure.error.absent:
            return None
        raise
    return found
