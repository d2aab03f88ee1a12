"""Running everything together: API, passing of time, state file, data plane."""

import asyncio
import gc
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import structlog

from lattice_emulator.admin.emulation import Emulation
from lattice_emulator.admin.entries import SettingError
from lattice_emulator.admin.routes import Admin
from lattice_emulator.admin.saving import Saving
from lattice_emulator.admin.settings import Settings, read_settings
from lattice_emulator.admin.state_file import read_state
from lattice_emulator.api.server import Listening, listen
from lattice_emulator.cli.options import ServeOptions
from lattice_emulator.cli.traffic import Traffic

COLLECT = (2_000, 10, 100)
"""New objects before a collection of the youngest, and collections of one generation before one of the next: while the
oldest are collected every call and every byte of the front door stands still, and hardly anything is found."""


async def serve_until_stopped(options: ServeOptions) -> int:
    """Serve until SIGTERM or SIGINT; gives the exit code. Raises SettingError when it cannot start."""
    # stdout is for the URL and the front door.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    gc.set_threshold(*COLLECT)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    emulation = _emulation(options)
    saving = None if options.state is None else await _saving(emulation, options.state)
    async with _running(emulation, saving, options):
        await stopped.wait()
    return 0 if saving is None else await _save_last(saving)


@asynccontextmanager
async def _running(emulation: Emulation, saving: Saving | None, options: ServeOptions) -> AsyncIterator[None]:
    """Run all parts; everything that was started has ended when the context ends."""
    async with AsyncExitStack() as stack:
        traffic = Traffic(emulation, options)
        listening = await _listen(emulation, traffic, options)
        stack.push_async_callback(listening.stop)
        stack.push_async_callback(traffic.stop)
        where = await traffic.start()
        # One write: a reader that takes the first line and leaves breaks no pipe.
        print(f"{listening.url}\n{where}", flush=True)
        async with asyncio.TaskGroup() as tasks:
            background = [tasks.create_task(emulation.live()), tasks.create_task(traffic.follow())]
            if saving is not None:
                background.append(tasks.create_task(saving.run()))
            yield
            for task in background:
                task.cancel()


def _emulation(options: ServeOptions) -> Emulation:
    settings = Settings() if options.config is None else read_settings(options.config)
    emulation = Emulation(settings, options.time_scale)
    state = None if options.state is None else read_state(options.state)
    if state is not None:
        try:
            emulation.restore(state)
        except SettingError as error:
            raise SettingError(f"{options.state}: {error}") from error
    return emulation


async def _saving(emulation: Emulation, path: Path) -> Saving:
    saving = Saving(emulation, path, _complain)
    try:
        await saving.save()
    except OSError as error:
        raise SettingError(f"--state: {path} cannot be written: {error.strerror}") from None
    return saving


async def _listen(emulation: Emulation, traffic: Traffic, options: ServeOptions) -> Listening:
    bound: list[Listening] = []
    admin = Admin(emulation, lambda: traffic.plane, lambda: bound[0].url)
    try:
        bound.append(await listen(emulation.endpoint, admin.answer, options.host, options.port))
    except OSError as error:
        raise SettingError(f"{options.host}:{options.port} cannot be listened on: {error.strerror}") from None
    return bound[0]


async def _save_last(saving: Saving) -> int:
    try:
        await saving.save()
    except OSError as error:
        _complain(f"the state could not be saved: {error.strerror}")
        return 1
    return 0


def _complain(sentence: str) -> None:
    print(f"lattice-emulator: {sentence}", file=sys.stderr, flush=True)
