"""Target groups (spec/lattice.md §2.4, §4.4)."""

from collections.abc import Iterator
from dataclasses import replace

from lattice_emulator.world import access, arns, errors, group_config, paging, quotas, tag_sets
from lattice_emulator.world import model as m
from lattice_emulator.world.context import Answer, Context, Operation, Params, present, timestamp
from lattice_emulator.world.kinds import Kind
from lattice_emulator.world.knobs import UpdateMode
from lattice_emulator.world.lifecycle import begin, erase
from lattice_emulator.world.services import failure_members
from lattice_emulator.world.state import groups_of


def create(ctx: Context, params: Params) -> Answer:
    """CreateTargetGroup."""
    tags = params.get("tags", {})
    tag_sets.check_new(ctx, tags)
    group = _new(ctx, params)
    _check_name_free(ctx, group.name)
    held = ctx.state.target_groups.count("home", ctx.caller)
    quotas.check(quotas.Quota.TARGET_GROUPS, held + 1, ctx.knobs.quota_target_groups)
    ident = ctx.state.counters.new_id(Kind.TARGET_GROUP)
    group = replace(group, id=ident, seq=ctx.state.counters.seq)
    made = begin(ctx, group, m.Status.CREATING, ctx.knobs.tg_create_seconds)
    ctx.state.targets[made.id] = {}
    tag_sets.start(ctx, made.id, tags)
    return _detail(ctx, made)


def get(ctx: Context, params: Params) -> Answer:
    """GetTargetGroup."""
    found = access.target_group(ctx, params["targetGroupIdentifier"])
    return _detail(ctx, found) | _times(found) | _users(ctx, found) | failure_members(found)


def list_(ctx: Context, params: Params) -> Answer:
    """ListTargetGroups, of one VPC and one type when asked."""
    vpc, group_type = params.get("vpcIdentifier"), params.get("targetGroupType")

    def rows(after: int) -> Iterator[m.TargetGroup]:
        mine = paging.listed(ctx, ctx.state.target_groups, "home", ctx.caller, after)
        return (g for g in mine if vpc in (None, _vpc(g)) and group_type in (None, str(g.type)))

    found, more = paging.page(ctx, params, f"ListTargetGroups/{vpc}/{group_type}", rows)
    return {"items": [_summary(ctx, row) for row in found]} | more


def update(ctx: Context, params: Params) -> Answer:
    """UpdateTargetGroup: the health check only, merged or replaced by `Knobs.hc_update_mode`."""
    found = access.target_group(ctx, params["targetGroupIdentifier"])
    access.check_usable(Kind.TARGET_GROUP, found)
    if found.config is None or found.type is m.GroupType.ALB:
        text = f"{found.type} Target Group does not support health check config"
        raise errors.invalid("healthCheck", text)
    defaults = group_config.default_check(ctx.knobs, found.config)
    merging = ctx.knobs.hc_update_mode is UpdateMode.MERGE
    base = found.config.health_check if merging else None
    check = group_config.read_check(base, found.config.protocol, defaults, params["healthCheck"])
    changed = replace(found, config=replace(found.config, health_check=check), updated_at=ctx.now)
    ctx.state.put(changed)
    if (check is None or not check.enabled) and found.config.health_check is not None:
        _forget_health(ctx, found.id)
    return _detail(ctx, changed)


def delete(ctx: Context, params: Params) -> Answer:
    """DeleteTargetGroup: refused while used, being created, or holding targets.

    A group whose creation failed is gone at once: its name may belong to another one by now.
    """
    found = access.target_group(ctx, params["targetGroupIdentifier"])
    if found.status is m.Status.CREATING:
        raise errors.wrong_status(Kind.TARGET_GROUP, found.id, found.status)
    if found.status is m.Status.CREATE_FAILED:
        erase(ctx.moment, found.id)
        found = replace(found, status=m.Status.DELETING)
    elif found.status is not m.Status.DELETING:
        _check_unused(ctx, found)
        found = begin(ctx, found, m.Status.DELETING, ctx.knobs.tg_delete_seconds)
    return {"id": found.id, "arn": arns.arn_of(ctx, found), "status": str(found.status)}


