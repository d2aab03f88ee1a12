"""Which routes the Go controller left, as they tell themselves."""

from typing import Any

import pytest

from lattice_gateway.adapters.kube.inheritance import inheritance_of
from lattice_gateway.adapters.kube.intake import Intake
from lattice_gateway.adapters.kube.known import Known
from lattice_gateway.core.lattice.words import PREFIX
from lattice_gateway.core.objects import CONTROLLER_NAME, Kind
from lattice_gateway.core.objects.finalizers import FINALIZERS
from lattice_gateway.core.translate.inputs import Inheritance, Inherited, Settled
from tests.laws.engine_stage import LoopClock
from tests.unit.kube.making import ALL, ROUTES, SERVICES, Raw, ref, route, seen, service

HELD = {"finalizers": [FINALIZERS[Kind.HTTP_ROUTE]]}
JUDGED = {"type": "Accepted", "status": "True"}
DEPLOYED = {"type": f"{PREFIX}Programmed", "status": "True"}
HOLDS = {"type": f"{PREFIX}Inherited", "status": "True", "reason": "DifferencesHeld", "observedGeneration": 3}
OVER = {
    "type": f"{PREFIX}Inherited",
    "status": "False",
    "reason": "Edited",
    "message": "it was",
    "observedGeneration": 4,
}


def entry(*conditions: Raw, controller: str = CONTROLLER_NAME) -> Raw:
    return {"controllerName": controller, "parentRef": {"name": "hotel"}, "conditions": list(conditions)}


def left(*parents: Any, **metadata: Any) -> Raw:
    return {**route(weight=7, **{**HELD, **metadata}), "status": {"parents": list(parents)}}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(left(entry(JUDGED)), Inherited(7), id="held and judged, and no word of ours"),
        pytest.param(left(entry(JUDGED), finalizers=[]), None, id="not held"),
        pytest.param(left(), None, id="held, and nobody said anything yet"),
        pytest.param(left(entry(JUDGED, controller="example.org/other")), None, id="judged by another controller"),
        pytest.param(left(entry(JUDGED, DEPLOYED)), None, id="ours from the beginning"),
        pytest.param(left(entry(JUDGED, DEPLOYED), entry(JUDGED)), None, id="a new parent of a route of ours"),
        pytest.param(left(entry(JUDGED, DEPLOYED, HOLDS)), Inherited(3), id="it holds what it held"),
        pytest.param(left(entry(JUDGED, OVER), entry(JUDGED, HOLDS)), Inherited(3), id="one that holds is enough"),
        pytest.param(left(entry(JUDGED, OVER)), Settled("Edited", "it was"), id="it is over"),
        pytest.param(left("?", 7), None, id="a status that cannot be read"),
        pytest.param({**route(**HELD), "status": []}, None, id="a status that is none"),
    ],
)
def test_what_a_route_tells_of_the_switch(raw: Raw, expected: Inheritance | None) -> None:
    assert inheritance_of(seen(raw)) == expected


def test_other_kinds_tell_nothing() -> None:
    assert inheritance_of(seen(service(), SERVICES)) is None


def test_a_change_of_status_alone_is_told_once() -> None:
    intake = Intake(Known(), LoopClock())
    intake.installed(ALL)
    for served in ALL.values():
        intake.begins(served)
        if served is ROUTES:
            intake.seen(served, seen(left(entry(JUDGED))))
        intake.listed(served)
    first = intake.batch()
    assert first is not None
    assert first.inherited == {ref(): Inherited(7)}

    intake.seen(ROUTES, seen(left(entry(JUDGED, {**HOLDS, "observedGeneration": 7}), resourceVersion="2")))
    assert intake.batch() is None

    intake.seen(ROUTES, seen(left(entry(JUDGED, OVER), resourceVersion="3")))
    second = intake.batch()
    assert second is not None
    assert (second.puts, second.inherited) == ((), {ref(): Settled("Edited", "it was")})

    intake.seen(ROUTES, seen(left(resourceVersion="4")))
    third = intake.batch()
    assert third is not None
    assert third.inherited == {ref(): None}
