"""BatchUpdateRule: many rules of a listener changed at once (spec/lattice.md §6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lattice_emulator.world import access, arns, errors
from lattice_emulator.world import model as m
from lattice_emulator.world.context import Answer, Context, Operation, Params
from lattice_emulator.world.listeners import check_buildable
from lattice_emulator.world.rules import changed_rule, check_match_free, detail, rule_taken, store_changes


@dataclass(frozen=True, slots=True)
class Refused:
    """An entry that cannot be done, as the answer shows it."""

    identifier: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """An entry that names a rule of the listener, and what it asks for."""

    rule: m.Rule
    entry: Mapping[str, Any]


def batch_update(ctx: Context, params: Params) -> Answer:
    """BatchUpdateRule: unknown rules and the default rule fail alone; a clash of priorities fails the whole batch."""
    listener = access.listener(ctx, params["serviceIdentifier"], params["listenerIdentifier"])
    check_buildable(ctx, access.service(ctx, listener.service_id))
    judged = [_judge(ctx, listener, entry) for entry in params["rules"]]
    wanted = [each for each in judged if isinstance(each, Wanted)]
    _check_once(wanted)
    changed = {each.rule.id: changed_rule(ctx, each.rule, each.entry) for each in wanted}
    _check_priorities(ctx, listener.id, changed)
    for rule in changed.values():
        if rule.match is not None:
            check_match_free(ctx, listener.id, rule.match, rule.id)
    store_changes(ctx, changed)
    return {
        "successful": [detail(ctx, rule) for rule in changed.values()],
        "unsuccessful": [_failure(each) for each in judged if isinstance(each, Refused)],
    }


def _judge(ctx: Context, listener: m.Listener, entry: Mapping[str, Any]) -> Wanted | Refused:
    identifier = entry["ruleIdentifier"]
    rule = ctx.state.rules.get(arns.last_id(identifier))
    if rule is None or rule.listener_id != listener.id or not arns.names(ctx, identifier, rule):
        return Refused(identifier, ctx.knobs.batch_unknown_code, f"Rule {identifier} is not in {listener.id}.")
    if rule.is_default:
        return Refused(identifier, ctx.knobs.batch_default_code, f"{rule.id} is the default rule of {listener.id}.")
    return Wanted(rule, entry)


def _check_once(wanted: list[Wanted]) -> None:
    seen: set[str] = set()
    for each in wanted:
        if each.rule.id in seen:
            raise errors.invalid("rules.ruleIdentifier", f"Rule {each.rule.id} is named twice.")
        seen.add(each.rule.id)


def _check_priorities(ctx: Context, listener_id: str, changed: Mapping[str, m.Rule]) -> None:
    """Judge the listener as it would be after the batch."""
    holder: dict[int, str] = {}
    for rule in ctx.state.rules.by("listener", listener_id):
        priority = changed.get(rule.id, rule).priority
        if priority is None:
            continue
        if priority in holder:
            text = f"Priority {priority} of {rule.id} already exists in {listener_id}, in {holder[priority]}."
            raise rule_taken(ctx, holder[priority], "rules.priority", text)
        holder[priority] = rule.id


def _failure(refused: Refused) -> Answer:
    return {
        "ruleIdentifier": refused.identifier,
        "failureCode": refused.code,
        "failureMessage": refused.message,
    }


OPERATIONS: dict[str, Operation] = {"BatchUpdateRule": batch_update}
