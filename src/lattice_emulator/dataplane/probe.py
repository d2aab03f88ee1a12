"""One health check over the network: connect, ask, read the status, close. HTTP/1.1, HTTP/2, either inside TLS."""

import asyncio
import ssl
from typing import assert_never

import h2.config
import h2.connection
import h2.events
import h2.exceptions

from lattice_emulator.dataplane.verdict import Check, matches
from lattice_emulator.world.model import GroupProtocol, HealthCheck, ProtocolVersion

_AGENT = "lattice-emulator-health-check"
_CHUNK = 65536


class Prober:
    """Carries out checks; what is costly to make for TLS is made once."""

    def __init__(self) -> None:
        self._tls1 = _tls("http/1.1")
        self._tls2 = _tls("h2")

    async def passes(self, check: Check, seconds: float) -> bool:
        """Whether the target passes; refusal, silence for ``seconds`` of wall time and nonsense are failures."""
        try:
            async with asyncio.timeout(seconds):
                return matches(check.how.matcher, await self._status(check))
        except (OSError, TimeoutError, EOFError, ValueError, asyncio.LimitOverrunError, h2.exceptions.ProtocolError):
            return False

    async def _status(self, check: Check) -> int:
        address, port = check.where.address, check.where.port
        reader, writer = await asyncio.open_connection(address, port, ssl=self._context(check.how), limit=_CHUNK)
        try:
            match check.how.version:
                case ProtocolVersion.HTTP1:
                    return await _http1(reader, writer, check)
                case ProtocolVersion.HTTP2 | ProtocolVersion.GRPC:
                    return await _http2(reader, writer, check)
                case _:
                    assert_never(check.how.version)
        finally:
            writer.transport.abort()  # nothing more is wanted of it; a graceful close would wait for the peer

    def _context(self, how: HealthCheck) -> ssl.SSLContext | None:
        """None for cleartext."""
        if how.protocol is not GroupProtocol.HTTPS:
            return None
        return self._tls1 if how.version is ProtocolVersion.HTTP1 else self._tls2


def _tls(alpn: str) -> ssl.SSLContext:
    """TLS that believes any certificate, as the service does."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols([alpn])
    return context


def _authority(check: Check) -> str:
    host = check.where.address
    return f"[{host}]:{check.where.port}" if ":" in host else f"{host}:{check.where.port}"


async def _http1(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, check: Check) -> int:
    lines = (
        f"GET {check.how.path} HTTP/1.1",
        f"Host: {_authority(check)}",
        f"User-Agent: {_AGENT}",
        "Accept: */*",
        "Connection: close",
    )
    writer.write("\r\n".join((*lines, "", "")).encode())
    version, _, rest = (await reader.readuntil(b"\r\n")).partition(b" ")
    if not version.startswith(b"HTTP/1."):
        raise ValueError(f"status line: found {version[:20]!r}, expected HTTP/1")
    return int(rest[:3])


async def _http2(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, check: Check) -> int:
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="ascii"))
    connection.initiate_connection()
    scheme = "https" if check.how.protocol is GroupProtocol.HTTPS else "http"
    headers = [
        (":method", "GET"),
        (":scheme", scheme),
        (":authority", _authority(check)),
        (":path", check.how.path),
        ("user-agent", _AGENT),
    ]
    connection.send_headers(connection.get_next_available_stream_id(), headers, end_stream=True)
    while True:
        writer.write(connection.data_to_send())
        data = await reader.read(_CHUNK)
        if not data:
            raise EOFError("the target closed the connection before it answered")
        for event in connection.receive_data(data):
            if isinstance(event, h2.events.ResponseReceived):
                return _status_of(event)


def _status_of(event: h2.events.ResponseReceived) -> int:
    return next(int(value) for name, value in event.headers if name in (":status", b":status"))
