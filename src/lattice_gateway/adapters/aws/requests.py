"""Operations as requests, and their answers.

Lattice: lattice.md §2 (members), deploy.md §11 (the exact forms that the Go controller writes).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from lattice_gateway.core.lattice import operations as ops
from lattice_gateway.core.lattice.outcome import Answer
from lattice_gateway.core.lattice.units import Exact, FixedResponse, HeaderMatch, HealthCheck, Match, Target
from lattice_gateway.core.lattice.words import Arn, Status, Tags

LATTICE = "vpc-lattice"
TAGGING = "resourcegroupstaggingapi"
STS = "sts"


@dataclass(frozen=True, slots=True)
class Request:
    """One call: botocore's names of service and operation, and the members."""

    service: str
    operation: str
    members: Mapping[str, Any]


def request(operation: ops.Operation, token: str) -> Request:
    """The call that performs ``operation``; raises ``ValueError`` where a reference is not bound."""
    match operation:
        case ops.CreateServiceNetwork() | ops.CreateVpcAssociation() | ops.CreateServiceAssociation():
            name, members = _create_network_part(operation)
        case ops.CreateTargetGroup() | ops.CreateService() | ops.CreateListener() | ops.CreateRule():
            name, members = _create(operation)
        case (
            ops.DeleteServiceNetwork()
            | ops.DeleteVpcAssociation()
            | ops.DeleteTargetGroup()
            | ops.DeleteService()
            | ops.DeleteServiceAssociation()
            | ops.DeleteListener()
            | ops.DeleteRule()
        ):
            return Request(LATTICE, *_delete(operation))
        case _:
            return Request(LATTICE, *_change(operation))
    return Request(LATTICE, name, {**members, "clientToken": token})


def answer(response: Mapping[str, Any]) -> Answer:
    """What the service answered, reduced to what the mirror needs."""
    failed = response.get("unsuccessful") or ()
    return Answer(
        id=response.get("id"),
        arn=Arn(response["arn"]) if response.get("arn") else None,
        status=Status(response["status"]) if response.get("status") else None,
        dns_name=(response.get("dnsEntry") or {}).get("domainName"),
        failed_targets=tuple((_place(item), _reason(item)) for item in failed),
    )


def _create_network_part(
    operation: ops.CreateServiceNetwork | ops.CreateVpcAssociation | ops.CreateServiceAssociation,
) -> tuple[str, dict[str, Any]]:
    match operation:
        case ops.CreateServiceNetwork():
            return "CreateServiceNetwork", {"name": operation.network.name, **_tags(operation.tags)}
        case ops.CreateVpcAssociation():
            ends = {"serviceNetworkIdentifier": _id(operation.network), "vpcIdentifier": operation.vpc}
            return "CreateServiceNetworkVpcAssociation", {**ends, **_tags(operation.tags)}
        case ops.CreateServiceAssociation():
            ends = {
                "serviceIdentifier": _id(operation.service),
                "serviceNetworkIdentifier": _id(operation.network),
            }
            return "CreateServiceNetworkServiceAssociation", {**ends, **_tags(operation.tags)}
        case _:
            assert_never(operation)


def _create(
    operation: ops.CreateTargetGroup | ops.CreateService | ops.CreateListener | ops.CreateRule,
) -> tuple[str, dict[str, Any]]:
    match operation:
        case ops.CreateTargetGroup():
            return "CreateTargetGroup", {
                "name": operation.name,
                "type": "IP",
                "config": _group_config(operation),
                **_tags(operation.tags),
            }
        case ops.CreateService():
            optional = {"customDomainName": operation.custom_domain, "certificateArn": operation.certificate}
            return "CreateService", {"name": operation.service.name, **_given(optional), **_tags(operation.tags)}
        case ops.CreateListener():
            return "CreateListener", {
                "serviceIdentifier": _id(operation.service),
                "name": operation.name,
                "protocol": operation.key.protocol.value,
                "port": operation.key.port,
                "defaultAction": _action(operation.default_action),
                **_tags(operation.tags),
            }
        case ops.CreateRule():
            return "CreateRule", {
                **_inside(operation.service, operation.listener),
                "name": operation.name,
                "priority": operation.priority,
                "match": _match(operation.match),
                "action": _action(operation.action),
                **_tags(operation.tags),
            }
        case _:
            assert_never(operation)


def _delete(
    operation: ops.DeleteServiceNetwork
    | ops.DeleteVpcAssociation
    | ops.DeleteTargetGroup
    | ops.DeleteService
    | ops.DeleteServiceAssociation
    | ops.DeleteListener
    | ops.DeleteRule,
) -> tuple[str, dict[str, Any]]:
    match operation:
        case ops.DeleteServiceNetwork(network):
            return "DeleteServiceNetwork", {"serviceNetworkIdentifier": network.id}
        case ops.DeleteVpcAssociation(association):
            member = "serviceNetworkVpcAssociationIdentifier"
            return "DeleteServiceNetworkVpcAssociation", {member: association.id}
        case ops.DeleteTargetGroup(group):
            return "DeleteTargetGroup", {"targetGroupIdentifier": group.id}
        case ops.DeleteService(service):
            return "DeleteService", {"serviceIdentifier": service.id}
        case ops.DeleteServiceAssociation(_, association):
            member = "serviceNetworkServiceAssociationIdentifier"
            return "DeleteServiceNetworkServiceAssociation", {member: association.id}
        case ops.DeleteListener(service, listener):
            return "DeleteListener", _inside(service, listener)
        case ops.DeleteRule(service, listener, rule):
            return "DeleteRule", {**_inside(service, listener), "ruleIdentifier": rule.id}
        case _:
            assert_never(operation)


