"""What Envoy is started with: where its watched files are, and its admin endpoint on a Unix socket."""

from typing import Any

from lattice_emulator.dataplane.files import Files


def bootstrap(files: Files) -> dict[str, Any]:
    """The bootstrap configuration; everything else comes from the watched files."""
    return {
        "node": {"id": "lattice-emulator", "cluster": "lattice-emulator"},
        "admin": {"address": {"pipe": {"path": files.admin}}},
        "dynamic_resources": {
            "cds_config": _watched(str(files.clusters), str(files.clusters.parent)),
            "lds_config": _watched(str(files.listeners), str(files.listeners.parent)),
        },
    }


def _watched(path: str, directory: str) -> dict[str, Any]:
    source = {"path": path, "watched_directory": {"path": directory}}
    return {"path_config_source": source, "resource_api_version": "V3"}
