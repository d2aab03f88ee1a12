"""kubectl and helm as a person runs them."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 60


class CommandError(Exception):
    """A command ended with an error; the message has what it wrote."""


@dataclass(frozen=True, slots=True)
class Kubectl:
    """kubectl as one caller."""

    program: Path
    kubeconfig: Path

    def __call__(self, *arguments: str, stdin: str = "") -> str:
        """What it writes to standard output. Raises ``CommandError``."""
        return run([str(self.program), f"--kubeconfig={self.kubeconfig}", *arguments], stdin)


@dataclass(frozen=True, slots=True)
class Helm:
    """helm with our chart; ``kubeconfig`` is for what reaches the cluster."""

    program: Path
    chart: Path
    kubeconfig: Path

    def lint(self, values: str) -> str:
        """Judge the chart with these values (YAML). Raises ``CommandError``."""
        return self._run("lint", "--strict", str(self.chart), values=values)

    def template(self, values: str, namespace: str, *options: str) -> str:
        """The manifest for a release named ``gateway``. Raises ``CommandError``."""
        where = (f"--namespace={namespace}", "--kube-version=1.36.3")
        return self._run("template", "gateway", str(self.chart), *where, *options, values=values)

    def upgrade(self, values: str, namespace: str) -> str:
        """Install or upgrade the release ``gateway``. Raises ``CommandError``."""
        where = (f"--namespace={namespace}", f"--kubeconfig={self.kubeconfig}")
        return self._run("upgrade", "--install", "gateway", str(self.chart), *where, values=values)

    def uninstall(self, namespace: str) -> str:
        """Take the release ``gateway`` away. Raises ``CommandError``."""
        where = (f"--namespace={namespace}", f"--kubeconfig={self.kubeconfig}")
        return run([str(self.program), "uninstall", "gateway", *where])

    def _run(self, *arguments: str, values: str) -> str:
        return run([str(self.program), *arguments, "--values=-"], values)


def run(command: list[str], stdin: str = "") -> str:
    """Run a command, away from the caches and settings of whoever runs the tests. Raises ``CommandError``."""
    environment = {
        **os.environ,
        "KUBECACHEDIR": os.devnull,
        "HELM_CACHE_HOME": os.devnull,
        "HELM_DATA_HOME": os.devnull,
    }
    done = subprocess.run(
        command, input=stdin, capture_output=True, text=True, timeout=PATIENCE, env=environment, check=False
    )
    if done.returncode:
        raise CommandError(f"`{' '.join(command[:4])} ...` ended with {done.returncode}: {done.stderr or done.stdout}")
    return done.stdout
