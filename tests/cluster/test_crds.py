"""What the API server takes and what it refuses of our seven kinds."""

import pytest

from tests.cluster.kinds import BUCKET, EXPORT, GATEWAY, POLICIES, ROUTE, SERVICE, an_object
from tests.cluster.kube import ApiError, Kube, Object


def offer(kube: Kube, wanted: Object) -> Object:
    """What the server would store; it stores nothing. A field that it does not know is an error here."""
    return kube.create(wanted, query="?dryRun=All&fieldValidation=Strict")


@pytest.mark.cluster
@pytest.mark.parametrize(
    ("kind", "rest"),
    [
        pytest.param(
            "AccessLogPolicy", f"spec: {{destinationArn: '{BUCKET}', targetRef: {GATEWAY}}}", id="logs of a Gateway"
        ),
        pytest.param(
            "AccessLogPolicy",
            f"spec: {{destinationArn: 'arn:aws:logs:us-west-2:111122223333:log-group:/lattice:*', targetRef: {ROUTE}}}",
            id="log group with a star",
        ),
        pytest.param(
            "AccessLogPolicy",
            "spec: {destinationArn: 'arn:aws-us-gov:firehose:us-gov-west-1:111122223333:deliverystream/lattice', "
            f"targetRef: {ROUTE}}}",
            id="delivery stream of another partition",
        ),
        pytest.param("IAMAuthPolicy", f"spec: {{policy: '', targetRef: {ROUTE}}}", id="empty document"),
        pytest.param(
            "IAMAuthPolicy", f"spec: {{policy: 'not JSON', targetRef: {ROUTE}}}", id="judged by Lattice, not here"
        ),
        pytest.param("TargetGroupPolicy", f"spec: {{targetRef: {SERVICE}}}", id="group policy without settings"),
        pytest.param(
            "TargetGroupPolicy",
            f"""
            spec:
              targetRef: {EXPORT}
              protocol: HTTPS
              protocolVersion: HTTP2
              healthCheck: {{enabled: true, intervalSeconds: 5, timeoutSeconds: 1, healthyThresholdCount: 2,
                unhealthyThresholdCount: 2, statusMatch: '200-299', path: /health, port: 1, protocol: HTTP,
                protocolVersion: HTTP1}}
            """,
            id="every field, least values",
        ),
        pytest.param(
            "TargetGroupPolicy",
            f"""
            spec:
              targetRef: {EXPORT}
              healthCheck: {{intervalSeconds: 300, timeoutSeconds: 120, healthyThresholdCount: 10,
                unhealthyThresholdCount: 10, port: 65535, protocol: HTTPS, protocolVersion: HTTP2}}
            """,
            id="greatest values",
        ),
        pytest.param(
            "TargetGroupPolicy", f"spec: {{targetRef: {SERVICE}, protocol: http}}", id="protocol is free text"
        ),
        pytest.param(
            "TargetGroupPolicy",
            "spec: {targetRef: {group: '', kind: Service, name: checkout, namespace: elsewhere}}",
            id="target of another namespace",
        ),
        pytest.param("VpcAssociationPolicy", f"spec: {{targetRef: {GATEWAY}}}", id="VPC policy without settings"),
        pytest.param(
            "VpcAssociationPolicy",
            f"spec: {{targetRef: {GATEWAY}, associateWithVpc: false, securityGroupIds: [sg-0123456789, sg-1, "
            "sg-2, sg-3, sg-4, sg-5]}",
            id="six security groups of any length",
        ),
        pytest.param("ServiceNetwork", "", id="network without spec"),
        pytest.param("ServiceNetwork", "spec: {}", id="network with empty spec"),
        pytest.param("ServiceExport", "", id="export without spec"),
        pytest.param("ServiceExport", "spec: {exportedPorts: []}", id="no exported ports"),
        pytest.param(
            "ServiceExport",
            "spec: {exportedPorts: [{port: 80, routeType: HTTP}, {port: 80, routeType: GRPC}, "
            "{port: 0, routeType: TLS}]}",
            id="one port twice, and port 0",
        ),
        pytest.param("ServiceImport", "", id="import without spec"),
        pytest.param("ServiceImport", "spec: {}", id="import with empty spec"),
        pytest.param("ServiceImport", "spec: {type: Headless}", id="import without ports"),
        pytest.param(
            "ServiceImport",
            """
            spec:
              type: ClusterSetIP
              ports: [{port: 80, name: web, protocol: TCP, appProtocol: http}]
              ips: [10.0.0.1]
              sessionAffinity: ClientIP
              sessionAffinityConfig: {clientIP: {timeoutSeconds: 60}}
            """,
            id="import with everything",
        ),
    ],
)
def test_is_accepted(kube: Kube, kind: str, rest: str) -> None:
    wanted = an_object(kind, "default", rest)

    stored = offer(kube, wanted)

    assert stored.get("spec") == wanted.get("spec")


