"""The rights that the chart gives the controller: all that it needs, and none that it does not."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.cluster.commands import Helm
from tests.cluster.control_plane import ControlPlane
from tests.cluster.kube import ApiError, Kube, Object
from tests.cluster.rights import ACCOUNT, chart_rights

pytestmark = pytest.mark.cluster

HOME = "gateway-home"
GATEWAY_API = "gateway.networking.k8s.io"
OURS = "application-networking.k8s.aws"
LEASE = "amazon-vpc-lattice.io"


@dataclass(frozen=True, slots=True)
class Controller:
    """The controller's service account: as itself, and asked about by the administrator."""

    itself: Kube
    admin: Kube

    def may(self, verb: str, resource: str, *, namespace: str = "shop", name: str = "") -> bool:
        """``resource`` is ``plural[/subresource][.group]``."""
        path, _, group = resource.partition(".")
        plural, _, subresource = path.partition("/")
        attributes = {
            "verb": verb,
            "group": group,
            "resource": plural,
            "subresource": subresource,
            "namespace": namespace,
            "name": name,
        }
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {
                "user": f"system:serviceaccount:{HOME}:{ACCOUNT}",
                "groups": ["system:serviceaccounts", f"system:serviceaccounts:{HOME}", "system:authenticated"],
                "resourceAttributes": attributes,
            },
        }
        answer = self.admin.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)
        return bool(answer["status"]["allowed"])


@pytest.fixture(scope="module")
def controller(control_plane: ControlPlane, helm: Helm) -> Iterator[Controller]:
    with chart_rights(control_plane, helm, HOME):
        yield Controller(control_plane.as_service_account(HOME, ACCOUNT), control_plane.admin)
    control_plane.admin.delete({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": HOME}})


READ = ("list", "watch")
ROUTES = tuple(f"{plural}.{GATEWAY_API}" for plural in ("httproutes", "grpcroutes", "tlsroutes"))
FINALIZED = (
    *ROUTES,
    f"gateways.{GATEWAY_API}",
    f"gatewayclasses.{GATEWAY_API}",
    *(
        f"{plural}.{OURS}"
        for plural in (
            "accesslogpolicies",
            "iamauthpolicies",
            "serviceexports",
            "serviceimports",
            "servicenetworks",
            "vpcassociationpolicies",
        )
    ),
)
ONLY_READ = (
    "namespaces",
    "pods",
    "services",
    "endpointslices.discovery.k8s.io",
    f"referencegrants.{GATEWAY_API}",
    f"targetgrouppolicies.{OURS}",
)


@pytest.mark.parametrize("resource", [*FINALIZED, *ONLY_READ])
def test_reads(controller: Controller, resource: str) -> None:
    assert [verb for verb in READ if controller.may(verb, resource)] == list(READ)


@pytest.mark.parametrize("resource", FINALIZED)
def test_writes_finalizers_annotations_and_status(controller: Controller, resource: str) -> None:
    plural, _, group = resource.partition(".")

    assert controller.may("get", resource)
    assert controller.may("patch", resource)
    assert controller.may("patch", f"{plural}/status.{group}")


@pytest.mark.parametrize("resource", FINALIZED)
def test_never_makes_or_removes_what_people_wrote(controller: Controller, resource: str) -> None:
    assert not any(controller.may(verb, resource) for verb in ("create", "delete", "deletecollection"))


@pytest.mark.parametrize(
    ("verb", "resource", "namespace"),
    [
        pytest.param("patch", "pods/status", "shop", id="readiness gate"),
        pytest.param("patch", "services", "shop", id="old finalizer of a Service"),
        pytest.param("patch", f"targetgrouppolicies/status.{OURS}", "shop", id="status of a kind without a finalizer"),
        pytest.param("list", "customresourcedefinitions.apiextensions.k8s.io", "", id="which kinds there are"),
        pytest.param("create", "events", "shop", id="event"),
        pytest.param("create", "leases.coordination.k8s.io", HOME, id="its Lease"),
        pytest.param("create", "configmaps", HOME, id="snapshot of a claim"),
        pytest.param("delete", "configmaps", HOME, id="snapshot that is no longer needed"),
        pytest.param("create", "dnsendpoints.externaldns.k8s.io", "shop", id="DNS name"),
        pytest.param("delete", "dnsendpoints.externaldns.k8s.io", "shop", id="DNS name that is no longer wanted"),
        pytest.param("update", f"httproutes/finalizers.{GATEWAY_API}", "shop", id="owner of a DNS name"),
    ],
)
def test_may(controller: Controller, verb: str, resource: str, namespace: str) -> None:
    assert controller.may(verb, resource, namespace=namespace)


@pytest.mark.parametrize(
    ("verb", "resource", "namespace"),
    [
        pytest.param("get", "secrets", "shop", id="secrets"),
        pytest.param("get", "secrets", HOME, id="secrets of its own namespace"),
        pytest.param("create", "pods", "shop", id="make pods"),
        pytest.param("patch", "pods", "shop", id="change pods"),
        pytest.param("delete", "services", "shop", id="delete Services"),
        pytest.param("get", "configmaps", "shop", id="ConfigMaps of others"),
        pytest.param("create", "leases.coordination.k8s.io", "shop", id="Leases elsewhere"),
        pytest.param("patch", "leases.coordination.k8s.io", HOME, id="Leases of another name"),
        pytest.param("patch", "endpointslices.discovery.k8s.io", "shop", id="endpoints"),
        pytest.param("patch", "clusterroles.rbac.authorization.k8s.io", "", id="its own rights"),
        pytest.param("patch", "customresourcedefinitions.apiextensions.k8s.io", "", id="CRDs"),
        pytest.param("impersonate", "users", "", id="be somebody else"),
    ],
)
def test_may_not(controller: Controller, verb: str, resource: str, namespace: str) -> None:
    assert not controller.may(verb, resource, namespace=namespace)


def test_holds_its_lease(controller: Controller) -> None:
    lease: Object = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": LEASE, "namespace": HOME},
        "spec": {"holderIdentity": "one", "leaseDurationSeconds": 15},
    }
    controller.itself.create(lease)

    changed = controller.itself.merge(lease, {"spec": {"holderIdentity": "two"}})

    assert changed["spec"]["holderIdentity"] == "two"


def test_looks_for_leases_of_its_name_everywhere_and_for_no_others(controller: Controller) -> None:
    path = "/apis/coordination.k8s.io/v1/leases"

    found = controller.itself.request("GET", f"{path}?fieldSelector=metadata.name%3D{LEASE}")

    assert found["kind"] == "LeaseList"
    with pytest.raises(ApiError, match="forbidden"):
        controller.itself.request("GET", path)
