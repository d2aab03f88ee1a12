"""The topology as lines of text, for people and for golden cases."""

from collections.abc import Iterable, Iterator
from typing import assert_never

from lattice_gateway.core.lattice.units import (
    Absent,
    AsItIs,
    Desired,
    Exact,
    FixedResponse,
    Forward,
    Held,
    Listener,
    Match,
    Network,
    PathMatch,
    Prefix,
    Rule,
    RuleAction,
    Service,
    Share,
    TargetGroup,
)
from lattice_gateway.core.translate.backends import Backend, ToGroup, Unknown, Unresolved
from lattice_gateway.core.translate.differences import Holding
from lattice_gateway.core.translate.gateways import UnknownGateway
from lattice_gateway.core.translate.listeners import NOT_BUILT
from lattice_gateway.core.translate.naming import Named, Naming, Refused, Undecided
from lattice_gateway.core.translate.routes import RouteView
from lattice_gateway.core.translate.standing import Missing, ParentVerdict, RouteStanding
from lattice_gateway.core.translate.topology import GatewayTopology, ListenerTopology, RouteTopology, Topology
from lattice_gateway.core.translate.verdicts import Accepted, Rejected


def tree(topology: Topology) -> Iterator[str]:
    """One line for each thing, indented below what it belongs to."""
    for gateway in topology.gateways:
        yield from _gateway(gateway)
    for route in topology.routes:
        yield from _route(route)
    for ref in topology.unbuilt:
        yield f"{ref}: kind {NOT_BUILT}"


def match_words(match: Match) -> str:
    """A match in few words: ``POST exact /pay x-tenant=Gold``."""
    headers = (f"{header.name}={header.value}" for header in match.headers)
    return " ".join([*([match.method] if match.method else []), path_words(match.path), *headers])


def path_words(path: PathMatch) -> str:
    """A path condition in words."""
    match path:
        case Exact(text):
            return f"exact {text}"
        case Prefix(text):
            return f"prefix {text}"
        case _:
            assert_never(path)


def action_words(action: RuleAction) -> str:
    """Where requests go: shares with their part of the traffic."""
    match action:
        case AsItIs(why):
            return f"as it is: {why}"
        case FixedResponse(status):
            return f"answer {status}"
        case Forward(shares):
            total = sum(share.weight for share in shares)
            return ", ".join(_share(share, total) for share in shares)
        case _:
            assert_never(action)


def _share(share: Share, total: int) -> str:
    group = share.group
    part = f"{100 * share.weight / total:.3g} %" if total else "0 %"
    return f"{group.namespace}/{group.name}:{group.port} {part} (weight {share.weight})"


def _gateway(gateway: GatewayTopology) -> Iterator[str]:
    match gateway.view:
        case UnknownGateway(problem):
            yield f"{gateway.ref}: cannot be read: {problem}"
            return
        case view:
            yield f"{gateway.ref} -> {view.network}{_network(gateway.network)}"
    if isinstance(view.verdict, Rejected):
        yield f"  {view.verdict.reason}: {view.verdict.message}"
    if view.problem:
        yield f"  as last read: {view.problem}"
    for listener in gateway.listeners:
        yield from _listener(listener)
    yield from _notes("  ", view.warnings)


def _network(unit: Desired | None) -> str:
    match unit:
        case Network(create=create, gateway=gateway, paused=paused):
            words = [
                f"created for {gateway or 'DEFAULT_SERVICE_NETWORK'} if missing" if create else "used if it exists"
            ]
            return f" ({', '.join([*words, *(['on hold'] if paused else [])])})"
        case Held(why=why):
            return f" (held: {why})"
        case Absent():
            return " (to be removed)"
        case _:
            return ""


def _listener(listener: ListenerTopology) -> Iterator[str]:
    view = listener.view
    hostname = f" {view.hostname}" if view.hostname else ""
    kinds = ", ".join(view.kinds) or "no routes"
    yield f"  listener {view.name} port {view.port}{hostname}: {kinds}; {_count(listener.routes, 'route')}"
    for fault in view.faults:
        yield f"    {fault.reason}: {fault.message}"


