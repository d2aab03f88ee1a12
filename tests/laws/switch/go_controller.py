"""What the Go controller v2.1.3 leaves in an account at the end of a good pass (deploy.md §11, model.md §3 to §5).

Written from these documents and with nothing of the product in it. HTTPRoutes on HTTP listeners only.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from string import ascii_lowercase
from typing import Any

from tests.laws.engine_stage import Stage
from tests.laws.switch.manifests import Raw

P = "application-networking.k8s.aws/"
UNIX = 1_699_000_000
HEALTH = {
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
Backend = tuple[str, str]
"""Namespace and name of a Service: what a target group is for, whatever the port."""


@dataclass(frozen=True)
class Objects:
    """A cluster by kind, namespace and name."""

    raw: tuple[Raw, ...]

    def of(self, kind: str) -> Iterator[Raw]:
        return (each for each in self.raw if each["kind"] == kind)

    def find(self, kind: str, namespace: str, name: str) -> Raw | None:
        where = (namespace, name)
        return next((each for each in self.of(kind) if _place(each) == where), None)


class GoController:
    """Makes what it would have made, once for each route."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._random = Random(22)
        owner = stage.settings.owner
        self._vpc, self._cluster, self._stamp = str(owner.vpc), owner.cluster, str(owner)

    def networks(self, *names: str) -> None:
        """Networks that somebody made by hand, as the Go controller's guide says; our VPC is in the first."""
        made = [self._call("CreateServiceNetwork", name=name)["id"] for name in names]
        for network in made[:1]:
            members = {"serviceNetworkIdentifier": network, "vpcIdentifier": self._vpc}
            self._call("CreateServiceNetworkVpcAssociation", **members)
        self._settle()

    def keep(self, objects: Iterable[Raw]) -> None:
        """A pass over routes that nothing was made for yet."""
        cluster = Objects(tuple(objects))
        for route in cluster.of("HTTPRoute"):
            self._route(cluster, route)

    def serving(self) -> set[tuple[str, Backend]]:
        """Which backends get requests now, each with the route that its group is tagged with."""
        used = {group for group, weight in self._shares() if weight}
        found = set()
        for each in self._call("ListTargetGroups")["items"]:
            if each["id"] in used:
                tags = self._call("ListTagsForResource", resourceArn=each["arn"])["tags"]
                found.add((tags[f"{P}RouteName"], (tags[f"{P}ServiceNamespace"], tags[f"{P}ServiceName"])))
        return found

    def _shares(self) -> Iterator[tuple[str, int]]:
        for service in self._call("ListServices")["items"]:
            where = {"serviceIdentifier": service["id"]}
            for listener in self._call("ListListeners", **where)["items"]:
                inside = {**where, "listenerIdentifier": listener["id"]}
                for each in self._call("ListRules", **inside)["items"]:
                    action = self._call("GetRule", **inside, ruleIdentifier=each["id"])["action"]
                    for share in action.get("forward", {}).get("targetGroups", []):
                        yield share["targetGroupIdentifier"], share["weight"]

    def _route(self, cluster: Objects, route: Raw) -> None:
        groups = {one: self._group(route, one, found) for one, found in targets_of(cluster, route).items()}
        self._settle()
        notes, hosts = route["metadata"]["annotations"], route["spec"].get("hostnames", [])
        tags = {**_additional(notes), f"{P}ManagedBy": self._stamp}
        domain = {"customDomainName": hosts[0]} if hosts else {}
        service = self._call("CreateService", name=_name(route), tags={**tags, **_route_tags(route)}, **domain)["id"]
        self._settle()
        for network in dict.fromkeys(parent["name"] for parent in route["spec"]["parentRefs"]):
            members = {"serviceIdentifier": service, "serviceNetworkIdentifier": self._network_id(network)}
            if members["serviceNetworkIdentifier"]:
                self._call("CreateServiceNetworkServiceAssociation", tags=tags, **members)
        for port in _ports(cluster, route):
            self._listener(route, service, port, groups, tags)
        self._settle()

    def _group(self, route: Raw, backend: Backend, targets: frozenset[tuple[str, int]]) -> str:
        namespace, name = backend
        ending = "".join(self._random.choices(ascii_lowercase, k=10))
        config = {"port": 80, "protocol": "HTTP", "protocolVersion": "HTTP1", "ipAddressType": "IPV4"}
        tags = {
            f"{P}ManagedBy": self._stamp,
            f"{P}ClusterName": self._cluster,
            f"{P}ServiceName": name,
            f"{P}ServiceNamespace": namespace,
            f"{P}SourceTypeKey": "HTTPRoute",
            f"{P}ProtocolVersion": "HTTP1",
            f"{P}RouteName": route["metadata"]["name"],
            f"{P}RouteNamespace": route["metadata"]["namespace"],
            **_additional(route["metadata"]["annotations"]),
        }
        made = self._call(
            "CreateTargetGroup",
            name=f"k8s-{namespace[:55]}-{name[:55]}-{ending}",
            type="IP",
            config={**config, "vpcIdentifier": self._vpc, "healthCheck": HEALTH},
            tags=tags,
        )
        self._settle()
        if targets:
            found = [{"id": address, "port": port} for address, port in sorted(targets)]
            self._call("RegisterTargets", targetGroupIdentifier=made["id"], targets=found)
        return str(made["id"])

    def _listener(
        self, route: Raw, service: str, port: int, groups: Mapping[Backend, str], tags: Mapping[str, str]
    ) -> None:
        listener = self._call(
            "CreateListener",
            serviceIdentifier=service,
            name=f"{_stem(route)}-{port}-http",
            protocol="HTTP",
            port=port,
            defaultAction={"fixedResponse": {"statusCode": 404}},
            tags=tags,
        )
        for priority, match, rule in _rules(route):
            self._call(
                "CreateRule",
                serviceIdentifier=service,
                listenerIdentifier=listener["id"],
                name=f"k8s-{UNIX}-rule-{priority}",
                priority=priority,
                match={"httpMatch": match},
                action=_action(route, rule, groups),
                tags=tags,
            )

    def _network_id(self, name: str) -> str | None:
        items = self._call("ListServiceNetworks")["items"]
        return next((str(each["id"]) for each in items if each["name"] == name), None)

    def _settle(self) -> None:
        """What is being created is there."""
        self._stage.clock.last += 60

    def _call(self, operation: str, **members: Any) -> Mapping[str, Any]:
        return self._stage.world.call("vpc-lattice", operation, members, self._stage.wire.caller)


