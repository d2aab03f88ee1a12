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

ROUTES = [f"{kind}.gateway.networking.k8s.io" for kind in ("httproutes", "grpcroutes", "tlsroutes")]
PARENTS = [f"{kind}.gateway.networking.k8s.io" for kind in ("gatewayclasses", "gateways")]
OURS = "application-networking.k8s.aws"
BUILT = [f"serviceimports.{OURS}", f"targetgrouppolicies.{OURS}"]
"""Kinds of ours of which nothing is missing in Kubernetes: one loses an old finalizer, the other never has one."""

NOT_BUILT = [
    f"{kind}.{OURS}"
    for kind in ("accesslogpolicies", "iamauthpolicies", "serviceexports", "servicenetworks", "vpcassociationpolicies")
]
DNS = "dnsendpoints.externaldns.k8s.io"
OF_ROUTES = [kind.replace(".", "/finalizers.", 1) for kind in ROUTES]


def every(verbs: str, *resources: str) -> frozenset[Right]:
    """Each of these verbs for each of these resources."""
    return frozenset(Right(verb, resource) for verb in verbs.split() for resource in resources)


UNUSED = {
    "after a conflict an object is read again, whatever its kind": every(
        "get", "services", *PARENTS, *ROUTES, *BUILT, *NOT_BUILT
    ),
    "finalizers of kinds that are not built yet": every("patch", *NOT_BUILT),
    "claims of services are not built yet (decision 14)": every(
        "get list watch create update patch delete", "configmaps"
    ),
    "DNS names of routes are not built yet": every("get list watch create patch delete", DNS)
    | every("update", *OF_ROUTES),
}
"""Rights that nothing uses, or only now and then, and why they are there."""

SAID_TO_BE_UNKNOWN = every("list", "deployments.apps")
"""What `plan` asks for and can do without; a test calls it with the controller's token."""


@pytest.fixture(scope="module")
def rights(helm: Helm) -> frozenset[Right]:
    """What the chart grants."""
    return granted(read_manifest(helm.template("", "anywhere")))


def test_the_product_asked_for_nothing_beyond_its_role(control_plane: ControlPlane, rights: frozenset[Right]) -> None:
    assert unknown_wishes(asked(control_plane, OF_THE_GO_CONTROLLER), rights | SAID_TO_BE_UNKNOWN) == []


def test_every_right_of_the_role_was_used(
    control_plane: ControlPlane, rights: frozenset[Right], request: pytest.FixtureRequest
) -> None:
    if missing := left_out(request.session):
        pytest.skip(f"only a part of the suite was run, not {', '.join(missing[:3])} …")
    used = {call.right for call in asked(control_plane, OF_THE_GO_CONTROLLER) if call.status < 300}

    unused = rights - used

    assert sorted(map(str, unused.difference(*UNUSED.values()))) == []
    assert [why for why, named in UNUSED.items() if not named & unused] == [], "these exceptions are stale"


def left_out(session: pytest.Session) -> list[str]:
    """Files of the suite of which nothing was run, and what else keeps a run from being a whole one."""
    wanted = {path for path in HERE.rglob("test_*.py") if "mark.cluster" in path.read_text()}
    found = wanted - {item.path for item in session.items}
    chosen = [f"what -k {session.config.option.keyword} leaves out"] if session.config.option.keyword else []
    return chosen + sorted(str(path.relative_to(HERE)) for path in found)
