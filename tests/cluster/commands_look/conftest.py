"""Fixtures: a stage for a module, and the administrator at his shell."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.cluster.commands import Helm, Kubectl
from tests.cluster.commands_look.asking import Person
from tests.cluster.control_plane import ControlPlane
from tests.cluster.kube import Kube, eventually
from tests.cluster.run.hotel import Hotel
from tests.cluster.run.stage import Stage, a_stage

FAST = 200.0


@pytest.fixture
def stage(control_plane: ControlPlane, helm: Helm, tmp_path: Path) -> Iterator[Stage]:
    with a_stage(control_plane, helm, tmp_path, FAST) as made:
        yield made


@pytest.fixture
def admin(stage: Stage) -> Person:
    """Somebody who may do everything."""
    return Person(stage.plane.folder / "admin.kubeconfig", {"LATTICE_ENDPOINT": stage.emulator.url})


@pytest.fixture
def hotel(stage: Stage, kube: Kube, kubectl: Kubectl, namespace: str) -> Iterator[Hotel]:
    """The example, applied; whoever starts a controller also lets it finish."""
    made = Hotel(kube, kubectl, namespace)
    made.apply()
    yield made
    made.delete("httproute", "gateway", "service", "gatewayclass")
    if stage.replicas:
        made.gone()
        eventually("nothing is left in VPC Lattice", partial(_is_empty, stage), within=60)


def _is_empty(stage: Stage) -> bool:
    return not stage.emulator.counts()
