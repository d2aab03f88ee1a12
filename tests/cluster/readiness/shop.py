"""A shop behind VPC Lattice whose Deployment is rolled: pods with gates, on a node, checked by the data plane.

The node, the controllers of kube-controller-manager, the API server that calls the webhook, the webhook and the health
checks are real; the pods are web servers in this process.
"""

import asyncio
import base64
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trustme

from lattice_gateway.cli.demo.pods import MAPPING
from lattice_gateway.core.objects import READINESS_GATE
from tests.cluster.commands import Helm
from tests.cluster.control_plane import ControlPlane
from tests.cluster.kube import Kube, Object, eventually
from tests.cluster.manifests import read_manifest
from tests.cluster.node.images import WebServer, serve
from tests.cluster.node.node import a_node
from tests.cluster.node.service import a_service
from tests.cluster.processes import free_ports
from tests.cluster.rights import ACCOUNT, chart_rights
from tests.cluster.run.stage import HOME, Replica, Stage, start_emulator
from tests.process.stage import lattice

SCALE = 20.0
"""How much faster AWS is, as in the demo: a health check every 1.5 s."""

NAMESPACE = "readiness-shop"
INJECT = "application-networking.k8s.aws/pod-readiness-gate-inject"
PODS = 2


@dataclass
class Shop:
    """The stage, and the Deployment with its Service and route."""

    stage: Stage
    port: int
    sick: set[str] = field(default_factory=set)

    @property
    def kube(self) -> Kube:
        return self.stage.plane.admin

    def begin(self, pod: Object, address: str) -> WebServer:
        """Start the container of a pod; it answers 500 as long as its version is among the ``sick``."""
        version = pod["metadata"]["labels"]["version"]
        return serve(lambda: (500 if version in self.sick else 200, {}), address, self.port)

    def roll(self, version: str) -> None:
        """Ask for pods of a version."""
        self.kube.apply(deployment(version, self.port))

    def pods(self, version: str) -> list[Object]:
        """The pods of a version that are not told to end."""
        found = self.kube.list("v1", "Pod", NAMESPACE)
        mine = [each for each in found if each["metadata"]["labels"].get("version") == version]
        return [each for each in mine if "deletionTimestamp" not in each["metadata"]]

    def gates(self, version: str) -> list[tuple[str, str]]:
        """Status and reason of our condition, of each pod of a version that has it."""
        return [(each["status"], each["reason"]) for pod in self.pods(version) if (each := gate(pod))]

    def is_rolled_out(self, version: str) -> bool:
        """Whether all pods are of that version and ready."""
        others = [each for each in self.kube.list("v1", "Pod", NAMESPACE) if each not in self.pods(version)]
        return not others and [said for said, _ in self.gates(version)] == ["True"] * PODS and self.ready() == PODS

    def ready(self) -> int:
        """How many pods are ready, as the Deployment sees it."""
        status = self.kube.get(deployment("", self.port)).get("status", {})
        return int(status.get("readyReplicas", 0))

    def targets(self) -> dict[str, str]:
        """Health by address, as VPC Lattice tells it."""
        return asyncio.run(_targets(self.stage.emulator.url))

    def programmed(self) -> bool:
        """Whether the route is in place."""
        parents = self.kube.get(route()).get("status", {}).get("parents", [])
        said = [each for parent in parents for each in parent["conditions"]]
        return any(each["type"].endswith("/Programmed") and each["status"] == "True" for each in said)

    def host(self) -> str:
        """The name under which it is asked."""
        notes = self.kube.get(route())["metadata"]["annotations"]
        return str(notes["application-networking.k8s.aws/lattice-assigned-domain-name"])

    def close(self) -> None:
        """Take everything away."""
        for each in (route(), deployment("", self.port), service(self.port), gateway(), gateway_class()):
            self.kube.delete(each)
        eventually("nothing is left in VPC Lattice", lambda: not self.stage.emulator.counts(), within=60)


