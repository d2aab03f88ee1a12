"""The demo from beginning to end: build, look, send traffic, shift weights, clean up, count what is left."""

import asyncio
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from rich.console import Console

from lattice_gateway.cli.demo import manifests, pods, processes, show
from lattice_gateway.cli.demo.emulator import Emulator
from lattice_gateway.cli.demo.figures import Figures
from lattice_gateway.cli.demo.processes import Child, StageError
from lattice_gateway.cli.demo.status import RouteStatus, route_status
from lattice_gateway.cli.demo.traffic import Client
from lattice_gateway.cli.describe import describe_tree
from lattice_gateway.cli.exits import Exit
from lattice_gateway.cli.where import Where, where

TIME_SCALE = 20.0
"""How much faster the emulator's clock runs in the demo: life cycles, health checks and draining."""

ROUTES = ("rates", "inventory")
GATEWAY = "my-hotel"
FIRST, SECOND = "inventory-ver1", "inventory-ver2"
REQUESTS = 200
START_PATIENCE = 30.0
BUILD_PATIENCE = 60.0
TRAFFIC_PATIENCE = 20.0
DELETE_PATIENCE = 60.0
LOOK_AGAIN = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """What the person asked for."""

    keep: bool = False


@dataclass(slots=True, kw_only=True)
class Scene:
    """Everything that runs while the story is told; ``door`` None: no traffic, ``no_traffic`` says why."""

    root: Path
    console: Console
    figures: Figures
    session: aiohttp.ClientSession
    emulator_process: Child
    controller_process: Child
    emulator: Emulator
    door: str | None
    no_traffic: str = ""

    @property
    def manifests(self) -> Path:
        """The tree that the controller watches."""
        return self.root / "manifests"

    @property
    def state(self) -> Path:
        """The controller's state directory."""
        return self.root / "state"

    def look(self) -> Where:
        """How `describe` looks at the scene."""
        flags = {"LATTICE_ENDPOINT": self.emulator.url}
        return where(source=self.manifests, state_dir=self.state, flags=flags)

    def route(self, name: str) -> RouteStatus:
        """What the controller says about one of the routes."""
        return route_status(self.state, "default", name)


async def tell(options: DemoOptions, console: Console) -> tuple[Figures, Exit]:
    """Runs the whole demo; raises ``StageError`` when a part of it does not work.

    A closed terminal and SIGTERM cancel it, as Ctrl-C does: everything is stopped and removed first.
    """
    _cancel_on(signal.SIGTERM, signal.SIGHUP)
    figures = Figures(time_scale=TIME_SCALE)
    started = time.monotonic()
    async with _stage(console, figures) as scene:
        figures.traffic = scene.door is not None
        await _build(scene)
        await _watch_traffic(scene)
        if options.keep:
            await _keep(scene)
        await _clean_up(scene)
    figures.seconds = time.monotonic() - started
    show.ending(console, figures)
    return figures, Exit.DONE if figures.traffic else Exit.NO_DATA_PLANE


def _cancel_on(*signals: signal.Signals) -> None:
    task = asyncio.current_task()
    if task is not None:
        for one in signals:
            asyncio.get_running_loop().add_signal_handler(one, task.cancel)


@asynccontextmanager
async def _stage(console: Console, figures: Figures) -> AsyncIterator[Scene]:
    """Emulator, pods and controller in a temporary directory; nothing of it is left afterwards."""
    async with AsyncExitStack() as stack:
        root = Path(tempfile.mkdtemp(prefix="lattice-gateway-demo-"))
        stack.callback(shutil.rmtree, root, ignore_errors=True)
        session = await stack.enter_async_context(
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10), auto_decompress=False)
        )
        show.opening(console, TIME_SCALE)
        manifests.copy_to(root / "manifests")
        emulator_process = await _started(stack, _emulator_arguments(), root, console)
        emulator = Emulator(await emulator_process.first_line(START_PATIENCE), session)
        door = await emulator.front_door()
        no_traffic = (await emulator_process.first_line(START_PATIENCE)) if door is None else ""
        show.emulator(console, emulator.url, door)
        client = Client(door, session) if door else None

        async def call_inventory() -> str:
            return await _inventory_from_a_pod(root / "state", client)

        await _serve_pods(root / "manifests", call_inventory, stack, console)
        controller = await _started(stack, _controller_arguments(root, emulator.url), root, console)
        yield Scene(
            root=root,
            console=console,
            figures=figures,
            session=session,
            emulator_process=emulator_process,
            controller_process=controller,
            emulator=emulator,
            door=door,
            no_traffic=no_traffic,
        )


def _emulator_arguments() -> tuple[str, ...]:
    return ("lattice_emulator", "serve", "--time-scale", f"{TIME_SCALE:g}", "--map-targets", pods.MAPPING)


def _controller_arguments(root: Path, url: str) -> tuple[str, ...]:
    source, state = str(root / "manifests"), str(root / "state")
    return ("lattice_gateway", "run", "--source", source, "--state-dir", state, "--endpoint-url", url)


async def _started(stack: AsyncExitStack, command: tuple[str, ...], root: Path, console: Console) -> Child:
    module, *arguments = command
    child = await processes.start(module, module, *arguments, log=root / f"{module}.log")
    stack.push_async_callback(child.stop)
    show.process(console, module, child.process.pid)
    return child


async def _serve_pods(
    directory: Path, call_inventory: pods.CallInventory, stack: AsyncExitStack, console: Console
) -> None:
    """Pods on addresses of their own; where only 127.0.0.1 can be bound, on ports of their own."""
    found = manifests.pods(directory)
    attempt = AsyncExitStack()
    try:
        places = await pods.serve({pod: pods.on_loopback(pod) for pod in found}, call_inventory, attempt)
    except OSError:
        await attempt.aclose()
        places = await pods.serve(pods.one_address(found), call_inventory, attempt)
        manifests.move_pods(directory, places)
    await stack.enter_async_context(attempt)
    show.pods(console, places)


