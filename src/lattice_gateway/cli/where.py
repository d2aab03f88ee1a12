"""Where a command looks: the source, the state directory, and the settings of the process."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lattice_gateway.cli.exits import CommandError
from lattice_gateway.settings import Settings, read_settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """``state_dir`` None: nothing is known of earlier runs, so some verdicts cannot be given."""

    source: Path
    state_dir: Path | None
    settings: Settings


def where(*, source: Path | None, state_dir: Path | None, flags: Mapping[str, str | None]) -> Where:
    """Checks what was typed; ``flags`` are variables set on the command line.

    Raises ``CommandError`` or ``SettingsError``.
    """
    if source is None:
        raise CommandError("--source DIR is needed: the directory of manifests (a cluster cannot be read yet)")
    return Where(source=source, state_dir=state_dir, settings=read_settings(os.environ, flags))
