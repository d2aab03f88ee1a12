"""An operation as one line for people: what happens to what, with values before and after."""

from collections.abc import Iterable
from typing import TypeAlias, assert_never

from lattice_gateway.core.lattice.keys import GroupKey, NetworkKey, ServiceKey
from lattice_gateway.core.lattice.observed import (
    ForwardTo,
    Observed,
    ObservedAction,
    ObservedGroup,
    ObservedListener,
    ObservedRule,
    ObservedService,
    Unmodelled,
)
from lattice_gateway.core.lattice.operations import (
    BatchUpdateRule,
    CreateListener,
    CreateRule,
    CreateService,
    CreateServiceAssociation,
    CreateServiceNetwork,
    CreateTargetGroup,
    CreateVpcAssociation,
    DeleteListener,
    DeleteRule,
    DeleteService,
    DeleteServiceAssociation,
    DeleteServiceNetwork,
    DeleteTargetGroup,
    DeleteVpcAssociation,
    DeregisterTargets,
    Known,
    ListenerKey,
    New,
    Operation,
    Ref,
    RegisterTargets,
    SendAction,
    SendForward,
    TagResource,
    UntagResource,
    UpdateListener,
    UpdateRule,
    UpdateService,
    UpdateTargetGroup,
)
from lattice_gateway.core.lattice.units import Exact, FixedResponse, HealthCheck, Match, Target

SHOWN = 5
"""Targets named in a line; the rest is counted."""

Part: TypeAlias = (
    CreateListener | UpdateListener | DeleteListener | CreateRule | UpdateRule | BatchUpdateRule | DeleteRule
)


def describe_operation(operation: Operation, observed: Observed = None) -> str:
    """One line; ``observed`` is the unit as it is before, for the values that change."""
    match operation:
        case TagResource(resource=resource, tags=tags):
            pairs = ", ".join(f"{key}={value}" for key, value in tags.items())
            return f"tag {resource.id}: {pairs}"
        case UntagResource(resource=resource, keys=keys):
            return f"untag {resource.id}: {', '.join(sorted(keys))}"
        case CreateServiceNetwork() | DeleteServiceNetwork() | CreateVpcAssociation() | DeleteVpcAssociation():
            return _network(operation)
        case CreateTargetGroup() | UpdateTargetGroup() | DeleteTargetGroup() | RegisterTargets() | DeregisterTargets():
            return _group(operation, observed if isinstance(observed, tuple) else ())
        case CreateService() | UpdateService() | DeleteService() | CreateServiceAssociation():
            return _service(operation, observed if isinstance(observed, ObservedService) else None)
        case DeleteServiceAssociation(association=association):
            return f"delete association {_network_of(association, observed)} ({association.id})"
        case _:
            return _part(operation, observed if isinstance(observed, ObservedService) else None)


def describe_match(match: Match | Unmodelled) -> str:
    """A match in words: ``GET prefix /a, header x=1``."""
    if isinstance(match, Unmodelled):
        return f"match {match.raw}"
    path = f"{'exact' if isinstance(match.path, Exact) else 'prefix'} {match.path.path}"
    method = f"{match.method} " if match.method else ""
    return method + ", ".join([path, *(f"header {header.name}={header.value}" for header in match.headers)])


def describe_action(action: SendAction | ObservedAction) -> str:
    """An action in words: ``forward parking:80 90, tg-0 10``."""
    match action:
        case SendForward(shares=shares):
            return "forward " + ", ".join(f"{_name(share.group)} {share.weight}" for share in shares)
        case ForwardTo(shares=seen):
            return "forward " + ", ".join(f"{identity} {weight}" for identity, weight in seen)
        case FixedResponse(status=status):
            return f"answer {status}"
        case fixed:
            return f"answer {fixed.status}"


def _name(ref: Ref) -> str:
    return ref.id if isinstance(ref, Known) else f"{_handle(ref)} (known after create)"


def _handle(new: New) -> str:
    match new.what:
        case GroupKey(name=name, port=port):
            return f"{name}:{port}"
        case ListenerKey(port=port):
            return f"listener {port}"
        case NetworkKey(name=name) | ServiceKey(name=name):
            return name
        case _:
            assert_never(new.what)


def _network_of(association: Known, observed: Observed) -> str:
    if not isinstance(observed, ObservedService):
        return "of a service"
    names = {each.id: each.network_name for each in observed.associations or ()}
    return f"with network {names.get(association.id, '?')}"


def _network(
    operation: CreateServiceNetwork | DeleteServiceNetwork | CreateVpcAssociation | DeleteVpcAssociation,
) -> str:
    match operation:
        case CreateServiceNetwork(network=key):
            return f"create service network {key.name}"
        case DeleteServiceNetwork(network=network):
            return f"delete service network {network.id}"
        case CreateVpcAssociation(network=network, vpc=vpc):
            return f"associate {vpc} with network {_name(network)}"
        case DeleteVpcAssociation(association=association):
            return f"delete VPC association {association.id}"


