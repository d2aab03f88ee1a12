"""The parts of the demo that need no process: its manifests, its pods, its figures."""

from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest
import yaml

from lattice_gateway.cli.demo import manifests, pods
from lattice_gateway.cli.demo.emulator import ServiceAddress
from lattice_gateway.cli.demo.figures import Figures
from lattice_gateway.cli.demo.show import Request, curl_lines
from lattice_gateway.cli.demo.status import route_status
from lattice_gateway.core.lattice.units import Target, TargetGroup
from lattice_gateway.core.lattice.words import Owner, VpcId
from lattice_gateway.core.objects import DecodeError, NotOurs, decode
from lattice_gateway.engine.translation import News, Translation
from lattice_gateway.settings import Settings


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the example."""
    manifests.copy_to(tmp_path / "tree")
    return tmp_path / "tree"


def documents(tree: Path, kind: str) -> list[dict[str, object]]:
    """All objects of a kind."""
    found = [one for path in tree.rglob("*.yaml") for one in yaml.safe_load_all(path.read_text()) if one]
    return [one for one in found if one["kind"] == kind]


def test_the_example_has_the_objects_of_the_post(tree: Path) -> None:
    assert {one["metadata"]["name"] for one in documents(tree, "HTTPRoute")} == {"rates", "inventory"}
    assert [one["metadata"]["name"] for one in documents(tree, "Gateway")] == ["my-hotel"]
    assert {pod.service for pod in manifests.pods(tree)} == {"parking", "review", "inventory-ver1", "inventory-ver2"}


def test_weights_are_set_in_the_file_of_the_route(tree: Path) -> None:
    edited = manifests.set_weights(tree, "inventory", (90, 10))

    (route,) = [one for one in yaml.safe_load_all(edited.read_text()) if one["kind"] == "HTTPRoute"]
    assert [backend["weight"] for backend in route["spec"]["rules"][0]["backendRefs"]] == [90, 10]


def test_a_route_that_is_not_there_cannot_be_edited(tree: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no HTTPRoute nowhere"):
        manifests.set_weights(tree, "nowhere", (1,))


def test_deleting_a_kind_leaves_the_others(tree: Path) -> None:
    assert sorted(manifests.delete(tree, "HTTPRoute")) == ["inventory", "rates"]

    assert documents(tree, "HTTPRoute") == []
    assert len(documents(tree, "Gateway")) == 1


def test_pods_stand_on_the_loopback_address_that_mirrors_theirs() -> None:
    assert pods.on_loopback(manifests.Pod("p", "s", "10.244.3.7", 8090)) == ("127.244.3.7", 8090)


def test_pods_that_move_keep_their_names_and_those_of_their_ports(tree: Path) -> None:
    found = manifests.pods(tree)
    places = {pod: ("127.0.0.1", 18090 + index) for index, pod in enumerate(found)}

    manifests.move_pods(tree, places)

    moved = {(pod.name, pod.address, pod.port, pod.port_name) for pod in manifests.pods(tree)}
    assert moved == {(pod.name, "127.0.0.1", port, pod.port_name) for pod, (_, port) in places.items()}


async def test_the_targets_of_the_example_are_its_pods_wherever_they_stand(tree: Path) -> None:
    """A Service's named port takes the ports of its slices by name: a slice without the name has no targets."""
    found = manifests.pods(tree)

    async def inventory() -> str:
        return ""

    async with AsyncExitStack() as stack:
        places = await pods.serve(pods.one_address(found), inventory, stack)
        manifests.move_pods(tree, places)

    assert targets(tree) == {Target(host, port) for host, port in places.values()}
    assert len(places) == len(set(places.values()))


def targets(tree: Path) -> set[Target]:
    """What the manifests have registered, over all target groups."""
    raw = [one for path in sorted(tree.rglob("*.yaml")) for one in yaml.safe_load_all(path.read_text()) if one]
    objects = [thing for thing in map(decode, raw) if not isinstance(thing, NotOurs | DecodeError)]
    owner = Owner("111122223333", "c1", VpcId("vpc-1"))
    translation = Translation(Settings(region="us-west-2", owner=owner))
    translation.apply(News(puts=tuple(objects)))
    groups = [unit for unit in translation.desired().values() if isinstance(unit, TargetGroup)]
    return {target for group in groups for target in group.targets or ()}


async def test_a_pod_says_its_name_and_parking_calls_inventory() -> None:
    parking = manifests.Pod("parking-1", "parking", "127.0.0.1", 0)

    async def inventory() -> str:
        return "from inventory\n"

    async with AsyncExitStack() as stack:
        await pods.serve({parking: ("127.0.0.1", 18999)}, inventory, stack)
        async with aiohttp.ClientSession() as session, session.get("http://127.0.0.1:18999/parking") as answer:
            text = await answer.text()

    assert "Requesting to Pod(parking-1): Parking handler pod" in text
    assert "from inventory" in text
    assert answer.headers["x-backend"] == "parking"


def test_figures_are_plain_numbers() -> None:
    figures = Figures(time_scale=20, seconds_to_traffic=0.1234567)
    figures.split("50/50", Counter({"b": 2, "a": 1}))

    shown = figures.as_dict()

    assert shown["seconds_to_traffic"] == 0.123
    assert shown["splits"] == {"50/50": {"a": 1, "b": 2}}


def test_a_route_without_a_status_is_not_programmed(tmp_path: Path) -> None:
    assert not route_status(tmp_path, "default", "rates").programmed


def test_what_to_try_next_answers_at_the_front_door_and_at_each_service() -> None:
    own = [
        Request("rates.on.aws", ServiceAddress("127.171.0.5", {80: 80}), "/parking"),
        Request("inventory.on.aws", ServiceAddress("127.171.0.6", {80: 10080}), "/"),
    ]

    assert list(curl_lines("http://127.0.0.1:9", own)) == [
        "curl -H 'Host: rates.on.aws' http://127.0.0.1:9/parking",
        "curl -H 'Host: inventory.on.aws' http://127.0.0.1:9/",
        "curl http://127.171.0.5:80/parking",
        "curl http://127.171.0.6:10080/",
    ]


def test_services_that_share_an_address_are_asked_for_by_name() -> None:
    shared = [
        Request(name, ServiceAddress("127.0.0.1", {80: 10080}), "/") for name in ("rates.on.aws", "inventory.on.aws")
    ]

    assert list(curl_lines("http://127.0.0.1:9", shared))[2:] == [
        "curl -H 'Host: rates.on.aws' http://127.0.0.1:10080/",
        "curl -H 'Host: inventory.on.aws' http://127.0.0.1:10080/",
    ]


def test_the_id_of_a_service_stands_at_the_end_of_its_arn(tmp_path: Path) -> None:
    written = tmp_path / "status" / "HTTPRoute" / "default" / "rates.yaml"
    written.parent.mkdir(parents=True)
    arn = "arn:aws:vpc-lattice:us-west-2:111122223333:service/svc-052e90ae24326591c"
    written.write_text(yaml.safe_dump({"annotations": {"application-networking.k8s.aws/lattice-service-arn": arn}}))

    assert route_status(tmp_path, "default", "rates").service_id == "svc-052e90ae24326591c"
