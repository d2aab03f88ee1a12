"""Target groups: chosen or created, their tags, health check and targets followed, deleted when nothing uses them."""

from collections.abc import Iterable
from dataclasses import fields
from typing import TypeVar, assert_never

from lattice_gateway.core.lattice.keys import GroupKey
from lattice_gateway.core.lattice.observed import ObservedGroup
from lattice_gateway.core.lattice.operations import (
    CreateTargetGroup,
    DeleteTargetGroup,
    DeregisterTargets,
    Known,
    New,
    Operation,
    Ref,
    RegisterTargets,
    UpdateTargetGroup,
)
from lattice_gateway.core.lattice.units import Absent, HealthCheck, Target, TargetGroup
from lattice_gateway.core.lattice.words import TARGETS_PER_CALL, Owner, Status, TargetStatus
from lattice_gateway.core.names import group_name
from lattice_gateway.core.plan.choosing import choose_group, fits, has_ending
from lattice_gateway.core.plan.conditions import USABLE
from lattice_gateway.core.plan.ownership import is_ours, remembering, tag_change
from lattice_gateway.core.plan.plan import (
    Drained,
    Gone,
    Note,
    NoteKind,
    Part,
    Plan,
    Planned,
    Step,
    Surroundings,
    UnitActive,
    Unused,
    WasRead,
)

T = TypeVar("T")


def plan_group(
    desired: TargetGroup | Absent, observed: tuple[ObservedGroup, ...], owner: Owner, around: Surroundings
) -> Planned:
    """Operations that make the group as desired; ``observed`` are its candidates, foreign ones may be among them."""
    match desired:
        case TargetGroup():
            chosen = choose_group(desired, observed, owner, around)
            return _created(desired, observed, owner) if chosen is None else _kept(desired, chosen)
        case Absent(key=GroupKey() as key):
            steps = [
                step for group in _to_delete(desired, key, observed, owner, around) for step in removal(key, group)
            ]
            return Plan(unit=key, steps=tuple(steps))
        case Absent(key=key):
            raise TypeError(f"{key} is not a target group")
        case _:
            assert_never(desired)


def health_differs(desired: HealthCheck, observed: HealthCheck | None) -> bool:
    """Whether a member that is set differs; members that are not set do not count (deploy.md D2.22).

    ``observed`` None is no difference: it was not read, or it is that of a TCP group, whose answer may leave a
    disabled check out.
    """
    if observed is None:
        return False
    wanted = ((each.name, getattr(desired, each.name)) for each in fields(HealthCheck))
    return any(value is not None and value != getattr(observed, name) for name, value in wanted)


def _created(desired: TargetGroup, observed: tuple[ObservedGroup, ...], owner: Owner) -> Plan:
    if desired.settings_held:
        return Plan(unit=desired.key, notes=(Note(NoteKind.INFO, "on hold: the group is not created"),))
    create = CreateTargetGroup(
        group=desired.key,
        name=desired.name,
        port=desired.port,
        protocol=desired.key.protocol,
        version=desired.key.version,
        address_type=desired.key.address_type,
        vpc=desired.vpc,
        health=desired.health if desired.explicit_health else None,
        tags=remembering(desired.tags),
    )
    same_name = sorted((group for group in observed if group.name == desired.name), key=lambda group: group.id)
    leaving = tuple(Gone(desired.key, g.id) for g in same_name if g.status is Status.DELETE_IN_PROGRESS)
    group = Step(name="group", operations=(create,), when=leaving)
    active = UnitActive(desired.key, desired.name)
    targets = _register(New(desired.key), _in_order(desired.targets or ()), active, frozenset({"group"}))
    waiting = () if targets else (Step(name="active", needs=frozenset({"group"}), when=(active,)),)
    return Plan(unit=desired.key, steps=(*_failed(same_name, owner), group, *targets, *waiting))


def _failed(groups: Iterable[ObservedGroup], owner: Owner) -> tuple[Step, ...]:
    """A creation that failed does not block the name; what is left of ours goes."""
    failed = [g for g in groups if g.status is Status.CREATE_FAILED and is_ours(g.tags, owner)]
    return tuple(Step(name=f"failed group {g.id}", operations=(DeleteTargetGroup(Known(g.id, g.arn)),)) for g in failed)


def _kept(desired: TargetGroup, group: ObservedGroup) -> Plan:
    active = UnitActive(desired.key, group.id)
    steps = (*_settings(desired, group, active), *_targets(desired, group, active))
    settled = group.status in USABLE or any(active in step.when for step in steps)
    waiting = () if settled else (Step(name="active", when=(active,)),)
    return Plan(unit=desired.key, steps=steps + waiting)


