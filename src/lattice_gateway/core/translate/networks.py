"""Each service network that Gateways stand for (decision 1), and that of the settings."""

from collections.abc import Iterable
from dataclasses import dataclass

from lattice_gateway.core.lattice.keys import NetworkKey
from lattice_gateway.core.lattice.units import Absent, Held, Network
from lattice_gateway.core.names import network_name_problem
from lattice_gateway.core.objects import Gateway, Ref
from lattice_gateway.core.objects.refs import Kind
from lattice_gateway.core.translate.attach import ATTACHMENTS, Attached, Attachment
from lattice_gateway.core.translate.gateways import BY_NETWORK, GATEWAY_VIEWS, OurGateway
from lattice_gateway.core.translate.inputs import GATEWAYS, Undecodable, is_unknown
from lattice_gateway.core.translate.tags import default_network_tags, network_tags
from lattice_gateway.core.translate.view import Cells, Index, Inputs, View


@dataclass(frozen=True, slots=True)
class FromSettings:
    """A network that the settings name: it is wanted whether or not a Gateway stands for it."""


def view_network(view: View, key: NetworkKey) -> Network | Held | Absent:
    """The network of all Gateways that stand for it; the oldest names it and decides about a pause.

    It stays as it is while a route holds on to a Gateway that is gone (decision 25).
    """
    if view.get(DEFAULTS, key) is not None:
        return _default(view, key)
    if view.count(UNKNOWN_GATEWAYS, key.name):
        return Held(key, f"a Gateway {key.name} cannot be read")
    problem = network_name_problem(key.name)
    if problem:
        return Held(key, problem)
    gateways = [(age.ref, view.cell(GATEWAY_VIEWS, age.ref)) for age in view.lookup(BY_NETWORK, key)]
    staying = [(ref, one) for ref, one in gateways if isinstance(one, OurGateway) and _stays(view, ref, one)]
    if not staying:
        holding = view.first(NETWORKS_HELD, key)
        return Held(key, f"{holding} asks for it, but no Gateway stands for it") if holding else Absent(key)
    ref, oldest = staying[0]
    name = f"{ref.namespace}/{ref.name}"
    return Network(
        key=key,
        gateway=name,
        create=view.settings.gateway_creates_service_network,
        vpc=view.settings.owner.vpc,
        tags=network_tags(view.settings.owner, name),
        paused=oldest.paused,
    )


def _default(view: View, key: NetworkKey) -> Network | Held:
    """That of the settings, which no Gateway can hold, pause or take with it."""
    problem = network_name_problem(key.name)
    if problem:
        return Held(key, problem)
    owner = view.settings.owner
    return Network(key=key, gateway=None, create=True, vpc=owner.vpc, tags=default_network_tags(owner))


def _stays(view: View, ref: Ref, gateway: OurGateway) -> bool:
    """A Gateway that is being deleted keeps its network while routes attach to it."""
    return not gateway.leaving or view.count(ROUTES_AT, ref) > 0


def _attached(route: Ref, attachment: Attachment) -> Iterable[tuple[Ref, Ref]]:
    gateways = {parent.gateway for parent in attachment.parents if isinstance(parent.standing, Attached)}
    return [(gateway, route) for gateway in sorted(gateways)]


def _held(route: Ref, attachment: Attachment) -> Iterable[tuple[NetworkKey, Ref]]:
    return [(network, route) for network in sorted({gone.network for gone in attachment.gone})]


def _unknown(ref: Ref, value: Gateway | Undecodable[Gateway]) -> Iterable[tuple[str, Ref]]:
    return ((ref.name, ref),) if is_unknown(value) and ref.kind is Kind.GATEWAY else ()


DEFAULTS: Inputs[NetworkKey, FromSettings] = Inputs("networks of the settings")
EACH_DEFAULT: Index[NetworkKey, NetworkKey] = Index(
    "each network of the settings", DEFAULTS, lambda key, _: ((key, key),)
)
UNKNOWN_GATEWAYS: Index[str, Ref] = Index("unreadable Gateways by name", GATEWAYS, _unknown)
ROUTES_AT: Index[Ref, Ref] = Index("routes by Gateway", ATTACHMENTS, _attached)
NETWORKS_HELD: Index[NetworkKey, Ref] = Index("routes by held network", ATTACHMENTS, _held)
NETWORKS: Cells[NetworkKey, Network | Held | Absent] = Cells(
    "network", view_network, per=(BY_NETWORK, NETWORKS_HELD, EACH_DEFAULT)
)
