"""The state and the semantics of the emulated VPC Lattice, with no network.

In: calls by botocore's operation and member names, already checked against the service model, and what the health
checker saw. Out: answers by botocore's member names, or a `ServiceError`. It may not know: HTTP, sockets, asyncio,
the wall clock (a `Clock` is given), randomness (ids follow from a seed).
"""

from lattice_emulator.world.clock import Clock, ManualClock, ScaledClock
from lattice_emulator.world.errors import ServiceError
from lattice_emulator.world.knobs import Knobs
from lattice_emulator.world.model import Caller
from lattice_emulator.world.world import World

__all__ = ["Caller", "Clock", "Knobs", "ManualClock", "ScaledClock", "ServiceError", "World"]
