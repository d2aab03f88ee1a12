"""Laws of the switch, on made-up clusters that the Go controller kept (decision 22)."""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lattice_gateway.core.lattice.observed import ForwardTo, Observed, ObservedRule, ObservedService
from lattice_gateway.core.lattice.operations import (
    DeleteListener,
    DeleteRule,
    DeleteService,
    DeleteServiceAssociation,
    DeregisterTargets,
    Known,
    Operation,
    SendForward,
    UpdateRule,
)
from lattice_gateway.core.lattice.units import Target, TargetGroup
from lattice_gateway.core.translate.inputs import Inheritance, Settled
from lattice_gateway.engine.translation import News, Translation
from tests.examples import examples
from tests.laws.engine_stage import SETTINGS, Stage
from tests.laws.switch.go_controller import Backend, GoController, Objects, targets_of
from tests.laws.switch.looking import Sight, inheritance_of, look, seen
from tests.laws.switch.manifests import (
    CLASS,
    HOME,
    Raw,
    endpoints,
    exact,
    gateway,
    grant,
    listener,
    pod,
    prefix,
    route,
    rule,
    service,
    to,
)

CLUSTERS = settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))

REFS = (
    to("pay"),
    to("pay", weight=3),
    to("site", weight=2),
    to("site", weight=0),
    to("quic", group="example.test"),
    to("safe", namespace="vault"),
    to("odd", 9),
    to("gone"),
    to("pay", kind="Pod"),
)
MATCHES = (
    prefix("/"),
    prefix("/a"),
    exact("/a"),
    prefix("/a", method="GET"),
    prefix("/a", headers=[{"name": "x", "value": "1"}]),
    prefix("/a", headers=[{"name": "x", "value": "1"}, {"name": "y", "value": "2"}]),
)
QUIC = ({"name": "web", "port": 80}, {"name": "udp", "port": 80, "protocol": "UDP"})

rules = st.builds(
    lambda match, backends: rule(match, *backends),
    st.sampled_from(MATCHES),
    st.lists(st.sampled_from(REFS), max_size=3),
)
routes = st.builds(
    lambda found, parents, name: route(*found, parents=parents, name=name),
    st.lists(rules, min_size=1, max_size=4),
    st.sampled_from(
        (({"name": "edge"},), ({"name": "edge", "sectionName": "alt"},), ({"name": "edge"}, {"name": "inner"}))
    ),
    st.sampled_from(("tickets", "seats")),
)
pods = st.lists(st.booleans(), max_size=3)


def cluster(found: Iterable[Raw], ready: list[bool], *, granted: bool) -> list[Raw]:
    """Routes and all that they can lead to; ``ready`` are the pods of each Service but those of vault."""
    named = {each["metadata"]["name"]: each for each in found}
    answer = [pod(f"10.0.0.{number}", ready=one) for number, one in enumerate(ready, start=1)]
    return [
        CLASS,
        gateway("edge", listener("web", 80), listener("alt", 8080)),
        gateway("inner"),
        *(service(name) for name in ("pay", "site", "odd")),
        service("quic", "arena", *QUIC),
        service("safe", "vault"),
        *(endpoints(name, *answer) for name in ("pay", "site", "odd")),
        endpoints("quic", *answer, ports={"web": 8080, "udp": 8443}),
        endpoints("safe", pod("10.0.9.9"), namespace="vault"),
        *([grant("vault")] if granted else []),
        *named.values(),
    ]


clusters = st.builds(cluster, st.lists(routes, min_size=1, max_size=2), pods, granted=st.booleans())


def without(kind: str, name: str) -> Any:
    def change(objects: list[Raw]) -> list[Raw]:
        return [each for each in objects if (each["kind"], each["metadata"]["name"]) != (kind, name)]

    return change


def closed(objects: list[Raw]) -> list[Raw]:
    """The Gateway lets nobody in any more."""
    nobody = {"namespaces": {"from": "Selector", "selector": {"matchLabels": {"team": "none"}}}}
    changed = deepcopy(objects)
    for each in changed:
        if each["kind"] == "Gateway":
            each["spec"]["listeners"] = [{**one, "allowedRoutes": nobody} for one in each["spec"]["listeners"]]
    return changed


changes = st.sampled_from(
    (
        lambda objects: objects,
        without("Service", "site"),
        without("Service", "quic"),
        without("Gateway", "inner"),
        without("Gateway", "edge"),
        without("ReferenceGrant", "all"),
        closed,
    )
)
"""What happens between the last pass of the Go controller and our first one."""


def kept(objects: list[Raw]) -> tuple[Stage, GoController]:
    stage = Stage()
    go = GoController(stage)
    go.networks("edge", "inner")
    go.keep(objects)
    return stage, go


