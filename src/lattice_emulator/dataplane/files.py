"""The files of one Envoy: where they are, and how a watched one is replaced."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from lattice_emulator.dataplane.configuration import Json


@dataclass(frozen=True, slots=True)
class Files:
    """``root`` is a directory for this Envoy alone; one directory inside for each kind of watched file."""

    root: Path

    @property
    def bootstrap(self) -> Path:
        """The configuration it is started with."""
        return self.root / "boot.json"

    @property
    def admin(self) -> str:
        """The Unix socket of its admin endpoint."""
        return str(self.root / "admin.sock")

    @property
    def log(self) -> Path:
        """Its own log."""
        return self.root / "envoy.log"

    @property
    def clusters(self) -> Path:
        """The watched file of clusters."""
        return self.root / "clusters" / "clusters.json"

    @property
    def listeners(self) -> Path:
        """The watched file of listeners."""
        return self.root / "listeners" / "listeners.json"

    def routes(self, name: str) -> Path:
        """The watched file of the routes ``name``."""
        return self.routes_directory / f"{name}.json"

    @property
    def routes_directory(self) -> Path:
        """Where all routes are."""
        return self.root / "routes"

    def open_log(self) -> BinaryIO:
        """The log, to be written to where Envoy writes without being asked: when it aborts, or cannot be run."""
        return self.log.open("ab")

    def forget_admin(self) -> None:
        """Remove the socket that a killed Envoy left: the next could not bind it."""
        Path(self.admin).unlink(missing_ok=True)

    def make_directories(self) -> None:
        """Make the directory of every watched file."""
        for directory in (self.clusters.parent, self.listeners.parent, self.routes_directory):
            directory.mkdir(parents=True, exist_ok=True)


def write_json(file: Path, content: object) -> None:
    """Replace ``file`` by a rename: only a rename wakes Envoy, and it never sees half a file."""
    fresh = file.with_suffix(".tmp")
    fresh.write_bytes(msgspec.json.encode(content))
    os.replace(fresh, file)


def write_resources(file: Path, version: str, resources: tuple[Json, ...]) -> None:
    """Replace a watched file; ``version`` comes back in Envoy's statistics when it is live."""
    write_json(file, {"version_info": version, "resources": resources})
