"""The webhook as a real API server calls it, registered by the chart's own configuration.

Only ``clientConfig.service`` becomes a ``url``: there is no network of pods to reach a Service in.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from lattice_gateway.adapters.kube.client import open_client, read_config
from lattice_gateway.core.objects import decode
from lattice_gateway.engine.feed import Batch
from lattice_gateway.serve.web import Address, listening
from lattice_gateway.serve.webhook.application import PATH, webhook_application
from lattice_gateway.serve.webhook.around import Known
from lattice_gateway.serve.webhook.certificates import Issued, issue
from lattice_gateway.serve.webhook.decision import GATE, INJECT
from lattice_gateway.serve.webhook.kept import Kept, Place
from lattice_gateway.serve.webhook.metrics import WebhookMetrics
from lattice_gateway.serve.webhook.tls import Serving, files_in, look
from tests.cluster.commands import Helm
from tests.cluster.control_plane import ControlPlane
from tests.cluster.kube import Kube, Object, eventually
from tests.cluster.manifests import read_manifest

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]

GOODBYE = 0.3
"""Seconds in which the API server answers the end of its connections, before the loop ends."""

HOME = "webhook-home"
SHOP = "webhook-shop"
PLAIN = "webhook-plain"
LABELS = {"app": "checkout"}
KINDS = (
    ("gateway.networking.k8s.io/v1", "GatewayClass", None),
    ("gateway.networking.k8s.io/v1", "Gateway", SHOP),
    ("gateway.networking.k8s.io/v1", "TLSRoute", SHOP),
    ("v1", "Service", SHOP),
)
TO_CHECKOUT = {"name": "checkout", "port": 443}
OBJECTS: tuple[Object, ...] = (
    {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "GatewayClass",
        "metadata": {"name": "webhook-class"},
        "spec": {"controllerName": "application-networking.k8s.aws/gateway-api-controller"},
    },
    {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "edge", "namespace": SHOP},
        "spec": {
            "gatewayClassName": "webhook-class",
            "listeners": [{"name": "tls", "port": 443, "protocol": "TLS", "tls": {"mode": "Passthrough"}}],
        },
    },
    {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "TLSRoute",
        "metadata": {"name": "checkout", "namespace": SHOP},
        "spec": {
            "parentRefs": [{"name": "edge"}],
            "hostnames": ["checkout.example.com"],
            "rules": [{"backendRefs": [TO_CHECKOUT]}],
        },
    },
    {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "checkout", "namespace": SHOP},
        "spec": {"selector": LABELS, "ports": [{"port": 443}]},
    },
    {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "by-hand", "namespace": SHOP},
        "spec": {"ports": [{"port": 443}]},
    },
)


@dataclass
class Webhook:
    """The running webhook: what it knows, and where its certificate lies."""

    known: Known
    folder: Path
    tls: Serving
    port: int = 0
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    async def serve(self, issued: Issued) -> None:
        """A kubelet brings a certificate."""
        (self.folder / "tls.crt").write_bytes(issued.pair.certificate)
        (self.folder / "tls.key").write_bytes(issued.pair.key)
        await look(files_in(self.folder), self.tls)

    def answered(self) -> float:
        return (
            self.registry.get_sample_value(
                "controller_runtime_webhook_requests_total", {"webhook": PATH, "code": "200"}
            )
            or 0.0
        )


@pytest.fixture(scope="module")
def objects(control_plane: ControlPlane) -> Iterator[Kube]:
    """A namespace that wants gates, one that does not, and a route with its backend."""
    kube = control_plane.admin
    namespaces = [_namespace(HOME, "enabled"), _namespace(SHOP, "enabled"), _namespace(PLAIN, "")]
    for each in [*namespaces, *OBJECTS]:
        kube.apply(each)
    for each in (HOME, SHOP, PLAIN):
        eventually("pods may be created", lambda name=each: kube.exists(_account(name)))
    yield kube
    for each in reversed([*namespaces, *OBJECTS]):
        kube.delete(each)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def webhook(objects: Kube, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Webhook]:
    """A webhook that listens and knows the cluster, as yet without a certificate."""
    hook = Webhook(Known(), tmp_path_factory.mktemp("webhook-cert"), Serving(lambda: datetime.now(UTC)))
    found = [each for version, kind, namespace in KINDS for each in objects.list(version, kind, namespace)]
    hook.known.take(Batch(puts=tuple(_decoded(each) for each in found), complete=True))
    application = webhook_application(hook.known, WebhookMetrics(hook.registry))
    async with listening(application, Address("127.0.0.1", 0), hook.tls.context) as port:
        hook.port = port
        yield hook
    await asyncio.sleep(GOODBYE)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def registered(objects: Kube, helm: Helm, webhook: Webhook) -> AsyncIterator[Kube]:
    """The API server calls the webhook."""
    issued = issue(("127.0.0.1",), datetime.now(UTC))
    await webhook.serve(issued)
    configuration = _configuration(helm, webhook.port, issued)
    await asyncio.to_thread(objects.apply, configuration)
    await _until("the webhook is called", objects, gated=True)
    yield objects
    await asyncio.to_thread(objects.delete, configuration)
    await _until("the webhook is not called any more", objects, gated=False)


@pytest.mark.parametrize(
    ("namespace", "labels", "expected"),
    [
        pytest.param(SHOP, LABELS, [GATE], id="a backend"),
        pytest.param(SHOP, {"app": "cart"}, [], id="no backend, beside a Service without a selector"),
        pytest.param(SHOP, {**LABELS, INJECT: "disabled"}, [], id="a pod that does not want it"),
        pytest.param(SHOP, {**LABELS, "control-plane": "gateway-api-controller"}, [], id="the controller's own"),
        pytest.param(PLAIN, LABELS, [], id="a namespace that does not want it"),
        pytest.param(HOME, LABELS, [], id="the controller's namespace"),
    ],
)
async def test_a_pod_gets_its_gate(
    registered: Kube, namespace: str, labels: dict[str, str], expected: list[str]
) -> None:
    assert await asyncio.to_thread(gates_of_new_pod, registered, namespace, labels) == expected


async def test_gates_of_others_stay(registered: Kube) -> None:
    gates = [{"conditionType": "example.com/other"}]

    found = await asyncio.to_thread(gates_of_new_pod, registered, SHOP, LABELS, readinessGates=gates)

    assert found == ["example.com/other", GATE]


async def test_pods_of_a_deployment_get_their_gates(registered: Kube) -> None:
    await asyncio.to_thread(registered.apply, DEPLOYMENT)

    await asyncio.to_thread(
        eventually, "two pods with gates", lambda: gates_of_pods(registered, "deployed") == [[GATE], [GATE]]
    )
    await asyncio.to_thread(registered.delete, DEPLOYMENT)


async def test_a_webhook_that_is_gone_stops_no_pod(registered: Kube, webhook: Webhook) -> None:
    port = webhook.port
    await asyncio.to_thread(_point_to, registered, port=1)

    gates = await _until("the webhook is not reached", registered, gated=False)
    await asyncio.to_thread(_point_to, registered, port=port)
    again = await _until("it is reached", registered, gated=True)

    assert (gates, again) == ([], [GATE])


async def test_a_webhook_that_has_read_nothing_stops_no_pod(registered: Kube, webhook: Webhook) -> None:
    webhook.known.complete = False
    before = webhook.answered()

    gates = await asyncio.to_thread(gates_of_new_pod, registered, SHOP, LABELS)
    webhook.known.complete = True

    assert gates == []
    assert webhook.answered() == before + 1


async def test_a_new_certificate_is_served_without_a_restart(registered: Kube, webhook: Webhook) -> None:
    new = issue(("127.0.0.1",), datetime.now(UTC))
    await asyncio.to_thread(_trust, registered, new)
    await _until("the old certificate is not trusted", registered, gated=False)

    await webhook.serve(new)

    assert await _until("the new one is", registered, gated=True) == [GATE]


async def test_a_certificate_is_made_once_and_the_api_server_told(
    registered: Kube, webhook: Webhook, control_plane: ControlPlane
) -> None:
    """From an empty Secret to a webhook that is called, with the product's own client."""
    place = Place(namespace=HOME, name="webhook-cert", names=("127.0.0.1",))
    config = read_config(control_plane.folder / "admin.kubeconfig", None)
    async with open_client(config) as api:
        kept = Kept(api, place, CONFIGURATION, lambda: datetime.now(UTC))
        first = await kept.current()
        await look(kept, webhook.tls)
        again = await kept.current()

    secret = await asyncio.to_thread(registered.get, _secret(place.name))
    assert first == again
    assert base64.b64decode(secret["data"]["tls.crt"]) == first.certificate
    assert secret["type"] == "kubernetes.io/tls"
    assert await _until("the kept certificate is served", registered, gated=True) == [GATE]


