"""What the Go controller v2.1.3 leaves behind: in VPC Lattice, and on the objects of its cluster."""

import asyncio
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.cluster.kube import Kube, Object
from tests.cluster.swap import facts
from tests.cluster.swap.facts import OWNER, VPC, P
from tests.process.stage import lattice

GATEWAY_API = "gateway.networking.k8s.io/v1"
OURS = "application-networking.k8s.aws/v1alpha1"
CONTROLLER = "application-networking.k8s.aws/gateway-api-controller"
THEN = "2026-01-01T00:00:00Z"
NAMESPACE = "shop"
ROUTES = ("checkout", "orders", "rates")
REJECTED = ("reports",)
"""Routes that no listener admits any more; the Go controller leaves what they had."""

LATER = ("refunds",)
"""Routes that people make after the swap."""

FINALIZERS = {
    "Gateway": "gateway.k8s.aws/resources",
    "HTTPRoute": "httproute.k8s.aws/resources",
    "ServiceExport": "serviceexport.k8s.aws/resources",
    "AccessLogPolicy": "accesslogpolicy.k8s.aws/resources",
    "VpcAssociationPolicy": "vpcassociationpolicies.application-networking.k8s.aws/resources",
}


@dataclass(frozen=True, slots=True)
class Built:
    """ARNs and names that the Go controller copied from VPC Lattice to its objects."""

    network: str
    association: str
    subscription: str
    services: Mapping[str, tuple[str, str]]
    """Of each route: ARN and DNS name."""


def named(kind: str, name: str) -> Object:
    """An object of the shop, as far as it takes to find it."""
    ours = kind in {"TargetGroupPolicy", "VpcAssociationPolicy", "AccessLogPolicy", "ServiceExport"}
    home = {} if kind == "GatewayClass" else {"namespace": NAMESPACE}
    return {"apiVersion": OURS if ours else GATEWAY_API, "kind": kind, "metadata": {"name": name, **home}}


def surroundings(kube: Kube) -> list[Object]:
    """What decides over the groups of routes."""
    slices = kube.list("discovery.k8s.io/v1", "EndpointSlice")
    return [*slices, *kube.list(OURS, "TargetGroupPolicy")]


def wanted(kube: Kube) -> list[facts.Route]:
    """The facts of every route that is there, as the cluster is now."""
    named_so = [named("HTTPRoute", name) for name in (*ROUTES, *REJECTED, *LATER)]
    return [facts.route_of(kube.get(each), surroundings(kube)) for each in named_so if kube.exists(each)]


def leave_in_lattice(kube: Kube, url: str) -> Built:
    """Build the account: a network made by hand, and the rest as the Go controller does."""
    return asyncio.run(_build(wanted(kube), url))


def would_write(kube: Kube, url: str) -> list[str]:
    """What the Go controller would change in the account as it is now."""

    async def ask() -> list[str]:
        async with lattice(url) as client:
            return [each for route in wanted(kube) for each in await facts.would_write(client, route)]

    return asyncio.run(ask())


async def _build(routes: list[facts.Route], url: str) -> Built:
    ours = {f"{P}ManagedBy": OWNER}
    async with lattice(url) as client:
        network = await client.create_service_network(name="market")
        association = await client.create_service_network_vpc_association(
            serviceNetworkIdentifier=network["id"],
            vpcIdentifier=VPC,
            securityGroupIds=["sg-0123456789abcdef0"],
            tags=ours,
        )
        await facts.active(
            functools.partial(
                client.get_service_network_vpc_association,
                serviceNetworkVpcAssociationIdentifier=association["id"],
            )
        )
        subscription = await client.create_access_log_subscription(
            resourceIdentifier=network["arn"],
            destinationArn="arn:aws:s3:::market-access-logs",
            tags={**ours, f"{P}AccessLogPolicy": "shop/market-logs"},
        )
        await _export(client, routes)
        arns = [await facts.make(client, route) for route in routes]
        listed = {each["arn"]: each for each in (await client.list_services(maxResults=100))["items"]}
        names = [listed[arn]["dnsEntry"]["domainName"] for arn in arns]
        return Built(
            network=network["arn"],
            association=association["arn"],
            subscription=subscription["arn"],
            services=dict(zip((*ROUTES, *REJECTED), zip(arns, names, strict=True), strict=True)),
        )


