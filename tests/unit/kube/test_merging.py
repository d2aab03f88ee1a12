"""Our part of a status and that of others."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lattice_gateway.adapters.kube.merging import as_written, is_same, merged, notes_to_write
from lattice_gateway.core.objects import CONTROLLER_NAME
from lattice_gateway.core.objects.annotations import Annotation

OTHERS = "example.org/other"
OLD, NEW = "2026-01-31T12:00:00Z", "2026-01-31T13:00:00Z"
Json = dict[str, Any]


def condition(kind: str = "Accepted", status: str = "True", time: str = NEW) -> Json:
    return {"type": kind, "status": status, "lastTransitionTime": time}


def entry(controller: str, parent: str, *conditions: Json) -> Json:
    return {"controllerName": controller, "parentRef": {"name": parent}, "conditions": list(conditions)}


@pytest.mark.parametrize(
    ("wanted", "there", "expected"),
    [
        pytest.param(
            {"conditions": [condition()]},
            {},
            {"conditions": [condition()]},
            id="nothing is there",
        ),
        pytest.param(
            {"conditions": [condition(time=NEW)]},
            {"conditions": [condition(time=OLD)]},
            {"conditions": [condition(time=OLD)]},
            id="the time of a status that is as before stays",
        ),
        pytest.param(
            {"conditions": [condition(status="False", time=NEW)]},
            {"conditions": [condition(time=OLD)]},
            {"conditions": [condition(status="False", time=NEW)]},
            id="another status has another time",
        ),
        pytest.param(
            {"conditions": [condition(), condition("Theirs", "False")]},
            {"conditions": [condition("Theirs", "True")]},
            {"conditions": [condition(), condition("Theirs", "True")]},
            id="types of others are theirs",
        ),
        pytest.param(
            {"parents": [entry(CONTROLLER_NAME, "a"), entry(OTHERS, "b")]},
            {"parents": [entry(OTHERS, "c"), entry(CONTROLLER_NAME, "d")]},
            {"parents": [entry(CONTROLLER_NAME, "a"), entry(OTHERS, "c")]},
            id="entries of others are theirs, ours are replaced",
        ),
        pytest.param(
            {"parents": [entry(CONTROLLER_NAME, "a", condition(time=NEW))]},
            {"parents": [entry(CONTROLLER_NAME, "a", condition(time=OLD), condition("Theirs"))]},
            {"parents": [entry(CONTROLLER_NAME, "a", condition(time=OLD), condition("Theirs"))]},
            id="times and types within an entry",
        ),
        pytest.param(
            {"listeners": [{"name": "web", "attachedRoutes": 2, "conditions": [condition(time=NEW)]}]},
            {"listeners": [{"name": "web", "attachedRoutes": 1, "conditions": [condition(time=OLD)]}]},
            {"listeners": [{"name": "web", "attachedRoutes": 2, "conditions": [condition(time=OLD)]}]},
            id="times within a listener",
        ),
        pytest.param(
            {"addresses": [], "annotations": {"a": "b"}},
            {"addresses": [{"value": "x"}], "theirs": 1},
            {"addresses": [], "theirs": 1},
            id="members of others stay, annotations are no status",
        ),
        pytest.param({"parents": []}, {"parents": 5}, {"parents": []}, id="nonsense is replaced"),
    ],
)
def test_ours_is_put_onto_theirs(wanted: Json, there: Json, expected: Json) -> None:
    assert merged(wanted, there) == expected


def test_the_order_of_conditions_says_nothing() -> None:
    one, other = condition("A"), condition("B")

    assert is_same({"conditions": [one, other]}, {"conditions": [other, one]})
    assert is_same({"parents": [entry("a", "x"), entry("b", "x")]}, {"parents": [entry("b", "x"), entry("a", "x")]})
    assert not is_same({"addresses": [1, 2]}, {"addresses": [2, 1]})


def test_only_annotations_that_differ_are_written() -> None:
    wanted = {"annotations": {"a": "1", "b": "2"}}

    assert notes_to_write(wanted, {"a": "1", "b": "3", "c": "4"}) == {"b": "2"}
    assert notes_to_write({}, {"a": "1"}) == {}


def test_a_status_is_read_as_it_was_written() -> None:
    notes = {str(Annotation.SERVICE_ARN): "arn", str(Annotation.PAUSED): "true"}

    assert as_written({"parents": []}, notes) == {"parents": [], "annotations": {str(Annotation.SERVICE_ARN): "arn"}}
    assert as_written({}, {}) == {}


kinds = st.sampled_from(["Accepted", "Programmed", "Theirs", "Else"])
conditions = st.lists(
    st.builds(condition, kind=kinds, status=st.sampled_from(["True", "False"]), time=st.sampled_from([OLD, NEW])),
    unique_by=lambda one: one["type"],
    max_size=4,
)
entries = st.lists(
    st.builds(
        lambda controller, parent, conditions: entry(controller, parent, *conditions),
        st.sampled_from([CONTROLLER_NAME, OTHERS]),
        st.sampled_from("ab"),
        conditions,
    ),
    unique_by=lambda one: (one["controllerName"], one["parentRef"]["name"]),
    max_size=4,
)
statuses = st.fixed_dictionaries({}, optional={"conditions": conditions, "parents": entries})


@given(statuses, statuses)
def test_what_was_written_is_not_written_again(wanted: Json, there: Json) -> None:
    once = merged(wanted, there)

    assert is_same(merged(wanted, once), once)


@given(statuses, statuses)
def test_nothing_of_others_is_lost_or_changed(wanted: Json, there: Json) -> None:
    def theirs(status: Json) -> list[Json]:
        return [each for each in status.get("parents", []) if each["controllerName"] == OTHERS]

    def their_types(status: Json) -> list[Json]:
        return [each for each in status.get("conditions", []) if each["type"] in {"Theirs", "Else"}]

    after = merged(wanted, there)

    if "parents" in wanted:
        assert theirs(after) == theirs(there)
    if "conditions" in wanted:
        assert their_types(after) == their_types(there)
