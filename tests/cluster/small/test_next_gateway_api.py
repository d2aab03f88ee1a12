"""A cluster with a newer release of Gateway API than the one that everything is tested with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import toolchain
from tests.cluster.commands import Helm, Kubectl
from tests.cluster.control_plane import ControlPlane, start_control_plane
from tests.cluster.kube import eventually
from tests.cluster.manifests import CHART, OUR_CRDS, install_crds, read_manifests
from tests.cluster.run.hotel import Hotel
from tests.cluster.run.stage import a_stage

pytestmark = pytest.mark.cluster

FAST = 200.0


@pytest.fixture
def newer(assets: Path, tmp_path: Path) -> Iterator[ControlPlane]:
    """A control plane of its own: a cluster does not go back to an older release."""
    folder = tmp_path / "plane"
    folder.mkdir()
    plane = start_control_plane(assets, folder)
    try:
        install_crds(plane.admin, read_manifests(toolchain.or_give_up(toolchain.next_gateway_api)))
        install_crds(plane.admin, read_manifests(OUR_CRDS))
        plane.admin.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "hotel"}})
        yield plane
    finally:
        plane.stop()


@pytest.mark.timeout(180)
def test_the_example_comes_and_goes(newer: ControlPlane, tmp_path: Path) -> None:
    admin = newer.folder / "admin.kubeconfig"
    helm = Helm(toolchain.or_give_up(toolchain.helm), CHART, admin)
    hotel = Hotel(newer.admin, Kubectl(newer.assets / "kubectl", admin), "hotel")
    with a_stage(newer, helm, tmp_path, FAST) as stage:
        stage.replica().ready()

        hotel.apply()
        hotel.built()
        hotel.delete("httproute", "gateway", "service", "gatewayclass")
        hotel.gone()

        eventually("nothing is left", lambda: not stage.emulator.counts(), within=60)
