"""Replicas and their Lease on a real API server, with exactly the rights that the chart gives."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from time import monotonic

import pytest

from lattice_gateway.adapters.kube.client import read_config
from lattice_gateway.adapters.kube.lease import KubeLeases
from lattice_gateway.engine.leases import LEASE_NAME, LeaseRecord, LeaseTaken, LeaseUnreachable
from tests.cluster.commands import Helm
from tests.cluster.control_plane import ControlPlane
from tests.cluster.kube import Kube, Object, eventually
from tests.cluster.processes import Running, start
from tests.cluster.rights import ACCOUNT, chart_rights

pytestmark = pytest.mark.cluster

HOME = "lease-home"
ELSEWHERE = "lease-elsewhere"
MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


@pytest.fixture(scope="module")
def kubeconfig(control_plane: ControlPlane, helm: Helm) -> Iterator[Path]:
    """How the controller reaches the API: as its service account."""
    admin = control_plane.admin
    namespaces = [_namespace(HOME), _namespace(ELSEWHERE)]
    admin.apply(_namespace(ELSEWHERE))
    with chart_rights(control_plane, helm, HOME):
        yield control_plane.kubeconfig("lease", control_plane.service_account_token(HOME, ACCOUNT))
    for each in namespaces:
        admin.delete(each)
    # A Lease of our name that is left anywhere makes the next controller of this API server stand back.
    eventually("the namespaces are gone", lambda: not any(map(admin.exists, namespaces)), within=60)


@pytest.fixture
def leases(kubeconfig: Path, kube: Kube) -> Iterator[KubeLeases]:
    """The product's view of the leases; there is none at first."""
    for namespace in (HOME, ELSEWHERE):
        kube.delete(_lease(namespace))
    found = KubeLeases(read_config(kubeconfig, None), HOME)
    yield found
    found.close()


def test_a_lease_is_read_as_it_was_written(leases: KubeLeases) -> None:
    wanted = LeaseRecord(namespace=HOME, holder="me", acquired=MOMENT, renewed=MOMENT, transitions=2)

    nothing = leases.read()
    written = leases.create(wanted)

    assert nothing is None
    assert replace(written, version="") == wanted
    assert leases.read() == written


def test_a_moment_without_a_fraction_of_a_second_is_a_moment(leases: KubeLeases) -> None:
    whole = MOMENT.replace(microsecond=0)

    written = leases.create(LeaseRecord(namespace=HOME, holder="me", acquired=whole, renewed=whole))

    assert written.renewed is not None
    assert abs((written.renewed - whole).total_seconds()) < 0.001


def test_a_lease_that_is_there_cannot_be_created(leases: KubeLeases) -> None:
    leases.create(LeaseRecord(namespace=HOME, holder="other"))

    with pytest.raises(LeaseTaken):
        leases.create(LeaseRecord(namespace=HOME, holder="me"))


def test_a_lease_is_replaced_only_as_it_was_seen(leases: KubeLeases) -> None:
    seen = leases.create(LeaseRecord(namespace=HOME, holder="me"))
    leases.replace(replace(seen, holder="other"))

    with pytest.raises(LeaseTaken):
        leases.replace(replace(seen, renewed=MOMENT))


def test_a_lease_that_is_gone_is_not_replaced(leases: KubeLeases, kube: Kube) -> None:
    seen = leases.create(LeaseRecord(namespace=HOME, holder="me"))
    kube.delete(_lease(HOME))

    with pytest.raises(LeaseTaken):
        leases.replace(seen)


def test_labels_of_other_people_stay(leases: KubeLeases, kube: Kube) -> None:
    leases.create(LeaseRecord(namespace=HOME, holder="me"))
    kube.merge(_lease(HOME), {"metadata": {"labels": {"team": "edge"}}})
    seen = leases.read()
    assert seen is not None

    leases.replace(replace(seen, holder="other"))

    assert kube.get(_lease(HOME))["metadata"]["labels"] == {"team": "edge"}


def test_leases_of_our_name_are_seen_in_other_namespaces(leases: KubeLeases, kube: Kube) -> None:
    leases.create(LeaseRecord(namespace=HOME, holder="me"))
    kube.create({**_lease(ELSEWHERE), "spec": {"holderIdentity": "go"}})
    kube.apply({**_lease(ELSEWHERE), "metadata": {"name": "unrelated", "namespace": ELSEWHERE}})

    found = leases.elsewhere()

    assert [(each.namespace, each.holder) for each in found] == [(ELSEWHERE, "go")]


