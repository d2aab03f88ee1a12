"""The rules of a listener: matched to what exists, numbered, created, updated, turned, deleted, in a safe order.

Order: numbers of rules that stay, then what is new or differs by ascending number, then rules turned into others, last
the deletions. So a request that both the old and the new rules answer finds a rule at every moment.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lattice_gateway.core.lattice.keys import ServiceKey
from lattice_gateway.core.lattice.observed import ObservedAssociation, ObservedListener, ObservedRule
from lattice_gateway.core.lattice.operations import (
    BatchUpdateRule,
    CreateRule,
    DeleteRule,
    Known,
    Ref,
    SendAction,
    UpdateRule,
)
from lattice_gateway.core.lattice.units import Action, AsItIs, Rule
from lattice_gateway.core.lattice.words import MAX_PRIORITY, Tags
from lattice_gateway.core.plan.forwards import differs, groups_active, send, sending
from lattice_gateway.core.plan.moves import batches
from lattice_gateway.core.plan.overlap import overlap
from lattice_gateway.core.plan.ownership import additional, remembering, tag_change
from lattice_gateway.core.plan.pairing import Pairing, Turned, name_start, pair_up, without_repeats, without_unmade
from lattice_gateway.core.plan.plan import Condition, Join, Note, NoteKind, Step, Surroundings
from lattice_gateway.core.plan.priorities import Assignment, Wanted, assign


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where rules are planned: the listener (existing or to be made by the step ``needs``) of a service.

    ``ready`` are conditions of every step. ``stale_stay``: rules that nobody wants are not deleted (decision 22).
    """

    key: ServiceKey
    service: Ref
    listener: Ref
    label: str
    child_tags: Tags
    around: Surroundings
    needs: frozenset[str] = frozenset()
    ready: tuple[Condition, ...] = ()
    stale_stay: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a plan."""

    steps: tuple[Step, ...] = ()
    joins: tuple[Join, ...] = ()
    notes: tuple[Note, ...] = ()

    def __add__(self, other: "Piece") -> "Piece":
        return Piece(self.steps + other.steps, self.joins + other.joins, self.notes + other.notes)


@dataclass(frozen=True, slots=True)
class Numbered:
    """The desired rules of a listener with what exists of them and the numbers they get."""

    site: Site
    rules: tuple[Rule, ...]
    pairing: Pairing
    assignment: Assignment

    @property
    def numbers(self) -> tuple[int, ...]:
        """The number of each rule in turn."""
        return self.assignment.numbers

    def step(self, index: int) -> str:
        """The name of the step that makes the rule of that index right."""
        return f"{self.site.label} rule {self.numbers[index]}"


def plan_rules(site: Site, rules: Sequence[Rule], existing: tuple[ObservedRule, ...]) -> Piece:
    """Steps that make the listener's rules the desired ones (in order of precedence)."""
    existing = tuple(sorted(existing, key=lambda rule: rule.priority))
    unique, repeats = without_repeats(rules)
    unique, unmade = without_unmade(unique, existing)
    stale_stay = bool(unmade) or site.stale_stay
    pairing = pair_up(unique, existing, MAX_PRIORITY if stale_stay else site.around.rule_quota)
    current = {i: rule.priority for i, rule in pairing.same.items()}
    current |= {each.index: each.rule.priority for each in pairing.turned}
    wanted = tuple(Wanted(rule.match, rule.priority, current.get(i)) for i, rule in enumerate(unique))
    stale = tuple(Wanted(rule.match, current=rule.priority) for rule in pairing.stale)
    plan = Numbered(site, unique, pairing, assign(wanted, stale))
    moved = _moves(plan, existing, _goals(plan))
    after = frozenset({moved[-1].name}) if moved else frozenset()
    notes = (*_repeat_notes(repeats), *_overruled_notes(plan), *_uncovered_notes(plan), *_held_notes(plan, unmade))
    notes += tuple(_spared_notes(plan)) if site.stale_stay else ()
    piece = Piece(moved, (), notes)
    piece += _rules_in_order(plan, existing, after)
    for each in pairing.turned:
        piece += Piece((_turn(plan, each, after, piece.steps),))
    if stale_stay:
        return piece  # what is stale may be an earlier form of what is not known, or what the Go controller serves
    for rule, _ in sorted(zip(pairing.stale, plan.assignment.stale, strict=True), key=lambda pair: -pair[1]):
        piece += Piece((_delete(plan, rule, after, piece.steps),))
    return piece


