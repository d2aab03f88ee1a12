"""Whatever is edited, whatever the weather, whenever the process dies: the end follows from the objects alone."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lattice_gateway.core.objects import Ref
from lattice_gateway.core.objects.refs import Kind
from lattice_gateway.engine.controller import Controller
from tests.examples import examples
from tests.laws.engine_cluster import Cluster, Raw, launch_post, play_and_kill, play_controller, rest
from tests.laws.engine_stage import Stage, broken, is_read, lost_answer, throttled
from tests.laws.test_engine_units import state

GATEWAY = Ref(Kind.GATEWAY, "default", "my-hotel")
ROUTES = (Ref(Kind.HTTP_ROUTE, "default", "rates"), Ref(Kind.HTTP_ROUTE, "default", "inventory"))
PRISTINE = {(raw["kind"], raw["metadata"]["name"]): raw for raw in launch_post()}


@dataclass(frozen=True)
class Edit:
    """Something a person does."""

    what: str
    number: int


@dataclass(frozen=True)
class Wait:
    seconds: float


@dataclass(frozen=True)
class Kill:
    """The process dies at this of its next mutating calls, or after a while without any."""

    write: int
    after: bool


Step = Edit | Wait | Kill
EDITS = ("weight", "backend", "route", "gateway", "pod", "slice", "header")
WEATHER = ("fair", "429", "500", "500 after the deed", "lost answers", "lag")

steps = st.lists(
    st.one_of(
        st.builds(Edit, st.sampled_from(EDITS), st.integers(0, 7)),
        st.builds(Wait, st.sampled_from([0.01, 0.3, 2.0, 9.0, 40.0])),
        st.builds(Kill, st.integers(0, 9), st.booleans()),
    ),
    min_size=3,
    max_size=14,
)


def edit(cluster: Cluster, what: str, number: int) -> None:
    """One edit of the tree; one that cannot be made now is left out."""
    route = ROUTES[number % 2]
    match what:
        case "route":
            toggle(cluster, route)
        case "gateway":
            toggle(cluster, GATEWAY)
        case "slice":
            slices = sorted(name for kind, name in PRISTINE if kind == "EndpointSlice")
            toggle(cluster, Ref(Kind.ENDPOINT_SLICE, "default", slices[number % len(slices)]))
        case "pod":
            slices = cluster.refs(Kind.ENDPOINT_SLICE)
            if slices:
                cluster.edit(Kind.ENDPOINT_SLICE, slices[number % len(slices)].name, moved_pod(number))
        case _ if route in cluster.objects:
            change = {"weight": new_weight, "backend": fewer_backends, "header": new_header}[what]
            cluster.edit(Kind.HTTP_ROUTE, route.name, change(number))
        case _:
            return


def toggle(cluster: Cluster, ref: Ref) -> None:
    if ref in cluster.objects:
        cluster.delete(ref)
    else:
        cluster.put(deepcopy(PRISTINE[ref.kind, ref.name]))


def moved_pod(number: int) -> Callable[[Raw], None]:
    def change(raw: Raw) -> None:
        raw["endpoints"][0]["addresses"] = [f"10.244.7.{number}"]

    return change


def new_weight(number: int) -> Callable[[Raw], None]:
    def change(raw: Raw) -> None:
        raw["spec"]["rules"][0]["backendRefs"][0]["weight"] = number

    return change


def fewer_backends(number: int) -> Callable[[Raw], None]:
    def change(raw: Raw) -> None:
        pristine = PRISTINE["HTTPRoute", raw["metadata"]["name"]]["spec"]["rules"][0]["backendRefs"]
        raw["spec"]["rules"][0]["backendRefs"] = pristine[: 1 + number % len(pristine)]

    return change


def new_header(number: int) -> Callable[[Raw], None]:
    def change(raw: Raw) -> None:
        for match in raw["spec"]["rules"][0].get("matches", [])[:1]:
            match["headers"] = [{"name": "x-version", "value": str(number)}]

    return change


def weather(stage: Stage, kind: str, seed: int) -> None:
    """What the way to Lattice is like from now on."""
    random = Random(seed)
    stage.wire.before = lambda _name, _number: None
    stage.wire.after = lambda _name, _number: None
    stage.world.listing_lag = 15.0 if kind == "lag" else 0.0
    match kind:
        case "429":
            stage.wire.before = lambda name, _: throttled(name) if random.random() < 1 / 3 else None
        case "500":
            stage.wire.before = lambda name, _: broken(name) if random.random() < 1 / 5 else None
        case "500 after the deed":
            stage.wire.after = lambda name, _: broken(name) if random.random() < 1 / 5 else None
        case "lost answers":
            stage.wire.after = lambda name, _: (
                lost_answer(name) if not is_read(name) and random.random() < 0.3 else None
            )


def play_steps(stage: Stage, cluster: Cluster, plot: list[Step]) -> None:
    """The steps, over as many processes as die on the way; edits right after a death no process sees."""
    left: list[Step] = list(plot)

    async def until_killed(_: Controller) -> None:
        await asyncio.sleep(0.01)
        while left:
            match left.pop(0):
                case Edit(what, number):
                    edit(cluster, what, number)
                case Wait(seconds):
                    await asyncio.sleep(seconds)
                case Kill(write, after):
                    return await dead(stage.wire.kill(write, after=after))
        return None

    while left:
        play_and_kill(stage, cluster, until_killed)
        stage.wire.killed = None
        while left and isinstance(left[0], Edit):
            change = left.pop(0)
            edit(cluster, change.what, change.number)


async def dead(killed: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(60):
            await killed.wait()


async def long_rest(controller: Controller) -> None:
    """Until parents have expired, unused groups are collected and all is quiet."""
    await rest(controller)
    await asyncio.sleep(1500)
    await rest(controller)


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plot=steps, sky=st.sampled_from(WEATHER), seed=st.integers(0, 3))
def test_the_end_follows_from_the_objects_alone(plot: list[Step], sky: str, seed: int) -> None:
    stage, cluster = Stage(), Cluster(launch_post())
    weather(stage, sky, seed)
    play_steps(stage, cluster, plot)
    weather(stage, "fair", seed)
    if GATEWAY not in cluster.objects:
        toggle(cluster, GATEWAY)

    play_controller(stage, cluster, long_rest)
    fresh = Stage()
    play_controller(fresh, Cluster(list(cluster.objects.values())), long_rest)

    assert state(stage) == state(fresh)
