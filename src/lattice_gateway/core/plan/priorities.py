"""Numbers for the rules of a listener: priorities are constraints, not numbers (decision 6).

Every pair of rules that can match the same request has to stand in order of precedence; everything else is free.
Existing numbers stay while they hold that order, annotated ones are exact, new ones are low (the Go controller fails
on listeners that hold a number above 100).

A number is a slot of one rule, a pair is "before", and an upper bound is a deadline: earliest deadline first finds
an order of unit jobs wherever there is one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter

from lattice_gateway.core.lattice.observed import Unmodelled
from lattice_gateway.core.lattice.units import Match
from lattice_gateway.core.lattice.words import MAX_PICKED_PRIORITY, MAX_PRIORITY
from lattice_gateway.core.plan.overlap import overlap


@dataclass(frozen=True, slots=True)
class Wanted:
    """A rule that looks for a number. ``exact``: annotated. ``current``: its number in the listener, if it has one."""

    match: Match | Unmodelled
    exact: int | None = None
    current: int | None = None


@dataclass(frozen=True, slots=True)
class Assignment:
    """A number for each rule in turn, and one for each stale rule in turn.

    ``overruled`` are pairs (first, second) of rules whose order annotated numbers forbid.
    """

    numbers: tuple[int, ...]
    stale: tuple[int, ...] = ()
    overruled: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """Which rules (by index) have to stand before which; ``sequence`` holds all, none before one it follows."""

    sequence: tuple[int, ...]
    before: Mapping[int, frozenset[int]]
    after: Mapping[int, frozenset[int]]


@dataclass(frozen=True, slots=True)
class Missed:
    """No number was left for the rule at this index up to ``deadline``."""

    rule: int
    deadline: int


def assign(rules: tuple[Wanted, ...], stale: tuple[Wanted, ...] = ()) -> Assignment:
    """Numbers for ``rules``, which stand in order of precedence.

    ``stale`` rules are there and about to go. Until then they keep their number where they can, and their place among
    the rules that are there: nothing may step in front of them, or behind, that they did not meet so before.
    """
    every = rules + stale
    exact = _exact(every)
    pairs = frozenset(pairs_in_order(rules))
    agreed = _agree(pairs, pairs, exact, len(rules))
    beside = _beside(agreed, rules, stale)
    settled = _order(_agree(agreed | beside, beside, exact, len(every)), len(every))
    kept = _keepable(every, settled, exact)
    while True:
        placed = _place_by_rank(settled, {**kept, **exact}, len(rules))
        if not isinstance(placed, Missed):
            numbers = tuple(placed[i] for i in range(len(every)))
            return Assignment(numbers[: len(rules)], numbers[len(rules) :], tuple(sorted(pairs - agreed)))
        if not kept:
            raise ValueError(f"{len(every)} rules do not fit into {MAX_PRIORITY} numbers")
        kept = _release(kept, settled, placed)


def pairs_in_order(rules: tuple[Wanted, ...]) -> tuple[tuple[int, int], ...]:
    """Pairs (first, second) that can match the same request, but for those whose both numbers are annotated."""
    return tuple(
        (i, j)
        for j, second in enumerate(rules)
        for i, first in enumerate(rules[:j])
        if not (first.exact and second.exact) and overlap(first.match, second.match)
    )


def _beside(
    agreed: frozenset[tuple[int, int]], rules: tuple[Wanted, ...], stale: tuple[Wanted, ...]
) -> frozenset[tuple[int, int]]:
    """Pairs of stale rules with rules that are there, as they stand now; one that closes a circle is left out."""
    every, found = rules + stale, set(agreed)
    for j in range(len(rules), len(every)):
        for i in range(j):
            one, other = every[i].current, every[j].current
            if one is not None and other is not None and overlap(every[i].match, every[j].match):
                first, second = (i, j) if one < other else (j, i)
                if first not in _reached(_order(found, len(every)).after, second):
                    found.add((first, second))
    return frozenset(found - agreed)


def _exact(rules: tuple[Wanted, ...]) -> dict[int, int]:
    """Annotated numbers by index; of two equal ones the first counts."""
    exact: dict[int, int] = {}
    for i, rule in enumerate(rules):
        if rule.exact is not None and rule.exact not in exact.values():
            exact[i] = rule.exact
    return exact


def _order(pairs: Iterable[tuple[int, int]], size: int) -> Order:
    before: dict[int, set[int]] = {i: set() for i in range(size)}
    after: dict[int, set[int]] = {i: set() for i in range(size)}
    for first, second in pairs:
        before[second].add(first)
        after[first].add(second)
    sequence = tuple(TopologicalSorter(before).static_order())
    return Order(sequence, _frozen(before), _frozen(after))


def _frozen(edges: Mapping[int, set[int]]) -> dict[int, frozenset[int]]:
    return {i: frozenset(ends) for i, ends in edges.items()}


def _agree(
    pairs: frozenset[tuple[int, int]], weak: frozenset[tuple[int, int]], exact: Mapping[int, int], size: int
) -> frozenset[tuple[int, int]]:
    """The pairs without those ``weak`` ones that no numbers beside the annotated ones can hold."""
    while exact and weak & pairs:
        order = _order(pairs, size)
        placed = _place(order, exact, {})
        if not isinstance(placed, Missed):
            break
        pairs -= (_blamed(order, exact, placed) & weak) or weak
    return pairs


def _blamed(order: Order, exact: Mapping[int, int], missed: Missed) -> set[tuple[int, int]]:
    """The pairs with annotated rules that leave no number: with the first that should follow, else with all before."""
    reach = _reached(order.after, missed.rule) | {missed.rule}
    followers = {(i, j) for i in reach for j in order.after[i] if j in exact}
    if followers:
        nearest = min(exact[j] for _, j in followers)
        return {(i, j) for i, j in followers if exact[j] == nearest}
    reach = _reached(order.before, missed.rule) | {missed.rule}
    return {(i, j) for j in reach for i in order.before[j] if i in exact}


def _reached(edges: Mapping[int, frozenset[int]], start: int) -> set[int]:
    seen: set[int] = set()
    left = list(edges[start])
    while left:
        each = left.pop()
        if each not in seen:
            seen.add(each)
            left.extend(edges[each])
    return seen


def _keepable(rules: tuple[Wanted, ...], order: Order, exact: Mapping[int, int]) -> dict[int, int]:
    """Current numbers that hold the order among themselves; of those that do not the most contradictory goes first."""
    taken = set(exact.values())
    kept = {
        i: rule.current
        for i, rule in enumerate(rules)
        if i not in exact and rule.current is not None and rule.current not in taken
    }
    while wrong := _contradictions(order, {**kept, **exact}, kept):
        worst = max(wrong, key=lambda i: (wrong[i], i))
        del kept[worst]
    return kept


def _contradictions(order: Order, numbers: Mapping[int, int], movable: Mapping[int, int]) -> dict[int, int]:
    """How many pairs each movable rule has in the wrong order; those without any left out."""
    count: dict[int, int] = {}
    for j in numbers:
        for i in order.before[j]:
            if i in numbers and numbers[i] > numbers[j]:
                for each in (i, j):
                    if each in movable:
                        count[each] = count.get(each, 0) + 1
    return count


def _place_by_rank(order: Order, fixed: Mapping[int, int], wanted: int) -> dict[int, int] | Missed:
    """Numbers for all: at the place a rule has by precedence (1, 2, 3, ...) or behind it, where that leaves room.

    ``wanted`` rules come first; the others, which are about to go, have no place of their own.
    """
    ranks = {i: i + 1 for i in range(min(wanted, MAX_PICKED_PRIORITY))}
    placed = _place(order, fixed, ranks)
    return _place(order, fixed, {}) if isinstance(placed, Missed) else placed


def _place(order: Order, fixed: Mapping[int, int], floors: Mapping[int, int]) -> dict[int, int] | Missed:
    """Numbers for all rules beside the ``fixed`` ones, none below its floor; or the first for which there is none."""
    deadlines = _deadlines(order, fixed)
    numbers, pending = dict(fixed), sorted(i for i in order.sequence if i not in fixed)
    used = set(fixed.values())
    number = 1
    while pending:
        ready = {i: _earliest(order, i, numbers, floors) for i in pending if _is_ready(order, i, numbers)}
        number = max(number, min(ready.values()))
        while number in used:
            number += 1
        open_now = [i for i, earliest in ready.items() if earliest <= number]
        chosen = min(open_now, key=lambda i: (deadlines[i], i))
        if number > deadlines[chosen]:
            return Missed(chosen, deadlines[chosen])
        numbers[chosen] = number
        pending.remove(chosen)
        number += 1
    return numbers


def _is_ready(order: Order, rule: int, numbers: Mapping[int, int]) -> bool:
    return all(i in numbers for i in order.before[rule])


def _earliest(order: Order, rule: int, numbers: Mapping[int, int], floors: Mapping[int, int]) -> int:
    return max([floors.get(rule, 1), *(numbers[i] + 1 for i in order.before[rule])])


def _deadlines(order: Order, fixed: Mapping[int, int]) -> dict[int, int]:
    """The greatest number that leaves room for everything that has to follow."""
    deadlines: dict[int, int] = {}
    for i in reversed(order.sequence):
        deadlines[i] = min([MAX_PRIORITY, *(fixed.get(j, deadlines[j]) - 1 for j in order.after[i])])
    return deadlines


def _release(kept: Mapping[int, int], order: Order, missed: Missed) -> dict[int, int]:
    """The kept numbers without the one that stands in the way: the nearest that has to follow, else any below."""
    followers = [i for i in _reached(order.after, missed.rule) if i in kept]
    below = [i for i in kept if kept[i] <= missed.deadline]
    nearest = min(followers, key=lambda i: (kept[i], i)) if followers else max(below or kept, key=lambda i: kept[i])
    return {i: number for i, number in kept.items() if i != nearest}
