"""A Deployment whose pods wait for VPC Lattice: nothing of the old is taken away before the new is found healthy.

The tests are steps of one story: each version is rolled out over the one before it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest

from lattice_gateway.core.objects import READINESS_GATE
from tests.cluster.kube import eventually
from tests.cluster.life.traffic import Request, traffic
from tests.cluster.readiness.shop import PODS, Shop, gate, living

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(240)]

PATIENCE = 90.0


@pytest.fixture(scope="module")
def opened(shop: Shop) -> Shop:
    """The first version is there."""
    shop.roll("one")
    eventually("the first version is rolled out", lambda: shop.is_rolled_out("one"), within=PATIENCE)
    return shop


@contextmanager
def seeing(look: Callable[[], int]) -> Iterator[list[int]]:
    """Looks again and again while the block runs; what was seen."""
    seen: list[int] = []
    end = Event()

    def again() -> None:
        while not end.wait(0.2):
            seen.append(look())

    thread = Thread(target=again)
    thread.start()
    try:
        yield seen
    finally:
        end.set()
        thread.join()


def good(shop: Shop) -> int:
    """How many targets VPC Lattice finds healthy."""
    return sum(status == "HEALTHY" for status in shop.targets().values())


def test_pods_get_the_gate_from_the_webhook_and_are_ready_when_healthy(opened: Shop) -> None:
    pods = opened.pods("one")

    assert [each["spec"]["readinessGates"] for each in pods] == [[{"conditionType": READINESS_GATE}]] * PODS
    assert opened.gates("one") == [("True", "Healthy")] * PODS
    assert sorted(opened.targets()) == sorted(pod["status"]["podIP"] for pod in pods)


def test_our_condition_stands_beside_those_of_kubelet(opened: Shop) -> None:
    for pod in opened.pods("one"):
        said = {each["type"]: each["status"] for each in pod["status"]["conditions"]}
        assert {"ContainersReady": "True", "Ready": "True", READINESS_GATE: "True"}.items() <= said.items()
        assert gate(pod)["lastTransitionTime"]


def test_a_rollout_waits_for_vpc_lattice_and_no_request_fails(opened: Shop) -> None:
    door = int(opened.stage.emulator.admin("GET", "url")["front_door"].rpartition(":")[2])

    with traffic(door, [Request(opened.host(), "/")]) as flowing, seeing(lambda: good(opened)) as healthy:
        opened.roll("two")
        eventually("the second version is rolled out", lambda: opened.is_rolled_out("two"), within=PATIENCE)

    assert min(healthy) >= PODS
    assert len(flowing.answers) > 100
    assert flowing.failures(0.0) == []


def test_a_version_that_vpc_lattice_finds_ill_takes_nothing_away(opened: Shop) -> None:
    opened.sick.add("three")
    with seeing(lambda: len(opened.pods("two"))) as old:
        opened.roll("three")
        eventually("it is found ill", lambda: ("False", "Unhealthy") in opened.gates("three"), within=PATIENCE)
        (message,) = {gate(pod)["message"] for pod in opened.pods("three")}
    while_ill = list(old)
    opened.sick.clear()

    eventually("it is rolled out once it is well", lambda: opened.is_rolled_out("three"), within=PATIENCE)

    assert message == "Target health check status: UNHEALTHY"
    assert set(while_ill) == {PODS}


def test_a_leader_that_is_killed_while_pods_wait_is_followed_by_one_that_goes_on(opened: Shop) -> None:
    opened.sick.add("four")
    opened.roll("four")
    eventually("a pod waits", lambda: [said for said, _ in opened.gates("four")] == ["False"], within=PATIENCE)
    leader = next(each for each in living(opened.stage) if each.leads)
    (standby,) = [each for each in living(opened.stage) if each is not leader]
    told_before = standby.logged("gate")
    leader.process.kill()
    opened.sick.clear()
    waiting = opened.gates("four")

    eventually("it is rolled out", lambda: opened.is_rolled_out("four"), within=PATIENCE)

    assert waiting
    assert waiting[0][0] == "False"
    assert told_before == []
    assert [each["status"] for each in standby.logged("gate")].count("True") == PODS
