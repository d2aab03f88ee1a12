"""Kinds that are missing, that appear, vanish, or are served in another version; and history that is gone."""

import json
from collections.abc import Iterator
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from lattice_gateway.adapters.kube import connect
from lattice_gateway.core.objects import Kind, Ref
from tests.cluster.control_plane import API_SERVER, ControlPlane
from tests.cluster.kube import ApiError, Kube, Object, eventually
from tests.cluster.manifests import OUR_CRDS, gateway_api, install_crds, read_manifests
from tests.cluster.source.making import a_route, a_slice, route_ref
from tests.cluster.source.proxy import proxy_to
from tests.cluster.source.reader import cluster, reading, until
from tests.cluster.source.test_source import through

pytestmark = pytest.mark.cluster

OURS = {crd["spec"]["names"]["kind"]: crd for crd in read_manifests(OUR_CRDS)}
POLICIES = OURS["TargetGroupPolicy"]


@pytest.fixture
def kubeconfig(as_controller: Path) -> Path:
    return as_controller


@pytest.fixture
def routes(kube: Kube) -> Iterator[Object]:
    """The definition of HTTPRoute; it is there again afterwards."""
    crd = next(each for each in gateway_api() if each["metadata"]["name"].startswith("httproutes."))
    yield crd
    install_crds(kube, [crd])


@pytest.fixture
def policies(kube: Kube) -> Iterator[Object]:
    """The definition of TargetGroupPolicy; it is there again afterwards."""
    yield POLICIES
    install_crds(kube, [POLICIES])


def a_policy(namespace: str, name: str) -> Object:
    target = {"group": "", "kind": "Service", "name": "rooms"}
    return {
        "apiVersion": "application-networking.k8s.aws/v1alpha1",
        "kind": "TargetGroupPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"targetRef": target},
    }


def policy_ref(namespace: str, name: str) -> Ref:
    return Ref(Kind.TARGET_GROUP_POLICY, namespace, name)


async def test_a_kind_that_vanishes_takes_no_object_with_it_and_is_followed_when_it_returns(
    kubeconfig: Path, kube: Kube, namespace: str, routes: Object
) -> None:
    names = {f"route-{number}" for number in range(5)}
    for name in names:
        kube.create(a_route(namespace, name))

    async with cluster(kubeconfig) as (_, reader):
        kube.delete(routes)
        await until("it is said", lambda: reader.says("not installed: HTTPRoute"))
        assert reader.of(Kind.HTTP_ROUTE, namespace) == names
        assert reader.says("the kind is no longer installed")
        install_crds(kube, [routes])
        kube.create(a_route(namespace, "route-0", 9))
        await until("it is said", lambda: reader.says("were lost with their kind"))

        assert not reader.says("not installed")
        assert reader.of(Kind.HTTP_ROUTE, namespace) == names

    assert not [ref for ref in reader.gone if ref.kind is Kind.HTTP_ROUTE and ref.namespace == namespace]


async def test_a_kind_whose_objects_are_held_is_being_deleted_and_says_so(
    kubeconfig: Path, kube: Kube, namespace: str, routes: Object
) -> None:
    held = a_route(namespace, "held", finalizers=["httproute.k8s.aws/resources"])
    kube.create(held)

    async with cluster(kubeconfig) as (connected, reader):
        kube.delete(routes)
        await until("it is said", lambda: reader.says("the kind is being deleted"))
        assert reader.objects[route_ref(namespace, "held")].metadata.deletion_timestamp is None
        connected.finalizers.release(route_ref(namespace, "held"))
        await until("it is said", lambda: reader.says("not installed: HTTPRoute"))

    assert route_ref(namespace, "held") not in reader.gone


async def test_a_kind_that_is_replaced_at_once_takes_no_object_with_it_and_is_followed(
    kubeconfig: Path, kube: Kube, namespace: str, policies: Object
) -> None:
    """``kubectl replace --force`` of a definition whose objects nobody holds takes less than a second."""
    for number in range(3):
        kube.create(a_policy(namespace, f"policy-{number}"))

    async with cluster(kubeconfig) as (_, reader):
        kube.delete(policies)
        eventually("the kind is gone", partial(_is_gone, kube, policies))
        install_crds(kube, [policies])
        kube.create(a_policy(namespace, "policy-0"))
        await until("it is said", lambda: reader.says("were lost with their kind"), within=60)
        kube.create(a_policy(namespace, "later"))
        await until("it is followed", lambda: policy_ref(namespace, "later") in reader.objects)

        assert reader.of(Kind.TARGET_GROUP_POLICY, namespace) == {"policy-0", "policy-1", "policy-2", "later"}

    assert not [ref for ref in reader.gone if ref.namespace == namespace]


