"""Pods that wait for VPC Lattice alone, and the target groups that want them (decision 18; controllers.md §9.4).

The gate of such a pod may open when every group that sends it requests finds it good; a group of a route that is gone
does not count, as it is none any more.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from lattice_gateway.core.lattice.keys import GroupKey
from lattice_gateway.core.lattice.units import Target, TargetGroup
from lattice_gateway.core.objects import Pod, Ref, ServiceType
from lattice_gateway.core.objects.refs import Kind
from lattice_gateway.core.translate.endpoints import SLICES_OF, UNKNOWN, socket_of
from lattice_gateway.core.translate.gated import GATED
from lattice_gateway.core.translate.groups import GROUPS
from lattice_gateway.core.translate.inputs import PODS, SERVICES, Undecodable, last_good
from lattice_gateway.core.translate.services import BY_GROUP
from lattice_gateway.core.translate.view import Cells, Index, View


class Place(NamedTuple):
    """Where a pod is, or will be, registered. ``checked``: its group has health checks."""

    group: GroupKey
    target: Target
    checked: bool


class Expected(NamedTuple):
    """A pod, and one of the places where it is wanted."""

    pod: Ref
    place: Place


@dataclass(frozen=True, slots=True)
class Waiting:
    """A pod that only our gate keeps from being ready.

    Without ``places`` it gets no requests: ``unlisted`` is then a Service with a route of ours that selects it and has
    no endpoint for it yet; None where no route wants it at all.
    """

    uid: str
    places: tuple[Place, ...]
    unlisted: Ref | None = None


def view_expected(view: View, key: GroupKey) -> tuple[Expected, ...] | None:
    """Pods that a group wants and that are not ready for want of our gate; None where there are none."""
    gated = view.cell(GATED, socket_of(key))
    group = view.cell(GROUPS, key) if gated else None
    if group is None or not gated:
        return None
    return tuple(Expected(each.pod, Place(key, each.target, group.health.enabled)) for each in gated)


def view_waiting(view: View, ref: Ref) -> Waiting | None:
    """A pod that waits; None where it does not, or where slices that cannot be read may say who wants it."""
    pod = last_good(view.get(PODS, ref))
    if pod is None or not pod.waits_for_us or view.count(SLICES_OF, (ref.namespace, UNKNOWN)):
        return None
    places = view.lookup(PLACES, ref)
    return Waiting(pod.metadata.uid, places, None if places else _selecting(view, pod))


def _selecting(view: View, pod: Pod) -> Ref | None:
    """The first Service with a route of ours that selects a pod."""
    for ref in dict.fromkeys(view.lookup(ROUTED, pod.metadata.namespace)):
        service = last_good(view.get(SERVICES, ref))
        if service is None or service.spec.type is ServiceType.EXTERNAL_NAME or not service.spec.selector:
            continue
        if service.spec.selector.items() <= pod.metadata.labels.items():
            return ref
    return None


def _waits(ref: Ref, value: Pod | Undecodable[Pod]) -> Iterable[tuple[Ref, Ref]]:
    pod = last_good(value)
    return ((ref, ref),) if pod is not None and pod.waits_for_us else ()


def _places(_: GroupKey, expected: tuple[Expected, ...]) -> Iterable[tuple[Ref, Place]]:
    return expected


def _order(place: Place) -> tuple[str, Target]:
    """Groups in the order of their words, as their keys have none."""
    return str(place.group), place.target


def _routed(key: GroupKey, _: TargetGroup) -> Iterable[tuple[str, Ref]]:
    return ((key.namespace, Ref(Kind.SERVICE, key.namespace, key.name)),)


EACH_WAITING: Index[Ref, Ref] = Index("pods that wait", PODS, _waits)
ROUTED: Index[str, Ref] = Index("routed Services by namespace", GROUPS, _routed)
EXPECTED: Cells[GroupKey, tuple[Expected, ...] | None] = Cells("expected pods", view_expected, per=(BY_GROUP,))
PLACES: Index[Ref, Place] = Index("places of pods", EXPECTED, _places, order=_order)
WAITING: Cells[Ref, Waiting | None] = Cells("waiting pods", view_waiting, per=(EACH_WAITING,))
