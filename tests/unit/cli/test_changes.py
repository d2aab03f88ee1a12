"""What `plan` prints of a planned unit, and the exit code that follows from all of them."""

import json
from dataclasses import replace

import pytest

from lattice_gateway.cli.exits import Exit
from lattice_gateway.cli.plan import Overview, as_document, as_text
from lattice_gateway.cli.render.changes import Change, UnitChange, summary, unit_change, unit_text
from lattice_gateway.core.lattice.keys import NetworkKey, ServiceKey
from lattice_gateway.core.lattice.operations import CreateServiceNetwork, DeleteService, Known, UpdateService
from lattice_gateway.core.lattice.outcome import Refusal
from lattice_gateway.core.lattice.words import Arn, Tags
from lattice_gateway.core.plan.plan import Note, NoteKind, Plan, Planned, Step
from lattice_gateway.core.translate.differences import Difference

NETWORK, SERVICE = NetworkKey("edge"), ServiceKey("box")
BOX = Known("svc-1", Arn("arn:svc-1"))
CREATE = Plan(
    unit=NETWORK, steps=(Step(name="make", operations=(CreateServiceNetwork(network=NETWORK, tags=Tags()),)),)
)
CHANGE = Plan(unit=SERVICE, steps=(Step(name="cert", operations=(UpdateService(BOX, Arn("arn:cert")),)),))
DELETE = Plan(
    unit=SERVICE,
    steps=(Step(name="gone", operations=(DeleteService(BOX),)),),
    notes=(Note(NoteKind.DESTRUCTIVE, "its DNS name goes"),),
)
REPLACE = Plan(unit=SERVICE, steps=CHANGE.steps, notes=(Note(NoteKind.INTERRUPTS, "port 80 changes its protocol"),))
REFUSED = Refusal("Conflicted", "it is somebody else's", ("rule 7",))


@pytest.mark.parametrize(
    ("planned", "change"),
    [
        pytest.param(CREATE, Change.CREATE, id="create"),
        pytest.param(CHANGE, Change.CHANGE, id="change"),
        pytest.param(DELETE, Change.DELETE, id="delete"),
        pytest.param(REPLACE, Change.REPLACE, id="an interruption counts as replacement"),
        pytest.param(REFUSED, Change.REFUSED, id="refusal"),
        pytest.param(Plan(unit=SERVICE), Change.NOTHING, id="nothing"),
    ],
)
def test_a_plan_is_told_by_what_it_does(planned: Planned, change: Change) -> None:
    assert unit_change(SERVICE, planned, None).change is change


def test_a_destructive_note_stands_out() -> None:
    assert unit_text(unit_change(SERVICE, DELETE, None)) == [
        "  - service/box",
        "      delete service svc-1 with its listeners and rules",
        "    ! destructive: its DNS name goes",
    ]


def test_a_refusal_names_every_loss() -> None:
    assert unit_text(unit_change(SERVICE, REFUSED, None)) == [
        "  ✗ service/box",
        "      refused, Conflicted: it is somebody else's",
        "        would lose rule 7",
    ]


def test_the_summary_counts_units_and_calls() -> None:
    units = tuple(unit_change(SERVICE, planned, None) for planned in (CREATE, CHANGE, DELETE, REPLACE, REFUSED))

    assert summary(units) == ("Plan: 1 to create, 1 to change, 1 to replace, 1 to delete, 1 refused; 4 calls to AWS.")


CLAIM = ("HTTPRoute default/b", "Conflicted", "theirs")


def overview(
    *planned: Planned,
    problems: tuple[str, ...] = (),
    held: str | None = None,
    refused: tuple[tuple[str, str, str], ...] = (),
) -> Overview:
    """An overview of units with those plans."""
    return Overview(
        units=tuple(unit_change(SERVICE, each, None) for each in planned),
        rejected=(("HTTPRoute default/a", "UnsupportedValue", "filters"),),
        refused=refused,
        problems=problems,
        orphans=("service/old (svc-9), made for route default/old",),
        skipped={"Deployment.apps/v1": 2},
        held=held,
        state_known=False,
    )


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        pytest.param(overview(), Exit.DONE, id="orphans alone are nothing to do"),
        pytest.param(overview(Plan(unit=SERVICE)), Exit.DONE, id="nothing"),
        pytest.param(overview(CREATE), Exit.CHANGES, id="changes"),
        pytest.param(overview(CREATE, REFUSED), Exit.REFUSED, id="a refusal before changes"),
        pytest.param(overview(held="5 of 9 are gone"), Exit.REFUSED, id="a mass deletion"),
        pytest.param(overview(CREATE, refused=(CLAIM,)), Exit.REFUSED, id="a service that cannot be had"),
        pytest.param(overview(REFUSED, problems=("a.yaml: broken",)), Exit.ERROR, id="an error before all"),
    ],
)
def test_the_exit_code_is_the_worst_that_applies(seen: Overview, code: Exit) -> None:
    assert seen.exit == code


def test_the_text_says_everything_once() -> None:
    text = as_text(overview(CREATE, problems=("a.yaml:3: broken",), held="5 of 9 are gone", refused=(CLAIM,)))

    told = ("Conflicted: theirs", "UnsupportedValue: filters", "service/old", "5 of 9", "2 Deployment")
    for part in ("+ service/box", "a.yaml:3: broken", *told):
        assert text.count(part) == 1
    assert text.splitlines()[-1].startswith("Plan: 1 to create")


def test_it_is_not_as_the_manifests_want_where_they_ask_in_vain() -> None:
    assert as_text(overview()).splitlines()[-1].startswith("Nothing to do; VPC Lattice is not as the manifests want it")


def test_the_document_is_json_with_every_member() -> None:
    document = json.loads(json.dumps(as_document(overview(DELETE, REFUSED))))

    assert set(document) == {
        "format", "exit", "units", "refused", "rejected", "problems", "orphans", "massDeletion", "skipped",
        "stateKnown", "held", "unknown",
    }  # fmt: skip
    assert document["units"][0]["operations"] == [
        {"operation": "DeleteService", "text": "delete service svc-1 with its listeners and rules"}
    ]
    assert document["units"][1]["refusal"]["losses"] == ["rule 7"]


def test_what_is_held_stands_out_and_is_no_change() -> None:
    seen = replace(overview(Plan(unit=SERVICE)), spared=(("HTTPRoute default/a", Difference("no grant", 27)),))

    assert seen.exit is Exit.DONE
    assert "  ! HTTPRoute default/a: no grant (decision 27)" in as_text(seen).splitlines()
    assert as_text(seen).endswith(" 1 difference is held.")
    assert as_document(seen)["held"] == [{"object": "HTTPRoute default/a", "text": "no grant", "decision": 27}]


def test_units_without_a_change_are_not_shown() -> None:
    assert not UnitChange(key=SERVICE, change=Change.NOTHING).shown