CONFIGURATION = "aws-appnet-gwc-mutating-webhook"
DEPLOYMENT: Object = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "deployed", "namespace": SHOP},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": {"of": "deployed"}},
        "template": {
            "metadata": {"labels": {**LABELS, "of": "deployed"}},
            "spec": {"containers": [{"name": "web", "image": "web:1"}]},
        },
    },
}


def gates_of_new_pod(kube: Kube, namespace: str, labels: dict[str, str], **spec: Any) -> list[str]:
    """Create a pod; the gates that it has then. It is deleted at once: no kubelet will miss it."""
    metadata = {"generateName": "checkout-", "namespace": namespace, "labels": labels}
    containers = [{"name": "web", "image": "web:1"}]
    wanted = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": containers, **spec}}
    made = kube.create(wanted)
    kube.request("DELETE", kube.path(made) + "?gracePeriodSeconds=0")
    return _gates(made)


def gates_of_pods(kube: Kube, of: str) -> list[list[str]]:
    return [_gates(pod) for pod in kube.list("v1", "Pod", SHOP) if pod["metadata"].get("labels", {}).get("of") == of]


async def _until(what: str, kube: Kube, *, gated: bool) -> list[str]:
    """Create pods until one is, or is not, given a gate: API servers learn of a configuration in their own time."""
    found: list[list[str]] = []

    def holds() -> bool:
        found.append(gates_of_new_pod(kube, SHOP, LABELS))
        return bool(found[-1]) is gated

    await asyncio.to_thread(eventually, what, holds)
    return found[-1]


