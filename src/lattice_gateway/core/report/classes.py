"""The status of a GatewayClass (controllers.md §6.1)."""

from dataclasses import dataclass
from typing import assert_never

from lattice_gateway.core.objects import Ref
from lattice_gateway.core.report.conditions import Condition, Status, Type
from lattice_gateway.core.translate.classes import CLASS_VIEWS, EACH_CLASS, OurClass
from lattice_gateway.core.translate.inputs import CLASSES, last_good
from lattice_gateway.core.translate.verdicts import Accepted, Rejected
from lattice_gateway.core.translate.view import Cells, View

SUPPORTED_FEATURES = (
    "Gateway",
    "GatewayPort8080",
    "HTTPRoute",
    "HTTPRouteDestinationPortMatching",
    "HTTPRouteMethodMatching",
    "HTTPRouteNamedRouteRule",
    "ReferenceGrant",
)
"""What is truly served now, sorted: claiming a feature makes the conformance suite test it."""


@dataclass(frozen=True, slots=True)
class ClassStatus:
    """Conditions, and the features that the class serves."""

    conditions: tuple[Condition, ...]
    features: tuple[str, ...] = SUPPORTED_FEATURES


def report_class(view: View, ref: Ref) -> ClassStatus | None:
    """The status of a class of ours; None for others and for one that cannot be read."""
    value = last_good(view.get(CLASSES, ref))
    ours = view.cell(CLASS_VIEWS, ref)
    if value is None or not isinstance(ours, OurClass):
        return None
    match ours.verdict:
        case Accepted():
            status, reason, message = Status.TRUE, "Accepted", "Accepted"
        case Rejected(why, text):
            status, reason, message = Status.FALSE, str(why), text
        case _:
            assert_never(ours.verdict)
    condition = Condition(
        type=Type.ACCEPTED, status=status, reason=reason, message=message, generation=value.metadata.generation
    )
    return ClassStatus((condition,))


CLASS_STATUSES: Cells[Ref, ClassStatus | None] = Cells("class status", report_class, per=(EACH_CLASS,))
