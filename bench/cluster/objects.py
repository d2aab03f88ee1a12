"""The bench's manifests as objects of an API server: created in parallel, edited one at a time.

Services have no selector and slices are written by hand, so that nobody but the bench changes an endpoint. They are
headless: to find a free cluster IP costs the API server, which shares the processors, more than all else of a route.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from bench.manifests import Size, Tree
from lattice_gateway.adapters.kube.api import Api, KubeFailure, Patch

AT_ONCE: Final = 32
"""Applications that are created at a time; the API server shares its processors with what is measured."""

Document = dict[str, Any]

_HOMES: Final = {
    "GatewayClass": "/apis/gateway.networking.k8s.io/v1/gatewayclasses",
    "Gateway": "/apis/gateway.networking.k8s.io/v1/namespaces/{}/gateways",
    "HTTPRoute": "/apis/gateway.networking.k8s.io/v1/namespaces/{}/httproutes",
    "Service": "/api/v1/namespaces/{}/services",
    "EndpointSlice": "/apis/discovery.k8s.io/v1/namespaces/{}/endpointslices",
}
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
STATUS_CONFLICT: Final = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """A pod that was added: its address, and when the edit was sent and answered, in seconds since the epoch."""

    address: str
    sent: float
    answered: float


class Objects:
    """A namespace of a cluster that the bench fills and edits; ``root`` is a folder of its own for manifests."""

    def __init__(self, api: Api, namespace: str, root: Path) -> None:
        self._api = api
        self.namespace = namespace
        self._tree = Tree(root)
        self._routes = 0
        self.pods_added = 0

    async def create(self, size: Size, at_once: int = AT_ONCE) -> None:
        """Class, Gateway and as many routes as ``size`` says with all that they need; what is there already stays.

        One application after the other, a route after its Services, so many applications at a time. Edits are timed
        meanwhile by the same process: it must not be busy with manifests for long.
        """
        gate = asyncio.Semaphore(at_once)
        if not self._routes:
            await self._post([self._tree.add_gateway()])
        async with asyncio.TaskGroup() as tasks:
            for number in range(self._routes, size.routes):
                await gate.acquire()
                application = self._post(self._tree.add_route(number, size))
                tasks.create_task(application).add_done_callback(lambda _: gate.release())
        self._routes = size.routes

    async def add_pod(self, service: str) -> Added:
        """One more ready pod of a Service."""
        (document,) = _documents(self._tree.add_pod(service))
        self.pods_added += 1
        sent = time.time()
        await self._put_endpoints(document)
        return Added(address=document["endpoints"][-1]["addresses"][0], sent=sent, answered=time.time())

    async def replace_pod(self, service: str) -> None:
        """A new pod instead of the oldest one of a Service, in one edit of its slice."""
        path = self._tree.add_pod(service)
        (document,) = _documents(path)
        document["endpoints"].pop(0)
        path.write_text(yaml.safe_dump(document))
        await self._put_endpoints(document)

    async def patch(self, kind: str, name: str, change: Mapping[str, Any]) -> None:
        """Merge a change into an object."""
        await self._api.patch(f"{self._home(kind)}/{name}", change, Patch.MERGE)

    async def route(self, name: str) -> Document:
        """A route as its manifest has it."""
        (document,) = _documents(self._tree.root / "routes" / f"{name}.yaml")
        return document

    async def _put_endpoints(self, document: Document) -> None:
        await self.patch("EndpointSlice", document["metadata"]["name"], {"endpoints": document["endpoints"]})

    async def _post(self, paths: Iterable[Path]) -> None:
        for path in paths:
            for document in _documents(path):
                await self._create(document)

    async def _create(self, document: Document) -> None:
        try:
            await self._api.create(self._home(document["kind"]), self._in_namespace(document))
        except KubeFailure as failure:
            if failure.error.status != STATUS_CONFLICT or document["kind"] != "GatewayClass":
                raise

    def _in_namespace(self, document: Document) -> Document:
        if document["kind"] == "Service":
            document["spec"].pop("selector", None)
            document["spec"]["clusterIP"] = "None"
        if document["kind"] != "GatewayClass":
            document["metadata"]["namespace"] = self.namespace
        return document

    def _home(self, kind: str) -> str:
        return _HOMES[kind].format(self.namespace)


def _documents(path: Path) -> list[Document]:
    return list(yaml.load_all(path.read_text(), Loader=_LOADER))
