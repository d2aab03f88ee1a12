"""Checks over the network, against small servers."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import pytest
import trustme

from lattice_emulator.dataplane.probe import Prober
from lattice_emulator.dataplane.verdict import Check
from lattice_emulator.dataplane.view import Endpoint
from lattice_emulator.world.model import GroupProtocol, Health, HealthCheck, ProtocolVersion
from tests.emulator.dataplane.making import listening

HTTP, HTTPS = GroupProtocol.HTTP, GroupProtocol.HTTPS
HTTP1, HTTP2 = ProtocolVersion.HTTP1, ProtocolVersion.HTTP2
HOW = HealthCheck(
    enabled=True,
    protocol=HTTP,
    version=HTTP1,
    port=None,
    path="/up?deep=1",
    interval=30,
    timeout=5,
    healthy_threshold=2,
    unhealthy_threshold=2,
    matcher="200-299",
)


@asynccontextmanager
async def http1(answer: bytes, tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[Endpoint, list[bytes]]]:
    """A server that sends ``answer`` to whatever it is asked, and the list of what it was asked."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with listening(serve, tls) as where:
        yield where, asked


@asynccontextmanager
async def http2(status: int, tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[Endpoint, list[bytes]]]:
    """An HTTP/2 server with prior knowledge, and the paths that it was asked for."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        connection.initiate_connection()
        while data := await reader.read(65536):
            with suppress(h2.exceptions.ProtocolError):
                for event in connection.receive_data(data):
                    if isinstance(event, h2.events.RequestReceived):
                        asked.append(dict(event.headers)[b":path"])
                        connection.send_headers(event.stream_id, [(":status", str(status))], end_stream=True)
            writer.write(connection.data_to_send())

    async with listening(serve, tls) as where:
        yield where, asked


@pytest.fixture(scope="module")
def unknown_certificate() -> ssl.SSLContext:
    """A server's TLS that nobody vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("elsewhere.example").configure_cert(context)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


def check(where: Endpoint, how: HealthCheck = HOW) -> Check:
    return Check(where, how, Health.PENDING)


async def passes(where: Endpoint, how: HealthCheck = HOW, seconds: float = 5.0) -> bool:
    return await Prober().passes(check(where, how), seconds)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", True, id="a status that matches"),
        pytest.param(b"HTTP/1.0 200\r\n\r\n", True, id="HTTP/1.0, no reason phrase"),
        pytest.param(b"HTTP/1.1 302 Found\r\nlocation: /\r\n\r\n", False, id="redirects are not followed"),
        pytest.param(b"HTTP/1.1 500 Oops\r\n\r\n", False, id="a status that does not match"),
        pytest.param(b"SSH-2.0-OpenSSH\r\n", False, id="another protocol"),
        pytest.param(b"HTTP/1.1 abc\r\n", False, id="no number"),
        pytest.param(b"", False, id="nothing"),
    ],
)
async def test_an_answer_passes_by_its_status(answer: bytes, expected: bool) -> None:
    async with http1(answer) as (where, _):
        assert await passes(where) is expected


async def test_a_check_asks_for_the_path_and_wants_no_more() -> None:
    async with http1(b"HTTP/1.1 200 OK\r\n\r\n") as (where, asked):
        await passes(where)

    head, *lines = asked[0].decode().strip().split("\r\n")
    assert head == "GET /up?deep=1 HTTP/1.1"
    assert f"Host: {where.address}:{where.port}" in lines
    assert "Connection: close" in lines


@pytest.mark.parametrize(("status", "expected"), [(200, True), (503, False)])
async def test_http2_is_spoken_with_prior_knowledge(status: int, expected: bool) -> None:
    async with http2(status) as (where, asked):
        assert await passes(where, replace(HOW, version=HTTP2)) is expected

    assert asked == [b"/up?deep=1"]


async def test_the_certificate_of_a_target_is_not_verified(unknown_certificate: ssl.SSLContext) -> None:
    async with http1(b"HTTP/1.1 200 OK\r\n\r\n", unknown_certificate) as (where, _):
        assert await passes(where, replace(HOW, protocol=HTTPS))


async def test_http2_is_spoken_inside_tls(unknown_certificate: ssl.SSLContext) -> None:
    async with http2(200, unknown_certificate) as (where, _):
        assert await passes(where, replace(HOW, protocol=HTTPS, version=HTTP2))


@pytest.mark.parametrize("how", [HOW, replace(HOW, protocol=HTTPS), replace(HOW, version=HTTP2)], ids=["1", "tls", "2"])
async def test_where_nobody_listens_a_check_fails(how: HealthCheck) -> None:
    assert not await passes(Endpoint("127.0.0.1", 9), how)


async def test_a_target_that_stays_silent_fails_when_the_time_is_over() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listening(silent) as where:
        assert not await passes(where, seconds=0.05)


async def test_http1_to_a_server_that_speaks_http2_only_fails() -> None:
    async with http2(200) as (where, _):
        assert not await passes(where, seconds=0.5)
