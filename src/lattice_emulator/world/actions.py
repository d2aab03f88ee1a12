"""What rules match and do: read from a request, checked against the groups named, shown in answers (§3.3, §4.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from lattice_emulator.world import access, errors, quotas
from lattice_emulator.world import model as m
from lattice_emulator.world.context import Answer, Context, present
from lattice_emulator.world.kinds import Kind
from lattice_emulator.world.knobs import Knobs
from lattice_emulator.world.state import groups_of

FIXED_CODES = (404, 500)
Wire = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an action is to stand: in which service, behind what protocol, in place of which rule (None: a new one)."""

    service_id: str
    protocol: m.ListenerProtocol
    rule_id: str | None = None


def read_match(knobs: Knobs, wire: Wire) -> m.Match:
    """The match of a request; raises ValidationException."""
    http = wire["httpMatch"]
    method = http.get("method")
    if method == "" and not knobs.empty_method_is_absent:
        raise errors.invalid("match.httpMatch.method", "The method is empty.")
    path = http.get("pathMatch")
    match = m.Match(
        method=method or None,
        path=None if path is None else _read_path(path),
        headers=tuple(_read_header(each) for each in http.get("headerMatches", ())),
    )
    if knobs.empty_match_refused and match == m.Match(None, None, ()):
        raise errors.invalid("match.httpMatch", "httpMatch has no condition: give a method, a path or headers.")
    return match


def render_match(knobs: Knobs, match: m.Match) -> Answer:
    """The match as answers show it."""
    path = None if match.path is None else _show_path(knobs, match.path)
    headers = [_show_header(knobs, header) for header in match.headers] or None
    return {"httpMatch": present(method=match.method, pathMatch=path, headerMatches=headers)}


def read_action(knobs: Knobs, wire: Wire, member: str) -> m.Action:
    """The action of a request, its groups still as the caller names them; raises ValidationException."""
    if "fixedResponse" in wire:
        code = wire["fixedResponse"]["statusCode"]
        if code not in FIXED_CODES:
            text = f"statusCode {code} is not one of 404 and 500."
            raise errors.invalid(f"{member}.fixedResponse.statusCode", text)
        return m.FixedResponse(code)
    groups = wire["forward"]["targetGroups"]
    if len(groups) > 1 and knobs.missing_weight_refused and any("weight" not in each for each in groups):
        text = "Each of several target groups needs a weight."
        raise errors.invalid(f"{member}.forward.targetGroups", text)
    shares = (m.Share(each["targetGroupIdentifier"], each.get("weight", knobs.weight_default)) for each in groups)
    return m.Forward(tuple(shares))


def check_passthrough(place: Place, action: m.Action, member: str) -> None:
    """Raise ValidationException when a TLS_PASSTHROUGH listener would answer by itself."""
    if place.protocol is m.ListenerProtocol.TLS_PASSTHROUGH and isinstance(action, m.FixedResponse):
        raise errors.invalid(f"{member}.fixedResponse", "A TLS_PASSTHROUGH listener can only forward.")


def bind(ctx: Context, place: Place, action: m.Action, member: str) -> m.Action:
    """The action with its groups' ids, after checking that each exists, is ready, fits and is free for the service."""
    if isinstance(action, m.FixedResponse):
        return action
    groups = [_group(ctx, share.group_id, member) for share in action.shares]
    for group in groups:
        access.check_usable(Kind.TARGET_GROUP, group)
    for group in groups:
        _check_fit(ctx.knobs, place, group, member)
    for group in groups:
        _check_free(ctx, place, group, member)
    bound = m.Forward(tuple(m.Share(g.id, s.weight) for g, s in zip(groups, action.shares, strict=True)))
    _check_twice(ctx.knobs, bound, member)
    return bound


