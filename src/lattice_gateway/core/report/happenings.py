"""What is worth telling about an object, as Kubernetes Events have it (controllers.md §7).

Events follow from the difference between the status that was written before and the one that is written now: so a
restart tells nothing, and nothing is told of a pass in which nothing changed. Reasons and texts are those of the Go
controller.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeAlias

from lattice_gateway.core.objects import CONTROLLER_NAME, Ref
from lattice_gateway.core.objects.refs import Kind
from lattice_gateway.core.plan.networks import ELSEWHERE
from lattice_gateway.core.report.conditions import Status, Type
from lattice_gateway.core.report.gateways import NOT_FOUND
from lattice_gateway.core.translate.verdicts import Reason as Verdict

Written: TypeAlias = Mapping[str, Any]

NAMED: Final = 5
"""Objects that are named before the rest is only hinted at."""

NOT_ALLOWED: Final = (
    "No VPC Lattice resources created. Route's parentRefs rejected by all Gateway listeners due to allowedRoutes "
    "policies. Check route status conditions for more detail."
)
"""Parity: the words of the Go controller v2.1.3, which says them of every rejection."""

ROUTES: Final = frozenset({Kind.HTTP_ROUTE, Kind.GRPC_ROUTE, Kind.TLS_ROUTE})


class Importance(StrEnum):
    """The types of Events."""

    NORMAL = "Normal"
    WARNING = "Warning"


class Reason(StrEnum):
    """Reasons of the Go controller, and ours behind them."""

    RECONCILE = "Reconcile"
    DEPLOY_SUCCEED = "DeploySucceed"
    RETRY_RECONCILE = "Retry-Reconcile"
    FAILED_ADD_FINALIZER = "FailedAddFinalizer"
    FAILED_BUILD_MODEL = "FailedBuildModel"
    FAILED_DEPLOY_MODEL = "FailedDeployModel"
    RECONCILING = "Reconciling"
    RECONCILED = "Reconciled"
    FAILED_RECONCILE = "FailedReconcile"
    DELETE_BLOCKED = "DeleteBlocked"
    STATUS_CONTESTED = "StatusContested"
    VPC_ELSEWHERE = "VpcAssociatedElsewhere"
    DIFFERENCES_HELD = "DifferencesHeld"
    DIFFERENCES_APPLIED = "DifferencesApplied"


class Happening(NamedTuple):
    """What happened to an object; equal ones form a series."""

    ref: Ref
    importance: Importance
    reason: str
    message: str


def happenings(ref: Ref, before: Written | None, now: Written) -> tuple[Happening, ...]:
    """What a new status tells beyond the one before, each once, in order; None: there was none."""
    if ref.kind in ROUTES:
        return tuple(dict.fromkeys(_of_route(ref, before or {}, now)))
    if ref.kind is Kind.GATEWAY:
        return tuple(_of_gateway(ref, _conditions(before or {}), _conditions(now)))
    return ()


def unheard(ref: Ref, missing: Iterable[str]) -> tuple[Happening, ...]:
    """What only an Event can tell: Gateways that are not there to have an entry in the route's status (decision 25)."""
    texts = (f"Failed build model due to {why}" for why in missing)
    return tuple(Happening(ref, Importance.WARNING, Reason.FAILED_BUILD_MODEL, text) for text in texts)


def departure(ref: Ref) -> Happening:
    """A route is being deleted, and what it has in Lattice goes."""
    return Happening(ref, Importance.NORMAL, Reason.RECONCILE, "Deleting Reconcile")


def blocked(ref: Ref, blockers: Sequence[Ref]) -> Happening:
    """The deletion of an object waits for others."""
    named = ", ".join(map(str, blockers[:NAMED])) + (", …" if len(blockers) > NAMED else "")
    return Happening(ref, Importance.WARNING, Reason.DELETE_BLOCKED, f"deletion waits for: {named}")


def not_held(ref: Ref, error: str) -> Happening:
    """Our finalizer could not be added, so nothing is made for the object.

    Parity: the words of the Go controller v2.1.3, which has others for Gateways.
    """
    message = f"failed add finalizer: {error}" if ref.kind is Kind.GATEWAY else f"Failed add finalizer due to {error}"
    return Happening(ref, Importance.WARNING, Reason.FAILED_ADD_FINALIZER, message)