def _gates(pod: Object) -> list[str]:
    return [each["conditionType"] for each in pod["spec"].get("readinessGates", [])]


def _configuration(helm: Helm, port: int, issued: Issued) -> Object:
    rendered = read_manifest(helm.template("", HOME))
    found = next(each for each in rendered if each["kind"] == "MutatingWebhookConfiguration")
    assert found["metadata"]["name"] == CONFIGURATION
    for each in found["webhooks"]:
        each["clientConfig"] = _client(port, issued)
    return found


def _client(port: int, issued: Issued) -> Object:
    return {"url": f"https://127.0.0.1:{port}{PATH}", "caBundle": base64.b64encode(issued.authority).decode()}


def _point_to(kube: Kube, port: int) -> None:
    found = kube.get(_named_configuration())
    for each in found["webhooks"]:
        each["clientConfig"]["url"] = f"https://127.0.0.1:{port}{PATH}"
    kube.merge(found, {"webhooks": found["webhooks"]})


def _trust(kube: Kube, issued: Issued) -> None:
    found = kube.get(_named_configuration())
    for each in found["webhooks"]:
        each["clientConfig"]["caBundle"] = base64.b64encode(issued.authority).decode()
    kube.merge(found, {"webhooks": found["webhooks"]})


def _named_configuration() -> Object:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": CONFIGURATION},
    }


def _decoded(raw: Object) -> Any:
    found = decode(raw)
    assert hasattr(found, "ref"), found
    return found


def _namespace(name: str, wants: str) -> Object:
    labels = {INJECT: wants} if wants else {}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def _account(namespace: str) -> Object:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": namespace}}


def _secret(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": HOME}}
