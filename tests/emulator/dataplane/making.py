"""Views made by hand, and small HTTP servers to stand behind them."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from aiohttp import web

from lattice_emulator.dataplane import view as v

HTTP1 = v.Plain(v.Speaks.HTTP1)
REACHABLE = v.Reachable("arn:sn", "vpc-1", "arn:vpc")


def http_listener(*rules: v.Rule, default: v.Action, port: int = 80) -> v.Listener:
    return v.Listener(id=f"listener-{port}", port=port, protocol=v.Http(), rules=rules, default=default)


def service(number: int, *listeners: v.Listener, reach: v.Reach = REACHABLE, names: tuple[str, ...] = ()) -> v.Service:
    return v.Service(
        id=f"svc-{number}",
        arn=f"arn:svc-{number}",
        names=names or (f"s{number}.on.aws",),
        reach=reach,
        idle_seconds=60,
        listeners=listeners,
    )


def group(name: str, *endpoints: v.Endpoint, upstream: v.Upstream = HTTP1) -> v.Group:
    return v.Group(id=f"tg-{name}", arn=f"arn:tg-{name}", upstream=upstream, endpoints=tuple(sorted(endpoints)))


def to(*shares: tuple[str, int]) -> v.Forward:
    return v.Forward(tuple(v.Share(f"tg-{name}", weight) for name, weight in shares))


def view_of(services: Iterable[v.Service], groups: Iterable[v.Group] = ()) -> v.View:
    return v.View(tuple(services), tuple(groups))


async def eventually(condition: Callable[[], Awaitable[bool]], within: float = 10.0) -> None:
    """Wait until a condition outside this process holds; raises TimeoutError."""
    async with asyncio.timeout(within):
        while not await condition():  # noqa: ASYNC110  # other processes set no events
            await asyncio.sleep(0.01)


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[v.Endpoint]:
    """A server of bare connections; each is closed when ``serve`` returns or its client is gone."""
    connections: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        try:
            with suppress(EOFError, ConnectionError):
                await serve(reader, writer)
        finally:
            connections.discard(task)
            writer.transport.abort() if tls else writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    async with server:
        try:
            yield v.Endpoint("127.0.0.1", server.sockets[0].getsockname()[1])
        finally:
            await asyncio.gather(*connections)


@dataclass
class Backend:
    """An HTTP server on a loopback address that says its name and what it was asked."""

    endpoint: v.Endpoint
    status: int = 200
    delay: float = 0.0
    served: int = 0
    started: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def backend(name: str, address: str = "127.0.0.1", status: int = 200) -> AsyncIterator[Backend]:
    """A server named ``name`` on a free port of ``address``."""

    async def answer(request: web.Request) -> web.Response:
        server.served += 1
        server.started.set()
        await asyncio.sleep(server.delay)
        body = {
            "name": name,
            "method": request.method,
            "path": request.path_qs,
            "headers": [[key.lower(), value] for key, value in request.headers.items()],
        }
        return web.Response(text=json.dumps(body), content_type="application/json", status=server.status)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, address, 0)
    await site.start()
    port = int(runner.addresses[0][1])
    server = Backend(v.Endpoint(address, port), status)
    try:
        yield server
    finally:
        await runner.cleanup()
