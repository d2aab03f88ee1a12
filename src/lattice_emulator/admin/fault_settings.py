"""Fault plans as data: read from a settings file or a request, and written back in the same form."""

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, TypeVar, assert_never

from lattice_emulator.admin.entries import Entry
from lattice_emulator.api.faults import (
    Always,
    Bucket,
    CloseBefore,
    Effect,
    Every,
    Failure,
    FaultPlan,
    First,
    LoseAnswer,
    Refuse,
    Schedule,
    SlowAnswer,
)
from lattice_emulator.api.services import EMULATED

T = TypeVar("T")

EFFECTS = ("refuse", "lose-answer", "close-before", "slow-answer")

OPERATIONS = tuple(sorted(operation for names in EMULATED.values() for operation in names))


def read_plan(entry: Entry) -> FaultPlan:
    """Read a whole plan; raises SettingError."""
    parts = entry.mapping("latency", "throttle", "failures", "list_lag")
    return FaultPlan(
        latency=_latency(parts["latency"]) if "latency" in parts else {},
        throttle=_throttle(parts["throttle"]) if "throttle" in parts else {},
        failures=tuple(map(read_failure, parts["failures"].items())) if "failures" in parts else (),
        list_lag=parts["list_lag"].seconds() if "list_lag" in parts else 0.0,
    )


def read_failure(entry: Entry) -> Failure:
    """Read one scripted failure; raises SettingError."""
    parts = entry.mapping("operation", "effect", "code", "seconds", "count", "every")
    operation = _pattern(parts["operation"]) if "operation" in parts else "*"
    return Failure(operation, _effect(entry, parts), _schedule(entry, parts))


def plan_document(plan: FaultPlan) -> dict[str, Any]:
    """Write ``plan`` as ``read_plan`` reads it."""
    return {
        "latency": dict(plan.latency),
        "throttle": {name: {"rate": b.rate, "burst": b.burst} for name, b in plan.throttle.items()},
        "failures": [
            {"operation": f.operation} | _effect_document(f.effect) | _schedule_document(f.schedule)
            for f in plan.failures
        ],
        "list_lag": plan.list_lag,
    }


def _latency(entry: Entry) -> Mapping[str, float]:
    # One number is for every operation.
    return _by_operation(entry, Entry.seconds) if isinstance(entry.value, dict) else {"*": entry.seconds()}


def _throttle(entry: Entry) -> Mapping[str, Bucket]:
    # One bucket is the form of each operation's own.
    single = isinstance(entry.value, dict) and "rate" in entry.value
    return {"*": _bucket(entry)} if single else _by_operation(entry, _bucket)


def _by_operation(entry: Entry, read: Callable[[Entry], T]) -> Mapping[str, T]:
    for key, value in entry.mapping().items():
        _pattern(Entry(value.key, key))
    return entry.table(read)


def _pattern(entry: Entry) -> str:
    pattern = entry.text()
    if not any(fnmatchcase(operation, pattern) for operation in OPERATIONS):
        raise entry.wrong("the name of an operation that is carried out here, or a pattern that fits some (Create*)")
    return pattern


def _bucket(entry: Entry) -> Bucket:
    parts = _with(entry, ("rate", "burst"), entry.mapping("rate", "burst"))
    return Bucket(parts["rate"].rate(), parts["burst"].count())


def _with(entry: Entry, needed: Iterable[str], parts: Mapping[str, Entry]) -> Mapping[str, Entry]:
    missing = [name for name in needed if name not in parts]
    if missing:
        raise entry.wrong(f"a mapping with {' and '.join(missing)}")
    return parts


def _effect(entry: Entry, parts: Mapping[str, Entry]) -> Effect:
    name = parts["effect"].text() if "effect" in parts else "refuse"
    match name:
        case "refuse":
            return Refuse(_with(entry, ["code"], parts)["code"].text())
        case "lose-answer":
            return LoseAnswer()
        case "close-before":
            return CloseBefore()
        case "slow-answer":
            return SlowAnswer(_with(entry, ["seconds"], parts)["seconds"].seconds())
        case _:
            raise parts["effect"].wrong(f"one of {', '.join(EFFECTS)}")


def _schedule(entry: Entry, parts: Mapping[str, Entry]) -> Schedule:
    if "count" in parts and "every" in parts:
        raise entry.wrong("count or every, not both")
    if "count" in parts:
        return First(parts["count"].count())
    return Every(parts["every"].count()) if "every" in parts else Always()


def _effect_document(effect: Effect) -> dict[str, Any]:
    match effect:
        case Refuse(code):
            return {"effect": "refuse", "code": code}
        case LoseAnswer():
            return {"effect": "lose-answer"}
        case CloseBefore():
            return {"effect": "close-before"}
        case SlowAnswer(seconds):
            return {"effect": "slow-answer", "seconds": seconds}
        case _:
            assert_never(effect)


def _schedule_document(schedule: Schedule) -> dict[str, Any]:
    match schedule:
        case Always():
            return {}
        case First(count):
            return {"count": count}
        case Every(nth):
            return {"every": nth}
        case _:
            assert_never(schedule)
