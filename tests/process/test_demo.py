"""The demo: interrupted at several moments nothing is left; without an Envoy it says so; figures for scripts."""

import asyncio
import json
import signal
import sys
import tempfile
from pathlib import Path

import pytest

from lattice_emulator.dataplane.binary import Found, find_envoy
from tests.process.stage import Stage, bare_environment, until

pytestmark = pytest.mark.asyncio(loop_scope="function")

needs_envoy = pytest.mark.skipif(not isinstance(find_envoy(), Found), reason="there is no Envoy for this machine")

MOMENTS = [
    pytest.param("", id="before anything"),
    pytest.param("lattice_emulator", id="the emulator starts"),
    pytest.param("lattice_gateway", id="the controller starts"),
    pytest.param("Gateway default/my-hotel", id="everything is built"),
    pytest.param("50/50", id="traffic flows"),
    pytest.param("HTTPRoutes ", id="it cleans up"),
]
"""What it has printed when it is interrupted."""


async def begun(stage: Stage) -> tuple[asyncio.subprocess.Process, Path]:
    """A demo that runs, and the file into which it prints."""
    stage.temporary.mkdir()
    log = stage.root / "demo.txt"
    with log.open("wb") as out:
        demo = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "lattice_gateway", "demo",
            stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out,
            env={**bare_environment(), **stage.variables, "PYTHONUNBUFFERED": "1", "COLUMNS": "200"},
        )  # fmt: skip
    return demo, log


@pytest.mark.parametrize("words", MOMENTS)
@needs_envoy
async def test_an_interrupted_demo_leaves_no_process_and_no_file(stage: Stage, words: str) -> None:
    demo, log = await begun(stage)
    await until(lambda: words in log.read_text() or demo.returncode is not None, f"{words!r} printed", 60)
    assert demo.returncode is None, log.read_text()

    demo.send_signal(signal.SIGINT)

    code = await asyncio.wait_for(demo.wait(), 30)
    assert "Traceback" not in log.read_text()
    assert tuple(stage.running()) == ()
    assert not list(stage.temporary.iterdir())
    assert code == (1 if words else code)


@needs_envoy
async def test_the_demo_prints_its_figures_for_scripts(stage: Stage) -> None:
    ended = await stage.command("lattice_gateway", "demo", "-o", "json", patience=110)

    assert ended.code == 0, ended.err
    figures = json.loads(ended.out)
    assert figures["leftovers"] == {}
    assert figures["failed_requests"] == 0
    assert 0 < figures["seconds_to_traffic"] < 5
    assert {weights: sum(answers.values()) for weights, answers in figures["splits"].items()} == {
        "50/50": 200,
        "90/10": 200,
    }
    assert figures["splits"]["90/10"]["inventory-ver1"] > 160


async def test_without_an_envoy_everything_but_traffic_works_and_the_demo_says_so(stage: Stage) -> None:
    broken = stage.root / "no-envoy"
    (broken / "envoy").mkdir(parents=True)
    (broken / "envoy/__init__.py").write_text("raise ImportError('there is no wheel for this machine')\n")
    path = str(Path(tempfile.gettempdir()) / "no-such-folder")

    ended = await stage.command(
        "lattice_gateway", "demo", "-o", "json", extra={"PYTHONPATH": str(broken), "PATH": path}, patience=110
    )

    assert ended.code == 3, ended.err
    assert json.loads(ended.out)["leftovers"] == {}
    assert json.loads(ended.out)["traffic"] is False
    assert ended.err.count("There is no Envoy for this machine") == 1
    assert "Traceback" not in ended.err


ONE_ADDRESS = """
import socket

bind = socket.socket.bind


def bind_127_0_0_1(self, address):
    if isinstance(address, tuple) and str(address[0]).startswith("127.") and address[0] != "127.0.0.1":
        raise OSError(99, "Cannot assign requested address")
    return bind(self, address)


socket.socket.bind = bind_127_0_0_1
"""
"""What Python does before anything else (sitecustomize) on a machine where only 127.0.0.1 can be bound."""


@needs_envoy
async def test_where_only_127_0_0_1_can_be_bound_traffic_flows_all_the_same(stage: Stage) -> None:
    broken = stage.root / "one-address"
    broken.mkdir()
    (broken / "sitecustomize.py").write_text(ONE_ADDRESS)

    ended = await stage.command(
        "lattice_gateway", "demo", "-o", "json", extra={"PYTHONPATH": str(broken)}, patience=110
    )

    assert ended.code == 0, ended.err
    assert "pods on 127.0.0.1, a port each" in ended.err
    figures = json.loads(ended.out)
    assert figures["failed_requests"] == 0
    assert {weights: sum(answers.values()) for weights, answers in figures["splits"].items()} == {
        "50/50": 200,
        "90/10": 200,
    }
    assert figures["leftovers"] == {}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@needs_envoy
async def test_a_demo_that_is_told_to_end_leaves_nothing_either(stage: Stage, number: signal.Signals) -> None:
    demo, log = await begun(stage)
    await until(lambda: "lattice_gateway" in log.read_text() or demo.returncode is not None, "a controller", 60)

    demo.send_signal(number)

    assert await asyncio.wait_for(demo.wait(), 30) == 1
    assert tuple(stage.running()) == ()
    assert not list(stage.temporary.iterdir())
