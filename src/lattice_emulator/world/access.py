"""Finding what a caller names, and what it may see and change.

A resource is its owner's; a service or network shared through RAM can be read by the consumer, associations by
every account that owns a part of them. What a caller may not see does not exist for it.
"""

from collections.abc import Callable
from typing import TypeVar

from lattice_emulator.world import arns, errors
from lattice_emulator.world import model as m
from lattice_emulator.world.context import Context
from lattice_emulator.world.kinds import Kind
from lattice_emulator.world.state import State
from lattice_emulator.world.table import Table

R = TypeVar("R", bound=m.Resource)
S = TypeVar("S", m.Service, m.ServiceNetwork)
USABLE = frozenset({m.Status.ACTIVE, m.Status.UPDATING, m.Status.UPDATE_FAILED, m.Status.DELETE_FAILED})


# The request member that names each kind.
MEMBERS = {
    Kind.SERVICE: "serviceIdentifier",
    Kind.LISTENER: "listenerIdentifier",
    Kind.RULE: "ruleIdentifier",
    Kind.TARGET_GROUP: "targetGroupIdentifier",
    Kind.NETWORK: "serviceNetworkIdentifier",
    Kind.SERVICE_ASSOCIATION: "serviceNetworkServiceAssociationIdentifier",
    Kind.VPC_ASSOCIATION: "serviceNetworkVpcAssociationIdentifier",
    Kind.ACCESS_LOG: "accessLogSubscriptionIdentifier",
}


def service(ctx: Context, identifier: str) -> m.Service:
    """The service, own or shared; raises ResourceNotFoundException."""
    return _seen(ctx, Kind.SERVICE, ctx.state.services, identifier)


def listener(ctx: Context, service_identifier: str, identifier: str) -> m.Listener:
    """The listener of that service; raises ResourceNotFoundException for either."""
    parent = service(ctx, service_identifier)
    found = _seen(ctx, Kind.LISTENER, ctx.state.listeners, identifier)
    if found.service_id != parent.id:
        raise foreign(ctx, Kind.LISTENER, identifier)
    return found


def rule(ctx: Context, service_identifier: str, listener_identifier: str, identifier: str) -> m.Rule:
    """The rule of that listener; raises ResourceNotFoundException for any of the three."""
    parent = listener(ctx, service_identifier, listener_identifier)
    found = _seen(ctx, Kind.RULE, ctx.state.rules, identifier)
    if found.listener_id != parent.id:
        raise foreign(ctx, Kind.RULE, identifier)
    return found


def target_group(ctx: Context, identifier: str) -> m.TargetGroup:
    """The caller's own group; raises ResourceNotFoundException."""
    return _seen(ctx, Kind.TARGET_GROUP, ctx.state.target_groups, identifier)


def network(ctx: Context, identifier: str) -> m.ServiceNetwork:
    """The network, own or shared; raises ResourceNotFoundException."""
    return _seen(ctx, Kind.NETWORK, ctx.state.networks, identifier)


def service_association(ctx: Context, identifier: str) -> m.ServiceAssociation:
    """The association, when the caller owns it or one of its sides; raises ResourceNotFoundException."""
    return _seen(ctx, Kind.SERVICE_ASSOCIATION, ctx.state.service_associations, identifier)


def vpc_association(ctx: Context, identifier: str) -> m.VpcAssociation:
    """The association, when the caller owns it or its network; raises ResourceNotFoundException."""
    return _seen(ctx, Kind.VPC_ASSOCIATION, ctx.state.vpc_associations, identifier)


def access_log(ctx: Context, identifier: str) -> m.AccessLogSubscription:
    """The caller's own subscription; raises ResourceNotFoundException."""
    return _seen(ctx, Kind.ACCESS_LOG, ctx.state.access_logs, identifier)


def source(ctx: Context, identifier: str) -> m.Service | m.ServiceNetwork:
    """What a policy or an access log subscription hangs on; raises ResourceNotFoundException."""
    if arns.last_id(identifier).startswith(f"{Kind.SERVICE.prefix}-"):
        return service(ctx, identifier)
    return network(ctx, identifier)


def list_parent(
    ctx: Context, find: Callable[[Context, str], m.Service | m.ServiceNetwork], identifier: str | None
) -> str | None:
    """The id a list filters by: None when it does not; of an unknown parent, the text itself, which matches nothing.

    Raises ResourceNotFoundException for an unknown parent when `Knobs.unknown_list_parent_404` says so.
    """
    if identifier is None:
        return None
    try:
        return find(ctx, identifier).id
    except errors.ServiceError:
        if ctx.knobs.unknown_list_parent_404:
            raise
        return f"unknown {identifier}"


def visible(ctx: Context, resource: m.Resource) -> bool:
    """Whether the caller may know of the resource."""
    return resource.home.region == ctx.caller.region and ctx.caller.account in readers(ctx.state, resource)


def readers(state: State, resource: m.Resource) -> frozenset[str]:
    """The accounts that may read the resource."""
    own = frozenset({resource.home.account})
    match resource:
        case m.Service(id=ident) | m.ServiceNetwork(id=ident):
            return own | state.shares.get(ident, frozenset())
        case m.ServiceAssociation(service_id=service_id, network_id=network_id):
            return own | {state.ever(service_id).home.account, state.ever(network_id).home.account}
        case m.VpcAssociation(network_id=network_id):
            return own | {state.ever(network_id).home.account}
        case _:
            return own


def shared_with(ctx: Context, table: Table[S], after: int) -> list[S]:
    """Other accounts' rows of ``table`` that the caller may read, created after ``after``, oldest first."""
    found = (table.get(ident) for ident, accounts in ctx.state.shares.items() if ctx.caller.account in accounts)
    mine = [row for row in found if row is not None and row.home.region == ctx.caller.region and row.seq > after]
    return sorted((row for row in mine if row.home != ctx.caller), key=lambda row: row.seq)


def check_owner(ctx: Context, resource: m.Resource) -> None:
    """Raise AccessDeniedException when the resource is another account's."""
    if resource.home.account != ctx.caller.account:
        raise errors.denied(f"Account {ctx.caller.account} does not own {resource.id}.")


def check_usable(kind: Kind, resource: m.Moving) -> None:
    """Raise ConflictException when the resource is being created or deleted, or was never made."""
    if resource.status not in USABLE:
        raise errors.wrong_status(kind, resource.id, resource.status)


def foreign(ctx: Context, kind: Kind, identifier: str) -> errors.ServiceError:
    """The answer to an identifier whose parents, Region or account are not what they should be."""
    text = f"{kind.resource_type} {identifier} was not found."
    blame = errors.Blame(kind.resource_type, identifier, MEMBERS[kind])
    return errors.refused(ctx.knobs.foreign_identifier, blame, text)


def _seen(ctx: Context, kind: Kind, table: Table[R], identifier: str) -> R:
    found = table.get(arns.last_id(identifier))
    if found is None:
        raise errors.not_found(kind, identifier)
    if not visible(ctx, found) or not arns.names(ctx, identifier, found):
        raise foreign(ctx, kind, identifier)
    return found
