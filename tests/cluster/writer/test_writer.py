"""Status, annotations, finalizers and Events in a real cluster."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lattice_gateway.adapters.kube import Happening, Importance, Reason, connect
from lattice_gateway.adapters.kube import Kube as Connected
from lattice_gateway.core.lattice.keys import ServiceKey
from lattice_gateway.core.lattice.words import Arn, Owner, VpcId
from lattice_gateway.core.objects import CONTROLLER_NAME, Ref
from lattice_gateway.engine.feed import StateUnwritable, UnitRecord
from tests.cluster.kube import Kube, Object
from tests.cluster.source.making import a_route, route_ref
from tests.cluster.source.reader import Reader, cluster, reading, until

pytestmark = pytest.mark.cluster

FINALIZER = "httproute.k8s.aws/resources"
ARN = "application-networking.k8s.aws/lattice-service-arn"
OTHERS = "example.org/other-controller"
OWNER = Owner(account="123456789012", cluster="tests", vpc=VpcId("vpc-1"))
START = "2026-01-31T12:00:00Z"
LATER = "2026-01-31T13:00:00Z"


@pytest.fixture
def kubeconfig(as_controller: Path) -> Path:
    return as_controller


def an_entry(controller: str, parent: str, status: str, time: str = START) -> dict[str, Any]:
    return {
        "parentRef": {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": parent},
        "controllerName": controller,
        "conditions": [
            {
                "type": "Accepted",
                "status": status,
                "reason": "Accepted",
                "message": "",
                "observedGeneration": 1,
                "lastTransitionTime": time,
            }
        ],
    }


def ours(status: str, time: str = START) -> dict[str, Any]:
    return {"parents": [an_entry(CONTROLLER_NAME, "hotel", status, time)]}


def there(kube: Kube, route: Object) -> list[dict[str, Any]]:
    parents: list[dict[str, Any]] = kube.get(route).get("status", {}).get("parents", [])
    return parents


async def written(connected: Connected) -> None:
    await until("everything is written", lambda: connected.idle)


async def shown(connected: Connected, ref: Ref, holds: Callable[[], bool]) -> None:
    await until(f"the watch shows {ref}", holds)


async def test_a_status_is_written_once_and_read_back(kubeconfig: Path, kube: Kube, namespace: str) -> None:
    route, ref = kube.create(a_route(namespace, "one")), route_ref(namespace, "one")

    async with cluster(kubeconfig) as (connected, _):
        assert connected.status.previous(ref) is None
        assert connected.status.write(ref, {**ours("True"), "annotations": {ARN: "arn:1"}})
        await written(connected)
        version = kube.get(route)["metadata"]["resourceVersion"]
        assert connected.status.previous(ref) == {**ours("True"), "annotations": {ARN: "arn:1"}}
        assert not connected.status.write(ref, {**ours("True", LATER), "annotations": {ARN: "arn:1"}})
        await written(connected)

    assert there(kube, route) == ours("True")["parents"]
    assert kube.get(route)["metadata"]["annotations"][ARN] == "arn:1"
    assert kube.get(route)["metadata"]["resourceVersion"] == version


async def test_a_new_process_writes_nothing_that_is_there(kubeconfig: Path, kube: Kube, namespace: str) -> None:
    route, ref = kube.create(a_route(namespace, "one")), route_ref(namespace, "one")
    kube.merge(route, {"status": ours("True")}, subresource="/status")

    async with cluster(kubeconfig) as (connected, _):
        assert connected.status.previous(ref) == ours("True")
        assert not connected.status.write(ref, ours("True"))


async def test_entries_of_other_controllers_stay_although_they_come_in_between(
    kubeconfig: Path, kube: Kube, namespace: str
) -> None:
    route, ref = kube.create(a_route(namespace, "one")), route_ref(namespace, "one")

    async with cluster(kubeconfig) as (connected, _):
        foreign = an_entry(OTHERS, "garage", "False")
        kube.merge(route, {"status": {"parents": [foreign]}}, subresource="/status")
        connected.status.write(ref, ours("True"))
        await written(connected)

    assert there(kube, route) == [*ours("True")["parents"], foreign]


async def test_what_somebody_undoes_is_put_right_and_then_left(kubeconfig: Path, kube: Kube, namespace: str) -> None:
    route, ref = kube.create(a_route(namespace, "one")), route_ref(namespace, "one")

    async with cluster(kubeconfig) as (connected, _):
        connected.status.write(ref, ours("True"))
        await written(connected)
        for _ in range(3):
            kube.merge(route, {"status": ours("False", LATER)}, subresource="/status")
            await until("it is right again", lambda: _status_of(there(kube, route)) == "True")
        await written(connected)
        kube.merge(route, {"status": ours("False", LATER)}, subresource="/status")
        await until("the contest is known", lambda: connected.status.contested == (ref,))

        assert _status_of(there(kube, route)) == "False"


async def test_a_route_that_is_ours_no_more_loses_our_entries(kubeconfig: Path, kube: Kube, namespace: str) -> None:
    route, ref = kube.create(a_route(namespace, "one")), route_ref(namespace, "one")
    foreign = an_entry(OTHERS, "garage", "False")
    kube.merge(route, {"status": {"parents": [foreign, *ours("True")["parents"]]}}, subresource="/status")

    async with cluster(kubeconfig) as (connected, _):
        connected.status.remove(ref)
        await written(connected)

    assert there(kube, route) == [foreign]


async def test_an_object_that_vanished_is_fine(kubeconfig: Path, kube: Kube, namespace: str) -> None:
    route, ref = kube.create(a_route(namespace, "one")), route_ref(namespace, "one")

    async with cluster(kubeconfig) as (connected, _):
        kube.delete(route)
        connected.status.write(ref, ours("True"))
        connected.finalizers.hold(ref)
        await written(connected)


async def test_a_replica_on_stand_by_writes_nothing_until_it_leads(
    kubeconfig: Path, kube: Kube, namespace: str
) -> None:
    route, ref = kube.create(a_route(namespace, "one")), route_ref(namespace, "one")
    leads = [False]

    async with connect(kubeconfig, may_write=lambda: leads[0]) as connected, reading(connected.source) as reader:
        await until("everything is read", lambda: reader.complete)
        connected.status.write(ref, ours("True"))
        assert not await connected.settled(0.3)
        assert there(kube, route) == []
        leads[0] = True
        await written(connected)

    assert there(kube, route) == ours("True")["parents"]


async def test_a_finalizer_holds_an_object_until_it_is_released(kubeconfig: Path, kube: Kube, namespace: str) -> None:
    route, ref = kube.create(a_route(namespace, "one")), route_ref(namespace, "one")

    async with cluster(kubeconfig) as (connected, reader):
        kube.merge(route, {"metadata": {"finalizers": ["example.org/other"]}})
        connected.finalizers.hold(ref)
        await written(connected)
        assert kube.get(route)["metadata"]["finalizers"] == ["example.org/other", FINALIZER]
        assert connected.finalizers.holds(ref)
        kube.delete(route)
        await until("its deletion is told", partial(_is_leaving, reader, ref))
        connected.finalizers.release(ref)
        await written(connected)

    assert kube.get(route)["metadata"]["finalizers"] == ["example.org/other"]
    kube.merge(route, {"metadata": {"finalizers": []}})


async def test_nothing_is_made_for_an_object_without_its_finalizer(
    kubeconfig: Path, kube: Kube, namespace: str
) -> None:
    kube.create(a_route(namespace, "one"))
    ref = route_ref(namespace, "one")
    record = UnitRecord(ServiceKey("one"), ref)

    async with cluster(kubeconfig) as (connected, _):
        state = connected.state(OWNER)
        with pytest.raises(StateUnwritable, match=f"does not carry the finalizer {FINALIZER} yet"):
            state.remember_unit(record)
        await written(connected)
        state.remember_unit(record)

        assert state.recorded.units[record.key] == record


async def test_an_object_that_is_being_deleted_records_what_it_may_have_made(
    kubeconfig: Path, kube: Kube, namespace: str
) -> None:
    arn = "arn:aws:vpc-lattice:eu-west-1:123456789012:service/svc-0a1b2c3d4e5f60718"
    notes = {ARN: arn, "application-networking.k8s.aws/lattice-assigned-domain-name": f"shop-{arn[-17:]}.x.on.aws"}
    route = kube.create(a_route(namespace, "one", finalizers=[FINALIZER], annotations=notes))
    kube.delete(route)

    async with cluster(kubeconfig) as (connected, _):
        units = connected.state(OWNER).recorded.units

    assert units[ServiceKey("shop")].arn == Arn(arn)
    assert units[ServiceKey(f"one-{namespace}")].arn is None
    kube.merge(route, {"metadata": {"finalizers": []}})


async def test_equal_events_are_one_with_a_count(kubeconfig: Path, kube: Kube, namespace: str) -> None:
    kube.create(a_route(namespace, "one"))
    happening = Happening(
        route_ref(namespace, "one"), Importance.WARNING, Reason.FAILED_DEPLOY_MODEL, "Failed deploy model due to x"
    )

    async with cluster(kubeconfig) as (connected, _):
        for _ in range(3):
            connected.events.tell(happening)
        await written(connected)
        (event,) = kube.list("v1", "Event", namespace)

    assert (event["type"], event["reason"], event["count"]) == ("Warning", "FailedDeployModel", 3)
    assert event["source"]["component"] == "httproute"
    assert event["involvedObject"]["name"] == "one"


def _status_of(parents: list[dict[str, Any]]) -> str:
    (entry,) = parents
    status: str = entry["conditions"][0]["status"]
    return status


def _is_leaving(reader: Reader, ref: Ref) -> bool:
    return reader.objects[ref].metadata.deletion_timestamp is not None
