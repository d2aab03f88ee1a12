"""The cache of built programs: where it is, and that two who want the same thing get one build."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from tests.cluster.toolchain import (
    PROGRAMS,
    BuildError,
    Recipe,
    cache_folder,
    cached,
    control_plane,
    give_up,
    go_version,
)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        pytest.param({"LATTICE_GATEWAY_CACHE": "/a", "XDG_CACHE_HOME": "/b"}, Path("/a"), id="named"),
        pytest.param({"XDG_CACHE_HOME": "/b"}, Path("/b/lattice-gateway"), id="beside the caches of others"),
        pytest.param({}, Path.home() / ".cache/lattice-gateway", id="nothing said"),
    ],
)
def test_the_cache_is_where_the_environment_says(environment: dict[str, str], expected: Path) -> None:
    assert cache_folder(environment) == expected


def test_two_who_want_the_same_folder_get_one_build(tmp_path: Path) -> None:
    builds: list[Path] = []

    def make(folder: Path) -> None:
        builds.append(folder)
        (folder / "program").write_text("built")

    both_there = Barrier(2)

    def want() -> str:
        both_there.wait()
        folder = cached(Recipe("thing", ("v1",), make), {"LATTICE_GATEWAY_CACHE": str(tmp_path)})
        return (folder / "program").read_text()

    with ThreadPoolExecutor(2) as pool:
        answers = [each.result() for each in [pool.submit(want), pool.submit(want)]]

    assert answers == ["built", "built"]
    assert len(builds) == 1


def test_a_failed_build_leaves_nothing_that_looks_finished(tmp_path: Path) -> None:
    def make(folder: Path) -> None:
        (folder / "half").write_text("")
        raise BuildError("out of memory")

    with pytest.raises(BuildError, match="out of memory"):
        cached(Recipe("thing", (), make), {"LATTICE_GATEWAY_CACHE": str(tmp_path)})

    assert [path.name for path in tmp_path.iterdir()] == ["thing.lock"]


def test_a_changed_source_gets_another_folder() -> None:
    def make(folder: Path) -> None:
        pass

    assert Recipe("thing", ("one",), make).folder != Recipe("thing", ("two",), make).folder


def test_given_assets_are_used_as_they_are(tmp_path: Path) -> None:
    for name in PROGRAMS:
        (tmp_path / name).touch()

    assert control_plane({"KUBEBUILDER_ASSETS": str(tmp_path)}) == tmp_path


def test_given_assets_without_a_controller_manager_are_refused_by_name(tmp_path: Path) -> None:
    for name in ("etcd", "kube-apiserver", "kubectl"):
        (tmp_path / name).touch()

    with pytest.raises(BuildError, match="has no kube-controller-manager"):
        control_plane({"KUBEBUILDER_ASSETS": str(tmp_path)})


def test_without_go_the_error_says_what_would_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    with pytest.raises(Exception, match="there is no Go"):
        go_version()


def test_nothing_is_skipped_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no Go"):
        give_up("no Go")

    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="no Go"):
        give_up("no Go")
