"""A cluster as a source: listed in pages, watched through every kind of weather."""

import json
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import process_time

import pytest

from lattice_gateway.adapters.kube import connect
from lattice_gateway.adapters.kube.client import NotConfigured, read_config
from lattice_gateway.core.objects import EndpointSlice, Kind
from tests.cluster.control_plane import API_SERVER, ControlPlane
from tests.cluster.kube import Kube
from tests.cluster.source.making import a_route, a_service, a_slice, route_ref
from tests.cluster.source.proxy import proxy_to
from tests.cluster.source.reader import cluster, reading, until

pytestmark = pytest.mark.cluster

MIB = 1024 * 1024


@pytest.fixture
def kubeconfig(as_controller: Path) -> Path:
    return as_controller


@pytest.fixture
def token(as_controller: Path) -> str:
    """The controller's token."""
    return str(json.loads(as_controller.read_text())["users"][0]["user"]["token"])


async def test_what_is_created_changed_and_deleted_is_told(kubeconfig: Path, kube: Kube, namespace: str) -> None:
    kube.create(a_route(namespace, "before"))

    async with cluster(kubeconfig) as (_, reader):
        assert route_ref(namespace, "before") in reader.objects
        kube.create(a_route(namespace, "after"))
        await until("the new one is told", lambda: route_ref(namespace, "after") in reader.objects)
        kube.apply(a_route(namespace, "after", 7))
        changed = route_ref(namespace, "after")
        await until("the change is told", lambda: reader.objects[changed].metadata.generation == 2)
        kube.delete(a_route(namespace, "before"))
        await until("the deletion is told", lambda: route_ref(namespace, "before") in reader.gone)

    assert reader.problems == ()


async def test_a_status_or_a_label_of_others_is_no_news(kubeconfig: Path, kube: Kube, namespace: str) -> None:
    kube.create(a_route(namespace, "one"))

    async with cluster(kubeconfig) as (known, reader):
        told, version = reader.told, known.known.get(route_ref(namespace, "one"))
        kube.merge(a_route(namespace, "one"), {"metadata": {"annotations": {"example.org/colour": "green"}}})
        await until("the watch shows it", lambda: known.known.get(route_ref(namespace, "one")) != version)

        assert reader.told == told


async def test_only_what_is_read_is_kept(kubeconfig: Path, kube: Kube, namespace: str) -> None:
    ours = {"application-networking.k8s.aws/standalone": "true"}
    kube.create(a_route(namespace, "one", annotations={**ours, "example.org/colour": "green"}))

    async with cluster(kubeconfig) as (_, reader):
        metadata = reader.objects[route_ref(namespace, "one")].metadata

    assert metadata.annotations == ours


async def test_cut_connections_lose_nothing(control_plane: ControlPlane, kubeconfig: Path, namespace: str) -> None:
    kube = control_plane.admin
    kube.create(a_route(namespace, "before"))
    async with (
        proxy_to(control_plane.ports.api) as proxy,
        cluster(through(control_plane, kubeconfig, proxy.port)) as (_, reader),
    ):
        for round_ in range(3):
            assert proxy.cut()
            kube.create(a_service(namespace, f"new-{round_}"))
            kube.delete(a_route(namespace, "before"))
            await until("it is told", lambda: f"new-{round_}" in reader.of(Kind.SERVICE, namespace))  # noqa: B023
        await until("the deletion is told", lambda: route_ref(namespace, "before") in reader.gone)

        assert reader.complete


async def test_a_server_that_is_away_is_said_and_forgotten(
    control_plane: ControlPlane, kubeconfig: Path, namespace: str
) -> None:
    async with (
        proxy_to(control_plane.ports.api) as proxy,
        cluster(through(control_plane, kubeconfig, proxy.port)) as (_, reader),
    ):
        await proxy.refuse()
        await until("it is said", lambda: reader.says("cannot be watched: no answer"))
        control_plane.admin.create(a_service(namespace, "meanwhile"))
        await proxy.listen()
        await until("it is told", lambda: "meanwhile" in reader.of(Kind.SERVICE, namespace), within=40)
        await until("nothing is said any more", lambda: reader.problems == (), within=40)

    assert not [ref for ref in reader.gone if ref.namespace == namespace]


async def test_a_restarted_server_is_followed_again(
    control_plane: ControlPlane, kubeconfig: Path, namespace: str
) -> None:
    kube = control_plane.admin
    kube.create(a_route(namespace, "before"))
    async with cluster(kubeconfig) as (_, reader):
        control_plane.kill(API_SERVER)
        control_plane.start(API_SERVER)
        kube.delete(a_route(namespace, "before"))
        kube.create(a_route(namespace, "after"))
        await until("the new one is told", lambda: route_ref(namespace, "after") in reader.objects, within=40)
        await until("the deletion is told", lambda: route_ref(namespace, "before") in reader.gone, within=40)

    assert [ref for ref in reader.gone if ref.namespace == namespace] == [route_ref(namespace, "before")]


async def test_a_token_is_read_again_when_it_is_no_longer_good(
    control_plane: ControlPlane, token: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = tmp_path / "serviceaccount"
    account.mkdir()
    (account / "namespace").write_text("gateway-home")
    (account / "ca.crt").write_text(control_plane.endpoint.authority)
    (account / "token").write_text("expired")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(control_plane.ports.api))

    async with connect(account=account) as kube, reading(kube.source) as reader:
        await until("it is said", lambda: reader.says("401 Unauthorized"))
        (account / "token").write_text(token)
        await until("everything is read", lambda: reader.complete)

        assert kube.namespace == "gateway-home"


async def test_a_thousand_slices_of_twenty_endpoints_are_read_whole_and_cost_little(
    control_plane: ControlPlane, kubeconfig: Path, namespace: str
) -> None:
    names = {f"slice-{number}" for number in range(1000)}
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(control_plane.admin.create, (a_slice(namespace, name, 20) for name in names)))
    began = process_time()
    async with cluster(kubeconfig):
        spent = process_time() - began
    tracemalloc.start()
    async with cluster(kubeconfig) as (_, reader):
        kept, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        slices = [thing for thing in reader.objects.values() if isinstance(thing, EndpointSlice)]

    assert {thing.metadata.name for thing in slices if thing.metadata.namespace == namespace} == names
    assert sum(len(thing.endpoints) for thing in slices) >= 20_000
    assert spent < 3.0
    assert kept < 20 * MIB
    assert most < 40 * MIB


def test_a_kubeconfig_that_is_none_is_told_in_a_sentence(tmp_path: Path) -> None:
    broken = tmp_path / "config"
    broken.write_text(json.dumps({"clusters": []}))

    with pytest.raises(NotConfigured, match="is no kubeconfig: KeyError 'contexts'"):
        read_config(broken, None)


def through(control_plane: ControlPlane, direct: Path, port: int) -> Path:
    """A kubeconfig whose server is reached through a proxy."""
    path = control_plane.folder / f"through-{port}.kubeconfig"
    path.write_text(direct.read_text().replace(f":{control_plane.ports.api}", f":{port}"))
    return path
