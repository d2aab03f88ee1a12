"""Operations as lines for people."""

from dataclasses import replace

import pytest

from lattice_gateway.core.lattice.keys import NetworkKey, ServiceKey
from lattice_gateway.core.lattice.observed import Fixed, ForwardTo, Observed, Unmodelled
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
    RegisterTargets,
    SendForward,
    SendTo,
    TagResource,
    UntagResource,
    UpdateListener,
    UpdateRule,
    UpdateService,
    UpdateTargetGroup,
)
from lattice_gateway.core.lattice.units import Exact, FixedResponse, HeaderMatch, HealthCheck, Match, Prefix, Target
from lattice_gateway.core.lattice.words import AddressType, Arn, ListenerProtocol, ProtocolVersion, Tags, TargetProtocol
from lattice_gateway.core.plan import describe_operation
from lattice_gateway.core.plan.describe import describe_match
from tests.laws.plan.driver import OWNER
from tests.laws.plan.worlds import group_key
from tests.unit.plan.test_groups import OURS
from tests.unit.plan.test_rules import there
from tests.unit.plan.test_services import THERE

KEY = group_key("rates-default", "parking")
SERVICE, LISTENER, GROUP = (Known(i, Arn(f"arn:{i}")) for i in ("svc-1", "listener-1", "tg-1"))
RULE = Known("rule-1", Arn("arn:rule-1"))
A = Match(Prefix("/a"), "GET", (HeaderMatch("x", "1"),))
SEEN = replace(
    THERE,
    listeners=(replace(THERE.listeners[0], rules=(there(1, A, action=ForwardTo((("tg-1", 50),))),)),),  # type: ignore[index]
)


def forwarding(weight: int) -> SendForward:
    return SendForward((SendTo(GROUP, weight),))


@pytest.mark.parametrize(
    ("operation", "observed", "line"),
    [
        (CreateServiceNetwork(network=NetworkKey("hotel"), tags=Tags()), None, "create service network hotel"),
        (DeleteServiceNetwork(SERVICE), None, "delete service network svc-1"),
        (
            CreateVpcAssociation(network=New(NetworkKey("hotel")), vpc=OWNER.vpc, tags=Tags()),
            None,
            "associate vpc-1 with network hotel (known after create)",
        ),
        (DeleteVpcAssociation(SERVICE), None, "delete VPC association svc-1"),
        (
            CreateTargetGroup(
                group=KEY,
                name="k8s-x",
                port=80,
                protocol=TargetProtocol.HTTP,
                version=ProtocolVersion.HTTP1,
                address_type=AddressType.IPV4,
                vpc=OWNER.vpc,
                health=None,
                tags=Tags(),
            ),
            None,
            "create target group k8s-x (HTTP HTTP1)",
        ),
        (
            UpdateTargetGroup(GROUP, HealthCheck(enabled=True, path="/ok")),
            (OURS,),
            f"change health check of {OURS.name} (tg-1): path / -> /ok",
        ),
        (DeleteTargetGroup(GROUP), (OURS,), f"delete target group {OURS.name} (tg-1)"),
        (
            RegisterTargets(New(KEY), (Target("10.0.0.1", 80),)),
            None,
            "register 1 target in parking:80 (known after create): 10.0.0.1:80",
        ),
        (
            DeregisterTargets(GROUP, tuple(Target("10.0.0.1", port) for port in range(1, 8))),
            None,
            "deregister 7 targets from tg-1: 10.0.0.1:1, 10.0.0.1:2, 10.0.0.1:3, 10.0.0.1:4, 10.0.0.1:5 and 2 more",
        ),
        (
            CreateService(service=ServiceKey("rates"), custom_domain="a.example", certificate=None, tags=Tags()),
            None,
            "create service rates with domain a.example",
        ),
        (UpdateService(SERVICE, Arn("arn:new")), SEEN, "change certificate: arn:new"),
        (DeleteService(SERVICE), SEEN, "delete service rates-default with its listeners and rules"),
        (
            CreateServiceAssociation(
                service=SERVICE, network=New(NetworkKey("hotel")), network_key=NetworkKey("hotel"), tags=Tags()
            ),
            SEEN,
            "associate service with network hotel",
        ),
        (
            DeleteServiceAssociation(SERVICE, Known("snsa-1", Arn("arn:snsa-1"))),
            SEEN,
            "delete association with network my-hotel (snsa-1)",
        ),
        (
            CreateListener(
                service=SERVICE,
                key=ListenerKey(ServiceKey("rates"), 80, ListenerProtocol.HTTP),
                name="x",
                default_action=FixedResponse(404),
                tags=Tags(),
            ),
            SEEN,
            "create listener 80 (HTTP), default answer 404",
        ),
        (
            UpdateListener(service=SERVICE, listener=LISTENER, default_action=forwarding(1)),
            SEEN,
            "change default action of listener 80 (HTTP): answer 404 -> forward tg-1 1",
        ),
        (DeleteListener(SERVICE, LISTENER), SEEN, "delete listener 80 (HTTP) with its rules"),
        (
            CreateRule(
                service=SERVICE,
                listener=New(ListenerKey(ServiceKey("rates"), 80, ListenerProtocol.HTTP)),
                name="x",
                priority=3,
                match=Match(Exact("/a")),
                action=SendForward((SendTo(New(KEY), 9),)),
                tags=Tags(),
            ),
            None,
            "create rule 3 of listener 80 (known after create): exact /a -> forward parking:80 (known after create) 9",
        ),
        (
            UpdateRule(service=SERVICE, listener=LISTENER, rule=RULE, action=forwarding(90)),
            SEEN,
            "change rule 1 (GET prefix /a, header x=1): forward tg-1 50 -> forward tg-1 90",
        ),
        (
            UpdateRule(service=SERVICE, listener=LISTENER, rule=RULE, match=Match(Prefix("/b")), priority=2),
            SEEN,
            "change rule 1 (GET prefix /a, header x=1): match GET prefix /a, header x=1 -> prefix /b, priority 1 -> 2",
        ),
        (
            BatchUpdateRule(SERVICE, LISTENER, ((RULE, 4),)),
            SEEN,
            "change priorities: GET prefix /a, header x=1 1 -> 4",
        ),
        (DeleteRule(SERVICE, LISTENER, RULE), SEEN, "delete rule 1: GET prefix /a, header x=1"),
        (DeleteRule(SERVICE, LISTENER, RULE), None, "delete rule rule-1"),
        (TagResource(SERVICE, Tags({"team": "a", "cost": "7"})), None, "tag svc-1: cost=7, team=a"),
        (UntagResource(SERVICE, frozenset({"b", "a"})), None, "untag svc-1: a, b"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_an_operation_is_one_line(operation: Operation, observed: Observed, line: str) -> None:
    assert describe_operation(operation, observed) == line


def test_a_match_that_cannot_be_read_is_shown_raw() -> None:
    assert describe_match(Unmodelled('{"x":1}')) == 'match {"x":1}'
    assert describe_operation(
        UpdateListener(service=SERVICE, listener=LISTENER, default_action=FixedResponse(404)),
        replace(SEEN, listeners=(replace(THERE.listeners[0], default_action=Fixed(500)),)),  # type: ignore[index]
    ).endswith("answer 500 -> answer 404")
