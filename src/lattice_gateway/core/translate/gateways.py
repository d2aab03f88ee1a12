"""Which Gateways are ours, and what each of them offers to routes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from lattice_gateway.core.lattice.keys import NetworkKey
from lattice_gateway.core.objects import Gateway, Ref
from lattice_gateway.core.objects.annotations import doubts, paused, standalone
from lattice_gateway.core.translate.age import Age, age_of
from lattice_gateway.core.translate.classes import CLASS_VIEWS, OurClass, UnknownClass, class_ref
from lattice_gateway.core.translate.inputs import GATEWAYS, Undecodable, each, last_good
from lattice_gateway.core.translate.listeners import ListenerView, judge_listeners
from lattice_gateway.core.translate.verdicts import Accepted, Reason, Rejected, Verdict
from lattice_gateway.core.translate.view import Cells, Index, View


@dataclass(frozen=True, slots=True, kw_only=True)
class OurGateway:
    """A Gateway with a class of ours.

    ``network`` is where its routes are reached. ``standalone`` None: it says nothing. A rejected Gateway goes on
    serving what it served. ``leaving``: it has a deletion timestamp.
    """

    age: Age
    network: NetworkKey
    listeners: tuple[ListenerView, ...]
    verdict: Verdict
    standalone: bool | None
    paused: bool
    leaving: bool
    problem: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OtherGateway:
    """A Gateway of another controller, or of a class that is not there."""


@dataclass(frozen=True, slots=True)
class UnknownGateway:
    """A Gateway that cannot be read, or whose class cannot."""

    problem: str


GatewayView: TypeAlias = OurGateway | OtherGateway | UnknownGateway


def view_gateway(view: View, ref: Ref) -> GatewayView:
    """What a Gateway offers, judged without its routes."""
    value = view.get(GATEWAYS, ref)
    gateway = last_good(value)
    problem = value.problem if isinstance(value, Undecodable) else ""
    if gateway is None:
        return UnknownGateway(problem)
    match view.cell(CLASS_VIEWS, class_ref(gateway.spec.gateway_class_name)):
        case OurClass():
            return judge(gateway, view.settings.network_override, problem)
        case UnknownClass(cause):
            return UnknownGateway(f"its class {gateway.spec.gateway_class_name} cannot be read: {cause}")
        case _:
            return OtherGateway()


def judge(gateway: Gateway, override: str | None, problem: str) -> OurGateway:
    """The view of a Gateway of ours; ``override`` is the network that all use instead of the one of their name."""
    annotations = gateway.metadata.annotations
    return OurGateway(
        age=age_of(gateway),
        network=NetworkKey(override or gateway.metadata.name),
        listeners=judge_listeners(gateway.spec.listeners),
        verdict=_verdict(gateway),
        standalone=standalone(annotations),
        paused=paused(annotations),
        leaving=gateway.metadata.deletion_timestamp is not None,
        problem=problem,
        warnings=tuple(str(doubt) for doubt in doubts(annotations)),
    )


def _verdict(gateway: Gateway) -> Verdict:
    """What stands against the Gateway itself; its listeners are judged one by one."""
    if (gateway.spec.infrastructure or {}).get("parametersRef") is not None:
        message = (
            "spec.infrastructure.parametersRef: found a reference, expected none: this controller has no parameters"
        )
        return Rejected(Reason.INVALID_PARAMETERS, message)
    if gateway.spec.addresses:
        message = "spec.addresses: found static addresses, expected none: VPC Lattice chooses the names"
        return Rejected(Reason.UNSUPPORTED_ADDRESS, message)
    return Accepted()


def _by_network(_: Ref, view: GatewayView) -> Iterable[tuple[NetworkKey, Age]]:
    return ((view.network, view.age),) if isinstance(view, OurGateway) else ()


EACH_GATEWAY = each(GATEWAYS)
GATEWAY_VIEWS: Cells[Ref, GatewayView] = Cells("gateway", view_gateway, per=(EACH_GATEWAY,))
BY_NETWORK: Index[NetworkKey, Age] = Index("gateways by network", GATEWAY_VIEWS, _by_network)
