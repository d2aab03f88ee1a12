"""The example's pods: one small HTTP server for each endpoint, on loopback addresses."""

import ipaddress
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from typing import TypeAlias

from aiohttp import web

from lattice_gateway.cli.demo.manifests import Pod

POD_NETWORK = ipaddress.ip_network("10.244.0.0/16")
LOOPBACK_NETWORK = ipaddress.ip_network("127.244.0.0/16")
MAPPING = f"{POD_NETWORK}={LOOPBACK_NETWORK}"
"""How the emulator reaches pod addresses on this machine."""

ANY_PORT = 0
"""Stands for a port that the machine chooses."""

CALLER = "parking"
"""The Service whose pods call ``inventory`` through Lattice, as in the post."""

Place: TypeAlias = tuple[str, int]
CallInventory: TypeAlias = Callable[[], Awaitable[str]]


def on_loopback(pod: Pod) -> Place:
    """Where a pod of the example really listens."""
    offset = int(ipaddress.ip_address(pod.address)) - int(POD_NETWORK.network_address)
    return str(LOOPBACK_NETWORK.network_address + offset), pod.port


def one_address(pods: Iterable[Pod]) -> dict[Pod, Place]:
    """Places for a machine that can bind 127.0.0.1 only: one address, any free port for each."""
    return dict.fromkeys(pods, ("127.0.0.1", ANY_PORT))


async def serve(places: Mapping[Pod, Place], call_inventory: CallInventory, stack: AsyncExitStack) -> dict[Pod, Place]:
    """Starts a server for each pod and answers where it listens; they stop with ``stack``.

    Raises ``OSError`` where an address cannot be bound.
    """
    bound = {}
    for pod, (host, port) in places.items():
        runner = web.AppRunner(_application(pod, call_inventory), access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, host, port).start()
        bound[pod] = (host, runner.addresses[0][1])
    return bound


def _application(pod: Pod, call_inventory: CallInventory) -> web.Application:
    title = pod.service.capitalize()

    async def answer(_: web.Request) -> web.Response:
        text = f"Requesting to Pod({pod.name}): {title} handler pod\n"
        if pod.service == CALLER:
            text += f"  and from inside the pod, through Lattice: {await call_inventory()}"
        return web.Response(text=text, headers={"x-backend": pod.service, "x-pod": pod.name})

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    return application
