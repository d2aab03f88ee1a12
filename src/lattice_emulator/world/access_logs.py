"""Access log subscriptions (spec/lattice.md §2.9, §4.6)."""

from collections.abc import Iterator
from dataclasses import replace

from lattice_emulator.world import access, arns, errors, paging, tag_sets
from lattice_emulator.world import model as m
from lattice_emulator.world.context import Answer, Context, Operation, Params, present, timestamp
from lattice_emulator.world.kinds import Kind
from lattice_emulator.world.lifecycle import erase

# The service part of a destination's ARN, and the resourceType of what it names.
DESTINATIONS = {"s3": "BUCKET", "logs": "LOG_GROUP", "firehose": "DELIVERY_STREAM"}


def create(ctx: Context, params: Params) -> Answer:
    """CreateAccessLogSubscription: one per source and type of destination."""
    source = access.source(ctx, params["resourceIdentifier"])
    access.check_owner(ctx, source)
    tags = params.get("tags", {})
    tag_sets.check_new(ctx, tags)
    destination = _destination(ctx, params["destinationArn"])
    log_type = _log_type(ctx, source, params)
    _check_type_free(ctx, source.id, destination)
    made = m.AccessLogSubscription(
        id=ctx.state.counters.new_id(Kind.ACCESS_LOG),
        seq=ctx.state.counters.seq,
        home=ctx.caller,
        resource_id=source.id,
        destination_arn=destination,
        log_type=log_type,
        created_at=ctx.now,
        updated_at=ctx.now,
    )
    ctx.state.put(made)
    tag_sets.start(ctx, made.id, tags)
    return _identity(ctx, made) | _typed(made)


def get(ctx: Context, params: Params) -> Answer:
    """GetAccessLogSubscription."""
    return _detail(ctx, access.access_log(ctx, params["accessLogSubscriptionIdentifier"]))


def list_(ctx: Context, params: Params) -> Answer:
    """ListAccessLogSubscriptions of one source."""
    source_id = access.list_parent(ctx, access.source, params["resourceIdentifier"])

    def rows(after: int) -> Iterator[m.AccessLogSubscription]:
        found = paging.listed(ctx, ctx.state.access_logs, "resource", source_id, after)
        return (row for row in found if access.visible(ctx, row))

    found, more = paging.page(ctx, params, f"ListAccessLogSubscriptions/{source_id}", rows)
    return {"items": [_detail(ctx, row) for row in found]} | more


def update(ctx: Context, params: Params) -> Answer:
    """UpdateAccessLogSubscription: to another destination of the same type."""
    found = access.access_log(ctx, params["accessLogSubscriptionIdentifier"])
    destination = _destination(ctx, params["destinationArn"])
    if _service(destination) != _service(found.destination_arn):
        text = (
            f"{found.id} delivers to {_service(found.destination_arn)}; another type needs a subscription of its own."
        )
        raise errors.conflict(Kind.ACCESS_LOG, found.id, text)
    changed = replace(found, destination_arn=destination, updated_at=ctx.now)
    ctx.state.put(changed)
    return _identity(ctx, changed)


def delete(ctx: Context, params: Params) -> Answer:
    """DeleteAccessLogSubscription."""
    erase(ctx.moment, access.access_log(ctx, params["accessLogSubscriptionIdentifier"]).id)
    return {}


def _service(arn: str) -> str:
    parts = arn.split(":", 3)
    return parts[2] if len(parts) == 4 else ""


def _destination(ctx: Context, arn: str) -> str:
    """The destination as it is kept: log groups end in ``:*``; raises what is wrong with it."""
    service = _service(arn)
    if service not in DESTINATIONS:
        text = f"destinationArn {arn} is not of S3, CloudWatch Logs or Firehose."
        raise errors.invalid("destinationArn", text)
    known = ctx.knobs.known_resources
    if known is not None and not {arn, arn.removesuffix(":*"), f"{arn}:*"}.intersection(known):
        raise errors.named_not_found(DESTINATIONS[service], arn)
    return f"{arn}:*" if service == "logs" and not arn.endswith(":*") else arn


def _log_type(ctx: Context, source: m.Service | m.ServiceNetwork, params: Params) -> str | None:
    given: str | None = params.get("serviceNetworkLogType")
    match source:
        case m.ServiceNetwork():
            return given or ctx.knobs.log_type_default
        case m.Service():
            if given is not None:
                raise errors.invalid(
                    "serviceNetworkLogType", "Only subscriptions of a service network have a log type."
                )
            return None


def _check_type_free(ctx: Context, source_id: str, destination: str) -> None:
    for known in ctx.state.access_logs.by("resource", source_id):
        if _service(known.destination_arn) == _service(destination):
            text = f"{source_id} already has a subscription of this destination type, {known.id}."
            raise errors.conflict(Kind.ACCESS_LOG, known.id, text)


def _identity(ctx: Context, subscription: m.AccessLogSubscription) -> Answer:
    return {
        "id": subscription.id,
        "arn": arns.arn_of(ctx, subscription),
        "resourceId": subscription.resource_id,
        "resourceArn": arns.arn_of(ctx, ctx.state.ever(subscription.resource_id)),
        "destinationArn": subscription.destination_arn,
    }


def _typed(subscription: m.AccessLogSubscription) -> Answer:
    return present(serviceNetworkLogType=subscription.log_type)


def _detail(ctx: Context, subscription: m.AccessLogSubscription) -> Answer:
    return (
        _identity(ctx, subscription)
        | _typed(subscription)
        | {
            "createdAt": timestamp(subscription.created_at),
            "lastUpdatedAt": timestamp(subscription.updated_at),
        }
    )


OPERATIONS: dict[str, Operation] = {
    "CreateAccessLogSubscription": create,
    "GetAccessLogSubscription": get,
    "ListAccessLogSubscriptions": list_,
    "UpdateAccessLogSubscription": update,
    "DeleteAccessLogSubscription": delete,
}