def _route(topology: RouteTopology) -> Iterator[str]:
    yield f"{topology.ref}"
    for parent in topology.standing.parents:
        yield f"  {_parent(parent)}"
    route = topology.route
    if route is None:
        return
    yield f"  {_naming(route.naming)}"
    yield from _references(topology.standing, route.backends)
    yield from _unit(topology.unit)
    for group in topology.groups:
        yield f"  {_group(group)}"
    yield from _extras(route)


def _parent(parent: ParentVerdict) -> str:
    section = f" {parent.ref.section_name}" if parent.ref and parent.ref.section_name else ""
    who = f"parent {parent.gateway.namespace}/{parent.gateway.name}{section}"
    match parent.verdict:
        case Accepted():
            ports = ", ".join(f"{port.number} ({port.listener})" for port in parent.ports)
            return f"{who}: accepted on {ports}"
        case Rejected(reason, message):
            return f"{who}: {reason}: {message}"
        case Missing(why, held):
            return f"{who}: {'held' if held else 'given up'}: {why}"
        case _:
            assert_never(parent.verdict)


def _naming(naming: Naming) -> str:
    match naming:
        case Named(name, how, why):
            return f"name {name} ({how}{f': {why}' if why else ''})"
        case Refused(verdict, kept):
            return f"name refused: {verdict.message}{f'; {kept} stays' if kept else ''}"
        case Undecided(name, why):
            return f"name {name} undecided: {why}"
        case _:
            assert_never(naming)


def _references(standing: RouteStanding, backends: Iterable[Backend]) -> Iterator[str]:
    if isinstance(standing.references, Rejected):
        yield f"  references: {standing.references.reason}"
    for backend in backends:
        match backend.leads_to:
            case ToGroup():
                pass
            case Unresolved(reason, message):
                yield f"    {reason}: {message}"
            case Unknown(why):
                yield f"    unknown: {why}"
            case _:
                assert_never(backend.leads_to)


def _unit(unit: Desired | None) -> Iterator[str]:
    match unit:
        case Service():
            yield f"  {unit.key}{_surroundings(unit)}"
            for listener in unit.listeners:
                yield from _service_listener(listener)
        case Held(key, why):
            yield f"  {key} held as it is: {why}"
        case _:
            return


def _surroundings(unit: Service) -> str:
    networks = ", ".join(sorted(network.name for network in unit.networks)) or "no network"
    held = ", ".join(sorted(network.name for network in unit.held_networks))
    parts = [f"in {networks}", f"stays in {held}" if held else "", f"domain {unit.custom_domain}"]
    stay = f"other {'s, '.join(sorted(unit.others_stay))}s stay" if unit.others_stay else ""
    return ": " + ", ".join(part for part in [*parts[:2], parts[2] if unit.custom_domain else "", stay] if part)


def _service_listener(listener: Listener) -> Iterator[str]:
    yield f"    listener {listener.protocol} {listener.port}, otherwise {action_words(listener.default_action)}"
    for number, rule in enumerate(listener.rules, start=1):
        yield f"      {number}. {_rule(rule)}"


def _rule(rule: Rule) -> str:
    priority = f" at priority {rule.priority}" if rule.priority is not None else ""
    place = rule.origin.rpartition(" ")[2]
    return f"{match_words(rule.match)}{priority} -> {action_words(rule.action)}   [{place}]"


def _group(group: TargetGroup) -> str:
    key = group.key
    backend = f"{key.namespace}/{key.name}:{key.port} {key.protocol} {key.version or ''} {key.address_type}"
    targets = "targets as they are" if group.targets is None else _count(len(group.targets), "target")
    spared = f", {len(group.spared)} more if registered" if group.spared else ""
    held = ", settings on hold" if group.settings_held else ", health check as it is" if group.health_held else ""
    return f"group {group.name}: {backend}, {targets}{spared}{held}"


def _extras(route: RouteView) -> Iterator[str]:
    for duplicate in route.duplicates:
        yield f"  not deployed: {duplicate.place} has the same match as {duplicate.first}"
    if isinstance(route.switch, Holding):
        yield from (f"  held as the Go controller left it: {each}" for each in route.switch.differences)
    yield from _notes("  ", route.warnings)


def _notes(indent: str, notes: Iterable[str]) -> Iterator[str]:
    for note in notes:
        yield f"{indent}note: {note}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
