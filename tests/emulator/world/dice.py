"""Calls drawn by chance: shapes always valid, meaning often not.

Names, ports and priorities come from small pools, so that clashes are common; identifiers are mostly of what is
there, as id or ARN, and sometimes stale, foreign or made up.
"""

from collections.abc import Callable
from random import Random
from typing import Any

from lattice_emulator.world import Caller, World
from lattice_emulator.world.arns import arn_in, tail_of
from lattice_emulator.world.kinds import Kind

from .worlds import HOME, OTHER, VPC

Params = dict[str, Any]
ADDRESSES = ("10.0.0.1", "10.0.0.2", "10.0.0.3", "8.8.8.8", "no")
DESTINATIONS = ("arn:aws:s3:::logs-of-mine", "arn:aws:logs:us-west-2:1:log-group:x", "arn:aws:sqs:::q")
MATCHES = (
    {"httpMatch": {"pathMatch": {"match": {"exact": "/a"}, "caseSensitive": True}}},
    {"httpMatch": {"pathMatch": {"match": {"prefix": "/"}}, "method": "GET"}},
    {"httpMatch": {"headerMatches": [{"name": "x", "match": {"contains": "y"}}]}},
    {"httpMatch": {}},
)
CHECKS = (
    {},
    {"enabled": False},
    {"enabled": True, "protocol": "HTTP", "protocolVersion": "HTTP1", "path": ""},
    {"healthCheckIntervalSeconds": 3},
    {"matcher": {"httpCode": "200-600"}},
)


