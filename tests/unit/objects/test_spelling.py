"""Misspelt members: a file is told what an API server would have told."""

from typing import Any

import pytest

from lattice_gateway.adapters.files.contents import read_content
from lattice_gateway.core.objects import decode
from lattice_gateway.core.objects.decode import DecodeError, NotOurs
from lattice_gateway.core.objects.spelling import misspelt


def route(spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "rates"},
        "spec": spec,
    }


def complaint(raw: dict[str, Any]) -> str | None:
    """What is said of a manifest that decodes."""
    thing = decode(raw)
    assert not isinstance(thing, DecodeError | NotOurs)
    found = misspelt(thing, raw)
    return str(found) if found else None


@pytest.mark.parametrize(
    ("spec", "field", "meant"),
    [
        pytest.param({"parentRef": [{"name": "edge"}]}, "spec.parentRef", "parentRefs", id="singular"),
        pytest.param({"rulez": []}, "spec.rulez", "rules", id="a letter"),
        pytest.param(
            {"rules": [{"backendRefs": [{"name": "a", "port": 80, "weigth": 9}]}]},
            "spec.rules[0].backendRefs[0].weigth",
            "weight",
            id="deep inside",
        ),
        pytest.param({"hostNames": ["a.test"]}, "spec.hostNames", "hostnames", id="case"),
    ],
)
def test_a_name_close_to_a_missing_one_is_told_with_what_is_meant(spec: dict[str, Any], field: str, meant: str) -> None:
    assert complaint(route(spec)) == f"{field}: found a member that is not known, expected {meant}, if that is meant"


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({"useDefaultGateways": "All"}, id="a member of another version"),
        pytest.param({"rules": [{"somethingNew": 1}]}, id="nothing like it is missing"),
        pytest.param({"hostnames": ["a.test"], "hostname": "a.test"}, id="the one meant is there as well"),
        pytest.param({"rules": None, "hostnames": None}, id="nulls are absent"),
    ],
)
def test_what_is_only_unknown_is_no_mistake(spec: dict[str, Any]) -> None:
    assert complaint(route(spec)) is None


def test_labels_and_annotations_are_free() -> None:
    raw = route({})
    raw["metadata"] |= {"labels": {"nam": "x"}, "annotations": {"namespac": "y"}}

    assert complaint(raw) is None


def test_in_a_file_the_object_counts_as_unreadable_and_the_line_is_named() -> None:
    text = b"""apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: rates}
spec:
  parentRefs: [{name: edge}]
  rulez: []
"""

    content = read_content("rates.yaml", text)

    (problem,) = content.part.problems
    assert str(problem) == (
        "rates.yaml:6: HTTPRoute default/rates: spec.rulez: found a member that is not known, expected rules, "
        "if that is meant"
    )
    assert content.part.objects == {}
