"""Values files of the Go controller's chart, drawn member by member, make a manifest of ours."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cluster.commands import Helm
from tests.cluster.manifests import read_manifest

pytestmark = pytest.mark.cluster

NAMESPACE = "aws-application-networking-system"


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A value, or null, by which a values file takes a default of the chart away."""
    return st.none() | values


NAME = st.from_regex(r"\A[a-z]([a-z0-9-]{0,20}[a-z0-9])?\Z")
TEXT = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=12)
LABELS = st.dictionaries(NAME, NAME, max_size=2)
SWITCH = st.sampled_from([True, False, "true", "false", "True"])
NUMBER = st.integers(1, 10_000)
ENCODED = st.sampled_from(["Y2E=", "Y2VydA==", "a2V5"])
SECURITY = st.fixed_dictionaries({}, optional={"runAsNonRoot": st.booleans(), "runAsUser": NUMBER})
TOLERATION = st.fixed_dictionaries({"operator": st.just("Exists")}, optional={"key": NAME})
SPREAD = st.fixed_dictionaries(
    {"maxSkew": st.just(1), "topologyKey": NAME, "whenUnsatisfiable": st.just("ScheduleAnyway")}
)
WEBHOOK_TLS = st.one_of(
    st.none(),
    st.fixed_dictionaries({"caCert": ENCODED, "cert": ENCODED, "key": ENCODED}),
    st.fixed_dictionaries({"caCert": st.none(), "cert": st.just(""), "certManager": st.just({"enabled": False})}),
    st.fixed_dictionaries(
        {
            "certManager": st.fixed_dictionaries(
                {"enabled": st.just(True), "certificateName": NAME}, optional={"certificateSecretName": NAME}
            )
        }
    ),
)

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "image.repository": TEXT,
    "image.tag": TEXT | st.just("v2.1.3"),
    "image.pullPolicy": st.sampled_from(["IfNotPresent", "Always", "Never"]),
    "image.pullSecrets": maybe(st.lists(NAME, max_size=2)),
    "nameOverride": maybe(st.just("") | NAME),
    "fullnameOverride": maybe(st.just("") | NAME),
    "deployment.annotations": maybe(LABELS),
    "deployment.labels": maybe(LABELS),
    "deployment.containerPort": st.integers(1024, 65535),
    "deployment.nodeSelector": maybe(LABELS),
    "deployment.tolerations": maybe(st.lists(TOLERATION, max_size=2)),
    "deployment.affinity": maybe(st.just({}) | st.just({"nodeAffinity": {}})),
    "deployment.topologySpreadConstraints": maybe(st.lists(SPREAD, max_size=1)),
    "deployment.priorityClassName": maybe(st.just("") | NAME),
    "deployment.replicas": maybe(st.integers(0, 5)),
    "deployment.podSecurityContext": maybe(SECURITY),
    "deployment.containerSecurityContext": maybe(SECURITY),
    "role.labels": maybe(LABELS),
    "metrics.service.create": SWITCH,
    "metrics.service.type": st.sampled_from(["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]),
    "resources.requests.memory": st.sampled_from(["64Mi", "1Gi"]),
    "resources.requests.cpu": st.sampled_from(["50m", 1, 0.5]),
    "resources.limits.memory": st.sampled_from(["128Mi", 134217728]),
    "resources.limits.cpu": st.sampled_from(["100m", 2]),
    "pdb.enabled": maybe(SWITCH),
    "pdb.minAvailable": maybe(st.integers(0, 3) | st.just("50%")),
    "log.level": maybe(st.sampled_from(["info", "debug", "error", "panic", "warn"])),
    "installScope": st.just("cluster"),
    "serviceAccount.create": SWITCH,
    "serviceAccount.name": maybe(st.just("") | NAME),
    "serviceAccount.annotations": maybe(LABELS),
    "awsRegion": maybe(st.just("us-west-2")),
    "awsAccountId": maybe(st.sampled_from(["111122223333", 111122223333])),
    "clusterVpcId": maybe(st.just("vpc-0123456789abcdef0")),
    "clusterName": maybe(NAME),
    "defaultServiceNetwork": maybe(st.just("") | NAME),
    "latticeEndpoint": maybe(st.just("https://vpc-lattice.us-west-2.amazonaws.com")),
    "enableServiceNetworkOverride": maybe(SWITCH),
    "disableTaggingServiceApi": maybe(SWITCH),
    "webhookEnabled": maybe(SWITCH),
    "routeMaxConcurrentReconciles": maybe(NUMBER | st.just("4")),
    "reconcileDefaultResyncSeconds": maybe(st.just(0) | st.integers(60, 86400) | st.just("300")),
    "installExternalDNSCRD": maybe(SWITCH),
    "webhookTLS": WEBHOOK_TLS,
    "aKeyOfSomebodyElse": TEXT,
}
"""Every value of the Go chart v2.1.3 (api.md §6.1) with what its schema and templates take.

Left out is what both refuse, or only ours with a reason (test_chart.py): ``installScope: namespace``, which cannot
work, and a certificate without its key, which the Go chart ignores without a word.
"""


@st.composite
def values_files(draw: st.DrawFn) -> dict[str, Any]:
    """Some of the values, nested as in a file."""
    found: dict[str, Any] = {}
    for path in draw(st.sets(st.sampled_from(sorted(VALUES)), max_size=12)):
        *folders, name = path.split(".")
        place = found
        for folder in folders:
            place = place.setdefault(folder, {})
        place[name] = draw(VALUES[path])
    return found


def test_each_of_them_makes_a_manifest_of_ours(helm: Helm) -> None:
    @settings(max_examples=25, suppress_health_check=list(HealthCheck))
    @given(values_files())
    def check(values: dict[str, Any]) -> None:
        objects = read_manifest(helm.template(json.dumps(values), NAMESPACE))

        assert [each["kind"] for each in objects].count("Deployment") == 1

    check()
