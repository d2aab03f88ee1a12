"""Statuses as they are written: times, other people's entries, what is kept."""

from dataclasses import replace
from typing import Any

import pytest

from lattice_gateway.core.lattice.keys import ServiceKey
from lattice_gateway.core.lattice.outcome import (
    Done,
    ErrorKind,
    Failed,
    LatticeError,
    Outcome,
    Refusal,
    Result,
    Waiting,
)
from lattice_gateway.core.lattice.units import Desired, Held, RouteOwner, Service
from lattice_gateway.core.lattice.words import SourceType, Tags
from lattice_gateway.core.objects import CONTROLLER_NAME, ParentRef
from lattice_gateway.core.report.classes import SUPPORTED_FEATURES, ClassStatus
from lattice_gateway.core.report.conditions import MAX_MESSAGE, Condition, Status, Type
from lattice_gateway.core.report.deployed import deployed
from lattice_gateway.core.report.gateways import GatewayStatus, ListenerStatus
from lattice_gateway.core.report.routes import ParentStatus, RouteStatus
from lattice_gateway.core.report.unbuilt import UnbuiltStatus
from lattice_gateway.core.report.writing import without_entry, write_status

THEN, NOW = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
KEY = ServiceKey("tickets-arena")
UNIT = Service(
    key=KEY,
    owner=RouteOwner(namespace="arena", name="tickets", source=SourceType.HTTP_ROUTE),
    networks=frozenset(),
    listeners=(),
    tags=Tags(),
    child_tags=Tags(),
)


def condition(status: Status = Status.TRUE, kind: Type = Type.ACCEPTED) -> Condition:
    return Condition(type=kind, status=status, reason="Because", message="", generation=2)


def written(status: str, since: str, kind: str = "Accepted") -> dict[str, Any]:
    return {
        "type": kind,
        "status": status,
        "reason": "Because",
        "message": "",
        "observedGeneration": 2,
        "lastTransitionTime": since,
    }


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param({}, NOW, id="new"),
        pytest.param({"conditions": [written("True", THEN)]}, THEN, id="as before"),
        pytest.param({"conditions": [written("False", THEN)]}, NOW, id="changed"),
        pytest.param({"conditions": "nonsense"}, NOW, id="unreadable before"),
    ],
)
def test_a_condition_keeps_its_time_while_its_status_stays(before: dict[str, Any], expected: str) -> None:
    status = write_status(ClassStatus((condition(),)), before, NOW)

    assert status["conditions"] == [written("True", expected)]


@pytest.mark.parametrize(
    ("before", "stays"),
    [
        pytest.param([written("True", THEN)], True, id="all was well"),
        pytest.param([written("False", THEN)], False, id="not all was well"),
        pytest.param([], False, id="nothing was said"),
    ],
)
def test_who_does_not_know_yet_takes_back_nothing_good(before: list[dict[str, Any]], stays: bool) -> None:
    unknown = replace(condition(Status.FALSE), message="not read yet", generation=3, blind=True)

    status = write_status(ClassStatus((unknown,)), {"conditions": before}, NOW)

    assert (status["conditions"] == before) is stays
    assert stays or status["conditions"][0]["message"] == "not read yet"


def test_conditions_of_other_types_stay() -> None:
    theirs = written("True", THEN, "SupportedVersion")

    status = write_status(ClassStatus((condition(),)), {"conditions": [theirs], "extra": 1}, NOW)

    assert status["conditions"] == [written("True", NOW), theirs]
    assert status["extra"] == 1


@pytest.mark.parametrize(
    ("before", "stays"),
    [
        pytest.param("True", True, id="accepted by the Go controller"),
        pytest.param("False", True, id="refused by the Go controller"),
        pytest.param("Unknown", False, id="as the API server filled it in"),
    ],
)
def test_a_kind_that_is_not_built_keeps_what_another_controller_decided(before: str, stays: bool) -> None:
    """The Go controller uses no policy that is not Accepted: on the way back it must find what it wrote."""
    previous = {"conditions": [{**written(before, THEN), "reason": "Another"}]}

    status = write_status(UnbuiltStatus((condition(Status.UNKNOWN),)), previous, NOW)

    assert (status == previous) is stays


def test_features_are_sorted_by_name() -> None:
    assert list(SUPPORTED_FEATURES) == sorted(SUPPORTED_FEATURES)


def test_listeners_that_are_gone_from_the_spec_go_from_the_status() -> None:
    listener = ListenerStatus(name="web", kinds=(), attached_routes=0, conditions=(condition(),))
    before = {"listeners": [{"name": "old"}, {"name": "web", "conditions": [written("True", THEN)]}]}

    status = write_status(GatewayStatus("a.test", (condition(),), (listener,)), before, NOW)

    assert [one["name"] for one in status["listeners"]] == ["web"]
    assert status["listeners"][0]["conditions"] == [written("True", THEN)]
    assert status["addresses"] == [{"type": "Hostname", "value": "a.test"}]


