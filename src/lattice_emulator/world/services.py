"""Services (spec/lattice.md §2.1, §4.1)."""

import re
from collections.abc import Iterator
from dataclasses import replace
from heapq import merge
from typing import Any

from lattice_emulator.world import access, arns, certificates, errors, paging, quotas, tag_sets
from lattice_emulator.world import model as m
from lattice_emulator.world.context import Answer, Context, Operation, Params, present, timestamp
from lattice_emulator.world.kinds import Kind
from lattice_emulator.world.lifecycle import begin

HOST_NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+", re.IGNORECASE)


def create(ctx: Context, params: Params) -> Answer:
    """CreateService: CREATE_IN_PROGRESS with its DNS name at once."""
    custom = params.get("customDomainName")
    tags = params.get("tags", {})
    _check_custom_domain(ctx, custom)
    tag_sets.check_new(ctx, tags)
    certificate = params.get("certificateArn") or None
    certificates.check_usable(ctx, certificate, custom)
    _check_name_free(ctx, params["name"])
    quotas.check(quotas.Quota.SERVICES, ctx.state.services.count("home", ctx.caller) + 1, ctx.knobs.quota_services)
    made = begin(ctx, _new(ctx, params, custom, certificate), m.Status.CREATING, ctx.knobs.service_create_seconds)
    tag_sets.start(ctx, made.id, tags)
    return _settings(ctx, made) | {"status": str(made.status), "dnsEntry": dns_entry(ctx, made)}


def get(ctx: Context, params: Params) -> Answer:
    """GetService."""
    found = access.service(ctx, params["serviceIdentifier"])
    return _settings(ctx, found) | _life(ctx, found) | failure_members(found)


def list_(ctx: Context, params: Params) -> Answer:
    """ListServices: the caller's own, and shared ones by `Knobs.ram_list`."""
    rows, more = paging.page(ctx, params, "ListServices", lambda after: _listed(ctx, after))
    return {"items": [_summary(ctx, row) for row in rows]} | more


def update(ctx: Context, params: Params) -> Answer:
    """UpdateService: only the members sent change; an empty certificateArn clears it."""
    found = access.service(ctx, params["serviceIdentifier"])
    access.check_owner(ctx, found)
    access.check_usable(Kind.SERVICE, found)
    changes = _changes(params)
    certificates.check_usable(ctx, changes.get("certificate_arn"), found.custom_domain)
    if changes:
        found = replace(found, updated_at=ctx.now, **changes)
        ctx.state.put(found)
    return _settings(ctx, found)


def delete(ctx: Context, params: Params) -> Answer:
    """DeleteService: refused while it is in any service network."""
    found = access.service(ctx, params["serviceIdentifier"])
    access.check_owner(ctx, found)
    if found.status is m.Status.CREATING:
        raise errors.wrong_status(Kind.SERVICE, found.id, found.status)
    if ctx.state.service_associations.count("service", found.id):
        text = f"Service {found.id} has one or more associated service networks."
        raise errors.conflict(Kind.SERVICE, found.id, text)
    if found.status is not m.Status.DELETING:
        found = begin(ctx, found, m.Status.DELETING, ctx.knobs.service_delete_seconds)
    return {"id": found.id, "arn": arns.arn_of(ctx, found), "name": found.name, "status": str(found.status)}


def dns_entry(ctx: Context, service: m.Service) -> Answer:
    """The generated name and its hosted zone."""
    return {"domainName": service.domain, "hostedZoneId": ctx.knobs.hosted_zone_id}


def failure_members(resource: m.Moving) -> Answer:
    """The members that explain a failed step; none when nothing failed."""
    if resource.failure is None:
        return {}
    return {"failureCode": resource.failure.code, "failureMessage": resource.failure.message}


def _new(ctx: Context, params: Params, custom: str | None, certificate: str | None) -> m.Service:
    ident = ctx.state.counters.new_id(Kind.SERVICE)
    label = f"{params['name']}-{ident.removeprefix('svc-')}"
    return m.Service(
        id=ident,
        seq=ctx.state.counters.seq,
        home=ctx.caller,
        name=params["name"],
        domain=f"{label}.{ctx.knobs.dns_label}.vpc-lattice-svcs.{ctx.caller.region}.on.aws",
        custom_domain=custom,
        certificate_arn=certificate,
        auth_type=m.AuthType(params.get("authType", "NONE")),
        idle_timeout=params.get("idleTimeoutSeconds", 60),
        created_at=ctx.now,
        updated_at=ctx.now,
        status=m.Status.CREATING,
    )


def _check_custom_domain(ctx: Context, custom: str | None) -> None:
    if custom is not None and ctx.knobs.check_custom_domain and not HOST_NAME.fullmatch(custom):
        raise errors.invalid("customDomainName", f"customDomainName {custom!r} is not a host name without wildcard.")


def _check_name_free(ctx: Context, name: str) -> None:
    taken = ctx.state.services.first("name", (ctx.caller, name))
    if taken is not None:
        raise errors.conflict(Kind.SERVICE, taken.id, f"Service with name {name} already exists.")


def _changes(params: Params) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if "certificateArn" in params:
        changes["certificate_arn"] = params["certificateArn"] or None
    if "authType" in params:
        changes["auth_type"] = m.AuthType(params["authType"])
    if "idleTimeoutSeconds" in params:
        changes["idle_timeout"] = params["idleTimeoutSeconds"]
    return changes


def _listed(ctx: Context, after: int) -> Iterator[m.Service]:
    own = paging.listed(ctx, ctx.state.services, "home", ctx.caller, after)
    if not ctx.knobs.ram_list:
        return own
    shared = access.shared_with(ctx, ctx.state.services, after)
    return merge(own, shared, key=lambda row: row.seq)


def _settings(ctx: Context, service: m.Service) -> Answer:
    return present(
        id=service.id,
        arn=arns.arn_of(ctx, service),
        name=service.name,
        customDomainName=service.custom_domain,
        certificateArn=service.certificate_arn,
        authType=str(service.auth_type),
        idleTimeoutSeconds=service.idle_timeout,
    )


def _life(ctx: Context, service: m.Service) -> Answer:
    return {
        "createdAt": timestamp(service.created_at),
        "lastUpdatedAt": timestamp(service.updated_at),
        "dnsEntry": dns_entry(ctx, service),
        "status": str(service.status),
    }


def _summary(ctx: Context, service: m.Service) -> Answer:
    named = present(
        id=service.id, name=service.name, arn=arns.arn_of(ctx, service), customDomainName=service.custom_domain
    )
    return named | _life(ctx, service)


OPERATIONS: dict[str, Operation] = {
    "CreateService": create,
    "GetService": get,
    "ListServices": list_,
    "UpdateService": update,
    "DeleteService": delete,
}
