"""Requests made from the service models, valid and broken, against the real world.

Nothing a client sends is answered with a 5xx, every answer fits the model, and the world stays whole.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lattice_emulator.api.endpoint import Endpoint
from lattice_emulator.api.faults import FaultPlan, Faults
from lattice_emulator.api.request import Accounts, Request
from lattice_emulator.api.services import Operation, Protocol, Service, load_services
from lattice_emulator.api.shapes import (
    Blob,
    Bounds,
    Flag,
    Location,
    Many,
    Moment,
    Number,
    Structure,
    Table,
    Text,
)
from lattice_emulator.api.validation import problems_of
from lattice_emulator.world.clock import ManualClock
from lattice_emulator.world.knobs import Knobs
from lattice_emulator.world.model import Caller
from lattice_emulator.world.world import World
from tests.examples import examples

SERVICES = load_services()
OPERATIONS = sorted((s.name, o.name) for s in SERVICES.values() for o in s.operations.values() if o.emulated)
# Creates come more often, else most calls would find an empty world.
MENU = OPERATIONS + [(s, o) for s, o in OPERATIONS if o.startswith(("Create", "Register"))] * 3
JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just([]), st.just({}), st.just([{}])
)
VPC = "vpc-0123456789abcdef0"
ME = Caller("111122223333", "us-west-2")
GROUP_CONFIG = {"port": 80, "protocol": "HTTP", "vpcIdentifier": VPC}
BUCKET = "arn:aws:s3:::access-logs-of-the-hotel"
WORDS = ("", "GET", "rates.example.com", "/parking", '{"Version": "2012-10-17", "Statement": []}')


def furnished():
    """A world with one of everything, as a dump, and the identifiers of all that is in it."""
    clock = ManualClock()
    checked = CheckedWorld(World(knobs=Knobs(), clock=clock))

    def call(operation, **params):
        return checked.call("vpc-lattice", operation, params, ME)

    network = call("CreateServiceNetwork", name="my-hotel", tags={"a": "b"})["id"]
    service = call("CreateService", name="hotel")["id"]
    groups = [call("CreateTargetGroup", name=name, type="IP", config=GROUP_CONFIG)["id"] for name in ("one", "two")]
    clock.advance(60)
    parents = {"serviceNetworkIdentifier": network, "serviceIdentifier": service}
    call("CreateServiceNetworkServiceAssociation", **parents)
    call("CreateServiceNetworkVpcAssociation", serviceNetworkIdentifier=network, vpcIdentifier=VPC)
    call("CreateAccessLogSubscription", resourceIdentifier=service, destinationArn=BUCKET)
    call("RegisterTargets", targetGroupIdentifier=groups[0], targets=[{"id": "10.0.0.1"}])
    forward = {"forward": {"targetGroups": [{"targetGroupIdentifier": groups[0], "weight": 1}]}}
    listener = call(
        "CreateListener", serviceIdentifier=service, name="http", protocol="HTTP", port=80, defaultAction=forward
    )["id"]
    for priority in (1, 2):
        call(
            "CreateRule",
            serviceIdentifier=service,
            listenerIdentifier=listener,
            name=f"rule{priority}",
            priority=priority,
            match={"httpMatch": {"method": "GET"}},
            action={"fixedResponse": {"statusCode": 404}},
        )
    clock.advance(60)
    checked.world.advance()
    return checked.world.dump(), checked.pool, clock.now()


def values(shape, pool, name=""):
    """Values that fit ``shape``; identifiers mostly out of ``pool``."""
    match shape:
        case Text() | Number() | Flag() | Moment() | Blob():
            return scalars(shape, pool, name)
        case Many(member=member, size=size):
            return st.lists(values(member, pool, name), min_size=size.least or 0, max_size=cap(size))
        case Table(key=key, value=value, size=size):
            return st.dictionaries(values(key, pool), values(value, pool), min_size=size.least or 0, max_size=cap(size))
        case Structure() if name == "config":
            return structures(shape, pool).map(lambda config: GROUP_CONFIG | config)
        case Structure():
            return structures(shape, pool)


def scalars(shape, pool, name):
    match shape:
        case Text(words=words):
            return st.sampled_from(words) if words else texts(shape, pool, name)
        case Number() if name == "statusCode":
            return st.sampled_from([404, 500])
        case Number(value=bounds):
            least = -5 if bounds.least is None else bounds.least
            return st.integers(least, least + 20 if bounds.most is None else bounds.most)
        case Flag():
            return st.booleans()
        case Moment():
            return st.integers(0, 2**31)
        case Blob():
            return st.binary(min_size=1, max_size=9).map(lambda data: base64.b64encode(data).decode())


def cap(bounds: Bounds, most: int = 3) -> int:
    return most if bounds.most is None else max(bounds.least or 0, min(most, bounds.most))


def texts(shape, pool, name):
    if name == "vpcIdentifier":
        return st.just(VPC)
    if name == "destinationArn":
        return st.sampled_from([BUCKET, "arn:aws:firehose:us-west-2:111122223333:deliverystream/logs"])
    if name == "id":
        return st.sampled_from(["10.0.0.1", "10.0.0.2", "10.0.0.3"])
    if name.endswith(("Identifier", "Arn", "ARN", "ARNList", "nextToken", "PaginationToken")) and pool:
        fitting = [each for each in pool if shape.pattern is None or shape.pattern.fullmatch(each)]
        if fitting:
            return st.sampled_from(fitting[-8:])
    if name == "name":
        return st.sampled_from(["rates", "inventory", "review", "parking"])
    least = shape.length.least or 0
    longest = max(least, min(60, shape.length.most if shape.length.most is not None else 60))
    if shape.pattern is None:
        fitting = [text for text in WORDS if shape.length.admit(len(text))]
        return st.one_of(st.sampled_from(fitting or ["x" * least]), st.text(min_size=least, max_size=longest))
    return st.from_regex(shape.pattern, fullmatch=True).filter(lambda text: shape.length.admit(len(text)))


def structures(shape, pool):
    if shape.union:
        return st.sampled_from(shape.members).flatmap(
            lambda m: st.fixed_dictionaries({m.name: values(m.shape, pool, m.name)})
        )
    # A few optional members at a time: each of them can spoil the call.
    optional = [m for m in shape.members if not m.required]
    some = st.lists(st.sampled_from(optional), max_size=2, unique_by=lambda m: m.name) if optional else st.just([])
    required = [m for m in shape.members if m.required]
    return some.flatmap(
        lambda chosen: st.fixed_dictionaries({m.name: values(m.shape, pool, m.name) for m in [*required, *chosen]})
    )


@st.composite
def broken(draw, params):
    """``params`` with one member dropped, replaced or added, at any depth."""
    if not params or draw(st.booleans()):
        return {**params, draw(st.sampled_from([*params, "colour"])): draw(JUNK)}
    key = draw(st.sampled_from(sorted(params)))
    value = params[key]
    match value:
        case dict() if value:
            return {**params, key: draw(broken(value))}
        case list() if value and isinstance(value[0], dict):
            return {**params, key: [draw(broken(value[0])), *value[1:]]}
        case str():
            return {**params, key: draw(st.sampled_from([value + "x" * 2100, "", f"{value}\n", "\ud800", "A b"]))}
        case int():
            return {**params, key: draw(st.sampled_from([-value - 1, 2**31, 2**70, value + 0.5, str(value)]))}
        case _:
            return {name: each for name, each in params.items() if name != key}


def request_for(service: Service, operation: Operation, params: Mapping[str, Any]) -> Request:
    """Write ``params`` on the wire, fitting or not."""
    authorization = f"AWS4-HMAC-SHA256 Credential=AKID/20240101/us-west-2/{service.name}/aws4_request"
    headers = {"authorization": authorization}
    if service.protocol is Protocol.QUERY:
        body = f"Action={operation.name}&Version=2011-06-15".encode()
        return Request("POST", "/", headers, body)
    members = {m.name: m for m in operation.input.members}
    if service.protocol is Protocol.JSON:
        headers["x-amz-target"] = f"{service.target_prefix}.{operation.name}"
        return Request("POST", "/", headers, json.dumps(params).encode())
    path, query, body = operation.uri, [], {}
    for name, value in params.items():
        location = members[name].location if name in members else Location.BODY
        if location is Location.PATH:
            path = path.replace(f"{{{members[name].wire}}}", escaped(value))
        elif location is Location.QUERY:
            query += [(members[name].wire, each) for each in (value if isinstance(value, list) else [value])]
        else:
            body[name] = value
    text = "&".join(f"{key}={escaped(value)}" for key, value in query)
    return Request(operation.method, f"{path}?{text}" if text else path, headers, json.dumps(body).encode())


def escaped(value):
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return quote(text.encode("utf-8", "replace"), safe="")


class CheckedWorld:
    """The real world, whose every result must fit the model."""

    def __init__(self, world, pool=()):
        self.world = world
        self.pool = [*pool]

    def call(self, service, operation, params, caller):
        result = self.world.call(service, operation, params, caller)
        problems = problems_of(plain(result), SERVICES[service].operations[operation].output)
        assert problems == (), f"{service} {operation} answers what the model does not allow: {problems}"
        self.pool += list(identifiers(result))
        return result


def plain(value):
    match value:
        case dict():
            # GetRule shows an empty list of headers, against its own model (lattice.md §2.15).
            shown = {key: item for key, item in value.items() if (key, item) != ("headerMatches", [])}
            return {key: plain(item) for key, item in shown.items() if item is not None}
        case list() | tuple():
            return [plain(item) for item in value]
        case _:
            return value


def identifiers(value):
    match value:
        case dict():
            for key, item in value.items():
                if isinstance(item, str) and key in ("id", "arn", "ResourceARN", "CertificateArn", "nextToken"):
                    yield item
                else:
                    yield from identifiers(item)
        case list():
            for item in value:
                yield from identifiers(item)


def finished(coroutine):
    """Run a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("the endpoint waited, though no fault was asked for")


