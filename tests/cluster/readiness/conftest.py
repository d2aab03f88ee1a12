"""Fixtures of the tests in which pods wait for VPC Lattice."""

from collections.abc import Iterator

import pytest

from lattice_emulator.dataplane.binary import Found, find_envoy
from tests.cluster.commands import Helm
from tests.cluster.control_plane import ControlPlane
from tests.cluster.readiness.shop import Shop, a_shop


@pytest.fixture(scope="module")
def shop(control_plane: ControlPlane, helm: Helm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop whose pods are checked by VPC Lattice."""
    if not isinstance(find_envoy(), Found):
        pytest.skip("there is no Envoy for this machine, so there would be no health checks")
    with a_shop(control_plane, helm, tmp_path_factory.mktemp("readiness")) as made:
        yield made
