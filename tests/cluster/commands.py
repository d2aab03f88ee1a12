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


def run(command: list[str], stdin: str = "") -> str:
    """Run a command, away from the caches and settings of whoever runs the tests. Raises ``CommandError``."""
    environment = {**os.environ, "KUBECACHEDIR": os.devnull}
    done = subprocess.run(
        command, input=stdin, capture_output=True, text=True, timeout=PATIENCE, env=environment, check=False
    )
    if done.returncode:
        raise CommandError(f"`{' '.join(command[:4])} ...` ended with {done.returncode}: {done.stderr or done.stdout}")
    return done.stdout
