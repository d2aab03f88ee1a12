"""The cluster of the Go controller with its manifests, the account it kept, and the process that takes its place."""

import base64
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import trustme

from tests.cluster.commands import Kubectl, run
from tests.cluster.control_plane import ControlPlane
from tests.cluster.kube import Kube, Object, eventually
from tests.cluster.manifests import read_manifests
from tests.cluster.processes import free_ports, start
from tests.cluster.run.stage import Emulator, Replica, bare
from tests.cluster.swap.facts import VPC

HERE = Path(__file__).parent
PEER = HERE / "go_controller"
HOME = "aws-application-networking-system"
ACCOUNT = "gateway-api-controller"
RELEASE = "gateway-api-controller-aws-gateway-controller-chart"
IMAGE = "lattice-gateway:0.1.0"
DEPLOYMENT: Object = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": RELEASE, "namespace": HOME}}
LEASE: Object = {
    "apiVersion": "coordination.k8s.io/v1",
    "kind": "Lease",
    "metadata": {"name": "amazon-vpc-lattice.io", "namespace": HOME},
}
LEFT_LEASE: Object = {
    "holderIdentity": "gateway-api-controller-7d9c6b5f4-x2x7k_5f0c7f3e-4a55-4ad6-9d0f-0c6f2b6d1a11",
    "leaseDurationSeconds": 15,
    "leaseTransitions": 3,
    "acquireTime": "2026-01-01T00:00:00.000000Z",
    "renewTime": "2026-01-01T08:00:00.000000Z",
}
"""The Go controller does not give its Lease back when it ends."""

SECRET: Object = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "webhook-cert", "namespace": HOME}}
PREFIXES = {"resourcegroupstaggingapi": "tag", "vpc-lattice": "vpc-lattice", "acm": "acm"}
"""The emulator's name of a service and the prefix of its actions in IAM; who calls sts:GetCallerIdentity needs none."""

SCALE = 50
"""How much faster than in AWS states change and health is checked."""


