"""A cluster is a source like any other; the suite is that of ``tests/contract``."""

from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from random import Random

import pytest
import yaml

from lattice_gateway.adapters.kube.client import open_client, read_config
from lattice_gateway.adapters.kube.known import Known
from lattice_gateway.adapters.kube.source import ClusterSource
from lattice_gateway.engine.clock import SystemClock
from lattice_gateway.engine.ports import Source
from tests.cluster.control_plane import ControlPlane
from tests.cluster.kube import ApiError, Kube, Object, eventually
from tests.cluster.manifests import gateway_api, install_crds
from tests.contract.sources import *  # noqa: F403 - the suite
from tests.contract.sources import Stage

pytestmark = pytest.mark.cluster


class ClusterStage:
    """Objects in a namespace of the test."""

    def __init__(self, kube: Kube, namespace: str, source: Source) -> None:
        self._kube = kube
        self._there: dict[str, Object] = {}
        self.namespace = namespace
        self.source = source

    def put(self, name: str, manifest: str) -> None:
        raw = yaml.safe_load(manifest)
        raw["metadata"]["namespace"] = self.namespace
        self._there[name] = raw
        self._kube.apply(raw)

    def remove(self, name: str) -> None:
        self._kube.delete(self._there.pop(name))


@pytest.fixture
async def stage(control_plane: ControlPlane, as_controller: Path, namespace: str) -> AsyncIterator[Stage]:
    config = read_config(as_controller, None)
    async with open_client(config) as api:
        source = ClusterSource(api, Known(), SystemClock(), Random(1))
        yield ClusterStage(control_plane.admin, namespace, source)


@pytest.fixture
def lenient(stage: Stage, lax_routes: None) -> Stage:
    return stage


@pytest.fixture(scope="module")
def lax_routes(kube: Kube) -> Iterator[None]:
    """HTTPRoutes of any form, as an older definition, or none at all, might let in; until the end of this module.

    Once for the module: a server that changes its mind twice in a moment may go by the first word for a while.
    """
    crd = next(each for each in gateway_api() if each["metadata"]["name"].startswith("httproutes."))
    anything = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    versions = [{**each, "schema": anything} for each in crd["spec"]["versions"]]
    kube.apply({**crd, "spec": {**crd["spec"], "versions": versions}})
    eventually("odd routes are let in", partial(_is_let_in, kube))
    yield
    install_crds(kube, [crd])
    eventually("odd routes are refused", lambda: not _is_let_in(kube))


ODD_ROUTE: Object = {
    "apiVersion": "gateway.networking.k8s.io/v1",
    "kind": "HTTPRoute",
    "metadata": {"name": "probe", "namespace": "default"},
    "spec": "odd",
}


def _is_let_in(kube: Kube) -> bool:
    try:
        kube.create(ODD_ROUTE, query="?dryRun=All")
    except ApiError:
        return False
    return True
