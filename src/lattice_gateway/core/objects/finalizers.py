"""Names of finalizers: what keeps an object until nothing of it is left in Lattice.

They are those of the Go controller, so that either can release what the other held.
"""

from collections.abc import Mapping
from typing import Final

from lattice_gateway.core.objects.meta import ObjectBase
from lattice_gateway.core.objects.refs import Kind

FINALIZERS: Final[Mapping[Kind, str]] = {
    Kind.GATEWAY_CLASS: "gateway-exists-finalizer.gateway.networking.k8s.io",
    Kind.GATEWAY: "gateway.k8s.aws/resources",
    Kind.HTTP_ROUTE: "httproute.k8s.aws/resources",
    Kind.GRPC_ROUTE: "grpcroute.k8s.aws/resources",
    Kind.TLS_ROUTE: "tlsroute.k8s.aws/resources",
    Kind.SERVICE_EXPORT: "serviceexport.k8s.aws/resources",
    Kind.SERVICE_IMPORT: "serviceimport.k8s.aws/resource",
    Kind.ACCESS_LOG_POLICY: "accesslogpolicy.k8s.aws/resources",
    Kind.IAM_AUTH_POLICY: "application-networking.k8s.aws/iam-auth-policy",
    Kind.VPC_ASSOCIATION_POLICY: "vpcassociationpolicies.application-networking.k8s.aws/resources",
    Kind.SERVICE_NETWORK: "servicenetwork.k8s.aws/resources",
    Kind.SERVICE: "service.ki8s.aws/resources",
}
"""Parity: controllers.md §1.2; that of Services is never added, only removed (Go v2.1.3 misspells it too)."""


def is_held(thing: ObjectBase) -> bool:
    """Whether an object carries our finalizer."""
    return FINALIZERS.get(thing.KIND) in thing.metadata.finalizers


def is_leaving(thing: ObjectBase) -> bool:
    """Whether an object is being deleted."""
    return thing.metadata.deletion_timestamp is not None
