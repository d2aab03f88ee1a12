"""What the schemas allow, against those of the Go controller, our types and the API server: by drawn objects."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lattice_gateway.core.objects.decode import DecodeError, NotOurs, decode
from tests.cluster.kinds import API, CRDS, SAMPLES, SEVEN, an_object
from tests.cluster.kube import MERGE, Kube, Object
from tests.cluster.manifests import REPOSITORY, read_manifests
from tests.cluster.schemas import defaults, drawn_from

PEER = {
    crd["spec"]["names"]["kind"]: crd
    for crd in read_manifests([REPOSITORY / "tests/cluster/swap/go_controller/crds.yaml"])
}
"""The Go controller's CRDs by kind."""

EXAMPLES = settings(max_examples=15, suppress_health_check=list(HealthCheck))


def schema_of(crd: Object) -> dict[str, Any]:
    """The schema of its only version."""
    schema: dict[str, Any] = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


def bodies(crd: Object, *members: str) -> st.SearchStrategy[Any]:
    """What such an object has beside its metadata, as far as ``members`` go."""
    schema = schema_of(crd)
    return drawn_from({**schema, "properties": {name: schema["properties"][name] for name in members}})


def named(kind: str, body: Object) -> Object:
    return {**an_object(kind, "default", ""), **body}


@pytest.mark.parametrize("kind", SEVEN)
def test_names_are_those_of_the_go_controller(kind: str) -> None:
    ours, theirs = CRDS[kind], PEER[kind]

    assert ours["metadata"]["name"] == theirs["metadata"]["name"]
    assert (ours["spec"]["names"], ours["spec"]["scope"]) == (theirs["spec"]["names"], theirs["spec"]["scope"])


@pytest.mark.parametrize("kind", SEVEN)
def test_defaults_are_those_of_the_go_controller(kind: str) -> None:
    assert defaults(schema_of(CRDS[kind])) == defaults(schema_of(PEER[kind]))


@pytest.mark.cluster
@pytest.mark.parametrize("kind", SEVEN)
def test_what_the_go_controllers_crd_accepts_is_accepted_and_stored_as_it_is(kube: Kube, kind: str) -> None:
    @EXAMPLES
    @given(bodies(PEER[kind], "spec"))
    def check(body: Object) -> None:
        stored = kube.create(named(kind, body), query="?dryRun=All&fieldValidation=Strict")

        assert stored.get("spec") == body.get("spec")

    check()


@pytest.mark.cluster
@pytest.mark.parametrize("kind", SEVEN)
def test_a_status_of_the_go_controller_is_accepted_and_stored_as_it_is(kube: Kube, namespace: str, kind: str) -> None:
    there = an_object(kind, namespace, SAMPLES[kind])
    kube.create(there)
    path = f"{kube.path(there)}/status?dryRun=All&fieldValidation=Strict"

    @EXAMPLES
    @given(drawn_from(schema_of(PEER[kind])["properties"]["status"]))
    def check(status: Object) -> None:
        stored = kube.request("PATCH", path, {"status": status}, MERGE)

        assert {name: stored["status"].get(name) for name in status} == status

    try:
        check()
    finally:
        kube.delete(there)


@pytest.mark.parametrize("kind", SEVEN)
def test_what_our_schema_accepts_is_read_by_our_types(kind: str) -> None:
    @settings(max_examples=100)
    @given(bodies(CRDS[kind], "spec", "status"))
    def check(body: Object) -> None:
        read = decode(named(kind, body))

        assert not isinstance(read, DecodeError | NotOurs), read
        assert getattr(read, "spec", {}) == body.get("spec", {})

    check()


@pytest.mark.parametrize("kind", SEVEN)
def test_a_member_that_the_schema_requires_is_required_by_our_types(kind: str) -> None:
    read = decode({"apiVersion": API, "kind": kind, "metadata": {"name": "sample"}})

    assert isinstance(read, DecodeError) is ("spec" in schema_of(CRDS[kind]).get("required", ()))