def rule_name(rule: Rule, number: int, taken: Iterable[str]) -> str:
    """A name that no rule of the listener has; its number is where the rule was created, or the next that is free."""
    names = set(taken)
    while (name := f"{name_start(rule)}{number}") in names:
        number += 1
    return name


def _goals(plan: Numbered) -> dict[str, int]:
    """The numbers that existing rules get in batches, by id; unchanged ones left out."""
    there = [(rule, plan.numbers[i]) for i, rule in plan.pairing.same.items()]
    there += [(each.rule, plan.numbers[each.index]) for each in plan.pairing.turned]
    there += list(zip(plan.pairing.stale, plan.assignment.stale, strict=True))
    return {rule.id: number for rule, number in there if rule.priority != number}


def _moves(plan: Numbered, existing: tuple[ObservedRule, ...], goals: Mapping[str, int]) -> tuple[Step, ...]:
    if not goals or not isinstance(plan.site.service, Known) or not isinstance(plan.site.listener, Known):
        return ()
    known = {rule.id: Known(rule.id, rule.arn) for rule in existing}
    steps: list[Step] = []
    for i, batch in enumerate(batches({rule.id: rule.priority for rule in existing}, goals), start=1):
        priorities = tuple((known[move.rule], move.to) for move in batch)
        operation = BatchUpdateRule(plan.site.service, plan.site.listener, priorities)
        needs = frozenset({steps[-1].name}) if steps else plan.site.needs
        name = f"{plan.site.label} order {i}"
        steps.append(Step(name=name, operations=(operation,), needs=needs, when=plan.site.ready))
    return tuple(steps)


def _rules_in_order(plan: Numbered, existing: tuple[ObservedRule, ...], after: frozenset[str]) -> Piece:
    turned = {each.index for each in plan.pairing.turned}
    names = {rule.name for rule in existing}
    piece = Piece()
    for i in sorted(range(len(plan.rules)), key=lambda index: plan.numbers[index]):
        if i in turned:
            continue
        there = plan.pairing.same.get(i)
        piece += _create(plan, i, names, after) if there is None else _update(plan, i, there)
    return piece


def _create(plan: Numbered, index: int, names: set[str], after: frozenset[str]) -> Piece:
    site, rule, number = plan.site, plan.rules[index], plan.numbers[index]
    action = send(_known(rule), site.around)
    operation = CreateRule(
        service=site.service,
        listener=site.listener,
        name=rule_name(rule, number, names),
        priority=number,
        match=rule.match,
        action=action,
        tags=remembering(site.child_tags),
    )
    when = (*site.ready, *groups_active(action, site.around))
    return Piece((Step(name=plan.step(index), operations=(operation,), needs=site.needs | after, when=when),))


def _update(plan: Numbered, index: int, there: ObservedRule) -> Piece:
    """The action if it differs, and the additional tags if they were read and differ."""
    site, action = plan.site, plan.rules[index].action
    if isinstance(action, AsItIs):
        return Piece()
    found = sending(action, there.action, site.around, there.arn)
    steps: tuple[Step, ...] = ()
    if differs(found.action, there.action):
        steps = (_update_step(plan, index, there, found.action),)
    return Piece(steps + tags_step(f"{plan.step(index)} tags", there, site.child_tags), found.joins)


def _known(rule: Rule) -> Action:
    if isinstance(rule.action, AsItIs):
        raise TypeError(f"{rule.origin} stays as it is; it can neither be made nor be turned into")
    return rule.action


def _update_step(plan: Numbered, index: int, there: ObservedRule, action: SendAction) -> Step:
    service, listener = _place(plan)
    operation = UpdateRule(service=service, listener=listener, rule=Known(there.id, there.arn), action=action)
    when = (*plan.site.ready, *groups_active(action, plan.site.around))
    return Step(name=plan.step(index), operations=(operation,), needs=plan.site.needs, when=when)


def _place(plan: Numbered) -> tuple[Known, Known]:
    """Service and listener of an existing rule, which exist as well."""
    service, listener = plan.site.service, plan.site.listener
    if isinstance(service, Known) and isinstance(listener, Known):
        return service, listener
    raise TypeError(f"{plan.site.label} has rules but does not exist")


