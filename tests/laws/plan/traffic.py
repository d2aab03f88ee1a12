"""What requests are answered with while the world changes (law 5)."""

from dataclasses import dataclass

from lattice_gateway.core.lattice.observed import ForwardTo, ObservedAction
from tests.laws.plan.lattice import Lattice

PATHS = ("/", "/a", "/a/x", "/a/b/c", "/b", "/b/1", "/c/d", "/z")
HEADERS: tuple[dict[str, str], ...] = ({}, {"x": "1"}, {"x": "2"}, {"y": "1"}, {"x": "1", "y": "1"})
REQUESTS = tuple((path, method, headers) for path in PATHS for method in ("GET", "POST") for headers in HEADERS)
PLACES = tuple((name, port) for name in ("rates-default", "inventory-default") for port in (80, 8080))


@dataclass(frozen=True)
class Seen:
    """By request: what answers, and what any rule would answer that matches it.

    Names of the groups with weight, ``500`` for a rule without backends; None where no rule answers.
    """

    answers: tuple[frozenset[str] | None, ...]
    reach: tuple[frozenset[str], ...]


def seen(lattice: Lattice) -> Seen:
    requests = [(name, port, *request) for name, port in PLACES for request in REQUESTS]
    found = [lattice.answering(name, port, path, method, **headers) for name, port, path, method, headers in requests]
    return Seen(
        tuple(_answer(lattice, actions[0]) if actions else None for actions in found),
        tuple(frozenset[str]().union(*(_answer(lattice, action) for action in actions)) for actions in found),
    )


def _answer(lattice: Lattice, action: ObservedAction) -> frozenset[str]:
    if isinstance(action, ForwardTo):
        return frozenset(lattice.groups[identity].name for identity, weight in action.shares if weight)
    return frozenset({str(action.status)})


def misled(old: Seen, now: Seen, new: Seen) -> list[tuple[object, ...]]:
    """Requests that old and new rules answer and the present ones answer with neither's targets, or not at all."""
    answers = zip(old.answers, new.answers, strict=True)
    return _outside(old, now, new, [(before or frozenset()) | (after or frozenset()) for before, after in answers])


def lost(old: Seen, now: Seen, new: Seen) -> list[tuple[object, ...]]:
    """The same, but a target of any old or new rule that matches the request will do."""
    return _outside(old, now, new, [one | other for one, other in zip(old.reach, new.reach, strict=True)])


def _outside(old: Seen, now: Seen, new: Seen, allowed: list[frozenset[str]]) -> list[tuple[object, ...]]:
    places = [(name, port, *request) for name, port in PLACES for request in REQUESTS]
    return [
        (place, before, between, after)
        for place, before, between, after, good in zip(
            places, old.answers, now.answers, new.answers, allowed, strict=True
        )
        if before is not None and after is not None and (between is None or not between <= good)
    ]
