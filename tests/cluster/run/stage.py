"""A stage: the emulator as AWS, and replicas of the controller with exactly the rights that the chart gives."""

import asyncio
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from lattice_gateway.engine.leases import LEASE_NAME
from lattice_gateway.settings import LOOPBACK_VPC, VARIABLES
from tests.cluster.commands import Helm
from tests.cluster.control_plane import ControlPlane
from tests.cluster.kube import Object, eventually
from tests.cluster.processes import Running, start
from tests.cluster.rights import ACCOUNT, chart_rights
from tests.process.stage import lattice

HOME = "gateway-system"
SWEEP_MIN_AGE = "2"
"""Seconds; only tests in which a process dies leave anything to sweep."""


@dataclass(frozen=True)
class Emulator:
    """AWS, as far as these tests go."""

    process: Running
    url: str

    def counts(self) -> dict[str, int]:
        """How many resources of each type there are, zeros and certificates left out."""
        found: dict[str, int] = self.admin("GET", "counts")
        return {kind: count for kind, count in found.items() if count and kind != "CERTIFICATE"}

    def calls(self) -> dict[str, int]:
        """Calls by operation since the log was emptied."""
        found: dict[str, int] = self.admin("GET", "calls?limit=0")["counters"]
        return found

    def writes(self) -> dict[str, int]:
        """Mutating calls by operation since the log was emptied."""
        return {name: count for name, count in self.calls().items() if not name.startswith(("Get", "List"))}

    def forget_calls(self) -> None:
        """Empty the log of calls."""
        self.admin("DELETE", "calls")

    def admin(self, method: str, path: str, document: object = None) -> Any:
        """One request of the admin API."""
        body = json.dumps(document).encode() if document is not None else None
        headers = {"Content-Type": "application/json"}
        request = Request(f"{self.url}/_emulator/{path}", body, headers, method=method)  # noqa: S310 - loopback
        with urlopen(request, timeout=20) as answer:  # noqa: S310 - loopback
            return json.loads(answer.read() or b"null")


@dataclass(frozen=True)
class Replica:
    """A process of the controller; its ports are those that the system gave it, as its log says."""

    process: Running

    def port(self, of: str) -> int:
        """Where it offers ``metrics``, ``probes`` or ``webhook``."""
        eventually("it listens or has ended", lambda: bool(self.logged("listening")) or not self.process.alive)
        assert self.logged("listening"), self.process.last_words()
        return int(self.logged("listening")[0][of])

    def logged(self, event: str) -> list[dict[str, Any]]:
        """What it logged under a name."""
        lines = self.process.log.read_text().splitlines()
        events = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
        return [each for each in events if each["event"] == event]

    def probe(self, path: str) -> str:
        """The text of a probe, also where it says no; empty while nobody answers."""
        return fetched(f"http://127.0.0.1:{self.port('probes')}{path}")

    @property
    def is_ready(self) -> bool:
        return self.probe("/readyz") == "ok"

    @property
    def leads(self) -> bool:
        return f'leader_election_master_status{{name="{LEASE_NAME}"}} 1.0' in fetched(
            f"http://127.0.0.1:{self.port('metrics')}/metrics"
        )

    def ready(self, within: float = 30.0) -> "Replica":
        """Wait until it is ready."""
        try:
            eventually("ready", lambda: self.is_ready, within=within)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.process.last_words()}") from error
        return self


def fetched(url: str) -> str:
    """The text at a loopback address whatever the status; empty while nobody answers."""
    try:
        with urlopen(url, timeout=5) as answer:  # noqa: S310 - loopback
            return str(answer.read().decode())
    except OSError as error:
        return str(getattr(error, "read", bytes)().decode())


@dataclass
class Stage:
    """An account of the emulator and a cluster, and the replicas that came and went."""

    plane: ControlPlane
    emulator: Emulator
    folder: Path
    kubeconfig: Path
    rights: list[Object]
    replicas: list[Replica] = field(default_factory=list)

    def replica(self, *options: str, extra: Mapping[str, str] | None = None) -> Replica:
        """Start one; it elects unless told otherwise."""
        words = [
            f"--kubeconfig={self.kubeconfig}",
            "--health-probe-bind-address=127.0.0.1:0",
            "--metrics-bind-address=127.0.0.1:0",
            *options,
        ]
        name = f"replica-{len(self.replicas) + 1}"
        variables = {
            **bare(),
            "LATTICE_ENDPOINT": self.emulator.url,
            "POD_NAMESPACE": HOME,
            "POD_NAME": name,
            "SWEEP_MIN_AGE": SWEEP_MIN_AGE,
            **(extra or {}),
        }
        command = [sys.executable, "-m", "lattice_gateway", "run", *words]
        made = Replica(start(command, self.folder / f"{name}.log", variables))
        self.replicas.append(made)
        return made

    def create_service(self, name: str, tags: Mapping[str, str]) -> None:
        """Make a Lattice service that our controller did not make."""
        asyncio.run(_created(self.emulator.url, name, tags))

    def create_network(self, name: str) -> None:
        """Make a service network by hand, associated with the VPC of the cluster."""
        asyncio.run(_network(self.emulator.url, name))

    def services(self) -> set[str]:
        """Names of all Lattice services."""
        return asyncio.run(_services(self.emulator.url))

    def close(self) -> None:
        """Kill every replica that is left and take its Lease away."""
        for replica in self.replicas:
            replica.process.kill()
        self.plane.admin.delete(lease())


@contextmanager
def a_stage(plane: ControlPlane, helm: Helm, folder: Path, scale: float) -> Iterator[Stage]:
    """A stage whose time goes ``scale`` times as fast in AWS; nothing of it is left afterwards."""
    with chart_rights(plane, helm, HOME) as rights:
        kubeconfig = plane.kubeconfig(f"run-{folder.name}", plane.service_account_token(HOME, ACCOUNT))
        emulator = an_emulator(folder, scale)
        stage = Stage(plane, emulator, folder, kubeconfig, rights)
        try:
            yield stage
        finally:
            stage.close()
            emulator.process.stop()


def an_emulator(folder: Path, scale: float) -> Emulator:
    """A running emulator without a data plane."""
    return start_emulator(folder / "emulator.log", "--no-data-plane", "--time-scale", f"{scale:g}")


def start_emulator(log: Path, *options: str) -> Emulator:
    """A running emulator; ``log`` is not there yet."""
    process = start([sys.executable, "-u", "-m", "lattice_emulator", "serve", *options], log, bare())
    eventually("the emulator says where it is", lambda: b"\n" in log.read_bytes(), within=30)
    return Emulator(process, log.read_text().splitlines()[0].strip())


async def _created(url: str, name: str, tags: Mapping[str, str]) -> None:
    async with lattice(url) as client:
        await client.create_service(name=name, tags=dict(tags))


async def _network(url: str, name: str) -> None:
    async with lattice(url) as client:
        made = await client.create_service_network(name=name)
        await client.create_service_network_vpc_association(
            serviceNetworkIdentifier=made["id"], vpcIdentifier=LOOPBACK_VPC
        )


async def _services(url: str) -> set[str]:
    async with lattice(url) as client:
        return {each["name"] for each in (await client.list_services(maxResults=100))["items"]}


def lease() -> Object:
    metadata = {"name": LEASE_NAME, "namespace": HOME}
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata}


def bare() -> dict[str, str]:
    """Settings as if nobody had set any."""
    return {variable.name: "" for variable in VARIABLES}
