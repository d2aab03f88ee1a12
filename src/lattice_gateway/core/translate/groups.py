"""Each target group that a service sends requests to."""

from collections.abc import Iterable, Iterator
from typing import Any

from lattice_gateway.core.lattice.keys import GroupKey
from lattice_gateway.core.lattice.units import HealthCheck, Target, TargetGroup
from lattice_gateway.core.lattice.words import ProtocolVersion, TargetProtocol
from lattice_gateway.core.names import group_name
from lattice_gateway.core.objects import Kind, Ref
from lattice_gateway.core.translate.choice import Choice
from lattice_gateway.core.translate.endpoints import ENDPOINTS, socket_of
from lattice_gateway.core.translate.gated import GATED, Gated
from lattice_gateway.core.translate.inputs import UNBUILT, last_good
from lattice_gateway.core.translate.services import BY_GROUP, FOLLOWED
from lattice_gateway.core.translate.strays import STRAYS
from lattice_gateway.core.translate.tags import group_tags
from lattice_gateway.core.translate.view import Cells, Index, View

GROUP_PORT = 80
"""Port of every group of a route; targets carry their own. Parity: Go v2.1.3."""

HTTP1_HEALTH = HealthCheck(
    enabled=True,
    protocol=TargetProtocol.HTTP,
    version=ProtocolVersion.HTTP1,
    path="/",
    codes="200",
    interval=30,
    timeout=5,
    healthy_threshold=5,
    unhealthy_threshold=2,
)
"""What a group of HTTP/1.1 targets is checked by without a policy (model.md §4.5)."""


def view_group(view: View, key: GroupKey) -> TargetGroup | None:
    """A group with the tags of its service's route and the targets of its own Service."""
    followed = view.cell(FOLLOWED, key.service or "")
    socket, health = socket_of(key), HTTP1_HEALTH
    endpoints = view.cell(ENDPOINTS, socket)
    gated = view.cell(GATED, socket) if health.enabled else None
    if followed is None:
        return None
    targets = _registered(endpoints.targets, gated or ()) if endpoints else None
    strays = view.cell(STRAYS, socket) if followed.settings.choice is Choice.THEIRS else None
    owner, settings = view.settings.owner, followed.settings
    return TargetGroup(
        key=key,
        name=group_name(key, owner),
        vpc=owner.vpc,
        port=GROUP_PORT,
        health=health,
        explicit_health=False,
        targets=targets | strays.targets if targets is not None and strays else targets,
        tags=group_tags(owner, settings.owner, key, settings.extra_tags),
        settings_held=settings.paused,
        health_held=_has_policy(view, key.namespace, key.name),
        spared=strays.spared if strays else frozenset(),
    )


def _has_policy(view: View, namespace: str, name: str) -> bool:
    """Whether a TargetGroupPolicy may decide on the health checks of a Service's groups."""
    return bool(view.count(POLICIES_OF, (namespace, name)) or view.count(POLICIES_OF, (namespace, None)))


def _by_target(ref: Ref, policy: Any) -> Iterator[tuple[tuple[str, str | None], Ref]]:
    """The Service of a TargetGroupPolicy, by namespace and name; None where it cannot be told: any of the namespace."""
    if ref.kind is not Kind.TARGET_GROUP_POLICY:
        return
    known = last_good(policy)
    target = known.spec.get("targetRef") if known else None
    if not isinstance(target, dict):
        yield (ref.namespace, None), ref
    elif target.get("kind") == Kind.SERVICE:
        yield (ref.namespace, target.get("name")), ref


def _registered(ready: frozenset[Target] | None, gated: Iterable[Gated]) -> frozenset[Target] | None:
    """The targets of a group; None: those that are registered stay.

    Decision 18: what waits for our gate is registered so that its health is checked, and gets no request until then.
    """
    return None if ready is None else ready.union(each.target for each in gated)


POLICIES_OF: Index[tuple[str, str | None], Ref] = Index("group policies by Service", UNBUILT, _by_target)
GROUPS: Cells[GroupKey, TargetGroup | None] = Cells("group", view_group, per=(BY_GROUP,))
