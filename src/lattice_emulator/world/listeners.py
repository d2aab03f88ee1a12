"""Listeners and the default rule each is made with (spec/lattice.md §2.2, §4.2)."""

from collections.abc import Iterator
from dataclasses import replace

from lattice_emulator.world import access, actions, arns, errors, paging, quotas, tag_sets
from lattice_emulator.world import model as m
from lattice_emulator.world.actions import Place
from lattice_emulator.world.context import Answer, Context, Operation, Params, timestamp
from lattice_emulator.world.kinds import Kind
from lattice_emulator.world.lifecycle import erase
from lattice_emulator.world.target_states import settle_groups_of


def create(ctx: Context, params: Params) -> Answer:
    """CreateListener: with its default rule, at once."""
    service = access.service(ctx, params["serviceIdentifier"])
    access.check_owner(ctx, service)
    check_buildable(ctx, service)
    protocol = m.ListenerProtocol(params["protocol"])
    tags = params.get("tags", {})
    tag_sets.check_new(ctx, tags)
    action = _read(ctx, service, protocol, params)
    place = Place(service.id, protocol)
    bound = actions.bind(ctx, place, action, "defaultAction")
    port = params.get("port") or _default_port(ctx, protocol)
    _check_free(ctx, service.id, params["name"], port)
    quotas.check(
        quotas.Quota.LISTENERS,
        ctx.state.listeners.count("service", service.id) + 1,
        ctx.knobs.quota_listeners,
        service.id,
    )
    actions.check_group_quota(ctx, place, {None: bound})
    made = _store(ctx, service, params["name"], protocol, port, bound)
    tag_sets.start(ctx, made.id, tags)
    return _detail(ctx, made)


def get(ctx: Context, params: Params) -> Answer:
    """GetListener."""
    found = access.listener(ctx, params["serviceIdentifier"], params["listenerIdentifier"])
    return _detail(ctx, found) | _times(found)


def list_(ctx: Context, params: Params) -> Answer:
    """ListListeners of a service."""
    service = access.service(ctx, params["serviceIdentifier"])
    access.check_owner(ctx, service)

    def rows(after: int) -> Iterator[m.Listener]:
        return paging.listed(ctx, ctx.state.listeners, "service", service.id, after)

    found, more = paging.page(ctx, params, f"ListListeners/{service.id}", rows)
    return {"items": [_summary(ctx, row) for row in found]} | more


def update(ctx: Context, params: Params) -> Answer:
    """UpdateListener: replaces the default action."""
    found = access.listener(ctx, params["serviceIdentifier"], params["listenerIdentifier"])
    service = access.service(ctx, found.service_id)
    check_buildable(ctx, service)
    action = _read(ctx, service, found.protocol, params)
    place = Place(service.id, found.protocol, found.default_rule_id)
    bound = actions.bind(ctx, place, action, "defaultAction")
    actions.check_group_quota(ctx, place, {found.default_rule_id: bound})
    default = ctx.state.rules[found.default_rule_id]
    ctx.state.put(replace(default, action=bound, updated_at=ctx.now))
    changed = replace(found, updated_at=ctx.now)
    ctx.state.put(changed)
    settle_groups_of(ctx.moment, default.action)
    return _detail(ctx, changed)


def delete(ctx: Context, params: Params) -> Answer:
    """DeleteListener: takes its rules with it and frees their groups."""
    found = access.listener(ctx, params["serviceIdentifier"], params["listenerIdentifier"])
    check_buildable(ctx, access.service(ctx, found.service_id))
    erase(ctx.moment, found.id)
    return {}


def check_buildable(ctx: Context, service: m.Service) -> None:
    """Raise ConflictException when listeners and rules of the service cannot be changed now."""
    if service.status is not m.Status.CREATING or not ctx.knobs.build_while_creating:
        access.check_usable(Kind.SERVICE, service)


def _read(ctx: Context, service: m.Service, protocol: m.ListenerProtocol, params: Params) -> m.Action:
    if protocol is m.ListenerProtocol.TLS_PASSTHROUGH and service.custom_domain is None:
        text = f"A TLS_PASSTHROUGH listener needs a custom domain, and {service.id} has none."
        raise errors.invalid("protocol", text)
    action = actions.read_action(ctx.knobs, params["defaultAction"], "defaultAction")
    actions.check_passthrough(Place(service.id, protocol), action, "defaultAction")
    return action


def _default_port(ctx: Context, protocol: m.ListenerProtocol) -> int:
    match protocol:
        case m.ListenerProtocol.HTTP:
            return 80
        case m.ListenerProtocol.HTTPS:
            return 443
        case m.ListenerProtocol.TLS_PASSTHROUGH:
            return ctx.knobs.tls_default_port


def _check_free(ctx: Context, service_id: str, name: str, port: int) -> None:
    for index, value in (("name", name), ("port", port)):
        taken = ctx.state.listeners.first(index, (service_id, value))
        if taken is not None:
            text = f"Listener with {index} {value} already exists in {service_id}."
            blame = errors.Blame(Kind.LISTENER.resource_type, taken.id, index)
            raise errors.refused(ctx.knobs.listener_taken, blame, text)


def _store(
    ctx: Context, service: m.Service, name: str, protocol: m.ListenerProtocol, port: int, action: m.Action
) -> m.Listener:
    listener_id = ctx.state.counters.new_id(Kind.LISTENER)
    seq = ctx.state.counters.seq
    rule_id = ctx.state.counters.new_id(Kind.RULE)
    made = m.Listener(
        id=listener_id,
        seq=seq,
        home=service.home,
        service_id=service.id,
        name=name,
        protocol=protocol,
        port=port,
        default_rule_id=rule_id,
        created_at=ctx.now,
        updated_at=ctx.now,
    )
    default = m.Rule(
        id=rule_id,
        seq=ctx.state.counters.seq,
        home=service.home,
        service_id=service.id,
        listener_id=listener_id,
        name=ctx.knobs.default_rule_name,
        priority=None,
        match=None,
        action=action,
        created_at=ctx.now,
        updated_at=ctx.now,
    )
    ctx.state.put(made)
    ctx.state.put(default)
    return made


def _times(listener: m.Listener) -> Answer:
    return {"createdAt": timestamp(listener.created_at), "lastUpdatedAt": timestamp(listener.updated_at)}


def _named(ctx: Context, listener: m.Listener) -> Answer:
    return {
        "arn": arns.arn_of(ctx, listener),
        "id": listener.id,
        "name": listener.name,
        "protocol": str(listener.protocol),
        "port": listener.port,
    }


def _detail(ctx: Context, listener: m.Listener) -> Answer:
    return _named(ctx, listener) | {
        "serviceArn": arns.arn_in(listener.home, f"service/{listener.service_id}"),
        "serviceId": listener.service_id,
        "defaultAction": actions.render_action(ctx.state.rules[listener.default_rule_id].action),
    }


def _summary(ctx: Context, listener: m.Listener) -> Answer:
    return _named(ctx, listener) | _times(listener)


OPERATIONS: dict[str, Operation] = {
    "CreateListener": create,
    "GetListener": get,
    "ListListeners": list_,
    "UpdateListener": update,
    "DeleteListener": delete,
}
