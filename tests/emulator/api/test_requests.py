"""Raw requests: what no SDK would send, and what other SDKs than botocore do."""

import json

import pytest

from lattice_emulator.api.request import Request
from lattice_emulator.world.model import Caller

SERVICE = "svc-0123456789abcdef0"
LISTENER = "listener-0123456789abcdef0"
RULE = "rule-0123456789abcdef0"
ENCODED = f"arn%3Aaws%3Avpc-lattice%3Aus-west-2%3A111122223333%3Aservice%2F{SERVICE}"


def signed(service, region="us-west-2", key="AKID"):
    scope = f"AWS4-HMAC-SHA256 Credential={key}/20240101/{region}/{service}/aws4_request, SignedHeaders=host"
    return {"authorization": scope}


def post(target, body, headers=None):
    return Request("POST", target, headers or {}, body if isinstance(body, bytes) else json.dumps(body).encode())


def target(operation):
    return {"x-amz-target": operation}


@pytest.mark.parametrize(
    ("method", "path", "operation", "labels"),
    [
        pytest.param("GET", "/services", "ListServices", {}, id="collection"),
        pytest.param("GET", f"/services/{SERVICE}", "GetService", {"serviceIdentifier": SERVICE}, id="id"),
        pytest.param(
            "GET",
            f"/services/{ENCODED}/listeners/{ENCODED}%2Flistener%2F{LISTENER}",
            "GetListener",
            {
                "serviceIdentifier": f"arn:aws:vpc-lattice:us-west-2:111122223333:service/{SERVICE}",
                "listenerIdentifier": f"arn:aws:vpc-lattice:us-west-2:111122223333:service/{SERVICE}"
                f"/listener/{LISTENER}",
            },
            id="nested ARNs",
        ),
        pytest.param(
            "GET",
            f"/services/{ENCODED.replace('%3A', ':')}/listeners/{LISTENER}/rules/{RULE}",
            "GetRule",
            {
                "serviceIdentifier": f"arn:aws:vpc-lattice:us-west-2:111122223333:service/{SERVICE}",
                "listenerIdentifier": LISTENER,
                "ruleIdentifier": RULE,
            },
            id="colons left as they are",
        ),
    ],
)
async def test_a_path_is_split_before_it_is_decoded(endpoint_of, table_world, method, path, operation, labels):
    world = table_world()

    answer = await endpoint_of(world).answer(Request(method, path, {}, b""))

    assert answer.status == 200
    assert [(asked[1], asked[2]) for asked in world.asked] == [(operation, labels)]


@pytest.mark.parametrize(
    ("request_", "reason", "words"),
    [
        pytest.param(Request("GET", "/nowhere", {}, b""), "unknownOperation", "GET /nowhere", id="unknown path"),
        pytest.param(Request("PUT", "/services", {}, b""), "unknownOperation", "PUT /services", id="unknown method"),
        pytest.param(Request("GET", "/services/", {}, b""), "unknownOperation", "/services/", id="empty label"),
        pytest.param(post("/services", b"{"), "cannotParse", "not JSON", id="broken JSON"),
        pytest.param(post("/services", b"\xff"), "cannotParse", "not JSON", id="not UTF-8"),
        pytest.param(post("/services", b"[" * 100_000), "cannotParse", "not JSON", id="nested too deep"),
        pytest.param(post("/services", [1]), "cannotParse", "a JSON object, found [1]", id="a list"),
        pytest.param(post("/services", {"name": 5}), "cannotParse", "name must be a string, found 5", id="type"),
        pytest.param(
            post("/services", {"name": "rates", "idleTimeoutSeconds": True}),
            "cannotParse",
            "idleTimeoutSeconds must be a whole number, found True",
            id="a flag for a number",
        ),
        pytest.param(
            Request("GET", "/services?maxResults=many", {}, b""),
            "cannotParse",
            "maxResults must be a whole number, found 'many'",
            id="number in the query",
        ),
        pytest.param(
            post(f"/services/{SERVICE}/listeners", {"name": "one", "protocol": "HTTP", "defaultAction": {}}),
            "fieldValidationFailed",
            "defaultAction must have exactly one of the members forward, fixedResponse, found none",
            id="empty union",
        ),
        pytest.param(
            post(
                "/targetgroups/tg-0123456789abcdef0/registertargets",
                {"targets": [{"id": "10.0.0.1", "port": 80}, {"port": 65536}]},
            ),
            "fieldValidationFailed",
            "targets[1].id is required; targets[1].port must be 1 to 65535, found 65536",
            id="two problems in a list",
        ),
        pytest.param(post("/services", {}), "fieldValidationFailed", "name is required", id="required"),
        pytest.param(post("/services", {"name": None}), "fieldValidationFailed", "name is required", id="null"),
    ],
)
async def test_a_bad_request_is_refused_with_its_reason(endpoint_of, table_world, request_, reason, words):
    world = table_world()

    answer = await endpoint_of(world).answer(request_)

    body = json.loads(answer.body)
    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (400, "ValidationException")
    assert body["reason"] == reason
    assert words in body["message"]
    assert world.asked == []


