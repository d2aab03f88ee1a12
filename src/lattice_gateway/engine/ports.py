"""What the engine needs from the outside: small protocols in terms of our own values."""

from typing import Protocol, TypeVar

from lattice_gateway.core.lattice.operations import Operation
from lattice_gateway.core.lattice.outcome import Answer, LatticeError
from lattice_gateway.engine.reads import Read

T = TypeVar("T")


class LatticeFailure(Exception):  # noqa: N818  # the error is the value it carries
    """A call to AWS that was refused or failed."""

    def __init__(self, error: LatticeError) -> None:
        super().__init__(str(error))
        self.error = error


class Lattice(Protocol):
    """VPC Lattice and its neighbour APIs: one attempt at one call; pacing and retries are the engine's.

    Both methods raise ``LatticeFailure``. A mutating call that may have been carried out although no answer came
    fails with ``UNKNOWN_RESULT``.
    """

    async def perform(self, operation: Operation, token: str) -> Answer:
        """Send an operation whose references are all known; ``token`` makes creates repeatable."""

    async def read(self, read: Read[T]) -> T:
        """Answer a read."""


class Clock(Protocol):
    """Time as the engine sees it."""

    def now(self) -> float:
        """Seconds of a clock that never goes back."""

    def wall(self) -> float:
        """Seconds since the epoch, for what people read."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""
