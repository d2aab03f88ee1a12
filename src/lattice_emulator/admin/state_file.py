"""The state file: the whole emulation as JSON, replaced atomically."""

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from lattice_emulator.admin.entries import SettingError

FORMAT = "lattice-emulator/1"


def read_state(path: Path) -> Mapping[str, Any] | None:
    """Read the state at ``path``, None when there is no such file; raises SettingError."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{path}: cannot be read: {error}") from None
    try:
        state = json.loads(text)
    except ValueError as error:
        raise SettingError(f"{path}: is not a state file: {error}") from None
    try:
        return checked_state(state)
    except SettingError as error:
        raise SettingError(f"{path}: {error}") from None


def checked_state(state: object) -> Mapping[str, Any]:
    """Check that ``state`` is a snapshot of this format; raises SettingError."""
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        found = state.get("format") if isinstance(state, dict) else type(state).__name__
        raise SettingError(f"format: found {found!r}, expected a snapshot of the format {FORMAT!r}")
    if not isinstance(state.get("now"), int | float) or not isinstance(state.get("world"), dict):
        raise SettingError("now, world: expected a time in seconds and a mapping")
    return state


def write_state(path: Path, state: Mapping[str, Any]) -> None:
    """Replace the file at ``path`` in one step: a reader sees the old state or the new; raises OSError."""
    data = msgspec.json.encode(state)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
