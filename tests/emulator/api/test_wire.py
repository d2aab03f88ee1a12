"""The server's manners on a connection, by plain bytes."""

import asyncio
import contextlib
import logging

import pytest


@pytest.fixture
async def connection(serve, table_world):
    """An open connection to an emulator whose world answers everything with nothing."""
    served = await serve(table_world())
    host, port = served.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    yield reader, writer
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def exchange(connection, data):
    """Send bytes and read one whole answer; gives status, headers and body."""
    reader, writer = connection
    writer.write(data)
    async with asyncio.timeout(10):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = head.split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    return int(lines[0].split()[1]), headers, body


async def test_a_connection_is_kept_for_the_next_call(connection):
    request = b"GET /services HTTP/1.1\r\nHost: lattice\r\n\r\n"

    answers = [await exchange(connection, request) for _ in range(3)]

    assert [(status, body) for status, _, body in answers] == [(200, b"{}")] * 3
    assert all(headers["content-length"] == "2" for _, headers, _ in answers)
    assert len({headers["x-amzn-requestid"] for _, headers, _ in answers}) == 3


async def test_an_answer_without_content_ends_at_once(connection):
    path = b"/services/svc-0123456789abcdef0/listeners/listener-0123456789abcdef0"

    status, headers, _ = await exchange(connection, b"DELETE " + path + b" HTTP/1.1\r\nHost: lattice\r\n\r\n")
    after, _, _ = await exchange(connection, b"GET /services HTTP/1.1\r\nHost: lattice\r\n\r\n")

    assert (status, after) == (204, 200)
    assert "content-type" not in headers


async def test_a_chunked_body_is_read(connection):
    head = b"POST /services HTTP/1.1\r\nHost: lattice\r\nTransfer-Encoding: chunked\r\n\r\n"

    status, _, _ = await exchange(connection, head + b'f\r\n{"name":"rates"\r\n1\r\n}\r\n0\r\n\r\n')

    assert status == 201


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(b"GET\r\n\r\n", id="no request line"),
        pytest.param(b"GET / HTTP/1.1\r\nHost lattice\r\n\r\n", id="broken header"),
        pytest.param(
            b"POST /services HTTP/1.1\r\nHost: l\r\nContent-Length: 2000000\r\n\r\n" + b"x" * 2_000_000, id="too large"
        ),
    ],
)
async def test_what_is_no_request_is_refused_and_not_blamed_on_the_server(connection, request_, caplog):
    caplog.set_level(logging.CRITICAL)

    status, _, _ = await exchange(connection, request_)

    assert 400 <= status < 500


async def test_an_error_of_ours_is_a_500_that_the_log_shows(serve, table_world, caplog):
    caplog.set_level(logging.CRITICAL)
    served = await serve(table_world({"ListServices": RuntimeError("a bug")}))
    host, port = served.url.removeprefix("http://").split(":")
    connection = await asyncio.open_connection(host, int(port))

    status, _, _ = await exchange(connection, b"GET /services HTTP/1.1\r\nHost: lattice\r\n\r\n")

    connection[1].close()
    assert status == 500
    assert [(c.operation, c.status, c.code) for c in served.endpoint.log.calls()] == [
        ("ListServices", 500, "InternalFailure")
    ]
