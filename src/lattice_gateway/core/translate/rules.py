"""The rules of a route as Lattice rules, in the order in which they are tried (decisions 6, 7, 33)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from lattice_gateway.core.lattice.units import Exact, Match, Rule, RuleAction
from lattice_gateway.core.names import match_hash, route_hash
from lattice_gateway.core.objects import HTTPRoute
from lattice_gateway.core.objects.explain import Complaint
from lattice_gateway.core.translate.backends import Backend, Origin, action_for, resolve
from lattice_gateway.core.translate.choice import Choice
from lattice_gateway.core.translate.matches import by_element, lower, matches_of
from lattice_gateway.core.translate.precedence import Place, annotated, numbered, rank
from lattice_gateway.core.translate.view import View
from lattice_gateway.settings import Settings

_Placed: TypeAlias = tuple[Place, Match]


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A match that another one answers already; it is not deployed. Both are places like ``rules[1].matches[0]``."""

    place: str
    first: str


@dataclass(frozen=True, slots=True)
class Lowered:
    """What the rules of a route become: the same on each of its listeners.

    ``displacing`` are the duplicates that do something else than what is deployed.
    """

    rules: tuple[Rule, ...] = ()
    backends: tuple[Backend, ...] = ()
    duplicates: tuple[Duplicate, ...] = ()
    displacing: tuple[Duplicate, ...] = ()


def lower_rules(view: View, origin: Origin) -> Lowered:
    """The Lattice rules of a route that has passed ``priority_faults`` and ``matches.unsupported``."""
    route = origin.route
    resolved = tuple(resolve(view, origin, rule) for rule in range(len(route.spec.rules)))
    actions = tuple(action_for(backends) for backends in resolved)
    placed = _placed(view.settings, route, origin.choice)
    kept, repeated = _one_of_each(placed, _winners(origin, placed))
    who = route_hash(view.settings.owner, route.KIND, route.metadata.namespace, route.metadata.name)
    numbers = _numbers(route, placed, kept)
    rules = tuple(_rule(route, who, one, actions[one[0].rule], numbers.get(one[0])) for one in kept)
    return Lowered(
        rules=rules,
        backends=tuple(backend for backends in resolved for backend in backends),
        duplicates=tuple(_duplicate(pair) for pair in repeated),
        displacing=tuple(_duplicate(pair) for pair in repeated if actions[pair[0].rule] != actions[pair[1].rule]),
    )


def priority_faults(view: View, route: HTTPRoute) -> tuple[Complaint, ...]:
    """Annotated priorities that cannot be had."""
    numbers, unreadable = annotated(route.metadata.annotations, len(route.spec.rules))
    _, clashing = numbered(numbers, _sizes(route, _placed(view.settings, route)))
    return (*unreadable, *clashing)


def _placed(settings: Settings, route: HTTPRoute, choice: Choice = Choice.OURS) -> tuple[_Placed, ...]:
    """Every match with its place, the one tried first in front. Parity: the Go controller splits no prefix."""
    is_split = settings.path_prefix_by_element and choice is Choice.OURS
    found = _split(route) if is_split else _plain(route)
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


def _winners(origin: Origin, placed: tuple[_Placed, ...]) -> dict[object, Place]:
    """Which of equal matches is deployed: the first by precedence (decision 33)."""
    if origin.choice is Choice.OURS:
        return {_same(match): place for place, match in reversed(placed)}
    return _their_winners(origin.route, placed)


def _their_winners(route: HTTPRoute, placed: tuple[_Placed, ...]) -> dict[object, Place]:
    """Which of equal matches answers under the Go controller.

    Parity: rules are taken in the order of their list, annotated ones first and the others numbered on from there;
    of equal matches the last has its way. Headers in another order are another match, and the lower number answers
    (model.md §3.2, P3.6; deploy.md D2.34; Go v2.1.3).
    """
    numbers, _ = annotated(route.metadata.annotations, len(route.spec.rules))
    start = list(numbers.values())[-1] if numbers else 0
    order = sorted(placed, key=lambda one: (one[0].rule not in numbers, one[0]))
    last = {match: (numbers.get(place.rule, start + 1 + place.rule), place) for place, match in order}
    return {_same(match): place for match, (_, place) in sorted(last.items(), key=lambda one: one[1], reverse=True)}


def _one_of_each(
    placed: tuple[_Placed, ...], winners: Mapping[object, Place]
) -> tuple[tuple[_Placed, ...], tuple[tuple[Place, Place], ...]]:
    """The match that is deployed of each set of equal ones, and (other, deployed) pairs."""
    paired = [(one, winners[_same(one[1])]) for one in placed]
    kept = tuple(one for one, winner in paired if one[0] == winner)
    return kept, tuple((one[0], winner) for one, winner in paired if one[0] != winner)


def _duplicate(pair: tuple[Place, Place]) -> Duplicate:
    return Duplicate(_words(pair[0]), _words(pair[1]))


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
