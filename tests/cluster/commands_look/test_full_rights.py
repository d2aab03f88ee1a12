"""`plan`, `describe` and `sweep` of a cluster by somebody who may read all of it."""

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.cluster.commands_look.asking import Person
from tests.cluster.kube import Object
from tests.cluster.run.hotel import EXAMPLE, Hotel, P
from tests.cluster.run.stage import Stage

pytestmark = pytest.mark.cluster


@pytest.mark.timeout(180)
def test_what_plan_says_is_what_the_controller_then_does(hotel: Hotel, stage: Stage, admin: Person) -> None:
    before = admin("plan", "-A", "-o", "json")

    stage.replica("--leader-elect").ready()
    hotel.built()

    assert before.code == 2
    assert set(before.units.values()) == {"create"}
    assert before.unknown == {}
    assert Counter(stage.emulator.writes()) == before.operations
    after = admin("plan", "-A", "-o", "json")
    assert (after.code, after.operations) == (0, Counter())
    shown = admin("describe", f"--namespace={hotel.namespace}")
    one = admin("describe", f"HTTPRoute/{hotel.namespace}/inventory")
    assert f"HTTPRoute {hotel.namespace}/inventory" in one.out
    assert f"HTTPRoute {hotel.namespace}/rates" not in one.out
    assert "service network my-hotel" in shown.out
    assert f"service inventory-{hotel.namespace}" in shown.out
    assert admin("sweep").out == "Nothing of ours in VPC Lattice is without a record.\n"


def test_it_writes_nothing_anywhere(hotel: Hotel, stage: Stage, admin: Person) -> None:
    versions = hotel.here("get", "httproute,gateway,service", "--output=jsonpath={.items[*].metadata.resourceVersion}")

    admin("plan", "-A")
    admin("describe", "-A")
    admin("sweep")

    assert stage.emulator.writes() == {}
    assert versions == hotel.here(
        "get", "httproute,gateway,service", "--output=jsonpath={.items[*].metadata.resourceVersion}"
    )


def test_one_namespace_is_shown_as_kubectl_would(hotel: Hotel, admin: Person) -> None:
    here = admin("plan", "-n", hotel.namespace, "-o", "json")
    elsewhere = admin("plan", "-o", "json")

    assert f"service/inventory-{hotel.namespace}" in here.units
    assert elsewhere.units == {}


def test_settings_come_from_the_controllers_deployment(hotel: Hotel, stage: Stage, admin: Person) -> None:
    deployment = a_deployment(hotel.namespace, stage.emulator.url)
    stage.plane.admin.apply(deployment)

    said = Person(admin.kubeconfig)("plan", "-n", hotel.namespace, "-o", "json")
    asked_otherwise = Person(admin.kubeconfig)("plan", "-A", "--endpoint-url=http://127.0.0.1:9")
    stage.plane.admin.delete(deployment)

    assert (said.code, said.hidden) == (2, [])
    assert asked_otherwise.code == 1
    assert asked_otherwise.err.startswith("error: VPC Lattice at http://127.0.0.1:9")


@pytest.mark.timeout(180)
def test_the_way_back_to_the_go_controller(hotel: Hotel, stage: Stage, admin: Person, tmp_path: Path) -> None:
    hotel.here("annotate", "httproute", "inventory", f"{P}rule-0-priority=150")
    stage.replica("--leader-elect").ready()
    hotel.built()

    said = admin("plan", "--for-go-controller", "-A", "-o", "json")
    of_files = admin.run("plan", f"--source={EXAMPLE}", "--for-go-controller", "-o", "json")

    assert said.code == 2
    found = {(one["reason"], one["object"]) for one in said.document["forGoController"]}
    assert ("PriorityAbove100", f"service/inventory-{hotel.namespace}") in found
    assert ("ClassFinalizer", "GatewayClass amazon-vpc-lattice") in found
    assert json.loads(of_files.out)["forGoController"] == []
    assert of_files.code == 0


def a_deployment(namespace: str, endpoint: str) -> Object:
    """The controller's Deployment, of which no pod is ever made."""
    labels = {"app": "gateway"}
    container = {
        "name": "manager",
        "image": "lattice-gateway:test",
        "command": ["lattice-gateway", "run"],
        "env": [{"name": "LATTICE_ENDPOINT", "value": endpoint}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "gateway", "namespace": namespace},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }
