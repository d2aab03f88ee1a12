"""A cluster of its own for a whole life: installed from the chart's manifests, used, taken away."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster import toolchain
from tests.cluster.life.world import World, a_world


@pytest.fixture(scope="module")
def world(assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A cluster with nothing but Gateway API in it, and AWS with traffic."""
    toolchain.envoy_or_give_up()
    helm = toolchain.or_give_up(toolchain.helm)
    with a_world(assets, helm, tmp_path_factory.mktemp("life")) as made:
        yield made
