"""The programs that cluster tests need, built once from their Go modules into a cache outside the repository.

What comes in: the Go sources of ``controlplane`` and the versions below. What goes out: folders of the cache, which is
``$LATTICE_GATEWAY_CACHE``, else ``$XDG_CACHE_HOME/lattice-gateway``, else ``~/.cache/lattice-gateway``. A folder's name
ends in a hash of everything its content depends on, so that a changed source or Go version never meets an old build.

Run as a program it builds everything and prints where it is: ``python -m tests.cluster.toolchain``.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeVar

import pytest

from lattice_emulator.dataplane.binary import Found, find_envoy

T = TypeVar("T")

KUBERNETES = "v1.36.3"
HELM = "v3.22.0"
GATEWAY_API = "v1.5.1"
NEXT_GATEWAY_API = "v1.6.3"
"""A newer bundle, with which the controller starts too."""

PROMETHEUS_OPERATOR = "v0.85.0"
MONITORED = ("prometheusrules", "servicemonitors")
PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kubectl")

SOURCES = Path(__file__).parent / "controlplane"
STRIPPED = "-s -w"
NAMED = f"{STRIPPED} -X k8s.io/component-base/version.gitVersion={KUBERNETES}"
NO_GO = (
    "there is no Go: 1.26 or newer builds what the cluster tests need "
    "(instead of the control plane alone, KUBEBUILDER_ASSETS may name a folder that has it)"
)
POLITE = ("nice", "-n", "15")
"""Builds take minutes of every core; whoever works on the machine meanwhile comes first."""


class NoToolError(Exception):
    """Nothing on this machine provides the programs; the message says what would."""


class BuildError(Exception):
    """A build failed, or what was given is incomplete."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """One folder of the cache: ``make`` fills an empty folder; ``inputs`` are all that the content depends on."""

    name: str
    inputs: tuple[str, ...]
    make: Callable[[Path], None]

    @property
    def folder(self) -> str:
        """Name of the folder: the recipe's name and a hash of the inputs."""
        digest = hashlib.sha256("\0".join(self.inputs).encode()).hexdigest()
        return f"{self.name}-{digest[:16]}"


def control_plane(environment: Mapping[str, str] = os.environ) -> Path:
    """Folder that holds ``PROGRAMS``: ``$KUBEBUILDER_ASSETS`` where set, else built.

    Raises ``NoToolError`` where neither is possible, ``BuildError`` where a program is missing or does not build.
    """
    given = environment.get("KUBEBUILDER_ASSETS")
    if not given:
        return cached(control_plane_recipe(), environment)
    absent = [name for name in PROGRAMS if not (Path(given) / name).is_file()]
    if absent:
        raise BuildError(f"KUBEBUILDER_ASSETS has no {', '.join(absent)}; expected {', '.join(PROGRAMS)} in it")
    return Path(given)


def helm(environment: Mapping[str, str] = os.environ) -> Path:
    """The ``helm`` program. Raises ``NoToolError``, ``BuildError``."""
    return cached(helm_recipe(), environment) / "helm"