async def _inventory_from_a_pod(state: Path, client: Client | None) -> str:
    """What a pod gets when it calls the inventory service by the name that Lattice gave it."""
    name = route_status(state, "default", "inventory").dns_name
    if client is None or name is None:
        return "inventory has no name yet\n"
    return (await client.get(name)).text


async def _build(scene: Scene) -> None:
    """The manifests become services; ends when both routes are programmed and their targets answered."""
    started = time.monotonic()
    with show.waiting(scene.console, "the controller turns the manifests into Lattice services"):
        await _until(scene, lambda: _programmed(scene), BUILD_PATIENCE, "the routes are not programmed")
        if scene.door is not None:
            await _until(scene, lambda: _answering(scene), BUILD_PATIENCE, "the services do not answer")
    scene.figures.seconds_to_programmed = time.monotonic() - started
    scene.console.print(await describe_tree(scene.look()))


async def _programmed(scene: Scene) -> bool:
    return all(scene.route(name).programmed for name in ROUTES)


async def _answering(scene: Scene) -> bool:
    """Whether both paths of rates answer, and both versions of inventory take part."""
    client = _client(scene)
    rates, inventory = _host(scene, "rates"), _host(scene, "inventory")
    paths = [await client.get(rates, path) for path in ("/parking", "/review")]
    if any(reply.status != 200 for reply in paths):
        return False
    return {FIRST, SECOND} <= set(await client.many(inventory, 20))


async def _watch_traffic(scene: Scene) -> None:
    if scene.door is None:
        show.no_traffic(scene.console, scene.no_traffic)
        return
    client, inventory = _client(scene), _host(scene, "inventory")
    for path in ("/parking", "/review"):
        reply = await client.get(_host(scene, "rates"), path)
        scene.figures.paths[path] = reply.text.strip()
        show.reply(scene.console, _host(scene, "rates"), path, reply)
    await _show_split(scene, client, inventory, "50/50")
    edited = manifests.set_weights(scene.manifests, "inventory", (90, 10))
    show.edited(scene.console, edited)
    with show.waiting(scene.console, "requests go on until the new split shows"):
        took, failed = await client.until_split(inventory, FIRST, 0.8, TRAFFIC_PATIENCE)
    scene.figures.seconds_to_traffic, scene.figures.failed_requests = took, failed
    await _show_split(scene, client, inventory, "90/10")
    show.shifted(scene.console, took, failed)


async def _show_split(scene: Scene, client: Client, host: str, weights: str) -> None:
    answers = await client.many(host, REQUESTS)
    scene.figures.split(weights, answers)
    show.split(scene.console, weights, answers)


async def _keep(scene: Scene) -> None:
    """Leaves everything running until Ctrl-C; what to try next is printed first."""
    places = await scene.emulator.addresses()
    requests = [
        show.Request(_host(scene, name), places.get(scene.route(name).service_id or ""), path)
        for name, path in (("rates", "/parking"), ("inventory", "/"))
    ]
    show.try_next(scene.console, scene.manifests, scene.emulator.url, scene.door, requests)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, stopped.set)
    await stopped.wait()
    loop.remove_signal_handler(signal.SIGINT)


async def _clean_up(scene: Scene) -> None:
    """The routes go, then the Gateway, as a person would delete them."""
    removed = manifests.delete(scene.manifests, "HTTPRoute")
    scene.figures.seconds_to_delete_routes = await _deleted(
        scene, f"HTTPRoutes {' and '.join(removed)}", ("SERVICE", "LISTENER", "RULE", "TARGET_GROUP", "TARGET")
    )
    removed = manifests.delete(scene.manifests, "Gateway")
    scene.figures.seconds_to_delete_gateway = await _deleted(
        scene, f"Gateway {removed[0]}", ("SERVICE_NETWORK_VPC_ASSOCIATION", "SERVICE_NETWORK")
    )
    scene.figures.leftovers = await scene.emulator.counts()


async def _deleted(scene: Scene, what: str, kinds: tuple[str, ...]) -> float:
    """Waits until none of the resource types is left; returns the seconds it took."""
    started = time.monotonic()

    async def gone() -> bool:
        return not set(kinds) & set(await scene.emulator.counts())

    with show.waiting(scene.console, f"{what} deleted; the controller takes away what was theirs"):
        await _until(scene, gone, DELETE_PATIENCE, f"{what}: not everything is gone")
    took = time.monotonic() - started
    show.deleted(scene.console, what, kinds, took)
    return took


async def _until(scene: Scene, holds: Callable[[], Awaitable[bool]], patience: float, otherwise: str) -> None:
    """Looks again until something holds; raises ``StageError`` when a process died or patience ran out."""
    deadline = time.monotonic() + patience
    while not await holds():
        scene.emulator_process.check()
        scene.controller_process.check()
        if time.monotonic() > deadline:
            raise StageError(f"{otherwise} after {patience:g} s:\n{scene.controller_process.last_words()}")
        await asyncio.sleep(LOOK_AGAIN)


def _client(scene: Scene) -> Client:
    if scene.door is None:
        raise StageError("traffic was asked for where none is carried")
    return Client(scene.door, scene.session)


def _host(scene: Scene, route: str) -> str:
    name = scene.route(route).dns_name
    if name is None:
        raise StageError(f"HTTPRoute {route} has no DNS name in its status")
    return name