def _change(
    operation: ops.UpdateTargetGroup
    | ops.RegisterTargets
    | ops.DeregisterTargets
    | ops.UpdateService
    | ops.UpdateListener
    | ops.UpdateRule
    | ops.BatchUpdateRule
    | ops.TagResource
    | ops.UntagResource,
) -> tuple[str, dict[str, Any]]:
    match operation:
        case ops.UpdateTargetGroup(group, health):
            return "UpdateTargetGroup", {"targetGroupIdentifier": group.id, "healthCheck": _health(health)}
        case ops.RegisterTargets(group, targets):
            return "RegisterTargets", {"targetGroupIdentifier": _id(group), "targets": _targets(targets)}
        case ops.DeregisterTargets(group, targets):
            return "DeregisterTargets", {"targetGroupIdentifier": group.id, "targets": _targets(targets)}
        case ops.UpdateService(service, certificate):
            return "UpdateService", {"serviceIdentifier": service.id, "certificateArn": certificate}
        case ops.UpdateListener():
            inside = _inside(operation.service, operation.listener)
            return "UpdateListener", {**inside, "defaultAction": _action(operation.default_action)}
        case ops.UpdateRule():
            return "UpdateRule", _update_rule(operation)
        case ops.BatchUpdateRule(service, listener, priorities):
            rules = [{"ruleIdentifier": rule.id, "priority": priority} for rule, priority in priorities]
            return "BatchUpdateRule", {**_inside(service, listener), "rules": rules}
        case ops.TagResource(resource, tags):
            return "TagResource", {"resourceArn": resource.arn, "tags": dict(tags)}
        case ops.UntagResource(resource, keys):
            return "UntagResource", {"resourceArn": resource.arn, "tagKeys": sorted(keys)}
        case _:
            assert_never(operation)


def _update_rule(operation: ops.UpdateRule) -> dict[str, Any]:
    changed = {
        "match": _match(operation.match) if operation.match else None,
        "action": _action(operation.action) if operation.action else None,
        "priority": operation.priority,
    }
    return {
        **_inside(operation.service, operation.listener),
        "ruleIdentifier": operation.rule.id,
        **_given(changed),
    }


def _group_config(operation: ops.CreateTargetGroup) -> dict[str, Any]:
    optional = {
        "protocolVersion": operation.version.value if operation.version else None,
        "healthCheck": _health(operation.health) if operation.health else None,
    }
    return {
        "port": operation.port,
        "protocol": operation.protocol.value,
        "ipAddressType": operation.address_type.value,
        "vpcIdentifier": operation.vpc,
        **_given(optional),
    }


def _health(check: HealthCheck) -> dict[str, Any]:
    return {
        "enabled": check.enabled,
        **_given(
            {
                "protocol": check.protocol.value if check.protocol else None,
                "protocolVersion": check.version.value if check.version else None,
                "path": check.path,
                "matcher": {"httpCode": check.codes} if check.codes else None,
                "healthCheckIntervalSeconds": check.interval,
                "healthCheckTimeoutSeconds": check.timeout,
                "healthyThresholdCount": check.healthy_threshold,
                "unhealthyThresholdCount": check.unhealthy_threshold,
                "port": check.port,
            }
        ),
    }


def _match(match: Match) -> dict[str, Any]:
    kind = "exact" if isinstance(match.path, Exact) else "prefix"
    http: dict[str, Any] = {"pathMatch": {"match": {kind: match.path.path}, "caseSensitive": True}}
    if match.method:
        http["method"] = match.method
    if match.headers:
        http["headerMatches"] = [_header(header) for header in match.headers]
    return {"httpMatch": http}


def _header(header: HeaderMatch) -> dict[str, Any]:
    return {"name": header.name, "match": {"exact": header.value}, "caseSensitive": False}


def _action(action: ops.SendAction) -> dict[str, Any]:
    match action:
        case FixedResponse(status):
            return {"fixedResponse": {"statusCode": status}}
        case ops.SendForward(shares):
            groups = [{"targetGroupIdentifier": _id(share.group), "weight": share.weight} for share in shares]
            return {"forward": {"targetGroups": groups}}
        case _:
            assert_never(action)


def _targets(targets: tuple[Target, ...]) -> list[dict[str, Any]]:
    return [{"id": target.address, "port": target.port} for target in targets]


def _inside(service: ops.Ref, listener: ops.Ref) -> dict[str, Any]:
    return {"serviceIdentifier": _id(service), "listenerIdentifier": _id(listener)}


def _tags(tags: Tags) -> dict[str, Any]:
    return {"tags": dict(tags)} if tags else {}


def _given(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _id(ref: ops.Ref) -> str:
    match ref:
        case ops.Known(id=known):
            return known
        case ops.New(what):
            raise ValueError(f"{what} has no id yet; the operation must be bound before it is sent")
        case _:
            assert_never(ref)


def _place(item: Mapping[str, Any]) -> str:
    if "ruleIdentifier" in item:
        return str(item["ruleIdentifier"])
    return f"{item.get('id')}:{item.get('port')}"


def _reason(item: Mapping[str, Any]) -> str:
    return str(item.get("failureMessage") or item.get("failureCode") or "no reason given")
