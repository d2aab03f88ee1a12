"""What clients and targets see besides the choice of a rule."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from lattice_emulator.dataplane.places import OwnAddresses
from tests.emulator.dataplane.conftest import Stage, request
from tests.emulator.dataplane.making import Backend, backend, group, http_listener, listening, service, to, view_of

pytestmark = [pytest.mark.process, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(stage: Stage) -> AsyncIterator[tuple[Stage, Backend]]:
    """Service 1 on port 80 with one target."""
    async with backend("a") as target:
        slow = replace(service(2, http_listener(default=to(("a", 1)))), idle_seconds=1)
        shown = view_of([service(1, http_listener(default=to(("a", 1)))), slow], [group("a", target.endpoint)])
        await stage.show(shown)
        yield stage, target


async def headers_seen(stage: Stage, **sent: str) -> dict[str, list[str]]:
    """What the target received, by name."""
    seen: dict[str, list[str]] = {}
    for name, value in (await stage.ask(**sent)).json["headers"]:
        seen.setdefault(name, []).append(value)
    return seen


async def test_a_target_is_told_where_a_request_came_through(shop: tuple[Stage, Backend]) -> None:
    seen = await headers_seen(shop[0], user_agent="curl", accept="*/*")

    request_id = seen.pop("x-amzn-requestid")
    assert len(request_id[0]) == 36
    assert seen == {
        "host": ["s1.on.aws"],
        "user-agent": ["curl"],
        "accept": ["*/*"],
        "x-forwarded-for": ["127.0.0.1"],
        "x-forwarded-port": ["80"],
        "x-forwarded-proto": ["http"],
        "x-amzn-lattice-network": ["SourceVpcArn=arn:vpc"],
        "x-amzn-lattice-target": ["ServiceArn=arn:svc-1; ServiceNetworkArn=arn:sn; TargetGroupArn=arn:tg-a"],
        "x-amzn-source-vpc": ["vpc-1"],
    }


@pytest.mark.parametrize(
    ("name", "value", "arrives"),
    [
        pytest.param("x_forwarded_for", "192.0.2.9", ["192.0.2.9,127.0.0.1"], id="x-forwarded-for is appended to"),
        pytest.param("x_forwarded_port", "1", ["80"], id="x-forwarded-port is ours"),
        pytest.param("x_forwarded_proto", "https", ["http"], id="x-forwarded-proto is ours"),
        pytest.param("x_amzn_lattice_identity", "me", None, id="a spoofed identity is removed"),
        pytest.param("X_Amzn_Lattice_Other", "me", None, id="as is its whole family"),
        pytest.param("x_amzn_lattice_network", "mine", ["SourceVpcArn=arn:vpc"], id="a spoofed network is replaced"),
        pytest.param("x_amzn_requestid", "r" * 600, ["r" * 512], id="the client's request id is kept, cut"),
        pytest.param("x_request_id", "77", ["77"], id="other ids are left alone"),
        pytest.param("x_envoy_upstream_rq_timeout_ms", "1", None, id="a client does not steer the proxy"),
        pytest.param("x_envoy_external_address", "192.0.2.1", None, id="nothing speaks of the proxy"),
    ],
)
async def test_a_header_of_the_client(
    shop: tuple[Stage, Backend], name: str, value: str, arrives: list[str] | None
) -> None:
    seen = await headers_seen(shop[0], **{name: value})

    assert seen.get(name.lower().replace("_", "-")) == arrives


async def test_the_answer_bears_the_request_id_and_no_trace_of_the_proxy(shop: tuple[Stage, Backend]) -> None:
    answer = await shop[0].ask(x_amzn_requestid="mine")

    assert answer.headers["x-amzn-requestid"] == "mine"
    assert answer.headers["server"].startswith("Python")
    assert not [name for name in answer.headers if name.startswith("x-envoy")]


async def test_a_service_answers_at_its_own_address_on_its_real_port(shop: tuple[Stage, Backend]) -> None:
    stage, _ = shop
    if not isinstance(stage.ground.layout, OwnAddresses):
        pytest.skip("only 127.0.0.1 can be bound here")
    address = stage.places.addresses["svc-1"]
    bound = stage.places.ports[address, 80]

    for host in (address, f"{address}:{bound}", "s1.on.aws"):
        assert (await request((address, bound), "/", "GET", (("host", host),))).name == "a"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param((("x-long", "v" * 62_000),), 400, id="more than 60 KB"),
        pytest.param(tuple((f"x-{n}", "v") for n in range(101)), 400, id="more than 100"),
    ],
)
async def test_too_many_headers_are_a_bad_request(
    shop: tuple[Stage, Backend], headers: tuple[tuple[str, str], ...], status: int
) -> None:
    answer = await request(shop[0].ground.front_door, "/", "GET", (("host", "s1.on.aws"), *headers))

    assert (answer.status, answer.text) == (status, "Bad Request")


async def test_a_target_that_stays_silent_for_the_idle_time_is_a_timeout(shop: tuple[Stage, Backend]) -> None:
    stage, target = shop
    target.delay = 3.0
    try:
        answer = await stage.ask(host="s2.on.aws")
    finally:
        target.delay = 0.0

    assert (answer.status, answer.text) == (504, "Gateway Timeout")


async def test_a_websocket_is_refused(shop: tuple[Stage, Backend]) -> None:
    upgrade = (("host", "s1.on.aws"), ("connection", "upgrade"), ("upgrade", "websocket"))

    assert (await request(shop[0].ground.front_door, "/", "GET", upgrade)).status == 403


async def test_cleartext_http2_is_not_spoken(shop: tuple[Stage, Backend]) -> None:
    reader, writer = await asyncio.open_connection(*shop[0].ground.front_door)
    writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))

    answer = await reader.read(100)
    writer.close()
    await writer.wait_closed()

    assert not answer or answer.startswith(b"HTTP/1.1 4")


async def test_a_target_that_talks_nonsense_is_a_bad_gateway(stage: Stage) -> None:
    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"what?\r\n\r\n")
        await writer.drain()

    async with listening(nonsense) as endpoint:
        await stage.show(view_of([service(1, http_listener(default=to(("a", 1))))], [group("a", endpoint)]))

        answer = await stage.ask()

    assert (answer.status, answer.text) == (502, "Bad Gateway")
