"""Steps that take time: creating, changing, deleting, draining (spec/lattice.md §5).

A step is begun with `begin` and ends when the clock says so, in `advance`. A step of 0 seconds ends before the next
call. Steps can be made to fail with `ForcedFailure`.
"""

from dataclasses import replace
from typing import TypeVar, cast

from lattice_emulator.world import model as m
from lattice_emulator.world.context import Context, Moment
from lattice_emulator.world.kinds import kind_of
from lattice_emulator.world.state import Appointment, Due, State, Tombstone
from lattice_emulator.world.target_states import settle_groups_of

M = TypeVar("M", bound=m.Moving)
FAILED = {
    m.Status.CREATING: m.Status.CREATE_FAILED,
    m.Status.UPDATING: m.Status.UPDATE_FAILED,
    m.Status.DELETING: m.Status.DELETE_FAILED,
}


def begin(ctx: Context, resource: M, status: m.Status, seconds: float) -> M:
    """Store ``resource`` in the passing ``status`` for ``seconds``; it ends ACTIVE, or gone from DELETING."""
    moving = replace(resource, status=status, failure=None)
    goal = None if status is m.Status.DELETING else m.Status.ACTIVE
    ctx.state.put(moving)
    ctx.state.pending[moving.id] = Due(ctx.now + seconds, goal)
    ctx.state.agenda.add(Appointment(ctx.now + seconds, moving.id))
    return moving


def advance(moment: Moment) -> None:
    """End every step that is due, in the order of their times."""
    while (due := next_due(moment.state)) is not None and due <= moment.now:
        appointment = moment.state.agenda.first()
        if appointment is None:
            return
        moment.state.agenda.drop_first()
        _keep(moment, appointment)
    _bury(moment)


def next_due(state: State) -> float | None:
    """When the next step ends, in emulated time; None when nothing is under way."""
    while (appointment := state.agenda.first()) is not None:
        if _holds(state, appointment):
            return appointment.at
        state.agenda.drop_first()
    return None


def erase(moment: Moment, identifier: str) -> None:
    """Take a resource away with its tags, policy, subscriptions and, of services and listeners, what is in them."""
    state = moment.state
    resource = state.find(identifier)
    if resource is None:
        return
    _erase_parts(moment, resource)
    kind = kind_of(identifier)
    if kind is not None:
        state.tables()[kind].remove(identifier)
    versions = state.tags.pop(identifier, None)
    for held in (state.auth_policies, state.targets, state.pending, state.shares):
        cast("dict[str, object]", held).pop(identifier, None)
    if state.listing_lag:
        tags = None if versions is None else versions[-1].tags
        state.tombstones.append(Tombstone(moment.now, resource, tags))
    state.touch()


def _erase_parts(moment: Moment, resource: m.Resource) -> None:
    state = moment.state
    match resource:
        case m.Service(id=service_id):
            for listener in list(state.listeners.by("service", service_id)):
                erase(moment, listener.id)
            _erase_logs(moment, service_id)
        case m.Listener(id=listener_id):
            for rule in list(state.rules.by("listener", listener_id)):
                erase(moment, rule.id)
        case m.Rule(action=action):
            # The rule must no longer count as a user of its groups when they are settled.
            state.rules.put(replace(resource, action=m.FixedResponse(404)))
            settle_groups_of(moment, action)
        case m.ServiceNetwork(id=network_id):
            _erase_logs(moment, network_id)
        case _:
            return


def _erase_logs(moment: Moment, source_id: str) -> None:
    for log in list(moment.state.access_logs.by("resource", source_id)):
        erase(moment, log.id)


def _holds(state: State, appointment: Appointment) -> bool:
    if appointment.target is not None:
        target = state.targets.get(appointment.subject, {}).get(appointment.target)
        return target is not None and target.drain_until == appointment.at
    due = state.pending.get(appointment.subject)
    return due is not None and due.at == appointment.at


def _keep(moment: Moment, appointment: Appointment) -> None:
    """Do what was noted for this time; the caller has checked that it still holds."""
    if appointment.target is not None:
        del moment.state.targets[appointment.subject][appointment.target]
        moment.state.touch()
        return
    due = moment.state.pending.pop(appointment.subject)
    resource = cast("m.Moving", moment.state.ever(appointment.subject))
    failure = _forced(moment.state, resource)
    if failure is not None:
        moment.state.put(replace(resource, status=FAILED[resource.status], failure=failure))
    elif due.goal is None:
        erase(moment, resource.id)
    else:
        moment.state.put(replace(resource, status=due.goal))


def _forced(state: State, resource: m.Moving) -> m.Failure | None:
    """The failure ordered for this step, used up; None when it may succeed."""
    wanted = {resource.id, getattr(resource, "name", resource.id)}
    for order in state.forced:
        if order.subject in wanted and order.goal is FAILED[resource.status]:
            state.forced = tuple(other for other in state.forced if other is not order)
            return order.failure
    return None


def _bury(moment: Moment) -> None:
    state = moment.state
    if state.tombstones:
        state.tombstones = [t for t in state.tombstones if t.at + state.listing_lag > moment.now]
