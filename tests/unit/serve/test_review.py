"""What the API server asks, and what it is told."""

import base64
import json
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import CollectorRegistry

from lattice_gateway.engine.feed import Batch
from lattice_gateway.serve.webhook.application import PATH, webhook_application
from lattice_gateway.serve.webhook.around import Known
from lattice_gateway.serve.webhook.decision import GATE, Pod, Surroundings
from lattice_gateway.serve.webhook.metrics import WebhookMetrics
from lattice_gateway.serve.webhook.review import NoQuestion, NotAReview, Question, answer, read
from tests.unit.serve.objects import CHECKOUT, export

AROUND = Surroundings(services=(CHECKOUT,), exports=(export("checkout"),))


def review(pod: Any = None, **changes: Any) -> bytes:
    request = {
        "uid": "u-1",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "namespace": "shop",
        "operation": "CREATE",
        "userInfo": {"username": "system:admin"},
        "object": pod if pod is not None else a_pod(),
        "oldObject": None,
        "dryRun": False,
        "options": {"kind": "CreateOptions"},
        **changes,
    }
    return json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}).encode()


def a_pod(**spec: Any) -> dict[str, Any]:
    """As a ReplicaSet makes it: without a name and without a namespace."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"generateName": "checkout-", "labels": {"app": "checkout"}},
        "spec": {"containers": [{"name": "web", "image": "web:1"}], **spec},
    }


def told(body: bytes, around: Surroundings | None = AROUND) -> dict[str, Any]:
    text, _ = answer(read(body), (lambda _: around) if around else None)
    found: dict[str, Any] = json.loads(text)
    assert (found["apiVersion"], found["kind"]) == ("admission.k8s.io/v1", "AdmissionReview")
    assert found["response"]["uid"] == "u-1"
    assert found["response"]["allowed"] is True
    response: dict[str, Any] = found["response"]
    return response


def test_a_pod_that_waits_is_admitted_with_a_patch() -> None:
    response = told(review())

    assert response["patchType"] == "JSONPatch"
    assert json.loads(base64.b64decode(response["patch"])) == [
        {"op": "add", "path": "/spec/readinessGates", "value": [{"conditionType": GATE}]}
    ]


def test_a_gate_is_added_to_those_that_are_there() -> None:
    response = told(review(a_pod(readinessGates=[{"conditionType": "other"}])))

    assert json.loads(base64.b64decode(response["patch"]))[0]["path"] == "/spec/readinessGates/-"


def test_the_namespace_is_that_of_the_request_and_the_name_what_is_known_of_it() -> None:
    asked = read(review())

    assert isinstance(asked, Question)
    assert (asked.pod.namespace, asked.name) == ("shop", "shop/checkout-*")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(review(operation="UPDATE"), id="not a creation"),
        pytest.param(review(kind={"group": "apps", "version": "v1", "kind": "Deployment"}), id="not a pod"),
        pytest.param(review(subResource="ephemeralcontainers"), id="a part of a pod"),
        pytest.param(review({"metadata": {"labels": {"app": "cart"}}, "spec": {}}), id="a pod that need not wait"),
        pytest.param(review({"metadata": {"labels": None}, "spec": {}}), id="a pod without labels"),
        pytest.param(review({}), id="an empty pod"),
    ],
)
def test_what_need_not_wait_is_admitted_as_it_is(body: bytes) -> None:
    response = told(body)

    assert response == {"uid": "u-1", "allowed": True}


@pytest.mark.parametrize(
    ("body", "around", "warning"),
    [
        pytest.param(review(), None, "the objects of the cluster were not read yet", id="not synced"),
        pytest.param(review({"metadata": {"labels": 7}}), AROUND, "the pod cannot be read", id="odd labels"),
        pytest.param(review([]), AROUND, "the pod cannot be read", id="no object"),
    ],
)
def test_what_cannot_be_decided_is_admitted_with_a_warning(
    body: bytes, around: Surroundings | None, warning: str
) -> None:
    response = told(body, around)

    assert "patch" not in response
    assert len(response["warnings"]) == 1
    assert f"lattice-gateway: no readiness gate: {warning}" in response["warnings"][0]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="half of it"),
        pytest.param(b"\xff\xfe", id="not text"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}', id="no request"),
        pytest.param(review().replace(b"admission.k8s.io/v1", b"admission.k8s.io/v1beta1"), id="an older version"),
    ],
)
def test_what_is_no_review_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(NotAReview, match=r"AdmissionReview of admission\.k8s\.io/v1"):
        read(body)


def test_a_question_about_nothing_has_no_warning() -> None:
    assert read(review(operation="DELETE")) == NoQuestion("u-1")


class Broken(Known):
    """Objects that a bug has got hold of."""

    def around(self, pod: Pod) -> Surroundings:
        raise LookupError(pod)


async def post(known: Known, body: bytes) -> tuple[int, str, CollectorRegistry]:
    registry = CollectorRegistry()
    server = TestServer(webhook_application(known, WebhookMetrics(registry)))
    async with TestClient(server) as client, client.post(PATH, data=body) as response:
        return response.status, await response.text(), registry


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(f"controller_runtime_webhook_{name}", labels)


async def test_a_review_is_answered_and_counted() -> None:
    known = Known()
    known.take(Batch(puts=(CHECKOUT, export("checkout")), complete=True))

    status, text, registry = await post(known, review())

    assert status == 200
    assert "patch" in json.loads(text)["response"]
    assert value(registry, "requests_total", webhook=PATH, code="200") == 1
    assert value(registry, "latency_seconds_count", webhook=PATH) == 1
    assert value(registry, "requests_in_flight", webhook=PATH) == 0
    assert value(registry, "panics_total") == 0


async def test_a_bug_costs_the_gate_and_not_the_pod() -> None:
    known = Broken()
    known.take(Batch(complete=True))

    status, text, registry = await post(known, review())

    response = json.loads(text)["response"]
    assert (status, response["allowed"], "patch" in response) == (200, True, False)
    assert "a bug of the controller" in response["warnings"][0]
    assert value(registry, "panics_total") == 1


async def test_what_is_no_review_is_a_bad_request() -> None:
    status, text, registry = await post(Known(), b"{}")

    assert status == 400
    assert "expected an AdmissionReview" in text
    assert value(registry, "requests_total", webhook=PATH, code="400") == 1