@contextmanager
def a_shop(plane: ControlPlane, helm: Helm, folder: Path) -> Iterator[Shop]:
    """A shop with a route in place and no pods yet; of two controllers one leads, and both serve the webhook."""
    with ExitStack() as stack:
        rights = stack.enter_context(chart_rights(plane, helm, HOME))
        kubeconfig = plane.kubeconfig(f"run-{folder.name}", plane.service_account_token(HOME, ACCOUNT))
        options = (f"--time-scale={SCALE:g}", f"--map-targets={MAPPING}")
        emulator = start_emulator(folder / "emulator.log", *options)
        stack.callback(emulator.process.stop)
        stage = Stage(plane, emulator, folder, kubeconfig, rights)
        stack.callback(stage.close)
        shop = Shop(stage, free_ports(1)[0])
        stack.enter_context(a_node(plane.admin, {"gated-server": shop.begin}))
        webhook = stack.enter_context(a_service(lambda: [each.port("webhook") for each in living(stage)]))
        authority = certificates(folder)
        for _ in range(2):
            a_controller(shop)
        for each in (namespace(), registration(helm, webhook, authority), gateway_class(), gateway()):
            plane.admin.apply(each)
        stack.callback(plane.admin.delete, namespace())
        stack.callback(plane.admin.delete, registration(helm, webhook, authority))
        for each in (service(shop.port), route()):
            plane.admin.apply(each)
        stack.callback(shop.close)
        eventually("the route is in place", shop.programmed, within=40)
        yield shop


def living(stage: Stage) -> list[Replica]:
    return [each for each in stage.replicas if each.process.alive]


def a_controller(shop: Shop) -> Replica:
    """A new process of the controller, which serves the webhook."""
    words = ("--leader-elect", "--webhook-bind-address=127.0.0.1:0", f"--webhook-cert-dir={shop.stage.folder}")
    return shop.stage.replica(*words, extra={"WEBHOOK_ENABLED": "true"}).ready()


def gate(pod: Object) -> Object:
    """Our condition, empty where it is not there."""
    conditions = pod.get("status", {}).get("conditions", ())
    return next((each for each in conditions if each["type"] == READINESS_GATE), {})


def certificates(folder: Path) -> bytes:
    """A certificate for the webhook in a folder; the PEM of its authority."""
    authority = trustme.CA()
    pair = authority.issue_cert("127.0.0.1")
    pair.cert_chain_pems[0].write_to_path(folder / "tls.crt")
    pair.private_key_pem.write_to_path(folder / "tls.key")
    return authority.cert_pem.bytes()


def registration(helm: Helm, port: int, authority: bytes) -> Object:
    """The chart's, with an address in place of a Service."""
    rendered = read_manifest(helm.template("", HOME))
    found = next(each for each in rendered if each["kind"] == "MutatingWebhookConfiguration")
    for each in found["webhooks"]:
        path = each["clientConfig"].pop("service")["path"]
        each["clientConfig"] = {
            "url": f"https://127.0.0.1:{port}{path}",
            "caBundle": base64.b64encode(authority).decode(),
        }
    return found


async def _targets(url: str) -> dict[str, str]:
    async with lattice(url) as client:
        groups = (await client.list_target_groups())["items"]
        found = [await client.list_targets(targetGroupIdentifier=group["id"]) for group in groups]
    return {each["id"]: each["status"] for listed in found for each in listed["items"]}


def namespace() -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": {INJECT: "enabled"}}}


def gateway_class() -> Object:
    spec = {"controllerName": "application-networking.k8s.aws/gateway-api-controller"}
    metadata = {"name": "readiness-class"}
    return {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": metadata, "spec": spec}


def gateway() -> Object:
    listener = {"name": "http", "protocol": "HTTP", "port": 80}
    return _in_shop(
        "gateway.networking.k8s.io/v1",
        "Gateway",
        "mall",
        {"gatewayClassName": "readiness-class", "listeners": [listener]},
    )


def route() -> Object:
    rules = [{"backendRefs": [{"name": "shop", "port": 80}]}]
    spec = {"parentRefs": [{"name": "mall"}], "rules": rules}
    return _in_shop("gateway.networking.k8s.io/v1", "HTTPRoute", "shop", spec)


def service(port: int) -> Object:
    ports = [{"name": "http", "port": 80, "targetPort": port}]
    return _in_shop("v1", "Service", "shop", {"selector": {"app": "shop"}, "ports": ports})


def deployment(version: str, port: int) -> Object:
    container = {"name": "server", "image": "gated-server:1", "ports": [{"containerPort": port}]}
    labels = {"app": "shop", "version": version}
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
    return _in_shop(
        "apps/v1",
        "Deployment",
        "shop",
        {
            "replicas": PODS,
            "selector": {"matchLabels": {"app": "shop"}},
            "strategy": rolling,
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    )


def _in_shop(version: str, kind: str, name: str, spec: Object) -> Object:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": NAMESPACE}, "spec": spec}
