"""Our own kinds: known, not built yet."""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeAlias

from lattice_gateway.core.objects.meta import ObjectBase
from lattice_gateway.core.objects.refs import Kind


class AccessLogPolicy(ObjectBase, frozen=True, kw_only=True):
    """Known, not built yet."""

    KIND: ClassVar[Kind] = Kind.ACCESS_LOG_POLICY

    spec: Mapping[str, Any]


class IAMAuthPolicy(ObjectBase, frozen=True, kw_only=True):
    """Known, not built yet."""

    KIND: ClassVar[Kind] = Kind.IAM_AUTH_POLICY

    spec: Mapping[str, Any]


class ServiceExport(ObjectBase, frozen=True, kw_only=True):
    """Known, not built yet."""

    KIND: ClassVar[Kind] = Kind.SERVICE_EXPORT

    spec: Mapping[str, Any] = {}


class ServiceImport(ObjectBase, frozen=True, kw_only=True):
    """Known, not built yet."""

    KIND: ClassVar[Kind] = Kind.SERVICE_IMPORT

    spec: Mapping[str, Any] = {}


class ServiceNetwork(ObjectBase, frozen=True, kw_only=True):
    """Known, not built yet."""

    KIND: ClassVar[Kind] = Kind.SERVICE_NETWORK

    spec: Mapping[str, Any] = {}


class TargetGroupPolicy(ObjectBase, frozen=True, kw_only=True):
    """Known, not built yet."""

    KIND: ClassVar[Kind] = Kind.TARGET_GROUP_POLICY

    spec: Mapping[str, Any]


class VpcAssociationPolicy(ObjectBase, frozen=True, kw_only=True):
    """Known, not built yet."""

    KIND: ClassVar[Kind] = Kind.VPC_ASSOCIATION_POLICY

    spec: Mapping[str, Any]


Unbuilt: TypeAlias = (
    AccessLogPolicy
    | IAMAuthPolicy
    | ServiceExport
    | ServiceImport
    | ServiceNetwork
    | TargetGroupPolicy
    | VpcAssociationPolicy
)
