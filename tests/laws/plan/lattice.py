"""A small faithful VPC Lattice in memory: enforces what the planners must respect, answers what they read.

Statuses move only by ``tick``. A refused operation raises ``Refused`` and changes nothing.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeAlias, TypeVar

from lattice_gateway.core.lattice import operations as op
from lattice_gateway.core.lattice.observed import (
    Fixed,
    ForwardTo,
    NetworkView,
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
from lattice_gateway.core.lattice.outcome import Answer
from lattice_gateway.core.lattice.units import Exact, HealthCheck, Match, Target
from lattice_gateway.core.lattice.words import Arn, Status, Tags, TargetStatus, VpcId

HEAD = "arn:aws:vpc-lattice:us-west-2:111122223333"
MOVING = {Status.CREATE_IN_PROGRESS, Status.DELETE_IN_PROGRESS, Status.UPDATE_IN_PROGRESS}


Moving: TypeAlias = ObservedService | ObservedGroup | ObservedAssociation | ObservedVpcAssociation
Tagged: TypeAlias = Moving | ObservedNetwork | ObservedListener | ObservedRule
MovingT = TypeVar("MovingT", bound=Moving)
TaggedT = TypeVar("TaggedT", bound=Tagged)


class Refused(Exception):  # noqa: N818  # an answer of Lattice
    """Lattice refuses the operation."""


@dataclass
class Lattice:
    """The account: networks, VPC associations, groups and services, by id; parts are the observed values themselves."""

    rule_quota: int = 10
    networks: dict[str, ObservedNetwork] = field(default_factory=dict)
    vpcs: dict[str, ObservedVpcAssociation] = field(default_factory=dict)
    groups: dict[str, ObservedGroup] = field(default_factory=dict)
    services: dict[str, ObservedService] = field(default_factory=dict)
    log: list[op.Operation] = field(default_factory=list)
    made: int = 0

    def copy(self) -> "Lattice":
        return Lattice(
            self.rule_quota,
            dict(self.networks),
            dict(self.vpcs),
            dict(self.groups),
            dict(self.services),
            list(self.log),
            self.made,
        )

    # reads

    def network_view(self, name: str, vpc: VpcId) -> NetworkView:
        found = [n for n in self.networks.values() if name in {n.name, n.id}]
        association = next((a for a in self.vpcs.values() if a.vpc == vpc), None)
        return NetworkView(tuple(self._counted(network) for network in found), association)

    def _counted(self, network: ObservedNetwork) -> ObservedNetwork:
        services = sum(a.network_id == network.id for s in self.services.values() for a in s.associations or ())
        return replace(network, services=services, vpcs=sum(a.network_id == network.id for a in self.vpcs.values()))

    def all_groups(self) -> tuple[ObservedGroup, ...]:
        return tuple(replace(g, service_arns=self.users(g.id)) for g in self.groups.values())

    def service(self, name: str) -> ObservedService | None:
        return next((s for s in self.services.values() if s.name == name), None)

    def users(self, group: str) -> frozenset[Arn]:
        return frozenset(s.arn for s in self.services.values() if group in _forwarded(s))

    def answering(self, service: str, port: int, path: str, method: str, **headers: str) -> list[ObservedAction]:
        """Actions of the rules that match a request, the one that answers it first."""
        found = self.service(service)
        listener = next((e for e in (found.listeners or ()) if e.port == port), None) if found else None
        rules = sorted((listener.rules if listener else None) or (), key=lambda r: r.priority)
        return [r.action for r in rules if isinstance(r.match, Match) and matches(r.match, path, method, headers)]

    # time

    def tick(self) -> None:
        """Every transition ends; targets of groups in use become healthy."""
        self.vpcs = {k: _settled(a) for k, a in self.vpcs.items() if a.status is not Status.DELETE_IN_PROGRESS}
        self.services = {
            k: replace(
                _settled(s),
                associations=tuple(
                    _settled(a) for a in s.associations or () if a.status is not Status.DELETE_IN_PROGRESS
                ),
            )
            for k, s in self.services.items()
            if s.status is not Status.DELETE_IN_PROGRESS
        }
        self.groups = {
            k: _healthy(_settled(g), bool(self.users(k)))
            for k, g in self.groups.items()
            if g.status is not Status.DELETE_IN_PROGRESS
        }

    # writes

    def perform(self, operation: op.Operation) -> Answer:
        """Carry out a bound operation; names of the methods are those of the operations."""
        act: Callable[[op.Operation], Answer | None] = getattr(self, snake(type(operation).__name__))
        answer = act(operation) or Answer()
        self.log.append(operation)
        return answer

    def new(self, kind: str, tail: str) -> tuple[str, Arn]:
        self.made += 1
        identity = f"{kind}-{self.made:017x}"
        return identity, Arn(f"{HEAD}:{tail}/{identity}")

    def _create_service_network(self, o: op.CreateServiceNetwork) -> Answer:
        refuse(any(n.name == o.network.name for n in self.networks.values()), "network name taken")
        identity, arn = self.new("sn", "servicenetwork")
        self.networks[identity] = ObservedNetwork(
            id=identity, arn=arn, name=o.network.name, tags=o.tags, services=0, vpcs=0
        )
        return Answer(id=identity, arn=arn)

    def _delete_service_network(self, o: op.DeleteServiceNetwork) -> None:
        network = self._counted(self.networks[o.network.id])
        refuse(network.services or network.vpcs, "network has associations")
        del self.networks[o.network.id]

    def _create_vpc_association(self, o: op.CreateVpcAssociation) -> Answer:
        refuse(any(a.vpc == o.vpc for a in self.vpcs.values()), "VPC already associated")
        network = self.networks[known(o.network)]
        identity, arn = self.new("snva", "servicenetworkvpcassociation")
        self.vpcs[identity] = ObservedVpcAssociation(
            id=identity,
            arn=arn,
            network_id=network.id,
            network_arn=network.arn,
            network_name=network.name,
            vpc=o.vpc,
            status=Status.CREATE_IN_PROGRESS,
            tags=o.tags,
        )
        return Answer(id=identity, arn=arn, status=Status.CREATE_IN_PROGRESS)

    def _delete_vpc_association(self, o: op.DeleteVpcAssociation) -> Answer:
        association = self.vpcs[o.association.id]
        refuse(association.status in {Status.CREATE_IN_PROGRESS, Status.UPDATE_IN_PROGRESS}, "still moving")
        self.vpcs[association.id] = replace(association, status=Status.DELETE_IN_PROGRESS)
        return Answer(status=Status.DELETE_IN_PROGRESS)

    def _create_target_group(self, o: op.CreateTargetGroup) -> Answer:
        taken = [g for g in self.groups.values() if g.name == o.name and g.status is not Status.CREATE_FAILED]
        refuse(taken, "group name taken")
        identity, arn = self.new("tg", "targetgroup")
        self.groups[identity] = ObservedGroup(
            id=identity,
            arn=arn,
            name=o.name,
            status=Status.CREATE_IN_PROGRESS,
            port=o.port,
            protocol=o.protocol,
            version=o.version,
            address_type=o.address_type,
            vpc=o.vpc,
            health=o.health or HealthCheck(enabled=True, path="/"),
            tags=o.tags,
            targets=(),
        )
        return Answer(id=identity, arn=arn, status=Status.CREATE_IN_PROGRESS)

    def _update_target_group(self, o: op.UpdateTargetGroup) -> None:
        group = self._active_group(o.group.id)
        self.groups[group.id] = replace(group, health=o.health)

    def _delete_target_group(self, o: op.DeleteTargetGroup) -> Answer:
        group = self.groups[o.group.id]
        refuse(group.status is Status.CREATE_IN_PROGRESS, "still creating")
        refuse(self.users(group.id), "group in use")
        refuse(group.targets, "group has targets")
        self.groups[group.id] = replace(group, status=Status.DELETE_IN_PROGRESS)
        return Answer(status=Status.DELETE_IN_PROGRESS)

    def _active_group(self, identity: str) -> ObservedGroup:
        group = self.groups[identity]
        refuse(group.status is not Status.ACTIVE, f"group is {group.status}")
        return group

    def _register_targets(self, o: op.RegisterTargets) -> None:
        group = self._active_group(known(o.group))
        serving = {t.target for t in group.targets or () if t.status is not TargetStatus.DRAINING}
        fresh = [target for target in o.targets if target not in serving]
        status = TargetStatus.INITIAL if self.users(group.id) else TargetStatus.UNUSED
        left = [t for t in group.targets or () if t.target not in fresh]
        self.groups[group.id] = replace(group, targets=(*left, *(ObservedTarget(t, status) for t in fresh)))

    def _deregister_targets(self, o: op.DeregisterTargets) -> None:
        group = self._active_group(o.group.id)
        used = bool(self.users(group.id))
        self.groups[group.id] = replace(group, targets=tuple(_drained(group.targets or (), o.targets, used)))

    def _create_service(self, o: op.CreateService) -> Answer:
        refuse(self.service(o.service.name), "service name taken")
        identity, arn = self.new("svc", "service")
        self.services[identity] = ObservedService(
            id=identity,
            arn=arn,
            name=o.service.name,
            status=Status.CREATE_IN_PROGRESS,
            dns_name=f"{o.service.name}.on.aws",
            custom_domain=o.custom_domain,
            certificate=o.certificate,
            tags=o.tags,
            associations=(),
            listeners=(),
        )
        return Answer(id=identity, arn=arn, status=Status.CREATE_IN_PROGRESS, dns_name=f"{o.service.name}.on.aws")

    def _ready(self, identity: str) -> ObservedService:
        service = self.services[identity]
        refuse(service.status is not Status.ACTIVE, f"service is {service.status}")
        return service

    def _update_service(self, o: op.UpdateService) -> None:
        service = self._ready(o.service.id)
        self.services[service.id] = replace(service, certificate=o.certificate)

    def _delete_service(self, o: op.DeleteService) -> Answer:
        service = self.services[o.service.id]
        refuse(service.status is Status.CREATE_IN_PROGRESS, "still creating")
        refuse(service.associations, "service has associations")
        self.services[service.id] = replace(service, status=Status.DELETE_IN_PROGRESS, listeners=())
        return Answer(status=Status.DELETE_IN_PROGRESS)

    def _create_service_association(self, o: op.CreateServiceAssociation) -> Answer:
        service, network = self._ready(known(o.service)), self.networks[known(o.network)]
        refuse(any(a.network_id == network.id for a in service.associations or ()), "already associated")
        identity, arn = self.new("snsa", "servicenetworkserviceassociation")
        made = ObservedAssociation(
            id=identity,
            arn=arn,
            network_id=network.id,
            network_arn=network.arn,
            network_name=network.name,
            status=Status.CREATE_IN_PROGRESS,
            tags=o.tags,
        )
        self.services[service.id] = replace(service, associations=(*(service.associations or ()), made))
        return Answer(id=identity, arn=arn, status=Status.CREATE_IN_PROGRESS)

    def _delete_service_association(self, o: op.DeleteServiceAssociation) -> Answer:
        service = self.services[o.service.id]
        found = next(a for a in service.associations or () if a.id == o.association.id)
        refuse(found.status is Status.CREATE_IN_PROGRESS, "still creating")
        left = tuple(
            replace(a, status=Status.DELETE_IN_PROGRESS) if a is found else a for a in service.associations or ()
        )
        self.services[service.id] = replace(service, associations=left)
        return Answer(status=Status.DELETE_IN_PROGRESS)

    def _create_listener(self, o: op.CreateListener) -> Answer:
        service = self._ready(known(o.service))
        refuse(any(e.port == o.key.port for e in service.listeners or ()), "port taken")
        refuse(any(e.name == o.name for e in service.listeners or ()), "listener name taken")
        identity, arn = self.new("listener", f"service/{service.id}/listener")
        made = ObservedListener(
            id=identity,
            arn=arn,
            name=o.name,
            port=o.key.port,
            protocol=o.key.protocol,
            default_action=self._taken(o.default_action, service),
            rules=(),
            tags=o.tags,
        )
        self.services[service.id] = replace(service, listeners=(*(service.listeners or ()), made))
        return Answer(id=identity, arn=arn)

    def _update_listener(self, o: op.UpdateListener) -> None:
        service = self._ready(o.service.id)
        self._put_listener(
            service,
            replace(self._listener(service, o.listener.id), default_action=self._taken(o.default_action, service)),
        )

    def _delete_listener(self, o: op.DeleteListener) -> None:
        service = self._ready(o.service.id)
        gone = self._listener(service, o.listener.id)
        self.services[service.id] = replace(
            service, listeners=tuple(e for e in service.listeners or () if e is not gone)
        )

    def _listener(self, service: ObservedService, identity: str) -> ObservedListener:
        return next(e for e in service.listeners or () if e.id == identity)

    def _put_listener(self, service: ObservedService, listener: ObservedListener) -> None:
        refuse(len({r.priority for r in listener.rules or ()}) != len(listener.rules or ()), "priority taken")
        refuse(len({r.name for r in listener.rules or ()}) != len(listener.rules or ()), "rule name taken")
        refuse(len(listener.rules or ()) > self.rule_quota, "quota of rules")
        listeners = tuple(listener if e.id == listener.id else e for e in service.listeners or ())
        self.services[service.id] = replace(service, listeners=listeners)

    def _taken(self, action: op.SendAction, service: ObservedService) -> ObservedAction:
        """The action as it is stored; a group serves one service."""
        if not isinstance(action, op.SendForward):
            return Fixed(action.status)
        for share in action.shares:
            self._active_group(known(share.group))
            refuse(self.users(known(share.group)) - {service.arn}, "group serves another service")
        refuse(len(action.shares) > 10, "too many groups")
        return ForwardTo(tuple((known(share.group), share.weight) for share in action.shares))

    def _create_rule(self, o: op.CreateRule) -> Answer:
        service = self._ready(known(o.service))
        listener = self._listener(service, known(o.listener))
        identity, arn = self.new("rule", f"service/{service.id}/listener/{listener.id}/rule")
        made = ObservedRule(
            id=identity,
            arn=arn,
            name=o.name,
            priority=o.priority,
            match=o.match,
            action=self._taken(o.action, service),
            tags=o.tags,
        )
        self._put_listener(service, replace(listener, rules=(*(listener.rules or ()), made)))
        return Answer(id=identity, arn=arn)

    def _change_rules(
        self,
        place: op.UpdateRule | op.BatchUpdateRule | op.DeleteRule,
        change: Callable[[ObservedRule], ObservedRule | None],
    ) -> None:
        service = self._ready(place.service.id)
        listener = self._listener(service, place.listener.id)
        rules = tuple(new for rule in listener.rules or () if (new := change(rule)) is not None)
        self._put_listener(service, replace(listener, rules=rules))

    def _update_rule(self, o: op.UpdateRule) -> None:
        service = self._ready(o.service.id)
        self._change_rules(
            o,
            lambda rule: (
                rule
                if rule.id != o.rule.id
                else replace(
                    rule,
                    match=o.match or rule.match,
                    action=rule.action if o.action is None else self._taken(o.action, service),
                    priority=o.priority or rule.priority,
                )
            ),
        )

    def _batch_update_rule(self, o: op.BatchUpdateRule) -> None:
        numbers = {rule.id: number for rule, number in o.priorities}
        self._change_rules(o, lambda rule: replace(rule, priority=numbers.get(rule.id, rule.priority)))

    def _delete_rule(self, o: op.DeleteRule) -> None:
        self._change_rules(o, lambda rule: None if rule.id == o.rule.id else rule)

    def _tag_resource(self, o: op.TagResource) -> None:
        self._retag(o.resource.arn, o.tags.over)

    def _untag_resource(self, o: op.UntagResource) -> None:
        self._retag(o.resource.arn, lambda tags: Tags({k: v for k, v in tags.items() if k not in o.keys}))

    def _retag(self, arn: Arn, change: Callable[[Tags], Tags]) -> None:
        def tagged(thing: TaggedT) -> TaggedT:
            return replace(thing, tags=change(thing.tags or Tags())) if thing.arn == arn else thing

        self.networks = {k: tagged(v) for k, v in self.networks.items()}
        self.vpcs = {k: tagged(v) for k, v in self.vpcs.items()}
        self.groups = {k: tagged(v) for k, v in self.groups.items()}
        self.services = {
            k: replace(
                tagged(s),
                associations=tuple(tagged(a) for a in s.associations or ()),
                listeners=tuple(
                    replace(tagged(e), rules=tuple(tagged(r) for r in e.rules or ())) for e in s.listeners or ()
                ),
            )
            for k, s in self.services.items()
        }


def snake(name: str) -> str:
    """``CreateRule`` -> ``_create_rule``."""
    return re.sub(r"(?=[A-Z])", "_", name).lower()


def refuse(when: object, why: str) -> None:
    if when:
        raise Refused(why)


def known(ref: op.Ref) -> str:
    assert isinstance(ref, op.Known), f"{ref} is not bound"
    return ref.id


def matches(match: Match, path: str, method: str, headers: dict[str, str]) -> bool:
    """Whether a request fulfils a match."""
    fits = path == match.path.path if isinstance(match.path, Exact) else path.startswith(match.path.path)
    return (
        fits
        and match.method in {None, method}
        and all(headers.get(h.name.lower(), "").lower() == h.value.lower() for h in match.headers)
    )


def _forwarded(service: ObservedService) -> set[str]:
    listeners = service.listeners or ()
    actions = [a for e in listeners for a in (e.default_action, *(r.action for r in e.rules or ()))]
    return {identity for action in actions if isinstance(action, ForwardTo) for identity, _ in action.shares}


def _settled(thing: MovingT) -> MovingT:
    return replace(thing, status=Status.ACTIVE) if thing.status in MOVING else thing


def _healthy(group: ObservedGroup, used: bool) -> ObservedGroup:
    status = TargetStatus.HEALTHY if used else TargetStatus.UNUSED
    left = [t for t in group.targets or () if t.status is not TargetStatus.DRAINING]
    return replace(group, targets=tuple(ObservedTarget(t.target, status) for t in left))


def _drained(targets: tuple[ObservedTarget, ...], gone: tuple[Target, ...], used: bool) -> list[ObservedTarget]:
    if not used:
        return [t for t in targets if t.target not in gone]
    return [ObservedTarget(t.target, TargetStatus.DRAINING) if t.target in gone else t for t in targets]
