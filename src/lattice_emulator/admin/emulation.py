"""The emulation as a whole: a world that moves with time, and can be saved, restored and emptied while it is served."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from lattice_emulator.admin.entries import SettingError
from lattice_emulator.admin.settings import Settings
from lattice_emulator.admin.state_file import FORMAT, checked_state
from lattice_emulator.api.endpoint import Endpoint
from lattice_emulator.api.faults import FaultPlan, Faults
from lattice_emulator.api.services import load_services
from lattice_emulator.world.clock import Clock, ScaledClock
from lattice_emulator.world.model import Failure, Health, Status, TargetKey
from lattice_emulator.world.state import State
from lattice_emulator.world.world import World

Listener = Callable[[], None]


class RunningClock:
    """The wall's time run faster, which never falls behind a restored state."""

    def __init__(self, scale: float) -> None:
        self.scale = scale
        self._inner: Clock = ScaledClock(scale)
        self._ahead = 0.0

    def now(self) -> float:
        """Emulated seconds since the epoch."""
        return self._inner.now() + self._ahead

    def catch_up(self, moment: float) -> None:
        """Jump ahead to ``moment`` when it lies in the future: a saved world must not live backwards."""
        self._ahead += max(0.0, moment - self.now())


class Emulation:
    """One emulated region of AWS; ``world`` is the present one, and is another after a restore or reset."""

    def __init__(self, settings: Settings, time_scale: float) -> None:
        self.settings = settings
        self.clock = RunningClock(time_scale)
        self._listeners: list[Listener] = []
        self._changed = asyncio.Event()
        self.world = self._adopt(World(knobs=settings.knobs, clock=self.clock))
        self.endpoint = Endpoint(
            load_services(), lambda: self.world, self.clock, settings.accounts, Faults(settings.faults, time_scale)
        )
        self.set_faults(settings.faults)

    @property
    def state(self) -> State:
        """The state of the present world, for the data plane."""
        return self.world.state

    def report_health(self, group_id: str, target: TargetKey, health: Health) -> None:
        """Pass on what a health check saw."""
        self.world.report_health(group_id, target, health)

    def subscribe(self, listener: Listener) -> None:
        """Call ``listener`` after every change of the world, its replacement included."""
        self._listeners.append(listener)

    def set_faults(self, plan: FaultPlan) -> None:
        """Play ``plan`` from now on, from its beginning."""
        self.endpoint.faults.replace(plan)
        self.world.listing_lag = plan.list_lag

    def snapshot(self) -> dict[str, Any]:
        """Give the whole state as JSON-able data."""
        return {"format": FORMAT, "now": self.clock.now(), "world": self.world.dump()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Replace the world by a snapshot of one; raises SettingError and then changes nothing."""
        checked = checked_state(state)
        try:
            world = World.load(checked["world"], knobs=self.settings.knobs, clock=self.clock)
        except (KeyError, TypeError, ValueError) as error:
            raise SettingError(f"world: is not the dump of a world: {error!r}") from error
        self.clock.catch_up(checked["now"])
        self._replace(world)

    def fail_step(self, resource: str, goal: Status, failure: Failure) -> None:
        """Make the next life-cycle step of ``resource`` (id or name) end in ``goal``, a failed status."""
        self.world.fail_step(resource, goal, failure)

    def share(self, resource: str, accounts: frozenset[str]) -> None:
        """Share a service or network with exactly these accounts; raises SettingError for another id."""
        try:
            self.world.share(resource, accounts)
        except ValueError as error:
            raise SettingError(str(error)) from None

    def reset(self) -> None:
        """Empty the world and the call log, and play the faults of the settings from their beginning."""
        self._replace(World(knobs=self.settings.knobs, clock=self.clock))
        self.endpoint.log.clear()
        self.set_faults(self.settings.faults)

    async def live(self) -> None:
        """Apply each life-cycle transition when it is due, until cancelled."""
        while True:
            self._changed.clear()
            due = self.world.next_due()
            wait = None if due is None else max(0.0, due - self.clock.now()) / self.clock.scale
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                self.world.advance()

    def _adopt(self, world: World) -> World:
        world.subscribe(self._announce)
        return world

    def _replace(self, world: World) -> None:
        world.listing_lag = self.endpoint.faults.plan.list_lag
        self.world = self._adopt(world)
        self._announce()

    def _announce(self) -> None:
        self._changed.set()
        for listener in self._listeners:
            listener()
