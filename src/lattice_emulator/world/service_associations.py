"""Services in service networks (spec/lattice.md §2.6, §4.5)."""

from collections.abc import Iterator
from typing import cast

from lattice_emulator.world import access, arns, errors, paging, quotas, tag_sets
from lattice_emulator.world import model as m
from lattice_emulator.world.context import Answer, Context, Operation, Params, present, timestamp
from lattice_emulator.world.kinds import Kind
from lattice_emulator.world.lifecycle import begin
from lattice_emulator.world.services import dns_entry, failure_members


def create(ctx: Context, params: Params) -> Answer:
    """CreateServiceNetworkServiceAssociation: both must be visible, one of them the caller's own."""
    tags = params.get("tags", {})
    tag_sets.check_new(ctx, tags)
    network = access.network(ctx, params["serviceNetworkIdentifier"])
    service = access.service(ctx, params["serviceIdentifier"])
    if ctx.caller.account not in (network.home.account, service.home.account):
        raise errors.denied(f"Account {ctx.caller.account} owns neither {network.id} nor {service.id}.")
    access.check_usable(Kind.SERVICE, service)
    _check_free(ctx, network, service)
    quotas.check(
        quotas.Quota.SERVICE_ASSOCIATIONS,
        ctx.state.service_associations.count("network", network.id) + 1,
        ctx.knobs.quota_service_associations,
        network.id,
    )
    made = begin(ctx, _new(ctx, network, service), m.Status.CREATING, ctx.knobs.snsa_create_seconds)
    tag_sets.start(ctx, made.id, tags)
    return _identity(ctx, made) | {"createdBy": made.home.account} | _names(ctx, service)


def get(ctx: Context, params: Params) -> Answer:
    """GetServiceNetworkServiceAssociation."""
    found = access.service_association(ctx, params["serviceNetworkServiceAssociationIdentifier"])
    return _summary(ctx, found) | failure_members(found)


def list_(ctx: Context, params: Params) -> Answer:
    """ListServiceNetworkServiceAssociations of a network, a service or both."""
    network, service = params.get("serviceNetworkIdentifier"), params.get("serviceIdentifier")
    if network is None and service is None:
        text = "A service network or a service is needed to list associations of."
        raise errors.invalid("serviceNetworkIdentifier", text)
    network_id = access.list_parent(ctx, access.network, network)
    service_id = access.list_parent(ctx, access.service, service)

    def rows(after: int) -> Iterator[m.ServiceAssociation]:
        found = paging.listed(ctx, ctx.state.service_associations, *_index(network_id, service_id), after)
        return (row for row in found if access.visible(ctx, row))

    scope = f"ListServiceNetworkServiceAssociations/{network_id}/{service_id}"
    found, more = paging.page(ctx, params, scope, rows)
    return {"items": [_summary(ctx, row) for row in found]} | more


def delete(ctx: Context, params: Params) -> Answer:
    """DeleteServiceNetworkServiceAssociation: by the owner of either side, not while it is being created."""
    found = access.service_association(ctx, params["serviceNetworkServiceAssociationIdentifier"])
    if found.status is m.Status.CREATING:
        raise errors.wrong_status(Kind.SERVICE_ASSOCIATION, found.id, found.status)
    if found.status is not m.Status.DELETING:
        found = begin(ctx, found, m.Status.DELETING, ctx.knobs.snsa_delete_seconds)
    return _identity(ctx, found)


def _index(network_id: str | None, service_id: str | None) -> tuple[str, object]:
    if network_id is not None and service_id is not None:
        return "pair", (network_id, service_id)
    return ("service", service_id) if network_id is None else ("network", network_id)


def _check_free(ctx: Context, network: m.ServiceNetwork, service: m.Service) -> None:
    known = ctx.state.service_associations.first("pair", (network.id, service.id))
    if known is not None:
        raise errors.conflict(Kind.SERVICE_ASSOCIATION, known.id, "Association already exists.")
    if service.custom_domain is None:
        return
    for other in ctx.state.service_associations.by("network", network.id):
        if ctx.state.services[other.service_id].custom_domain == service.custom_domain:
            text = f"Custom domain {service.custom_domain} is already in use in {network.id}, by {other.service_id}."
            blame = errors.Blame(Kind.SERVICE.resource_type, other.service_id, "serviceIdentifier")
            raise errors.refused(ctx.knobs.custom_domain_twice, blame, text)


def _new(ctx: Context, network: m.ServiceNetwork, service: m.Service) -> m.ServiceAssociation:
    return m.ServiceAssociation(
        id=ctx.state.counters.new_id(Kind.SERVICE_ASSOCIATION),
        seq=ctx.state.counters.seq,
        home=ctx.caller,
        service_id=service.id,
        network_id=network.id,
        created_at=ctx.now,
        updated_at=ctx.now,
        status=m.Status.CREATING,
    )


def _identity(ctx: Context, association: m.ServiceAssociation) -> Answer:
    return {"id": association.id, "status": str(association.status), "arn": arns.arn_of(ctx, association)}


def _names(ctx: Context, service: m.Service) -> Answer:
    return present(customDomainName=service.custom_domain, dnsEntry=dns_entry(ctx, service))


def _summary(ctx: Context, association: m.ServiceAssociation) -> Answer:
    service = cast("m.Service", ctx.state.ever(association.service_id))
    network = cast("m.ServiceNetwork", ctx.state.ever(association.network_id))
    sides = {
        "createdBy": association.home.account,
        "createdAt": timestamp(association.created_at),
        "serviceId": service.id,
        "serviceName": service.name,
        "serviceArn": arns.arn_of(ctx, service),
        "serviceNetworkId": network.id,
        "serviceNetworkName": network.name,
        "serviceNetworkArn": arns.arn_of(ctx, network),
    }
    return _identity(ctx, association) | sides | _names(ctx, service)


OPERATIONS: dict[str, Operation] = {
    "CreateServiceNetworkServiceAssociation": create,
    "GetServiceNetworkServiceAssociation": get,
    "ListServiceNetworkServiceAssociations": list_,
    "DeleteServiceNetworkServiceAssociation": delete,
}
