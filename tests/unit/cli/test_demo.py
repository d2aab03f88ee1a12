"""The parts of the demo that need no process: its manifests, its pods, its figures."""

from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest
import yaml

from lattice_gateway.cli.demo import manifests, pods
from lattice_gateway.cli.demo.figures import Figures
from lattice_gateway.cli.demo.status import route_status


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


def test_on_one_address_every_pod_has_a_port_and_the_slices_say_so(tree: Path) -> None:
    found = manifests.pods(tree)
    places = pods.one_address(found)

    manifests.move_pods(tree, places)

    moved = {(pod.name, pod.address, pod.port) for pod in manifests.pods(tree)}
    assert moved == {(pod.name, "127.0.0.1", port) for pod, (_, port) in places.items()}
    assert len({port for _, port in places.values()}) == len(found)


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