def _of_route(ref: Ref, before: Written, now: Written) -> Iterator[Happening]:
    for entry in _ours(now):
        last = next((each for each in _ours(before) if each.get("parentRef") == entry.get("parentRef")), {})
        yield from _of_parent(ref, _conditions(last), _conditions(entry))


def _of_parent(ref: Ref, before: Mapping[str, Written], now: Mapping[str, Written]) -> Iterator[Happening]:
    accepted, was = now.get(Type.ACCEPTED, {}), before.get(Type.ACCEPTED, {})
    if accepted.get("status") == Status.FALSE and _said(accepted) != _said(was):
        yield Happening(ref, Importance.WARNING, Reason.FAILED_BUILD_MODEL, _refused(accepted))
    if Type.DEPLOYED in now:
        yield from _of_deployment(ref, before.get(Type.DEPLOYED, {}), now[Type.DEPLOYED])
    yield from _of_switch(ref, before.get(Type.INHERITED, {}), now.get(Type.INHERITED, {}))


def _of_switch(ref: Ref, was: Written, now: Written) -> Iterator[Happening]:
    """What is held since the switch from the Go controller, and when that is over."""
    if now.get("status") == Status.TRUE and _said(now) != _said(was):
        yield Happening(ref, Importance.WARNING, Reason.DIFFERENCES_HELD, str(now.get("message", "")))
    if now.get("status") == Status.FALSE and was.get("status") == Status.TRUE:
        why = ": ".join(str(now[part]) for part in ("reason", "message") if now.get(part))
        message = f"nothing of the Go controller is held any more ({why})"
        yield Happening(ref, Importance.NORMAL, Reason.DIFFERENCES_APPLIED, message)


def _of_deployment(ref: Ref, was: Written, now: Written) -> Iterator[Happening]:
    if _said(now) == _said(was) and now.get("observedGeneration") == was.get("observedGeneration"):
        return
    match now.get("status"), now.get("reason"):
        case Status.TRUE, _:
            yield Happening(ref, Importance.NORMAL, Reason.DEPLOY_SUCCEED, "Adding/Updating reconcile Done!")
        case Status.FALSE, "AWSError" | "QuotaExceeded":
            message = f"Failed deploy model due to {now.get('message', '')}"
            yield Happening(ref, Importance.WARNING, Reason.FAILED_DEPLOY_MODEL, message)
        case Status.FALSE, _ if was.get("status") == Status.FALSE:
            yield Happening(ref, Importance.NORMAL, Reason.RETRY_RECONCILE, "retry reconcile...")
        case Status.FALSE, _:
            yield Happening(ref, Importance.NORMAL, Reason.RECONCILE, "Adding/Updating Reconcile")


def _of_gateway(ref: Ref, before: Mapping[str, Written], now: Mapping[str, Written]) -> Iterator[Happening]:
    """What a person has to mend; a network that is only on its way is not worth a warning."""
    programmed = now.get(Type.PROGRAMMED, {})
    if ELSEWHERE in str(programmed.get("message", "")) and _said(programmed) != _said(before.get(Type.PROGRAMMED, {})):
        yield Happening(ref, Importance.WARNING, Reason.VPC_ELSEWHERE, str(programmed["message"]))
    message = str(programmed.get("message", ""))
    lasting = programmed.get("reason") == "Invalid" or message.startswith(NOT_FOUND)
    changed = _said(programmed) != _said(before.get(Type.PROGRAMMED, {}))
    if programmed.get("status") == Status.FALSE and lasting and changed:
        yield Happening(ref, Importance.WARNING, Reason.FAILED_RECONCILE, f"Reconcile failed: {message}")


def _refused(accepted: Written) -> str:
    if accepted.get("reason") == Verdict.NOT_ALLOWED_BY_LISTENERS:
        return NOT_ALLOWED
    return f"Failed build model due to {accepted.get('message', '')}"


def _said(condition: Written) -> tuple[object, object, object]:
    return condition.get("status"), condition.get("reason"), condition.get("message")


def _ours(status: Written) -> list[Written]:
    return [each for each in _entries(status.get("parents")) if each.get("controllerName") == CONTROLLER_NAME]


def _conditions(entry: Written) -> dict[str, Written]:
    return {str(each.get("type")): each for each in _entries(entry.get("conditions"))}


def _entries(found: object) -> Iterable[Written]:
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []
