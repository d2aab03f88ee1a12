"""What a route's own status attests of its parents: the memory of an earlier process (decision 25).

An entry was made while the Gateway existed and was of ours; it says whether what it wanted was still in force when it
was last written.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lattice_gateway.core.objects import CONTROLLER_NAME, Ref
from lattice_gateway.core.objects.refs import GATEWAY_API, Kind
from lattice_gateway.core.report.conditions import Status, Type
from lattice_gateway.core.translate.verdicts import Reason

_TOOK_AWAY: Final = frozenset(
    {Reason.NO_MATCHING_PARENT, Reason.NOT_ALLOWED_BY_LISTENERS, Reason.NO_MATCHING_LISTENER_HOSTNAME}
)
"""Rejections after which nothing is left of what the parent wanted."""


@dataclass(frozen=True, slots=True)
class Attested:
    """Gateways that the route was attached to, and those that had no part in it any more; each once, in order."""

    attached: tuple[Ref, ...] = ()
    detached: tuple[Ref, ...] = ()


def attested(route: Ref, status: Mapping[str, Any] | None) -> Attested:
    """What the status of a route attests; nothing where there is none.

    Only entries with our own condition count: the Go controller also made some for parents that were never ours.
    """
    known: dict[Ref, bool] = {}
    for entry in _mappings((status or {}).get("parents")):
        gateway, conditions = _gateway(route, entry.get("parentRef")), _conditions(entry)
        if entry.get("controllerName") == CONTROLLER_NAME and gateway is not None and Type.DEPLOYED in conditions:
            known[gateway] = known.get(gateway, False) or _is_attached(conditions.get(Type.ACCEPTED, {}))
    return Attested(
        attached=tuple(gateway for gateway, holds in known.items() if holds),
        detached=tuple(gateway for gateway, holds in known.items() if not holds),
    )


def shown_address(status: Mapping[str, Any] | None) -> str | None:
    """The address that the status of a Gateway shows; None where there is none."""
    addresses = [each.get("value") for each in _mappings((status or {}).get("addresses"))]
    return next((each for each in addresses if isinstance(each, str)), None)


def _is_attached(accepted: Mapping[str, Any]) -> bool:
    return accepted.get("status") != Status.FALSE or accepted.get("reason") not in _TOOK_AWAY


def _gateway(route: Ref, parent: object) -> Ref | None:
    """The Gateway that a parentRef names, None where it names something else."""
    if not isinstance(parent, Mapping) or not isinstance(parent.get("name"), str):
        return None
    if (parent.get("group", GATEWAY_API), parent.get("kind", Kind.GATEWAY)) != (GATEWAY_API, Kind.GATEWAY):
        return None
    return Ref(Kind.GATEWAY, str(parent.get("namespace") or route.namespace), parent["name"])


def _conditions(entry: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {str(each.get("type")): each for each in _mappings(entry.get("conditions"))}


def _mappings(found: object) -> Iterable[Mapping[str, Any]]:
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []
