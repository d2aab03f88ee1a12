"""Members of VPC Lattice answers as our values.

Shapes are botocore's: mappings by member name, timestamps as ``datetime``. Lattice: lattice.md §3.3.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lattice_gateway.core.lattice.observed import (
    Fixed,
    ForwardTo,
    ObservedAction,
    ObservedAssociation,
    ObservedGroup,
    ObservedListener,
    ObservedNetwork,
    ObservedRule,
    ObservedService,
    ObservedTarget,
    ObservedVpcAssociation,
    Unmodelled,
)
from lattice_gateway.core.lattice.units import Exact, HeaderMatch, HealthCheck, Match, PathMatch, Prefix, Target
from lattice_gateway.core.lattice.words import (
    AddressType,
    Arn,
    ListenerProtocol,
    ProtocolVersion,
    Status,
    TargetProtocol,
    TargetStatus,
    VpcId,
)
from lattice_gateway.engine.reads import Linked, Listed, RuleSummary

Members = Mapping[str, Any]


def service(item: Members) -> ObservedService:
    """A service from its summary or its Get answer."""
    return ObservedService(
        id=item["id"],
        arn=Arn(item["arn"]),
        name=item["name"],
        status=Status(item["status"]),
        dns_name=item.get("dnsEntry", {}).get("domainName"),
        custom_domain=item.get("customDomainName"),
        certificate=Arn(item["certificateArn"]) if item.get("certificateArn") else None,
        created_at=_time(item.get("createdAt")),
        failure=_failure(item),
    )


def listed_group(item: Members) -> Listed:
    """A target group from a listing: no protocol version, no health check."""
    group = ObservedGroup(
        id=item["id"],
        arn=Arn(item["arn"]),
        name=item["name"],
        status=Status(item["status"]),
        port=item.get("port"),
        protocol=TargetProtocol(item["protocol"]) if item.get("protocol") else None,
        version=None,
        address_type=AddressType(item["ipAddressType"]) if item.get("ipAddressType") else None,
        vpc=VpcId(item["vpcIdentifier"]) if item.get("vpcIdentifier") else None,
        service_arns=frozenset(Arn(arn) for arn in item.get("serviceArns") or ()),
    )
    return Listed(group, _version(item))


def group(item: Members) -> ObservedGroup:
    """A target group from its Get answer."""
    config: Members = item.get("config") or {}
    return ObservedGroup(
        id=item["id"],
        arn=Arn(item["arn"]),
        name=item["name"],
        status=Status(item["status"]),
        port=config.get("port"),
        protocol=TargetProtocol(config["protocol"]) if config.get("protocol") else None,
        version=ProtocolVersion(config["protocolVersion"]) if config.get("protocolVersion") else None,
        address_type=AddressType(config["ipAddressType"]) if config.get("ipAddressType") else None,
        vpc=VpcId(config["vpcIdentifier"]) if config.get("vpcIdentifier") else None,
        service_arns=frozenset(Arn(arn) for arn in item.get("serviceArns") or ()),
        health=health(config["healthCheck"]) if config.get("healthCheck") else None,
        failure=_failure(item),
    )


def health(item: Members) -> HealthCheck:
    """A health check as GetTargetGroup answers it."""
    return HealthCheck(
        enabled=bool(item.get("enabled", False)),
        protocol=TargetProtocol(item["protocol"]) if item.get("protocol") else None,
        version=ProtocolVersion(item["protocolVersion"]) if item.get("protocolVersion") else None,
        path=item.get("path"),
        codes=item.get("matcher", {}).get("httpCode"),
        interval=item.get("healthCheckIntervalSeconds"),
        timeout=item.get("healthCheckTimeoutSeconds"),
        healthy_threshold=item.get("healthyThresholdCount"),
        unhealthy_threshold=item.get("unhealthyThresholdCount"),
        port=item.get("port"),
    )


def target(item: Members) -> ObservedTarget:
    """A registered or draining target."""
    return ObservedTarget(Target(item["id"], item["port"]), TargetStatus(item["status"]), item.get("reasonCode"))


def network(item: Members) -> ObservedNetwork:
    """A network from its summary; tags are read apart."""
    return ObservedNetwork(
        id=item["id"],
        arn=Arn(item["arn"]),
        name=item["name"],
        tags=None,
        services=item.get("numberOfAssociatedServices", 0),
        vpcs=item.get("numberOfAssociatedVPCs", 0),
    )


def vpc_association(item: Members) -> ObservedVpcAssociation:
    """A VPC association from its summary or its Get answer."""
    return ObservedVpcAssociation(
        id=item["id"],
        arn=Arn(item["arn"]),
        network_id=item["serviceNetworkId"],
        network_arn=Arn(item["serviceNetworkArn"]),
        network_name=item["serviceNetworkName"],
        vpc=VpcId(item["vpcId"]),
        status=Status(item["status"]),
        security_groups=frozenset(item.get("securityGroupIds") or ()),
        failure=_failure(item),
    )


def linked(item: Members) -> Linked:
    """A service's association with a network."""
    association = ObservedAssociation(
        id=item["id"],
        arn=Arn(item["arn"]),
        network_id=item["serviceNetworkId"],
        network_arn=Arn(item["serviceNetworkArn"]),
        network_name=item["serviceNetworkName"],
        status=Status(item["status"]),
        failure=_failure(item),
    )
    return Linked(item["serviceId"], association)


