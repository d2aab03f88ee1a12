"""Listening: addresses as the Go controller's flags have them, and servers that end with their block."""

import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

OFF = "0"
"""Parity: the text that turns an endpoint off (controller-runtime)."""

_ADDRESS = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[^:\[\]\s]*)):(?P<port>[0-9]{1,5})")


class BadAddress(ValueError):  # noqa: N818  # reads as what is the case
    """A bind address that is none; the message names the flag, what was found and what was expected."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen; ``host`` None: on every address of the machine. Port 0: any free one."""

    host: str | None
    port: int


def read_address(flag: str, text: str) -> Address | None:
    """An address like ``:8080`` or ``127.0.0.1:8080``; None where the endpoint is turned off. Raises ``BadAddress``."""
    if text == OFF:
        return None
    found = _ADDRESS.fullmatch(text)
    if found is None or int(found["port"]) > 65535:
        raise BadAddress(f"{flag} is {text!r}; expected HOST:PORT, :PORT, or {OFF} to turn it off")
    return Address(found["v6"] or found["host"] or None, int(found["port"]))


@asynccontextmanager
async def listening(application: web.Application, address: Address, tls: ssl.SSLContext | None) -> AsyncIterator[int]:
    """Serve while the block runs; the port. Raises ``OSError`` where the address is taken.

    At the end no new connection is taken and requests under way get their answers.
    """
    runner = web.AppRunner(application, access_log=None, handle_signals=False, shutdown_timeout=5.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, address.host, address.port, ssl_context=tls)
        await site.start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
