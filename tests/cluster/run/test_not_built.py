"""Kinds that are known and not built yet say so on each of their objects."""

import pytest

from tests.cluster.kinds import SAMPLES, an_object
from tests.cluster.kube import Kube, Object, eventually
from tests.cluster.run.stage import Stage

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def running(shared: Stage) -> Stage:
    """A stage with a controller at work."""
    shared.replica("--leader-elect").ready()
    return shared


@pytest.mark.parametrize("kind", SAMPLES)
def test_an_object_says_that_it_has_no_effect(running: Stage, kube: Kube, namespace: str, kind: str) -> None:
    made = kube.create(an_object(kind, namespace, SAMPLES[kind]))

    eventually("its status says so", lambda: "not built yet" in accepted(kube.get(made)).get("message", ""))
    said = accepted(kube.get(made))
    kube.delete(made)

    assert (said["status"], said["reason"]) == ("Unknown", "Pending")
    assert "finalizers" not in made["metadata"]
    eventually("nothing holds it", lambda: not kube.exists(made))


def accepted(found: Object) -> Object:
    """The condition that the controller wrote."""
    conditions = found.get("status", {}).get("conditions", [])
    return next((each for each in conditions if each["type"] == "Accepted"), {})
