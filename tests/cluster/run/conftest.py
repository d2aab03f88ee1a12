"""Fixtures of the tests in which the controller runs in a cluster."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.commands import Helm
from tests.cluster.control_plane import ControlPlane
from tests.cluster.run.stage import Stage, a_stage

FAST = 200.0
"""How much faster AWS is where its slowness does not matter."""


@pytest.fixture(scope="module")
def shared(control_plane: ControlPlane, helm: Helm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage for a module."""
    with a_stage(control_plane, helm, tmp_path_factory.mktemp("run"), FAST) as made:
        yield made


@pytest.fixture
def stage(control_plane: ControlPlane, helm: Helm, tmp_path: Path) -> Iterator[Stage]:
    """A stage for one test."""
    with a_stage(control_plane, helm, tmp_path, FAST) as made:
        yield made