class Dice:
    """Draws parameters for a world; remembers what was there before and the tokens of lists."""

    def __init__(self, seed: int, world: World) -> None:
        self.rng = Random(seed)
        self.world = world
        self.stale: list[str] = []
        self.tokens: list[str] = ["made up"]

    def caller(self) -> Caller:
        return OTHER if self.rng.random() < 0.08 else HOME

    def pick(self, *options: Any) -> Any:
        return self.rng.choice(options)

    def some(self, **members: Callable[[], Any]) -> Params:
        """Each member or not."""
        return {name: draw() for name, draw in members.items() if self.rng.random() < 0.4}

    def of(self, *kinds: Kind) -> str:
        rows = [row for kind in kinds for row in self.world.state.tables()[kind]]
        chance = self.rng.random()
        if not rows or chance < 0.03:
            return f"{kinds[0].prefix}-00000000000000000"
        row = self.rng.choice(rows)
        self.stale.append(row.id)
        if chance < 0.06:
            known = [each for each in self.stale if each.startswith(kinds[0].prefix + "-")]
            return self.rng.choice(known or [row.id])
        return arn_in(row.home, tail_of(row)) if chance < 0.3 else row.id

    def service(self) -> Params:
        return {"serviceIdentifier": self.of(Kind.SERVICE)}

    def network(self) -> Params:
        return {"serviceNetworkIdentifier": self.of(Kind.NETWORK)}

    def group(self) -> Params:
        return {"targetGroupIdentifier": self.of(Kind.TARGET_GROUP)}

    def listener(self) -> Params:
        """A listener, mostly with the service that it is of."""
        found = self.world.state.listeners.get(listener := self.of(Kind.LISTENER))
        service = self.of(Kind.SERVICE) if found is None else found.service_id
        return {"listenerIdentifier": listener, "serviceIdentifier": service}

    def rule(self) -> Params:
        """A rule, mostly with the listener and the service that it is of."""
        found = self.world.state.rules.get(rule := self.of(Kind.RULE))
        if found is None:
            return self.listener() | {"ruleIdentifier": rule}
        return {
            "ruleIdentifier": rule,
            "listenerIdentifier": found.listener_id,
            "serviceIdentifier": found.service_id,
        }

    def source(self) -> Params:
        return {"resourceIdentifier": self.of(Kind.SERVICE, Kind.NETWORK)}

    def resource(self) -> Params:
        found = self.world.state.find(ident := self.of(*Kind))
        return {"resourceArn": ident if found is None else arn_in(found.home, tail_of(found))}

    def new(self, **more: Callable[[], Any]) -> Params:
        tags = lambda: self.pick({}, {"a": "x"}, {"b": ""}, {"aws:c": "x"})  # noqa: E731  # one draw
        token = lambda: f"t-{self.rng.randrange(20)}"  # noqa: E731  # one draw
        return self.some(tags=tags, clientToken=token, **more)

    def name(self) -> Params:
        return {"name": self.pick("aaa", "bbb", "ccc", "ddd")}

    def page(self) -> Params:
        return self.some(maxResults=lambda: self.pick(1, 2, 100)) | (
            {"nextToken": self.rng.choice(self.tokens)} if self.rng.random() < 0.2 else {}
        )

    def action(self) -> Params:
        if self.rng.random() < 0.3:
            return {"fixedResponse": {"statusCode": self.pick(404, 404, 500, 403)}}
        weight: dict[str, Callable[[], Any]] = {"weight": lambda: self.pick(0, 1, 999)}
        groups = [
            {"targetGroupIdentifier": self.of(Kind.TARGET_GROUP)} | self.some(**weight)
            for _ in range(self.pick(1, 1, 2))
        ]
        return {"forward": {"targetGroups": groups}}

    def match(self) -> Params:
        return dict(self.rng.choice(MATCHES))

    def priority(self) -> int:
        return self.rng.randrange(1, 5)

    def changes(self) -> Params:
        return self.some(match=self.match, priority=self.priority, action=self.action)

    def batch(self) -> Params:
        rule = self.rule()
        first = {"ruleIdentifier": rule.pop("ruleIdentifier")} | self.changes()
        more = [{"ruleIdentifier": self.of(Kind.RULE)} | self.changes() for _ in range(self.rng.randrange(3))]
        return rule | {"rules": [first, *more]}

    def targets(self) -> list[Params]:
        port: dict[str, Callable[[], Any]] = {"port": lambda: self.pick(80, 81)}
        return [{"id": self.rng.choice(ADDRESSES)} | self.some(**port) for _ in range(self.pick(1, 2))]

    def config(self) -> Params:
        given = {"vpcIdentifier": VPC, "protocol": self.pick("HTTP", "HTTP", "HTTP", "HTTPS", "TCP")}
        return given | self.some(
            port=lambda: 80,
            protocolVersion=lambda: self.pick("HTTP1", "HTTP1", "HTTP2", "GRPC"),
            healthCheck=lambda: self.rng.choice(CHECKS),
        )

    def new_group(self) -> Params:
        group_type = self.pick("IP", "IP", "IP", "IP", "INSTANCE", "ALB", "LAMBDA")
        config = {} if group_type == "LAMBDA" else {"config": self.config()}
        return self.name() | {"type": group_type} | config | self.new()

    def new_listener(self) -> Params:
        protocol = self.pick("HTTP", "HTTP", "HTTP", "HTTPS", "TLS_PASSTHROUGH")
        asked = {"protocol": protocol, "defaultAction": self.action()}
        return self.service() | self.name() | asked | self.new(port=lambda: self.pick(80, 443, 8080))

    def new_rule(self) -> Params:
        asked = {"match": self.match(), "priority": self.priority(), "action": self.action()}
        return self.listener() | self.name() | asked | self.new()

    def new_service(self) -> Params:
        return self.name() | self.new(
            authType=lambda: self.pick("NONE", "AWS_IAM"),
            customDomainName=lambda: self.pick("a.example.com", "b.example.com", "*.example.com"),
        )

    def association(self, kind: Kind, member: str) -> Params:
        return {member: self.of(kind)}

    def snsa(self) -> Params:
        return self.association(Kind.SERVICE_ASSOCIATION, "serviceNetworkServiceAssociationIdentifier")

    def snva(self) -> Params:
        return self.association(Kind.VPC_ASSOCIATION, "serviceNetworkVpcAssociationIdentifier")

    def log(self) -> Params:
        return self.association(Kind.ACCESS_LOG, "accessLogSubscriptionIdentifier")

    def private_dns(self) -> Params:
        return self.some(privateDnsEnabled=lambda: True, securityGroupIds=lambda: ["sg-0123456789abcdef0"])

    def destination(self) -> Params:
        return {"destinationArn": self.rng.choice(DESTINATIONS)}

    def vpc(self) -> Params:
        return {"vpcIdentifier": self.pick(VPC, "vpc-0123456789abcdef1")}


