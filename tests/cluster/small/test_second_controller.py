"""Another installation is at work on the same account: the one that comes later writes nothing, and says who works."""

from collections.abc import Iterator
from functools import partial
from itertools import count

import pytest

from lattice_gateway.engine.leases import LEASE_NAME
from tests.cluster.commands import Kubectl
from tests.cluster.kube import Kube, Object, eventually
from tests.cluster.run.hotel import Hotel
from tests.cluster.run.stage import Replica, Stage

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(180)]


class Other:
    """The Go controller in another namespace, as far as its Lease goes; the test is its clock."""

    def __init__(self, kube: Kube, namespace: str) -> None:
        self._kube = kube
        self._renewals = count()
        self.lease: Object = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": LEASE_NAME, "namespace": namespace},
        }
        kube.create({**self.lease, "spec": self._spec()})

    def sees(self, replica: Replica, words: str) -> bool:
        """Renew the Lease, and look whether a replica's readiness says this."""
        self._kube.merge(self.lease, {"spec": self._spec()})
        return words in replica.probe("/readyz")

    def _spec(self) -> Object:
        return {
            "holderIdentity": "go-controller",
            "acquireTime": "2026-01-01T00:00:00.000000Z",
            "renewTime": f"2026-01-01T00:00:00.{next(self._renewals):06}Z",
            "leaseDurationSeconds": 15,
        }


@pytest.fixture
def other(kube: Kube, namespace: str) -> Iterator[Other]:
    """It is at work; its Lease is gone afterwards, or every controller that comes would stand back for a while."""
    made = Other(kube, namespace)
    yield made
    kube.delete(made.lease)


def test_it_stands_back_says_who_works_and_begins_when_the_other_is_gone(
    other: Other, stage: Stage, kube: Kube, kubectl: Kubectl, namespace: str
) -> None:
    hotel = Hotel(kube, kubectl, namespace)
    hotel.apply()
    replica = stage.replica("--leader-elect")
    who = f"another controller is at work: go-controller holds the Lease in namespace {namespace}"

    eventually("it says who works", partial(other.sees, replica, who), within=60)
    status = hotel.object("httproute", "rates").get("status", {})
    writes = stage.emulator.writes()
    eventually("it leads", lambda: replica.leads, within=60)
    hotel.built()

    assert writes == {}
    assert status.get("parents", []) == []
    hotel.delete("httproute", "gateway", "service", "gatewayclass")
    hotel.gone()
    eventually("nothing is left", lambda: not stage.emulator.counts(), within=60)
