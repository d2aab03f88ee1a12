"""The endpoint on a socket: aiohttp's low-level server, one port, keep-alive, whole answers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from aiohttp import web

from lattice_emulator.api.endpoint import Endpoint, Hangup, Outcome
from lattice_emulator.api.request import Request
from lattice_emulator.api.writing import Answer

ADMIN_PREFIX = "/_emulator/"

BACKLOG = 1024
KEEP_ALIVE_SECONDS = 75.0

Respond: TypeAlias = Callable[[Request], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class Listening:
    """A running server; ``url`` is its address."""

    url: str
    runner: web.ServerRunner

    async def stop(self) -> None:
        """Stop accepting and close every connection."""
        await self.runner.cleanup()


async def listen(endpoint: Endpoint, admin: Respond, host: str, port: int) -> Listening:
    """Serve ``endpoint`` on ``host``:``port`` (0: any free port); ``/_emulator/`` goes to ``admin``.

    Raises OSError when the address cannot be bound.
    """

    async def handle(incoming: web.BaseRequest) -> web.StreamResponse:
        request = await _read(incoming)
        respond = admin if request.path.startswith(ADMIN_PREFIX) else endpoint.answer
        return _send(incoming, await respond(request))

    server = web.Server(handle, access_log=None, keepalive_timeout=KEEP_ALIVE_SECONDS)
    runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, backlog=BACKLOG).start()
    except OSError:
        await runner.cleanup()
        raise
    bound = runner.addresses[0]
    return Listening(f"http://{_in_url(bound[0])}:{bound[1]}", runner)


async def _read(incoming: web.BaseRequest) -> Request:
    headers = {name.lower(): value for name, value in incoming.headers.items()}
    return Request(incoming.method, incoming.raw_path, headers, await incoming.read())


def _send(incoming: web.BaseRequest, outcome: Outcome) -> web.StreamResponse:
    match outcome:
        case Answer(status, body, headers):
            return web.Response(status=status, body=body or None, headers=headers)
        case Hangup():
            if incoming.transport is not None:
                incoming.transport.close()
            # Nothing of it is sent: the connection is gone.
            return web.Response(status=500)


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
