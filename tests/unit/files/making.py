"""Manifests and moments for the tests of this folder."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from lattice_gateway.adapters.files.settle import Moment

START = datetime(2026, 1, 31, 12, tzinfo=UTC)


def at(seconds: float) -> Moment:
    """A moment so long after the start."""
    return Moment(steady=seconds, wall=START + timedelta(seconds=seconds))


def route(name: str, weight: int = 1, namespace: str = "default") -> str:
    return f"""\
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: {name}
  namespace: {namespace}
spec:
  parentRefs: [{{name: hotel}}]
  rules:
    - backendRefs: [{{name: rooms, port: 80, weight: {weight}}}]
"""


def service(name: str) -> str:
    return f"""\
apiVersion: v1
kind: Service
metadata: {{name: {name}}}
spec:
  ports: [{{port: 80}}]
"""


def stream(*documents: str) -> str:
    return "---\n".join(documents)


def write(root: Path, **files: str) -> None:
    """Writes ``<name>.yaml`` under ``root``."""
    root.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (root / f"{name}.yaml").write_text(text)
