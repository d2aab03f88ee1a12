"""A cluster as a source: listed in pages, watched through every kind of weather."""

from pathlib import Path

import pytest

from lattice_gateway.core.objects import Kind, Ref
from tests.cluster.control_plane import ControlPlane
from tests.cluster.kube import Kube, Object
from tests.cluster.source.reader import cluster_source, reading, until

pytestmark = pytest.mark.cluster

GATEWAY_API = "gateway.networking.k8s.io/v1"


@pytest.fixture
def kubeconfig(control_plane: ControlPlane) -> Path:
    return control_plane.folder / "admin.kubeconfig"


def a_route(namespace: str, name: str, weight: int = 1) -> Object:
    return {
        "apiVersion": GATEWAY_API,
        "kind": "HTTPRoute",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "parentRefs": [{"name": "hotel"}],
            "rules": [{"backendRefs": [{"name": "rooms", "port": 80, "weight": weight}]}],
        },
    }


def of(namespace: str, name: str) -> Ref:
    return Ref(Kind.HTTP_ROUTE, namespace, name)


async def test_what_is_created_changed_and_deleted_is_told(kubeconfig: Path, kube: Kube, namespace: str) -> None:
    kube.create(a_route(namespace, "before"))

    async with cluster_source(kubeconfig) as (source, _), reading(source) as reader:
        await until("everything is read", lambda: reader.complete)
        assert of(namespace, "before") in reader.objects
        kube.create(a_route(namespace, "after"))
        await until("the new one is told", lambda: of(namespace, "after") in reader.objects)
        kube.apply(a_route(namespace, "after", 7))
        await until("the change is told", lambda: reader.objects[of(namespace, "after")].metadata.generation == 2)
        kube.delete(a_route(namespace, "before"))
        await until("the deletion is told", lambda: of(namespace, "before") in reader.gone)

    assert reader.problems == ()