def gateway_api(environment: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """The manifests of Gateway API's standard channel, sorted by name. Raises ``NoToolError``, ``BuildError``."""
    return tuple(sorted(cached(gateway_api_recipe(), environment).glob("*.yaml")))


def next_gateway_api(environment: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """The same of a newer release. Raises ``NoToolError``, ``BuildError``."""
    return tuple(sorted(cached(next_gateway_api_recipe(), environment).glob("*.yaml")))


def monitoring(environment: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """The CRDs of the Prometheus operator that the chart has objects of. Raises ``NoToolError``, ``BuildError``."""
    return tuple(sorted(cached(monitoring_recipe(), environment).glob("*.yaml")))


def control_plane_recipe() -> Recipe:
    """The four programs of ``controlplane/main.go``: one file and a link for each name."""
    sources = tuple((SOURCES / name).read_text() for name in ("go.mod", "go.sum", "main.go"))
    return Recipe("controlplane", (go_version(), NAMED, *sources), _make_control_plane)


def helm_recipe() -> Recipe:
    """Helm of the pinned version."""
    return Recipe("helm", (go_version(), HELM, STRIPPED), _make_helm)


def gateway_api_recipe() -> Recipe:
    """CRDs and admission policy of Gateway API of the pinned version, standard channel."""
    return _files_recipe("gateway-api", f"sigs.k8s.io/gateway-api@{GATEWAY_API}", "config/crd/standard/*.yaml")


def next_gateway_api_recipe() -> Recipe:
    """The same of a newer release."""
    module = f"sigs.k8s.io/gateway-api@{NEXT_GATEWAY_API}"
    return _files_recipe("next-gateway-api", module, "config/crd/standard/*.yaml")


def monitoring_recipe() -> Recipe:
    """CRDs of ServiceMonitor and PrometheusRule of the pinned version."""
    module = f"github.com/prometheus-operator/prometheus-operator@{PROMETHEUS_OPERATOR}"
    return _files_recipe(
        "monitoring",
        module,
        "example/prometheus-operator-crd/*_prometheusrules.yaml",
        "example/prometheus-operator-crd/*_servicemonitors.yaml",
    )


RECIPES = (control_plane_recipe, helm_recipe, gateway_api_recipe, next_gateway_api_recipe, monitoring_recipe)


def cached(recipe: Recipe, environment: Mapping[str, str]) -> Path:
    """The folder of a recipe, made first if it is not there.

    Of several processes that want it at once one builds and the others wait; a build that was cut off leaves nothing
    that looks finished, because the folder gets its name last.
    """
    cache = cache_folder(environment)
    wanted = cache / recipe.folder
    if wanted.is_dir():
        return wanted
    cache.mkdir(parents=True, exist_ok=True)
    with _locked(cache / f"{recipe.name}.lock"):
        if not wanted.is_dir():
            _build(recipe, cache, wanted)
    return wanted


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where everything is kept."""
    if named := environment.get("LATTICE_GATEWAY_CACHE"):
        return Path(named)
    base = environment.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "lattice-gateway"


def go_is_there() -> bool:
    """Whether Go can be called."""
    return shutil.which("go") is not None


def go_version() -> str:
    """Answer of ``go version``. Raises ``NoToolError`` where there is no Go."""
    if not go_is_there():
        raise NoToolError(NO_GO)
    return subprocess.run(["go", "version"], check=True, capture_output=True, text=True).stdout.strip()


def or_give_up(make: Callable[[], T]) -> T:
    """What ``make`` makes; where nothing on this machine can make it, the test ends."""
    try:
        return make()
    except NoToolError as error:
        give_up(str(error))


def give_up(reason: str) -> NoReturn:
    """Skip; under CI fail, because there it would hide that nothing was tested."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def envoy_or_give_up() -> None:
    """Go on only where there is an Envoy, without which nothing answers and nobody's health is checked."""
    if not isinstance(find_envoy(), Found):
        give_up("there is no Envoy for this machine, so no traffic and no health checks")


def main() -> int:
    """Build what is missing and print a line for each folder; 1 where a tool is missing or a build fails."""
    try:
        for recipe in RECIPES:
            print(cached(recipe(), os.environ))
    except (NoToolError, BuildError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _build(recipe: Recipe, cache: Path, wanted: Path) -> None:
    started = time.monotonic()
    print(f"Building {recipe.folder} (once) ...", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=f".{recipe.name}-") as scratch:
        content = Path(scratch) / "content"
        content.mkdir()
        recipe.make(content)
        content.rename(wanted)
    print(f"Built {recipe.folder} in {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


def _make_control_plane(folder: Path) -> None:
    _go(["build", "-trimpath", "-ldflags", NAMED, "-o", str(folder / PROGRAMS[0]), "."], SOURCES, {})
    for name in PROGRAMS[1:]:
        (folder / name).symlink_to(PROGRAMS[0])


def _make_helm(folder: Path) -> None:
    _go(
        ["install", "-trimpath", "-ldflags", STRIPPED, f"helm.sh/helm/v3/cmd/helm@{HELM}"],
        folder,
        {"GOBIN": str(folder)},
    )


def _files_recipe(name: str, module: str, *patterns: str) -> Recipe:
    """Files that a Go module carries beside its code."""

    def make(folder: Path) -> None:
        answer = _go(["mod", "download", "-json", module], folder, {})
        module_folder = Path(json.loads(answer)["Dir"])
        for found in (path for pattern in patterns for path in module_folder.glob(pattern)):
            (folder / found.name).write_bytes(found.read_bytes())

    return Recipe(name, (module, *patterns), make)


def _go(arguments: list[str], folder: Path, extra: Mapping[str, str]) -> str:
    """Run Go in ``folder``; its errors go to standard error as they come. Raises ``BuildError``."""
    go_version()
    environment = {**os.environ, "GOTOOLCHAIN": "local", "CGO_ENABLED": "0", **extra}
    command = [*POLITE, "go", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise BuildError(f"`go {' '.join(arguments)}` failed with {done.returncode}; its messages are above")
    return done.stdout


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock on a file; the system gives it back when the process ends, however it ends."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    raise SystemExit(main())
