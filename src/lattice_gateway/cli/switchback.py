"""``plan --for-go-controller``: what stands in VPC Lattice and the cluster that the Go controller cannot read.

decisions.md, "The switch": it is to be undone before the Go controller takes over again. Pure, from one look.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from lattice_gateway.cli.exits import Exit
from lattice_gateway.cli.look import Look, look
from lattice_gateway.cli.unknown import Unknown, unknown_of
from lattice_gateway.cli.where import Place
from lattice_gateway.core.lattice.keys import GroupKey, ServiceKey
from lattice_gateway.core.lattice.observed import ObservedService
from lattice_gateway.core.names import hashed_service_name
from lattice_gateway.core.objects.finalizers import FINALIZERS, is_held
from lattice_gateway.core.objects.gateway import CONTROLLER_NAME, GatewayClass

FORMAT: Final = 1
GO_PRIORITIES: Final = 100
"""The highest priority of a rule that the Go controller v2.1.3 survives."""


class Trouble(StrEnum):
    """What the Go controller cannot read; the words of the JSON output."""

    PRIORITY = "PriorityAbove100"
    HASHED_NAME = "HashedName"
    GROUP_PER_PORT = "GroupPerPort"
    CLASS_FINALIZER = "ClassFinalizer"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing in the way; ``message`` says what there is and what undoes it."""

    trouble: Trouble
    who: str
    message: str


async def switchback_text(place: Place, *, as_json: bool) -> tuple[str, int]:
    """The output and the exit code: 0 nothing is in the way, 2 something is. Raises ``CommandError``."""
    seen = await look(place)
    found = findings(seen)
    code = Exit.CHANGES if found else Exit.DONE
    unknown = unknown_of(seen)
    return (_document(found, unknown, code) if as_json else _text(found, unknown)), code


def findings(seen: Look) -> tuple[Finding, ...]:
    """Everything in the way, ordered."""
    return tuple(sorted([*_priorities(seen), *_names(seen), *_groups(seen), *_classes(seen)]))


def _priorities(seen: Look) -> Iterator[Finding]:
    for key, service in seen.observed.items():
        if not isinstance(service, ObservedService) or not seen.shows(key):
            continue
        for listener in service.listeners or ():
            for rule in listener.rules or ():
                if rule.priority > GO_PRIORITIES:
                    yield Finding(
                        Trouble.PRIORITY,
                        str(key),
                        f"rule {rule.name} of port {listener.port} has priority {rule.priority}; the Go controller "
                        f"ends at {GO_PRIORITIES}: give the route fewer rules, or annotate lower priorities",
                    )


def _names(seen: Look) -> Iterator[Finding]:
    owner = seen.read.settings.owner
    for route in seen.topology.routes:
        key = route.unit.key if route.unit else None
        ref = route.ref
        if not isinstance(key, ServiceKey) or not seen.shows(key):
            continue
        if key.name == hashed_service_name(owner, str(ref.kind), ref.namespace, ref.name):
            yield Finding(
                Trouble.HASHED_NAME,
                str(ref),
                f"its service is named {key.name}, as an older route has the usual name; the Go controller would take "
                "that route's service for this one too: rename the route",
            )


def _groups(seen: Look) -> Iterator[Finding]:
    ports: dict[tuple[str, str, str, str], set[int]] = defaultdict(set)
    for key in seen.desired:
        if isinstance(key, GroupKey) and seen.shows(key):
            ports[key.service or "", key.namespace, key.name, str(key.version)].add(key.port)
    for (service, namespace, name, _), found in ports.items():
        if len(found) > 1:
            yield Finding(
                Trouble.GROUP_PER_PORT,
                f"service/{service}",
                f"Service {namespace}/{name} has a target group for each of its ports "
                f"{', '.join(map(str, sorted(found)))}; the Go controller has one for all of them: use one port",
            )


def _classes(seen: Look) -> Iterator[Finding]:
    for thing in seen.read.snapshot.objects:
        if isinstance(thing, GatewayClass) and thing.spec.controller_name == CONTROLLER_NAME and is_held(thing):
            yield Finding(
                Trouble.CLASS_FINALIZER,
                str(thing.ref),
                f"it carries the finalizer {FINALIZERS[thing.KIND]}, which the Go controller never removes: remove it "
                "before the class is deleted",
            )


def _text(found: Iterable[Finding], unknown: Iterable[Unknown]) -> str:
    rows = [f"  {one.who}: {one.trouble}: {one.message}" for one in found]
    doubts = [f"  {one}" for one in unknown]
    head = "The Go controller cannot read:" if rows else "Nothing that was seen is in the Go controller's way."
    return "\n".join([head, *rows, *(["", "Unknown:", *doubts] if doubts else [])])


def _document(found: Iterable[Finding], unknown: Iterable[Unknown], code: int) -> str:
    document: dict[str, Any] = {
        "format": FORMAT,
        "exit": int(code),
        "forGoController": [{"object": one.who, "reason": one.trouble.value, "message": one.message} for one in found],
        "unknown": [{"object": one.who, "why": one.why} for one in unknown],
    }
    return json.dumps(document, indent=2)
