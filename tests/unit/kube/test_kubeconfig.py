"""KUBECONFIG with several files, as kubectl reads it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from lattice_gateway.adapters.kube.client import NotConfigured, proxy_of, read_config


def written(folder: Path, **document: Any) -> Path:
    folder.mkdir()
    file = folder / "config"
    file.write_text(yaml.safe_dump(document))
    return file


@pytest.fixture
def several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Contexts in one file, cluster and user of one of them in another; both files have a cluster ``shared``."""
    contexts = written(
        tmp_path / "contexts",
        **{"current-context": "eks"},
        contexts=[
            {"name": "eks", "context": {"cluster": "eks", "user": "aws", "namespace": "shop"}},
            {"name": "shared", "context": {"cluster": "shared", "user": "key"}},
        ],
        clusters=[{"name": "shared", "cluster": {"server": "https://first.example"}}],
        users=None,
    )
    people = written(
        tmp_path / "people",
        **{"current-context": "other"},
        clusters=[
            {"name": "shared", "cluster": {"server": "https://second.example"}},
            {"name": "eks", "cluster": {"server": "https://eks.example", "proxy-url": "http://proxy:1"}},
        ],
        users=[
            {"name": "aws", "user": {"exec": {"apiVersion": "v1", "command": "./bin/aws"}}},
            {"name": "key", "user": {"client-certificate": "a.crt", "client-key": "/etc/a.key"}},
        ],
    )
    monkeypatch.setenv("KUBECONFIG", f"{contexts}:{tmp_path / 'missing'}:{people}")
    return contexts, people


def test_the_first_file_that_has_a_name_counts_and_the_first_current_context(several: tuple[Path, Path]) -> None:
    config = read_config(None, None)

    assert (config.context_name, config.namespace, config.cluster.server) == ("eks", "shop", "https://eks.example")
    assert read_config(None, "shared").cluster.server == "https://first.example"
    assert proxy_of(config) == "http://proxy:1"


def test_paths_are_relative_to_their_file(several: tuple[Path, Path]) -> None:
    _, people = several
    plugin, key = read_config(None, "eks").user, read_config(None, "shared").user

    assert plugin is not None
    assert plugin.exec is not None
    assert plugin.exec.command == str(people.parent / "bin/aws")
    assert key is not None
    assert (key.client_cert, key.client_key) == (str(people.parent / "a.crt"), "/etc/a.key")


def test_where_all_are_missing_all_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'a'}:{tmp_path / 'b'}")

    with pytest.raises(NotConfigured, match=r"a:.*b not found"):
        read_config(None, None)
