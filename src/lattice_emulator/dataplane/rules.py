"""The world's listeners and rules -> those of the view. Pure."""

from collections.abc import Iterable
from typing import assert_never

from lattice_emulator.dataplane import view as v
from lattice_emulator.world import model as m
from lattice_emulator.world.knobs import Knobs


def listener(row: m.Listener, rules: Iterable[m.Rule], knobs: Knobs) -> v.Listener:
    """A listener with its own among ``rules``, in ascending priority, and its default action."""
    own = {rule.id: rule for rule in rules if rule.listener_id == row.id}
    ordered = sorted((rule for rule in own.values() if rule.priority is not None), key=lambda rule: rule.priority or 0)
    return v.Listener(
        id=row.id,
        port=row.port,
        protocol=_protocol(row.protocol),
        rules=tuple(_rule(rule, knobs) for rule in ordered),
        default=_action(own[row.default_rule_id].action),
    )


def _protocol(protocol: m.ListenerProtocol) -> v.ListenerProtocol:
    match protocol:
        case m.ListenerProtocol.HTTP:
            return v.Http()
        case m.ListenerProtocol.HTTPS | m.ListenerProtocol.TLS_PASSTHROUGH:
            return v.NotCarried(f"protocol {protocol}")
        case _:
            assert_never(protocol)


def _rule(rule: m.Rule, knobs: Knobs) -> v.Rule:
    match rule.match:
        case None:
            return v.Rule(v.Match(), _action(rule.action))
        case m.Match(method, path, headers):
            lowered = tuple(_header(header) for header in headers)
            return v.Rule(v.Match(method, None if path is None else _path(path, knobs), lowered), _action(rule.action))
        case _:
            assert_never(rule.match)


def _path(path: m.PathMatch, knobs: Knobs) -> v.PathMatch:
    case_sensitive = knobs.path_case_default if path.case_sensitive is None else path.case_sensitive
    match path.kind:
        case m.PathKind.EXACT:
            return v.Exact(path.value, case_sensitive)
        case m.PathKind.PREFIX:
            return v.Prefix(path.value, case_sensitive)
        case _:
            assert_never(path.kind)


def _header(header: m.HeaderMatch) -> v.HeaderMatch:
    return v.HeaderMatch(header.name, v.Compare(header.kind.value), header.value, bool(header.case_sensitive))


def _action(action: m.Action) -> v.Action:
    match action:
        case m.Forward(shares):
            return v.Forward(tuple(v.Share(share.group_id, share.weight) for share in shares))
        case m.FixedResponse(status):
            return v.Fixed(status)
        case _:
            assert_never(action)
