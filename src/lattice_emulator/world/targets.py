"""Registering, deregistering and listing targets (spec/lattice.md §4.4)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, ip_address
from typing import Any

from lattice_emulator.world import access, errors, paging, quotas
from lattice_emulator.world import model as m
from lattice_emulator.world.context import Answer, Context, Moment, Operation, Params, present
from lattice_emulator.world.kinds import Kind
from lattice_emulator.world.state import Appointment
from lattice_emulator.world.target_states import checked, in_use, state_of

# What the targets of each type are named by, except the addresses of IP groups.
FORMS = {
    m.GroupType.INSTANCE: (re.compile(r"i-([0-9a-f]{8}|[0-9a-f]{17})"), "an instance id"),
    m.GroupType.ALB: (
        re.compile(r"arn:[^:]+:elasticloadbalancing:[^:]+:[^:]+:loadbalancer/app/.+"),
        "the ARN of an application load balancer",
    ),
    m.GroupType.LAMBDA: (re.compile(r"arn:[^:]+:lambda:[^:]+:[^:]+:function:.+"), "the ARN of a function"),
}
SINGLE = frozenset({m.GroupType.LAMBDA, m.GroupType.ALB})


@dataclass(frozen=True, slots=True)
class Entry:
    """A target of the request; ``fault`` says why it is unsupported, None: it is fine."""

    key: m.TargetKey
    fault: str | None


def register(ctx: Context, params: Params) -> Answer:
    """RegisterTargets: per target; what is registered already stays as it is, what drains comes back."""
    group = access.target_group(ctx, params["targetGroupIdentifier"])
    access.check_usable(Kind.TARGET_GROUP, group)
    entries = [_entry(group, wire) for wire in params["targets"]]
    sound = [entry.key for entry in entries if entry.fault is None]
    _check_room(ctx, group, sound)
    for key in sound:
        _register_one(ctx, group.id, key)
    failed = [_failure(e.key, "UnsupportedTarget", e.fault) for e in entries if e.fault is not None]
    return {"successful": [_shown(key) for key in sound], "unsuccessful": failed}


def deregister(ctx: Context, params: Params) -> Answer:
    """DeregisterTargets: draining in a used group, else gone; unknown ones fail with TargetNotFound."""
    group = access.target_group(ctx, params["targetGroupIdentifier"])
    access.check_usable(Kind.TARGET_GROUP, group)
    targets = ctx.state.targets[group.id]
    keys = list(dict.fromkeys(_entry(group, wire).key for wire in params["targets"]))
    known = [key for key in keys if key in targets]
    missing = [key for key in keys if key not in targets]
    seconds = _leave_seconds(ctx, group)
    for key in known:
        _deregister_one(ctx, group.id, key, seconds)
    failed = [_failure(key, "TargetNotFound", f"{key.id} is not registered in {group.id}.") for key in missing]
    return {"successful": [_shown(key) for key in known], "unsuccessful": failed}


def list_(ctx: Context, params: Params) -> Answer:
    """ListTargets: all, or those asked for; a filter without port takes any port."""
    group = access.target_group(ctx, params["targetGroupIdentifier"])
    wanted = [(wire["id"], wire.get("port")) for wire in params.get("targets") or ()]
    used = in_use(ctx.state, ctx.knobs, group.id)

    def rows(after: int) -> list[m.Target]:
        held = ctx.state.targets[group.id].values()
        return [t for t in held if t.seq > after and (not wanted or _asked(t.key, wanted))]

    found, more = paging.page(ctx, params, f"ListTargets/{group.id}/{sorted(wanted, key=str)}", rows)
    return {"items": [_summary(ctx, group, target, used=used) for target in found]} | more


def report(moment: Moment, group_id: str, key: m.TargetKey, health: m.Health) -> None:
    """Note what the health checker concluded; of targets that are gone, drain or are not checked it does not matter."""
    targets = moment.state.targets.get(group_id, {})
    target = targets.get(key)
    if target is None or target.drain_until is not None or target.health is health:
        return
    if not checked(moment.state.target_groups[group_id]) or not in_use(moment.state, moment.knobs, group_id):
        return
    targets[key] = replace(target, health=health)
    moment.state.touch()


def _entry(group: m.TargetGroup, wire: Mapping[str, Any]) -> Entry:
    port = None if group.config is None else wire.get("port", group.config.port)
    return Entry(m.TargetKey(wire["id"], port), _fault(group, wire["id"]))


def _fault(group: m.TargetGroup, ident: str) -> str | None:
    if group.type is m.GroupType.IP:
        return _address_fault(ident, None if group.config is None else group.config.ip_type)
    pattern, expected = FORMS[group.type]
    return None if pattern.fullmatch(ident) else f"{ident} is not {expected}."


def _address_fault(ident: str, family: str | None) -> str | None:
    try:
        address = ip_address(ident)
    except ValueError:
        return f"{ident} is not an IP address."
    if f"IPV{address.version}" != family:
        return f"{ident} is not of the group's address type {family}."
    public = isinstance(address, IPv4Address) and address.is_global
    if public or address.is_multicast or address.is_unspecified:
        return f"{ident} is not an address of the group's VPC."
    return None


def _check_room(ctx: Context, group: m.TargetGroup, wanted: list[m.TargetKey]) -> None:
    held = {key for key, target in ctx.state.targets[group.id].items() if target.drain_until is None}
    after = held.union(wanted)
    if group.type in SINGLE and len(after) > 1:
        text = f"A target group of type {group.type} takes one target; {len(after)} wanted."
        blame = errors.Blame(Kind.TARGET_GROUP.resource_type, group.id, "targets")
        raise errors.refused(ctx.knobs.single_target, blame, text)
    if after != held:
        quotas.check(quotas.Quota.TARGETS, len(after), ctx.knobs.quota_targets, group.id)


def _register_one(ctx: Context, group_id: str, key: m.TargetKey) -> None:
    targets = ctx.state.targets[group_id]
    known = targets.get(key)
    if known is None:
        targets[key] = m.Target(key=key, seq=ctx.state.counters.next_seq())
    elif known.drain_until is not None and ctx.knobs.register_revives_draining:
        targets[key] = replace(known, drain_until=None, health=m.Health.PENDING)
    else:
        return
    ctx.state.touch()


def _leave_seconds(ctx: Context, group: m.TargetGroup) -> float | None:
    """How long a deregistered target stays listed; None: not at all."""
    if group.type in SINGLE:
        return None
    if in_use(ctx.state, ctx.knobs, group.id):
        return ctx.knobs.drain_seconds
    return ctx.knobs.unused_target_lingers_seconds or None


def _deregister_one(ctx: Context, group_id: str, key: m.TargetKey, seconds: float | None) -> None:
    targets = ctx.state.targets[group_id]
    if targets[key].drain_until is not None:
        return
    if seconds is None:
        del targets[key]
    else:
        targets[key] = replace(targets[key], drain_until=ctx.now + seconds)
        ctx.state.agenda.add(Appointment(ctx.now + seconds, group_id, key))
    ctx.state.touch()


def _asked(key: m.TargetKey, wanted: list[tuple[str, int | None]]) -> bool:
    return (key.id, key.port) in wanted or (key.id, None) in wanted


def _shown(key: m.TargetKey) -> Answer:
    return present(id=key.id, port=key.port)


def _failure(key: m.TargetKey, code: str, message: str | None) -> Answer:
    return _shown(key) | present(failureCode=code, failureMessage=message)


def _summary(ctx: Context, group: m.TargetGroup, target: m.Target, *, used: bool) -> Answer:
    state = state_of(ctx.knobs, group, target, used=used)
    return _shown(target.key) | present(status=str(state.status), reasonCode=state.reason)


OPERATIONS: dict[str, Operation] = {
    "RegisterTargets": register,
    "DeregisterTargets": deregister,
    "ListTargets": list_,
}