async def test_a_kind_that_appears_later_is_followed(
    kubeconfig: Path, kube: Kube, namespace: str, policies: Object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lattice_gateway.adapters.kube.source.LOOK_AGAIN", 1.0)
    kube.delete(policies)
    eventually("the kind is gone", partial(_is_gone, kube, policies))

    async with cluster(kubeconfig) as (_, reader):
        assert reader.problems == ()
        install_crds(kube, [policies])
        kube.create(a_policy(namespace, "late"))
        await until("it is told", lambda: policy_ref(namespace, "late") in reader.objects)

    assert reader.problems == ()


async def test_a_required_kind_that_is_missing_is_named_with_the_command(
    kubeconfig: Path, kube: Kube, namespace: str, routes: Object
) -> None:
    kube.delete(routes)
    eventually("the kind is gone", partial(_is_gone, kube, routes))

    async with connect(kubeconfig) as connected, reading(connected.source) as reader:
        await until("it is named", lambda: reader.says("not installed: HTTPRoute; nothing is done until `kubectl"))
        assert not reader.complete
        install_crds(kube, [routes])
        await until("everything is read", lambda: reader.complete)

    assert reader.problems == ()


async def test_a_kind_in_its_older_version_alone_is_read_all_the_same(
    kubeconfig: Path, kube: Kube, namespace: str, routes: Object
) -> None:
    kube.create(a_route(namespace, "one", 7))
    async with cluster(kubeconfig) as (_, reader):
        new = reader.objects[route_ref(namespace, "one")]
        versions = [{**each, "served": each["name"] == "v1beta1"} for each in routes["spec"]["versions"]]
        kube.apply({**routes, "spec": {**routes["spec"], "versions": versions}})

    await _read_again(kubeconfig, namespace, new)


async def test_history_that_is_gone_is_listed_anew(
    control_plane: ControlPlane, kubeconfig: Path, namespace: str
) -> None:
    kube = control_plane.admin
    kube.create(a_route(namespace, "before"))
    kube.create(a_slice(namespace, "before", 1))
    async with (
        proxy_to(control_plane.ports.api) as proxy,
        cluster(through(control_plane, kubeconfig, proxy.port)) as (_, reader),
    ):
        await proxy.refuse()
        kube.delete(a_route(namespace, "before"))
        kube.delete(a_slice(namespace, "before", 1))
        kube.create(a_route(namespace, "after"))
        control_plane.kill(API_SERVER)
        _compact(control_plane)
        control_plane.start(API_SERVER)
        with capture_logs() as logs:
            await proxy.listen()
            await until("the new one is told", lambda: route_ref(namespace, "after") in reader.objects, within=40)
            await until("the deletion is told", lambda: route_ref(namespace, "before") in reader.gone, within=40)
        slices = partial(reader.of, Kind.ENDPOINT_SLICE, namespace)
        await until("the slice is gone", lambda: not slices(), within=40)

    assert {"HTTPRoute", "GatewayClass"} <= {each["kind"] for each in logs if each["event"] == "listed anew"}


async def _read_again(kubeconfig: Path, namespace: str, new: object) -> None:
    async with cluster(kubeconfig) as (connected, reader):
        served = connected.known.served(Kind.HTTP_ROUTE)
        assert served is not None
        assert served.version == "v1beta1"
        assert reader.objects[route_ref(namespace, "one")] == new


def _is_gone(kube: Kube, crd: Object) -> bool:
    root = f"/apis/{crd['spec']['group']}/{crd['spec']['versions'][0]['name']}"
    try:
        listed = kube.request("GET", root)["resources"]
    except ApiError as error:
        return error.status == 404
    return crd["spec"]["names"]["plural"] not in {each["name"] for each in listed}


def _compact(control_plane: ControlPlane) -> None:
    """Make etcd forget everything but the present."""
    connection = HTTPConnection("127.0.0.1", control_plane.ports.etcd, timeout=10)
    try:
        connection.request("POST", "/v3/kv/range", b'{"key": "AA=="}')
        revision = _revision(connection.getresponse().read())
        connection.request("POST", "/v3/kv/compaction", f'{{"revision": "{revision}", "physical": true}}'.encode())
        assert connection.getresponse().status == 200
    finally:
        connection.close()


def _revision(answer: bytes) -> str:

    revision: str = json.loads(answer)["header"]["revision"]
    return revision
