"""ReferenceGrant: who may refer into a namespace."""

from typing import Annotated, ClassVar

from msgspec import Meta

from lattice_gateway.core.objects.meta import DnsLabel, GroupName, KindName, ObjectBase, Text, Value
from lattice_gateway.core.objects.refs import Kind


class GrantFrom(Value, frozen=True, kw_only=True):
    """Kind and namespace of the objects that may refer."""

    group: GroupName
    kind: KindName
    namespace: DnsLabel


class GrantTo(Value, frozen=True, kw_only=True):
    """Kind of the objects that may be referred to; ``name`` None: all of the grant's namespace."""

    group: GroupName
    kind: KindName
    name: Text | None = None


class ReferenceGrantSpec(Value, frozen=True, kw_only=True):
    """Every ``from_`` may refer to every ``to``."""

    from_: Annotated[tuple[GrantFrom, ...], Meta(min_length=1, max_length=16)]
    to: Annotated[tuple[GrantTo, ...], Meta(min_length=1, max_length=16)]


class ReferenceGrant(ObjectBase, frozen=True, kw_only=True):
    """Permits references into its own namespace; without a spec, which an API server takes, none."""

    KIND: ClassVar[Kind] = Kind.REFERENCE_GRANT

    spec: ReferenceGrantSpec = ReferenceGrantSpec(from_=(), to=())