def services_of(ctx: Context, group_id: str) -> list[str]:
    """Ids of the services whose listeners or rules use the group; at weight 0 by `Knobs.weight_zero_in_use`."""
    zero_counts = ctx.knobs.weight_zero_in_use
    rules = ctx.state.rules.by("group", group_id)
    using = (rule.service_id for rule in rules if zero_counts or groups_of(rule.action)[group_id] > 0)
    return list(dict.fromkeys(using))


def _new(ctx: Context, params: Params) -> m.TargetGroup:
    """The group that is asked for, without its id; raises ValidationException."""
    group_type = m.GroupType(params["type"])
    config = params.get("config")
    is_lambda = group_type is m.GroupType.LAMBDA
    return m.TargetGroup(
        id="",
        seq=0,
        home=ctx.caller,
        name=params["name"],
        type=group_type,
        config=None if is_lambda else group_config.read(ctx.knobs, group_type, config),
        event_version=group_config.read_lambda(config) if is_lambda else None,
        created_at=ctx.now,
        updated_at=ctx.now,
        status=m.Status.CREATING,
    )


def _check_name_free(ctx: Context, name: str) -> None:
    """A group whose creation failed does not hold its name."""
    for taken in ctx.state.target_groups.by("name", (ctx.caller, name)):
        if taken.status is not m.Status.CREATE_FAILED:
            raise errors.conflict(Kind.TARGET_GROUP, taken.id, f"Target group with name {name} already exists.")


def _check_unused(ctx: Context, group: m.TargetGroup) -> None:
    user = ctx.state.rules.first("group", group.id)
    if user is not None:
        text = f"Target group {group.id} is in use by service {user.service_id}"
        raise errors.conflict(Kind.TARGET_GROUP, group.id, text)
    if ctx.state.targets[group.id] and ctx.knobs.strict_tg_delete:
        text = f"Target group {group.id} has registered or draining targets."
        blame = errors.Blame(Kind.TARGET_GROUP.resource_type, group.id, "targetGroupIdentifier")
        raise errors.refused(ctx.knobs.tg_with_targets, blame, text)


def _forget_health(ctx: Context, group_id: str) -> None:
    """Checks that are turned on again later start from nothing."""
    targets = ctx.state.targets[group_id]
    targets.update({key: replace(target, health=m.Health.PENDING) for key, target in targets.items()})


def _vpc(group: m.TargetGroup) -> str | None:
    return None if group.config is None else group.config.vpc_id


def _times(group: m.TargetGroup) -> Answer:
    return {"createdAt": timestamp(group.created_at), "lastUpdatedAt": timestamp(group.updated_at)}


def _users(ctx: Context, group: m.TargetGroup) -> Answer:
    users = services_of(ctx, group.id)
    return {"serviceArns": [arns.arn_in(group.home, f"service/{service}") for service in users]}


def _detail(ctx: Context, group: m.TargetGroup) -> Answer:
    return present(
        id=group.id,
        arn=arns.arn_of(ctx, group),
        name=group.name,
        type=str(group.type),
        config=_config(group),
        status=str(group.status),
    )


def _config(group: m.TargetGroup) -> Answer | None:
    if group.config is not None:
        return group_config.render(group.config, group.type)
    return None if group.event_version is None else {"lambdaEventStructureVersion": group.event_version}


def _summary(ctx: Context, group: m.TargetGroup) -> Answer:
    config = group.config
    flat = present(
        id=group.id,
        arn=arns.arn_of(ctx, group),
        name=group.name,
        type=str(group.type),
        port=config and config.port,
        protocol=None if config is None else str(config.protocol),
        ipAddressType=config and config.ip_type,
        vpcIdentifier=_vpc(group),
        status=str(group.status),
        lambdaEventStructureVersion=group.event_version,
    )
    return flat | _times(group) | _users(ctx, group)


OPERATIONS: dict[str, Operation] = {
    "CreateTargetGroup": create,
    "GetTargetGroup": get,
    "ListTargetGroups": list_,
    "UpdateTargetGroup": update,
    "DeleteTargetGroup": delete,
}
