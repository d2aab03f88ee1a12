"""Where a command looks: a directory with its state, or a cluster; and the settings of the process."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from lattice_gateway.cli.exits import CommandError
from lattice_gateway.settings import Settings, read_settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """``state_dir`` None: nothing is known of earlier runs, so some verdicts cannot be given."""

    source: Path
    state_dir: Path | None
    settings: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class InCluster:
    """A cluster, as kubectl would find it.

    ``kubeconfig`` None is that of KUBECONFIG, ``context`` None the current one, ``namespace`` None that of the
    context. ``everywhere``: all namespaces are shown. ``environment`` and ``flags`` (variable -> text, None where not
    typed) become settings once the controller's Deployment was asked for the rest.
    """

    kubeconfig: Path | None = None
    context: str | None = None
    namespace: str | None = None
    everywhere: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, str | None] = field(default_factory=dict)


Place: TypeAlias = Where | InCluster


def where(*, source: Path, state_dir: Path | None, flags: Mapping[str, str | None]) -> Where:
    """A directory; ``flags`` are variables set on the command line. Raises ``SettingsError``."""
    return Where(source=source, state_dir=state_dir, settings=read_settings(os.environ, flags))


def place(*, source: Path | None, state_dir: Path | None, cluster: InCluster) -> Place:
    """Checks what was typed: a directory where one is named, else the cluster.

    Raises ``CommandError`` for options that do not go together, and ``SettingsError``.
    """
    if source is None and state_dir is not None:
        raise CommandError("--state-dir DIR is about a directory: --source DIR is needed, or neither for a cluster")
    if source is None:
        return one_cluster(cluster)
    if cluster.kubeconfig or cluster.context or cluster.namespace or cluster.everywhere:
        raise CommandError("--source is a directory; --kubeconfig, --context, -n and -A are about a cluster")
    return where(source=source, state_dir=state_dir, flags=cluster.flags)


def one_cluster(cluster: InCluster) -> InCluster:
    """Checks what was typed about a cluster; raises ``CommandError`` for options that do not go together."""
    if cluster.everywhere and cluster.namespace is not None:
        raise CommandError("--namespace and --all-namespaces exclude each other")
    return cluster
