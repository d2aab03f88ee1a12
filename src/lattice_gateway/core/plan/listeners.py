"""The listeners of a service, found by port and protocol, with their rules.

The default action of an HTTP or HTTPS listener is given at creation only (a claimed one keeps its own, deploy.md §11
row 15); that of a TLS passthrough is its traffic and is compared.

A port that changes its protocol is deleted first: Lattice has one listener for a port. Otherwise a new listener is
made before the old one goes; at the quota of listeners the creation fails, the deletion goes on regardless (they are
steps that do not need each other), and the next plan creates it.
"""

from collections.abc import Iterator
from dataclasses import replace

from lattice_gateway.core.lattice.observed import ObservedListener
from lattice_gateway.core.lattice.operations import (
    CreateListener,
    DeleteListener,
    Known,
    ListenerKey,
    New,
    Ref,
    UpdateListener,
)
from lattice_gateway.core.lattice.units import Child, Listener
from lattice_gateway.core.lattice.words import ListenerProtocol
from lattice_gateway.core.plan.associations import Bond
from lattice_gateway.core.plan.forwards import differs, groups_active, send, sending
from lattice_gateway.core.plan.ownership import remembering
from lattice_gateway.core.plan.plan import Note, NoteKind, Part, Step, WasRead
from lattice_gateway.core.plan.rules import Piece, Site, plan_rules, tags_step


def plan_listeners(bond: Bond, there: tuple[ObservedListener, ...] | None) -> Piece:
    """Steps for all listeners of the service; ``there`` None: not read."""
    desired = bond.desired
    if there is None:
        return Piece((Step(name="listeners", when=(WasRead(desired.key, Part.LISTENERS),)),))
    wanted = [listener for listener in desired.listeners if listener.port not in desired.held_listeners]
    piece = Piece()
    for listener in sorted(wanted, key=lambda each: each.port):
        piece += _wanted(bond, listener, there)
    return piece + _unwanted(bond, there)


def _site(bond: Bond, listener: Ref, port: int, needs: frozenset[str]) -> Site:
    return Site(
        key=bond.desired.key,
        service=bond.service,
        listener=listener,
        label=_label(port),
        child_tags=bond.desired.child_tags,
        around=bond.around,
        needs=needs,
        ready=bond.ready,
        stale_stay=Child.RULE in bond.desired.others_stay,
    )


def _wanted(bond: Bond, listener: Listener, there: tuple[ObservedListener, ...]) -> Piece:
    on_port = next((each for each in there if each.port == listener.port), None)
    if on_port is None:
        return _created(bond, listener)
    if on_port.protocol is not listener.protocol:
        removal = _deleted(bond, on_port)
        text = (
            f"listener {listener.port} changes from {on_port.protocol} to {listener.protocol}: the old one is deleted "
            "before the new one is made, requests fail in between"
        )
        created = _created(replace(bond, needs=bond.needs | {removal.name}), listener)
        return Piece((removal,), (), (Note(NoteKind.INTERRUPTS, text),)) + created
    return _kept(bond, listener, on_port)


def _label(port: int) -> str:
    return f"listener {port}"


def _created(bond: Bond, listener: Listener) -> Piece:
    action = send(listener.default_action, bond.around)
    key = ListenerKey(bond.desired.key, listener.port, listener.protocol)
    operation = CreateListener(
        service=bond.service,
        key=key,
        name=listener.name,
        default_action=action,
        tags=remembering(bond.desired.child_tags),
    )
    when = (*bond.ready, *groups_active(action, bond.around))
    step = Step(name=_label(listener.port), operations=(operation,), needs=bond.needs, when=when)
    site = _site(bond, New(key), listener.port, bond.needs | {step.name})
    return Piece((step,)) + plan_rules(site, listener.rules, ())


def _kept(bond: Bond, listener: Listener, there: ObservedListener) -> Piece:
    site = _site(bond, Known(there.id, there.arn), listener.port, bond.needs)
    piece = _default_action(site, listener, there)
    piece += Piece(tags_step(f"{site.label} tags", there, site.child_tags))
    if there.rules is None:
        return piece + Piece((Step(name=f"{site.label} rules", when=(WasRead(site.key, Part.RULES),)),))
    return piece + plan_rules(site, listener.rules, there.rules)


def _default_action(site: Site, listener: Listener, there: ObservedListener) -> Piece:
    """Of a TLS passthrough only; one that was not read stays as it is."""
    live = there.default_action
    if listener.protocol is not ListenerProtocol.TLS_PASSTHROUGH or live is None:
        return Piece()
    found = sending(listener.default_action, live, site.around, there.arn)
    if not differs(found.action, live) or not isinstance(site.service, Known):
        return Piece((), found.joins)
    operation = UpdateListener(service=site.service, listener=Known(there.id, there.arn), default_action=found.action)
    when = (*site.ready, *groups_active(found.action, site.around))
    return Piece((Step(name=site.label, operations=(operation,), needs=site.needs, when=when),), found.joins)


def _deleted(bond: Bond, there: ObservedListener) -> Step:
    if not isinstance(bond.service, Known):
        raise TypeError(f"{there.id} is a listener of a service that does not exist")
    operation = DeleteListener(bond.service, Known(there.id, there.arn))
    return Step(name=f"stale listener {there.port}", operations=(operation,), when=bond.ready)


def _unwanted(bond: Bond, there: tuple[ObservedListener, ...]) -> Piece:
    if Child.LISTENER in bond.desired.others_stay:
        return Piece()
    ports = {listener.port for listener in bond.desired.listeners} | bond.desired.held_listeners
    stale = sorted((each for each in there if each.port not in ports), key=lambda each: each.port)
    return Piece(tuple(_deleted(bond, each) for each in stale), (), tuple(_losses(stale)))


def _losses(stale: list[ObservedListener]) -> Iterator[Note]:
    for each in stale:
        rules = "" if each.rules is None else f" with {len(each.rules)} rules"
        yield Note(NoteKind.DESTRUCTIVE, f"listener {each.port} ({each.protocol}){rules} is deleted")
