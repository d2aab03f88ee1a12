"""Runs the health checks of all targets and reports what changes."""

import asyncio
from collections.abc import Callable, Mapping
from typing import TypeAlias

from lattice_emulator.dataplane.agenda import Agenda
from lattice_emulator.dataplane.probe import Prober
from lattice_emulator.dataplane.verdict import Check, Result, Subject
from lattice_emulator.world.clock import Clock
from lattice_emulator.world.model import Health

Report: TypeAlias = Callable[[Subject, Health], None]

_AT_ONCE = 32
_MOST_PER_SECOND = 250  # wall time: with very many targets or a fast clock, intervals stretch instead of the machine
_LEAST_TIMEOUT = 0.5  # wall seconds: a fast clock must not make a slow machine look like a dead target


class Checker:
    """Checks targets on the emulated clock; ``scale`` is how many of its seconds pass in one of the wall's."""

    def __init__(self, report: Report, clock: Clock, scale: float) -> None:
        self._report = report
        self._clock = clock
        self._scale = scale
        self._agenda = Agenda()
        self._prober = Prober()
        self._changed = asyncio.Event()
        self._slots = asyncio.Semaphore(_AT_ONCE)

    def follow(self, checks: Mapping[Subject, Check]) -> None:
        """Run exactly these checks from now on."""
        self._agenda.shortest = len(checks) / _MOST_PER_SECOND * self._scale
        self._agenda.follow(checks, self._clock.now())
        self._changed.set()

    async def run(self) -> None:
        """Check until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._changed.clear()
                for subject, check in self._agenda.take(self._clock.now()):
                    await self._slots.acquire()
                    tasks.create_task(self._check(subject, check))
                await self._until_due()

    async def _check(self, subject: Subject, check: Check) -> None:
        started = self._clock.now()
        try:
            passed = await self._prober.passes(check, self._timeout(check))
        finally:
            self._slots.release()
        health = self._agenda.note(subject, check, Result(passed, started, self._clock.now()))
        self._changed.set()
        if health is not None:
            self._report(subject, health)

    def _timeout(self, check: Check) -> float:
        seconds = float(check.how.timeout)
        return max(seconds / self._scale, min(seconds, _LEAST_TIMEOUT))

    async def _until_due(self) -> None:
        due = self._agenda.next_due()
        wait = None if due is None else max(0.0, (due - self._clock.now()) / self._scale)
        try:
            async with asyncio.timeout(wait):
                await self._changed.wait()
        except TimeoutError:
            return
