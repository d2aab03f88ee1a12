"""The launch post in a cluster, from kubectl to VPC Lattice and back to what kubectl shows."""

from collections.abc import Iterator

import pytest

from tests.cluster.commands import Kubectl
from tests.cluster.kube import Kube, eventually
from tests.cluster.run.hotel import WHOLE, Hotel
from tests.cluster.run.stage import Stage

pytestmark = pytest.mark.cluster


@pytest.fixture
def hotel(shared: Stage, kube: Kube, kubectl: Kubectl, namespace: str) -> Iterator[Hotel]:
    if not shared.replicas:
        shared.replica("--leader-elect").ready()
    made = Hotel(kube, kubectl, namespace)
    made.apply()
    made.built()
    yield made
    made.delete("httproute", "gateway", "service", "gatewayclass")
    made.gone()
    eventually(f"nothing is left: {shared.emulator.counts()}", lambda: not shared.emulator.counts(), within=60)


@pytest.mark.timeout(180)
def test_it_is_built_and_everybody_can_wait_for_it(hotel: Hotel, shared: Stage) -> None:
    assert shared.emulator.counts() == WHOLE
