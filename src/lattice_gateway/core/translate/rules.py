"""The rules of a route as Lattice rules, in the order in which they are tried (decisions 6, 7, 33)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from lattice_gateway.core.lattice.units import Exact, Match, Rule, RuleAction
from lattice_gateway.core.names import match_hash, route_hash
from lattice_gateway.core.objects import HTTPRoute
from lattice_gateway.core.objects.explain import Complaint
from lattice_gateway.core.translate.backends import Backend, Origin, action_for, resolve
from lattice_gateway.core.translate.matches import by_element, lower, matches_of
from lattice_gateway.core.translate.precedence import Place, annotated, numbered, rank
from lattice_gateway.core.translate.view import View
from lattice_gateway.settings import Settings

_Placed: TypeAlias = tuple[Place, Match]


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A match that an earlier one answers already; it is not deployed. Both are places like ``rules[1].matches[0]``."""

    place: str
    first: str


@dataclass(frozen=True, slots=True)
class Lowered:
    """What the rules of a route become: the same on each of its listeners."""

    rules: tuple[Rule, ...] = ()
    backends: tuple[Backend, ...] = ()
    duplicates: tuple[Duplicate, ...] = ()


def lower_rules(view: View, origin: Origin) -> Lowered:
    """The Lattice rules of a route that has passed ``priority_faults`` and ``matches.unsupported``."""
    route = origin.route
    resolved = tuple(resolve(view, origin, rule) for rule in range(len(route.spec.rules)))
    actions = tuple(action_for(backends) for backends in resolved)
    placed = _placed(view.settings, route)
    kept, duplicates = _first_of_each(placed)
    who = route_hash(view.settings.owner, route.KIND, route.metadata.namespace, route.metadata.name)
    numbers = _numbers(route, placed, kept)
    rules = tuple(_rule(route, who, one, actions[one[0].rule], numbers.get(one[0])) for one in kept)
    return Lowered(rules, tuple(backend for backends in resolved for backend in backends), duplicates)


def priority_faults(view: View, route: HTTPRoute) -> tuple[Complaint, ...]:
    """Annotated priorities that cannot be had."""
    numbers, unreadable = annotated(route.metadata.annotations, len(route.spec.rules))
    _, clashing = numbered(numbers, _sizes(route, _placed(view.settings, route)))
    return (*unreadable, *clashing)


def _placed(settings: Settings, route: HTTPRoute) -> tuple[_Placed, ...]:
    """Every match with its place, the one tried first in front."""
    found = _split(route) if settings.path_prefix_by_element else _plain(route)
    return tuple(sorted(found, key=lambda one: rank(one[1], one[0])))


def _plain(route: HTTPRoute) -> Iterator[_Placed]:
    for rule, spec in enumerate(route.spec.rules):
        for number, match in enumerate(matches_of(spec)):
            yield Place(rule, number), lower(match)


def _split(route: HTTPRoute) -> Iterator[_Placed]:
    for place, match in _plain(route):
        for part, one in enumerate(by_element(match)):
            yield Place(place.rule, place.match, part), one


def _sizes(route: HTTPRoute, placed: tuple[_Placed, ...]) -> list[int]:
    """How many Lattice rules each rule of the route becomes at most."""
    sizes = [0] * len(route.spec.rules)
    for place, _ in placed:
        sizes[place.rule] += 1
    return sizes


def _first_of_each(placed: tuple[_Placed, ...]) -> tuple[tuple[_Placed, ...], tuple[Duplicate, ...]]:
    """The first by precedence of each set of equal matches, and the others (decision 33)."""
    seen: dict[object, Place] = {}
    kept: list[_Placed] = []
    duplicates: list[Duplicate] = []
    for place, match in placed:
        first = seen.setdefault(_same(match), place)
        if first is place:
            kept.append((place, match))
        else:
            duplicates.append(Duplicate(_words(place), _words(first)))
    return tuple(kept), tuple(duplicates)


def _same(match: Match) -> object:
    """What makes two matches one for Lattice: the order of headers and the case of their names do not count."""
    headers = frozenset((header.name.lower(), header.value) for header in match.headers)
    return isinstance(match.path, Exact), match.path.path, match.method, headers


def _numbers(route: HTTPRoute, placed: tuple[_Placed, ...], kept: tuple[_Placed, ...]) -> dict[Place, int]:
    """The annotated number of each match: a rule's matches take the numbers of its block in their order."""
    wanted, _ = annotated(route.metadata.annotations, len(route.spec.rules))
    blocks, _ = numbered(wanted, _sizes(route, placed))
    free = {rule: iter(block) for rule, block in blocks.items()}
    return {place: next(free[place.rule]) for place, _ in kept if place.rule in free}


def _rule(route: HTTPRoute, who: str, placed: _Placed, action: RuleAction, priority: int | None) -> Rule:
    place, match = placed
    return Rule(
        match=match,
        action=action,
        priority=priority,
        origin=f"{route.ref} {_words(place)}",
        route_hash=who,
        match_hash=match_hash(match),
    )


def _words(place: Place) -> str:
    return f"rules[{place.rule}].matches[{place.match}]"