def test_a_server_that_does_not_answer_is_unreachable(tmp_path: Path, control_plane: ControlPlane) -> None:
    text = control_plane.kubeconfig("nobody", "wrong").read_text()
    nowhere = tmp_path / "kubeconfig"
    nowhere.write_text(text.replace(str(control_plane.ports.api), "1"))

    with (
        closing(KubeLeases(read_config(nowhere, None), HOME)) as leases,
        pytest.raises(LeaseUnreachable, match="Connect"),
    ):
        leases.read()


def test_a_refusal_says_why(control_plane: ControlPlane) -> None:
    stranger = control_plane.kubeconfig("stranger", "wrong")

    with (
        closing(KubeLeases(read_config(stranger, None), HOME)) as leases,
        pytest.raises(LeaseUnreachable, match="401"),
    ):
        leases.read()


@dataclass(frozen=True)
class Calls:
    """What AWS saw, as the replicas wrote it down."""

    file: Path

    def of(self, name: str, what: str = "sent") -> list[float]:
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        return [
            float(moment) for moment, who, action in (line.split() for line in lines) if (who, action) == (name, what)
        ]


Replica = Callable[[str], Running]


@pytest.fixture
def calls(tmp_path: Path) -> Calls:
    return Calls(tmp_path / "calls")


@pytest.fixture
def replica(leases: KubeLeases, kubeconfig: Path, calls: Calls, tmp_path: Path) -> Iterator[Replica]:
    """Starts replicas, and ends those that are left."""
    running: list[Running] = []

    def begin(name: str) -> Running:
        command = [
            sys.executable,
            "-u",
            "-m",
            "tests.cluster.lease.replica",
            str(kubeconfig),
            HOME,
            name,
            str(calls.file),
        ]
        running.append(start(command, tmp_path / f"{name}.log", {}))
        return running[-1]

    yield begin
    for each in running:
        each.kill()


@pytest.mark.timeout(180)
def test_a_frozen_leader_does_no_harm_and_a_killed_one_is_replaced(replica: Replica, calls: Calls) -> None:
    one = replica("one")
    eventually("the first leads", lambda: bool(calls.of("one")))
    two = replica("two")
    eventually("the second is there", lambda: "following one" in two.last_words(), within=20)

    one.process.send_signal(signal.SIGSTOP)
    frozen = monotonic()
    eventually("the second leads", lambda: bool(calls.of("two")), within=25)
    taken = calls.of("two")[0]
    one.process.send_signal(signal.SIGCONT)
    eventually("the first sees it", lambda: "following two" in one.last_words(), within=10)
    two.process.send_signal(signal.SIGKILL)
    killed = monotonic()
    eventually("the first leads again", lambda: calls.of("one")[-1] > killed, within=25)

    assert taken - frozen < 20
    assert min(moment for moment in calls.of("one") if moment > killed) - killed < 20
    assert not [moment for moment in calls.of("one") if taken <= moment < killed]


@pytest.mark.timeout(60)
def test_who_is_told_to_end_gives_the_lease_back_after_its_calls_were_answered(
    replica: Replica, calls: Calls, kube: Kube
) -> None:
    one = replica("one")
    eventually("the first leads", lambda: bool(calls.of("one")))
    two = replica("two")
    eventually("the second is there", lambda: "following one" in two.last_words())

    one.process.terminate()
    told = monotonic()
    eventually("the second leads", lambda: bool(calls.of("two")))
    one.process.wait(5)

    assert one.process.returncode == 0
    assert calls.of("two")[0] - told < 5
    assert len(calls.of("one")) == len(calls.of("one", "answered"))
    assert calls.of("one", "answered")[-1] < calls.of("two")[0]
    assert kube.get(_lease(HOME))["spec"]["holderIdentity"] == "two"


@pytest.mark.timeout(60)
def test_a_replica_beside_a_working_go_controller_writes_nothing(replica: Replica, calls: Calls, kube: Kube) -> None:
    """The other installation renews its Lease as it always does; the test is its clock."""
    kube.create({**_lease(ELSEWHERE), "spec": _spec("go", 0)})
    one, renewals = replica("one"), count(1)

    def seen() -> bool:
        kube.merge(_lease(ELSEWHERE), {"spec": _spec("go", next(renewals))})
        return "another controller is at work" in one.last_words()

    eventually("the replica sees it", seen)

    assert "another controller is at work: go holds the Lease in namespace lease-elsewhere" in one.last_words()
    assert not calls.of("one")
    assert not kube.exists(_lease(HOME))


def _namespace(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _lease(namespace: str) -> Object:
    metadata = {"name": LEASE_NAME, "namespace": namespace}
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata}


def _spec(holder: str, renewal: int) -> Object:
    return {
        "holderIdentity": holder,
        "acquireTime": "2026-01-01T00:00:00.000000Z",
        "renewTime": f"2026-01-01T00:00:00.{renewal:06}Z",
        "leaseDurationSeconds": 15,
    }
