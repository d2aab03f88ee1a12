"""What the schemas allow, against those of the Go controller, our types and the API server: by drawn objects."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lattice_gateway.core.objects.decode import DecodeError, NotOurs, decode
from tests.cluster.kinds import API, CRDS, SAMPLES, SEVEN, an_object
from tests.cluster.kube import MERGE, ApiError, Kube, Object
from tests.cluster.manifests import REPOSITORY, gateway_api, read_manifests
from tests.cluster.schemas import defaults, drawn_from, without

PEER = {
    crd["spec"]["names"]["kind"]: crd
    for crd in read_manifests([REPOSITORY / "tests/cluster/swap/go_controller/crds.yaml"])
}
"""The Go controller's CRDs by kind."""

GATEWAY_API = {crd["spec"]["names"]["kind"]: crd for crd in gateway_api() if "names" in crd["spec"]}
OF_LISTENERS = ("listeners.tls", "listeners.allowedRoutes.namespaces.selector")
"""Not drawn: the server takes selectors with any text for an operator, which we name as bad input."""

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


@pytest.mark.cluster
@pytest.mark.parametrize(
    ("kind", "not_read"),
    [
        pytest.param("GatewayClass", (), id="class"),
        pytest.param(
            "Gateway", ("infrastructure", "addresses", "tls", "allowedListeners", *OF_LISTENERS), id="gateway"
        ),
        pytest.param("HTTPRoute", ("rules.filters", "rules.backendRefs.filters"), id="route"),
        pytest.param("ReferenceGrant", (), id="grant"),
    ],
)
def test_a_file_is_read_as_what_the_api_server_makes_of_it(kube: Kube, kind: str, not_read: tuple[str, ...]) -> None:
    """Decision 20: what the server takes our types take, with the same defaults. What rules in CEL refuse is passed."""
    version = GATEWAY_API[kind]["spec"]["versions"][0]
    spec = without(version["schema"]["openAPIV3Schema"]["properties"]["spec"], *not_read)
    wanted = {"apiVersion": f"gateway.networking.k8s.io/{version['name']}", "kind": kind}
    home = {} if GATEWAY_API[kind]["spec"]["scope"] == "Cluster" else {"namespace": "default"}

    @EXAMPLES
    @given(drawn_from(spec))
    def check(drawn: Object) -> None:
        raw = {**wanted, "metadata": {"name": "sample", **home}, "spec": drawn}
        try:
            stored = kube.create(raw, query="?dryRun=All&fieldValidation=Strict")
        except ApiError:
            return
        given, served = decode(raw), decode(stored)

        assert not isinstance(given, DecodeError | NotOurs), given
        assert getattr(given, "spec", None) == getattr(served, "spec", None)

    check()


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
