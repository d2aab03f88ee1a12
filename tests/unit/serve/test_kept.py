"""A certificate that is made once and kept in a Secret."""

import base64
import json
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lattice_gateway.adapters.kube.api import KubeError, KubeFailure, Patch
from lattice_gateway.serve.webhook.certificates import issue
from lattice_gateway.serve.webhook.kept import CONFIGURATIONS, Kept, Place
from lattice_gateway.serve.webhook.tls import Unavailable

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PLACE = Place(namespace="home", name="webhook-cert", names=("webhook-service.home.svc",))
CONFIGURATION = f"{CONFIGURATIONS}/ours"


class Objects:
    """An API server's objects by path, with versions and conflicts; ``before_write`` is what others do meanwhile."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.writes = 0
        self.refusal: KubeError | None = None
        self.before_write: list[tuple[str, dict[str, Any]]] = []

    def put(self, path: str, wanted: Mapping[str, Any]) -> None:
        self.writes += 1
        whole = json.loads(json.dumps(wanted, default=lambda part: base64.b64encode(part).decode()))
        whole.setdefault("metadata", {})["resourceVersion"] = str(self.writes)
        self.objects[path] = whole

    async def get(self, path: str, _query: Mapping[str, str]) -> bytes:
        if self.refusal:
            raise KubeFailure(self.refusal)
        if path not in self.objects:
            raise KubeFailure(KubeError(status=404, reason="NotFound"))
        return json.dumps(self.objects[path]).encode()

    async def create(self, path: str, body: Mapping[str, Any]) -> bytes:
        self._others()
        there = f"{path}/{body['metadata']['name']}"
        if there in self.objects:
            raise KubeFailure(KubeError(status=409, reason="AlreadyExists"))
        self.put(there, body)
        return b"{}"

    async def patch(self, path: str, body: Mapping[str, Any], how: Patch) -> bytes:
        assert how is Patch.MERGE
        self._others()
        there = self.objects[path]
        if body["metadata"]["resourceVersion"] != there["metadata"]["resourceVersion"]:
            raise KubeFailure(KubeError(status=409, reason="Conflict"))
        self.put(path, {**there, **body})
        return b"{}"

    def watch(self, path: str, query: Mapping[str, str], seconds: float) -> AsyncGenerator[list[bytes], None]:
        raise NotImplementedError

    def _others(self) -> None:
        if self.before_write:
            self.put(*self.before_write.pop())


def kept(objects: Objects, now: datetime = NOW) -> Kept:
    return Kept(objects, PLACE, "ours", lambda: now)


def a_secret(*, days_ago: int = 0) -> dict[str, Any]:
    made = issue(PLACE.names, NOW - timedelta(days=days_ago))
    return {"data": {"tls.crt": made.pair.certificate, "tls.key": made.pair.key, "ca.crt": made.authority}}


def a_configuration(bundle: str | None = None) -> dict[str, Any]:
    client = {"service": {"name": "webhook-service"}, **({"caBundle": bundle} if bundle else {})}
    return {"webhooks": [{"name": "mpod.gwc.k8s.aws", "clientConfig": client}]}


def bundle_of(objects: Objects) -> str:
    bundle: str = objects.objects[CONFIGURATION]["webhooks"][0]["clientConfig"]["caBundle"]
    return bundle


async def test_the_first_replica_makes_the_pair_and_the_others_find_it() -> None:
    objects = Objects()

    first, second = await kept(objects).current(), await kept(objects).current()

    assert first == second
    assert objects.objects[PLACE.path]["type"] == "kubernetes.io/tls"
    assert objects.writes == 1


async def test_of_two_that_make_one_at_the_same_time_one_is_kept() -> None:
    objects = Objects()
    objects.before_write.append((PLACE.path, a_secret()))

    pair = await kept(objects).current()

    there = objects.objects[PLACE.path]["data"]
    assert base64.b64decode(there["tls.crt"]) == pair.certificate


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param({"data": {"tls.crt": b"", "tls.key": b"", "ca.crt": b""}}, id="placeholders of the Go manifest"),
        pytest.param({"data": {"tls.crt": b"x", "tls.key": b"y", "ca.crt": b"z"}}, id="no certificate"),
        pytest.param({"data": {"tls.crt": "%%"}}, id="no base64"),
        pytest.param({"data": None}, id="no data"),
        pytest.param(a_secret(days_ago=-2), id="not valid"),
    ],
)
async def test_a_secret_without_a_pair_that_can_be_served_gets_one(secret: dict[str, Any]) -> None:
    objects = Objects()
    objects.put(PLACE.path, {"metadata": {"labels": {"team": "edge"}}, **secret})

    pair = await kept(objects).current()

    assert b"BEGIN CERTIFICATE" in pair.certificate
    assert base64.b64decode(objects.objects[PLACE.path]["data"]["tls.crt"]) == pair.certificate


@pytest.mark.parametrize("before", [None, "b2xk"], ids=["no bundle", "another bundle"])
async def test_api_servers_are_told_whom_to_trust_once(before: str | None) -> None:
    objects = Objects()
    objects.put(CONFIGURATION, a_configuration(before))

    await kept(objects).current()
    writes = objects.writes
    await kept(objects).current()

    assert bundle_of(objects) == objects.objects[PLACE.path]["data"]["ca.crt"]
    assert objects.objects[CONFIGURATION]["webhooks"][0]["clientConfig"]["service"] == {"name": "webhook-service"}
    assert objects.writes == writes


async def test_a_configuration_that_changes_meanwhile_is_read_again() -> None:
    objects = Objects()
    objects.put(PLACE.path, a_secret())
    objects.put(CONFIGURATION, a_configuration())
    objects.before_write.append((CONFIGURATION, {**a_configuration(), "labels": "new"}))

    await kept(objects).current()

    assert objects.objects[CONFIGURATION]["labels"] == "new"
    assert bundle_of(objects) == objects.objects[PLACE.path]["data"]["ca.crt"]


async def test_a_refusal_names_the_secret() -> None:
    objects = Objects()
    objects.refusal = KubeError(status=403, reason="Forbidden", message="cannot get secrets")

    with pytest.raises(Unavailable, match="Secret home/webhook-cert: 403 Forbidden: cannot get secrets"):
        await kept(objects).current()
