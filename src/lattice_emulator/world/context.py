"""What an operation works on: the state, the settings, the time and the caller."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from lattice_emulator.world.knobs import Knobs
from lattice_emulator.world.model import Caller
from lattice_emulator.world.state import State

Params = Mapping[str, Any]
Answer = dict[str, Any]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Moment:
    """The service at one moment of emulated time."""

    state: State
    knobs: Knobs
    now: float


@dataclass(frozen=True, slots=True)
class Context:
    """One call: ``caller`` acts at ``moment``."""

    moment: Moment
    caller: Caller

    @property
    def state(self) -> State:
        """Everything the service knows."""
        return self.moment.state

    @property
    def knobs(self) -> Knobs:
        """The settings."""
        return self.moment.knobs

    @property
    def now(self) -> float:
        """Emulated seconds since the epoch."""
        return self.moment.now


Operation = Callable[[Context, Params], Answer]


def timestamp(seconds: float) -> datetime:
    """The time as answers carry it, in UTC, to the millisecond."""
    return EPOCH + timedelta(milliseconds=round(seconds * 1000))


def present(**members: object) -> Answer:
    """The members that have a value: what is None is left out of answers."""
    return {name: value for name, value in members.items() if value is not None}
