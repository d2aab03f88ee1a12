"""What the CRDs of our seven kinds fill in and show."""

from pathlib import Path
from typing import Any

import pytest

from tests.cluster.commands import Kubectl
from tests.cluster.kinds import CRDS, GROUP, POLICIES, SAMPLES, SEVEN, an_object
from tests.cluster.kube import Kube, Object
from tests.cluster.manifests import OUR_CRDS, read_manifests

EPOCH = "1970-01-01T00:00:00Z"


def waiting(kind: str, reason: str) -> Object:
    """A condition as the schema puts it there."""
    return {
        "type": kind,
        "status": "Unknown",
        "reason": reason,
        "message": "Waiting for controller",
        "lastTransitionTime": EPOCH,
    }


NOT_RECONCILED = [waiting("Accepted", "NotReconciled")]
PENDING = [waiting("Accepted", "Pending"), waiting("Programmed", "Pending")]


@pytest.mark.cluster
@pytest.mark.parametrize(
    ("kind", "fresh", "emptied"),
    [
        pytest.param("AccessLogPolicy", NOT_RECONCILED, PENDING, id="AccessLogPolicy"),
        pytest.param("IAMAuthPolicy", NOT_RECONCILED, PENDING, id="IAMAuthPolicy"),
        pytest.param("TargetGroupPolicy", NOT_RECONCILED, PENDING, id="TargetGroupPolicy"),
        pytest.param("ServiceNetwork", NOT_RECONCILED, PENDING, id="ServiceNetwork"),
        pytest.param("VpcAssociationPolicy", None, PENDING[:1], id="VpcAssociationPolicy"),
        pytest.param("ServiceExport", None, None, id="ServiceExport"),
        pytest.param("ServiceImport", None, None, id="ServiceImport"),
    ],
)
def test_conditions_that_nobody_has_written_yet(
    kube: Kube, namespace: str, kind: str, fresh: list[Object] | None, emptied: list[Object] | None
) -> None:
    wanted = an_object(kind, namespace, SAMPLES[kind])
    try:
        created = kube.create(wanted)
        cleared = kube.merge(wanted, {"status": {"conditions": None}}, subresource="/status")
    finally:
        kube.delete(wanted)

    assert created.get("status", {}).get("conditions") == fresh
    assert cleared.get("status", {}).get("conditions") == emptied


@pytest.mark.cluster
@pytest.mark.parametrize("kind", SEVEN)
def test_kubectl_waits_for_a_condition_of_every_kind(kube: Kube, kubectl: Kubectl, namespace: str, kind: str) -> None:
    wanted = an_object(kind, namespace, SAMPLES[kind])
    kube.create(wanted)
    accepted = {**waiting("Accepted", "Accepted"), "status": "True", "observedGeneration": 1}
    ours = {**waiting(f"{GROUP}/Programmed", "Paused"), "status": "Unknown"}

    kube.merge(wanted, {"status": {"conditions": [accepted, ours]}}, subresource="/status")

    resource = f"{CRDS[kind]['metadata']['name']}/sample"
    answer = kubectl("wait", "--for=condition=Accepted", resource, f"--namespace={namespace}", "--timeout=5s")
    kube.delete(wanted)
    assert "condition met" in answer


@pytest.mark.cluster
@pytest.mark.parametrize(
    ("short", "columns"),
    [
        pytest.param("alp", "NAME KIND TARGET ACCEPTED PROGRAMMED AGE", id="access log policies"),
        pytest.param("iap", "NAME KIND TARGET ACCEPTED PROGRAMMED AGE", id="auth policies"),
        pytest.param("tgp", "NAME KIND TARGET PROTOCOL ACCEPTED PROGRAMMED AGE", id="target group policies"),
        pytest.param("vap", "NAME KIND TARGET ACCEPTED PROGRAMMED AGE", id="VPC association policies"),
        pytest.param("sn", "NAME ARN ACCEPTED PROGRAMMED AGE", id="service networks"),
        pytest.param("serviceexports", "NAME ACCEPTED PROGRAMMED AGE", id="exports"),
        pytest.param("serviceimports", "NAME EXPORT ACCEPTED PROGRAMMED AGE", id="imports"),
    ],
)
def test_kubectl_get_shows_what_became_of_it(
    kube: Kube, kubectl: Kubectl, namespace: str, short: str, columns: str
) -> None:
    kind = next(kind for kind, crd in CRDS.items() if short in _words(crd))
    wanted = an_object(kind, namespace, SAMPLES[kind])
    kube.create(wanted)

    table = kubectl("get", short, f"--namespace={namespace}")

    kube.delete(wanted)
    assert table.splitlines()[0].split() == columns.split()


@pytest.mark.cluster
def test_an_import_shows_the_export_that_its_annotation_names(kube: Kube, kubectl: Kubectl, namespace: str) -> None:
    wanted = an_object("ServiceImport", namespace, "")
    kube.create({**wanted, "metadata": {**wanted["metadata"], "annotations": {f"{GROUP}/export-name": "payments"}}})

    table = kubectl("get", "serviceimports", f"--namespace={namespace}", "--no-headers")

    assert table.split()[:2] == ["sample", "payments"]


def test_there_are_seven_kinds_in_one_version() -> None:
    versions = {kind: [version["name"] for version in crd["spec"]["versions"]] for kind, crd in CRDS.items()}

    assert versions == {kind: ["v1alpha1"] for kind in SEVEN}


@pytest.mark.parametrize("kind", SEVEN)
def test_every_kind_has_a_status_of_its_own(kind: str) -> None:
    assert _version(kind)["subresources"] == {"status": {}}


@pytest.mark.parametrize("kind", SEVEN)
def test_policies_say_that_they_are(kind: str) -> None:
    label = CRDS[kind]["metadata"].get("labels", {}).get("gateway.networking.k8s.io/policy")

    assert label == ("Direct" if kind in POLICIES else None)


@pytest.mark.parametrize("path", OUR_CRDS, ids=lambda path: path.stem)
def test_a_file_is_named_like_its_resource(path: Path) -> None:
    (crd,) = read_manifests([path])

    assert crd["spec"]["names"]["plural"] == path.stem
    assert crd["metadata"]["name"] == f"{path.stem}.{GROUP}"


def test_what_kinds_have_in_common_is_the_same_in_each() -> None:
    targets = [_without_text(_schema(kind)["spec"]["properties"]["targetRef"]) for kind in POLICIES]
    strict = [_schema(kind)["status"]["properties"]["conditions"]["items"] for kind in (*POLICIES, "ServiceNetwork")]
    loose = [
        _schema(kind)["status"]["properties"]["conditions"]["items"] for kind in ("ServiceExport", "ServiceImport")
    ]

    for same in (targets, strict, loose):
        assert all(each == same[0] for each in same)


def _words(crd: Object) -> list[str]:
    names = crd["spec"]["names"]
    return [names["plural"], *names.get("shortNames", [])]


def _version(kind: str) -> Object:
    version: Object = CRDS[kind]["spec"]["versions"][0]
    return version


def _schema(kind: str) -> Object:
    properties: Object = _version(kind)["schema"]["openAPIV3Schema"]["properties"]
    return properties


def _without_text(schema: Any) -> Any:
    """A schema without its descriptions."""
    if not isinstance(schema, dict):
        return schema
    return {key: _without_text(value) for key, value in schema.items() if key != "description"}