def tags_step(
    name: str, there: ObservedRule | ObservedListener | ObservedAssociation, wanted: Tags
) -> tuple[Step, ...]:
    """A step that sets the additional tags of a child; our own tags are given at creation only (deploy.md §11)."""
    if there.tags is None:
        return ()
    operations = tag_change(additional(wanted), there.tags).operations(Known(there.id, there.arn))
    return (Step(name=name, operations=operations),) if operations else ()


def _turn(plan: Numbered, turned: Turned, after: frozenset[str], steps: Iterable[Step]) -> Step:
    """One UpdateRule makes the rule another, which has its number by then; what else it covered must stand before."""
    there = turned.rule
    action = send(_known(plan.rules[turned.index]), plan.site.around)
    service, listener = _place(plan)
    operation = UpdateRule(
        service=service,
        listener=listener,
        rule=Known(there.id, there.arn),
        match=plan.rules[turned.index].match,
        action=action if differs(action, there.action) else None,
    )
    earlier = frozenset(_covering(plan, there, steps))
    when = (*plan.site.ready, *groups_active(action, plan.site.around))
    name = plan.step(turned.index)
    return Step(name=name, operations=(operation,), needs=plan.site.needs | after | earlier, when=when)


def _delete(plan: Numbered, stale: ObservedRule, after: frozenset[str], steps: Iterable[Step]) -> Step:
    """Behind everything that answers instead, and behind stale rules that would come to light once it is gone."""
    operation = DeleteRule(*_place(plan), Known(stale.id, stale.arn))
    named = {step.name for step in steps}
    hidden = {_stale_step(plan, rule) for rule in plan.pairing.stale if overlap(rule.match, stale.match)} & named
    needs = plan.site.needs | after | frozenset(_covering(plan, stale, steps)) | hidden
    name = _stale_step(plan, stale)
    return Step(name=name, operations=(operation,), needs=needs, when=plan.site.ready)


def _stale_step(plan: Numbered, stale: ObservedRule) -> str:
    return f"{plan.site.label} stale rule {stale.id}"


def _covering(plan: Numbered, there: ObservedRule, steps: Iterable[Step]) -> Iterator[str]:
    """The steps of rules that answer what ``there`` answers now."""
    named = {step.name for step in steps}
    for i, rule in enumerate(plan.rules):
        if plan.step(i) in named and overlap(rule.match, there.match):
            yield plan.step(i)


def _repeat_notes(repeats: Iterable[tuple[Rule, Rule]]) -> Iterator[Note]:
    for rule, first in repeats:
        text = f"{rule.origin} has the same match as {first.origin}, which comes first; it is not deployed"
        yield Note(NoteKind.DUPLICATE, text)


def _overruled_notes(plan: Numbered) -> Iterator[Note]:
    for first, second in plan.assignment.overruled:
        one, other = plan.rules[first], plan.rules[second]
        text = (
            f"annotated priorities put {other.origin} ({plan.numbers[second]}) before {one.origin} "
            f"({plan.numbers[first]}), against the precedence of the Gateway API"
        )
        yield Note(NoteKind.INFO, text)


def _held_notes(plan: Numbered, unmade: Sequence[Rule]) -> Iterator[Note]:
    for rule in (*plan.rules, *unmade):
        if isinstance(rule.action, AsItIs):
            yield Note(NoteKind.INFO, f"{rule.origin} stays as it is: {rule.action.why}")


def _spared_notes(plan: Numbered) -> Iterator[Note]:
    for rule in plan.pairing.stale:
        yield Note(NoteKind.INFO, f"{plan.site.label} rule {rule.name} stays, although nobody asks for it now")


def _uncovered_notes(plan: Numbered) -> Iterator[Note]:
    for each in plan.pairing.turned:
        for i in each.uncovered:
            text = (
                f"{plan.site.label} holds all the rules its quota allows ({plan.site.around.rule_quota}): while "
                f"{each.rule.name} becomes {plan.rules[each.index].origin}, requests of {plan.rules[i].origin} "
                "may find no rule for a moment"
            )
            yield Note(NoteKind.INTERRUPTS, text)
