"""Fixtures of the swap: a control plane of its own, because it has the Go controller's CRDs and not ours."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from tests.cluster.control_plane import ControlPlane, start_control_plane
from tests.cluster.kube import Kube, Object, eventually
from tests.cluster.kubelet import NODE
from tests.cluster.manifests import gateway_api, install_crds, read_manifests
from tests.cluster.run.stage import Replica
from tests.cluster.swap.pods import Pods, some_pods
from tests.cluster.swap.remains import Built, leave_in_lattice, leave_on_objects
from tests.cluster.swap.stage import HERE, PEER, Swap, a_swap
from tests.cluster.swap.traffic import Ask, Traffic, traffic
from tests.cluster.toolchain import envoy_or_give_up

PODS = (
    ("shop", "web", "web-1", "10.244.7.1"),
    ("shop", "web", "web-2", "10.244.7.2"),
    ("shop", "web-next", "web-next-1", "10.244.7.3"),
    ("shop", "api", "api-1", "10.244.7.4"),
    ("shop", "batch", "batch-1", "10.244.7.7"),
)
TILL = ("tills", "till", "till-1", "10.244.7.5")


@pytest.fixture(scope="package")
def old_cluster(assets: Path) -> Iterator[ControlPlane]:
    """A control plane as the Go controller's guide asks for it."""
    envoy_or_give_up()
    with tempfile.TemporaryDirectory(prefix="lattice-gateway-swap-") as folder:
        plane = start_control_plane(assets, Path(folder))
        try:
            install_crds(plane.admin, [*gateway_api(), *read_manifests([PEER / "crds.yaml"])])
            plane.admin.create(NODE)
            yield plane
        finally:
            plane.stop()


@dataclass(frozen=True, slots=True)
class Shop:
    """A cluster and an account that the Go controller kept, with traffic that flows until the tests end."""

    swap: Swap
    pods: Pods
    built: Built
    traffic: Traffic

    @property
    def kube(self) -> Kube:
        return self.swap.kube


@pytest.fixture(scope="module")
def shop(old_cluster: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The shop at the end of a good pass of the Go controller, which has just been stopped."""
    kube = old_cluster.admin
    for each in read_manifests([HERE / "shop.yaml"]):
        kube.apply(each)
    with some_pods(kube) as pods:
        for pod in (*PODS, TILL):
            pods.start(*pod)
        eventually("all pods have their endpoints", lambda: len(_endpoints(kube)) == len(PODS) + 1)
        with a_swap(old_cluster, tmp_path_factory.mktemp("swap"), pods.mapping) as swap:
            built = leave_in_lattice(kube, swap.emulator.url)
            leave_on_objects(kube, built)
            door = swap.emulator.admin("GET", "url")["front_door"]
            asks = asked(built)
            for ask in asks:
                eventually(f"{ask} is answered", partial(_answered, ask, door), within=30)
            with traffic(door, asks) as flowing:
                yield Shop(swap, pods, built, flowing)


@pytest.fixture(scope="module")
def replica(shop: Shop) -> Iterator[Replica]:
    """The process that took the Go controller's place: its Deployment, with another image."""
    shop.swap.emulator.forget_calls()
    made = shop.swap.start(shop.swap.swap_image())
    try:
        made.ready()
        eventually("it leads", lambda: made.leads, within=40)
        yield made
    finally:
        made.process.kill()


def asked(built: Built) -> tuple[Ask, ...]:
    """A request for every rule of every route."""
    checkout, orders, rates, reports = (host for _, host in built.services.values())
    gift = (("X-Kind", "Gift"), ("X-Area", "north"))
    return (
        *(Ask("GET", checkout, path) for path in ("/health", "/till/1", "/")),
        Ask("POST", orders, "/orders", gift),
        Ask("GET", orders, "/"),
        Ask("GET", rates, "/"),
        Ask("GET", reports, "/"),
    )


def _answered(ask: Ask, door: str) -> bool:
    once = Traffic()
    once.count(ask, door)
    return not once.failed


def _endpoints(kube: Kube) -> list[Object]:
    slices = kube.list("discovery.k8s.io/v1", "EndpointSlice")
    return [each for one in slices for each in one.get("endpoints") or [] if each["conditions"].get("ready")]
