"""The chart, rendered by the real helm over a table of values, and what the API server says to it."""

import base64
import re
from typing import Any

import pytest
import yaml

from tests.cluster.commands import CommandError, Helm, Kubectl
from tests.cluster.kube import Kube, Object
from tests.cluster.manifests import read_manifest
from tests.cluster.values import CERT_MANAGER, EVERYTHING, GIVEN, NOTHING, OF_THE_GO_CHART, TEXTS

pytestmark = pytest.mark.cluster

NAMESPACE = "aws-application-networking-system"


@pytest.mark.usefixtures("monitoring")
@pytest.mark.parametrize(
    "values",
    [
        pytest.param("", id="nothing set"),
        pytest.param(OF_THE_GO_CHART, id="all that the Go controller's chart has"),
        pytest.param(EVERYTHING, id="all that is off by itself"),
        pytest.param(CERT_MANAGER, id="certificate from cert-manager"),
        pytest.param("webhookEnabled: false", id="no webhook"),
        pytest.param("pdb: {enabled: true, minAvailable: 0}", id="budget of zero"),
        pytest.param("pdb: {enabled: true, maxUnavailable: 50%}", id="budget in percent"),
        pytest.param("nameOverride: short\nfullnameOverride: gateway-controller", id="other names"),
        pytest.param(f"nameOverride: {'long-' * 14}name", id="a name that must be cut"),
        pytest.param("serviceAccount: {create: false, name: ''}", id="account of somebody else"),
        pytest.param(
            "deployment: {replicas: 1, labels: null, annotations: null, containerPort: 9090}", id="one replica"
        ),
        pytest.param("metrics: {service: {create: true, type: LoadBalancer}}", id="metrics for others"),
        pytest.param(NOTHING, id="null wherever it may be"),
        pytest.param(TEXTS, id="texts for numbers and switches"),
        pytest.param("reconcileDefaultResyncSeconds: 0\nwarmUpTimeout: 30.5", id="numbers"),
    ],
)
def test_the_api_server_takes_what_helm_makes_of(kube: Kube, kubectl: Kubectl, helm: Helm, values: str) -> None:
    kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})

    linted = helm.lint(values)
    manifest = helm.template(values, NAMESPACE)
    answer = kubectl("apply", "--dry-run=server", "--filename=-", f"--namespace={NAMESPACE}", stdin=manifest)

    assert "0 chart(s) failed" in linted
    assert len(answer.splitlines()) == len(read_manifest(manifest))


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        pytest.param("image: {repository: ''}", "image/repository", id="no image"),
        pytest.param("image: {pullPolicy: Sometimes}", "image/pullPolicy", id="unknown pull policy"),
        pytest.param("metrics: {service: {type: Ingress}}", "metrics/service/type", id="unknown type of Service"),
        pytest.param("installScope: galaxy", "installScope", id="unknown scope"),
        pytest.param("installScope: namespace", "a Role is not enough", id="a scope that cannot work"),
        pytest.param("resources: {limits: null}", "limits", id="no limits"),
        pytest.param("pdb: {enabled: true, minAvailable: 0, maxUnavailable: 0}", "has room for one", id="two budgets"),
        pytest.param("webhookTLS: {cert: Y2VydA==, key: a2V5}", "has 2 of caCert, cert and key", id="a part of a pair"),
        pytest.param("webhookTLS: {certManager: {enabled: true}}", "certificateName is empty", id="no Certificate"),
        pytest.param(
            "webhookTLS: {caCert: Y2E=, cert: Y2VydA==, key: a2V5, certManager: {enabled: true, certificateName: a}}",
            "two sources of one certificate",
            id="two certificates",
        ),
    ],
)
def test_helm_refuses_with_a_reason(helm: Helm, values: str, complaint: str) -> None:
    with pytest.raises(CommandError) as refused:
        helm.template(values, NAMESPACE)

    assert complaint in str(refused.value)


def rendered(helm: Helm, values: str = "") -> dict[str, list[Object]]:
    """The objects of a manifest by kind."""
    found: dict[str, list[Object]] = {}
    for each in read_manifest(helm.template(values, NAMESPACE)):
        found.setdefault(each["kind"], []).append(each)
    return found


def the_container(helm: Helm, values: str = "") -> Object:
    (deployment,) = rendered(helm, values)["Deployment"]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return dict(container)


def environment(helm: Helm, values: str) -> dict[str, str | None]:
    return {each["name"]: each.get("value") for each in the_container(helm, values)["env"]}


def test_the_container_runs_the_controller_with_the_flags_of_the_go_controller(helm: Helm) -> None:
    container = the_container(helm)

    assert container["command"] == ["lattice-gateway", "run"]
    assert container["args"] == [
        "--leader-elect",
        "--metrics-bind-address=:8080",
        "--health-probe-bind-address=:8081",
    ]


