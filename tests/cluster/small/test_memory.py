"""`plan` of a cluster by somebody who may read all of it: what the controller alone remembers is said to be unknown."""

import json

import pytest

from tests.cluster.commands_look.asking import Person
from tests.cluster.commands_look.test_full_rights import a_deployment
from tests.cluster.run.hotel import Hotel
from tests.cluster.run.stage import Stage

pytestmark = pytest.mark.cluster


def test_since_when_a_gateway_is_missing_is_unknown(hotel: Hotel, stage: Stage, admin: Person) -> None:
    stage.plane.admin.apply(a_deployment(hotel.namespace, stage.emulator.url))
    elsewhere = json.dumps({"spec": {"parentRefs": [{"name": "nowhere"}]}})
    hotel.here("patch", "httproute/rates", "--type=merge", f"--patch={elsewhere}")

    said = admin("plan", "-A", "-o", "json")
    stage.plane.admin.delete(a_deployment(hotel.namespace, stage.emulator.url))

    missing = f"since when Gateway {hotel.namespace}/nowhere is missing, only the running controller knows"
    assert said.hidden == []
    assert said.unknown[f"HTTPRoute {hotel.namespace}/rates"].startswith(missing)
