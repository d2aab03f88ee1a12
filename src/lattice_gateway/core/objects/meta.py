"""What all objects share: metadata, the grammar of names, and the shape of our structs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, ClassVar, TypeAlias

import msgspec
from msgspec import Meta

from lattice_gateway.core.objects.refs import CLUSTER_SCOPED, Kind, Ref

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"

Text: TypeAlias = Annotated[str, Meta(min_length=1, max_length=253)]
DnsLabel: TypeAlias = Annotated[str, Meta(min_length=1, max_length=63, pattern=rf"^{_LABEL}\Z")]
DnsName: TypeAlias = Annotated[str, Meta(min_length=1, max_length=253, pattern=rf"^{_SUBDOMAIN}\Z")]
Hostname: TypeAlias = Annotated[str, Meta(min_length=1, max_length=253, pattern=rf"^(\*\.)?{_SUBDOMAIN}\Z")]
GroupName: TypeAlias = Annotated[str, Meta(max_length=253, pattern=rf"^({_SUBDOMAIN})?\Z")]
KindName: TypeAlias = Annotated[
    str, Meta(min_length=1, max_length=63, pattern=r"^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?\Z")
]
PortNumber: TypeAlias = Annotated[int, Meta(ge=1, le=65535)]
Moment: TypeAlias = Annotated[datetime, Meta(tz=True)]


class Value(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, gc=False):
    """An immutable part of an object; members in Python's spelling, JSON in Kubernetes' (``backendRefs``)."""


class ObjectMeta(Value, frozen=True, kw_only=True):
    """The metadata we use; ``creation_timestamp`` None: not known yet."""

    name: DnsName
    namespace: Annotated[str, Meta(max_length=63, pattern=rf"^({_LABEL})?\Z")] = ""
    uid: str = ""
    generation: int = 0
    creation_timestamp: Moment | None = None
    deletion_timestamp: Moment | None = None
    finalizers: tuple[str, ...] = ()
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}


class ObjectBase(Value, frozen=True, kw_only=True):
    """An object of the cluster; each kind is a subclass with its ``KIND`` and, where it has one, its ``spec``."""

    KIND: ClassVar[Kind]

    metadata: ObjectMeta

    @property
    def ref(self) -> Ref:
        """The name other objects know this one by."""
        return Ref(self.KIND, self.metadata.namespace, self.metadata.name)


def home_namespace(kind: Kind, given: str) -> str:
    """The namespace an object lives in: none if cluster-scoped, ``default`` where none is given (decision 42)."""
    return "" if kind in CLUSTER_SCOPED else given or "default"