CALLS: dict[str, Callable[[Dice], Params]] = {
    "CreateService": Dice.new_service,
    "GetService": Dice.service,
    "ListServices": Dice.page,
    "UpdateService": lambda d: d.service() | d.some(authType=lambda: "AWS_IAM", certificateArn=lambda: ""),
    "DeleteService": Dice.service,
    "CreateListener": Dice.new_listener,
    "GetListener": Dice.listener,
    "ListListeners": lambda d: d.service() | d.page(),
    "UpdateListener": lambda d: d.listener() | {"defaultAction": d.action()},
    "DeleteListener": Dice.listener,
    "CreateRule": Dice.new_rule,
    "GetRule": Dice.rule,
    "ListRules": lambda d: d.listener() | d.page(),
    "UpdateRule": lambda d: d.rule() | d.changes(),
    "BatchUpdateRule": Dice.batch,
    "DeleteRule": Dice.rule,
    "CreateTargetGroup": Dice.new_group,
    "GetTargetGroup": Dice.group,
    "ListTargetGroups": lambda d: d.page() | d.some(vpcIdentifier=lambda: VPC, targetGroupType=lambda: "IP"),
    "UpdateTargetGroup": lambda d: d.group() | {"healthCheck": d.rng.choice(CHECKS)},
    "DeleteTargetGroup": Dice.group,
    "RegisterTargets": lambda d: d.group() | {"targets": d.targets()},
    "DeregisterTargets": lambda d: d.group() | {"targets": d.targets()},
    "ListTargets": lambda d: d.group() | d.page() | d.some(targets=d.targets),
    "CreateServiceNetwork": lambda d: d.name() | d.new(authType=lambda: "AWS_IAM"),
    "GetServiceNetwork": Dice.network,
    "ListServiceNetworks": Dice.page,
    "UpdateServiceNetwork": lambda d: d.network() | {"authType": d.pick("NONE", "AWS_IAM")},
    "DeleteServiceNetwork": Dice.network,
    "CreateServiceNetworkServiceAssociation": lambda d: d.service() | d.network() | d.new(),
    "GetServiceNetworkServiceAssociation": Dice.snsa,
    "ListServiceNetworkServiceAssociations": lambda d: d.page() | d.pick(d.service(), d.network(), {}),
    "DeleteServiceNetworkServiceAssociation": Dice.snsa,
    "CreateServiceNetworkVpcAssociation": lambda d: d.network() | d.vpc() | d.new() | d.private_dns(),
    "GetServiceNetworkVpcAssociation": Dice.snva,
    "ListServiceNetworkVpcAssociations": lambda d: d.page() | d.pick(d.network(), d.vpc(), {}),
    "UpdateServiceNetworkVpcAssociation": lambda d: d.snva() | d.private_dns(),
    "DeleteServiceNetworkVpcAssociation": Dice.snva,
    "PutAuthPolicy": lambda d: d.source() | {"policy": d.pick("{}", "no")},
    "GetAuthPolicy": Dice.source,
    "DeleteAuthPolicy": Dice.source,
    "CreateAccessLogSubscription": lambda d: d.source() | d.destination() | d.new(),
    "GetAccessLogSubscription": Dice.log,
    "ListAccessLogSubscriptions": lambda d: d.source() | d.page(),
    "UpdateAccessLogSubscription": lambda d: d.log() | d.destination(),
    "DeleteAccessLogSubscription": Dice.log,
    "TagResource": lambda d: d.resource() | {"tags": d.pick({"a": "y"}, {"aws:x": "y"})},
    "UntagResource": lambda d: d.resource() | {"tagKeys": ["a"]},
    "ListTagsForResource": Dice.resource,
}
