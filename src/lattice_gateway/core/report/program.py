"""The cells of all statuses, which stand behind those of the translation."""

from typing import Any, TypeAlias

from lattice_gateway.core.objects import Ref
from lattice_gateway.core.report.classes import CLASS_STATUSES, ClassStatus
from lattice_gateway.core.report.gateways import GATEWAY_STATUSES, GatewayStatus
from lattice_gateway.core.report.ownership import OWNERSHIP, OWNERSHIP_INDEXES
from lattice_gateway.core.report.routes import ADDRESSES, PLACES, ROUTE_STATUSES, UNSEEN, RouteStatus
from lattice_gateway.core.report.unbuilt import EACH_UNBUILT, UNBUILT_STATUSES, UnbuiltStatus
from lattice_gateway.core.translate.program import CELLS, INDEXES
from lattice_gateway.core.translate.view import Cells, Program

ObjectStatus: TypeAlias = ClassStatus | GatewayStatus | RouteStatus | UnbuiltStatus

STATUS_CELLS: tuple[Cells[Ref, Any], ...] = (CLASS_STATUSES, ROUTE_STATUSES, GATEWAY_STATUSES, UNBUILT_STATUSES)
STATUS_INDEXES = (ADDRESSES, PLACES, UNSEEN, EACH_UNBUILT)

WHOLE = Program((*CELLS, *STATUS_CELLS, OWNERSHIP), (*INDEXES, *STATUS_INDEXES, *OWNERSHIP_INDEXES))
"""Everything that is computed from the objects: the translation, the statuses, who is held by a finalizer."""
