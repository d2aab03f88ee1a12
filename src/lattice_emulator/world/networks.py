"""Service networks (spec/lattice.md §2.5, §4.5)."""

from collections.abc import Iterator
from dataclasses import replace
from heapq import merge

from lattice_emulator.world import access, arns, errors, paging, quotas, tag_sets
from lattice_emulator.world import model as m
from lattice_emulator.world.context import Answer, Context, Operation, Params, present, timestamp
from lattice_emulator.world.kinds import Kind
from lattice_emulator.world.lifecycle import erase

COUNTED = (m.Status.ACTIVE,)


def create(ctx: Context, params: Params) -> Answer:
    """CreateServiceNetwork: there at once."""
    tags = params.get("tags", {})
    tag_sets.check_new(ctx, tags)
    _check_name_free(ctx, params["name"])
    quotas.check(quotas.Quota.NETWORKS, ctx.state.networks.count("home", ctx.caller) + 1, ctx.knobs.quota_networks)
    made = m.ServiceNetwork(
        id=ctx.state.counters.new_id(Kind.NETWORK),
        seq=ctx.state.counters.seq,
        home=ctx.caller,
        name=params["name"],
        auth_type=m.AuthType(params.get("authType", "NONE")),
        sharing=params.get("sharingConfig", {}).get("enabled"),
        created_at=ctx.now,
        updated_at=ctx.now,
    )
    ctx.state.put(made)
    tag_sets.start(ctx, made.id, tags)
    return _settings(ctx, made) | _sharing(made)


def get(ctx: Context, params: Params) -> Answer:
    """GetServiceNetwork, with how many VPCs and services it has."""
    found = access.network(ctx, params["serviceNetworkIdentifier"])
    return _settings(ctx, found) | _sharing(found) | _times(found) | _counts(ctx, found)


def list_(ctx: Context, params: Params) -> Answer:
    """ListServiceNetworks: the caller's own, and shared ones by `Knobs.ram_list`."""
    rows, more = paging.page(ctx, params, "ListServiceNetworks", lambda after: _listed(ctx, after))
    return {"items": [_summary(ctx, row) for row in rows]} | more


def update(ctx: Context, params: Params) -> Answer:
    """UpdateServiceNetwork: the auth type."""
    found = access.network(ctx, params["serviceNetworkIdentifier"])
    access.check_owner(ctx, found)
    changed = replace(found, auth_type=m.AuthType(params["authType"]), updated_at=ctx.now)
    ctx.state.put(changed)
    return _settings(ctx, changed)


def delete(ctx: Context, params: Params) -> Answer:
    """DeleteServiceNetwork: refused while anything is associated, in whatever status."""
    found = access.network(ctx, params["serviceNetworkIdentifier"])
    access.check_owner(ctx, found)
    if ctx.state.vpc_associations.count("network", found.id):
        raise errors.conflict(Kind.NETWORK, found.id, f"ServiceNetwork {found.id} has VPC(s) associated")
    if ctx.state.service_associations.count("network", found.id):
        raise errors.conflict(Kind.NETWORK, found.id, f"ServiceNetwork {found.id} has service(s) associated")
    erase(ctx.moment, found.id)
    return {}


def _check_name_free(ctx: Context, name: str) -> None:
    taken = ctx.state.networks.first("name", (ctx.caller, name))
    if taken is not None:
        raise errors.conflict(Kind.NETWORK, taken.id, f"Service network with name {name} already exists.")


def _listed(ctx: Context, after: int) -> Iterator[m.ServiceNetwork]:
    own = paging.listed(ctx, ctx.state.networks, "home", ctx.caller, after)
    if not ctx.knobs.ram_list:
        return own
    return merge(own, access.shared_with(ctx, ctx.state.networks, after), key=lambda row: row.seq)


def _settings(ctx: Context, network: m.ServiceNetwork) -> Answer:
    return {
        "id": network.id,
        "name": network.name,
        "arn": arns.arn_of(ctx, network),
        "authType": str(network.auth_type),
    }


def _sharing(network: m.ServiceNetwork) -> Answer:
    return present(sharingConfig=None if network.sharing is None else {"enabled": network.sharing})


def _times(network: m.ServiceNetwork) -> Answer:
    return {"createdAt": timestamp(network.created_at), "lastUpdatedAt": timestamp(network.updated_at)}


def _counts(ctx: Context, network: m.ServiceNetwork) -> Answer:
    statuses = COUNTED if ctx.knobs.count_active_only else tuple(m.Status)
    keys = [(network.id, status) for status in statuses]
    return {
        "numberOfAssociatedVPCs": sum(ctx.state.vpc_associations.count("status", key) for key in keys),
        "numberOfAssociatedServices": sum(ctx.state.service_associations.count("status", key) for key in keys),
    }


def _summary(ctx: Context, network: m.ServiceNetwork) -> Answer:
    named = {"id": network.id, "name": network.name, "arn": arns.arn_of(ctx, network)}
    return named | _times(network) | _counts(ctx, network) | {"numberOfAssociatedResourceConfigurations": 0}


OPERATIONS: dict[str, Operation] = {
    "CreateServiceNetwork": create,
    "GetServiceNetwork": get,
    "ListServiceNetworks": list_,
    "UpdateServiceNetwork": update,
    "DeleteServiceNetwork": delete,
}
