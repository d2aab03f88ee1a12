"""What is observed after an operation was answered: the mirror and the tests share this one function.

Operations come bound (every reference is Known). An operation that does not belong to what is observed is a bug
and raises ``TypeError``.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeAlias, TypeVar

from lattice_gateway.core.lattice.observed import (
    Fixed,
    ForwardTo,
    NetworkView,
    Observed,
    ObservedAction,
    ObservedAssociation,
    ObservedGroup,
    ObservedListener,
    ObservedNetwork,
    ObservedRule,
    ObservedService,
    ObservedTarget,
    ObservedVpcAssociation,
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
from lattice_gateway.core.lattice.outcome import Answer
from lattice_gateway.core.lattice.units import Target
from lattice_gateway.core.lattice.words import Arn, Status, Tags, TargetStatus

T = TypeVar("T")
Tagged: TypeAlias = (
    ObservedService
    | ObservedAssociation
    | ObservedListener
    | ObservedRule
    | ObservedGroup
    | ObservedNetwork
    | ObservedVpcAssociation
)
TaggedT = TypeVar("TaggedT", bound=Tagged)
Retag: TypeAlias = TagResource | UntagResource


def apply(operation: Operation, answer: Answer, observed: Observed) -> Observed:
    """The unit after ``operation`` was answered with ``answer``; ``observed`` is what was known before."""
    match observed:
        case NetworkView():
            return _network(operation, answer, observed)
        case tuple():
            return _group(operation, answer, observed)
        case ObservedService():
            return _service(operation, answer, observed)
        case None if isinstance(operation, CreateService):
            return _created_service(operation, answer)
        case None:
            raise TypeError(f"{operation} changes a service that is not there")


def observed_action(action: SendAction) -> ObservedAction:
    """An action as Lattice shows it after it was sent; raises ``TypeError`` for one that is not bound."""
    if not isinstance(action, SendForward):
        return Fixed(action.status)
    return ForwardTo(tuple((_id(share.group), share.weight) for share in action.shares))


def _id(ref: Ref) -> str:
    return _known(ref).id


def _known(ref: Ref) -> Known:
    if isinstance(ref, Known):
        return ref
    raise TypeError(f"{ref.what} is not bound")


def _named(answer: Answer) -> Known:
    """The id and ARN that a create was answered with."""
    if answer.id is None or answer.arn is None:
        raise TypeError("a create was answered without id or ARN")
    return Known(answer.id, answer.arn)


def _retagged(operation: Retag, thing: TaggedT) -> TaggedT:
    """The thing with its tags changed if it is the resource meant; unread tags stay unread."""
    if thing.arn != operation.resource.arn or thing.tags is None:
        return thing
    match operation:
        case TagResource(tags=tags):
            return replace(thing, tags=tags.over(thing.tags))
        case UntagResource(keys=keys):
            return replace(thing, tags=Tags({key: value for key, value in thing.tags.items() if key not in keys}))


def _changed(things: Iterable[T], which: Callable[[T], bool], change: Callable[[T], T]) -> tuple[T, ...]:
    return tuple(change(thing) if which(thing) else thing for thing in things)


def _network(operation: Operation, answer: Answer, view: NetworkView) -> NetworkView:
    association = view.vpc_association
    match operation:
        case CreateServiceNetwork(network=key, tags=tags):
            new = _named(answer)
            made = ObservedNetwork(id=new.id, arn=new.arn, name=key.name, tags=tags, services=0, vpcs=0)
            return replace(view, candidates=(*view.candidates, made))
        case DeleteServiceNetwork(network=network):
            return replace(view, candidates=tuple(c for c in view.candidates if c.id != network.id))
        case CreateVpcAssociation():
            return _associated_vpc(operation, answer, view)
        case DeleteVpcAssociation():
            moving = association and replace(association, status=answer.status or Status.DELETE_IN_PROGRESS)
            return replace(view, vpc_association=moving)
        case TagResource() | UntagResource():
            candidates = tuple(_retagged(operation, candidate) for candidate in view.candidates)
            return NetworkView(candidates, association and _retagged(operation, association))
        case _:
            raise TypeError(f"{operation} does not change a network")


def _associated_vpc(operation: CreateVpcAssociation, answer: Answer, view: NetworkView) -> NetworkView:
    new, network = _named(answer), _known(operation.network)
    name = next((c.name for c in view.candidates if c.id == network.id), "")
    made = ObservedVpcAssociation(
        id=new.id,
        arn=new.arn,
        network_id=network.id,
        network_arn=network.arn,
        network_name=name,
        vpc=operation.vpc,
        status=answer.status or Status.CREATE_IN_PROGRESS,
        tags=operation.tags,
    )
    candidates = _changed(view.candidates, lambda c: c.id == network.id, lambda c: replace(c, vpcs=c.vpcs + 1))
    return NetworkView(candidates, made)


def _group(operation: Operation, answer: Answer, groups: tuple[ObservedGroup, ...]) -> tuple[ObservedGroup, ...]:
    match operation:
        case CreateTargetGroup():
            return (*groups, _created_group(operation, answer))
        case UpdateTargetGroup(group=group, health=health):
            return _changed(groups, lambda g: g.id == group.id, lambda g: replace(g, health=health))
        case DeleteTargetGroup(group=group):
            moving = answer.status or Status.DELETE_IN_PROGRESS
            return _changed(groups, lambda g: g.id == group.id, lambda g: replace(g, status=moving))
        case RegisterTargets(group=ref, targets=targets):
            added = _accepted(targets, answer)
            return _changed(groups, lambda g: g.id == _id(ref), lambda g: _registered(g, added))
        case DeregisterTargets(group=group, targets=targets):
            # One that is refused is not registered: an earlier call did it, whose answer was lost.
            return _changed(groups, lambda g: g.id == group.id, lambda g: _deregistered(g, targets))
        case TagResource() | UntagResource():
            return tuple(_retagged(operation, group) for group in groups)
        case _:
            raise TypeError(f"{operation} does not change a target group")


def _created_group(operation: CreateTargetGroup, answer: Answer) -> ObservedGroup:
    new = _named(answer)
    return ObservedGroup(
        id=new.id,
        arn=new.arn,
        name=operation.name,
        status=answer.status or Status.CREATE_IN_PROGRESS,
        port=operation.port,
        protocol=operation.protocol,
        version=operation.version,
        address_type=operation.address_type,
        vpc=operation.vpc,
        health=operation.health,
        tags=operation.tags,
        targets=(),
    )


def _accepted(targets: tuple[Target, ...], answer: Answer) -> tuple[Target, ...]:
    refused = {address for address, _ in answer.failed_targets}
    return tuple(target for target in targets if f"{target.address}:{target.port}" not in refused)


def _registered(group: ObservedGroup, added: tuple[Target, ...]) -> ObservedGroup:
    """Targets that serve already keep their health; draining ones start anew."""
    if group.targets is None:
        return group
    serving = {t.target for t in group.targets if t.status is not TargetStatus.DRAINING}
    fresh = [target for target in added if target not in serving]
    status = TargetStatus.INITIAL if group.service_arns else TargetStatus.UNUSED
    kept = tuple(t for t in group.targets if t.target not in fresh)
    return replace(group, targets=(*kept, *(ObservedTarget(target, status) for target in fresh)))


def _deregistered(group: ObservedGroup, dropped: tuple[Target, ...]) -> ObservedGroup:
    """Targets of a group in use drain, those of an unused one are gone at once."""
    if group.targets is None:
        return group
    if not group.service_arns:
        return replace(group, targets=tuple(t for t in group.targets if t.target not in dropped))
    draining = _changed(
        group.targets, lambda t: t.target in dropped, lambda t: ObservedTarget(t.target, TargetStatus.DRAINING)
    )
    return replace(group, targets=draining)


def _created_service(operation: CreateService, answer: Answer) -> ObservedService:
    new = _named(answer)
    return ObservedService(
        id=new.id,
        arn=new.arn,
        name=operation.service.name,
        status=answer.status or Status.CREATE_IN_PROGRESS,
        dns_name=answer.dns_name,
        custom_domain=operation.custom_domain,
        certificate=operation.certificate,
        tags=operation.tags,
        associations=(),
        listeners=(),
    )


def _service(operation: Operation, answer: Answer, service: ObservedService) -> ObservedService:
    match operation:
        case CreateService():
            return _created_service(operation, answer)
        case UpdateService(certificate=certificate):
            return replace(service, certificate=certificate)
        case DeleteService():
            return replace(service, status=answer.status or Status.DELETE_IN_PROGRESS, listeners=())
        case CreateServiceAssociation():
            made = _associated(operation, answer)
            return replace(service, associations=(*(service.associations or ()), made))
        case DeleteServiceAssociation(association=gone):
            moving = answer.status or Status.DELETE_IN_PROGRESS
            left = _changed(service.associations or (), lambda a: a.id == gone.id, lambda a: replace(a, status=moving))
            return replace(service, associations=left)
        case TagResource() | UntagResource():
            return _retagged_service(operation, service)
        case _:
            return replace(service, listeners=_listeners(operation, answer, service.listeners or ()))


def _associated(operation: CreateServiceAssociation, answer: Answer) -> ObservedAssociation:
    new, network = _named(answer), _known(operation.network)
    return ObservedAssociation(
        id=new.id,
        arn=new.arn,
        network_id=network.id,
        network_arn=network.arn,
        network_name=operation.network_key.name,
        status=answer.status or Status.CREATE_IN_PROGRESS,
        tags=operation.tags,
    )


def _retagged_service(operation: Retag, service: ObservedService) -> ObservedService:
    associations, listeners = service.associations, service.listeners
    return replace(
        _retagged(operation, service),
        associations=associations and tuple(_retagged(operation, a) for a in associations),
        listeners=listeners and tuple(_retagged_listener(operation, each) for each in listeners),
    )


def _retagged_listener(operation: Retag, listener: ObservedListener) -> ObservedListener:
    rules = listener.rules and tuple(_retagged(operation, rule) for rule in listener.rules)
    return replace(_retagged(operation, listener), rules=rules)


def _listeners(
    operation: Operation, answer: Answer, listeners: tuple[ObservedListener, ...]
) -> tuple[ObservedListener, ...]:
    match operation:
        case CreateListener():
            return (*listeners, _created_listener(operation, answer))
        case UpdateListener(listener=listener, default_action=action):
            seen = observed_action(action)
            return _changed(listeners, lambda e: e.id == listener.id, lambda e: replace(e, default_action=seen))
        case DeleteListener(listener=listener):
            return tuple(each for each in listeners if each.id != listener.id)
        case CreateRule(listener=ref):
            made = _created_rule(operation, answer)
            return _with_rules(listeners, _id(ref), lambda rules: (*rules, made))
        case UpdateRule(listener=listener, rule=rule):
            return _with_rules(
                listeners,
                listener.id,
                lambda rules: _changed(rules, lambda r: r.id == rule.id, lambda r: _updated_rule(r, operation)),
            )
        case BatchUpdateRule(listener=listener, priorities=priorities):
            numbers = {rule.id: number for rule, number in priorities}
            return _with_rules(
                listeners,
                listener.id,
                lambda rules: tuple(replace(rule, priority=numbers.get(rule.id, rule.priority)) for rule in rules),
            )
        case DeleteRule(listener=listener, rule=rule):
            return _with_rules(listeners, listener.id, lambda rules: tuple(r for r in rules if r.id != rule.id))
        case _:
            raise TypeError(f"{operation} does not change a service")


def _with_rules(
    listeners: tuple[ObservedListener, ...],
    listener: str,
    change: Callable[[tuple[ObservedRule, ...]], tuple[ObservedRule, ...]],
) -> tuple[ObservedListener, ...]:
    """The listeners with the rules of one changed; rules that were not read stay unread."""
    return _changed(
        listeners,
        lambda each: each.id == listener,
        lambda each: each if each.rules is None else replace(each, rules=change(each.rules)),
    )


def _created_listener(operation: CreateListener, answer: Answer) -> ObservedListener:
    new = _named(answer)
    return ObservedListener(
        id=new.id,
        arn=new.arn,
        name=operation.name,
        port=operation.key.port,
        protocol=operation.key.protocol,
        default_action=observed_action(operation.default_action),
        rules=(),
        tags=operation.tags,
    )


def _created_rule(operation: CreateRule, answer: Answer) -> ObservedRule:
    new = _named(answer)
    return ObservedRule(
        id=new.id,
        arn=Arn(new.arn),
        name=operation.name,
        priority=operation.priority,
        match=operation.match,
        action=observed_action(operation.action),
        tags=operation.tags,
    )


def _updated_rule(rule: ObservedRule, update: UpdateRule) -> ObservedRule:
    return replace(
        rule,
        match=rule.match if update.match is None else update.match,
        action=rule.action if update.action is None else observed_action(update.action),
        priority=rule.priority if update.priority is None else update.priority,
    )