def entry(name: str, controller: str = CONTROLLER_NAME, **ref: object) -> dict[str, Any]:
    raw = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": name, **ref}
    return {"parentRef": raw, "controllerName": controller, "conditions": [written("True", THEN)]}


def test_entries_of_other_controllers_stay_and_vanished_ones_of_ours_go() -> None:
    theirs = entry("edge", "example.com/other")
    status = RouteStatus(parents=(ParentStatus(ParentRef(name="edge"), (condition(),)),))

    after = write_status(status, {"parents": [theirs, entry("old"), entry("edge")]}, NOW)

    assert after["parents"] == [entry("edge"), theirs]


def test_entries_are_told_apart_by_the_whole_parent_ref() -> None:
    one, other = ParentRef(name="edge", section_name="a"), ParentRef(name="edge", section_name="b")
    status = RouteStatus(parents=(ParentStatus(one, (condition(),)), ParentStatus(other, (condition(Status.FALSE),))))

    after = write_status(status, {"parents": [entry("edge", sectionName="b"), entry("edge", sectionName="a")]}, NOW)

    assert [parent["parentRef"]["sectionName"] for parent in after["parents"]] == ["a", "b"]
    assert [parent["conditions"][0]["lastTransitionTime"] for parent in after["parents"]] == [THEN, NOW]


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        pytest.param({}, 0, id="no new entry"),
        pytest.param({"parents": [entry("edge")]}, 1, id="one that was there carries the message"),
    ],
)
def test_a_gateway_that_is_gone_gets_no_new_entry(before: dict[str, Any], expected: int) -> None:
    status = RouteStatus(parents=(ParentStatus(ParentRef(name="edge"), (condition(),), missing="it is gone"),))

    assert len(write_status(status, before, NOW)["parents"]) == expected
    assert list(without_entry(status, before).values()) == ["it is gone"] * (1 - expected)


def test_annotations_are_kept_once_known() -> None:
    before = {"annotations": {"a": "1"}}

    assert write_status(RouteStatus(parents=()), before, NOW)["annotations"] == {"a": "1"}
    assert "annotations" not in write_status(RouteStatus(parents=()), None, NOW)


def test_long_messages_are_cut() -> None:
    made = Condition(type=Type.ACCEPTED, status=Status.TRUE, reason="R", message="x" * 40_000, generation=1)

    assert len(made.message) == MAX_MESSAGE


def failed(kind: ErrorKind) -> Failed:
    return Failed(LatticeError(kind=kind, operation="CreateRule", code="Code", message="no"))


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        pytest.param(Done(), (Status.TRUE, "Programmed", "t.test"), id="done"),
        pytest.param(Waiting("soon"), (Status.FALSE, "Pending", "soon"), id="waiting"),
        pytest.param(Refusal("Conflicted", "theirs"), (Status.FALSE, "Pending", "theirs"), id="refused"),
        pytest.param(failed(ErrorKind.QUOTA), (Status.FALSE, "QuotaExceeded", "CreateRule: Code: no"), id="quota"),
        pytest.param(failed(ErrorKind.DENIED), (Status.FALSE, "AWSError", "CreateRule: Code: no"), id="error"),
    ],
)
def test_what_became_of_a_service(result: Result, expected: tuple[Status, str, str]) -> None:
    found = deployed(UNIT, Outcome(key=KEY, desired=UNIT, result=result, dns_name="t.test"))

    assert (found.status, found.reason, found.message) == expected


@pytest.mark.parametrize(
    ("unit", "outcome", "expected"),
    [
        pytest.param(None, None, (Status.FALSE, "nothing is deployed for this route"), id="nothing"),
        pytest.param(UNIT, None, (Status.FALSE, "not deployed yet"), id="not yet"),
        pytest.param(
            UNIT,
            Outcome(key=KEY, desired=Held(KEY, "x"), result=Done()),
            (Status.FALSE, "a newer form is being deployed"),
            id="an older form is done",
        ),
        pytest.param(Held(KEY, "why"), None, (Status.FALSE, "why"), id="held, never served"),
        pytest.param(
            Held(KEY, "why"),
            Outcome(key=KEY, desired=UNIT, result=Done(), serving=UNIT, dns_name="t.test"),
            (Status.TRUE, "t.test; held as it was: why"),
            id="held, serving",
        ),
    ],
)
def test_services_that_are_not_run_to_the_end(
    unit: Desired | None, outcome: Outcome | None, expected: tuple[Status, str]
) -> None:
    found = deployed(unit, outcome)

    assert (found.status, found.message) == expected
