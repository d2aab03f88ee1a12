"""Everything that a person who installs lattice-gateway has: a cluster, AWS, and the chart.

The cluster is one of its own, because what is installed in it is taken away again, CRDs included.
"""

import base64
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeAlias

import trustme
import yaml

from lattice_gateway.cli.demo.pods import MAPPING
from lattice_gateway.settings import LOOPBACK_VPC
from tests.cluster.commands import Helm, Kubectl
from tests.cluster.control_plane import ControlPlane, start_control_plane
from tests.cluster.kube import Kube, Object, eventually
from tests.cluster.kubelet import NODE
from tests.cluster.manifests import CHART, gateway_api, install_crds, read_manifest
from tests.cluster.node.images import Gateway, gateway, web_server
from tests.cluster.node.node import Node, a_node
from tests.cluster.node.service import a_service
from tests.cluster.processes import free_ports
from tests.cluster.run.stage import Emulator, start_emulator

HOME = "aws-application-networking-system"
"""Where docs/install.md installs it."""

Standing: TypeAlias = tuple[str, str, str]
"""Kind, namespace (empty where it has none) and name of an object."""

SCALE = 20.0
"""How much faster AWS is, as in the demo."""

NOT_OF_PEOPLE = {("Event", ""), ("Lease", "kube-system")}
"""Kinds, and namespaces of them (empty: all), whose objects Kubernetes makes for itself and forgets by itself."""


@dataclass
class World:
    """A cluster with a node, an account with traffic, and the manifests of the chart for them."""

    plane: ControlPlane
    node: Node
    kubectl: Kubectl
    folder: Path
    door: int
    emulators: list[Emulator]
    options: tuple[str, ...]
    webhook: int
    manifests: list[Object] = field(default_factory=list)

    @property
    def kube(self) -> Kube:
        return self.plane.admin

    @property
    def emulator(self) -> Emulator:
        """AWS as it runs now."""
        return self.emulators[-1]

    def restart_emulator(self) -> None:
        """AWS dies as in a crash, and comes back with what it had written down."""
        self.emulator.process.kill()
        self.emulators.append(start_emulator(self.folder / f"aws-{len(self.emulators)}.log", *self.options))

    def gateways(self) -> dict[str, Gateway]:
        """The controller's containers by their pods."""
        found = {name: placed.container for name, placed in self.node.of(HOME).items()}
        return {name: each for name, each in found.items() if isinstance(each, Gateway)}

    def leader(self) -> str:
        """The pod that works."""
        eventually("somebody leads", lambda: any(each.replica.leads for each in self.ready().values()), within=30)
        return next(name for name, each in self.ready().items() if each.replica.leads)

    def ready(self) -> dict[str, Gateway]:
        return {name: each for name, each in self.gateways().items() if each.ready}

    def standing(self) -> frozenset[Standing]:
        """Everything in the cluster."""
        found = (
            (kind, each["metadata"].get("namespace", ""), each["metadata"]["name"])
            for version, kind in self._kinds()
            for each in self.kube.list(version, kind)
        )
        return frozenset(each for each in found if not {(each[0], ""), each[:2]} & NOT_OF_PEOPLE)

    def _kinds(self) -> Iterator[tuple[str, str]]:
        groups = self.kube.request("GET", "/apis")["groups"]
        for root in ["/api/v1", *(f"/apis/{group['preferredVersion']['groupVersion']}" for group in groups)]:
            found = self.kube.request("GET", root)
            for each in found["resources"]:
                if "/" not in each["name"] and "list" in each["verbs"]:
                    yield found["groupVersion"], each["kind"]


@contextmanager
def a_world(assets: Path, helm: Path, folder: Path) -> Iterator[World]:
    """A world in which nothing is installed yet; its node is at work."""
    with ExitStack() as stack:
        (folder / "plane").mkdir()
        plane = start_control_plane(assets, folder / "plane")
        stack.callback(plane.stop)
        kubectl = Kubectl(assets / "kubectl", plane.folder / "admin.kubeconfig")
        install_crds(plane.admin, gateway_api())
        plane.admin.create(NODE)
        images = {"http-server": web_server, "lattice-gateway": gateway(plane.admin, folder)}
        node = stack.enter_context(a_node(plane.admin, images))
        door, port = free_ports(2)
        options = (
            *(f"--time-scale={SCALE:g}", f"--map-targets={MAPPING}", f"--state={folder / 'aws.json'}"),
            *(f"--port={port}", f"--front-door-port={door}"),
        )
        emulators = [start_emulator(folder / "aws-0.log", *options)]
        stack.callback(_stop_last, emulators)
        webhook = stack.enter_context(a_service(partial(_webhooks, node)))
        world = World(plane, node, kubectl, folder, door, emulators, options, webhook)
        world.manifests = rendered(Helm(helm, CHART, plane.folder / "admin.kubeconfig"), world)
        yield world


def rendered(helm: Helm, world: World) -> list[Object]:
    """The chart's manifests; but for where the API server finds the webhook they are as Helm made them."""
    made = read_manifest(helm.template(yaml.safe_dump(values(world)), HOME, "--include-crds"))
    for each in made:
        if each["kind"] == "MutatingWebhookConfiguration":
            client = each["webhooks"][0]["clientConfig"]
            client["url"] = f"https://127.0.0.1:{world.webhook}{client.pop('service')['path']}"
    return made


def values(world: World) -> Object:
    """What a person sets; the certificate is good for the address at which there is a webhook here."""
    authority = trustme.CA()
    pair = authority.issue_cert("127.0.0.1", f"webhook-service.{HOME}.svc")
    chain = pair.cert_chain_pems[0].bytes()
    tls = {"caCert": authority.cert_pem.bytes(), "cert": chain, "key": pair.private_key_pem.bytes()}
    return {
        "awsRegion": "us-west-2",
        "awsAccountId": "111122223333",
        "clusterVpcId": LOOPBACK_VPC,
        "clusterName": "hotel",
        "latticeEndpoint": world.emulator.url,
        "pdb": {"enabled": True},
        "networkPolicy": {"enabled": True},
        "metrics": {"service": {"create": True}, "dashboard": {"enabled": True}},
        "webhookTLS": {name: base64.b64encode(pem).decode() for name, pem in tls.items()},
    }


def as_text(manifests: list[Object]) -> str:
    """Manifests for kubectl's standard input."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests})


def _stop_last(emulators: list[Emulator]) -> None:
    emulators[-1].process.stop()


def _webhooks(node: Node) -> list[int]:
    """Ports of the webhooks of ready controllers."""
    found = [placed.container for placed in node.of(HOME).values()]
    return [each.replica.port("webhook") for each in found if isinstance(each, Gateway) and each.ready]
