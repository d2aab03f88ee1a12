"""``/healthz`` and ``/readyz``: whether to restart the process, whether to send it requests, and why not.

Parity: paths, sub-checks (``/readyz/<name>``, ``?verbose``, ``?exclude=``) and the plain ``ok`` are those of the Go
controller v2.1.3 (controllers.md §11.4); reasons and JSON are ours. Liveness needs no check of the event loop: where
that stands still nobody answers.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web

Check = Callable[[], str | None]
"""What is wrong, in words for a person; None where all is well. Quick, without I/O."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check came to; ``fault`` None: all is well."""

    name: str
    fault: str | None


@dataclass(frozen=True, slots=True)
class Health:
    """All findings of a probe."""

    findings: tuple[Finding, ...]

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return all(finding.fault is None for finding in self.findings)

    @property
    def status(self) -> HTTPStatus:
        """200 or 503."""
        return HTTPStatus.OK if self.good else HTTPStatus.SERVICE_UNAVAILABLE

    def plain(self, probe: str) -> str:
        """``ok``, or a line for each check as Kubernetes' own components write them."""
        return "ok" if self.good else self.verbose(probe)

    def verbose(self, probe: str) -> str:
        """A line for each check and one for the whole."""
        lines = [
            f"[-]{each.name} failed: {each.fault}" if each.fault else f"[+]{each.name} ok" for each in self.findings
        ]
        return "\n".join([*lines, f"{probe} check {'passed' if self.good else 'failed'}", ""])

    def document(self) -> str:
        """``{"ok": …, "checks": {name: "ok" or what is wrong}}``."""
        checks = {each.name: each.fault or "ok" for each in self.findings}
        return json.dumps({"ok": self.good, "checks": checks})


def health(checks: Mapping[str, Check], left_out: Iterable[str] = ()) -> Health:
    """Look at every check that is not left out, in the given order."""
    chosen = {name: check for name, check in checks.items() if name not in set(left_out)}
    return Health(tuple(Finding(name, check()) for name, check in chosen.items()))


def health_application(live: Mapping[str, Check], ready: Mapping[str, Check]) -> web.Application:
    """The probes' server. Each probe also has a check of its own name that says no more than that we answer."""
    application = web.Application()
    for probe, checks in (("healthz", live), ("readyz", ready)):
        _add(application, probe, {probe: _ping, **checks})
    return application


def _add(application: web.Application, probe: str, checks: Mapping[str, Check]) -> None:
    async def whole(request: web.Request) -> web.Response:
        return _response(request, probe, health(checks, request.query.getall("exclude", [])))

    async def part(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in checks:
            names = ", ".join(checks)
            return web.Response(status=HTTPStatus.NOT_FOUND, text=f"no check {name!r}; there are {names}\n")
        return _response(request, probe, health({name: checks[name]}))

    application.router.add_get(f"/{probe}", whole)
    application.router.add_get(f"/{probe}/", whole)
    application.router.add_get(f"/{probe}/{{name}}", part)


def _response(request: web.Request, probe: str, found: Health) -> web.Response:
    headers = {"Cache-Control": "no-store"}
    if "application/json" in request.headers.get("Accept", ""):
        return web.Response(
            status=found.status, text=found.document(), content_type="application/json", headers=headers
        )
    text = found.verbose(probe) if "verbose" in request.query else found.plain(probe)
    return web.Response(status=found.status, text=text, headers=headers)


def _ping() -> str | None:
    return None
