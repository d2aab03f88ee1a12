"""The admin API: JSON under ``/_emulator/``, about the emulation and never part of AWS."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from lattice_emulator.admin.emulation import Emulation
from lattice_emulator.admin.entries import Entry, SettingError
from lattice_emulator.admin.fault_settings import plan_document, read_failure, read_plan
from lattice_emulator.api.faults import FaultPlan
from lattice_emulator.api.request import Request
from lattice_emulator.api.server import ADMIN_PREFIX
from lattice_emulator.api.writing import Answer
from lattice_emulator.world.model import Failure, Status

FAILED = (Status.CREATE_FAILED, Status.UPDATE_FAILED, Status.DELETE_FAILED)


class Traffic(Protocol):
    """Where the data plane carries traffic."""

    @property
    def front_door(self) -> tuple[str, int] | None:
        """The address and port that choose a service by the request's Host; None while nothing is carried."""
        ...

    def addresses(self) -> Mapping[str, tuple[str, Mapping[int, int]]]:
        """Each service's own address, with the port bound for each of its listeners' ports."""
        ...


class _Refused(Exception):  # noqa: N818 - a refusal is an answer, not an error of the program
    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Admin:
    """Answers admin requests; ``traffic`` gives None when no data plane runs."""

    def __init__(self, emulation: Emulation, traffic: Callable[[], Traffic | None], url: Callable[[], str]) -> None:
        self._emulation = emulation
        self._traffic = traffic
        self._url = url
        self._routes: Mapping[tuple[str, str], Callable[[Request], Any]] = {
            ("GET", "health"): lambda _: self._health(),
            ("GET", "url"): lambda _: self._urls(),
            ("GET", "counts"): lambda _: self._counts(),
            ("GET", "calls"): self._calls,
            ("DELETE", "calls"): lambda _: self._clear_calls(),
            ("GET", "faults"): lambda _: self._faults(),
            ("PUT", "faults"): self._replace_faults,
            ("DELETE", "faults"): lambda _: self._clear_faults(),
            ("POST", "faults/failures"): self._add_failure,
            ("POST", "failed-steps"): self._fail_step,
            ("POST", "shares"): self._share,
            ("GET", "snapshot"): lambda _: self._snapshot(),
            ("PUT", "snapshot"): self._restore,
            ("POST", "reset"): lambda _: self._reset(),
        }

    async def answer(self, request: Request) -> Answer:
        """Answer one request; a refusal is ``{"error": sentence}``."""
        try:
            return _json(200, self._find(request)(request))
        except _Refused as refused:
            return _json(refused.status, {"error": str(refused)})
        except SettingError as error:
            return _json(400, {"error": str(error)})

    def _find(self, request: Request) -> Callable[[Request], Any]:
        path = request.path.removeprefix(ADMIN_PREFIX)
        route = self._routes.get((request.method, path))
        if route is None:
            known = ", ".join(f"{method} {ADMIN_PREFIX}{name}" for method, name in self._routes)
            raise _Refused(404, f"{request.method} {request.path} is not known; known are {known}")
        return route

    def _health(self) -> Any:
        clock = self._emulation.clock
        return {"status": "ok", "now": clock.now(), "time_scale": clock.scale}

    def _urls(self) -> Any:
        traffic = self._traffic()
        if traffic is None or traffic.front_door is None:
            return {"url": self._url(), "front_door": None, "services": {}}
        host, port = traffic.front_door
        services = {
            service: {"address": address, "ports": {str(wanted): bound for wanted, bound in ports.items()}}
            for service, (address, ports) in sorted(traffic.addresses().items())
        }
        return {"url": self._url(), "front_door": f"http://{host}:{port}", "services": services}

    def _counts(self) -> Any:
        return self._emulation.world.counts()

    def _calls(self, request: Request) -> Any:
        log, query = self._emulation.endpoint.log, dict(request.query)
        after = _number(query, "after", 0)
        calls = log.calls(query.get("operation"), after)
        newest = calls[max(0, len(calls) - _number(query, "limit", 1000)) :]
        return {
            "counters": log.counters(),
            "errors": log.failures(),
            "calls": [call.document() for call in newest],
        }

    def _clear_calls(self) -> Any:
        self._emulation.endpoint.log.clear()
        return {}

    def _faults(self) -> Any:
        return plan_document(self._emulation.endpoint.faults.plan)

    def _replace_faults(self, request: Request) -> Any:
        self._emulation.set_faults(read_plan(Entry("", _body(request))))
        return self._faults()

    def _clear_faults(self) -> Any:
        self._emulation.set_faults(FaultPlan())
        return self._faults()

    def _add_failure(self, request: Request) -> Any:
        self._emulation.endpoint.faults.add(read_failure(Entry("", _body(request))))
        return self._faults()

    def _fail_step(self, request: Request) -> Any:
        parts = Entry("", _body(request)).mapping("resource", "status", "code", "message")
        status = _needed(parts, "status")
        if status.value not in FAILED:
            raise status.wrong(f"one of {', '.join(FAILED)}")
        failure = Failure(
            parts["code"].text() if "code" in parts else "InternalFailure",
            parts["message"].text() if "message" in parts else "A failure that was asked for.",
        )
        self._emulation.fail_step(_needed(parts, "resource").text(), Status(status.text()), failure)
        return {}

    def _share(self, request: Request) -> Any:
        parts = Entry("", _body(request)).mapping("resource", "accounts")
        accounts = frozenset(each.text() for each in _needed(parts, "accounts").items())
        self._emulation.share(_needed(parts, "resource").text(), accounts)
        return {}

    def _snapshot(self) -> Any:
        return self._emulation.snapshot()

    def _restore(self, request: Request) -> Any:
        self._emulation.restore(_body(request))
        return self._emulation.world.counts()

    def _reset(self) -> Any:
        self._emulation.reset()
        return self._emulation.world.counts()


def _needed(parts: Mapping[str, Entry], key: str) -> Entry:
    return parts.get(key, Entry(key, None))


def _number(query: Mapping[str, str], key: str, default: int) -> int:
    text = query.get(key, str(default))
    if not text.isdecimal():
        raise _Refused(400, f"{key}: found {text!r}, expected a whole number, 0 or more")
    return int(text)


def _body(request: Request) -> Any:
    try:
        return json.loads(request.body)
    except ValueError as error:
        raise _Refused(400, f"the body is not JSON: {error}") from None


def _json(status: int, document: Any) -> Answer:
    return Answer(status, json.dumps(document).encode(), {"Content-Type": "application/json"})
