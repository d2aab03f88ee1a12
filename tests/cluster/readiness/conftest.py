"""Fixtures of the tests in which pods wait for VPC Lattice."""

from collections.abc import Iterator

import pytest

from tests.cluster.commands import Helm
from tests.cluster.control_plane import ControlPlane
from tests.cluster.readiness.shop import Shop, a_shop
from tests.cluster.toolchain import envoy_or_give_up


@pytest.fixture(scope="module")
def shop(control_plane: ControlPlane, helm: Helm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop whose pods are checked by VPC Lattice."""
    envoy_or_give_up()
    with a_shop(control_plane, helm, tmp_path_factory.mktemp("readiness")) as made:
        yield made