def targets_of(cluster: Objects, route: Raw) -> dict[Backend, frozenset[tuple[str, int]]]:
    """The targets of each group; where a Service is referred to by several ports, the last one has its way."""
    found: dict[Backend, frozenset[tuple[str, int]]] = {}
    for ref in _refs(route):
        backend = _backend(route, ref)
        service = cluster.find("Service", *backend)
        if service is not None:
            names = {port.get("name", "") for port in service["spec"]["ports"] if port["port"] == ref["port"]}
            found[backend] = frozenset(_endpoints(cluster, backend, names))
    return found


def _place(raw: Raw) -> tuple[str, str]:
    return raw["metadata"].get("namespace", ""), raw["metadata"]["name"]


def _stem(route: Raw) -> str:
    namespace, name = _place(route)
    return f"{name[:20].strip('-')}-{namespace[:18].strip('-')}"


def _name(route: Raw) -> str:
    return str(route["metadata"]["annotations"].get(f"{P}service-name-override", _stem(route)))


def _route_tags(route: Raw) -> dict[str, str]:
    namespace, name = _place(route)
    return {f"{P}RouteName": name, f"{P}RouteNamespace": namespace, f"{P}RouteType": "http"}


def _additional(notes: Mapping[str, str]) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in notes.get(f"{P}tags", "").split(",") if pair)
    return {key.strip(): value.strip() for key, _, value in pairs}


def _backend(route: Raw, ref: Raw) -> Backend:
    return ref.get("namespace", route["metadata"]["namespace"]), ref["name"]


def _refs(route: Raw) -> Iterator[Raw]:
    return (ref for rule in route["spec"]["rules"] for ref in rule["backendRefs"] if ref["kind"] == "Service")


def _endpoints(cluster: Objects, backend: Backend, names: set[str]) -> Iterator[tuple[str, int]]:
    """Every endpoint that is not terminating, ready or not, by whatever protocol."""
    namespace, name = backend
    for part in cluster.of("EndpointSlice"):
        labels = part["metadata"]["labels"]
        if (part["metadata"]["namespace"], labels["kubernetes.io/service-name"]) != (namespace, name):
            continue
        ports = [port["port"] for port in part["ports"] if "" in names or port["name"] in names]
        for each in part["endpoints"]:
            if not each["conditions"].get("terminating"):
                yield from ((address, port) for address in each["addresses"] for port in ports)


def _ports(cluster: Objects, route: Raw) -> list[int]:
    """The ports of the first Gateway that the parentRefs with its name choose."""
    parents = route["spec"]["parentRefs"]
    first = cluster.find("Gateway", route["metadata"]["namespace"], parents[0]["name"])
    listeners = first["spec"]["listeners"] if first else []
    sections = [parent.get("sectionName") for parent in parents if parent["name"] == parents[0]["name"]]
    return sorted({each["port"] for each in listeners for section in sections if section in {None, each["name"]}})


def _rules(route: Raw) -> Iterator[tuple[int, Raw, Raw]]:
    """Number, match and rule; of equal matches the last rule has its way."""
    found: dict[str, tuple[int, Raw, Raw]] = {}
    for priority, rule in _numbered(route):
        match = _match(rule["matches"][0])
        found[str(match)] = (priority, match, rule)
    yield from found.values()


def _numbered(route: Raw) -> Iterator[tuple[int, Raw]]:
    """Annotated rules first, then the others upward from the last number."""
    notes, rules = route["metadata"]["annotations"], route["spec"]["rules"]
    own = {place: int(notes[key]) for place in range(len(rules)) if (key := f"{P}rule-{place}-priority") in notes}
    yield from ((number, rules[place]) for place, number in own.items())
    last = list(own.values())[-1] if own else 0
    others = (rule for place, rule in enumerate(rules) if place not in own)
    yield from ((last + step, rule) for step, rule in enumerate(others, start=1))


def _match(match: Raw) -> Raw:
    path = match.get("path", {"type": "PathPrefix", "value": "/"})
    kind = {"Exact": "exact", "PathPrefix": "prefix"}[path["type"]]
    found: Raw = {"pathMatch": {"match": {kind: path["value"]}, "caseSensitive": True}}
    if "method" in match:
        found["method"] = match["method"]
    if headers := match.get("headers"):
        found["headerMatches"] = [
            {"name": each["name"], "match": {"exact": each["value"]}, "caseSensitive": False} for each in headers
        ]
    return found


def _action(route: Raw, rule: Raw, groups: Mapping[Backend, str]) -> Raw:
    valid = [
        (groups.get(_backend(route, ref)), ref["weight"]) for ref in rule["backendRefs"] if ref["kind"] == "Service"
    ]
    shares = [{"targetGroupIdentifier": group, "weight": weight} for group, weight in valid if group]
    return {"forward": {"targetGroups": shares}} if shares else {"fixedResponse": {"statusCode": 500}}
