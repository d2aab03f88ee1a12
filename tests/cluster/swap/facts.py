"""What VPC Lattice holds of a route when a pass of the Go controller v2.1.3 has nothing to write (deploy.md §11).

Written from those facts alone, with nothing of the product in it: ``make`` leaves an account as the Go controller
does, and ``would_write`` says what its next pass would change, whoever kept the account since.
"""

import random
import string
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.cluster.kube import Object
from tests.process.stage import until

P = "application-networking.k8s.aws/"
ACCOUNT, CLUSTER, VPC = "111122223333", "shop", "vpc-0a1b2c3d4e5f60718"
OWNER = f"{ACCOUNT}/{CLUSTER}/{VPC}"
CREATED = 1_700_000_000
"""Unix seconds in names of rules."""

HTTP1_CHECK = {
    "enabled": True,
    "protocol": "HTTP",
    "protocolVersion": "HTTP1",
    "path": "/",
    "matcher": {"httpCode": "200"},
    "healthyThresholdCount": 5,
    "unhealthyThresholdCount": 2,
    "healthCheckTimeoutSeconds": 5,
    "healthCheckIntervalSeconds": 30,
}

Target = tuple[str, int]
"""Address and port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A target group: its tags find it, its name ends in chance."""

    service: str
    namespace: str
    tags: Mapping[str, str]
    check: Mapping[str, Any]
    targets: frozenset[Target]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of every listener; ``shares`` are places in ``Route.groups`` with weights."""

    match: Mapping[str, Any]
    priority: int
    shares: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A Lattice service with all that hangs on it; ``domain`` None where the route names no host."""

    name: str
    stem: str
    tags: Mapping[str, str]
    additional: Mapping[str, str]
    domain: str | None
    network: str
    groups: tuple[Group, ...]
    rules: tuple[Rule, ...]


def route_of(route: Object, cluster: Iterable[Object]) -> Route:
    """The facts of an HTTPRoute, given the Services, EndpointSlices and policies of its cluster."""
    metadata, spec, around = route["metadata"], route["spec"], tuple(cluster)
    notes, namespace = metadata.get("annotations", {}), metadata["namespace"]
    stem = f"{metadata['name'][:20].strip('-')}-{namespace[:18].strip('-')}"
    backends = _backends(spec["rules"], namespace)
    return Route(
        name=notes.get(f"{P}service-name-override", stem),
        stem=stem,
        tags={f"{P}ManagedBy": OWNER, **_route_tags(metadata), f"{P}RouteType": "http"},
        additional=dict(pair.split("=") for pair in notes.get(f"{P}tags", "").split(",") if pair),
        domain=next(iter(spec.get("hostnames", [])), None),
        network=spec["parentRefs"][0]["name"],
        groups=tuple(_group(metadata, backend, around) for backend in backends),
        rules=tuple(_rules(spec["rules"], notes, backends, namespace)),
    )


async def make(client: Any, route: Route) -> str:
    """Creates everything, in the Go controller's order and with its names; returns the service's ARN."""
    groups = [await make_group(client, group, {**group.tags, **route.additional}) for group in route.groups]
    domain = {"customDomainName": route.domain} if route.domain else {}
    service = await client.create_service(name=route.name, tags={**route.tags, **route.additional}, **domain)
    await active(partial(client.get_service, serviceIdentifier=service["id"]))
    tags = {f"{P}ManagedBy": OWNER, **route.additional}
    await client.create_service_network_service_association(
        serviceIdentifier=service["id"], serviceNetworkIdentifier=await network_id(client, route.network), tags=tags
    )
    listener = await client.create_listener(
        serviceIdentifier=service["id"],
        name=f"{route.stem}-80-http",
        protocol="HTTP",
        port=80,
        defaultAction={"fixedResponse": {"statusCode": 404}},
        tags=tags,
    )
    for rule in route.rules:
        await client.create_rule(
            serviceIdentifier=service["id"],
            listenerIdentifier=listener["id"],
            name=f"k8s-{CREATED}-rule-{rule.priority}",
            priority=rule.priority,
            match={"httpMatch": rule.match},
            action=_action(rule, groups),
            tags=tags,
        )
    return str(service["arn"])


