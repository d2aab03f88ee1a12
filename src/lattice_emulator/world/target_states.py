"""What state a target is in, and what becomes of targets when their group comes into or falls out of use (§9.6)."""

from dataclasses import dataclass, replace

from lattice_emulator.world import model as m
from lattice_emulator.world.context import Moment
from lattice_emulator.world.knobs import Knobs
from lattice_emulator.world.state import State, groups_of


@dataclass(frozen=True, slots=True)
class TargetState:
    """The service's words for a target's state; ``reason`` is None when it has no reason code."""

    status: m.TargetStatus
    reason: str | None = None


def in_use(state: State, knobs: Knobs, group_id: str) -> bool:
    """Whether a listener or rule names the group; at weight 0 only if the knob says that this counts."""
    naming = state.rules.by("group", group_id)
    return any(knobs.weight_zero_in_use or groups_of(rule.action)[group_id] > 0 for rule in naming)


def state_of(knobs: Knobs, group: m.TargetGroup, target: m.Target, *, used: bool) -> TargetState:
    """The state of ``target``; ``used`` is `in_use` of its group."""
    if not used:
        return TargetState(m.TargetStatus.UNUSED, "TargetGroupNotInUse")
    if target.drain_until is not None:
        return TargetState(m.TargetStatus.DRAINING, knobs.draining_reason)
    if group.type in (m.GroupType.LAMBDA, m.GroupType.ALB):
        return TargetState(m.TargetStatus.UNAVAILABLE, "HealthCheckNotSupported")
    if not checked(group):
        return TargetState(m.TargetStatus.UNAVAILABLE, knobs.disabled_check_reason)
    match target.health:
        case m.Health.PENDING:
            return TargetState(m.TargetStatus.INITIAL, knobs.initial_reason)
        case m.Health.HEALTHY:
            return TargetState(m.TargetStatus.HEALTHY)
        case m.Health.UNHEALTHY:
            return TargetState(m.TargetStatus.UNHEALTHY, "HealthCheckFailed")


def checked(group: m.TargetGroup) -> bool:
    """Whether the group's targets are health-checked while it is in use."""
    return group.config is not None and group.config.health_check is not None and group.config.health_check.enabled


def settle_groups_of(moment: Moment, *actions: m.Action) -> None:
    """`settle` every group that the actions name."""
    for group_id in {group: None for action in actions for group in groups_of(action)}:
        settle(moment, group_id)


def settle(moment: Moment, group_id: str) -> None:
    """Bring the targets of a group that fell out of use to rest: draining ones go, the others await new checks."""
    targets = moment.state.targets.get(group_id)
    if targets is None or in_use(moment.state, moment.knobs, group_id):
        return
    for key, target in list(targets.items()):
        if target.drain_until is not None and moment.knobs.drain_ends_when_unused:
            del targets[key]
        elif target.health is not m.Health.PENDING:
            targets[key] = replace(target, health=m.Health.PENDING)
