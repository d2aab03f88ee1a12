"""The first news of a process, with what an earlier one left in the statuses of routes and Gateways (decision 25)."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from lattice_gateway.core.objects import Gateway, Ref
from lattice_gateway.core.report.attested import attested, shown_address
from lattice_gateway.core.report.happenings import ROUTES
from lattice_gateway.core.translate.inputs import ParentOfRoute
from lattice_gateway.engine.translation import News

Previous = Callable[[Ref], Mapping[str, Any] | None]
"""The status of an object as it stands; None where it has none."""


def recollect(news: News, previous: Previous) -> News:
    """The same news, and what the statuses said when they were written.

    That is which Gateways routes were attached to or had lost, and the address that each Gateway showed.
    """
    routes = [thing.ref for thing in news.puts if thing.ref.kind in ROUTES]
    found = {ref: attested(ref, previous(ref)) for ref in (*routes, *_unreadable(news))}
    lost = (ParentOfRoute(ref, gateway) for ref, each in found.items() for gateway in each.detached)
    return replace(
        news,
        former={ref: each.attached for ref, each in found.items() if each.attached},
        expired=(*news.expired, *lost),
        published={thing.ref: shown_address(previous(thing.ref)) for thing in news.puts if isinstance(thing, Gateway)},
    )


def _unreadable(news: News) -> list[Ref]:
    return [one.ref for one in news.unreadable if one.ref.kind in ROUTES]
