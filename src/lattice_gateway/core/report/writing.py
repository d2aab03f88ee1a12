"""A status as the mapping that is written, merged with what was written before."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias, assert_never

import msgspec

from lattice_gateway.core.objects import CONTROLLER_NAME, ParentRef
from lattice_gateway.core.objects.refs import GATEWAY_API
from lattice_gateway.core.report.classes import ClassStatus
from lattice_gateway.core.report.conditions import Condition, Status, Type
from lattice_gateway.core.report.gateways import GatewayStatus, ListenerStatus
from lattice_gateway.core.report.program import ObjectStatus
from lattice_gateway.core.report.routes import ParentStatus, RouteStatus
from lattice_gateway.core.report.unbuilt import UnbuiltStatus

Written: TypeAlias = Mapping[str, Any]

_TYPES = frozenset(map(str, Type))


def write_status(status: ObjectStatus, previous: Written | None, now: str) -> dict[str, Any]:
    """What to write for an object; equal to ``previous`` where nothing changed.

    ``now`` is RFC 3339; a condition whose status is as before keeps its ``lastTransitionTime``. Conditions of other
    types and entries of other controllers stay as they are.
    """
    before = previous or {}
    match status:
        case ClassStatus(conditions, features):
            listed = {"supportedFeatures": [{"name": name} for name in features]}
            return {**before, "conditions": _conditions(conditions, before, now), **listed}
        case UnbuiltStatus():
            return _unbuilt(status, before, now)
        case GatewayStatus():
            return {**before, **_gateway(status, before, now)}
        case RouteStatus():
            return {**before, **_route(status, before, now)}
        case _:
            assert_never(status)


def without_entry(status: ObjectStatus, previous: Written | None) -> dict[ParentRef, str]:
    """Parents of a route that are not there and have no entry that could say so; why, by parentRef."""
    if not isinstance(status, RouteStatus):
        return {}
    ours = [each for each in _entries(previous or {}, "parents") if each.get("controllerName") == CONTROLLER_NAME]
    return {
        parent.ref: parent.missing
        for parent in status.parents
        if parent.missing is not None and _entry(parent.ref, ours) is None
    }


def _unbuilt(status: UnbuiltStatus, before: Written, now: str) -> dict[str, Any]:
    """What another controller decided stays: what it set is in force, and it uses only policies that are Accepted."""
    old = {one.get("type"): one.get("status") for one in _entries(before, "conditions")}
    if any(old.get(str(one.type), Status.UNKNOWN) != Status.UNKNOWN for one in status.conditions):
        return dict(before)
    return {**before, "conditions": _conditions(status.conditions, before, now)}


def _gateway(status: GatewayStatus, before: Written, now: str) -> dict[str, Any]:
    listeners = {one.get("name"): one for one in _entries(before, "listeners")}
    addresses = [{"type": "Hostname", "value": status.address}] if status.address else []
    return {
        "addresses": addresses,
        "conditions": _conditions(status.conditions, before, now),
        "listeners": [_listener(one, listeners.get(one.name, {}), now) for one in status.listeners],
    }


def _listener(one: ListenerStatus, before: Written, now: str) -> dict[str, Any]:
    return {
        "name": one.name,
        "supportedKinds": [{"group": GATEWAY_API, "kind": str(kind)} for kind in one.kinds],
        "attachedRoutes": one.attached_routes,
        "conditions": _conditions(one.conditions, before, now),
    }


def _route(status: RouteStatus, before: Written, now: str) -> dict[str, Any]:
    """Ours in the order of the route, then those of others; annotations stay until the service is gone.

    Parity: ``parents`` of other controllers are kept; Go v2.1.3 drops them.
    """
    entries = _entries(before, "parents")
    others = [entry for entry in entries if entry.get("controllerName") != CONTROLLER_NAME]
    ours = [entry for entry in entries if entry.get("controllerName") == CONTROLLER_NAME]
    told = [parent for parent in status.parents if parent.missing is None or _entry(parent.ref, ours)]
    parents = [_parent(parent, ours, now) for parent in told]
    annotations = {**before.get("annotations", {}), **dict(status.annotations)}
    return {"parents": [*parents, *others], **({"annotations": annotations} if annotations else {})}


def _parent(parent: ParentStatus, ours: Sequence[Written], now: str) -> dict[str, Any]:
    return {
        "parentRef": _raw(parent.ref),
        "controllerName": CONTROLLER_NAME,
        "conditions": _conditions(parent.conditions, _entry(parent.ref, ours) or {}, now),
    }


def _entry(ref: ParentRef, ours: Sequence[Written]) -> Written | None:
    """Our entry for exactly that parentRef."""
    raw = _raw(ref)
    return next((entry for entry in ours if entry.get("parentRef") == raw), None)


def _raw(ref: ParentRef) -> dict[str, Any]:
    """The parentRef with what an API server fills in; nothing that was not given otherwise."""
    given: dict[str, Any] = msgspec.to_builtins(ref)
    return {"group": ref.group, "kind": ref.kind, **given}


def _conditions(conditions: Iterable[Condition], before: Written, now: str) -> list[dict[str, Any]]:
    """Ours in their order, then conditions of types that we do not write."""
    old = {one.get("type"): one for one in _entries(before, "conditions")}
    ours = [_condition(one, old.get(str(one.type)), now) for one in conditions]
    return [*ours, *(dict(one) for kind, one in old.items() if kind not in _TYPES)]


def _condition(one: Condition, before: Written | None, now: str) -> dict[str, Any]:
    if one.blind and before is not None and before.get("status") == Status.TRUE:
        return dict(before)
    same = before is not None and before.get("status") == str(one.status)
    return {
        "type": str(one.type),
        "status": str(one.status),
        "reason": one.reason,
        "message": one.message,
        "observedGeneration": one.generation,
        "lastTransitionTime": before.get("lastTransitionTime", now) if before and same else now,
    }


def _entries(before: Written, member: str) -> list[Written]:
    """The mappings of a list; whatever else stands there is not ours to understand."""
    found = before.get(member)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []
