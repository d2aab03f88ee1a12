"""The manifests of deploy/: written from the chart, taken by the API server, enough for the code and no more."""

import ast
import json
import os
import subprocess
from pathlib import Path

import pytest
from botocore import xform_name
from botocore.session import get_session

from tests.cluster import toolchain
from tests.cluster.commands import Helm, Kubectl
from tests.cluster.kube import Kube, Object, eventually
from tests.cluster.manifests import DEPLOY, REPOSITORY, read_manifest, read_manifests

WRITTEN = ("install.yaml", "install-with-gateway-api.yaml")
ADAPTERS = tuple(REPOSITORY / "src/lattice_gateway/adapters" / name for name in ("aws", "imds"))

PREFIXES = {
    "vpc-lattice": "vpc-lattice",
    "resourcegroupstaggingapi": "tag",
    "acm": "acm",
    "ec2": "ec2",
    "service-quotas": "servicequotas",
}
"""botocore's name of a service and the prefix of its actions in IAM. Who calls sts:GetCallerIdentity needs no right."""

AUTHORISED_AS = {"vpc-lattice:BatchUpdateRule": "vpc-lattice:UpdateRule"}

LATTICE_ASKS_FOR = {
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "firehose:TagDeliveryStream",
    "iam:CreateServiceLinkedRole",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "s3:GetBucketPolicy",
    "s3:PutBucketPolicy",
}
"""What nobody here calls: VPC Lattice checks that whoever associates a VPC or sends access logs might do it himself."""

OF_KINDS_NOT_BUILT = {
    "acm:ListCertificates",
    "servicequotas:ListServiceQuotas",
    "vpc-lattice:CreateAccessLogSubscription",
    "vpc-lattice:DeleteAccessLogSubscription",
    "vpc-lattice:DeleteAuthPolicy",
    "vpc-lattice:GetAccessLogSubscription",
    "vpc-lattice:GetAuthPolicy",
    "vpc-lattice:GetServiceNetwork",
    "vpc-lattice:ListAccessLogSubscriptions",
    "vpc-lattice:PutAuthPolicy",
    "vpc-lattice:UpdateAccessLogSubscription",
    "vpc-lattice:UpdateServiceNetwork",
    "vpc-lattice:UpdateServiceNetworkVpcAssociation",
}
"""Calls of kinds that are known and not built yet; who installs now has the rights when they come."""


@pytest.mark.cluster
def test_what_is_there_is_what_the_chart_says_today(helm: Helm, tmp_path: Path) -> None:
    (gateway_api,) = {path.parent for path in toolchain.or_give_up(toolchain.gateway_api)}
    environment = {**os.environ, "HELM": str(helm.program)}

    subprocess.run([DEPLOY / "generate.sh", tmp_path, gateway_api], check=True, env=environment, capture_output=True)

    stale = [name for name in WRITTEN if (tmp_path / name).read_text() != (DEPLOY / name).read_text()]
    assert stale == [], f"run deploy/generate.sh deploy {gateway_api}"


@pytest.mark.cluster
@pytest.mark.parametrize("name", WRITTEN)
def test_one_apply_installs_it_and_one_delete_takes_it_away(kube: Kube, kubectl: Kubectl, name: str) -> None:
    objects = [each for each in read_manifests([DEPLOY / name]) if each["kind"] != "CustomResourceDefinition"]
    ours = [each for each in objects if "gateway.networking.k8s.io" not in each["metadata"]["name"]]
    deployment = next(each for each in ours if each["kind"] == "Deployment")
    account = next(each for each in ours if each["kind"] == "ServiceAccount")

    kubectl("apply", "--server-side", "--force-conflicts", f"--filename={DEPLOY / name}")
    namespace = deployment["metadata"]["namespace"]
    eventually("two pods are let in", lambda: len(kube.list("v1", "Pod", namespace)) == 2)
    kubectl("delete", "--wait=false", "--filename=-", stdin="\n---\n".join(json.dumps(each) for each in ours))

    assert deployment["spec"]["template"]["spec"]["serviceAccountName"] == account["metadata"]["name"]
    eventually("nothing is left", lambda: not any(kube.exists(each) for each in ours))


@pytest.mark.cluster
def test_a_gateway_class_of_ours_is_one_apply(kube: Kube, kubectl: Kubectl) -> None:
    kubectl("apply", f"--filename={DEPLOY / 'gatewayclass.yaml'}")

    (made,) = kube.list("gateway.networking.k8s.io/v1", "GatewayClass")
    kube.delete(made)

    assert made["spec"]["controllerName"] == "application-networking.k8s.aws/gateway-api-controller"


def test_plain_manifests_hold_no_secret() -> None:
    kinds = {each["kind"] for name in WRITTEN for each in read_manifest((DEPLOY / name).read_text())}

    assert "Secret" not in kinds
    assert "MutatingWebhookConfiguration" not in kinds


def test_the_iam_policy_allows_every_operation_that_the_code_names() -> None:
    named = _named_in_code()

    assert "RegisterTargets" in named, "the search finds something"
    assert [name for name, actions in named.items() if not actions & _allowed()] == []


def test_the_iam_policy_allows_nothing_that_nobody_needs() -> None:
    called = {action for actions in _named_in_code().values() for action in actions}

    assert _allowed() - called == LATTICE_ASKS_FOR | OF_KINDS_NOT_BUILT


def test_the_iam_policy_names_actions_one_by_one() -> None:
    assert not [action for action in _allowed() if "*" in action]


def test_the_iam_policy_has_only_lattice_operations_that_exist() -> None:
    real = {f"vpc-lattice:{name}" for name in _operations("vpc-lattice")}

    assert {action for action in _allowed() if action.startswith("vpc-lattice:")} <= real


def test_the_iam_policy_fits_into_a_managed_policy() -> None:
    text = json.dumps(json.loads((DEPLOY / "iam-policy.json").read_text()), separators=(",", ":"))

    assert len(text) < 6144


def _statements() -> list[Object]:
    statements: list[Object] = json.loads((DEPLOY / "iam-policy.json").read_text())["Statement"]
    return statements


def _allowed() -> set[str]:
    return {action for statement in _statements() for action in statement["Action"]}


def _named_in_code() -> dict[str, set[str]]:
    """Every operation that an adapter names, with its actions of IAM: one for each service it has a client of."""
    found: dict[str, set[str]] = {}
    for adapter in ADAPTERS:
        trees = [ast.parse(path.read_text()) for path in adapter.glob("*.py")]
        _add_named({text for tree in trees for text in _texts(tree)}, found)
    return found


def _add_named(texts: set[str], found: dict[str, set[str]]) -> None:
    for service in texts & PREFIXES.keys():
        for name in (each for each in _operations(service) if texts & {each, xform_name(each)}):
            action = f"{PREFIXES[service]}:{name}"
            found.setdefault(name, set()).add(AUTHORISED_AS.get(action, action))


def _texts(tree: ast.AST) -> set[str]:
    """The constant texts of a module, and the names of methods."""
    nodes = tuple(ast.walk(tree))
    constants = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return constants | {node.attr for node in nodes if isinstance(node, ast.Attribute)}


def _operations(service: str) -> set[str]:
    return set(get_session().get_service_model(service).operation_names)