def listener(item: Members) -> ObservedListener:
    """A listener from its summary or its Get answer; rules are read apart."""
    return ObservedListener(
        id=item["id"],
        arn=Arn(item["arn"]),
        name=item["name"],
        port=item["port"],
        protocol=ListenerProtocol(item["protocol"]),
        default_action=action(item["defaultAction"]) if item.get("defaultAction") else None,
    )


def rule_summary(item: Members) -> RuleSummary:
    """A rule from a listing."""
    return RuleSummary(
        id=item["id"],
        arn=Arn(item["arn"]),
        name=item["name"],
        priority=item["priority"],
        version=_version(item),
    )


def rule(item: Members) -> ObservedRule:
    """A rule from its Get answer."""
    return ObservedRule(
        id=item["id"],
        arn=Arn(item["arn"]),
        name=item["name"],
        priority=item["priority"],
        match=match(item["match"]),
        action=action(item["action"]),
    )


def action(item: Members) -> ObservedAction:
    """What a rule or a listener does; group identifiers as ids."""
    if "fixedResponse" in item:
        return Fixed(item["fixedResponse"]["statusCode"])
    groups = item["forward"]["targetGroups"]
    return ForwardTo(tuple((_id(share["targetGroupIdentifier"]), share.get("weight", 1)) for share in groups))


def match(item: Members) -> Match | Unmodelled:
    """A rule's condition; whatever we never write ourselves is kept as text."""
    http: Members = item.get("httpMatch") or {}
    path = _path(http.get("pathMatch") or {})
    headers = [_header(header) for header in http.get("headerMatches") or ()]
    known = tuple(header for header in headers if header is not None)
    if path is None or len(known) < len(headers):
        return Unmodelled(json.dumps(item, sort_keys=True, separators=(",", ":")))
    return Match(path=path, method=http.get("method"), headers=known)


def _path(item: Members) -> PathMatch | None:
    kind: Members = item.get("match") or {}
    if not item.get("caseSensitive"):
        return None
    if "exact" in kind:
        return Exact(kind["exact"])
    return Prefix(kind["prefix"]) if "prefix" in kind else None


def _header(item: Members) -> HeaderMatch | None:
    if item.get("caseSensitive") or "exact" not in item["match"]:
        return None
    return HeaderMatch(item["name"], item["match"]["exact"])


def _id(identifier: str) -> str:
    return identifier.rsplit("/", 1)[-1]


def _version(item: Members) -> str:
    updated = item.get("lastUpdatedAt")
    return updated.isoformat() if isinstance(updated, datetime) else ""


def _time(value: datetime | None) -> float | None:
    return value.timestamp() if value else None


def _failure(item: Members) -> str | None:
    parts = [item[name] for name in ("failureCode", "failureMessage") if item.get(name)]
    return ": ".join(parts) or None
