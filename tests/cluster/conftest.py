"""Fixtures of the cluster tests: one control plane for a session, a namespace for a test, kubectl and helm.

Without Go and without KUBEBUILDER_ASSETS the tests are skipped and say so; under CI that is a failure.
"""

import os
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.cluster import toolchain
from tests.cluster.commands import Helm, Kubectl
from tests.cluster.control_plane import ControlPlane, start_control_plane
from tests.cluster.kube import Kube
from tests.cluster.kubelet import NODE
from tests.cluster.manifests import CHART, OUR_CRDS, gateway_api, install_crds, read_manifests
from tests.cluster.rights import ACCOUNT, chart_rights

NUMBERS = count(1)
CONTROLLER_HOME = "gateway-system"
"""Where the controller is at home in tests that do not care."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs a control plane starts whole processes: it is left out where those are left out.

    What looks at the rights that everything before it used comes last.
    """
    for item in items:
        if item.get_closest_marker("cluster"):
            item.add_marker(pytest.mark.process)
    items.sort(key=lambda item: item.path.name == "test_rights.py")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Build before the first test, whose time limit is far below what a first build takes."""
    wanted = any(item.get_closest_marker("cluster") for item in session.items)
    if wanted and not session.config.option.collectonly and toolchain.go_is_there():
        for recipe in toolchain.RECIPES:
            toolchain.cached(recipe(), os.environ)


@pytest.fixture(scope="session")
def assets() -> Path:
    """The folder with etcd, kube-apiserver, kube-controller-manager and kubectl."""
    return toolchain.or_give_up(toolchain.control_plane)


@pytest.fixture(scope="session")
def control_plane(assets: Path) -> Iterator[ControlPlane]:
    """A running control plane with the CRDs of Gateway API and ours, and one node."""
    with tempfile.TemporaryDirectory(prefix="lattice-gateway-cluster-") as folder:
        plane = start_control_plane(assets, Path(folder))
        try:
            install_crds(plane.admin, gateway_api())
            install_crds(plane.admin, read_manifests(OUR_CRDS))
            plane.admin.create(NODE)
            yield plane
        finally:
            plane.stop()


@pytest.fixture(scope="session")
def kube(control_plane: ControlPlane) -> Kube:
    """The API as its administrator."""
    return control_plane.admin


@pytest.fixture(scope="session")
def kubectl(control_plane: ControlPlane) -> Kubectl:
    """kubectl as the administrator."""
    return Kubectl(control_plane.assets / "kubectl", control_plane.folder / "admin.kubeconfig")


@pytest.fixture(scope="session")
def helm(control_plane: ControlPlane) -> Helm:
    """helm with our chart."""
    program = toolchain.or_give_up(toolchain.helm)
    return Helm(program, CHART, control_plane.folder / "admin.kubeconfig")


@pytest.fixture(scope="module")
def as_controller(control_plane: ControlPlane, helm: Helm) -> Iterator[Path]:
    """The kubeconfig of the controller: its service account, with exactly the rights that the chart gives."""
    with chart_rights(control_plane, helm, CONTROLLER_HOME):
        yield control_plane.kubeconfig("controller", control_plane.service_account_token(CONTROLLER_HOME, ACCOUNT))


@pytest.fixture(scope="session")
def monitoring(kube: Kube) -> None:
    """The kinds of the Prometheus operator are there."""
    install_crds(kube, read_manifests(toolchain.or_give_up(toolchain.monitoring)))


@pytest.fixture
def namespace(kube: Kube) -> Iterator[str]:
    """A namespace of this test; it is told to go at the end and nobody waits for it."""
    name = f"test-{next(NUMBERS)}"
    wanted = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    kube.create(wanted)
    yield name
    kube.delete(wanted)
