"""An account as the Go controller leaves it: what a first pass of ours writes, and what it holds (deploy.md §11)."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.laws.engine_stage import SETTINGS, Stage
from tests.laws.switch.go_controller import GoController
from tests.laws.switch.looking import keep_watch, look
from tests.laws.switch.manifests import (
    CLASS,
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

PAY, SITE = service("pay"), service("site")
PODS = (endpoints("pay", pod("10.0.0.1"), pod("10.0.0.2")), endpoints("site", pod("10.0.0.3")))
BASE = (CLASS, gateway(), PAY, SITE, *PODS)
ALL = prefix("/")
VAULT = (service("safe", "vault"), endpoints("safe", pod("10.0.0.9"), namespace="vault"))
FAR = to("safe", namespace="vault")


def kept(*objects: Raw, networks: tuple[str, ...] = ("edge",)) -> Stage:
    """An account that the Go controller kept for a cluster."""
    stage = Stage()
    go = GoController(stage)
    go.networks(*networks)
    go.keep(objects)
    return stage


@pytest.mark.parametrize(
    "objects",
    [
        pytest.param((*BASE, route(rule(ALL, to("pay")))), id="one backend"),
        pytest.param((*BASE, route(rule(ALL, to("pay", weight=9), to("site", weight=1)))), id="22: weights"),
        pytest.param((*BASE, route(rule(ALL, to("pay", weight=0), to("site")))), id="22: weight 0"),
        pytest.param((*BASE, route(rule(ALL, to("pay"), to("pay", weight=3)))), id="22: one group twice"),
        pytest.param((*BASE, route(rule(ALL))), id="23: no backend"),
        pytest.param((*BASE, route(rule(ALL, to("pay", kind="Pod")))), id="23: a kind that neither knows"),
        pytest.param(
            (*BASE, route(rule(exact("/a"), to("pay")), rule(prefix("/b"), to("site")), rule(ALL, to("pay")))),
            id="19: paths in order",
        ),
        pytest.param(
            (*BASE, route(rule(prefix("/a", method="POST"), to("pay")), rule(prefix("/a"), to("site")))),
            id="20: method",
        ),
        pytest.param(
            (
                *BASE,
                route(rule(prefix("/", headers=[{"name": "Z", "value": "1"}, {"name": "a", "value": "B"}]), to("pay"))),
            ),
            id="21: headers in their order",
        ),
        pytest.param(
            (*BASE, route(rule(exact("/b"), to("pay")), rule(exact("/a"), to("site")))),
            id="24: numbers of rules that do not meet",
        ),
        pytest.param(
            (
                *BASE,
                route(
                    rule(ALL, to("pay")), rule(ALL | exact("/x"), to("site")), rule_0_priority="90", rule_1_priority="7"
                ),
            ),
            id="24: annotated numbers",
        ),
        pytest.param(
            (*BASE, route(rule(ALL, to("pay")), rule(exact("/a"), to("site")), rule_1_priority="10")),
            id="24: the rest counts on from the last annotated one",
        ),
        pytest.param((*BASE, route(rule(ALL, to("pay")), service_name_override="box-office")), id="6: override"),
        pytest.param(
            (*BASE, route(rule(ALL, to("pay")), name="a-very-long-name-of-a-route")), id="6, 14: a name that is cut"
        ),
        pytest.param((*BASE, route(rule(ALL, to("pay")), tags="team=a, cost =4")), id="3: additional tags"),
        pytest.param((*BASE, route(rule(ALL, to("pay")), hostnames=["t.test", "u.test"])), id="8: custom domain"),
        pytest.param(
            (
                *BASE,
                route(rule(ALL, to("pay")), name="one"),
                route(rule(ALL, to("pay"), to("site")), name="two"),
            ),
            id="25: routes never share a group",
        ),
        pytest.param((*BASE, *VAULT, grant("vault"), route(rule(ALL, FAR))), id="a backend that is granted"),
        pytest.param(
            (
                CLASS,
                gateway("edge", listener("web", 80), listener("alt", 8080)),
                *BASE[2:],
                route(rule(ALL, to("pay"))),
            ),
            id="13: several listeners",
        ),
        pytest.param(
            (
                CLASS,
                gateway("edge", listener("web", 80), listener("alt", 8080)),
                *BASE[2:],
                route(rule(ALL, to("pay")), parents=({"name": "edge", "sectionName": "alt"},)),
            ),
            id="13: one of several listeners",
        ),
        pytest.param(
            (CLASS, gateway(), PAY, endpoints("pay", pod("10.0.0.1", terminating=True)), route(rule(ALL, to("pay")))),
            id="32: a terminating endpoint",
        ),
        pytest.param(
            (
                CLASS,
                gateway(),
                service("pay", "arena", {"port": 80}),
                endpoints("pay", pod("10.0.0.1"), ports={"": 8080}),
                route(rule(ALL, to("pay"))),
            ),
            id="33: an unnamed port",
        ),
        pytest.param(
            (
                CLASS,
                gateway(),
                service("pay", "arena", {"name": "web", "port": 80}, {"name": "adm", "port": 81}),
                endpoints("pay", pod("10.0.0.1"), ports={"web": 8080, "adm": 9000}),
                route(rule(ALL, to("pay", 81))),
            ),
            id="33: the port of the name",
        ),
    ],
)
def test_where_the_two_agree_nothing_is_written_and_nothing_held(objects: tuple[Raw, ...]) -> None:
    sight = look(kept(*objects), objects)

    assert sight.names == []
    assert sight.held == {}


@dataclass(frozen=True)
class Differing:
    """Objects, what a first pass writes, what it holds, and what it would write if it held nothing.

    ``before``: what the Go controller last served, where it refuses the present form.
    """

    now: tuple[Raw, ...]
    writes: list[str]
    held: tuple[str, ...] = ()
    applied: list[str] | None = None
    before: tuple[Raw, ...] | None = None
    networks: tuple[str, ...] = ("edge",)
    settings: dict[str, Any] | None = None


TWO_PORTS = service("pay", "arena", {"name": "web", "port": 80}, {"name": "adm", "port": 81})
QUIC = service("pay", "arena", {"name": "web", "port": 80}, {"name": "udp", "port": 80, "protocol": "UDP"})

X, Y = {"name": "x", "value": "1"}, {"name": "y", "value": "2"}
TEN = " (decision 10)"

DIFFERENCES: dict[str, Differing] = {
    "1: a Gateway without a network": Differing(
        now=(*BASE, route(rule(ALL, to("pay")))),
        writes=["CreateServiceNetwork", "CreateVpcAssociation", "CreateServiceAssociation"],
        networks=(),
    ),
    "6: order of the list": Differing(
        now=(*BASE, route(rule(ALL, to("pay")), rule(exact("/a"), to("site")))), writes=["BatchUpdateRule"]
    ),
    "7: several matches, of which the first was there before": Differing(
        before=(*BASE, route(rule(prefix("/a"), to("pay")))),
        now=(*BASE, route({"matches": [prefix("/a"), prefix("/b")], "backendRefs": [to("pay")]})),
        writes=["CreateRule"],
        held=("rules[0].matches: 2 of them, so an earlier form may be served (decision 7)",),
        applied=["CreateRule"],
    ),
    "7: several matches, none of which was there before": Differing(
        before=(*BASE, route(rule(prefix("/old"), to("pay")))),
        now=(*BASE, route({"matches": [prefix("/a"), prefix("/b")], "backendRefs": [to("pay")]})),
        writes=["CreateRule", "CreateRule"],
        held=("rules[0].matches: 2 of them, so an earlier form may be served (decision 7)",),
        applied=["CreateRule", "CreateRule", "DeleteRule"],
    ),
    "8: prefixes by element": Differing(
        now=(*BASE, route(rule(prefix("/a"), to("pay")))),
        writes=[],
        held=("rules[0].matches: a prefix that is no whole path element would be lost (decision 8)",),
        applied=["CreateRule", "CreateRule", "DeleteRule"],
        settings={"path_prefix_by_element": True},
    ),
    "10: a port that the Service does not have": Differing(
        now=(*BASE, route(rule(ALL, to("pay", 9)))),
        writes=[],
        held=("backendRef name: pay (rules[0].backendRefs[0].port: found 9, expected 80 of Service arena/pay)" + TEN,),
        applied=["UpdateRule"],
    ),
    "10: a Service that is gone only now": Differing(
        before=(*BASE, route(rule(ALL, to("pay"), to("site")))),
        now=(*BASE[:3], PODS[0], route(rule(ALL, to("pay"), to("site")))),
        writes=[],
        held=("backendRef name: site (rules[0].backendRefs[1]: Service arena/site does not exist) (decision 10)",),
        applied=["UpdateRule"],
    ),
    "10: a Service that was missing before": Differing(
        now=(*BASE, route(rule(ALL, to("gone")))),
        writes=[],
        held=("backendRef name: gone (rules[0].backendRefs[0]: Service arena/gone does not exist) (decision 10)",),
        applied=[],
    ),
    "10: a reference into another API group": Differing(
        now=(*BASE, route(rule(ALL, to("pay", group="example.test")))),
        writes=[],
        held=("rules[0].backendRefs[0]: found kind example.test/Service, expected Service (decision 10)",),
        applied=["UpdateRule"],
    ),
    "18: an endpoint that is not ready": Differing(
        now=(*BASE[:3], endpoints("pay", pod("10.0.0.1"), pod("10.0.0.2", ready=False)), route(rule(ALL, to("pay")))),
        writes=["DeregisterTargets"],
    ),
    "18: a UDP port of the same number": Differing(
        now=(
            *BASE[:2],
            QUIC,
            endpoints("pay", pod("10.0.0.1"), ports={"web": 8080, "udp": 8443}),
            route(rule(ALL, to("pay"))),
        ),
        writes=[],
        held=("rules[0].backendRefs[0]: UDP ports of Service arena/pay (decision 18)",),
        applied=["DeregisterTargets"],
    ),
    "25: every parent rejects it": Differing(
        before=(*BASE, route(rule(ALL, to("pay")))),
        now=(*BASE, route(rule(ALL, to("pay")), parents=({"name": "edge", "sectionName": "no"},))),
        writes=[],
        held=("Gateway arena/edge: no listener has sectionName no; the Gateway has web (80) (decision 25)",),
        applied=["DeleteServiceAssociation", "DeleteListener"],
    ),
    "25: one of two parents is gone": Differing(
        before=(*BASE, gateway("inner"), route(rule(ALL, to("pay")), parents=({"name": "edge"}, {"name": "inner"}))),
        now=(*BASE, route(rule(ALL, to("pay")), parents=({"name": "edge"}, {"name": "inner"}))),
        writes=[],
        held=("Gateway arena/inner does not exist (decision 25)",),
        networks=("edge", "inner"),
        applied=[],
    ),
    "27: no grant": Differing(
        now=(*BASE, *VAULT, route(rule(ALL, to("pay"), FAR))),
        writes=[],
        held=(
            "rules[0].backendRefs[1]: no ReferenceGrant in namespace vault lets HTTPRoute of arena in (decision 27)",
        ),
        applied=["UpdateRule"],
    ),
    "27: no grant, and nobody else to answer": Differing(
        now=(*BASE, *VAULT, route(rule(ALL, FAR))),
        writes=[],
        held=(
            "rules[0].backendRefs[0]: no ReferenceGrant in namespace vault lets HTTPRoute of arena in (decision 27)",
        ),
        applied=["UpdateRule"],
    ),
    "32: all weights are zero": Differing(now=(*BASE, route(rule(ALL, to("pay", weight=0)))), writes=["UpdateRule"]),
    "33: equal matches": Differing(
        now=(*BASE, route(rule(prefix("/a"), to("pay")), rule(prefix("/a"), to("site")))),
        writes=[],
        held=("rules[1].matches[0] has the match of rules[0].matches[0], which would answer instead (decision 33)",),
        applied=["UpdateRule"],
    ),
    "33: equal matches by annotated numbers": Differing(
        now=(
            *BASE,
            route(
                rule(prefix("/a"), to("pay")),
                rule(prefix("/a"), to("site")),
                rule(prefix("/a"), to("site", weight=2)),
                rule_2_priority="9",
                rule_0_priority="3",
            ),
        ),
        writes=[],
        held=("rules[1].matches[0] has the match of rules[0].matches[0], which would answer instead (decision 33)",),
        applied=["BatchUpdateRule", "UpdateRule"],
    ),
    "33: headers in another order are another rule there, which never answers": Differing(
        now=(*BASE, route(rule(prefix("/", headers=[X, Y]), to("pay")), rule(prefix("/", headers=[Y, X]), to("site")))),
        writes=["DeleteRule"],
    ),
    "36: one Service under several ports": Differing(
        now=(
            *BASE[:2],
            TWO_PORTS,
            endpoints("pay", pod("10.0.0.1"), ports={"web": 8080, "adm": 9000}),
            route(rule(exact("/adm"), to("pay", 81)), rule(ALL, to("pay"))),
        ),
        writes=["CreateTargetGroup", "RegisterTargets", "UpdateRule"],
    ),
    "P1.10: parents in several Gateways": Differing(
        now=(
            *BASE,
            gateway("inner", listener("alt", 8080)),
            route(rule(ALL, to("pay")), parents=({"name": "edge"}, {"name": "inner"})),
        ),
        writes=["CreateListener", "CreateRule"],
        networks=("edge", "inner"),
    ),
}


def _rows() -> list[Any]:
    return [pytest.param(each, id=name) for name, each in DIFFERENCES.items()]


@pytest.mark.parametrize("row", _rows())
def test_a_difference_is_written_where_it_takes_nothing_away_and_held_where_it_does(row: Differing) -> None:
    stage = kept(*(row.before or row.now), networks=row.networks)
    settings = replace(SETTINGS, **(row.settings or {}))

    first = look(stage, row.now, settings)
    applied = look(stage, row.now, replace(settings, apply_switchover_differences=True))

    assert first.names == row.writes
    assert first.held == ({"HTTPRoute arena/tickets": row.held} if row.held else {})
    assert applied.names == (row.writes if row.applied is None else row.applied)
    assert applied.held == {}


@pytest.mark.parametrize("row", [pytest.param(row, id=name) for name, row in DIFFERENCES.items() if row.held])
def test_a_controller_rests_in_what_is_held(row: Differing) -> None:
    stage = kept(*(row.before or row.now), networks=row.networks)
    stage.settings = replace(SETTINGS, **(row.settings or {}))

    writes = keep_watch(stage, row.now)

    assert sorted(writes.elements()) == sorted(row.writes)
    assert look(stage, row.now).names == []