def _settings(desired: TargetGroup, group: ObservedGroup, active: UnitActive) -> tuple[Step, ...]:
    """Tags and health check; tags that were not read stay as they are."""
    if desired.settings_held:
        return ()
    resource = Known(group.id, group.arn)
    retag = () if group.tags is None else tag_change(desired.tags, group.tags).operations(resource)
    differs = not desired.health_held and health_differs(desired.health, group.health)
    update = (UpdateTargetGroup(resource, desired.health),) if differs else ()
    return (*_step("tags", retag), *_step("health check", update, active))


def _step(name: str, operations: tuple[Operation, ...], *when: UnitActive) -> tuple[Step, ...]:
    return (Step(name=name, operations=operations, when=when),) if operations else ()


def _targets(desired: TargetGroup, group: ObservedGroup, active: UnitActive) -> tuple[Step, ...]:
    """The difference of targets only; draining ones no longer count as registered."""
    if desired.targets is None:
        return ()
    if group.targets is None:
        return (Step(name="targets", when=(WasRead(desired.key, Part.TARGETS, group.id),)),)
    serving = {t.target for t in group.targets if t.status is not TargetStatus.DRAINING}
    resource = Known(group.id, group.arn)
    add = _register(resource, _in_order(desired.targets - serving), active, frozenset())
    return add + _deregister(resource, _in_order(serving - desired.targets - desired.spared), active)


def _in_order(targets: Iterable[Target]) -> tuple[Target, ...]:
    return tuple(sorted(targets))


def _chunks(targets: tuple[T, ...]) -> list[tuple[T, ...]]:
    return [targets[i : i + TARGETS_PER_CALL] for i in range(0, len(targets), TARGETS_PER_CALL)]


def _register(group: Ref, targets: tuple[Target, ...], active: UnitActive, needs: frozenset[str]) -> tuple[Step, ...]:
    """A step for each hundred: what is wrong with one does not stop the others."""
    return tuple(
        Step(name=f"targets {i}", operations=(RegisterTargets(group, chunk),), needs=needs, when=(active,))
        for i, chunk in enumerate(_chunks(targets), start=1)
    )


def _deregister(group: Known, targets: tuple[Target, ...], active: UnitActive) -> tuple[Step, ...]:
    return tuple(
        Step(name=f"stale targets {i}", operations=(DeregisterTargets(group, chunk),), when=(active,))
        for i, chunk in enumerate(_chunks(targets), start=1)
    )


def _to_delete(
    absent: Absent, key: GroupKey, observed: tuple[ObservedGroup, ...], owner: Owner, around: Surroundings
) -> tuple[ObservedGroup, ...]:
    """The recorded group, those whose name ends in the hash of the key, and those that the unit would have used.

    Twins go together. What carries another's ManagedBy stays; unread tags are retried by the step itself.
    """
    name = group_name(key, owner)
    meant = [
        group
        for group in observed
        if group.arn == absent.arn
        or has_ending(group, name)
        or (absent.former is not None and fits(group, absent.former, owner, around))
    ]
    ours = (group for group in meant if group.tags is None or is_ours(group.tags, owner))
    return tuple(sorted(ours, key=lambda group: group.id))


def removal(key: GroupKey, group: ObservedGroup) -> tuple[Step, ...]:
    """Unused, then deregistered, then drained, then deleted: a group in use is not touched at all."""
    resource = Known(group.id, group.arn)
    gone = Step(name=f"gone {group.id}", when=(Gone(key, group.id),))
    if group.status is Status.DELETE_IN_PROGRESS:
        return (gone,)
    unread = [
        WasRead(key, part, group.id)
        for part, value in ((Part.TAGS, group.tags), (Part.TARGETS, group.targets))
        if value is None
    ]
    if unread:
        return (Step(name=f"unread {group.id}", when=tuple(unread)),)
    serving = _in_order(t.target for t in group.targets or () if t.status is not TargetStatus.DRAINING)
    settled = (Unused(key, group.id), UnitActive(key, group.id))
    empty = Step(
        name=f"targets {group.id}",
        operations=tuple(DeregisterTargets(resource, chunk) for chunk in _chunks(serving)),
        when=settled if group.status is Status.CREATE_IN_PROGRESS else settled[:1],
    )
    delete = Step(
        name=f"group {group.id}",
        operations=(DeleteTargetGroup(resource),),
        needs=frozenset({empty.name}),
        when=(Unused(key, group.id), Drained(key, group.id)),
    )
    return (empty, delete, Step(name=gone.name, needs=frozenset({delete.name}), when=gone.when))