async def make_group(client: Any, group: Group, tags: Mapping[str, str]) -> str:
    """Creates a target group with its targets, named by chance; returns its id."""
    ending = "".join(random.choices(string.ascii_lowercase, k=10))
    config = {"port": 80, "protocol": "HTTP", "protocolVersion": "HTTP1", "vpcIdentifier": VPC}
    made = await client.create_target_group(
        name=f"k8s-{group.namespace[:55]}-{group.service[:55]}-{ending}",
        type="IP",
        config={**config, "ipAddressType": "IPV4", "healthCheck": group.check},
        tags=dict(tags),
    )
    await active(partial(client.get_target_group, targetGroupIdentifier=made["id"]))
    targets = [{"id": address, "port": port} for address, port in sorted(group.targets)]
    await client.register_targets(targetGroupIdentifier=made["id"], targets=targets)
    return str(made["id"])


async def would_write(client: Any, route: Route) -> list[str]:
    """What the Go controller's next pass would change, a sentence each; empty when it rests."""
    services = (await client.list_services(maxResults=100))["items"]
    service = next((each for each in services if each["name"] == route.name), None)
    if service is None:
        return [f"no service {route.name}"]
    tags = (await client.list_tags_for_resource(resourceArn=service["arn"]))["tags"]
    found = [f"tag {key} of {route.name}" for key, value in _all_tags(route).items() if tags.get(key) != value]
    if service.get("customDomainName") != route.domain:
        found.append(f"domain of {route.name}")
    links = await client.list_service_network_service_associations(serviceIdentifier=service["id"])
    if [each["serviceNetworkName"] for each in links["items"]] != [route.network]:
        found.append(f"associations of {route.name}")
    groups, complaints = await _groups_found(client, route)
    return [*found, *complaints, *await _rules_differ(client, service["id"], route, groups)]


async def active(read: Callable[[], Awaitable[Any]]) -> None:
    """Returns when what is read is ACTIVE; fails after half a minute."""

    async def is_so() -> bool:
        return bool((await read())["status"] == "ACTIVE")

    await until(is_so, "ACTIVE")


async def network_id(client: Any, name: str) -> str:
    """The id of a service network."""
    listed = (await client.list_service_networks(maxResults=100))["items"]
    return str(next(each["id"] for each in listed if each["name"] == name))


def _all_tags(route: Route) -> dict[str, str]:
    return {**route.tags, **route.additional}


def _route_tags(metadata: Object) -> dict[str, str]:
    return {f"{P}RouteName": metadata["name"], f"{P}RouteNamespace": metadata["namespace"]}


def _backends(rules: Iterable[Object], namespace: str) -> list[tuple[str, str]]:
    """Namespace and name of every Service that a route names, each once."""
    named = [_backend(each, namespace) for rule in rules for each in rule["backendRefs"]]
    return list(dict.fromkeys(named))


def _backend(reference: Object, namespace: str) -> tuple[str, str]:
    return reference.get("namespace", namespace), reference["name"]


def _group(metadata: Object, backend: tuple[str, str], around: tuple[Object, ...]) -> Group:
    namespace, name = backend
    tags = {
        f"{P}ManagedBy": OWNER,
        f"{P}ClusterName": CLUSTER,
        f"{P}ServiceName": name,
        f"{P}ServiceNamespace": namespace,
        f"{P}SourceTypeKey": "HTTPRoute",
        f"{P}ProtocolVersion": "HTTP1",
        **_route_tags(metadata),
    }
    check, targets = _check(around, backend), frozenset(_targets(around, backend))
    return Group(service=name, namespace=namespace, tags=tags, check=check, targets=targets)


def _check(around: tuple[Object, ...], backend: tuple[str, str]) -> dict[str, Any]:
    policies = [each for each in around if each["kind"] == "TargetGroupPolicy"]
    for each in policies:
        if (each["metadata"]["namespace"], each["spec"]["targetRef"]["name"]) == backend:
            wanted = each["spec"]["healthCheck"]
            return {
                **HTTP1_CHECK,
                "path": wanted["path"],
                "healthCheckIntervalSeconds": wanted["intervalSeconds"],
            }
    return HTTP1_CHECK


def _targets(around: tuple[Object, ...], backend: tuple[str, str]) -> Iterator[Target]:
    """Every endpoint that is not terminating, ready or not."""
    for each in around:
        labels = each["metadata"].get("labels", {})
        where = (each["metadata"].get("namespace"), labels.get("kubernetes.io/service-name"))
        if each["kind"] == "EndpointSlice" and where == backend:
            for endpoint in each.get("endpoints") or []:
                if not endpoint["conditions"].get("terminating"):
                    yield endpoint["addresses"][0], each["ports"][0]["port"]