def test_the_metrics_port_moves_the_listener_with_it(helm: Helm) -> None:
    container = the_container(helm, "deployment: {containerPort: 9090}")

    assert "--metrics-bind-address=:9090" in container["args"]
    assert {"name": "metrics", "containerPort": 9090} in container["ports"]


def test_pods_have_no_rights_on_their_node(helm: Helm) -> None:
    (deployment,) = rendered(helm)["Deployment"]
    pod = deployment["spec"]["template"]["spec"]
    container = pod["containers"][0]["securityContext"]

    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["readOnlyRootFilesystem"] is True
    assert container["allowPrivilegeEscalation"] is False
    assert container["capabilities"] == {"drop": ["ALL"]}


def test_replicas_keep_apart_unless_told_otherwise(helm: Helm) -> None:
    (by_itself,) = rendered(helm)["Deployment"]
    (told,) = rendered(helm, "deployment: {affinity: {nodeAffinity: {}}}")["Deployment"]

    assert "podAntiAffinity" in by_itself["spec"]["template"]["spec"]["affinity"]
    assert told["spec"]["template"]["spec"]["affinity"] == {"nodeAffinity": {}}


def test_values_of_the_go_chart_reach_the_container(helm: Helm) -> None:
    found = environment(helm, OF_THE_GO_CHART)

    assert {name: value for name, value in found.items() if not name.startswith("POD_")} == {
        "WEBHOOK_ENABLED": "true",
        "LOG_LEVEL": "debug",
        "AWS_ACCOUNT_ID": "111122223333",
        "REGION": "us-west-2",
        "CLUSTER_VPC_ID": "vpc-0123456789abcdef0",
        "CLUSTER_NAME": "shop",
        "LATTICE_ENDPOINT": "https://vpc-lattice.us-west-2.amazonaws.com",
        "DEFAULT_SERVICE_NETWORK": "shop",
        "ENABLE_SERVICE_NETWORK_OVERRIDE": "True",
        "DISABLE_TAGGING_SERVICE_API": "true",
        "ROUTE_MAX_CONCURRENT_RECONCILES": "4",
        "RECONCILE_DEFAULT_RESYNC_SECONDS": "300",
    }


@pytest.mark.parametrize(
    ("values", "name", "expected"),
    [
        pytest.param("awsAccountId: 1234567890", "AWS_ACCOUNT_ID", "001234567890", id="account without its zeros"),
        pytest.param("awsAccountId: '001234567890'", "AWS_ACCOUNT_ID", "001234567890", id="account as text"),
        pytest.param("reconcileDefaultResyncSeconds: 0", "RECONCILE_DEFAULT_RESYNC_SECONDS", "0", id="zero is a value"),
        pytest.param("warmUpTimeout: 30.5", "WARM_UP_TIMEOUT", "30.5", id="half a second"),
        pytest.param("sweepMinAge: 1000000", "SWEEP_MIN_AGE", "1000000", id="a large number"),
        pytest.param("enforceReferenceGrants: false", "ENFORCE_REFERENCE_GRANTS", "false", id="false is a value"),
        pytest.param("clusterName: ''", "CLUSTER_NAME", None, id="empty is none"),
    ],
)
def test_a_value_reaches_its_variable(helm: Helm, values: str, name: str, expected: str | None) -> None:
    assert environment(helm, values).get(name) == expected


def test_whatever_selects_our_pods_selects_all_of_them(helm: Helm) -> None:
    found = rendered(helm, EVERYTHING)
    labels = found["Deployment"][0]["spec"]["template"]["metadata"]["labels"].items()
    selectors = [each["spec"]["selector"] for each in found["Service"]]
    selectors += [found["PodDisruptionBudget"][0]["spec"]["selector"]["matchLabels"]]
    selectors += [found["NetworkPolicy"][0]["spec"]["podSelector"]["matchLabels"]]

    assert len(selectors) == 4
    assert all(selector.items() <= labels for selector in selectors)


def test_the_monitor_finds_the_metrics_and_not_the_webhook(helm: Helm) -> None:
    found = rendered(helm, EVERYTHING)
    wanted = found["ServiceMonitor"][0]["spec"]["selector"]["matchLabels"].items()

    services = {each["metadata"]["name"]: wanted <= each["metadata"]["labels"].items() for each in found["Service"]}

    assert services == {"webhook-service": False, "lattice-gateway-metrics": True}


def test_without_the_webhook_nothing_of_it_is_there(helm: Helm) -> None:
    found = rendered(helm, "webhookEnabled: false")

    assert "MutatingWebhookConfiguration" not in found
    assert "Secret" not in found
    assert "Service" not in found
    assert environment(helm, "webhookEnabled: false")["WEBHOOK_ENABLED"] == "false"


