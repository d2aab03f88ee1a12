"""What the controller wrote about a route, read as any user would: from the YAML in the state directory."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lattice_gateway.core.objects.annotations import PREFIX


@dataclass(frozen=True, slots=True)
class RouteStatus:
    """Whether every parent's traffic is in place, and the name and id Lattice gave the service."""

    programmed: bool = False
    dns_name: str | None = None
    service_id: str | None = None


def route_status(state: Path, namespace: str, name: str) -> RouteStatus:
    """The status of an HTTPRoute; nothing where none is written yet."""
    path = state / "status" / "HTTPRoute" / namespace / f"{name}.yaml"
    try:
        written: dict[str, Any] = yaml.safe_load(path.read_text()) or {}
    except FileNotFoundError:
        return RouteStatus()
    parents = written.get("parents", [])
    annotations = written.get("annotations", {})
    return RouteStatus(
        programmed=bool(parents) and all(_programmed(parent) for parent in parents),
        dns_name=annotations.get(f"{PREFIX}lattice-assigned-domain-name"),
        service_id=annotations.get(f"{PREFIX}lattice-service-arn", "").rpartition("/")[2] or None,
    )


def _programmed(parent: dict[str, Any]) -> bool:
    return any(
        condition["type"] == f"{PREFIX}Programmed" and condition["status"] == "True"
        for condition in parent.get("conditions", [])
    )