def _rules(
    rules: list[Object], notes: Mapping[str, str], backends: list[tuple[str, str]], namespace: str
) -> Iterator[Rule]:
    """One Lattice rule each; who has no number of its own comes after the one before."""
    last = 0
    for place, rule in enumerate(rules):
        last = int(notes.get(f"{P}rule-{place}-priority", last + 1))
        shares = tuple((backends.index(_backend(each, namespace)), each["weight"]) for each in rule["backendRefs"])
        yield Rule(match=_match(rule["matches"][0]), priority=last, shares=shares)


def _match(match: Object) -> dict[str, Any]:
    path = match.get("path", {"type": "PathPrefix", "value": "/"})
    kind = {"Exact": "exact", "PathPrefix": "prefix"}[path["type"]]
    found: dict[str, Any] = {"pathMatch": {"match": {kind: path["value"]}, "caseSensitive": True}}
    if "method" in match:
        found["method"] = match["method"]
    if headers := match.get("headers"):
        found["headerMatches"] = [
            {"name": each["name"], "match": {"exact": each["value"]}, "caseSensitive": False} for each in headers
        ]
    return found


def _action(rule: Rule, groups: list[str]) -> dict[str, Any]:
    return {
        "forward": {
            "targetGroups": [
                {"targetGroupIdentifier": groups[place], "weight": weight} for place, weight in rule.shares
            ]
        }
    }


async def _groups_found(client: Any, route: Route) -> tuple[list[str], list[str]]:
    """The id of each group, empty where there is none, and what is wrong with them."""
    listed = (await client.list_target_groups(maxResults=100))["items"]
    tags = {each["id"]: (await client.list_tags_for_resource(resourceArn=each["arn"]))["tags"] for each in listed}
    ids, complaints = [], []
    for group in route.groups:
        fitting = [id_ for id_, found in tags.items() if group.tags.items() <= found.items()]
        ids.append(next(iter(fitting), ""))
        complaints += await _group_differs(client, group, fitting)
    return ids, complaints


async def _group_differs(client: Any, group: Group, fitting: list[str]) -> list[str]:
    where = f"{group.namespace}/{group.service}"
    if len(fitting) != 1:
        return [f"{len(fitting)} groups of {where}"]
    config = (await client.get_target_group(targetGroupIdentifier=fitting[0]))["config"]
    listed = (await client.list_targets(targetGroupIdentifier=fitting[0], maxResults=100))["items"]
    serving = {(each["id"], each["port"]) for each in listed if each["status"] != "DRAINING"}
    complaints = []
    if (config["port"], config["protocol"], config["vpcIdentifier"]) != (80, "HTTP", VPC):
        complaints.append(f"configuration of the group of {where}: {config}")
    if config["healthCheck"] != group.check:
        complaints.append(f"health check of {where}: {config['healthCheck']}")
    if serving != group.targets:
        complaints.append(f"targets of {where}: {sorted(serving)}, expected {sorted(group.targets)}")
    return complaints


async def _rules_differ(client: Any, service: str, route: Route, groups: list[str]) -> list[str]:
    listeners = (await client.list_listeners(serviceIdentifier=service))["items"]
    if [(each["port"], each["protocol"]) for each in listeners] != [(80, "HTTP")]:
        return [f"listeners of {route.name}"]
    where = {"serviceIdentifier": service, "listenerIdentifier": listeners[0]["id"]}
    listed = (await client.list_rules(**where))["items"]
    rules = [await client.get_rule(**where, ruleIdentifier=each["id"]) for each in listed if not each["isDefault"]]
    found = [(_given(each["match"]["httpMatch"]), each["priority"], each["action"]) for each in rules]
    wanted = [(rule.match, rule.priority, _action(rule, groups)) for rule in route.rules]
    missing = [f"{route.name}: no rule {each}" for each in wanted if each not in found]
    return [*missing, *(f"{route.name}: rule too many {each}" for each in found if each not in wanted)]


def _given(match: Mapping[str, Any]) -> dict[str, Any]:
    """A match without what is empty: the service may answer with an empty list where nothing was given."""
    return {key: value for key, value in match.items() if value}
