"""Our part of a status put onto what others wrote, as values.

In: the status we want and the one that is there. Out: the one to write, in which what belongs to others is as it is
there; equal to the one there where nothing of ours differs.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from lattice_gateway.core.objects import CONTROLLER_NAME
from lattice_gateway.core.objects.annotations import Annotation
from lattice_gateway.core.report.conditions import Type
from lattice_gateway.core.report.deployed import PENDING

Status: TypeAlias = Mapping[str, Any]

ANNOTATIONS: Final = "annotations"
"""The member of a status, as the engine writes it, that holds annotations of the object."""

WRITTEN_NOTES: Final = (str(Annotation.ASSIGNED_DOMAIN_NAME), str(Annotation.SERVICE_ARN))
"""Annotations that we write."""

_TYPES: Final = frozenset(map(str, Type))


def merged(wanted: Status, there: Status) -> dict[str, Any]:
    """The status to write; annotations are not among it.

    Conditions of other types and entries of other controllers come from ``there``, and so does the time of a condition
    whose status is as before.
    """
    body = {**there, **{member: value for member, value in wanted.items() if member != ANNOTATIONS}}
    if "conditions" in wanted:
        body["conditions"] = _conditions(wanted, there)
    if "parents" in wanted:
        body["parents"] = _parents(wanted, there)
    if "listeners" in wanted:
        body["listeners"] = _listeners(wanted, there)
    return body


def is_same(one: Status, other: Status) -> bool:
    """Whether two statuses say the same; the order of conditions, and of other controllers, says nothing."""
    return bool(_plain(one) == _plain(other))


def is_progress(one: Status, other: Status) -> bool:
    """Whether two statuses differ at most in what their conditions that are pending say they wait for."""
    return is_same(_without_progress(one), _without_progress(other))


def notes_to_write(wanted: Status, there: Mapping[str, str]) -> dict[str, str]:
    """Annotations that differ from those that are there."""
    return {key: value for key, value in wanted.get(ANNOTATIONS, {}).items() if there.get(key) != value}


def as_written(status: Status, annotations: Mapping[str, str]) -> dict[str, Any]:
    """A status of the cluster in the form in which the engine writes it."""
    notes = {key: annotations[key] for key in WRITTEN_NOTES if key in annotations}
    return {**status, **({ANNOTATIONS: notes} if notes else {})}


def _conditions(wanted: Status, there: Status) -> list[Status]:
    old = {one.get("type"): one for one in _entries(there, "conditions")}
    ours = [_kept_time(one, old.get(one["type"])) for one in _entries(wanted, "conditions") if one["type"] in _TYPES]
    return [*ours, *(one for kind, one in old.items() if kind not in _TYPES)]


def _kept_time(one: Status, before: Status | None) -> Status:
    time = before.get("lastTransitionTime") if before and before.get("status") == one.get("status") else None
    return {**one, "lastTransitionTime": time} if time else one


def _parents(wanted: Status, there: Status) -> list[Status]:
    """Our entries in our order, then those of other controllers."""
    old = _entries(there, "parents")
    ours = [each for each in _entries(wanted, "parents") if _is_ours(each)]
    return [
        *(_entry(each, _same_parent(each, old)) for each in ours),
        *(each for each in old if not _is_ours(each)),
    ]


def _same_parent(entry: Status, old: Iterable[Status]) -> Status:
    return next((each for each in old if _is_ours(each) and each.get("parentRef") == entry.get("parentRef")), {})


def _listeners(wanted: Status, there: Status) -> list[Status]:
    old = {each.get("name"): each for each in _entries(there, "listeners")}
    return [_entry(each, old.get(each.get("name"), {})) for each in _entries(wanted, "listeners")]


def _entry(entry: Status, before: Status) -> Status:
    return {**entry, "conditions": _conditions(entry, before)}


def _is_ours(entry: Status) -> bool:
    return entry.get("controllerName") == CONTROLLER_NAME


def _entries(status: Status, member: str) -> Sequence[Status]:
    """The mappings of a list; whatever else stands there is not ours to understand."""
    found = status.get(member)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list | tuple) else []


def _without_progress(value: Any) -> Any:
    match value:
        case Mapping():
            waits = (value.get("status"), value.get("reason")) == ("False", PENDING)
            hidden = {"message"} if waits else set()
            return {key: _without_progress(item) for key, item in value.items() if key not in hidden}
        case list() | tuple():
            return [_without_progress(item) for item in value]
        case _:
            return value


def _plain(value: Any) -> Any:
    match value:
        case Mapping():
            return {key: _member(key, item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return value


def _member(key: str, value: Any) -> Any:
    plain = _plain(value)
    if key == "conditions" and isinstance(plain, list):
        return sorted(plain, key=lambda one: str(one.get("type")) if isinstance(one, dict) else "")
    if key == "parents" and isinstance(plain, list):
        return sorted(plain, key=lambda one: str(one.get("controllerName")) if isinstance(one, dict) else "")
    return plain
