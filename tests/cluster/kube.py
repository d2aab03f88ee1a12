"""A client of the Kubernetes API for tests: small, synchronous, and with nothing of the product in it.

Objects are plain dictionaries as they stand in YAML. What the server refuses is an ``ApiError`` with its status and
its words.
"""

import http.client
import json
import ssl
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Any, TypeAlias
from urllib.parse import urlencode

Object: TypeAlias = dict[str, Any]
"""A Kubernetes object, or any JSON object of its API."""

MANAGER = "lattice-gateway-tests"
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"

BUSY_S = 20.0
"""How long a server may say that it is too busy (429) before a test fails on it."""


class ApiError(Exception):
    """The server said no: HTTP ``status``, the API's ``reason`` (such as Invalid) and its message."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason
        self.message = message


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an API server listens (loopback) and the PEM of the authority that signed its certificate."""

    port: int
    authority: str

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"


@dataclass(frozen=True, slots=True)
class Resource:
    """How a kind is reached: path of its API group and version, plural, whether it lives in namespaces."""

    root: str
    plural: str
    namespaced: bool

    def collection(self, namespace: str | None) -> str:
        """Path of all objects, of one namespace or of the whole cluster where None."""
        return f"{self.root}/namespaces/{namespace}/{self.plural}" if namespace else f"{self.root}/{self.plural}"


@dataclass(frozen=True, slots=True)
class Kube:
    """The API as one caller, who is known by ``token``."""

    endpoint: Endpoint
    token: str
    _known: dict[tuple[str, str], Resource] = field(default_factory=dict)

    def create(self, wanted: Object, *, query: str = "") -> Object:
        """Create an object. Its namespace, where it has one, must be given."""
        path = self._resource(wanted).collection(wanted["metadata"].get("namespace"))
        return self.request("POST", path + query, wanted)

    def apply(self, wanted: Object) -> Object:
        """Server-side apply, taking over what others had set."""
        query = urlencode({"fieldManager": MANAGER, "force": "true"})
        return self.request("PATCH", f"{self.path(wanted)}?{query}", wanted, APPLY)

    def get(self, wanted: Object) -> Object:
        """The object of that kind and name as it is now."""
        return self.request("GET", self.path(wanted))

    def merge(self, wanted: Object, change: Object, *, subresource: str = "") -> Object:
        """Merge ``change`` into an object or its subresource (``/status``)."""
        return self.request("PATCH", self.path(wanted) + subresource, change, MERGE)

    def delete(self, wanted: Object) -> None:
        """Ask for an object's deletion; one that is gone already is fine."""
        try:
            self.request("DELETE", self.path(wanted))
        except ApiError as error:
            if error.status != http.HTTPStatus.NOT_FOUND:
                raise

    def exists(self, wanted: Object) -> bool:
        """Whether an object is there."""
        try:
            self.get(wanted)
        except ApiError as error:
            if error.status == http.HTTPStatus.NOT_FOUND:
                return False
            raise
        return True

    def list(self, api_version: str, kind: str, namespace: str | None = None) -> list[Object]:
        """All objects of a kind, of one namespace or of all; each says what it is, as the server's lists do not."""
        path = self._resource({"apiVersion": api_version, "kind": kind}).collection(namespace)
        named = {"apiVersion": api_version, "kind": kind}
        return [{**item, **named} for item in self.request("GET", path)["items"]]

    def watch(
        self, api_version: str, kind: str, namespace: str, *, seconds: int
    ) -> Generator[tuple[str, Object], None, None]:
        """Events (``ADDED``, ``MODIFIED``, ``DELETED``, …) with their objects, from the current state on."""
        path = self._resource({"apiVersion": api_version, "kind": kind}).collection(namespace)
        connection = self._connection(timeout=seconds + 5)
        try:
            connection.request("GET", f"{path}?watch=true&timeoutSeconds={seconds}", headers=self._headers())
            answer = connection.getresponse()
            while line := answer.readline():
                event = json.loads(line)
                yield event["type"], event["object"]
        finally:
            connection.close()

    def request(
        self, method: str, path: str, body: Object | None = None, content_type: str = "application/json"
    ) -> Object:
        """One call; the decoded answer. Raises ``ApiError`` unless it is a success.

        A server that has just started says 429 until its storage is read; that is asked again, as kubectl does.
        """
        until = monotonic() + BUSY_S
        while True:
            status, decoded = self._answer(method, path, body, content_type)
            if status != http.HTTPStatus.TOO_MANY_REQUESTS or monotonic() > until:
                break
            sleep(0.2)
        if status >= http.HTTPStatus.BAD_REQUEST:
            raise ApiError(status, decoded.get("reason", ""), decoded.get("message", ""))
        return decoded

    def _answer(self, method: str, path: str, body: Object | None, content_type: str) -> tuple[int, Object]:
        connection = self._connection(timeout=30)
        try:
            headers = {**self._headers(), "Content-Type": content_type}
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            return answer.status, _decoded(answer.read())
        finally:
            connection.close()

    def path(self, wanted: Object) -> str:
        """Path of one object."""
        collection = self._resource(wanted).collection(wanted["metadata"].get("namespace"))
        return f"{collection}/{wanted['metadata']['name']}"

    def _resource(self, wanted: Object) -> Resource:
        key = (wanted["apiVersion"], wanted["kind"])
        if key not in self._known:
            self._known[key] = self._discovered(*key)
        return self._known[key]

    def _discovered(self, api_version: str, kind: str) -> Resource:
        root = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        for each in self.request("GET", root)["resources"]:
            if each["kind"] == kind and "/" not in each["name"]:
                return Resource(root, each["name"], each["namespaced"])
        raise ApiError(http.HTTPStatus.NOT_FOUND, "NotFound", f"no kind {kind} in {api_version}")

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}

    def _connection(self, timeout: float) -> http.client.HTTPSConnection:
        context = ssl.create_default_context(cadata=self.endpoint.authority)
        return http.client.HTTPSConnection("127.0.0.1", self.endpoint.port, timeout=timeout, context=context)


def eventually(what: str, holds: Callable[[], bool], *, within: float = 20.0) -> None:
    """Look again and again until ``holds`` does; an AssertionError that says ``what`` after ``within`` seconds.

    For what other processes do in their own time; there is no clock to inject.
    """
    deadline = monotonic() + within
    while not holds():
        assert monotonic() < deadline, f"not within {within:g} s: {what}"
        sleep(0.05)


def _decoded(text: bytes) -> Object:
    """JSON, or plain text (health checks, refusals before the API) as a message."""
    try:
        decoded = json.loads(text)
    except ValueError:
        return {"message": text.decode(errors="replace")}
    return decoded if isinstance(decoded, dict) else {"message": decoded}
