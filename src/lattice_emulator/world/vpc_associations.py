"""VPCs that may reach service networks (spec/lattice.md §2.7, §4.5)."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

from lattice_emulator.world import access, arns, errors, paging, quotas, tag_sets
from lattice_emulator.world import model as m
from lattice_emulator.world.context import Answer, Context, Operation, Params, present, timestamp
from lattice_emulator.world.kinds import Kind
from lattice_emulator.world.lifecycle import begin
from lattice_emulator.world.services import failure_members

NAMES_DOMAINS = frozenset({"VERIFIED_DOMAINS_AND_SPECIFIED_DOMAINS", "SPECIFIED_DOMAINS_ONLY"})
UNSETTLED = frozenset({m.Status.CREATING, m.Status.UPDATING})


def create(ctx: Context, params: Params) -> Answer:
    """CreateServiceNetworkVpcAssociation: a VPC has one at a time."""
    tags = params.get("tags", {})
    tag_sets.check_new(ctx, tags)
    dns = _read_dns(params.get("dnsOptions"))
    _check_dns(dns, private_dns=params.get("privateDnsEnabled"))
    network = access.network(ctx, params["serviceNetworkIdentifier"])
    _check_vpc_free(ctx, params["vpcIdentifier"])
    quotas.check(
        quotas.Quota.VPC_ASSOCIATIONS,
        ctx.state.vpc_associations.count("network", network.id) + 1,
        ctx.knobs.quota_vpc_associations,
        network.id,
    )
    made = begin(ctx, _new(ctx, network, params, dns), m.Status.CREATING, ctx.knobs.snva_create_seconds)
    tag_sets.start(ctx, made.id, tags)
    return _identity(ctx, made) | _settings(made)


def get(ctx: Context, params: Params) -> Answer:
    """GetServiceNetworkVpcAssociation."""
    found = access.vpc_association(ctx, params["serviceNetworkVpcAssociationIdentifier"])
    return _summary(ctx, found) | {"securityGroupIds": list(found.security_group_ids)} | failure_members(found)


def list_(ctx: Context, params: Params) -> Answer:
    """ListServiceNetworkVpcAssociations of a network, a VPC or both, in every status."""
    network, vpc = params.get("serviceNetworkIdentifier"), params.get("vpcIdentifier")
    if network is None and vpc is None:
        raise errors.invalid(
            "serviceNetworkIdentifier", "A service network or a VPC is needed to list associations of."
        )
    network_id = access.list_parent(ctx, access.network, network)

    def rows(after: int) -> Iterator[m.VpcAssociation]:
        index, key = ("network", network_id) if vpc is None else ("vpc", (ctx.caller.region, vpc))
        found = paging.listed(ctx, ctx.state.vpc_associations, index, key, after)
        return (row for row in found if network_id in (None, row.network_id) and access.visible(ctx, row))

    found, more = paging.page(ctx, params, f"ListServiceNetworkVpcAssociations/{network_id}/{vpc}", rows)
    return {"items": [_summary(ctx, row) for row in found]} | more


def update(ctx: Context, params: Params) -> Answer:
    """UpdateServiceNetworkVpcAssociation: by its creator; what is given replaces what was."""
    found = access.vpc_association(ctx, params["serviceNetworkVpcAssociationIdentifier"])
    access.check_owner(ctx, found)
    if found.status is m.Status.UPDATING:
        raise errors.wrong_status(Kind.VPC_ASSOCIATION, found.id, found.status)
    access.check_usable(Kind.VPC_ASSOCIATION, found)
    changed = _changed(found, params)
    _check_dns(changed.dns, private_dns=changed.private_dns)
    if any(member in params for member in ("securityGroupIds", "privateDnsEnabled", "dnsOptions")):
        moved = replace(changed, updated_at=ctx.now)
        changed = begin(ctx, moved, m.Status.UPDATING, ctx.knobs.snva_update_seconds)
    return _identity(ctx, changed) | _settings(changed)


def delete(ctx: Context, params: Params) -> Answer:
    """DeleteServiceNetworkVpcAssociation: not while it is being created or changed."""
    found = access.vpc_association(ctx, params["serviceNetworkVpcAssociationIdentifier"])
    if found.status in UNSETTLED:
        raise errors.wrong_status(Kind.VPC_ASSOCIATION, found.id, found.status)
    if found.status is not m.Status.DELETING:
        found = begin(ctx, found, m.Status.DELETING, ctx.knobs.snva_delete_seconds)
    return _identity(ctx, found)


def _read_dns(wire: Mapping[str, Any] | None) -> m.DnsOptions | None:
    if wire is None:
        return None
    return m.DnsOptions(wire.get("privateDnsPreference"), tuple(wire.get("privateDnsSpecifiedDomains", ())))


def _check_dns(dns: m.DnsOptions | None, *, private_dns: bool | None) -> None:
    if dns is None:
        return
    if not private_dns:
        raise errors.invalid("dnsOptions", "dnsOptions need privateDnsEnabled to be true.")
    if dns.domains and dns.preference not in NAMES_DOMAINS:
        text = f"privateDnsSpecifiedDomains need a privateDnsPreference of {' or '.join(sorted(NAMES_DOMAINS))}."
        raise errors.invalid("dnsOptions.privateDnsSpecifiedDomains", text)


def _check_vpc_free(ctx: Context, vpc: str) -> None:
    known = ctx.state.vpc_associations.first("vpc", (ctx.caller.region, vpc))
    if known is not None:
        text = "VPC has already been associated to a service network."
        raise errors.conflict(Kind.VPC_ASSOCIATION, known.id, text)


def _new(ctx: Context, network: m.ServiceNetwork, params: Params, dns: m.DnsOptions | None) -> m.VpcAssociation:
    return m.VpcAssociation(
        id=ctx.state.counters.new_id(Kind.VPC_ASSOCIATION),
        seq=ctx.state.counters.seq,
        home=ctx.caller,
        vpc_id=params["vpcIdentifier"],
        network_id=network.id,
        security_group_ids=tuple(params.get("securityGroupIds", ())),
        private_dns=params.get("privateDnsEnabled"),
        dns=dns,
        created_at=ctx.now,
        updated_at=ctx.now,
        status=m.Status.CREATING,
    )


def _changed(association: m.VpcAssociation, params: Params) -> m.VpcAssociation:
    return replace(
        association,
        security_group_ids=tuple(params.get("securityGroupIds", association.security_group_ids)),
        private_dns=params.get("privateDnsEnabled", association.private_dns),
        dns=_read_dns(params["dnsOptions"]) if "dnsOptions" in params else association.dns,
    )


def _identity(ctx: Context, association: m.VpcAssociation) -> Answer:
    return {
        "id": association.id,
        "status": str(association.status),
        "arn": arns.arn_of(ctx, association),
    }


def _settings(association: m.VpcAssociation) -> Answer:
    given = {"createdBy": association.home.account, "securityGroupIds": list(association.security_group_ids)}
    return given | _private_dns(association)


def _private_dns(association: m.VpcAssociation) -> Answer:
    dns = association.dns
    options = None
    if dns is not None:
        options = present(privateDnsPreference=dns.preference, privateDnsSpecifiedDomains=list(dns.domains) or None)
    return present(privateDnsEnabled=association.private_dns, dnsOptions=options)


def _summary(ctx: Context, association: m.VpcAssociation) -> Answer:
    network = cast("m.ServiceNetwork", ctx.state.ever(association.network_id))
    sides = {
        "createdBy": association.home.account,
        "createdAt": timestamp(association.created_at),
        "lastUpdatedAt": timestamp(association.updated_at),
        "serviceNetworkId": network.id,
        "serviceNetworkName": network.name,
        "serviceNetworkArn": arns.arn_of(ctx, network),
        "vpcId": association.vpc_id,
    }
    return _identity(ctx, association) | sides | _private_dns(association)


OPERATIONS: dict[str, Operation] = {
    "CreateServiceNetworkVpcAssociation": create,
    "GetServiceNetworkVpcAssociation": get,
    "ListServiceNetworkVpcAssociations": list_,
    "UpdateServiceNetworkVpcAssociation": update,
    "DeleteServiceNetworkVpcAssociation": delete,
}
