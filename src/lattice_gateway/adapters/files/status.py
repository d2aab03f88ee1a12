"""Status of objects as files: ``<state-dir>/status/<Kind>/<namespace>/<name>.yaml``, and the source's problems.

In: statuses as mappings. Out: YAML that is replaced as a whole and only where it differs.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import yaml

from lattice_gateway.core.objects import Ref
from lattice_gateway.engine.feed import Problem, StateUnwritable

STATUS: Final = "status"
PROBLEMS: Final = "problems.yaml"

MAX_NAME: Final = 200
"""Characters of an object's name in a file name; file systems take 255 bytes with the endings."""

_LOADER: Final = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_DUMPER: Final = yaml.CSafeDumper if yaml.__with_libyaml__ else yaml.SafeDumper


class StatusDirectory:
    """Writes statuses below a state directory. Implements ``StatusWriter``."""

    def __init__(self, state: Path) -> None:
        self._root = state / STATUS

    def path(self, ref: Ref) -> Path:
        """The file of an object's status; cluster-scoped kinds have no namespace directory."""
        folder = self._root / ref.kind / ref.namespace if ref.namespace else self._root / ref.kind
        return folder / f"{_short(ref.name)}.yaml"

    def previous(self, ref: Ref) -> Mapping[str, Any] | None:
        """The status last written, also by an earlier process; None where there is none that can be read."""
        try:
            found = yaml.load(self.path(ref).read_bytes(), _LOADER)  # noqa: S506  # both loaders are safe ones
        except (OSError, yaml.YAMLError):
            return None
        return found if isinstance(found, dict) else None

    def write(self, ref: Ref, status: Mapping[str, Any]) -> bool:
        """Write the status of an object; whether that changed the file. Raises ``StateUnwritable``."""
        return _replace(self.path(ref), _dump(status))

    def remove(self, ref: Ref) -> None:
        """Remove the status of an object that is gone, and directories that are empty then."""
        path = self.path(ref)
        path.unlink(missing_ok=True)
        for folder in path.parents:
            if folder == self._root or not _is_removed(folder):
                return

    def write_problems(self, problems: tuple[Problem, ...]) -> bool:
        """Write ``status/problems.yaml``, an empty list where all is well; whether that changed the file."""
        listed = [
            {
                "file": problem.file,
                "line": problem.line,
                "object": problem.who,
                "field": problem.field,
                "message": problem.message,
            }
            for problem in problems
        ]
        return _replace(self._root / PROBLEMS, _dump({"problems": listed}))


def _short(name: str) -> str:
    """The name, or the beginning of one too long for a file and a hash of it."""
    if len(name) <= MAX_NAME:
        return name
    return f"{name[: MAX_NAME - 17]}-{blake2b(name.encode(), digest_size=8).hexdigest()}"


def _dump(content: Mapping[str, Any]) -> bytes:
    text = yaml.dump(content, Dumper=_DUMPER, sort_keys=False, allow_unicode=True, width=120)
    return text.encode("utf-8", "replace")


def _replace(path: Path, data: bytes) -> bool:
    """Put ``data`` in place of the file's content in one step, unless it is there already."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        if _content(path) == data:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(data)
        fresh.replace(path)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink()
        raise StateUnwritable(f"{path} cannot be written: {error.strerror}") from error
    return True


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _is_removed(folder: Path) -> bool:
    try:
        os.rmdir(folder)
    except OSError:
        return False
    return True