@dataclass(frozen=True, slots=True)
class Swap:
    """A cluster of the Go controller, AWS as far as it goes, and a port for the webhook of whoever takes over."""

    plane: ControlPlane
    emulator: Emulator
    folder: Path
    webhook: int

    @property
    def kube(self) -> Kube:
        return self.plane.admin

    @property
    def kubectl(self) -> Kubectl:
        return Kubectl(self.plane.assets / "kubectl", self.plane.folder / "admin.kubeconfig")

    def install_peer(self) -> None:
        """The Go controller's manifests; its Deployment finds AWS at the emulator, its webhook at a port from here."""
        home = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": HOME}}
        files = [PEER / name for name in ("role.yaml", "deployment.yaml", "webhook.yaml")]
        authority = trustme.CA()
        for each in [home, *read_manifests(files), {**LEASE, "spec": LEFT_LEASE}]:
            self.kube.apply(self._here(each, authority))

    def swap_image(self) -> Object:
        """Change nothing but the image; the Deployment as it is then."""
        self.kubectl("set", "image", f"deployment/{RELEASE}", f"manager={IMAGE}", f"--namespace={HOME}")
        return self.kube.get(DEPLOYMENT)

    def start(self, deployment: Object) -> Replica:
        """What a kubelet would start of the Deployment: its words, its environment, its account, its Secret.

        Ports are those of this machine, which others use as well; everything else is as it stands there.
        """
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        assert (container["image"], container["command"]) == (IMAGE, ["/manager"])
        certificates = self._mounted()
        words = [
            *container["args"],
            "--health-probe-bind-address=127.0.0.1:0",
            "--metrics-bind-address=127.0.0.1:0",
            f"--webhook-bind-address=127.0.0.1:{self.webhook}",
            f"--webhook-cert-dir={certificates}",
        ]
        variables = {each["name"]: each.get("value", "") for each in container["env"]}
        account = self._account(deployment["spec"]["template"]["spec"]["serviceAccountName"])
        program = [sys.executable, "-m", "lattice_gateway", "run", *words]
        log = self.folder / f"replica-{len(list(self.folder.glob('replica-*')))}.log"
        return Replica(start(program, log, {**bare(), "KUBECONFIG": str(account), **variables}))

    def command(self, *words: str) -> str:
        """``lattice-gateway`` as the administrator types it; raises ``CommandError`` unless it ends with 0."""
        where = f"--kubeconfig={self.plane.folder / 'admin.kubeconfig'}"
        return run([sys.executable, "-m", "lattice_gateway", *words, where])

    def calls(self) -> list[dict[str, Any]]:
        """Every call since the log was emptied."""
        found: list[dict[str, Any]] = self.emulator.admin("GET", "calls?limit=10000")["calls"]
        return found

    def _here(self, each: Object, authority: trustme.CA) -> Object:
        """A manifest with what differs from cluster to cluster filled in."""
        match each["kind"]:
            case "Deployment":
                (container,) = each["spec"]["template"]["spec"]["containers"]
                for variable in container["env"]:
                    if variable["name"] == "LATTICE_ENDPOINT":
                        variable["value"] = self.emulator.url
            case "Secret":
                pair = authority.issue_cert("127.0.0.1")
                each["data"] = {
                    "ca.crt": _encoded(authority.cert_pem),
                    "tls.crt": _encoded(pair.cert_chain_pems[0]),
                    "tls.key": _encoded(pair.private_key_pem),
                }
            case "MutatingWebhookConfiguration":
                url = f"https://127.0.0.1:{self.webhook}/mutate-pod"
                each["webhooks"][0]["clientConfig"] = {"url": url, "caBundle": _encoded(authority.cert_pem)}
        return each

    def _mounted(self) -> Path:
        """The webhook's Secret as files."""
        folder = self.folder / "webhook-cert"
        folder.mkdir(exist_ok=True)
        for name, text in self.kube.get(SECRET)["data"].items():
            (folder / name).write_bytes(base64.b64decode(text))
        return folder

    def _account(self, name: str) -> Path:
        """A kubeconfig in place of the service account's folder: its token, its namespace."""
        path = self.plane.kubeconfig("go-controller", self.plane.service_account_token(HOME, name))
        config = json.loads(path.read_text())
        config["contexts"][0]["context"]["namespace"] = HOME
        path.write_text(json.dumps(config))
        return path


@contextmanager
def a_swap(plane: ControlPlane, folder: Path, pods: str) -> Iterator[Swap]:
    """The Go controller's manifests in a cluster, and an empty account; ``pods`` maps their addresses to loopback."""
    words = ("--time-scale", str(SCALE), "--map-targets", pods, "--client-vpc", VPC)
    log = folder / "emulator.log"
    process = start([sys.executable, "-u", "-m", "lattice_emulator", "serve", *words], log, bare())
    try:
        eventually("the emulator says where it is", lambda: log.read_bytes().count(b"\n") > 1, within=60)
        swap = Swap(plane, Emulator(process, log.read_text().splitlines()[0].strip()), folder, free_ports(1)[0])
        swap.install_peer()
        yield swap
    finally:
        process.stop()


def allowed(call: dict[str, Any]) -> bool:
    """Whether the Go controller's IAM policy lets a call through."""
    if call["service"] == "sts":
        return True
    action = f"{PREFIXES[call['service']]}:{call['operation']}"
    statements = json.loads((PEER / "iam-policy.json").read_text())["Statement"]
    patterns = [each for one in statements if one["Resource"] == "*" for each in one["Action"]]
    return any(fnmatch(action, pattern) for pattern in patterns)


def peak_memory(replica: Replica) -> int:
    """The most that a process ever had in memory, in bytes."""
    lines = Path(f"/proc/{replica.process.process.pid}/status").read_text().splitlines()
    (peak,) = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(peak) * 1024


def processor_time(replica: Replica) -> float:
    """Seconds of a processor that a process has used."""
    fields = Path(f"/proc/{replica.process.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _encoded(blob: trustme.Blob) -> str:
    return base64.b64encode(blob.bytes()).decode()
