"""What the engine relies on from every writer of statuses.

A module that imports the tests from here gives them their ``stage``.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from lattice_gateway.core.objects import CONTROLLER_NAME, Ref
from lattice_gateway.core.objects.annotations import Annotation
from lattice_gateway.engine.feed import Problem
from lattice_gateway.engine.ports import StatusWriter

NOTES = {str(Annotation.SERVICE_ARN): "arn:aws:vpc-lattice:eu-west-1:1:service/svc-1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterStage:
    """A writer, an object that has no status yet, and the time that writing may take.

    ``again`` gives a writer of a new process that has read everything.
    """

    writer: StatusWriter
    ref: Ref
    settle: Callable[[], Awaitable[None]]
    again: Callable[[], Awaitable[StatusWriter]]


def a_status(status: str) -> dict[str, Any]:
    """A whole status of a route, as the engine writes it."""
    condition = {
        "type": "Accepted",
        "status": status,
        "reason": "Accepted",
        "message": "as it should be",
        "observedGeneration": 1,
        "lastTransitionTime": "2026-01-31T12:00:00Z",
    }
    parent = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "hotel"}
    entry = {"parentRef": parent, "controllerName": CONTROLLER_NAME, "conditions": [condition]}
    return {"parents": [entry], "annotations": NOTES}


async def test_an_object_of_which_nothing_was_said_has_no_status(stage: WriterStage) -> None:
    assert stage.writer.previous(stage.ref) is None


async def test_what_is_written_is_what_was_said_last(stage: WriterStage) -> None:
    assert stage.writer.write(stage.ref, a_status("True"))
    assert stage.writer.previous(stage.ref) == a_status("True")

    await stage.settle()

    assert stage.writer.previous(stage.ref) == a_status("True")


async def test_the_same_again_changes_nothing(stage: WriterStage) -> None:
    stage.writer.write(stage.ref, a_status("True"))
    assert not stage.writer.write(stage.ref, a_status("True"))

    await stage.settle()

    assert not stage.writer.write(stage.ref, a_status("True"))


async def test_of_several_statuses_the_last_one_stays(stage: WriterStage) -> None:
    for status in ("True", "False", "Unknown"):
        assert stage.writer.write(stage.ref, a_status(status))

    await stage.settle()

    assert stage.writer.previous(stage.ref) == a_status("Unknown")


async def test_a_new_process_knows_what_the_last_one_said(stage: WriterStage) -> None:
    stage.writer.write(stage.ref, a_status("True"))
    await stage.settle()

    later = await stage.again()

    assert later.previous(stage.ref) == a_status("True")
    assert not later.write(stage.ref, a_status("True"))


async def test_problems_are_told_when_they_change(stage: WriterStage) -> None:
    problem = Problem(file="", who="HTTPRoute shop/one", message="is odd")

    stage.writer.write_problems(())
    assert stage.writer.write_problems((problem,))
    assert not stage.writer.write_problems((problem,))
    assert stage.writer.write_problems(())
