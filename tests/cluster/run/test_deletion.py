"""Whatever is deleted first or last, everything terminates and nothing is left in VPC Lattice."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from time import monotonic

import pytest

from tests.cluster.commands import Helm, Kubectl
from tests.cluster.control_plane import ControlPlane
from tests.cluster.kube import Kube, Object, eventually
from tests.cluster.run.hotel import EXAMPLE, KINDS, Hotel
from tests.cluster.run.stage import Stage, a_stage

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(180)]

NUMBERS = count(1)
WAITING = {"gatewayclass", "gateway"}
"""Kinds whose objects wait for others: a class for Gateways, a Gateway for routes."""

SLOW = 20.0
"""How much faster AWS is where the time that deletion takes is looked at."""


@pytest.fixture(scope="module")
def running(shared: Stage) -> Stage:
    """A stage with a controller at work."""
    shared.replica("--leader-elect").ready()
    return shared


@pytest.fixture
def hotel(kube: Kube, kubectl: Kubectl) -> Iterator[Hotel]:
    """The example's objects in a new namespace, which need not be there any more at the end."""
    name = f"deletion-{next(NUMBERS)}"
    kube.create(namespace(name))
    yield Hotel(kube, kubectl, name)
    kube.delete(namespace(name))


def namespace(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def nothing_is_left(stage: Stage, within: float = 60.0) -> None:
    eventually("nothing is left in Lattice", lambda: not stage.emulator.counts(), within=within)


@pytest.mark.parametrize("kind", KINDS)
def test_one_kind_goes_first(running: Stage, hotel: Hotel, kind: str) -> None:
    hotel.apply()
    hotel.built()

    hotel.delete(kind)
    hotel.gone({kind} - WAITING)
    hotel.delete(*(each for each in KINDS if each != kind))

    hotel.gone()
    nothing_is_left(running)


@pytest.mark.parametrize("kind", KINDS)
def test_one_kind_goes_last(running: Stage, hotel: Hotel, kind: str) -> None:
    before = [each for each in KINDS if each != kind]
    hotel.apply()
    hotel.built()

    hotel.delete(*before)
    hotel.gone([each for each in before if each in went_alone(kind)])
    hotel.delete(kind)

    hotel.gone()
    nothing_is_left(running)


def went_alone(last: str) -> tuple[str, ...]:
    """The kinds that can go while objects of ``last`` are there: a class waits for Gateways, a Gateway for routes."""
    waiting = {"gateway": {"gatewayclass"}, "httproute": {"gateway", "gatewayclass"}}
    return tuple(kind for kind in KINDS if kind not in waiting.get(last, ()))


def test_a_gateway_says_which_routes_it_waits_for(running: Stage, hotel: Hotel) -> None:
    hotel.apply()
    hotel.built()

    hotel.delete("gateway")
    eventually(
        "the Gateway says so", lambda: "waits for" in hotel.condition("gateway", "my-hotel", "Programmed")["message"]
    )
    said = hotel.condition("gateway", "my-hotel", "Programmed")["message"]
    eventually("an Event says so", lambda: "DeleteBlocked" in {each["reason"] for each in hotel.events()})
    hotel.delete("httproute", "service", "gatewayclass")
    hotel.gone()

    assert all(route in said for route in ("rates", "inventory"))
    nothing_is_left(running)


def test_a_whole_namespace_goes(running: Stage, hotel: Hotel, kube: Kube) -> None:
    hotel.apply()
    hotel.built()

    kube.delete(namespace(hotel.namespace))
    eventually("the namespace is gone", lambda: not kube.exists(namespace(hotel.namespace)), within=90)
    hotel.delete("gatewayclass")
    hotel.gone(["gatewayclass"])

    nothing_is_left(running)


def test_all_of_it_goes_at_once_before_it_is_built(running: Stage, hotel: Hotel) -> None:
    hotel.apply()

    hotel.here("delete", f"--filename={EXAMPLE}", "--wait=false")

    hotel.gone()
    nothing_is_left(running)


def test_a_route_goes_within_thirty_seconds(
    control_plane: ControlPlane, helm: Helm, hotel: Hotel, tmp_path: Path
) -> None:
    with a_stage(control_plane, helm, tmp_path, SLOW) as slow:
        slow.replica().ready()
        hotel.apply()
        hotel.built()

        began = monotonic()
        hotel.delete("httproute", "gateway", "gatewayclass", "service")
        hotel.gone(["httproute"], within=30)
        took = monotonic() - began
        hotel.gone()
        nothing_is_left(slow, within=90)

    assert took < 30
