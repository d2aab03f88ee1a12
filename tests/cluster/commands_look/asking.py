"""The commands as a person runs them against a cluster, and callers with the rights that a test gives them."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cluster.control_plane import ControlPlane
from tests.cluster.kube import Object
from tests.cluster.run.stage import bare

GROUP = "rbac.authorization.k8s.io"
GATEWAY_API = "gateway.networking.k8s.io"


@dataclass(frozen=True)
class Said:
    """What a command wrote, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The output of ``-o json``."""
        assert self.err == ""
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def operations(self) -> Counter[str]:
        """Planned calls by operation."""
        return Counter(one["operation"] for unit in self.document["units"] for one in unit["operations"])

    @property
    def units(self) -> dict[str, str]:
        """What becomes of each unit."""
        return {unit["unit"]: unit["change"] for unit in self.document["units"]}

    @property
    def unknown(self) -> dict[str, str]:
        """What is unknown of single objects and units, and why."""
        return {one["object"]: one["why"] for one in self.document["unknown"] if one["object"]}

    @property
    def hidden(self) -> list[str]:
        """What is unknown of everything."""
        return [one["why"] for one in self.document["unknown"] if not one["object"]]


@dataclass(frozen=True)
class Person:
    """Somebody with a kubeconfig and an environment."""

    kubeconfig: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, command: str, *words: str) -> Said:
        """Run a command against the cluster."""
        return self.run(command, f"--kubeconfig={self.kubeconfig}", *words)

    def run(self, *words: str) -> Said:
        """Run lattice-gateway."""
        done = subprocess.run(
            [sys.executable, "-m", "lattice_gateway", *words],
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, **bare(), **self.environment},
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)


def rule(group: str, *plurals: str) -> Object:
    """Leave to read these kinds."""
    return {"apiGroups": [group], "resources": list(plurals), "verbs": ["get", "list"]}


def a_caller(plane: ControlPlane, namespace: str, rules: Iterable[Object], *, everywhere: bool) -> Path:
    """The kubeconfig of a service account that may do this, in its namespace or everywhere, and nothing else."""
    metadata = {"name": "caller", "namespace": namespace}
    name = f"{namespace}-caller"
    role, binding = ("ClusterRole", "ClusterRoleBinding") if everywhere else ("Role", "RoleBinding")
    scope = {"name": name} if everywhere else {"name": name, "namespace": namespace}
    for each in (
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
        {"apiVersion": f"{GROUP}/v1", "kind": role, "metadata": scope, "rules": list(rules)},
        {
            "apiVersion": f"{GROUP}/v1",
            "kind": binding,
            "metadata": scope,
            "roleRef": {"apiGroup": GROUP, "kind": role, "name": name},
            "subjects": [{"kind": "ServiceAccount", **metadata}],
        },
    ):
        plane.admin.apply(each)
    return plane.kubeconfig(name, plane.service_account_token(namespace, "caller"))