def _group(
    operation: CreateTargetGroup | UpdateTargetGroup | DeleteTargetGroup | RegisterTargets | DeregisterTargets,
    groups: tuple[ObservedGroup, ...],
) -> str:
    match operation:
        case CreateTargetGroup(name=name, protocol=protocol, version=version):
            return f"create target group {name} ({protocol}{f' {version}' if version else ''})"
        case UpdateTargetGroup(group=group, health=health):
            before = next((each.health for each in groups if each.id == group.id), None)
            return f"change health check of {_group_name(group, groups)}: {_health_change(before, health)}"
        case DeleteTargetGroup(group=group):
            return f"delete target group {_group_name(group, groups)}"
        case RegisterTargets(group=ref, targets=targets):
            where = _group_name(ref, groups) if isinstance(ref, Known) else _name(ref)
            return f"register {_count(targets)} in {where}: {_targets(targets)}"
        case DeregisterTargets(group=group, targets=targets):
            return f"deregister {_count(targets)} from {_group_name(group, groups)}: {_targets(targets)}"


def _group_name(group: Known, groups: Iterable[ObservedGroup]) -> str:
    return next((f"{each.name} ({each.id})" for each in groups if each.id == group.id), group.id)


def _count(targets: tuple[Target, ...]) -> str:
    return "1 target" if len(targets) == 1 else f"{len(targets)} targets"


def _targets(targets: tuple[Target, ...]) -> str:
    shown = ", ".join(f"{target.address}:{target.port}" for target in targets[:SHOWN])
    return shown + (f" and {len(targets) - SHOWN} more" if len(targets) > SHOWN else "")


def _health_change(before: HealthCheck | None, after: HealthCheck) -> str:
    changes = []
    for name in HealthCheck.__dataclass_fields__:
        value, old = getattr(after, name), getattr(before, name) if before else None
        if value is not None and value != old:
            changes.append(f"{name.replace('_', ' ')} {_change(old, value)}")
    return ", ".join(changes) or "sent again"


def _change(before: object, after: object) -> str:
    return f"{after}" if before is None else f"{before} -> {after}"


def _service(
    operation: CreateService | UpdateService | DeleteService | CreateServiceAssociation,
    service: ObservedService | None,
) -> str:
    match operation:
        case CreateService(service=key, custom_domain=domain):
            return f"create service {key.name}" + (f" with domain {domain}" if domain else "")
        case UpdateService(certificate=certificate):
            return f"change certificate: {_change(service.certificate if service else None, certificate)}"
        case DeleteService(service=known):
            return f"delete service {service.name if service else known.id} with its listeners and rules"
        case CreateServiceAssociation(network_key=key):
            return f"associate service with network {key.name}"


def _part(operation: Part, service: ObservedService | None) -> str:
    match operation:
        case CreateListener(key=key, default_action=action):
            return f"create listener {key.port} ({key.protocol}), default {describe_action(action)}"
        case UpdateListener(listener=listener, default_action=action):
            found = _listener(listener, service)
            before = describe_action(found.default_action) if found and found.default_action else None
            return f"change default action of {_place(listener, service)}: {_change(before, describe_action(action))}"
        case DeleteListener(listener=listener):
            return f"delete {_place(listener, service)} with its rules"
        case CreateRule(listener=ref, priority=priority, match=match, action=action):
            place = _place(ref, service) if isinstance(ref, Known) else _name(ref)
            return f"create rule {priority} of {place}: {describe_match(match)} -> {describe_action(action)}"
        case UpdateRule():
            return _rule_change(operation, _rule(operation.rule, service))
        case BatchUpdateRule(priorities=priorities):
            moves = ", ".join(f"{_rule_name(rule, service)} {number}" for rule, number in priorities)
            return f"change priorities: {moves}"
        case DeleteRule(rule=rule):
            found_rule = _rule(rule, service)
            what = f" {found_rule.priority}: {describe_match(found_rule.match)}" if found_rule else f" {rule.id}"
            return f"delete rule{what}"


def _rules(service: ObservedService | None) -> Iterable[ObservedRule]:
    return [rule for listener in (service.listeners or () if service else ()) for rule in listener.rules or ()]


def _rule(known: Known, service: ObservedService | None) -> ObservedRule | None:
    return next((rule for rule in _rules(service) if rule.id == known.id), None)


def _rule_name(known: Known, service: ObservedService | None) -> str:
    rule = _rule(known, service)
    return f"{describe_match(rule.match)} {rule.priority} ->" if rule else known.id


def _listener(known: Known, service: ObservedService | None) -> ObservedListener | None:
    return next((each for each in (service.listeners or () if service else ()) if each.id == known.id), None)


def _place(known: Known, service: ObservedService | None) -> str:
    found = _listener(known, service)
    return f"listener {found.port} ({found.protocol})" if found else f"listener {known.id}"


def _rule_change(operation: UpdateRule, before: ObservedRule | None) -> str:
    changes = []
    if operation.match is not None:
        changes.append(f"match {_change(before and describe_match(before.match), describe_match(operation.match))}")
    if operation.action is not None:
        changes.append(_change(before and describe_action(before.action), describe_action(operation.action)))
    if operation.priority is not None:
        changes.append(f"priority {_change(before and before.priority, operation.priority)}")
    what = f" {before.priority} ({describe_match(before.match)})" if before else f" {operation.rule.id}"
    return f"change rule{what}: {', '.join(changes)}"
