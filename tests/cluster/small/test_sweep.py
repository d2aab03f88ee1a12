"""`sweep` of a cluster: its objects are the records, and only what a person names is deleted."""

import pytest

from tests.cluster.commands_look.asking import Person, a_caller, rule
from tests.cluster.commands_look.test_full_rights import a_deployment
from tests.cluster.kube import Kube, Object
from tests.cluster.run.hotel import GATEWAY_API, Hotel, P
from tests.cluster.run.stage import Stage

pytestmark = pytest.mark.cluster

OWNER = ("111122223333", "laptop", "vpc-0123456789abcdef0")


def of_a_route(namespace: str, name: str, kind: str = "http") -> dict[str, str]:
    """Tags of a service that was made for a route."""
    return {
        f"{P}ManagedBy": "/".join(OWNER),
        f"{P}RouteName": name,
        f"{P}RouteNamespace": namespace,
        f"{P}RouteType": kind,
    }


@pytest.mark.timeout(180)
def test_what_is_named_is_deleted_while_the_controller_works(hotel: Hotel, stage: Stage, admin: Person) -> None:
    stage.replica("--leader-elect").ready()
    hotel.built()
    stage.create_service("left", of_a_route(hotel.namespace, "left"))
    stage.create_service("kept", of_a_route(hotel.namespace, "kept"))
    live = {f"{name}-{hotel.namespace}" for name in ("inventory", "rates")}

    listed = admin("sweep", "-A")
    of_a_live_route = admin("sweep", "-A", "--delete", "service/left", "--delete", f"service/rates-{hotel.namespace}")
    untouched = stage.services()
    deleted = admin("sweep", "-n", hotel.namespace, "--delete", "service/left")

    assert [line.split()[0] for line in listed.out.splitlines() if line.startswith("  service/")] == [
        "service/kept",
        "service/left",
    ]
    assert of_a_live_route.code == 1
    assert of_a_live_route.err.startswith(f"error: service/rates-{hotel.namespace} is no orphan; orphans are")
    assert untouched == {*live, "left", "kept"}
    assert (deleted.code, deleted.out.startswith("deleted service/left (svc-")) == (0, True), deleted
    assert stage.services() == {*live, "kept"}
    assert admin("sweep", "-A", "--delete", "service/kept").code == 0


def test_what_belongs_to_another_namespace_is_not_found_without_a(namespace: str, stage: Stage, admin: Person) -> None:
    stage.create_service("left", of_a_route("elsewhere", "left"))
    stage.create_service("strangers", {})

    said = admin("sweep", "-n", namespace, "--delete", "service/left")
    of_strangers = admin("sweep", "-A", "--delete", "service/strangers")

    assert said.code == 1
    assert f"there are none of namespace {namespace} (-A looks at all)" in said.err
    assert of_strangers.err == "error: service/strangers is no orphan; orphans are service/left\n"
    assert stage.services() == {"left", "strangers"}


def test_a_service_of_a_route_that_only_the_go_controller_builds_is_no_orphan(
    kube: Kube, namespace: str, stage: Stage, admin: Person
) -> None:
    route: Object = {
        "apiVersion": GATEWAY_API,
        "kind": "GRPCRoute",
        "metadata": {"name": "greeter", "namespace": namespace},
        "spec": {"parentRefs": [{"name": "my-hotel"}]},
    }
    stage.create_service("greeter", of_a_route(namespace, "greeter", "grpc"))
    kube.create(route)

    while_it_is_there = admin("sweep", "-A")
    kube.delete(route)
    afterwards = admin("sweep", "-A")

    assert while_it_is_there.out == "Nothing of ours in VPC Lattice is without a record.\n"
    assert "service/greeter" in afterwards.out


def test_things_of_another_cluster_are_not_judged_by_the_objects_of_this_one(
    namespace: str, stage: Stage, admin: Person
) -> None:
    deployment = a_deployment(namespace, stage.emulator.url)
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    container["env"].append({"name": "CLUSTER_NAME", "value": "another"})
    stage.plane.admin.apply(deployment)
    stage.create_service("left", of_a_route(namespace, "left"))
    person = Person(admin.kubeconfig, {"LATTICE_ENDPOINT": stage.emulator.url, "CLUSTER_NAME": "laptop"})

    said = person("sweep", "-A", "--delete", "service/left")
    stage.plane.admin.delete(deployment)

    assert (said.code, said.out) == (1, "")
    assert "CLUSTER_NAME is 'laptop' here and 'another' in the controller's Deployment" in said.err
    assert stage.services() == {"left"}


def test_who_may_not_see_all_routes_deletes_nothing(namespace: str, stage: Stage) -> None:
    stage.create_service("left", of_a_route(namespace, "left"))
    kubeconfig = a_caller(
        stage.plane,
        namespace,
        [
            rule(
                "gateway.networking.k8s.io", "gatewayclasses", "gateways", "httproutes", "tlsroutes", "referencegrants"
            ),
            rule("", "namespaces", "services"),
        ],
        everywhere=True,
    )
    person = Person(kubeconfig, {"LATTICE_ENDPOINT": stage.emulator.url})

    said = person("sweep", "-n", namespace, "--delete", "service/left")

    assert (said.code, said.out) == (1, "")
    assert said.err == "error: orphans are unknown: GRPCRoute objects may not be listed\n"
    assert stage.services() == {"left"}
