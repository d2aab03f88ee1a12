"""What the engine needs from the outside: small protocols in terms of our own values."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol, TypeVar

from lattice_gateway.core.lattice.keys import UnitKey
from lattice_gateway.core.lattice.operations import Operation
from lattice_gateway.core.lattice.outcome import Answer, LatticeError
from lattice_gateway.core.objects import Object, Ref
from lattice_gateway.engine.feed import Batch, Problem, Recorded, UnitRecord
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


class Source(Protocol):
    """Where objects come from: a directory tree, later a cluster."""

    def changes(self) -> AsyncIterator[Batch]:
        """Batches without end; the first tells everything that is in force."""


class StateStore(Protocol):
    """What must outlive the process. Every write raises ``StateUnwritable`` and then has not happened."""

    @property
    def recorded(self) -> Recorded:
        """What is remembered now."""

    def remember_unit(self, record: UnitRecord) -> None:
        """Write down a unit before its first create, and again when its ARN is known."""

    def forget_unit(self, key: UnitKey) -> None:
        """The unit is gone from Lattice."""

    def remember_accepted(self, thing: Object) -> None:
        """Write down an object whose translation was accepted whole."""

    def forget_accepted(self, ref: Ref) -> None:
        """The object is gone."""


class StatusWriter(Protocol):
    """Where what became of an object is told."""

    def previous(self, ref: Ref) -> Mapping[str, Any] | None:
        """The status last written, also by an earlier process; None where there is none."""

    def write(self, ref: Ref, status: Mapping[str, Any]) -> bool:
        """Tell the status of an object; whether that changed anything. Raises ``StateUnwritable``."""

    def remove(self, ref: Ref) -> None:
        """The object is gone, and so is its status."""

    def write_problems(self, problems: tuple[Problem, ...]) -> bool:
        """Tell what is wrong in the source; whether that changed anything. Raises ``StateUnwritable``."""
