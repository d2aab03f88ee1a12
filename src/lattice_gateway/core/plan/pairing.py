"""Which existing rule of a listener is which desired one.

By match first, then by name (a rule of ours whose match was changed behind our back). At the quota of rules, where one
more cannot be created, a rule that is no longer wanted is turned into a new one (deploy.md D2.32).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lattice_gateway.core.lattice.observed import ObservedRule, Unmodelled
from lattice_gateway.core.lattice.units import AsItIs, Rule
from lattice_gateway.core.plan.overlap import identity, overlap


@dataclass(frozen=True, slots=True)
class Turned:
    """An existing rule that becomes the desired one of that index, and the desired ones it covered until then.

    ``uncovered``: indexes of rules turned later; requests for them may find no rule in between.
    """

    index: int
    rule: ObservedRule
    uncovered: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Pairing:
    """Existing rules by the index of the desired one; ``turned`` in the order to turn them; ``stale`` are to go."""

    same: Mapping[int, ObservedRule]
    turned: tuple[Turned, ...]
    stale: tuple[ObservedRule, ...]


def without_repeats(rules: Sequence[Rule]) -> tuple[tuple[Rule, ...], tuple[tuple[Rule, Rule], ...]]:
    """The rules with each match once, the first by precedence; and (repeated, first) pairs (decision 33)."""
    first: dict[object, Rule] = {}
    repeats: list[tuple[Rule, Rule]] = []
    for rule in rules:
        known = first.setdefault(identity(rule.match), rule)
        if known is not rule:
            repeats.append((rule, known))
    return tuple(first.values()), tuple(repeats)


def without_unmade(
    rules: Sequence[Rule], existing: Sequence[ObservedRule]
) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    """The rules that can be had, and those that would have to be made while what they do is not known."""
    same = _same(rules, existing)
    made = tuple(rule for i, rule in enumerate(rules) if i in same or not isinstance(rule.action, AsItIs))
    return made, tuple(rule for i, rule in enumerate(rules) if i not in same and isinstance(rule.action, AsItIs))


def pair_up(rules: Sequence[Rule], existing: Sequence[ObservedRule], quota: int) -> Pairing:
    """Pairs desired rules (no match twice) with existing ones; of equal existing ones the first evaluated counts."""
    same = _same(rules, existing)
    used = {rule.id for rule in same.values()}
    left = [rule for rule in existing if rule.id not in used]
    missing = [i for i in range(len(rules)) if i not in same]
    by_name = _by_name(rules, missing, left)
    wanted = [i for i in missing if i not in by_name]
    spare = [rule for rule in left if rule.id not in {each.id for each in by_name.values()}]
    excess = max(0, len(existing) + len(wanted) - quota)
    turning = wanted[len(wanted) - min(excess, len(spare), len(wanted)) :]
    turned = _turn(rules, by_name, turning, spare)
    gone = {each.rule.id for each in turned}
    return Pairing(same, turned, tuple(rule for rule in left if rule.id not in gone))


def _same(rules: Sequence[Rule], existing: Sequence[ObservedRule]) -> dict[int, ObservedRule]:
    by_match: dict[object, ObservedRule] = {}
    for rule in sorted(existing, key=lambda each: each.priority):
        if not isinstance(rule.match, Unmodelled):
            by_match.setdefault(identity(rule.match), rule)
    found = ((i, by_match.get(identity(rule.match))) for i, rule in enumerate(rules))
    return {i: rule for i, rule in found if rule is not None}


def _by_name(rules: Sequence[Rule], missing: Sequence[int], left: Sequence[ObservedRule]) -> dict[int, ObservedRule]:
    found: dict[int, ObservedRule] = {}
    for i in missing:
        start = name_start(rules[i])
        rule = next((each for each in left if each.name.startswith(start)), None)
        if rule is not None:
            found[i] = rule
    return found


def name_start(rule: Rule) -> str:
    """What the name of a rule begins with; the rest is the number it was created with."""
    return f"k8s-{rule.route_hash}-{rule.match_hash}-rule-"


def _turn(
    rules: Sequence[Rule], by_name: Mapping[int, ObservedRule], turning: Sequence[int], spare: Sequence[ObservedRule]
) -> tuple[Turned, ...]:
    """The pairs in an order in which as little as possible is uncovered on the way."""
    open_pairs = [(i, rule) for i, rule in by_name.items()] + [(i, rule) for i in turning for rule in spare]
    turned: list[Turned] = []
    while open_pairs:
        left = {i for i, _ in open_pairs}
        best, rule = min(open_pairs, key=lambda pair: _cost(rules, left, *pair))
        turned.append(Turned(best, rule, _uncovered(rules, left, best, rule)))
        open_pairs = [(i, each) for i, each in open_pairs if i != best and each.id != rule.id]
    return tuple(turned)


def _cost(rules: Sequence[Rule], left: set[int], index: int, rule: ObservedRule) -> tuple[int, bool, int, int]:
    lost = len(_uncovered(rules, left, index, rule))
    return lost, not overlap(rules[index].match, rule.match), index, -rule.priority


def _uncovered(rules: Sequence[Rule], left: set[int], index: int, rule: ObservedRule) -> tuple[int, ...]:
    return tuple(i for i in sorted(left) if i != index and overlap(rules[i].match, rule.match))
