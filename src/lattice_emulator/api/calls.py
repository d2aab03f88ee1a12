"""What was called: a bounded log of calls and counters per operation."""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any

from lattice_emulator.world.model import Caller

LOG_LENGTH = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One answered (or deliberately unanswered) call.

    ``at`` is emulated time, ``took_ms`` wall time; ``code`` is None for success; ``effect`` names the fault that was
    played, None for none; ``status`` 0 means that the connection was closed instead of an answer.
    """

    number: int
    at: float
    service: str
    operation: str
    caller: Caller
    params: Mapping[str, Any]
    status: int
    code: str | None
    effect: str | None
    took_ms: float
    request_id: str

    def document(self) -> dict[str, Any]:
        """JSON form; secrets and other bytes are shown by their length."""
        return {
            "number": self.number,
            "at": datetime.fromtimestamp(self.at, UTC).isoformat(timespec="milliseconds"),
            "service": self.service,
            "operation": self.operation,
            "account": self.caller.account,
            "region": self.caller.region,
            "params": _shown(self.params),
            "status": self.status,
            "code": self.code,
            "effect": self.effect,
            "took_ms": round(self.took_ms, 3),
            "request_id": self.request_id,
        }


class CallLog:
    """The last ``LOG_LENGTH`` calls and how many there were of each kind since the log was cleared."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=LOG_LENGTH)
        self._counters: Counter[str] = Counter()
        self._failures: dict[str, Counter[str]] = {}
        self._number = 0

    def next_number(self) -> int:
        """Number the next call, from 1; numbers go on when the log is cleared."""
        self._number += 1
        return self._number

    def add(self, call: Call) -> None:
        """Keep ``call``; the oldest goes when the log is full."""
        self._calls.append(call)
        self._counters[call.operation] += 1
        if call.code is not None:
            self._failures.setdefault(call.operation, Counter())[call.code] += 1

    def clear(self) -> None:
        """Forget calls and counters."""
        self._calls.clear()
        self._counters.clear()
        self._failures.clear()

    def calls(self, operation: str | None = None, after: int = 0) -> tuple[Call, ...]:
        """Calls numbered above ``after``, oldest first; of all operations when ``operation`` is None."""
        newer = takewhile(lambda call: call.number > after, reversed(self._calls))
        return tuple(call for call in newer if operation is None or call.operation == operation)[::-1]

    def counters(self) -> dict[str, int]:
        """Calls by operation, by name."""
        return dict(sorted(self._counters.items()))

    def failures(self) -> dict[str, dict[str, int]]:
        """Errors by operation and code."""
        return {operation: dict(sorted(codes.items())) for operation, codes in sorted(self._failures.items())}


def _shown(value: Any) -> Any:
    match value:
        case bytes():
            return f"<{len(value)} bytes>"
        case dict():
            return {key: _shown(item) for key, item in value.items()}
        case list():
            return [_shown(item) for item in value]
        case _:
            return value
