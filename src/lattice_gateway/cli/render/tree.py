"""The topology as a tree: who attaches to what, with the verdict of each edge, and what it became in Lattice.

What exists is shown as it is in Lattice; what does not exist yet as it is wanted.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

from rich.markup import escape
from rich.tree import Tree

from lattice_gateway.core.lattice.keys import GroupKey, ServiceKey, UnitKey
from lattice_gateway.core.lattice.observed import (
    Fixed,
    ForwardTo,
    NetworkView,
    Observed,
    ObservedAction,
    ObservedGroup,
    ObservedListener,
    ObservedService,
    Unmodelled,
)
from lattice_gateway.core.lattice.units import (
    Absent,
    AsItIs,
    Desired,
    FixedResponse,
    Forward,
    Held,
    Listener,
    Network,
    RuleAction,
    Service,
    TargetGroup,
)
from lattice_gateway.core.lattice.words import TargetStatus
from lattice_gateway.core.objects import Ref
from lattice_gateway.core.translate.backends import Unknown
from lattice_gateway.core.translate.differences import Holding
from lattice_gateway.core.translate.gateways import UnknownGateway
from lattice_gateway.core.translate.standing import Missing, ParentVerdict
from lattice_gateway.core.translate.topology import GatewayTopology, ListenerTopology, RouteTopology, Topology
from lattice_gateway.core.translate.tree import match_words
from lattice_gateway.core.translate.verdicts import Accepted, Rejected

GOOD, BAD, WAIT = "[green]✓[/]", "[red]✗[/]", "[yellow]…[/]"

_TARGET_COLOURS = {TargetStatus.HEALTHY: "green", TargetStatus.UNAVAILABLE: "green", TargetStatus.UNHEALTHY: "red"}


@dataclass(frozen=True, slots=True)
class Picture:
    """A topology and what exists in Lattice; ``by_id`` are the target groups that were seen."""

    topology: Topology
    observed: Mapping[UnitKey, Observed]
    by_id: Mapping[str, ObservedGroup]

    @classmethod
    def of(cls, topology: Topology, observed: Mapping[UnitKey, Observed]) -> "Picture":
        """The picture of everything."""
        groups = (group for seen in observed.values() if isinstance(seen, tuple) for group in seen)
        return cls(topology, observed, {group.id: group for group in groups})


def whole_tree(picture: Picture) -> Tree:
    """Every Gateway with the routes below it, then routes that no Gateway of ours holds, then kinds not built yet."""
    tree = Tree("[bold]lattice-gateway[/]", guide_style="dim")
    shown: set[Ref] = set()
    for gateway in picture.topology.gateways:
        branch = tree.add(_gateway_line(gateway, picture))
        for line in _listener_lines(gateway):
            branch.add(line)
        for route in _routes_of(picture.topology, gateway.ref):
            shown.add(route.ref)
            add_route(branch, route, picture)
    for route in picture.topology.routes:
        if route.ref not in shown:
            add_route(tree, route, picture)
    for ref in picture.topology.unbuilt:
        tree.add(f"{WAIT} {_name(ref)} [dim]this kind is known but not built yet[/]")
    if not tree.children:
        tree.add("[dim]no Gateway of ours, and no route that names one[/]")
    return tree


def gateway_tree(gateway: GatewayTopology, picture: Picture) -> Tree:
    """One Gateway with its listeners and routes."""
    tree = Tree(_gateway_line(gateway, picture), guide_style="dim")
    for line in _listener_lines(gateway):
        tree.add(line)
    for route in _routes_of(picture.topology, gateway.ref):
        add_route(tree, route, picture)
    return tree


def add_route(tree: Tree, route: RouteTopology, picture: Picture) -> Tree:
    """A route: its verdicts, its service, and everything down to the targets."""
    good = all(isinstance(parent.verdict, Accepted) for parent in route.standing.parents)
    branch = tree.add(f"{GOOD if good else BAD} [bold]{_name(route.ref)}[/]")
    for line in _verdict_lines(route):
        branch.add(line)
    if route.unit is not None:
        _add_service(branch, route.unit, picture)
    return branch


def _routes_of(topology: Topology, gateway: Ref) -> Iterator[RouteTopology]:
    for route in topology.routes:
        if any(parent.gateway == gateway for parent in route.standing.parents):
            yield route


def _gateway_line(gateway: GatewayTopology, picture: Picture) -> str:
    name = f"[bold]{_name(gateway.ref)}[/]"
    if isinstance(gateway.view, UnknownGateway):
        return f"{BAD} {name} cannot be read: {escape(gateway.view.problem)}"
    if isinstance(gateway.view.verdict, Rejected):
        return f"{BAD} {name} {_rejection(gateway.view.verdict)}"
    return f"{GOOD} {name} → {_network(gateway.network, picture)}"


def _network(network: Desired | None, picture: Picture) -> str:
    match network:
        case Network(key=key) | Held(key=key) if isinstance(seen := picture.observed.get(key), NetworkView):
            found = seen.candidates
            if len(found) > 1:
                return f"[red]{len(found)} service networks are named {key.name}[/]"
            if not found:
                return f"service network {key.name} [dim]({_missing(network)})[/]"
            return f"service network {found[0].name} [dim]{_vpc(seen)}[/]"
        case Network(key=key):
            return f"service network {key.name} [dim](not created yet)[/]"
        case Held(key=key, why=why):
            return f"service network {key.name} [dim]held: {escape(why)}[/]"
        case _:
            return "no service network"


def _missing(network: Network | Held) -> str:
    return "not created yet" if isinstance(network, Network) and network.create else "does not exist"


def _vpc(view: NetworkView) -> str:
    association = view.vpc_association
    if association is None or association.network_id != view.candidates[0].id:
        return "not associated with the VPC"
    return f"{association.vpc} {association.status}"


def _listener_lines(gateway: GatewayTopology) -> Iterator[str]:
    for one in gateway.listeners:
        yield _listener_line(one)


def _listener_line(one: ListenerTopology) -> str:
    view = one.view
    host = f" {view.hostname}" if view.hostname else ""
    routes = f"{one.routes} route{'' if one.routes == 1 else 's'}"
    head = f"listener {escape(view.name)} :{view.port}{host} [dim]{routes}[/]"
    faults = "; ".join(f"{fault.reason}: {escape(fault.message)}" for fault in view.faults)
    return f"{BAD} {head} {faults}" if faults else f"{GOOD} {head}"


def _verdict_lines(route: RouteTopology) -> Iterator[str]:
    for parent in route.standing.parents:
        line = _parent_line(parent)
        if line:
            yield line
    if isinstance(route.standing.references, Rejected):
        yield f"{BAD} {_rejection(route.standing.references)}"
    if route.route is None:
        return
    for duplicate in route.route.duplicates:
        yield f"{WAIT} {duplicate.place} is not deployed: {duplicate.first} has the same match"
    for backend in route.route.backends:
        if isinstance(backend.leads_to, Unknown):
            yield f"{WAIT} {escape(backend.leads_to.why)}"
    if isinstance(route.route.switch, Holding):
        yield from (f"{WAIT} held since the switch: {escape(str(each))}" for each in route.route.switch.differences)


def _parent_line(parent: ParentVerdict) -> str:
    section = f"/{parent.ref.section_name}" if parent.ref and parent.ref.section_name else ""
    head = f"{parent.gateway.name}{section}"
    match parent.verdict:
        case Accepted(note=""):
            return ""
        case Accepted(note=note):
            return f"{WAIT} {head}: {escape(note)}"
        case Rejected() as rejected:
            return f"{BAD} {head}: {_rejection(rejected)}"
        case Missing(why=why, held=held):
            return f"{WAIT} {head}: {escape(why)}{'; what it wanted is held' if held else ''}"
        case _:
            assert_never(parent.verdict)


def _add_service(tree: Tree, unit: Desired, picture: Picture) -> None:
    seen = picture.observed.get(unit.key)
    if isinstance(seen, ObservedService):
        status = "" if seen.status.value == "ACTIVE" else f" [yellow]{seen.status}[/]"
        branch = tree.add(f"service {seen.name}{status} [dim]{seen.id}[/]")
        if seen.dns_name:
            branch.add(f"[cyan]{seen.dns_name}[/]")
        for association in seen.associations or ():
            branch.add(f"network {association.network_name} [dim]{association.status}[/]")
        for live in sorted(seen.listeners or (), key=lambda one: one.port):
            _add_live_listener(branch, live, picture)
        return
    match unit:
        case Service():
            branch = tree.add(f"service {unit.key.name} [dim](not created yet)[/]")
            for listener in unit.listeners:
                _add_wanted_listener(branch, listener, picture.topology.units)
        case Held(why=why):
            tree.add(f"{WAIT} service {_service_name(unit)} held: {escape(why)}")
        case Absent():
            tree.add(f"service {_service_name(unit)} [dim](to be deleted)[/]")
        case _:
            tree.add(str(unit.key))


def _service_name(unit: Held | Absent) -> str:
    return unit.key.name if isinstance(unit.key, ServiceKey) else str(unit.key)


def _add_live_listener(tree: Tree, listener: ObservedListener, picture: Picture) -> None:
    branch = tree.add(f"listener {listener.protocol} :{listener.port}")
    for rule in sorted(listener.rules or (), key=lambda one: one.priority):
        words = rule.match.raw if isinstance(rule.match, Unmodelled) else match_words(rule.match)
        _add_live_action(branch.add(f"rule {rule.priority} {escape(words)}"), rule.action, picture)


def _add_live_action(tree: Tree, action: ObservedAction, picture: Picture) -> None:
    match action:
        case Fixed(status=status):
            tree.add(f"answers {status}")
        case ForwardTo(shares=shares):
            total = sum(weight for _, weight in shares)
            for group_id, weight in shares:
                group = picture.by_id.get(group_id)
                name = group.name if group else group_id
                branch = tree.add(f"{_share(weight, total)} {name}{_group_status(group)}")
                for target in _targets(group):
                    branch.add(target)
        case _:
            assert_never(action)


def _group_status(group: ObservedGroup | None) -> str:
    if group is None:
        return " [dim](not ours)[/]"
    return "" if group.status.value == "ACTIVE" else f" [yellow]{group.status}[/]"


def _targets(group: ObservedGroup | None) -> Iterator[str]:
    targets = group.targets if group else None
    if targets == ():
        yield "[yellow]no targets[/]"
    for one in sorted(targets or (), key=lambda seen: seen.target)[:10]:
        colour = _TARGET_COLOURS.get(one.status, "yellow")
        reason = f" [dim]{one.reason}[/]" if one.reason else ""
        yield f"{one.target.address}:{one.target.port} [{colour}]{one.status}[/]{reason}"
    if targets and len(targets) > 10:
        counts = Counter(one.status.value for one in targets)
        yield f"[dim]… {len(targets)} in all: {', '.join(f'{n} {status}' for status, n in sorted(counts.items()))}[/]"


def _add_wanted_listener(tree: Tree, listener: Listener, units: Mapping[UnitKey, Desired]) -> None:
    branch = tree.add(f"listener {listener.protocol} :{listener.port}")
    for rule in listener.rules:
        _add_wanted_action(branch.add(f"rule {escape(match_words(rule.match))}"), rule.action, units)


def _add_wanted_action(tree: Tree, action: RuleAction, units: Mapping[UnitKey, Desired]) -> None:
    match action:
        case AsItIs(why=why):
            tree.add(f"{WAIT} as it is: {escape(why)}")
        case FixedResponse(status=status):
            tree.add(f"answers {status}")
        case Forward(shares=shares):
            total = sum(share.weight for share in shares)
            for share in shares:
                tree.add(f"{_share(share.weight, total)} {group_words(share.group)} {_wanted(share.group, units)}")
        case _:
            assert_never(action)


def _wanted(key: GroupKey, units: Mapping[UnitKey, Desired]) -> str:
    unit = units.get(key)
    if not isinstance(unit, TargetGroup) or unit.targets is None:
        return ""
    return f"[dim]{len(unit.targets)} target{'' if len(unit.targets) == 1 else 's'}[/]"


def group_words(key: GroupKey) -> str:
    """A group by the Kubernetes Service it stands for."""
    return f"{key.namespace}/{key.name}:{key.port}"


def _share(weight: int, total: int) -> str:
    return f"{weight:>3} [dim]({weight / total:.0%})[/]" if total else f"{weight:>3}"


def _rejection(rejected: Rejected) -> str:
    return f"[red]{rejected.reason}[/] {escape(rejected.message)}"


def _name(ref: Ref) -> str:
    return escape(str(ref))