FURNISHED = furnished()


@pytest.mark.timeout(60)
@settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_request_breaks_the_emulator(data):
    dump, pool, now = FURNISHED
    clock = ManualClock(now)
    world = World.load(dump, knobs=Knobs(), clock=clock)
    checked = CheckedWorld(world, pool)
    endpoint = Endpoint(SERVICES, lambda: checked, clock, Accounts(), Faults(FaultPlan()))

    for service_name, operation_name in data.draw(st.lists(st.sampled_from(MENU), min_size=5, max_size=25)):
        service = SERVICES[service_name]
        operation = service.operations[operation_name]
        params = data.draw(values(operation.input, checked.pool))
        if data.draw(st.integers(0, 3)) == 0:
            params = data.draw(broken(params))
        answer = finished(endpoint.answer(request_for(service, operation, params)))
        assert answer.status < 500, (operation_name, params, answer.body)
        if data.draw(st.booleans()):
            clock.advance(data.draw(st.sampled_from([1.0, 20.0, 100.0])))
            world.advance()

    assert_whole(world, clock)


def assert_whole(world, clock):
    """What must hold whatever was called, looked at through the API."""

    def read(operation, **params):
        return world.call("vpc-lattice", operation, params, ME)

    services = read("ListServices")["items"]
    users: dict[str, set[str]] = {}
    for service in services:
        for action in actions_of(read, service["id"]):
            for group in action.get("forward", {}).get("targetGroups", ()):
                users.setdefault(group["targetGroupIdentifier"], set()).add(service["arn"])
    groups = read("ListTargetGroups")["items"]

    assert all_differ(item["name"] for item in services)
    assert all_differ(item["name"] for item in groups)
    assert all_differ(item["name"] for item in read("ListServiceNetworks")["items"])
    assert all(len(owners) == 1 for owners in users.values())
    assert users.keys() <= {group["id"] for group in groups}
    for group in groups:
        assert set(group.get("serviceArns", ())) == users.get(group["id"], set())
    dump = world.dump()
    assert World.load(json.loads(json.dumps(dump)), knobs=Knobs(), clock=clock).dump() == dump


