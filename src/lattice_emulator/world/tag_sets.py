"""Tags as they are kept: one set for ListTagsForResource and the tagging API, with history while that API lags."""

import re
from collections.abc import Mapping
from dataclasses import replace

from lattice_emulator.world import errors
from lattice_emulator.world import model as m
from lattice_emulator.world.context import Context
from lattice_emulator.world.kinds import kind_of
from lattice_emulator.world.state import TagVersion

ALLOWED = re.compile(r"[\w\s+\-=.:/@]*", re.UNICODE)


def check_new(ctx: Context, tags: Mapping[str, str]) -> None:
    """Raise the error of `Knobs.bad_tags` when a create may not carry these tags."""
    _check(ctx, "new", tags)


def current(ctx: Context, resource_id: str) -> dict[str, str]:
    """The tags of a resource, as its own API shows them."""
    versions = ctx.state.tags.get(resource_id)
    return dict(versions[-1].tags) if versions else {}


def indexed(ctx: Context, resource_id: str) -> dict[str, str] | None:
    """The tags as the tagging API shows them now; None when it knows of none ever."""
    shown = [v for v in ctx.state.tags.get(resource_id, ()) if v.at + ctx.knobs.tag_lag <= ctx.now]
    return dict(shown[-1].tags) if shown else None


def start(ctx: Context, resource_id: str, tags: Mapping[str, str]) -> None:
    """Give a new resource its first tags, checked before; none leave it never tagged."""
    if tags:
        _write(ctx, resource_id, dict(tags))


def merge(ctx: Context, resource: m.Resource, tags: Mapping[str, str]) -> None:
    """Add or replace tags; raises the error of `Knobs.bad_tags`."""
    merged = current(ctx, resource.id) | dict(tags)
    _check(ctx, resource.id, merged)
    _write(ctx, resource.id, merged)
    _mark(ctx, resource)


def drop(ctx: Context, resource: m.Resource, keys: list[str]) -> None:
    """Take tags away; absent ones do not matter; raises the error of `Knobs.bad_tags` for reserved keys."""
    _check_keys(ctx, resource.id, keys)
    if resource.id in ctx.state.tags:
        kept = {key: value for key, value in current(ctx, resource.id).items() if key not in keys}
        _write(ctx, resource.id, kept)
    _mark(ctx, resource)


def _check(ctx: Context, resource_id: str, tags: Mapping[str, str]) -> None:
    _check_keys(ctx, resource_id, list(tags))
    for key, value in tags.items():
        if not 1 <= len(key) <= 128 or len(value) > 256 or not ALLOWED.fullmatch(key + value):
            text = (
                f"Tag {key!r}={value!r}: keys have 1-128 and values 0-256 letters, digits, spaces or + - = . _ : / @."
            )
            raise _refused(ctx, resource_id, text)
    if len(tags) > ctx.knobs.quota_tags:
        raise _refused(ctx, resource_id, f"{len(tags)} tags wanted, {ctx.knobs.quota_tags} allowed.")


def _check_keys(ctx: Context, resource_id: str, keys: list[str]) -> None:
    for key in keys:
        if key.lower().startswith("aws:"):
            raise _refused(ctx, resource_id, f"Tag key {key!r}: the prefix aws: is reserved.")


def _refused(ctx: Context, resource_id: str, text: str) -> errors.ServiceError:
    kind = kind_of(resource_id)
    blame = errors.Blame("RESOURCE" if kind is None else kind.resource_type, resource_id, "tags")
    return errors.refused(ctx.knobs.bad_tags, blame, text)


def _write(ctx: Context, resource_id: str, tags: dict[str, str]) -> None:
    """Add a version; older ones are kept while the tagging API may still show one of them."""
    old = ctx.state.tags.get(resource_id, ())
    settled = [v for v in old if v.at + ctx.knobs.tag_lag <= ctx.now]
    waiting = [v for v in old if v.at + ctx.knobs.tag_lag > ctx.now]
    ctx.state.tags[resource_id] = (*settled[-1:], *waiting, TagVersion(ctx.now, tags))
    ctx.state.touch()


def _mark(ctx: Context, resource: m.Resource) -> None:
    if ctx.knobs.updated_by_tags:
        ctx.state.put(replace(resource, updated_at=ctx.now))
