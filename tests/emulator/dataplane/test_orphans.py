"""No Envoy outlives its parent, whatever becomes of that."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.emulator.dataplane.making import eventually

PARENT = """
import asyncio, sys
from lattice_emulator.dataplane.binary import Found
from lattice_emulator.dataplane.plane import DataPlane, Options
from lattice_emulator.dataplane.reach import AnyClient
from lattice_emulator.world.clock import ScaledClock
from lattice_emulator.world.knobs import Knobs
from lattice_emulator.world.world import World

async def main():
    clock = ScaledClock(1.0)
    world = World(knobs=Knobs(), clock=clock)
    plane = DataPlane(world, knobs=Knobs(), clock=clock, options=Options(client=AnyClient(), binary=Found(sys.argv[1])))
    await plane.start()
    print(plane.envoy_pid, flush=True)
    await plane.wait()

asyncio.run(main())
"""


async def is_gone(pid: int) -> bool:
    """Whether the process has ended; one that nobody has waited for yet counts as ended."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]  # noqa: ASYNC240  # kept in memory
    except FileNotFoundError:
        return True
    return state == "Z"


@pytest.mark.process
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can tie a child's life to its parent's")
async def test_envoy_dies_with_a_parent_that_was_killed(envoy: str, tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PARENT, envoy),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    assert not await is_gone(pid)

    parent.send_signal(signal.SIGKILL)
    await parent.wait()

    await eventually(lambda: is_gone(pid))