def actions_of(read, service):
    """The actions of all listeners and rules of a service; priorities are looked at on the way."""
    for listener in read("ListListeners", serviceIdentifier=service)["items"]:
        parents = {"serviceIdentifier": service, "listenerIdentifier": listener["id"]}
        yield read("GetListener", **parents)["defaultAction"]
        rules = read("ListRules", **parents)["items"]
        assert all_differ(rule["priority"] for rule in rules if not rule["isDefault"])
        for rule in rules:
            yield read("GetRule", **parents, ruleIdentifier=rule["id"])["action"]


def all_differ(found):
    each = list(found)
    return len(each) == len(set(each))


@settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))
@given(chosen=st.sampled_from(OPERATIONS), data=st.data())
def test_a_request_that_fits_the_model_reaches_the_world_as_it_was_meant(table_world, chosen, data):
    service, operation = chosen
    world = table_world()
    endpoint = Endpoint(SERVICES, lambda: world, ManualClock(), Accounts(), Faults(FaultPlan()))
    found = SERVICES[service].operations[operation]
    params = data.draw(values(found.input, []))

    finished(endpoint.answer(request_for(SERVICES[service], found, params)))

    assert [(asked[1], decoded(asked[2])) for asked in world.asked] == [(operation, params)]


def decoded(value):
    """Bytes as they stand on the wire."""
    match value:
        case bytes():
            return base64.b64encode(value).decode()
        case dict():
            return {key: decoded(item) for key, item in value.items()}
        case list():
            return [decoded(item) for item in value]
        case _:
            return value
