"""What docs/install.md tells people to type works as it stands there."""

import re
import shlex

import pytest
import yaml

from tests.cluster.commands import Helm, Kubectl
from tests.cluster.kube import Kube, Object
from tests.cluster.manifests import REPOSITORY
from tests.cluster.toolchain import GATEWAY_API

PAGE = (REPOSITORY / "docs/install.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
LINES = [line for block in BLOCKS for line in block.replace("\\\n", " ").splitlines()]
DOMAIN = "checkout-shop-0123456789abcdef0.7d67968.vpc-lattice-svcs.us-west-2.on.aws"


def typed(beginning: str) -> list[str]:
    """The words of the page's only line that begins like this, without its first."""
    (line,) = [line for line in LINES if line.startswith(beginning)]
    return shlex.split(line)[1:]


def a_served_route(namespace: str) -> tuple[Object, Object]:
    """A route, and the status that a controller gives it."""
    wanted: Object = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {
            "name": "checkout",
            "namespace": namespace,
            "annotations": {"application-networking.k8s.aws/lattice-assigned-domain-name": DOMAIN},
        },
        "spec": {"parentRefs": [{"name": "shop"}]},
    }
    condition = {
        "type": "Accepted",
        "status": "True",
        "reason": "Accepted",
        "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    controller = "application-networking.k8s.aws/gateway-api-controller"
    parent = {"parentRef": {"name": "shop"}, "controllerName": controller, "conditions": [condition]}
    return wanted, {"status": {"parents": [parent]}}


@pytest.mark.cluster
def test_a_route_can_be_waited_for_and_asked_for_its_name(kube: Kube, kubectl: Kubectl, namespace: str) -> None:
    route, status = a_served_route(namespace)
    kube.create(route)
    kube.merge(route, status, subresource="/status")

    waited = kubectl(*typed("kubectl wait httproute/"), f"--namespace={namespace}")
    name = kubectl(*typed("kubectl get httproute/"), f"--namespace={namespace}")

    assert "condition met" in waited
    assert name == DOMAIN


@pytest.mark.cluster
def test_the_crds_can_be_brought_up_to_date(kubectl: Kubectl) -> None:
    words = [word.replace("crds/", f"{REPOSITORY}/crds/") for word in typed("kubectl apply --server-side --force")]

    answer = kubectl(*words)

    assert answer.count("serverside-applied") == 7


@pytest.mark.cluster
def test_the_values_of_the_page_are_values_of_the_chart(helm: Helm) -> None:
    known = yaml.safe_load((helm.chart / "values.yaml").read_text())
    table = PAGE.partition("| Value |")[2].partition("\n\n")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    named = [name for row in rows for name in re.findall(r"`([\w.]+)`", row)]
    named += re.findall(r"--set ([\w.]+)=", PAGE)

    assert len(named) > 10
    assert [name for name in named if not _has(known, name.split("."))] == []


def test_files_that_the_page_names_are_there() -> None:
    files = set(re.findall(r"\b((?:deploy|helm|crds)/[\w./-]+\w)", PAGE))

    assert files
    assert [name for name in files if not (REPOSITORY / name).exists()] == []


def test_the_page_names_the_tested_version() -> None:
    assert f"/releases/download/{GATEWAY_API}/standard-install.yaml" in PAGE


def _has(known: object, names: list[str]) -> bool:
    if not names:
        return True
    return isinstance(known, dict) and names[0] in known and _has(known[names[0]], names[1:])
