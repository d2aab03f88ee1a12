"""Rules of a listener, one at a time (spec/lattice.md §2.3, §4.3)."""

from collections.abc import Iterator
from dataclasses import replace

from lattice_emulator.world import access, actions, arns, errors, paging, quotas, tag_sets
from lattice_emulator.world import model as m
from lattice_emulator.world.actions import Place
from lattice_emulator.world.context import Answer, Context, Operation, Params, present, timestamp
from lattice_emulator.world.kinds import Kind
from lattice_emulator.world.lifecycle import erase
from lattice_emulator.world.listeners import check_buildable
from lattice_emulator.world.target_states import settle_groups_of


def create(ctx: Context, params: Params) -> Answer:
    """CreateRule."""
    listener = access.listener(ctx, params["serviceIdentifier"], params["listenerIdentifier"])
    check_buildable(ctx, access.service(ctx, listener.service_id))
    _check_rules_allowed(listener)
    tags = params.get("tags", {})
    tag_sets.check_new(ctx, tags)
    match = actions.read_match(ctx.knobs, params["match"])
    place = Place(listener.service_id, listener.protocol)
    action = actions.bind(ctx, place, actions.read_action(ctx.knobs, params["action"], "action"), "action")
    _check_name_free(ctx, listener.id, params["name"])
    check_priority_free(ctx, listener.id, params["priority"], None)
    check_match_free(ctx, listener.id, match, None)
    _check_room(ctx, listener.id)
    actions.check_group_quota(ctx, place, {None: action})
    made = _new(ctx, listener, params, match, action)
    ctx.state.put(made)
    tag_sets.start(ctx, made.id, tags)
    return _without_default(ctx, made)


def get(ctx: Context, params: Params) -> Answer:
    """GetRule, the default rule included; a rule without header matches shows an empty list of them."""
    found = _named(ctx, params)
    answer = detail(ctx, found) | _times(found)
    if found.match is not None:
        answer["match"]["httpMatch"].setdefault("headerMatches", [])
    return answer


def list_(ctx: Context, params: Params) -> Answer:
    """ListRules of a listener, the default rule included."""
    listener = access.listener(ctx, params["serviceIdentifier"], params["listenerIdentifier"])

    def rows(after: int) -> Iterator[m.Rule]:
        return paging.listed(ctx, ctx.state.rules, "listener", listener.id, after)

    found, more = paging.page(ctx, params, f"ListRules/{listener.id}", rows)
    return {"items": [_identity(ctx, row) | _times(row) for row in found]} | more


def update(ctx: Context, params: Params) -> Answer:
    """UpdateRule: match, priority and action are each replaced whole when given."""
    found = _named(ctx, params)
    check_buildable(ctx, access.service(ctx, found.service_id))
    _check_not_default(ctx, found)
    changed = changed_rule(ctx, found, params)
    if changed.priority is not None:
        check_priority_free(ctx, found.listener_id, changed.priority, found.id)
    if changed.match is not None:
        check_match_free(ctx, found.listener_id, changed.match, found.id)
    store_changes(ctx, {found.id: changed})
    return detail(ctx, changed)


def delete(ctx: Context, params: Params) -> Answer:
    """DeleteRule; the default rule stays."""
    found = _named(ctx, params)
    check_buildable(ctx, access.service(ctx, found.service_id))
    _check_not_default(ctx, found)
    erase(ctx.moment, found.id)
    return {}


def changed_rule(ctx: Context, rule: m.Rule, params: Params) -> m.Rule:
    """The rule with what ``params`` gives, not yet stored; raises what is wrong with a match or an action."""
    place = Place(rule.service_id, ctx.state.listeners[rule.listener_id].protocol, rule.id)
    match, action = rule.match, rule.action
    if "match" in params:
        match = actions.read_match(ctx.knobs, params["match"])
    if "action" in params:
        action = actions.bind(ctx, place, actions.read_action(ctx.knobs, params["action"], "action"), "action")
    priority = params.get("priority", rule.priority)
    changed = replace(rule, match=match, action=action, priority=priority)
    return rule if changed == rule and not _asks(params) else replace(changed, updated_at=ctx.now)


def store_changes(ctx: Context, changed: dict[str, m.Rule]) -> None:
    """Put the changed rules of one listener in place; raises ServiceQuotaExceededException before anything changes."""
    if not changed:
        return
    before = [ctx.state.rules[rule_id] for rule_id in changed]
    service_id = before[0].service_id
    place = Place(service_id, ctx.state.listeners[before[0].listener_id].protocol)
    actions.check_group_quota(ctx, place, {rule.id: rule.action for rule in changed.values()})
    for rule in changed.values():
        ctx.state.put(rule)
    settle_groups_of(ctx.moment, *(rule.action for rule in before))


