"""`release-finalizers`: who uninstalled first gets rid of objects that wait for a controller."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lattice_gateway.core.objects.finalizers import FINALIZERS
from lattice_gateway.core.objects.refs import Kind
from tests.cluster.commands import Helm
from tests.cluster.commands_look.asking import Person, a_caller, rule
from tests.cluster.control_plane import ControlPlane
from tests.cluster.kinds import CRDS
from tests.cluster.kube import Kube, Object, eventually
from tests.cluster.manifests import install_crds
from tests.cluster.run.stage import Stage, a_stage

pytestmark = pytest.mark.cluster

GATEWAY_API = "gateway.networking.k8s.io/v1"
OURS = "application-networking.k8s.aws/gateway-api-controller"
OTHERS = "example.org/keep"
ARN = "arn:aws:vpc-lattice:us-west-2:111122223333:service/svc-0123456789abcdef0"
LISTENERS = [{"name": "http", "port": 80, "protocol": "HTTP"}]


def held(kind: Kind, namespace: str, spec: Object, api_version: str = GATEWAY_API, **metadata: object) -> Object:
    """An object as a controller leaves it, with the finalizer of somebody else beside ours."""
    where = {"namespace": namespace} if namespace else {}
    about = {"name": "left", **where, "finalizers": [OTHERS, FINALIZERS[kind]], **metadata}
    return {"apiVersion": api_version, "kind": str(kind), "metadata": about, "spec": spec}


def a_class(name: str, controller: str) -> Object:
    return held(Kind.GATEWAY_CLASS, "", {"controllerName": controller}, name=name)


@pytest.fixture
def left(kube: Kube, namespace: str) -> Iterator[list[Object]]:
    """One object of each kind that holds, and a class of somebody else; nobody's finalizer outlives the test."""
    notes = {"application-networking.k8s.aws/lattice-service-arn": ARN}
    policy = {"targetRef": {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "left"}}
    lattice = "application-networking.k8s.aws/v1alpha1"
    objects = [
        held(Kind.GATEWAY, namespace, {"gatewayClassName": "left", "listeners": LISTENERS}),
        held(Kind.HTTP_ROUTE, namespace, {"parentRefs": [{"name": "left"}]}, annotations=notes),
        held(Kind.SERVICE, namespace, {"ports": [{"port": 80}]}, api_version="v1"),
        held(Kind.SERVICE_EXPORT, namespace, {}, api_version=lattice),
        held(Kind.IAM_AUTH_POLICY, namespace, {**policy, "policy": "{}"}, api_version=lattice),
        a_class("left", OURS),
        a_class("foreign", "example.org/controller"),
    ]
    for each in objects:
        kube.create(each)
    yield objects
    for each in objects:
        kube.delete(each)
        if kube.exists(each):
            kube.merge(each, {"metadata": {"finalizers": []}})


@pytest.fixture
def exports(kube: Kube) -> Iterator[Object]:
    """The definition of ServiceExport; it is there again afterwards."""
    yield CRDS["ServiceExport"]
    install_crds(kube, [CRDS["ServiceExport"]])


@pytest.fixture
def admin(control_plane: ControlPlane) -> Person:
    """Somebody who may do everything."""
    return Person(control_plane.folder / "admin.kubeconfig")


@pytest.fixture
def stage(control_plane: ControlPlane, helm: Helm, tmp_path: Path) -> Iterator[Stage]:
    with a_stage(control_plane, helm, tmp_path, scale=200.0) as made:
        yield made


def finalizers(kube: Kube, left: list[Object]) -> dict[str, list[str]]:
    """Finalizers by ``Kind/name``."""
    return {
        f"{each['kind']}/{each['metadata']['name']}": kube.get(each)["metadata"].get("finalizers", []) for each in left
    }


def test_it_lists_what_it_would_do_and_does_nothing(
    admin: Person, kube: Kube, left: list[Object], namespace: str
) -> None:
    before = finalizers(kube, left)

    said = admin("release-finalizers", f"--namespace={namespace}")

    assert (said.code, said.err) == (2, "")
    assert f"HTTPRoute/{namespace}/left: httproute.k8s.aws/resources, leaves {ARN}" in said.out
    assert all(f"{kind}/{namespace}/left" in said.out for kind in ("Gateway", "Service", "ServiceExport"))
    assert "GatewayClass" not in said.out
    assert "stays there" in said.out
    assert finalizers(kube, left) == before


