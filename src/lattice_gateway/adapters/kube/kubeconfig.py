"""Kubeconfigs as kubectl reads them: one file, or the several that KUBECONFIG names, as one.

Of a name that several files have the first one counts, and of current contexts too; paths in a file are relative to it.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from lightkube import ConfigError, KubeConfig, SingleConfig

LISTS: Final = {"clusters": "cluster", "contexts": "context", "users": "user"}
PATHS: Final = ("certificate-authority", "client-certificate", "client-key", "tokenFile")
"""Members that are paths."""


def named_files(environment: Mapping[str, str]) -> tuple[Path, ...]:
    """The files that KUBECONFIG names; none where it is not set."""
    return tuple(Path(name).expanduser() for name in environment.get("KUBECONFIG", "").split(os.pathsep) if name)


def read_files(files: Iterable[Path]) -> KubeConfig:
    """Several kubeconfigs as one; those that are missing do not count. Raises ``ConfigError`` where all are."""
    named = tuple(files)
    found = [_absolute(yaml.safe_load(file.read_text()), file.parent) for file in named if file.is_file()]
    if not found:
        raise ConfigError(f"Configuration file {os.pathsep.join(map(str, named))} not found")
    current = next((each["current-context"] for each in found if each.get("current-context")), None)
    return KubeConfig.from_dict({**{name: _merged(found, name) for name in LISTS}, "current-context": current})


def proxy_url(config: SingleConfig, environment: Mapping[str, str]) -> str | None:
    """The proxy that the kubeconfig names for the cluster, which lightkube does not read; None where it names none."""
    files = (Path(config.fname),) if config.fname else named_files(environment)
    documents = [yaml.safe_load(file.read_text()) for file in files if file.is_file()]
    clusters = {each["name"]: each["cluster"] for each in _merged(documents, "clusters")}
    found: str | None = clusters.get(config.context.cluster, {}).get("proxy-url")
    return found


def _merged(documents: Iterable[Mapping[str, Any]], name: str) -> list[Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for document in documents:
        for each in document.get(name) or ():
            found.setdefault(each["name"], each)
    return list(found.values())


def _absolute(document: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """A kubeconfig whose paths mean the same everywhere."""
    lists = {
        name: [{**each, member: _placed(each.get(member) or {}, folder)} for each in document.get(name) or ()]
        for name, member in LISTS.items()
    }
    return {**document, **lists}


def _placed(entry: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    paths: dict[str, Any] = {name: str(folder / entry[name]) for name in PATHS if entry.get(name)}
    plugin = entry.get("exec")
    if plugin and "/" in plugin.get("command", ""):
        paths["exec"] = {**plugin, "command": str(folder / plugin["command"])}
    return {**entry, **paths}
