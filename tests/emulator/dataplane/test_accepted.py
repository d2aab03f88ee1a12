"""Whatever the world allows, Envoy takes: one refused virtual host would freeze every service of its port."""

import string
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lattice_emulator.dataplane import view as v
from lattice_emulator.dataplane.lower import Lowering, wanted_ports
from lattice_emulator.dataplane.places import place
from lattice_emulator.dataplane.plane import can_bind
from lattice_emulator.dataplane.proxy import Live
from tests.emulator.dataplane.conftest import Stage
from tests.emulator.dataplane.making import group, http_listener, service, to, view_of

pytestmark = [pytest.mark.process, pytest.mark.asyncio(loop_scope="module")]

# Paths have the alphabet of the service's model, methods, names and values have none (spec/lattice.md §3.2).
paths = st.text(string.ascii_letters + string.digits + "@:%_+.~#?&/=-", max_size=12).map(lambda tail: f"/{tail}")
anything = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
token = st.text(string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~", min_size=1, max_size=8)
matches = st.builds(
    v.Match,
    method=st.none() | token | anything,
    path=st.none() | st.builds(v.Exact, paths, st.booleans()) | st.builds(v.Prefix, paths, st.booleans()),
    headers=st.lists(
        st.builds(
            v.HeaderMatch,
            token | anything | st.sampled_from(["Host", ":path"]),
            st.sampled_from(v.Compare),
            anything,
            st.booleans(),
        ),
        max_size=3,
    ).map(tuple),
)
shares = st.lists(
    st.tuples(st.sampled_from(["a", "b", "tls", "h2", "tcp"]), st.integers(0, 999)), min_size=1, max_size=4
)
actions = st.sampled_from([404, 500]).map(v.Fixed) | shares.map(lambda pairs: to(*pairs))
rules = st.lists(st.builds(v.Rule, matches, actions), max_size=4)
reaches = st.sampled_from([v.Reachable("arn:sn", "vpc-1", "arn:vpc"), v.Reachable("", "", ""), v.OutOfReach()])
GROUPS = (
    group("a", v.Endpoint("127.0.0.1", 9)),
    group("b", v.Endpoint("::1", 9), v.Endpoint("127.0.0.2", 9)),
    group("h2", upstream=v.Plain(v.Speaks.HTTP2)),
    group("tcp", upstream=v.NotCarried("protocol TCP")),
    group("tls", v.Endpoint("127.0.0.1", 9), upstream=v.Tls(v.Speaks.HTTP1)),
)


@st.composite
def views(draw: st.DrawFn) -> v.View:
    services = [
        service(
            number,
            *(http_listener(*draw(rules), default=draw(actions), port=port) for port in sorted(draw(ports))),
            reach=draw(reaches),
        )
        for number in range(1, draw(st.integers(1, 4)) + 1)
    ]
    return view_of(services, GROUPS)


ports = st.sets(st.sampled_from([80, 8080, 9000]), max_size=2)


@pytest.mark.parametrize("mode", v.PrefixMode)
async def test_every_view_is_taken(stage: Stage, mode: v.PrefixMode) -> None:
    ground = replace(stage.ground, answers=v.Answers(prefix=mode))
    lowering = Lowering(ground)
    for view in samples():
        stage.places = place(stage.places, wanted_ports(view), ground.layout, can_bind)

        applied = await stage.proxy.apply(lowering.lower(view, stage.places))

        assert isinstance(applied, Live), view


def samples() -> list[v.View]:
    """Views as hypothesis finds them: it cannot drive a coroutine in a loop that already runs."""
    found: list[v.View] = []

    @settings(max_examples=40, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(views())
    def collect(view: v.View) -> None:
        found.append(view)

    collect()
    return found


async def test_a_prefix_by_segments_matches_whole_segments_only(stage: Stage) -> None:
    rule = v.Rule(v.Match(path=v.Prefix("/seg/")), v.Fixed(500))
    shown = view_of([service(1, http_listener(rule, default=v.Fixed(404)))])
    ground = replace(stage.ground, answers=v.Answers(prefix=v.PrefixMode.SEGMENT))
    stage.places = place(stage.places, wanted_ports(shown), ground.layout, can_bind)
    await stage.proxy.apply(Lowering(ground).lower(shown, stage.places))

    found = {path: (await stage.ask(path)).status for path in ("/seg", "/seg/x", "/segment", "/seg?a=1")}

    assert found == {"/seg": 500, "/seg/x": 500, "/segment": 404, "/seg?a=1": 500}