@CLUSTERS
@given(before=clusters, change=changes, by_element=st.booleans())
def test_the_switch_takes_no_traffic_away(before: list[Raw], change: Any, *, by_element: bool) -> None:
    (stage, _), now = kept(before), change(before)

    sight = look(stage, now, replace(SETTINGS, path_prefix_by_element=by_element))

    serving = frozenset(_ready(now))
    assert [each for each in sight.operations if _takes_away(each, sight.observed, serving)] == []


@CLUSTERS
@given(before=clusters, change=changes)
def test_after_the_hold_everything_is_as_if_nothing_had_been_inherited(before: list[Raw], change: Any) -> None:
    found = [seen(each) for each in change(before)]
    things = tuple(each.thing for each in found if each.thing is not None)
    facts: dict[Any, Inheritance | None] = {each.ref: inheritance_of(each) for each in found}
    translation, strict = Translation(SETTINGS), Translation(SETTINGS)
    translation.apply(News(puts=things, inherited=facts))
    strict.apply(News(puts=things))

    translation.apply(News(inherited={ref: Settled("Edited", "") for ref, fact in facts.items() if fact}))

    assert translation.desired() == strict.desired()


@CLUSTERS
@given(before=clusters)
def test_where_nothing_is_held_the_hold_changes_nothing(before: list[Raw]) -> None:
    stage, _ = kept(before)

    held = look(stage, before)
    strict = look(stage, before, replace(SETTINGS, apply_switchover_differences=True))

    if not held.held:
        assert held.operations == strict.operations


@CLUSTERS
@given(before=clusters, ready=pods, change=changes)
def test_pods_that_come_and_go_are_followed_as_the_go_controller_would(
    before: list[Raw], ready: list[bool], change: Any
) -> None:
    stage, go = kept(before)
    now = change(_with_pods(before, ready))

    sight = look(stage, now)

    serving = frozenset(_ready(now))
    for each in Objects(tuple(now)).of("HTTPRoute"):
        for backend, targets in targets_of(Objects(tuple(now)), each).items():
            if (each["metadata"]["name"], backend) in go.serving():
                wanted = {target for target in serving if (target.address, target.port) in targets}
                assert wanted <= _followed(sight, each["metadata"]["name"], backend)


def _with_pods(objects: Iterable[Raw], ready: list[bool]) -> list[Raw]:
    """The same cluster with other pods behind each slice of HOME."""
    found = [pod(f"10.1.0.{number}", ready=one) for number, one in enumerate(ready, start=1)]
    moved = [each for each in objects if each["kind"] == "EndpointSlice" and each["metadata"]["namespace"] == HOME]
    return [{**each, "endpoints": found} if each in moved else each for each in objects]


def _followed(sight: Sight, route: str, backend: Backend) -> frozenset[Target]:
    """The targets of the group that a route has for a backend; none where it has no such group."""
    groups = (unit for unit in sight.desired.values() if isinstance(unit, TargetGroup))
    keys = ((unit.key, unit.targets) for unit in groups if unit.key.service == f"{route}-{HOME}")
    found = [targets or frozenset() for key, targets in keys if (key.namespace, key.name) == backend]
    return frozenset().union(*found)


def _ready(objects: Iterable[Raw]) -> Iterator[Target]:
    for part in objects:
        if part["kind"] == "EndpointSlice":
            for each in part["endpoints"]:
                if each["conditions"]["ready"]:
                    yield from (Target(each["addresses"][0], port["port"]) for port in part["ports"])


def _takes_away(operation: Operation, observed: Mapping[Any, Observed], serving: frozenset[Target]) -> bool:
    """Whether a request that was answered before the operation may not be, or not there, behind it."""
    match operation:
        case DeleteService() | DeleteServiceAssociation() | DeleteListener() | DeleteRule():
            return True
        case DeregisterTargets(targets=targets):
            return bool(serving.intersection(targets))
        case UpdateRule(rule=found, match=match, action=action):
            return match is not None or not _still_serve(_rule(observed, found.id), action)
        case _:
            return False


def _still_serve(live: ObservedRule, action: object) -> bool:
    """Whether every group that gets requests goes on getting some."""
    if action is None or not isinstance(live.action, ForwardTo):
        return True
    shares = action.shares if isinstance(action, SendForward) else ()
    after = {share.group.id for share in shares if share.weight and isinstance(share.group, Known)}
    return {group for group, weight in live.action.shares if weight} <= after


def _rule(observed: Mapping[Any, Observed], identity: str) -> ObservedRule:
    services = (one for one in observed.values() if isinstance(one, ObservedService))
    found = (rule for one in services for each in one.listeners or () for rule in each.rules or ())
    return next(rule for rule in found if rule.id == identity)
