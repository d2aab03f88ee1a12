"""What requests are answered with while the world changes (law 5)."""

from dataclasses import dataclass

from lattice_gateway.core.lattice.observed import Fixed, ForwardTo, ObservedAction
from tests.laws.plan.lattice import Lattice

PATHS = ("/", "/a", "/a/x", "/a/b/c", "/b", "/b/1", "/c/d", "/z")
HEADERS = ({}, {"x": "1"}, {"x": "2"}, {"y": "1"}, {"x": "1", "y": "1"})
REQUESTS = tuple((path, method, headers) for path in PATHS for method in ("GET", "POST") for headers in HEADERS)
PLACES = tuple((name, port) for name in ("rates-default", "inventory-default") for port in (80, 8080))


@dataclass(frozen=True)
class Seen:
    """Answers by request: names of the groups with weight, or a status; None where no rule answered."""

    answers: tuple[frozenset[str] | None, ...]


def seen(lattice: Lattice) -> Seen:
    return Seen(
        tuple(
            _answer(lattice, lattice.request(name, port, path, method, **headers))
            for name, port in PLACES
            for path, method, headers in REQUESTS
        )
    )


def _answer(lattice: Lattice, action: ObservedAction | None) -> frozenset[str] | None:
    match action:
        case ForwardTo(shares=shares):
            return frozenset(lattice.groups[identity].name for identity, weight in shares if weight)
        case Fixed(status=500):
            return frozenset({"500"})
        case _:
            return None


def broken(old: Seen, now: Seen, new: Seen) -> list[tuple[object, ...]]:
    """Requests that the old and the new rules answer and the present ones answer with neither's targets."""
    places = [(name, port, *request) for name, port in PLACES for request in REQUESTS]
    return [
        (place, before, between, after)
        for place, before, between, after in zip(places, old.answers, now.answers, new.answers, strict=True)
        if before is not None and after is not None and (between is None or not between <= before | after)
    ]