def test_a_pod_starts_even_if_nobody_answers_the_webhook(helm: Helm) -> None:
    (configuration,) = rendered(helm)["MutatingWebhookConfiguration"]
    (webhook,) = configuration["webhooks"]

    assert webhook["failurePolicy"] == "Ignore"
    assert {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": [NAMESPACE]} in webhook[
        "namespaceSelector"
    ]["matchExpressions"]


def test_a_given_certificate_is_used_as_it_is(helm: Helm) -> None:
    found = rendered(helm, GIVEN)

    assert found["Secret"][0]["data"] == {"ca.crt": "Y2E=", "tls.crt": "Y2VydA==", "tls.key": "a2V5"}
    assert found["MutatingWebhookConfiguration"][0]["webhooks"][0]["clientConfig"]["caBundle"] == "Y2E="


def test_cert_manager_brings_secret_and_authority(helm: Helm) -> None:
    found = rendered(helm, CERT_MANAGER)
    (configuration,) = found["MutatingWebhookConfiguration"]

    assert "Secret" not in found
    assert configuration["metadata"]["annotations"] == {"cert-manager.io/inject-ca-from": f"{NAMESPACE}/gateway"}
    assert "caBundle" not in configuration["webhooks"][0]["clientConfig"]


def test_secrets_of_the_cluster_are_read_only_where_certificates_are_checked(helm: Helm) -> None:
    (usual,) = rendered(helm)["ClusterRole"]
    (checking,) = rendered(helm, "validateCertificateRefs: true")["ClusterRole"]

    assert "secrets" not in _resources(usual)
    assert "secrets" in _resources(checking)


@pytest.mark.usefixtures("monitoring")
def test_an_installation_keeps_its_certificate_over_an_upgrade_and_leaves_nothing(
    kube: Kube, helm: Helm, namespace: str
) -> None:
    helm.upgrade("", namespace)
    first = _certificate(kube, namespace)

    helm.upgrade("log: {level: debug}", namespace)
    second = _certificate(kube, namespace)
    names = [(each["kind"], each["metadata"]["name"]) for each in _labelled(kube, namespace)]
    helm.uninstall(namespace)

    assert first == second
    assert b"BEGIN CERTIFICATE" in base64.b64decode(first["tls.crt"])
    assert ("Deployment", "gateway-lattice-gateway") in names
    assert _labelled(kube, namespace) == []


def test_every_metric_that_alerts_and_dashboard_ask_for_exists(helm: Helm) -> None:
    text = (helm.chart / "files/alerts.yaml").read_text() + (helm.chart / "files/dashboard.json").read_text()

    asked = set(re.findall(r"\b((?:aws_api|controller_runtime|workqueue|leader_election|process)_[a-z_]+)", text))

    assert {re.sub(r"_bucket$", "", name) for name in asked} <= METRICS


def test_alerts_say_what_to_do(helm: Helm) -> None:
    rules = yaml.safe_load((helm.chart / "files/alerts.yaml").read_text())["groups"][0]["rules"]

    for rule in rules:
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert set(rule["annotations"]) == {"summary", "description"}


METRICS = {
    "aws_api_call_duration_seconds",
    "aws_api_calls_total",
    "aws_api_requests_total",
    "controller_runtime_reconcile_errors_total",
    "controller_runtime_reconcile_panics_total",
    "controller_runtime_reconcile_time_seconds",
    "controller_runtime_reconcile_total",
    "controller_runtime_webhook_latency_seconds",
    "controller_runtime_webhook_panics_total",
    "controller_runtime_webhook_requests_total",
    "leader_election_master_status",
    "process_resident_memory_bytes",
    "workqueue_depth",
    "workqueue_queue_duration_seconds",
}
"""Names that the Go controller's users have dashboards on; ours exports them too."""

OF_A_RELEASE = (
    ("apps/v1", "Deployment"),
    ("v1", "Secret"),
    ("v1", "Service"),
    ("v1", "ServiceAccount"),
    ("rbac.authorization.k8s.io/v1", "Role"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
    ("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"),
)


def _resources(role: Object) -> set[str]:
    return {resource for rule in role["rules"] for resource in rule["resources"]}


def _certificate(kube: Kube, namespace: str) -> dict[str, str]:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "webhook-cert", "namespace": namespace}}
    data: dict[str, str] = kube.get(secret)["data"]
    return data


def _labelled(kube: Kube, namespace: str) -> list[Object]:
    """Everything of the release that is there, cluster-wide kinds too."""
    return [
        each
        for api_version, kind in OF_A_RELEASE
        for each in kube.list(api_version, kind)
        if _release(each) == ("gateway", namespace)
    ]


def _release(each: Object) -> tuple[Any, Any]:
    annotations = each["metadata"].get("annotations", {})
    return annotations.get("meta.helm.sh/release-name"), annotations.get("meta.helm.sh/release-namespace")
