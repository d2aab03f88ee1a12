"""Every call to AWS goes through here: paced per operation, counted, tried again while that can help.

Equal reads in flight are one call. A call that must wait for others waits in order of urgency.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any, TypeVar, cast

from lattice_gateway.core.lattice.operations import Operation
from lattice_gateway.core.lattice.outcome import Answer, ErrorKind, LatticeError
from lattice_gateway.engine.call_names import CallName, call_name, is_write
from lattice_gateway.engine.gate import Gate, Urgency
from lattice_gateway.engine.leadership import Alone, Permission
from lattice_gateway.engine.metrics import Metrics
from lattice_gateway.engine.ports import Clock, Lattice, LatticeFailure
from lattice_gateway.engine.reads import Page, Read
from lattice_gateway.engine.wire import Wire

T = TypeVar("T")

ATTEMPTS = {ErrorKind.THROTTLED: 20, ErrorKind.UNAVAILABLE: 4, ErrorKind.UNKNOWN_RESULT: 4}
"""How often a call is sent before its unit fails (and is tried again later); every other error is final at once."""
FIRST_DELAY = 0.1
LONGEST_DELAY = 10.0


class Calls:
    """The way to AWS. ``sent`` counts calls by operation, repeated ones included; ``writes`` are the mutating ones.

    ``permission`` is asked right before a mutating call leaves; without it the call waits to be cancelled, as when the
    process stops.
    """

    def __init__(
        self,
        lattice: Lattice,
        clock: Clock,
        random: Random,
        metrics: Metrics,
        permission: Permission = Alone(),  # noqa: B008 - a frozen value
    ) -> None:
        self.sent: Counter[CallName] = Counter()
        self.writes: Counter[CallName] = Counter()
        self._lattice = lattice
        self._clock = clock
        self._random = random
        self._metrics = metrics
        self._permission = permission
        self._gates: dict[CallName, Gate] = {}
        self._wire = Wire()
        self._on_wire = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False
        self._shared: dict[Read[Any], asyncio.Future[Any]] = {}

    async def perform(self, operation: Operation, token: str, urgency: Urgency) -> Answer:
        """Carry out an operation; the same token in every attempt.

        Raises ``LatticeFailure`` when trying again did not help. Once the process stops it does not return, unless the
        call is on the wire already.
        """
        name = call_name(operation)

        async def send() -> Answer:
            self.writes[name] += 1
            return await self._lattice.perform(operation, token)

        return await self._attempts(name, send, urgency)

    async def read(self, read: Read[T], urgency: Urgency = Urgency.CHANGE) -> T:
        """Answer a read; whoever asks the same meanwhile gets the same answer. Raises as ``perform``."""
        while (running := self._shared.get(read)) is not None:
            await asyncio.wait([running])
            if not running.cancelled():
                return cast("T", running.result())
        future = self._shared[read] = asyncio.get_running_loop().create_future()
        try:
            answer = await self._attempts(call_name(read), lambda: self._lattice.read(read), urgency)
        except LatticeFailure as error:
            future.set_exception(error)
            future.exception()
            raise
        except BaseException:
            future.cancel()
            raise
        else:
            future.set_result(answer)
            return answer
        finally:
            del self._shared[read]

    async def pages(
        self, page: Callable[[str | None], Read[Page[T]]], urgency: Urgency = Urgency.CHANGE
    ) -> tuple[T, ...]:
        """A whole listing, page by page."""
        items: list[T] = []
        after: str | None = None
        while True:
            part = await self.read(page(after), urgency)
            items.extend(part.items)
            after = part.after
            if after is None:
                return tuple(items)

    async def close(self) -> None:
        """Let no further call leave, and return when those on the wire have their answers; then cancel who waits."""
        self._closed = True
        for gate in self._gates.values():
            gate.close()
        await self._idle.wait()

    async def _attempts(self, name: CallName, send: Callable[[], Awaitable[T]], urgency: Urgency) -> T:
        began, attempt = self._clock.now(), 1
        while True:
            try:
                answer = await self._attempt(name, send, urgency)
            except LatticeFailure as failure:
                if attempt >= ATTEMPTS.get(failure.error.kind, 1):
                    self._metrics.call(name, failure.error, self._clock.now() - began, attempt)
                    raise
                await self._clock.sleep(self._pause(attempt))
                attempt += 1
            else:
                self._metrics.call(name, None, self._clock.now() - began, attempt)
                return answer

    async def _attempt(self, name: CallName, send: Callable[[], Awaitable[T]], urgency: Urgency) -> T:
        gate = self._gate(name)
        await gate.enter(urgency)
        try:
            entered = await self._wire.enter(urgency)
            try:
                if self._closed or not self._may_leave(name):
                    await asyncio.get_running_loop().create_future()
                return await self._sent(gate, name, send)
            finally:
                self._wire.leave(entered)
        finally:
            gate.leave(urgency)

    def _may_leave(self, name: CallName) -> bool:
        return not is_write(name) or self._permission.may_write(self._clock.now())

    async def _sent(self, gate: Gate, name: CallName, send: Callable[[], Awaitable[T]]) -> T:
        sent_at = self._clock.now()
        self.sent[name] += 1
        self._started()
        try:
            answer = await send()
        except LatticeFailure as failure:
            self._refused(gate, name, failure.error, sent_at)
            raise
        finally:
            self._ended()
        gate.rate.admitted(sent_at, self._clock.now())
        self._metrics.request(name, None, self._clock.now() - sent_at)
        return answer

    def _refused(self, gate: Gate, name: CallName, error: LatticeError, sent_at: float) -> None:
        now = self._clock.now()
        self._metrics.request(name, error, now - sent_at)
        if error.kind is ErrorKind.THROTTLED:
            self._metrics.throttled(name)
            gate.rate.throttled(sent_at, now, error.retry_after)
        else:
            gate.rate.admitted(sent_at, now)

    def _gate(self, name: CallName) -> Gate:
        gate = self._gates.get(name)
        if gate is None:
            gate = self._gates[name] = Gate(self._clock)
            if self._closed:
                gate.close()
        return gate

    def _pause(self, attempt: int) -> float:
        """Full jitter: anything up to the doubling delay."""
        return self._random.random() * min(LONGEST_DELAY, FIRST_DELAY * float(2**attempt))

    def _started(self) -> None:
        self._on_wire += 1
        self._idle.clear()

    def _ended(self) -> None:
        self._on_wire -= 1
        if self._on_wire == 0:
            self._idle.set()
