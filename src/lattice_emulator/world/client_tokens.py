"""Client tokens: the same create sent twice is done once (spec/lattice.md §6)."""

import hashlib
import json

from lattice_emulator.world import errors
from lattice_emulator.world.context import Answer, Context, Params
from lattice_emulator.world.kinds import kind_of
from lattice_emulator.world.state import StoredAnswer, TokenKey


def replay(ctx: Context, operation: str, params: Params) -> Answer | None:
    """The answer of an earlier call with this token, with today's status; None when there was none.

    Raises the error of `Knobs.token_reuse` when the earlier call had other parameters.
    """
    key = _key(ctx, operation, params)
    stored = None if key is None else ctx.state.answers.get(key)
    if stored is None or stored.until <= ctx.now:
        return None
    resource = ctx.state.find(stored.resource_id)
    kind = kind_of(stored.resource_id)
    if resource is None or kind is None:
        return None
    if stored.digest != _digest(params):
        text = f"clientToken was used for {stored.resource_id} with other parameters."
        blame = errors.Blame(kind.resource_type, stored.resource_id, "clientToken")
        raise errors.refused(ctx.knobs.token_reuse, blame, text)
    status = getattr(resource, "status", None)
    return dict(stored.answer) | ({} if status is None else {"status": str(status)})


def remember(ctx: Context, operation: str, params: Params, answer: Answer) -> None:
    """Keep the answer of a successful create, when the call had a token."""
    key = _key(ctx, operation, params)
    if key is None:
        return
    _forget_expired(ctx)
    ctx.state.answers.pop(key, None)
    until = ctx.now + ctx.knobs.token_life_seconds
    ctx.state.answers[key] = StoredAnswer(_digest(params), str(answer["id"]), dict(answer), until)


def _key(ctx: Context, operation: str, params: Params) -> TokenKey | None:
    token = params.get("clientToken")
    return None if token is None else TokenKey(ctx.caller, operation, token)


def _digest(params: Params) -> str:
    rest = {name: value for name, value in params.items() if name != "clientToken"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, default=str).encode()).hexdigest()


def _forget_expired(ctx: Context) -> None:
    """Drop answers from the oldest on; they all live equally long."""
    while ctx.state.answers:
        oldest = next(iter(ctx.state.answers))
        if ctx.state.answers[oldest].until > ctx.now:
            return
        del ctx.state.answers[oldest]
