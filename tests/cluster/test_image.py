"""The image: what its one script lays out, and what its Dockerfile says. The image itself is not built here."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cluster.manifests import DEPLOY, REPOSITORY
from tests.cluster.toolchain import give_up

NOBODY = 65532
"""The user of the image."""

ROOT = os.getuid() == 0
"""Whether the tests themselves have rights that the image does not."""

SCRIPT = "deploy/build-image-root.sh"
SOURCES = ("src", "pyproject.toml", "README.md", "LICENSE", SCRIPT)


@dataclass(frozen=True, slots=True)
class Image:
    """What the script made, and the interpreter it was made with."""

    root: Path
    interpreter: Path


def as_nobody(command: list[str], interpreter: Path) -> subprocess.CompletedProcess[str]:
    """Run a command without rights and without anything of ours in its environment."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
    settings = {"PATH": f"{interpreter.parent}:/usr/bin:/bin", "PYTHON": str(interpreter), "HOME": "/nowhere"}
    return subprocess.run(
        command,
        env={**kept, **settings},
        cwd="/",
        user=NOBODY if ROOT else None,
        group=NOBODY if ROOT else None,
        extra_groups=[] if ROOT else None,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def interpreter() -> Path:
    """A Python with pip that somebody without rights can start."""
    named = (sys.executable, "/usr/local/bin/python3", "/usr/bin/python3")
    found = next((Path(name) for name in named if os.access(name, os.X_OK) and _serves(Path(name))), None)
    if found is None:
        give_up("no Python 3.11 with pip that a user without rights can start")
    return found


@pytest.fixture(scope="module")
def image(interpreter: Path) -> Iterator[Image]:
    """The root of the image, made from a source that cannot be written, in an empty folder."""
    with tempfile.TemporaryDirectory(prefix="lattice-gateway-image-") as scratch:
        source, root = Path(scratch) / "source", Path(scratch) / "image"
        Path(scratch).chmod(0o755)
        for name in SOURCES:
            _copy(REPOSITORY / name, source / name)
        _make_read_only(source)
        root.mkdir()
        os.chown(root, NOBODY if ROOT else -1, -1)
        done = as_nobody([str(source / SCRIPT), str(source), str(root)], interpreter)
        assert done.returncode == 0, done.stderr
        yield Image(root, interpreter)
        _make_writable(source)


@pytest.mark.process
@pytest.mark.timeout(300)
def test_the_root_has_a_program_that_needs_nothing_from_outside(image: Image) -> None:
    where = "import lattice_gateway, aiobotocore; print(lattice_gateway.__file__, aiobotocore.__file__)"
    insert = f"import sys; sys.path.insert(0, '{image.root}/opt/lattice-gateway'); {where}"

    done = as_nobody([str(image.interpreter), "-I", "-c", insert], image.interpreter)

    assert [Path(found).is_relative_to(image.root) for found in done.stdout.split()] == [True, True]


@pytest.mark.process
@pytest.mark.parametrize("program", ["usr/local/bin/lattice-gateway", "manager"])
def test_programs_find_what_they_call(image: Image, program: str) -> None:
    text = (image.root / program).read_text()
    depth = int(re.search(r"parents\[(\d)\]", text)[1])  # type: ignore[index]

    assert (image.root / program).resolve().parents[depth] == image.root.resolve()
    assert os.access(image.root / program, os.X_OK)


@pytest.mark.process
@pytest.mark.parametrize(
    ("program", "first_line"),
    [
        pytest.param("usr/local/bin/lattice-gateway", "Usage: lattice-gateway [OPTIONS]", id="every command"),
        pytest.param("manager", "usage: lattice-gateway run", id="the Go controller's name for the controller"),
    ],
)
def test_programs_start_with_what_the_image_has(image: Image, program: str, first_line: str) -> None:
    done = as_nobody([str(image.root / program), "--help"], image.interpreter)

    assert done.returncode == 0, done.stderr
    assert done.stdout.lstrip().startswith(first_line)


@pytest.mark.process
def test_everything_is_compiled_as_the_root_cannot_be_written(image: Image) -> None:
    sources = list((image.root / "opt/lattice-gateway/lattice_gateway").rglob("*.py"))

    assert sources
    for source in sources:
        assert list((source.parent / "__pycache__").glob(f"{source.stem}.*.pyc")), source


@pytest.mark.process
def test_nothing_in_the_root_knows_where_it_was_made(image: Image) -> None:
    made = str(image.root).encode()

    found = [path for path in image.root.rglob("*") if path.is_file() and made in path.read_bytes()]

    assert found == []


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, comments left out."""
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    words = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    return [(word, rest) for word, rest in words]


def test_the_dockerfile_runs_the_script_and_nothing_else() -> None:
    runs = [rest for word, rest in instructions() if word == "RUN"]

    assert runs == ["/source/deploy/build-image-root.sh /source /image"]


def test_the_dockerfile_passes_hadolint() -> None:
    hadolint = Path(sysconfig.get_path("scripts")) / "hadolint"

    done = subprocess.run(
        [str(hadolint), "--no-color", str(DEPLOY / "Dockerfile")], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (0, ""), done.stdout


def test_the_dockerfile_has_no_bad_habits() -> None:
    found = instructions()
    images = [rest for word, rest in found if word == "ARG"]
    last = dict(found)

    assert {word for word, _ in found} <= {"ARG", "FROM", "COPY", "RUN", "USER", "EXPOSE", "ENTRYPOINT", "CMD"}
    assert all(re.search(r":[\w.-]*\d", rest) and "latest" not in rest for rest in images), "a version is pinned"
    assert last["USER"] == f"{NOBODY}:{NOBODY}", "a number, so that runAsNonRoot can be checked"
    assert last["ENTRYPOINT"].startswith("["), "no shell between the signal and the program"


def test_the_build_sees_all_that_the_script_needs_and_no_more() -> None:
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()

    assert lines[0] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == set(SOURCES)


def _serves(python: Path) -> bool:
    try:
        check = "import pip, sys; sys.exit(sys.version_info < (3, 11))"
        return as_nobody([str(python), "-I", "-c", check], python).returncode == 0
    except PermissionError:
        return False


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def _make_read_only(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() or os.access(path, os.X_OK) else 0o444)


def _make_writable(folder: Path) -> None:
    for path in [folder, *(each for each in folder.rglob("*") if each.is_dir())]:
        path.chmod(0o755)
