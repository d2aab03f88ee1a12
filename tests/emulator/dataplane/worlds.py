"""A world's state put together by hand, resource by resource."""

from collections.abc import Callable

from lattice_emulator.world import model as m
from lattice_emulator.world.state import Counters, State

HOME = m.Caller("111122223333", "us-west-2")
HEALTH_CHECK = m.HealthCheck(
    enabled=True,
    protocol=m.GroupProtocol.HTTP,
    version=m.ProtocolVersion.HTTP1,
    port=None,
    path="/",
    interval=30,
    timeout=5,
    healthy_threshold=2,
    unhealthy_threshold=2,
    matcher="200",
)


class WorldInHand:
    """The state of a world, and what it is told of its targets."""

    def __init__(self) -> None:
        self.state = State(Counters(0))
        self.listeners: list[Callable[[], None]] = []

    def report_health(self, group_id: str, target: m.TargetKey, health: m.Health) -> None:
        before = self.state.targets[group_id][target]
        self.put_target(int(group_id[3:]), target.id, health, port=target.port, seq=before.seq)
        self.changed()

    def _seq(self, identifier: str) -> int:
        """The place in the order of creation: a resource that is put again keeps its own."""
        before = self.state.find(identifier)
        return self.state.counters.next_seq() if before is None else before.seq

    def changed(self) -> None:
        for listener in self.listeners:
            listener()

    def put_service(self, number: int, default: m.Action, custom: str | None = None, port: int = 80) -> None:
        service = m.Service(
            id=f"svc-{number}",
            seq=self._seq(f"svc-{number}"),
            home=HOME,
            name=f"s{number}",
            domain=f"s{number}.on.aws",
            custom_domain=custom,
            certificate_arn=None,
            auth_type=m.AuthType.NONE,
            idle_timeout=60,
            created_at=0.0,
            updated_at=0.0,
            status=m.Status.ACTIVE,
        )
        self.state.services.put(service)
        self.put_listener(number, port, default)

    def put_listener(
        self,
        service: int,
        port: int,
        default: m.Action,
        protocol: m.ListenerProtocol = m.ListenerProtocol.HTTP,
    ) -> None:
        listener = m.Listener(
            id=f"listener-{service}-{port}",
            seq=self._seq(f"listener-{service}-{port}"),
            home=HOME,
            service_id=f"svc-{service}",
            name=f"l{port}",
            protocol=protocol,
            port=port,
            default_rule_id=f"rule-{service}-{port}-default",
            created_at=0.0,
            updated_at=0.0,
        )
        self.state.listeners.put(listener)
        self._put_rule(listener, "default", None, None, default)

    def put_rule(self, service: int, priority: int, match: m.Match, action: m.Action, port: int = 80) -> None:
        listener = self.state.listeners[f"listener-{service}-{port}"]
        self._put_rule(listener, str(priority), priority, match, action)

    def _put_rule(
        self, listener: m.Listener, name: str, priority: int | None, match: m.Match | None, action: m.Action
    ) -> None:
        rule_id = f"rule-{listener.id[9:]}-{name}"
        rule = m.Rule(
            id=rule_id,
            seq=self._seq(rule_id),
            home=HOME,
            service_id=listener.service_id,
            listener_id=listener.id,
            name=name,
            priority=priority,
            match=match,
            action=action,
            created_at=0.0,
            updated_at=0.0,
        )
        self.state.rules.put(rule)

    def forward(self, *shares: tuple[int, int]) -> m.Forward:
        return m.Forward(tuple(m.Share(f"tg-{group}", weight) for group, weight in shares))

    def put_group(self, number: int, check: m.HealthCheck = HEALTH_CHECK) -> None:
        config = m.GroupConfig(
            port=8080,
            protocol=m.GroupProtocol.HTTP,
            version=m.ProtocolVersion.HTTP1,
            ip_type="IPV4",
            vpc_id="vpc-1",
            health_check=check,
        )
        group = m.TargetGroup(
            id=f"tg-{number}",
            seq=self._seq(f"tg-{number}"),
            home=HOME,
            name=f"g{number}",
            type=m.GroupType.IP,
            config=config,
            event_version=None,
            created_at=0.0,
            updated_at=0.0,
            status=m.Status.ACTIVE,
        )
        self.state.target_groups.put(group)
        self.state.targets.setdefault(group.id, {})

    def put_target(
        self,
        group: int,
        address: str,
        health: m.Health = m.Health.PENDING,
        *,
        registered: bool = True,
        port: int | None = 8080,
        seq: int = 0,
    ) -> None:
        key = m.TargetKey(address, port)
        target = m.Target(key=key, seq=seq, health=health, drain_until=None if registered else 60.0)
        self.state.targets[f"tg-{group}"][key] = target

    def drop_target(self, group: int, address: str, port: int) -> None:
        del self.state.targets[f"tg-{group}"][m.TargetKey(address, port)]

    def associate(
        self,
        service: int,
        status: m.Status = m.Status.ACTIVE,
        vpc_status: m.Status = m.Status.ACTIVE,
    ) -> None:
        """Join service, network sn-1 and vpc-1."""
        self.state.networks.put(
            m.ServiceNetwork(
                id="sn-1",
                seq=0,
                home=HOME,
                name="n1",
                auth_type=m.AuthType.NONE,
                sharing=None,
                created_at=0.0,
                updated_at=0.0,
            )
        )
        self.state.service_associations.put(
            m.ServiceAssociation(
                id=f"snsa-{service}",
                seq=0,
                home=HOME,
                service_id=f"svc-{service}",
                network_id="sn-1",
                created_at=0.0,
                updated_at=0.0,
                status=status,
            )
        )
        self.state.vpc_associations.put(
            m.VpcAssociation(
                id="snva-1",
                seq=0,
                home=HOME,
                vpc_id="vpc-1",
                network_id="sn-1",
                security_group_ids=(),
                private_dns=None,
                dns=None,
                created_at=0.0,
                updated_at=0.0,
                status=vpc_status,
            )
        )
