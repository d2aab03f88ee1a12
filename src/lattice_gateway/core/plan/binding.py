"""Operations made ready to send: handles of things that were planned become the ids they got."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from lattice_gateway.core.lattice.keys import GroupKey, NetworkKey
from lattice_gateway.core.lattice.operations import (
    CreateListener,
    CreateRule,
    CreateServiceAssociation,
    CreateVpcAssociation,
    Known,
    New,
    Operation,
    Ref,
    RegisterTargets,
    SendAction,
    SendForward,
    SendTo,
    UpdateListener,
    UpdateRule,
)
from lattice_gateway.core.lattice.outcome import Waiting


def bind(operation: Operation, resolve: Callable[[New], Known | None]) -> Operation | Waiting:
    """The operation with every ``New`` replaced by what ``resolve`` knows; Waiting names the first it does not."""
    handles = [ref for ref in references(operation) if isinstance(ref, New)]
    bound: dict[New, Known] = {}
    for handle in handles:
        known = resolve(handle)
        if known is None:
            on = (handle.what,) if isinstance(handle.what, GroupKey | NetworkKey) else ()
            return Waiting(f"{handle.what} does not exist yet", on)
        bound[handle] = known
    return _substitute(operation, bound) if bound else operation


def references(operation: Operation) -> tuple[Ref, ...]:
    """Everything that may not exist yet which the operation names."""
    match operation:
        case CreateVpcAssociation(network=network):
            return (network,)
        case RegisterTargets(group=group):
            return (group,)
        case CreateServiceAssociation(service=service, network=network):
            return (service, network)
        case CreateListener(service=service, default_action=action):
            return (service, *_groups(action))
        case CreateRule(service=service, listener=listener, action=action):
            return (service, listener, *_groups(action))
        case UpdateListener(default_action=action):
            return _groups(action)
        case UpdateRule(action=action) if action is not None:
            return _groups(action)
        case _:
            return ()


def _groups(action: SendAction) -> tuple[Ref, ...]:
    return tuple(share.group for share in action.shares) if isinstance(action, SendForward) else ()


def _substitute(operation: Operation, bound: Mapping[New, Known]) -> Operation:
    def known(ref: Ref) -> Known:
        return ref if isinstance(ref, Known) else bound[ref]

    match operation:
        case CreateVpcAssociation(network=network):
            return replace(operation, network=known(network))
        case RegisterTargets(group=group):
            return replace(operation, group=known(group))
        case CreateServiceAssociation(service=service, network=network):
            return replace(operation, service=known(service), network=known(network))
        case CreateListener(service=service, default_action=action):
            return replace(operation, service=known(service), default_action=_send(action, bound))
        case CreateRule(service=service, listener=listener, action=action):
            return replace(operation, service=known(service), listener=known(listener), action=_send(action, bound))
        case UpdateListener(default_action=action):
            return replace(operation, default_action=_send(action, bound))
        case UpdateRule(action=action) if action is not None:
            return replace(operation, action=_send(action, bound))
        case _:
            return operation


def _send(action: SendAction, bound: Mapping[New, Known]) -> SendAction:
    if not isinstance(action, SendForward):
        return action
    return SendForward(
        tuple(SendTo(s.group if isinstance(s.group, Known) else bound[s.group], s.weight) for s in action.shares)
    )
