"""Pages of a list, in order of creation, and the tokens that lead to the next one (spec/lattice.md §1.1)."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Hashable, Iterable, Iterator
from heapq import merge
from itertools import islice
from typing import Protocol, TypeVar

from lattice_emulator.world import errors
from lattice_emulator.world import model as m
from lattice_emulator.world.context import Answer, Context, Params
from lattice_emulator.world.table import Table


class Ordered(Protocol):
    """Anything with a place in the order of creation."""

    @property
    def seq(self) -> int:
        """Its place."""
        ...


T = TypeVar("T", bound=Ordered)
R = TypeVar("R", bound=m.Resource)


def listed(ctx: Context, table: Table[R], index: str, key: Hashable, after: int) -> Iterator[R]:
    """Rows under ``key`` younger than ``after`` as lists show them, lag included."""
    live = table.by(index, key, after=after)
    lag = ctx.state.listing_lag
    if not lag and not ctx.state.tombstones:
        return live
    shown = (row for row in live if row.created_at + lag <= ctx.now)
    return merge(shown, _ghosts(ctx, table, index, key, after), key=lambda row: row.seq)


def page(ctx: Context, params: Params, scope: str, rows: Callable[[int], Iterable[T]]) -> tuple[list[T], Answer]:
    """One page of ``rows`` and the answer's ``nextToken`` member, absent on the last page.

    ``rows`` gives what is younger than a place in the order of creation; ``scope`` tells lists apart, so that a
    token of one is refused by another. Raises the error of `Knobs.bad_page_token`.
    """
    size = params.get("maxResults") or ctx.knobs.page_size
    token = params.get("nextToken")
    after = -1 if token is None else _place(ctx, scope, token)
    found = list(islice(rows(after), size + 1))
    if len(found) <= size:
        return found, {}
    return found[:size], {"nextToken": _token(ctx, scope, found[size - 1].seq)}


def _ghosts(ctx: Context, table: Table[R], index: str, key: Hashable, after: int) -> list[R]:
    """Deleted rows that lists still show, oldest first."""
    fresh = (t.resource for t in ctx.state.tombstones if t.at + ctx.state.listing_lag > ctx.now)
    mine = [row for row in fresh if table.holds(row)]
    return sorted((r for r in mine if r.seq > after and table.under(index, key, r)), key=lambda row: row.seq)


def _token(ctx: Context, scope: str, seq: int) -> str:
    place = f"{seq}.{_seal(ctx, scope, seq)}"
    return base64.urlsafe_b64encode(place.encode()).decode()


def _place(ctx: Context, scope: str, token: str) -> int:
    try:
        seq, _, seal = base64.urlsafe_b64decode(token.encode()).decode().partition(".")
        place = int(seq)
    except (binascii.Error, ValueError):
        raise _not_ours(ctx) from None
    if not hmac.compare_digest(seal.encode(), _seal(ctx, scope, place).encode()):
        raise _not_ours(ctx)
    return place


def _seal(ctx: Context, scope: str, seq: int) -> str:
    secret = f"pages/{ctx.state.counters.seed}".encode()
    text = f"{ctx.caller.account}/{ctx.caller.region}/{scope}/{seq}".encode()
    return hmac.new(secret, text, hashlib.sha256).hexdigest()[:32]


def _not_ours(ctx: Context) -> errors.ServiceError:
    text = "nextToken was not issued by this service for this list."
    return errors.refused(ctx.knobs.bad_page_token, errors.Blame("PAGE_TOKEN", "nextToken", "nextToken"), text)
