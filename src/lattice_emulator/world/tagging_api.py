"""The Resource Groups Tagging API over the resources of Lattice (spec/lattice.md §13.1)."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from heapq import merge

from lattice_emulator.world import arns, paging, tag_sets
from lattice_emulator.world import model as m
from lattice_emulator.world.context import Answer, Context, Operation, Params
from lattice_emulator.world.errors import ServiceError
from lattice_emulator.world.kinds import Kind
from lattice_emulator.world.tags import own_resource

TYPES = {
    "service": Kind.SERVICE,
    "service/listener": Kind.LISTENER,
    "service/listener/rule": Kind.RULE,
    "targetgroup": Kind.TARGET_GROUP,
    "servicenetwork": Kind.NETWORK,
    "servicenetworkserviceassociation": Kind.SERVICE_ASSOCIATION,
    "servicenetworkvpcassociation": Kind.VPC_ASSOCIATION,
    "accesslogsubscription": Kind.ACCESS_LOG,
}
EXCLUDED_BY_ARNS = ("TagFilters", "ResourceTypeFilters", "PaginationToken", "ResourcesPerPage", "TagsPerPage")
TOKEN_SECONDS = 15 * 60


def get_resources(ctx: Context, params: Params) -> Answer:
    """GetResources: of the caller's account and Region, whatever was ever tagged.

    Page sizes follow ResourcesPerPage only; TagsPerPage and compliance details are taken and play no part.
    """
    if params.get("ResourceARNList"):
        return _by_arn(ctx, params)
    kinds = _kinds(params.get("ResourceTypeFilters") or ["vpc-lattice"])
    filters = params.get("TagFilters") or []
    issued, token = _opened(ctx, params.get("PaginationToken") or "")

    def rows(after: int) -> Iterator[m.Resource]:
        return (row for row in _owned(ctx, kinds, after) if _passes(_tags(ctx, row), filters))

    asked = {"maxResults": params.get("ResourcesPerPage")} | ({"nextToken": token} if token else {})
    try:
        found, more = paging.page(ctx, asked, _scope(params, issued), rows)
    except ServiceError as refused:
        raise _invalid("PaginationToken was not issued for this request.") from refused
    following = more.get("nextToken")
    return {
        "ResourceTagMappingList": [_mapping(ctx, row) for row in found],
        "PaginationToken": "" if following is None else f"{issued}:{following}",
    }


def tag_resources(ctx: Context, params: Params) -> Answer:
    """TagResources: each resource by itself; what fails is in FailedResourcesMap."""
    failed: Answer = {}
    for arn in params["ResourceARNList"]:
        try:
            tag_sets.merge(ctx, own_resource(ctx, arn), params["Tags"])
        except ServiceError as error:
            failed[arn] = _failure(error)
    return {"FailedResourcesMap": failed}


def untag_resources(ctx: Context, params: Params) -> Answer:
    """UntagResources: each resource by itself; what fails is in FailedResourcesMap."""
    failed: Answer = {}
    for arn in params["ResourceARNList"]:
        try:
            tag_sets.drop(ctx, own_resource(ctx, arn), params["TagKeys"])
        except ServiceError as error:
            failed[arn] = _failure(error)
    return {"FailedResourcesMap": failed}


def _by_arn(ctx: Context, params: Params) -> Answer:
    for member in EXCLUDED_BY_ARNS:
        if params.get(member):
            raise _invalid(f"ResourceARNList cannot be combined with {member}.")
    rows = (ctx.state.find(arns.last_id(arn)) for arn in dict.fromkeys(params["ResourceARNList"]))
    wanted = set(params["ResourceARNList"])
    own = [r for r in rows if r is not None and r.home == ctx.caller and _shown_arn(r) in wanted]
    found = [row for row in own if _tags(ctx, row) is not None]
    return {"ResourceTagMappingList": [_mapping(ctx, row) for row in found], "PaginationToken": ""}


def _kinds(filters: list[str]) -> list[Kind]:
    words = {word.removeprefix("vpc-lattice:") for word in filters if word.startswith("vpc-lattice:")}
    everything = "vpc-lattice" in filters
    return [kind for word, kind in TYPES.items() if everything or word in words]


def _owned(ctx: Context, kinds: list[Kind], after: int) -> Iterator[m.Resource]:
    tables = ctx.state.tables()
    each = [paging.listed(ctx, tables[kind], "home", ctx.caller, after) for kind in kinds]
    return merge(*each, key=lambda row: row.seq)


def _tags(ctx: Context, row: m.Resource) -> dict[str, str] | None:
    """The tags this API shows for the row; None when it does not know the resource."""
    if ctx.state.find(row.id) is not None:
        return tag_sets.indexed(ctx, row.id)
    return next((t.tags for t in ctx.state.tombstones if t.resource.id == row.id), None)


def _passes(tags: Mapping[str, str] | None, filters: list[Answer]) -> bool:
    if tags is None:
        return False
    return all(_matches(tags, each["Key"], each.get("Values") or []) for each in filters)


def _matches(tags: Mapping[str, str], key: str, values: list[str]) -> bool:
    return key in tags and (not values or tags[key] in values)


def _mapping(ctx: Context, row: m.Resource) -> Answer:
    tags = _tags(ctx, row) or {}
    return {"ResourceARN": _shown_arn(row), "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def _shown_arn(row: m.Resource) -> str:
    return arns.arn_in(row.home, arns.tail_of(row))


def _opened(ctx: Context, token: str) -> tuple[int, str]:
    """When the chain of pages began and the token inside; raises for a stale or foreign token."""
    if not token:
        return int(ctx.now), ""
    issued, colon, inner = token.partition(":")
    if not colon or not issued.isdecimal():
        raise _invalid("PaginationToken was not issued by this service.")
    if int(issued) + TOKEN_SECONDS < ctx.now:
        raise ServiceError("PaginationTokenExpiredException", "PaginationToken is older than 15 minutes.", 400)
    return int(issued), inner


def _scope(params: Params, issued: int) -> str:
    filters = {name: params.get(name) for name in ("TagFilters", "ResourceTypeFilters")}
    digest = hashlib.sha256(json.dumps(filters, sort_keys=True).encode()).hexdigest()
    return f"GetResources/{issued}/{digest}"


def _invalid(text: str) -> ServiceError:
    return ServiceError("InvalidParameterException", text, 400)


def _failure(error: ServiceError) -> Answer:
    return {"StatusCode": 400, "ErrorCode": "InvalidParameterException", "ErrorMessage": error.message}


OPERATIONS: dict[str, Operation] = {
    "GetResources": get_resources,
    "TagResources": tag_resources,
    "UntagResources": untag_resources,
}
