"""The role of the chart after the whole suite was run under it: nothing was missing, and nothing is there for nothing.

These tests come last (``conftest``). Where only a part of the suite was run, what it did not use says nothing.
"""

from pathlib import Path

import pytest

from tests.cluster.commands import Helm
from tests.cluster.control_plane import ControlPlane
from tests.cluster.manifests import read_manifest
from tests.cluster.rights import Right, asked, granted, unknown_wishes

pytestmark = pytest.mark.cluster

HERE = Path(__file__).parent
OF_THE_GO_CONTROLLER = frozenset({"aws-application-networking-system"})
"""Where the account has the Go controller's role."""

UNUSED: dict[str, str] = {}
"""Rights, or parts of their names, that nothing uses yet; and why they are there."""


@pytest.fixture(scope="module")
def rights(helm: Helm) -> frozenset[Right]:
    """What the chart grants."""
    return granted(read_manifest(helm.template("", "anywhere")))


def test_the_product_asked_for_nothing_beyond_its_role(control_plane: ControlPlane, rights: frozenset[Right]) -> None:
    assert unknown_wishes(asked(control_plane, OF_THE_GO_CONTROLLER), rights) == []


def test_every_right_of_the_role_was_used(
    control_plane: ControlPlane, rights: frozenset[Right], request: pytest.FixtureRequest
) -> None:
    if missing := left_out(request.session):
        pytest.skip(f"only a part of the suite was run, not {', '.join(missing[:3])} …")
    used = {call.right for call in asked(control_plane, OF_THE_GO_CONTROLLER) if call.status < 300}

    unused = sorted(map(str, rights - used))

    assert [each for each in unused if not any(part in each for part in UNUSED)] == []
    assert [part for part in UNUSED if not any(part in each for each in unused)] == [], "these exceptions are stale"


def left_out(session: pytest.Session) -> list[str]:
    """Files of the suite of which nothing was run, and what else keeps a run from being a whole one."""
    wanted = {path for path in HERE.rglob("test_*.py") if "mark.cluster" in path.read_text()}
    found = wanted - {item.path for item in session.items}
    chosen = [f"what -k {session.config.option.keyword} leaves out"] if session.config.option.keyword else []
    return chosen + sorted(str(path.relative_to(HERE)) for path in found)
