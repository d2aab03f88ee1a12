"""Operations and reads against botocore's own model of the services; answers and errors as values."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import aiohttp
import botocore.session
import pytest
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, ReadTimeoutError
from botocore.validate import ParamValidator

from lattice_gateway.adapters.aws import values
from lattice_gateway.adapters.aws.client import AwsLattice
from lattice_gateway.adapters.aws.errors import broken, refused
from lattice_gateway.adapters.aws.queries import query
from lattice_gateway.adapters.aws.requests import Request, answer, request
from lattice_gateway.core.lattice import operations as ops
from lattice_gateway.core.lattice.keys import GroupKey, NetworkKey, ServiceKey
from lattice_gateway.core.lattice.observed import Fixed, ForwardTo, Unmodelled
from lattice_gateway.core.lattice.outcome import ErrorKind
from lattice_gateway.core.lattice.units import Exact, FixedResponse, HeaderMatch, HealthCheck, Match, Prefix, Target
from lattice_gateway.core.lattice.words import (
    AddressType,
    Arn,
    ListenerProtocol,
    ProtocolVersion,
    Status,
    Tags,
    TargetProtocol,
    VpcId,
)
from lattice_gateway.engine import reads
from lattice_gateway.engine.ports import LatticeFailure
from tests.laws.engine_stage import play

VPC = VpcId("vpc-0123456789abcdef0")
ARN = Arn("arn:aws:vpc-lattice:us-west-2:111122223333:service/svc-0123456789abcdef0")
SERVICE = ops.Known("svc-0123456789abcdef0", ARN)
LISTENER = ops.Known("listener-0123456789abcdef0", ARN)
RULE = ops.Known("rule-0123456789abcdef0", ARN)
GROUP = ops.Known("tg-0123456789abcdef0", ARN)
NETWORK = ops.Known("sn-0123456789abcdef0", ARN)
ASSOCIATION = ops.Known("snsa-0123456789abcdef0", ARN)
TAGS = Tags({"team": "web"})
KEY = GroupKey(
    service="rates",
    namespace="default",
    name="parking",
    port=80,
    protocol=TargetProtocol.HTTP,
    version=ProtocolVersion.HTTP1,
    address_type=AddressType.IPV4,
)
HEALTH = HealthCheck(
    enabled=True,
    protocol=TargetProtocol.HTTP,
    version=ProtocolVersion.HTTP1,
    path="/",
    codes="200",
    interval=30,
    timeout=5,
    healthy_threshold=5,
    unhealthy_threshold=2,
)
MATCH = Match(Prefix("/parking"), "GET", (HeaderMatch("x-a", "1"),))
FORWARD = ops.SendForward((ops.SendTo(GROUP, 9),))
TARGETS = (Target("10.244.1.2", 8090),)

OPERATIONS: tuple[ops.Operation, ...] = (
    ops.CreateServiceNetwork(network=NetworkKey("my-hotel"), tags=TAGS),
    ops.DeleteServiceNetwork(NETWORK),
    ops.CreateVpcAssociation(network=NETWORK, vpc=VPC, tags=TAGS),
    ops.DeleteVpcAssociation(ASSOCIATION),
    ops.CreateTargetGroup(
        group=KEY,
        name="k8s-default-parking-abcdefghij",
        port=80,
        protocol=TargetProtocol.HTTP,
        version=ProtocolVersion.HTTP1,
        address_type=AddressType.IPV4,
        vpc=VPC,
        health=HEALTH,
        tags=TAGS,
    ),
    ops.UpdateTargetGroup(GROUP, HEALTH),
    ops.DeleteTargetGroup(GROUP),
    ops.RegisterTargets(GROUP, TARGETS),
    ops.DeregisterTargets(GROUP, TARGETS),
    ops.CreateService(service=ServiceKey("rates"), custom_domain="a.example.com", certificate=ARN, tags=TAGS),
    ops.UpdateService(SERVICE, ARN),
    ops.DeleteService(SERVICE),
    ops.CreateServiceAssociation(service=SERVICE, network=NETWORK, network_key=NetworkKey("my-hotel"), tags=TAGS),
    ops.DeleteServiceAssociation(SERVICE, ASSOCIATION),
    ops.CreateListener(
        service=SERVICE,
        key=ops.ListenerKey(ServiceKey("rates"), 80, ListenerProtocol.HTTP),
        name="rates-default-80-http",
        default_action=FixedResponse(404),
        tags=TAGS,
    ),
    ops.UpdateListener(service=SERVICE, listener=LISTENER, default_action=FORWARD),
    ops.DeleteListener(SERVICE, LISTENER),
    ops.CreateRule(service=SERVICE, listener=LISTENER, name="r-1", priority=1, match=MATCH, action=FORWARD, tags=TAGS),
    ops.UpdateRule(service=SERVICE, listener=LISTENER, rule=RULE, match=MATCH, action=FixedResponse(500), priority=2),
    ops.BatchUpdateRule(SERVICE, LISTENER, ((RULE, 7),)),
    ops.DeleteRule(SERVICE, LISTENER, RULE),
    ops.TagResource(SERVICE, TAGS),
    ops.UntagResource(SERVICE, frozenset({"team"})),
)

READS: tuple[reads.Read[Any], ...] = (
    reads.ListServices("t"),
    reads.GetService("svc-0123456789abcdef0"),
    reads.ListTargetGroups(VPC),
    reads.GetTargetGroup("tg-0123456789abcdef0"),
    reads.ListTargets("tg-0123456789abcdef0"),
    reads.ListServiceNetworks(),
    reads.ListVpcAssociations(VPC),
    reads.ListVpcAssociationsOfNetwork("sn-0123456789abcdef0"),
    reads.GetVpcAssociation("snva-0123456789abcdef0"),
    reads.ListAssociationsOfService("svc-0123456789abcdef0"),
    reads.ListAssociationsOfNetwork("sn-0123456789abcdef0"),
    reads.ListListeners("svc-0123456789abcdef0"),
    reads.GetListener("svc-0123456789abcdef0", "listener-0123456789abcdef0"),
    reads.ListRules("svc-0123456789abcdef0", "listener-0123456789abcdef0"),
    reads.GetRule("svc-0123456789abcdef0", "listener-0123456789abcdef0", "rule-0123456789abcdef0"),
    reads.ListTags(ARN),
    reads.FindTagged("a", "b", "t"),
    reads.TagsOf((ARN,)),
    reads.CallerAccount(),
)


@pytest.fixture(scope="module")
def session() -> botocore.session.Session:
    return botocore.session.get_session()


def faults(session: botocore.session.Session, sent: Request) -> str:
    shape = session.get_service_model(sent.service).operation_model(sent.operation).input_shape
    report = ParamValidator().validate(dict(sent.members), shape)
    unknown = set(sent.members) - set(shape.members) if shape else set()
    return f"{report.generate_report()}{unknown or ''}"


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: type(operation).__name__)
def test_every_operation_is_a_call_that_the_service_model_knows(
    session: botocore.session.Session, operation: ops.Operation
) -> None:
    assert faults(session, request(operation, "token")) == ""


@pytest.mark.parametrize("read", READS, ids=lambda read: type(read).__name__)
def test_every_read_is_a_call_that_the_service_model_knows(
    session: botocore.session.Session, read: reads.Read[Any]
) -> None:
    assert faults(session, query(read).request) == ""


def test_all_operations_and_reads_are_covered() -> None:
    assert {type(operation) for operation in OPERATIONS} == set(ops.Operation.__args__)  # type: ignore[attr-defined]
    assert {type(read).__name__ for read in READS} == {read.__name__ for read in reads.Read.__subclasses__()}


def test_creates_carry_the_token_and_nothing_else_does() -> None:
    with_token = {type(op).__name__ for op in OPERATIONS if "clientToken" in request(op, "t").members}

    assert with_token == {type(op).__name__ for op in OPERATIONS if type(op).__name__.startswith("Create")}


def test_a_rule_is_written_as_the_go_controller_writes_it() -> None:
    create = OPERATIONS[17]

    assert request(create, "t").members["match"] == {
        "httpMatch": {
            "pathMatch": {"match": {"prefix": "/parking"}, "caseSensitive": True},
            "method": "GET",
            "headerMatches": [{"name": "x-a", "match": {"exact": "1"}, "caseSensitive": False}],
        }
    }


def test_an_operation_with_an_unbound_reference_is_not_sent() -> None:
    with pytest.raises(ValueError, match="has no id yet"):
        request(ops.RegisterTargets(ops.New(KEY), TARGETS), "t")


PATH = {"match": {"exact": "/a"}, "caseSensitive": True}


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        pytest.param({"httpMatch": {"pathMatch": PATH}}, Match(Exact("/a")), id="path"),
        pytest.param(
            {"httpMatch": {"pathMatch": PATH, "headerMatches": [{"name": "h", "match": {"exact": "v"}}]}},
            Match(Exact("/a"), None, (HeaderMatch("h", "v"),)),
            id="header",
        ),
        pytest.param(
            {"httpMatch": {"method": "GET"}}, Unmodelled('{"httpMatch":{"method":"GET"}}'), id="method without a path"
        ),
        pytest.param(
            {"httpMatch": {"pathMatch": {"match": {"exact": "/a"}, "caseSensitive": False}}},
            Unmodelled('{"httpMatch":{"pathMatch":{"caseSensitive":false,"match":{"exact":"/a"}}}}'),
            id="path of any case",
        ),
        pytest.param(
            {"httpMatch": {"pathMatch": PATH, "headerMatches": [{"name": "h", "match": {"prefix": "v"}}]}},
            Unmodelled(
                '{"httpMatch":{"headerMatches":[{"match":{"prefix":"v"},"name":"h"}],'
                '"pathMatch":{"caseSensitive":true,"match":{"exact":"/a"}}}}'
            ),
            id="header prefix",
        ),
    ],
)
def test_a_match_is_ours_or_kept_as_text(item: Mapping[str, Any], expected: Match | Unmodelled) -> None:
    assert values.match(item) == expected


def test_actions_name_groups_by_id() -> None:
    forward = {"forward": {"targetGroups": [{"targetGroupIdentifier": "arn:x:targetgroup/tg-1", "weight": 3}]}}

    assert values.action(forward) == ForwardTo((("tg-1", 3),))
    assert values.action({"fixedResponse": {"statusCode": 404}}) == Fixed(404)


def test_an_answer_keeps_id_status_name_and_refused_targets() -> None:
    got = answer(
        {
            "id": "svc-1",
            "arn": "arn:1",
            "status": "CREATE_IN_PROGRESS",
            "dnsEntry": {"domainName": "a.on.aws"},
            "unsuccessful": [{"id": "10.0.0.1", "port": 80, "failureCode": "UnsupportedTarget"}],
        }
    )

    assert (got.id, got.status, got.dns_name) == ("svc-1", Status.CREATE_IN_PROGRESS, "a.on.aws")
    assert got.failed_targets == (("10.0.0.1:80", "UnsupportedTarget"),)


def test_a_rule_listing_leaves_the_default_rule_out() -> None:
    updated = datetime(2026, 1, 2, tzinfo=UTC)
    rule = {"id": "rule-1", "arn": "a", "name": "n", "priority": 4, "isDefault": False, "lastUpdatedAt": updated}
    default = {"id": "rule-0", "arn": "b", "name": "default", "isDefault": True}

    page = query(reads.ListRules("s", "l")).value({"items": [default, rule]})

    assert page.items == (reads.RuleSummary("rule-1", Arn("a"), "n", 4, "2026-01-02T00:00:00+00:00"),)


@pytest.mark.parametrize(
    ("code", "status", "mutating", "kind"),
    [
        pytest.param("ConflictException", 409, True, ErrorKind.CONFLICT, id="conflict"),
        pytest.param("ResourceNotFoundException", 404, True, ErrorKind.NOT_FOUND, id="not found"),
        pytest.param("ThrottledException", 400, False, ErrorKind.THROTTLED, id="throttled by the tagging API"),
        pytest.param("ServiceQuotaExceededException", 402, True, ErrorKind.QUOTA, id="quota"),
        pytest.param("InternalServerException", 500, False, ErrorKind.UNAVAILABLE, id="500 to a read"),
        pytest.param("InternalServerException", 500, True, ErrorKind.UNKNOWN_RESULT, id="500 to a write"),
        pytest.param("503", 503, True, ErrorKind.UNKNOWN_RESULT, id="503 without a body"),
        pytest.param("Brandnew", 418, True, ErrorKind.INVALID, id="unknown code"),
    ],
)
def test_a_refusal_is_judged_by_code_then_status(code: str, status: int, *, mutating: bool, kind: ErrorKind) -> None:
    error = ClientError(
        {
            "Error": {"Code": code, "Message": "because"},
            "ResponseMetadata": {"HTTPStatusCode": status},  # type: ignore[typeddict-item]
            "quotaCode": "L-1",  # type: ignore[typeddict-unknown-key]
            "retryAfterSeconds": 3,  # type: ignore[typeddict-unknown-key]
        },
        "CreateService",
    )

    got = refused("CreateService", error, mutating=mutating)

    assert (got.kind, got.message, got.retry_after, got.quota) == (kind, "because", 3.0, "L-1")


@pytest.mark.parametrize(
    ("error", "mutating", "kind"),
    [
        pytest.param(ReadTimeoutError(endpoint_url="u"), True, ErrorKind.UNKNOWN_RESULT, id="no answer to a write"),
        pytest.param(ReadTimeoutError(endpoint_url="u"), False, ErrorKind.UNAVAILABLE, id="no answer to a read"),
        pytest.param(
            EndpointConnectionError(endpoint_url="u", error=aiohttp.ClientOSError()),
            True,
            ErrorKind.UNKNOWN_RESULT,
            id="connection reset",
        ),
        pytest.param(
            EndpointConnectionError(
                endpoint_url="u",
                error=aiohttp.ClientConnectorError(None, OSError("refused")),  # type: ignore[arg-type]
            ),
            True,
            ErrorKind.UNAVAILABLE,
            id="no connection at all",
        ),
    ],
)
def test_a_broken_call_is_unknown_only_when_it_may_have_been_sent(
    error: BotoCoreError, *, mutating: bool, kind: ErrorKind
) -> None:
    assert broken("CreateService", error, mutating=mutating).kind is kind


class Silent:
    """A client that never answers."""

    async def get_service(self, **_: Any) -> Mapping[str, Any]:
        await asyncio.sleep(10**6)
        return {}


def test_a_call_without_an_answer_ends() -> None:
    lattice = AwsLattice({"vpc-lattice": Silent()})

    with pytest.raises(LatticeFailure) as failure:
        play(lambda: lattice.read(reads.GetService("svc-0123456789abcdef0")))

    assert failure.value.error.kind is ErrorKind.UNAVAILABLE