def test_it_takes_off_ours_alone(admin: Person, kube: Kube, left: list[Object]) -> None:
    before = finalizers(kube, left)

    said = admin("release-finalizers", "-A", "--yes")
    again = admin("release-finalizers", "-A", "--yes")

    assert (said.code, said.err) == (0, "")
    assert "released GatewayClass/left" in said.out
    assert finalizers(kube, left) == {name: [OTHERS] for name in before} | {
        "GatewayClass/foreign": before["GatewayClass/foreign"]
    }
    assert (again.code, again.out) == (0, "Nothing in the cluster carries a finalizer of ours.\n")


def test_what_waited_to_be_deleted_goes(admin: Person, kube: Kube, namespace: str) -> None:
    waiting = held(Kind.HTTP_ROUTE, namespace, {}, finalizers=[FINALIZERS[Kind.HTTP_ROUTE]])
    kube.create(waiting)
    kube.delete(waiting)

    listed = admin("release-finalizers", f"--namespace={namespace}")
    admin("release-finalizers", f"--namespace={namespace}", "--yes")

    assert "waits to be deleted" in listed.out
    eventually("it is gone", lambda: not kube.exists(waiting))


def test_a_definition_whose_objects_hold_it_goes(admin: Person, kube: Kube, namespace: str, exports: Object) -> None:
    """CRDs that were deleted while nobody took the finalizers off."""
    lattice = "application-networking.k8s.aws/v1alpha1"
    kube.create(held(Kind.SERVICE_EXPORT, namespace, {}, lattice, finalizers=[FINALIZERS[Kind.SERVICE_EXPORT]]))
    kube.delete(exports)
    stuck = kube.exists(exports)

    said = admin("release-finalizers", "-A", "--yes")

    eventually("the definition is gone", lambda: not kube.exists(exports))
    assert stuck
    assert f"released ServiceExport/{namespace}/left" in said.out


def test_only_what_is_named_is_released(admin: Person, kube: Kube, left: list[Object], namespace: str) -> None:
    said = admin("release-finalizers", "httproute/left", f"Gateway/{namespace}/left", "-n", namespace, "--yes")

    after = finalizers(kube, left)
    assert said.code == 0
    assert {name for name, found in after.items() if found == [OTHERS]} == {"HTTPRoute/left", "Gateway/left"}


def test_a_name_that_is_nobodys_is_an_error_and_nothing_is_done(
    admin: Person, kube: Kube, left: list[Object], namespace: str
) -> None:
    before = finalizers(kube, left)

    said = admin("release-finalizers", "httproute/left", "gateway/right", f"--namespace={namespace}", "--yes")

    assert said.code == 1
    assert said.err.startswith("error: gateway/right carries no finalizer of ours")
    assert f"HTTPRoute/{namespace}/left" in said.err
    assert finalizers(kube, left) == before


def test_kinds_that_may_not_be_listed_are_named(
    control_plane: ControlPlane, left: list[Object], namespace: str
) -> None:
    rules = [rule("gateway.networking.k8s.io", "httproutes")]
    caller = Person(a_caller(control_plane, namespace, rules, everywhere=False))

    said = caller("release-finalizers", f"--namespace={namespace}")
    refused = caller("release-finalizers", f"--namespace={namespace}", "--yes")
    tried = caller("release-finalizers", f"--namespace={namespace}", "--yes", "--force")
    elsewhere = caller("release-finalizers", "--namespace=default")

    assert (said.code, refused.code, tried.code, elsewhere.code) == (2, 3, 1, 1)
    assert "error: nothing that was seen in namespace default carries a finalizer of ours; Unknown:" in elsewhere.err
    assert "HTTPRoute/" in said.out
    assert "Unknown: Gateway objects may not be listed." in said.out
    assert "may not be listed" in refused.out
    assert f"HTTPRoute/{namespace}/left keeps its finalizer: 403" in tried.err


def test_two_ways_to_say_where_exclude_each_other(admin: Person) -> None:
    said = admin("release-finalizers", "-A", "-n", "shop")

    assert (said.code, said.err) == (1, "error: --namespace and --all-namespaces exclude each other\n")


def test_while_a_controller_is_at_work_it_is_refused_unless_forced(
    stage: Stage, admin: Person, kube: Kube, left: list[Object], namespace: str
) -> None:
    leader = stage.replica("--leader-elect").ready()
    eventually("it leads", lambda: leader.leads)

    listed = admin("release-finalizers", "httproute/left", f"--namespace={namespace}")
    refused = admin("release-finalizers", "httproute/left", f"--namespace={namespace}", "--yes")

    assert (listed.code, refused.code) == (2, 3)
    assert "replica-1_" in refused.out
    assert "--force" in refused.out
    leader.process.stop()
    assert admin("release-finalizers", "httproute/left", f"--namespace={namespace}", "--yes").code == 0
