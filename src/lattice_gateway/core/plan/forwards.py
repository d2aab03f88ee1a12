"""What a rule forwards to now: the desired action, or on the way to it a forward that new groups join at weight 0.

A group that is absent from or at 0 in the live forward and wanted above 0 is joining (decision 18). It enters at 0,
so that it is in use and its targets are checked; the live groups keep their weights until the joining ones are good,
then the desired forward is written at once. Everything follows from the live action and the groups' health.
"""

from dataclasses import dataclass

from lattice_gateway.core.lattice.keys import GroupKey
from lattice_gateway.core.lattice.observed import Fixed, ForwardTo, ObservedAction
from lattice_gateway.core.lattice.operations import Known, New, Ref, SendAction, SendForward, SendTo
from lattice_gateway.core.lattice.units import Action, FixedResponse, Forward
from lattice_gateway.core.lattice.words import Arn
from lattice_gateway.core.plan.plan import GroupState, Health, Join, Surroundings, UnitActive

UNUSED_FOR = 30.0
"""Seconds that targets may stay UNUSED at weight 0 before the wait is over (decision 18)."""

MOST_GROUPS = 10
"""Lattice: groups in a forward; a fuller one cannot be joined step by step."""

CANNOT_SERVE = frozenset({Health.BAD, Health.EMPTY})


@dataclass(frozen=True, slots=True)
class Sending:
    """The action to have now, and the groups that are still joining it."""

    action: SendAction
    joins: tuple[Join, ...] = ()


def send(action: Action, around: Surroundings) -> SendAction:
    """The action as it is sent; groups that do not exist yet stay handles."""
    if isinstance(action, FixedResponse):
        return action
    return SendForward(tuple(SendTo(_ref(share.group, around), share.weight) for share in action.shares))


def sending(action: Action, live: ObservedAction | None, around: Surroundings, partition: Arn) -> Sending:
    """The action that a rule with the ``live`` one should have now; without a live forward there is nothing to join.

    ``partition`` is any ARN of our account and Region, from which those of unknown groups are made.
    """
    desired = send(action, around)
    if isinstance(action, FixedResponse) or not isinstance(live, ForwardTo) or not _somebody_serves(live, around):
        return Sending(desired)
    joining = _joining(action, live, around)
    joins = tuple(join for group in joining if (join := _join(group, around)))
    if not joins:
        return Sending(desired)
    inside = {identity for identity, _ in live.shares}
    entering = [group for group in joining if _identity(group, around) not in inside]
    if len(live.shares) + len(entering) > MOST_GROUPS:
        return Sending(desired)
    kept = tuple(SendTo(_live_ref(identity, around, partition), weight) for identity, weight in live.shares)
    return Sending(SendForward((*kept, *(SendTo(_ref(group, around), 0) for group in entering))), joins)


def differs(wanted: SendAction, live: ObservedAction | None) -> bool:
    """Whether the live action is another one: ids, weights and order count; a group still to be made differs."""
    match wanted, live:
        case FixedResponse(status=status), Fixed(status=seen):
            return status != seen
        case SendForward(shares=shares), ForwardTo(shares=seen_shares):
            return tuple((_id(share.group), share.weight) for share in shares) != seen_shares
        case _:
            return True


def groups_active(action: SendAction, around: Surroundings) -> tuple[UnitActive, ...]:
    """Conditions under which Lattice takes the action: each group of ours that it names exists and is ACTIVE."""
    if not isinstance(action, SendForward):
        return ()
    keys = {state.ref: key for key, state in around.groups.items()}
    named = (_key(share.group, keys) for share in action.shares)
    return tuple(UnitActive(key) for key in dict.fromkeys(named) if key is not None)


def _key(ref: Ref, keys: dict[Ref, GroupKey]) -> GroupKey | None:
    if isinstance(ref, New) and isinstance(ref.what, GroupKey):
        return ref.what
    return keys.get(ref)


def _ref(group: GroupKey, around: Surroundings) -> Ref:
    state = around.groups.get(group)
    return state.ref if state else New(group)


def _id(ref: Ref) -> str | None:
    return ref.id if isinstance(ref, Known) else None


def _identity(group: GroupKey, around: Surroundings) -> str | None:
    return _id(_ref(group, around))


def _live_ref(identity: str, around: Surroundings, partition: Arn) -> Known:
    """A group of the live forward, known to us or not."""
    refs = (state.ref for state in around.groups.values())
    found = next((ref for ref in refs if isinstance(ref, Known) and ref.id == identity), None)
    head = ":".join(partition.split(":")[:5])
    return found or Known(identity, Arn(f"{head}:targetgroup/{identity}"))


def _joining(action: Forward, live: ForwardTo, around: Surroundings) -> tuple[GroupKey, ...]:
    weighted = {identity for identity, weight in live.shares if weight}
    wanted = dict.fromkeys(share.group for share in action.shares if share.weight)
    return tuple(group for group in wanted if _identity(group, around) not in weighted)


def _somebody_serves(live: ForwardTo, around: Surroundings) -> bool:
    """Whether a weighted group of the live forward may have a good target; one that we do not know may."""
    health = {state.ref.id: state.health for state in around.groups.values() if isinstance(state.ref, Known)}
    return any(health.get(identity) not in CANNOT_SERVE for identity, weight in live.shares if weight)


def _join(group: GroupKey, around: Surroundings) -> Join | None:
    """Why the others wait for the group; None when it is good, or was waited for long enough."""
    state = around.groups.get(group) or GroupState(ref=New(group), status=None)
    match state.health:
        case Health.GOOD:
            return None
        case Health.EMPTY:
            return Join(group, f"{group} has no targets yet")
        case Health.UNUSED if state.joining_for >= UNUSED_FOR:
            return None
        case health if state.joining_for >= around.warm_up_timeout:
            del health
            return None
        case health:
            return Join(group, f"the targets of {group} are {health}")