@pytest.mark.cluster
@pytest.mark.parametrize(
    ("kind", "rest", "complaint"),
    [
        *(pytest.param(kind, "", "spec: Required value", id=f"{kind} without spec") for kind in POLICIES),
        pytest.param(
            "AccessLogPolicy", f"spec: {{targetRef: {GATEWAY}}}", "spec.destinationArn: Required", id="no ARN"
        ),
        pytest.param(
            "AccessLogPolicy",
            f"spec: {{destinationArn: s3, targetRef: {GATEWAY}}}",
            "spec.destinationArn",
            id="not an ARN",
        ),
        pytest.param("IAMAuthPolicy", f"spec: {{targetRef: {ROUTE}}}", "spec.policy: Required value", id="no document"),
        pytest.param("IAMAuthPolicy", "spec: {policy: '{}'}", "spec.targetRef: Required value", id="no target"),
        *(
            pytest.param(
                "VpcAssociationPolicy",
                f"spec: {{targetRef: {target}}}",
                f"spec.targetRef.{field}",
                id=f"{field}: {found}",
            )
            for field, found, target in (
                ("group", "missing", "{kind: Gateway, name: shop}"),
                ("group", "capital letters", "{group: Core, kind: Gateway, name: shop}"),
                ("kind", "missing", "{group: '', name: shop}"),
                ("kind", "empty", "{group: '', kind: '', name: shop}"),
                ("kind", "begins with a digit", "{group: '', kind: 1Gateway, name: shop}"),
                ("kind", "too long", f"{{group: '', kind: {'a' * 64}, name: shop}}"),
                ("name", "empty", "{group: '', kind: Gateway, name: ''}"),
                ("name", "too long", f"{{group: '', kind: Gateway, name: {'a' * 254}}}"),
                ("namespace", "empty", "{group: '', kind: Gateway, name: shop, namespace: ''}"),
                ("namespace", "with a dot", "{group: '', kind: Gateway, name: shop, namespace: a.b}"),
            )
        ),
        *(
            pytest.param(
                "TargetGroupPolicy",
                f"spec: {{targetRef: {SERVICE}, healthCheck: {{{field}: {value}}}}}",
                f"spec.healthCheck.{field}",
                id=f"{field} {value}",
            )
            for field, value in (
                ("intervalSeconds", 4),
                ("intervalSeconds", 301),
                ("timeoutSeconds", 0),
                ("timeoutSeconds", 121),
                ("healthyThresholdCount", 1),
                ("healthyThresholdCount", 11),
                ("unhealthyThresholdCount", 1),
                ("unhealthyThresholdCount", 11),
                ("port", 0),
                ("port", 65536),
                ("protocol", "TCP"),
                ("protocolVersion", "GRPC"),
                ("enabled", "maybe"),
            )
        ),
        *(
            pytest.param(
                "VpcAssociationPolicy",
                f"spec: {{targetRef: {GATEWAY}, securityGroupIds: {groups}}}",
                "spec.securityGroupIds",
                id=f"security groups: {found}",
            )
            for found, groups in (
                ("none", "[]"),
                ("not an id", "[default]"),
                ("capital letters", "[sg-ABC]"),
                ("too long", f"[sg-{'a' * 30}]"),
            )
        ),
        pytest.param(
            "ServiceExport",
            "spec: {exportedPorts: [{port: 80}]}",
            "exportedPorts[0].routeType: Required",
            id="no route type",
        ),
        pytest.param(
            "ServiceExport",
            "spec: {exportedPorts: [{routeType: HTTP}]}",
            "exportedPorts[0].port: Required",
            id="no port",
        ),
        pytest.param(
            "ServiceExport",
            "spec: {exportedPorts: [{port: 80, routeType: TCP}]}",
            'supported values: "HTTP", "GRPC", "TLS"',
            id="unknown route type",
        ),
        pytest.param("ServiceImport", "spec: {type: Remote}", "spec.type", id="unknown type of import"),
        pytest.param(
            "ServiceImport", "spec: {ports: [{name: web}]}", "spec.ports[0].port: Required", id="port without number"
        ),
        pytest.param("ServiceImport", "spec: {ips: [10.0.0.1, 10.0.0.2]}", "spec.ips: Too many", id="two addresses"),
    ],
)
def test_is_refused(kube: Kube, kind: str, rest: str, complaint: str) -> None:
    with pytest.raises(ApiError) as refused:
        offer(kube, an_object(kind, "default", rest))

    assert refused.value.status == 422
    assert complaint in refused.value.message
