"""Traffic through the emulator's Envoy while things break."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientError, web

from lattice_emulator.dataplane.binary import Found, find_envoy
from tests.process.manifests import BASE, endpoints, route, rule, text_of
from tests.process.stage import Emulator, P, Stage, put, until

pytestmark = [
    pytest.mark.asyncio(loop_scope="function"),
    pytest.mark.skipif(not isinstance(find_envoy(), Found), reason="there is no Envoy for this machine"),
]

POD = ("127.244.0.7", 8080)
MAPPING = "10.244.0.0/16=127.244.0.0/16"


@asynccontextmanager
async def _pod() -> AsyncIterator[None]:
    application = web.Application()

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text="pod")

    application.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, *POD).start()
    yield
    await runner.cleanup()


async def _answers(emulator: Emulator, host: str, path: str = "/") -> bool:
    door = (await emulator.admin("GET", "url"))["front_door"]
    try:
        async with emulator.session.get(f"{door}{path}", headers={"Host": host}) as response:
            return response.status == 200 and await response.text() == "pod"
    except ClientError:
        return False


def _envoys(stage: Stage) -> list[int]:
    """Process ids of the Envoys of the stage."""
    names = {pid: Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0] for pid in stage.running()}
    return [pid for pid, name in names.items() if b"envoy" in os.path.basename(name)]


async def test_an_envoy_that_is_killed_is_restarted_and_traffic_goes_on(stage: Stage) -> None:
    pods = endpoints("web", ("10.244.0.7",))
    put(stage.root / "one/source/all.yaml", text_of(*BASE[:3], pods, route("first")))
    emulator = await stage.emulator_with_traffic("--map-targets", MAPPING, scale=100)
    controller = await stage.controller(emulator.url)
    async with _pod():
        await controller.built("first")
        host = controller.status("HTTPRoute", "first")["annotations"][f"{P}lattice-assigned-domain-name"]
        await until(lambda: _answers(emulator, host), "traffic arrives")
        (before,) = _envoys(stage)

        os.kill(before, signal.SIGKILL)

        await until(lambda: _envoys(stage) not in ([], [before]), "another Envoy runs")
        await until(lambda: _answers(emulator, host), "traffic arrives again")
        controller.write("second.yaml", route("second", rule(path="/second")))
        await controller.built("second")
        second = controller.status("HTTPRoute", "second")["annotations"][f"{P}lattice-assigned-domain-name"]
        await until(lambda: _answers(emulator, second, "/second"), "changes still arrive")
        assert len(_envoys(stage)) == 1
