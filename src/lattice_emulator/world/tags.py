"""The tag operations of the service itself (spec/lattice.md §2.10, §4.6)."""

from lattice_emulator.world import access, arns, errors, tag_sets
from lattice_emulator.world import model as m
from lattice_emulator.world.context import Answer, Context, Operation, Params
from lattice_emulator.world.kinds import kind_of


def tag(ctx: Context, params: Params) -> Answer:
    """TagResource: adds and replaces."""
    tag_sets.merge(ctx, own_resource(ctx, params["resourceArn"]), params["tags"])
    return {}


def untag(ctx: Context, params: Params) -> Answer:
    """UntagResource: absent keys do not matter."""
    tag_sets.drop(ctx, own_resource(ctx, params["resourceArn"]), params["tagKeys"])
    return {}


def list_(ctx: Context, params: Params) -> Answer:
    """ListTagsForResource."""
    return {"tags": tag_sets.current(ctx, own_resource(ctx, params["resourceArn"]).id)}


def own_resource(ctx: Context, arn: str) -> m.Resource:
    """The caller's resource of that ARN; raises ResourceNotFoundException, or AccessDeniedException if foreign."""
    ident = arns.last_id(arn)
    found = ctx.state.find(ident)
    if found is None or not access.visible(ctx, found) or not arns.names(ctx, arn, found):
        kind = kind_of(ident)
        raise errors.named_not_found("RESOURCE" if kind is None else kind.resource_type, arn)
    access.check_owner(ctx, found)
    return found


OPERATIONS: dict[str, Operation] = {
    "TagResource": tag,
    "UntagResource": untag,
    "ListTagsForResource": list_,
}
