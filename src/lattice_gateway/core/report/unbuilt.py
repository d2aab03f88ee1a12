"""The status of objects whose kind is known but does nothing yet."""

from dataclasses import dataclass

from lattice_gateway.core.objects import Ref
from lattice_gateway.core.report.conditions import Condition, Status, Type
from lattice_gateway.core.translate.inputs import UNBUILT, Undecodable, each
from lattice_gateway.core.translate.listeners import NOT_BUILT
from lattice_gateway.core.translate.view import Cells, View

EACH_UNBUILT = each(UNBUILT)


@dataclass(frozen=True, slots=True)
class UnbuiltStatus:
    """Says that the kind is not built yet."""

    conditions: tuple[Condition, ...]


def report_unbuilt(view: View, ref: Ref) -> UnbuiltStatus | None:
    """The status of such an object; None where it cannot be read."""
    given = view.get(UNBUILT, ref)
    value = given.last if isinstance(given, Undecodable) else given
    if value is None:
        return None
    condition = Condition(
        type=Type.ACCEPTED,
        status=Status.UNKNOWN,
        reason="Pending",
        message=f"kind {ref.kind} {NOT_BUILT}: this object has no effect",
        generation=value.metadata.generation,
    )
    return UnbuiltStatus((condition,))


UNBUILT_STATUSES: Cells[Ref, UnbuiltStatus | None] = Cells("unbuilt status", report_unbuilt, per=(EACH_UNBUILT,))