async def _export(client: Any, routes: list[facts.Route]) -> None:
    """The group of the exported Service: like that of a route, without the route."""
    group = next(each for route in routes for each in route.groups if each.service == "api")
    kept = {key: value for key, value in group.tags.items() if "Route" not in key}
    await facts.make_group(client, group, {**kept, f"{P}SourceTypeKey": "ServiceExport"})


def leave_on_objects(kube: Kube, built: Built) -> None:
    """Finalizers, annotations and status; every time is long ago."""
    write = functools.partial(_leave, kube)
    write(named("GatewayClass", "amazon-vpc-lattice"), {}, {"conditions": [_true("Accepted", "Accepted")]})
    write(named("Gateway", "market"), {}, _gateway_status(built))
    for name in built.services:
        arn, host = built.services[name]
        notes = {f"{P}lattice-service-arn": arn, f"{P}lattice-assigned-domain-name": host}
        parents = kube.get(named("HTTPRoute", name))["spec"]["parentRefs"]
        accepted = _false("Accepted", "NoMatchingParent") if name in REJECTED else _true("Accepted", "Accepted")
        write(named("HTTPRoute", name), notes, {"parents": [_parent(each, accepted) for each in parents]})
    logs = {f"{P}accessLogSubscription": built.subscription, f"{P}accessLogSubscriptionResourceName": "market"}
    write(named("AccessLogPolicy", "market-logs"), logs, {"conditions": [_true("Accepted", "Accepted", CONTROLLER)]})
    accepted = {"conditions": [_true("Accepted", "Accepted")]}
    write(named("VpcAssociationPolicy", "market"), {f"{P}resourceArn": built.association}, accepted)
    write(named("TargetGroupPolicy", "api-health"), {}, accepted)
    write(named("ServiceExport", "api"), {}, None)


def _leave(kube: Kube, which: Object, notes: Mapping[str, str], status: Object | None) -> None:
    """``status`` None: the Go controller's CRD has none."""
    finalizers = [FINALIZERS[which["kind"]]] if which["kind"] in FINALIZERS else []
    generation = kube.merge(which, {"metadata": {"finalizers": finalizers, "annotations": dict(notes)}})["metadata"][
        "generation"
    ]
    if status is not None:
        kube.merge(which, {"status": _observed(status, generation)}, subresource="/status")


def _observed(status: Any, generation: int) -> Any:
    """A status whose conditions name a generation."""
    if isinstance(status, list):
        return [_observed(each, generation) for each in status]
    if not isinstance(status, dict):
        return status
    inner = {key: _observed(value, generation) for key, value in status.items()}
    return {**inner, "observedGeneration": generation} if "lastTransitionTime" in status else inner


def _gateway_status(built: Built) -> Object:
    _, host = built.services["checkout"]
    listener = {
        "name": "http",
        "attachedRoutes": len(ROUTES),
        "supportedKinds": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute"}],
        "conditions": [_true(each, each) for each in ("Programmed", "Accepted", "ResolvedRefs")],
    }
    return {
        "addresses": [{"type": "Hostname", "value": host}],
        "conditions": [
            _true("Accepted", "Accepted", CONTROLLER),
            _true("Programmed", "Programmed", f"aws-service-network-arn: {built.network}"),
        ],
        "listeners": [listener],
    }


def _parent(reference: Object, accepted: Object) -> Object:
    return {
        "parentRef": reference,
        "controllerName": CONTROLLER,
        "conditions": [accepted, _true("ResolvedRefs", "ResolvedRefs")],
    }


def _true(kind: str, reason: str, message: str = "") -> Object:
    return {"type": kind, "status": "True", "reason": reason, "message": message, "lastTransitionTime": THEN}


def _false(kind: str, reason: str) -> Object:
    return {**_true(kind, reason), "status": "False"}
