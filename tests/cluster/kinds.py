"""Our seven kinds as their CRDs have them, and the smallest object of each."""

import yaml

from tests.cluster.kube import Object
from tests.cluster.manifests import OUR_CRDS, read_manifests

GROUP = "application-networking.k8s.aws"
API = f"{GROUP}/v1alpha1"
POLICIES = ("AccessLogPolicy", "IAMAuthPolicy", "TargetGroupPolicy", "VpcAssociationPolicy")
CRDS = {crd["spec"]["names"]["kind"]: crd for crd in read_manifests(OUR_CRDS)}
SEVEN = sorted([*POLICIES, "ServiceExport", "ServiceImport", "ServiceNetwork"])

BUCKET = "arn:aws:s3:::access-logs"
GATEWAY = "{group: gateway.networking.k8s.io, kind: Gateway, name: shop}"
ROUTE = "{group: gateway.networking.k8s.io, kind: HTTPRoute, name: checkout}"
SERVICE = "{group: '', kind: Service, name: checkout}"
EXPORT = f"{{group: {GROUP}, kind: ServiceExport, name: checkout}}"


SAMPLES = {
    "AccessLogPolicy": f"spec: {{destinationArn: '{BUCKET}', targetRef: {GATEWAY}}}",
    "IAMAuthPolicy": f"spec: {{policy: '{{}}', targetRef: {GATEWAY}}}",
    "TargetGroupPolicy": f"spec: {{targetRef: {SERVICE}}}",
    "VpcAssociationPolicy": f"spec: {{targetRef: {GATEWAY}}}",
    "ServiceNetwork": "",
    "ServiceExport": "",
    "ServiceImport": "",
}


def an_object(kind: str, namespace: str, rest: str) -> Object:
    """An object named ``sample``; ``rest`` is YAML of what comes beside its metadata."""
    metadata = {"name": "sample"} if kind == "ServiceNetwork" else {"name": "sample", "namespace": namespace}
    return {"apiVersion": API, "kind": kind, "metadata": metadata, **yaml.safe_load(rest or "{}")}
