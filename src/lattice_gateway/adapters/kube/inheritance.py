"""Whether a route is as the Go controller left it, from what it carries: the memory of the switch (decision 22).

In: an object as seen. Out: a fact for the translation. It follows from the object alone, so that a restart, a standby
and a command that looks once say the same.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from lattice_gateway.adapters.kube.reading import Seen
from lattice_gateway.core.lattice.words import PREFIX
from lattice_gateway.core.objects import CONTROLLER_NAME, Kind
from lattice_gateway.core.objects.finalizers import FINALIZERS
from lattice_gateway.core.report.conditions import Status, Type
from lattice_gateway.core.translate.inputs import Inheritance, Inherited, Settled

ROUTES: Final = frozenset({Kind.HTTP_ROUTE, Kind.GRPC_ROUTE, Kind.TLS_ROUTE})


class _Condition(msgspec.Struct, rename="camel", frozen=True):
    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    observed_generation: int = 0


class _Parent(msgspec.Struct, rename="camel", frozen=True):
    controller_name: str = ""
    conditions: tuple[_Condition, ...] = ()


class _RouteStatus(msgspec.Struct, frozen=True):
    parents: tuple[_Parent, ...] = ()


_STATUS: Final = msgspec.json.Decoder(_RouteStatus)


def inheritance_of(seen: Seen) -> Inheritance | None:
    """What a route tells of the switch; None: the Go controller has no part in it.

    It left the route if that carries the finalizer, was judged (which the Go controller does before it makes
    anything), and has no condition of ours. A finalizer alone is not enough: a process of ours may have died after it.
    """
    if seen.ref.kind not in ROUTES or FINALIZERS[seen.ref.kind] not in seen.metadata.finalizers:
        return None
    conditions = _conditions(seen.status)
    ours = [each for each in conditions if each.type.startswith(PREFIX)]
    if not ours:
        judged = any(each.type == Type.ACCEPTED for each in conditions)
        return Inherited(seen.metadata.generation) if judged else None
    return _remembered([each for each in ours if each.type == Type.INHERITED])


def _remembered(said: Iterable[_Condition]) -> Inheritance | None:
    """What we said of the switch; every parent says the same, and one that holds is enough."""
    for each in sorted(said, key=lambda one: one.status != Status.TRUE):
        if each.status == Status.TRUE:
            return Inherited(each.observed_generation)
        return Settled(each.reason, each.message)
    return None


def _conditions(status: bytes) -> list[_Condition]:
    """The conditions of our entries; a status that cannot be read says nothing."""
    try:
        parents = _STATUS.decode(status).parents if status else ()
    except msgspec.DecodeError:
        return []
    return [each for one in parents if one.controller_name == CONTROLLER_NAME for each in one.conditions]