def check_priority_free(ctx: Context, listener_id: str, priority: int, own_id: str | None) -> None:
    """Raise the error of `Knobs.rule_taken` when another rule of the listener has the priority."""
    taken = ctx.state.rules.first("priority", (listener_id, priority))
    if taken is not None and taken.id != own_id:
        text = f"Rule with priority {priority} already exists in {listener_id}."
        raise rule_taken(ctx, taken.id, "priority", text)


def check_match_free(ctx: Context, listener_id: str, match: m.Match, own_id: str | None) -> None:
    """Raise the error of `Knobs.rule_taken` when two rules may not have the same match and would."""
    if ctx.knobs.same_match_twice:
        return
    for rule in ctx.state.rules.by("listener", listener_id):
        if rule.match == match and rule.id != own_id:
            raise rule_taken(ctx, rule.id, "match", f"Rule with this match already exists in {listener_id}.")


def rule_taken(ctx: Context, rule_id: str, member: str, text: str) -> errors.ServiceError:
    """The answer when a rule has what another one asks for."""
    return errors.refused(ctx.knobs.rule_taken, errors.Blame(Kind.RULE.resource_type, rule_id, member), text)


def detail(ctx: Context, rule: m.Rule) -> Answer:
    """The rule as Get and updates show it, without times."""
    match = None if rule.match is None else actions.render_match(ctx.knobs, rule.match)
    return _identity(ctx, rule) | present(match=match) | {"action": actions.render_action(rule.action)}


def _named(ctx: Context, params: Params) -> m.Rule:
    return access.rule(ctx, params["serviceIdentifier"], params["listenerIdentifier"], params["ruleIdentifier"])


def _asks(params: Params) -> bool:
    return any(member in params for member in ("match", "action", "priority"))


def _check_rules_allowed(listener: m.Listener) -> None:
    if listener.protocol is m.ListenerProtocol.TLS_PASSTHROUGH:
        text = f"{listener.id} is TLS_PASSTHROUGH and has no rule but its default one."
        raise errors.invalid("listenerIdentifier", text)


def _check_not_default(ctx: Context, rule: m.Rule) -> None:
    if rule.is_default:
        text = f"{rule.id} is the default rule of {rule.listener_id}: change it with UpdateListener."
        blame = errors.Blame(Kind.RULE.resource_type, rule.id, "ruleIdentifier")
        raise errors.refused(ctx.knobs.default_rule_fixed, blame, text)


def _check_name_free(ctx: Context, listener_id: str, name: str) -> None:
    taken = ctx.state.rules.first("name", (listener_id, name))
    if taken is not None:
        raise rule_taken(ctx, taken.id, "name", f"Rule with name {name} already exists in {listener_id}.")


def _check_room(ctx: Context, listener_id: str) -> None:
    uncounted = 0 if ctx.knobs.default_rule_counts else 1
    held = ctx.state.rules.count("listener", listener_id) - uncounted
    quotas.check(quotas.Quota.RULES, held + 1, ctx.knobs.quota_rules, listener_id)


def _new(ctx: Context, listener: m.Listener, params: Params, match: m.Match, action: m.Action) -> m.Rule:
    return m.Rule(
        id=ctx.state.counters.new_id(Kind.RULE),
        seq=ctx.state.counters.seq,
        home=listener.home,
        service_id=listener.service_id,
        listener_id=listener.id,
        name=params["name"],
        priority=params["priority"],
        match=match,
        action=action,
        created_at=ctx.now,
        updated_at=ctx.now,
    )


def _times(rule: m.Rule) -> Answer:
    return {"createdAt": timestamp(rule.created_at), "lastUpdatedAt": timestamp(rule.updated_at)}


def _identity(ctx: Context, rule: m.Rule) -> Answer:
    priority = ctx.knobs.default_rule_priority if rule.is_default else rule.priority
    return present(arn=arns.arn_of(ctx, rule), id=rule.id, name=rule.name, isDefault=rule.is_default, priority=priority)


def _without_default(ctx: Context, rule: m.Rule) -> Answer:
    return {member: value for member, value in detail(ctx, rule).items() if member != "isDefault"}


OPERATIONS: dict[str, Operation] = {
    "CreateRule": create,
    "GetRule": get,
    "ListRules": list_,
    "UpdateRule": update,
    "DeleteRule": delete,
}