def check_group_quota(ctx: Context, place: Place, actions: Mapping[str | None, m.Action]) -> None:
    """Raise ServiceQuotaExceededException when the service would use too many groups.

    ``actions`` stand in place of those of the rules with these ids; None is a rule to be made.
    """
    rules = ctx.state.rules.by("service", place.service_id)
    before = {group for rule in rules for group in groups_of(rule.action)}
    kept = (r for r in ctx.state.rules.by("service", place.service_id) if r.id not in actions)
    after = {group for rule in kept for group in groups_of(rule.action)}
    after.update(group for action in actions.values() for group in groups_of(action))
    if not after <= before:
        limit = ctx.knobs.quota_groups_per_service
        quotas.check(quotas.Quota.GROUPS_PER_SERVICE, len(after), limit, place.service_id)


def render_action(action: m.Action) -> Answer:
    """The action as answers show it: groups by id, weights always there."""
    match action:
        case m.Forward(shares):
            groups = [{"targetGroupIdentifier": share.group_id, "weight": share.weight} for share in shares]
            return {"forward": {"targetGroups": groups}}
        case m.FixedResponse(code):
            return {"fixedResponse": {"statusCode": code}}
        case _:
            assert_never(action)


def _read_path(wire: Wire) -> m.PathMatch:
    kind, value = next(iter(wire["match"].items()))
    return m.PathMatch(m.PathKind(kind), value, wire.get("caseSensitive"))


def _read_header(wire: Wire) -> m.HeaderMatch:
    kind, value = next(iter(wire["match"].items()))
    return m.HeaderMatch(wire["name"], m.HeaderKind(kind), value, wire.get("caseSensitive"))


def _show_path(knobs: Knobs, path: m.PathMatch) -> Answer:
    default = knobs.path_case_default if knobs.show_case_default else None
    case = default if path.case_sensitive is None else path.case_sensitive
    return present(match={str(path.kind): path.value}, caseSensitive=case)


def _show_header(knobs: Knobs, header: m.HeaderMatch) -> Answer:
    default = False if knobs.show_case_default else None
    case = default if header.case_sensitive is None else header.case_sensitive
    return present(name=header.name, match={str(header.kind): header.value}, caseSensitive=case)


def _blame(group_id: str, member: str) -> errors.Blame:
    return errors.Blame(Kind.TARGET_GROUP.resource_type, group_id, f"{member}.forward.targetGroups")


def _group(ctx: Context, identifier: str, member: str) -> m.TargetGroup:
    try:
        return access.target_group(ctx, identifier)
    except errors.ServiceError as unknown:
        text = f"TARGET_GROUP {identifier} was not found."
        raise errors.refused(ctx.knobs.unknown_group, _blame(identifier, member), text) from unknown


def _check_fit(knobs: Knobs, place: Place, group: m.TargetGroup, member: str) -> None:
    tcp = group.config is not None and group.config.protocol is m.GroupProtocol.TCP
    version = None if group.config is None else group.config.version
    passthrough = place.protocol is m.ListenerProtocol.TLS_PASSTHROUGH
    http2 = version in (m.ProtocolVersion.HTTP2, m.ProtocolVersion.GRPC)
    plain = place.protocol is m.ListenerProtocol.HTTP
    if passthrough == tcp and not (http2 and plain and not knobs.allow_h2_on_http):
        return
    what = "no protocol" if group.config is None else " ".join(filter(None, (group.config.protocol, version)))
    text = f"Target group {group.id} ({what}) does not fit a listener of protocol {place.protocol}."
    raise errors.refused(knobs.protocol_mismatch, _blame(group.id, member), text)


def _check_free(ctx: Context, place: Place, group: m.TargetGroup, member: str) -> None:
    user = ctx.state.rules.first("group", group.id)
    if user is not None and user.service_id != place.service_id:
        text = f"TargetGroup {group.id} has been associated with other services"
        raise errors.refused(ctx.knobs.group_of_other_service, _blame(group.id, member), text)


def _check_twice(knobs: Knobs, action: m.Forward, member: str) -> None:
    if len(groups_of(action)) < len(action.shares) and not knobs.same_group_twice:
        raise errors.invalid(f"{member}.forward.targetGroups", "A target group is named twice.")
