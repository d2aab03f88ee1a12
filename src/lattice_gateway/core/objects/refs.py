"""Kinds of Kubernetes objects we know, their API groups and the versions we read."""

from enum import StrEnum
from typing import Final

import msgspec

GATEWAY_API: Final = "gateway.networking.k8s.io"
LATTICE_API: Final = "application-networking.k8s.aws"
DISCOVERY_API: Final = "discovery.k8s.io"
CORE_API: Final = ""


class Kind(StrEnum):
    """A kind this controller reads."""

    GATEWAY_CLASS = "GatewayClass"
    GATEWAY = "Gateway"
    HTTP_ROUTE = "HTTPRoute"
    GRPC_ROUTE = "GRPCRoute"
    TLS_ROUTE = "TLSRoute"
    REFERENCE_GRANT = "ReferenceGrant"
    SERVICE = "Service"
    NAMESPACE = "Namespace"
    ENDPOINT_SLICE = "EndpointSlice"
    POD = "Pod"
    ACCESS_LOG_POLICY = "AccessLogPolicy"
    IAM_AUTH_POLICY = "IAMAuthPolicy"
    SERVICE_EXPORT = "ServiceExport"
    SERVICE_IMPORT = "ServiceImport"
    SERVICE_NETWORK = "ServiceNetwork"
    TARGET_GROUP_POLICY = "TargetGroupPolicy"
    VPC_ASSOCIATION_POLICY = "VpcAssociationPolicy"


CLUSTER_SCOPED: Final = frozenset({Kind.GATEWAY_CLASS, Kind.NAMESPACE, Kind.SERVICE_NETWORK})

VERSIONS: Final[dict[tuple[str, Kind], tuple[str, ...]]] = {
    (GATEWAY_API, Kind.GATEWAY_CLASS): ("v1", "v1beta1"),
    (GATEWAY_API, Kind.GATEWAY): ("v1", "v1beta1"),
    (GATEWAY_API, Kind.HTTP_ROUTE): ("v1", "v1beta1"),
    (GATEWAY_API, Kind.GRPC_ROUTE): ("v1",),
    (GATEWAY_API, Kind.TLS_ROUTE): ("v1", "v1alpha2", "v1alpha3"),
    (GATEWAY_API, Kind.REFERENCE_GRANT): ("v1", "v1beta1"),
    (CORE_API, Kind.SERVICE): ("v1",),
    (CORE_API, Kind.NAMESPACE): ("v1",),
    (DISCOVERY_API, Kind.ENDPOINT_SLICE): ("v1",),
    (LATTICE_API, Kind.ACCESS_LOG_POLICY): ("v1alpha1",),
    (LATTICE_API, Kind.IAM_AUTH_POLICY): ("v1alpha1",),
    (LATTICE_API, Kind.SERVICE_EXPORT): ("v1alpha1",),
    (LATTICE_API, Kind.SERVICE_IMPORT): ("v1alpha1",),
    (LATTICE_API, Kind.SERVICE_NETWORK): ("v1alpha1",),
    (LATTICE_API, Kind.TARGET_GROUP_POLICY): ("v1alpha1",),
    (LATTICE_API, Kind.VPC_ASSOCIATION_POLICY): ("v1alpha1",),
}
"""Versions read of each kind in manifests, the one we write first; all of them are treated as that one.

Pods are told by a cluster alone, and never written whole.

Spec: Gateway API 1.5.0 CRDs. The v1alpha versions of TLSRoute are served by its experimental channel.
"""

OUR_GROUPS: Final = frozenset({GATEWAY_API, LATTICE_API})
"""Groups in which a kind nobody knows is a mistake; in the other groups it is simply not ours."""

NOT_CONSUMED: Final = frozenset({"BackendTLSPolicy", "ListenerSet", "TCPRoute", "UDPRoute"})
"""Kinds of the Gateway API that exist and that this controller does not read."""


def api_version(kind: Kind) -> str:
    """The ``apiVersion`` this kind is written with, ``gateway.networking.k8s.io/v1`` or plain ``v1``."""
    group, versions = next((g, v) for (g, k), v in VERSIONS.items() if k is kind)
    return f"{group}/{versions[0]}" if group else versions[0]


class Ref(msgspec.Struct, frozen=True, order=True, gc=False):
    """Names an object; ``namespace`` is empty for cluster-scoped kinds."""

    kind: Kind
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"
