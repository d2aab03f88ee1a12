"""Auth policies of services and service networks (spec/lattice.md §2.8, §4.6)."""

import json

from lattice_emulator.world import access, arns, errors
from lattice_emulator.world import model as m
from lattice_emulator.world.context import Answer, Context, Operation, Params, timestamp

Source = m.Service | m.ServiceNetwork


def put(ctx: Context, params: Params) -> Answer:
    """PutAuthPolicy: creates or replaces; the text is kept as it was sent."""
    source = _source(ctx, params)
    access.check_owner(ctx, source)
    text = params["policy"]
    _check_text(ctx, text)
    known = ctx.state.auth_policies.get(source.id)
    created = ctx.now if known is None else known.created_at
    ctx.state.auth_policies[source.id] = m.AuthPolicy(text=text, created_at=created, updated_at=ctx.now)
    ctx.state.touch()
    return {"policy": text, "state": _state(source)}


def get(ctx: Context, params: Params) -> Answer:
    """GetAuthPolicy: empty when there is none, or 404 by `Knobs.absent_policy_404`."""
    source = _source(ctx, params)
    access.check_owner(ctx, source)
    known = ctx.state.auth_policies.get(source.id)
    if known is None:
        _check_absence_allowed(ctx, source)
        return {}
    times = {"createdAt": timestamp(known.created_at), "lastUpdatedAt": timestamp(known.updated_at)}
    return {"policy": known.text, "state": _state(source)} | times


def delete(ctx: Context, params: Params) -> Answer:
    """DeleteAuthPolicy: also when there is none, unless `Knobs.absent_policy_404`."""
    source = _source(ctx, params)
    access.check_owner(ctx, source)
    if source.id not in ctx.state.auth_policies:
        _check_absence_allowed(ctx, source)
        return {}
    if source.auth_type is m.AuthType.AWS_IAM and not ctx.knobs.policy_delete_under_iam:
        raise errors.invalid("resourceIdentifier", f"{source.id} has authType AWS_IAM: set it to NONE first.")
    del ctx.state.auth_policies[source.id]
    ctx.state.touch()
    return {}


def _source(ctx: Context, params: Params) -> Source:
    identifier = params["resourceIdentifier"]
    if arns.last_id(identifier).startswith("rcfg-"):
        text = f"Auth policies belong to services and service networks, not to {identifier}."
        raise errors.invalid("resourceIdentifier", text)
    return access.source(ctx, identifier)


def _state(source: Source) -> str:
    return "Active" if source.auth_type is m.AuthType.AWS_IAM else "Inactive"


def _check_text(ctx: Context, text: str) -> None:
    size = len(text.encode(errors="surrogatepass"))
    if size > ctx.knobs.quota_policy_bytes:
        raise errors.invalid("policy", f"The policy has {size} bytes, {ctx.knobs.quota_policy_bytes} are allowed.")
    if "\n" in text and not ctx.knobs.policy_newlines:
        raise errors.invalid("policy", "The policy contains a newline.")
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict):
        raise errors.invalid("policy", "The policy is not a JSON object.")


def _check_absence_allowed(ctx: Context, source: Source) -> None:
    if ctx.knobs.absent_policy_404:
        raise errors.named_not_found("AUTH_POLICY", source.id)


OPERATIONS: dict[str, Operation] = {"PutAuthPolicy": put, "GetAuthPolicy": get, "DeleteAuthPolicy": delete}