@pytest.mark.parametrize(
    ("params", "words"),
    [
        pytest.param({"TagFilters": [{"Values": ["a"]}]}, "TagFilters[0].Key is required", id="a filter without key"),
        pytest.param({"ResourcesPerPage": 0}, "ResourcesPerPage must be 1 to 100, found 0", id="an empty page"),
        pytest.param({"TagsPerPage": 99}, "TagsPerPage must be 100 to 500, found 99", id="a page of few tags"),
    ],
)
async def test_documented_limits_hold_where_the_model_has_none(endpoint_of, table_world, params, words):
    headers = signed("tagging") | target("ResourceGroupsTaggingAPI_20170126.GetResources")

    answer = await endpoint_of(table_world()).answer(post("/", params, headers))

    body = json.loads(answer.body)
    assert (answer.status, body["__type"], body["Message"]) == (400, "InvalidParameterException", words)


async def test_unknown_members_are_left_out(endpoint_of, table_world):
    world = table_world()

    await endpoint_of(world).answer(post("/services", {"name": "rates", "colour": "red", "authType": None}))

    assert world.asked[0][2] == {"name": "rates"}


async def test_region_and_account_follow_the_credential_scope(endpoint_of, table_world):
    world = table_world()

    await endpoint_of(world).answer(Request("GET", "/services", signed("vpc-lattice", "eu-west-1"), b""))

    assert world.asked[0][3] == Caller("111122223333", "eu-west-1")


async def test_a_service_that_is_not_served_is_named(endpoint_of, table_world):
    answer = await endpoint_of(table_world()).answer(Request("GET", "/", signed("s3"), b""))

    assert answer.status == 400
    assert "signed for 's3'" in json.loads(answer.body)["message"]


@pytest.mark.parametrize(
    ("service", "headers", "code"),
    [
        pytest.param(
            "tagging", target("ResourceGroupsTaggingAPI_20170126.Gone"), "UnknownOperationException", id="gone"
        ),
        pytest.param("tagging", target("Other.GetResources"), "UnknownOperationException", id="another API"),
        pytest.param(
            "tagging",
            target("ResourceGroupsTaggingAPI_20170126.GetTagKeys"),
            "UnknownOperationException",
            id="tier two",
        ),
        pytest.param("acm", target("CertificateManager.DeleteCertificate"), "UnknownOperationException", id="acm"),
    ],
)
async def test_the_json_services_refuse_what_they_do_not_know(endpoint_of, table_world, service, headers, code):
    answer = await endpoint_of(table_world()).answer(post("/", {}, signed(service) | headers))

    assert answer.status == 400
    assert json.loads(answer.body)["__type"] == code


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"smithy-protocol": "rpc-v2-cbor"}, id="by protocol"),
        pytest.param({"content-type": "application/cbor"}, id="by content type"),
    ],
)
async def test_a_cbor_client_reads_in_cbor_what_to_set(endpoint_of, table_world, headers):
    path = "/service/ResourceGroupsTaggingAPI_20170126/operation/GetResources"

    answer = await endpoint_of(table_world()).answer(post(path, b"\xa0", signed("tagging") | headers))

    assert (answer.status, answer.headers["smithy-protocol"]) == (400, "rpc-v2-cbor")
    message = cbor_texts(answer.body)
    assert message["__type"] == "UnsupportedProtocolException"
    assert "DISABLE_TAGGING_SERVICE_API" in message["message"]


def cbor_texts(body):
    """Decode a map of texts with 16-bit lengths, the only CBOR this port writes."""
    texts, at = [], 1
    while at < len(body):
        size = int.from_bytes(body[at + 1 : at + 3], "big")
        texts.append(body[at + 3 : at + 3 + size].decode())
        at += 3 + size
    return dict(zip(texts[::2], texts[1::2], strict=True))
