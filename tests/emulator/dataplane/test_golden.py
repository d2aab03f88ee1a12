"""The whole configuration of a small view, compared with a file that is read in review.

``pytest tests/golden tests/emulator/dataplane --rewrite-golden`` writes the file anew.
"""

import ipaddress
import json
from pathlib import Path

import pytest

from lattice_emulator.dataplane import view as v
from lattice_emulator.dataplane.bootstrap import bootstrap
from lattice_emulator.dataplane.files import Files
from lattice_emulator.dataplane.lower import Ground, lower
from lattice_emulator.dataplane.places import Layout, OneAddress, OwnAddresses, Places
from tests.emulator.dataplane.making import group, http_listener, service, to, view_of

GOLDEN = Path(__file__).parent / "golden"
OWN = OwnAddresses(ipaddress.IPv4Network("127.171.0.0/16"))
VIEW = view_of(
    [
        service(
            1,
            http_listener(
                v.Rule(
                    v.Match("GET", v.Prefix("/parking"), (v.HeaderMatch("x-tier", v.Compare.EXACT, "gold"),)),
                    to(("parking", 1)),
                ),
                v.Rule(v.Match(path=v.Exact("/gone")), v.Fixed(404)),
                default=to(("parking", 90), ("review", 10)),
            ),
            names=("rates-0123.7d67968.vpc-lattice-svcs.us-west-2.on.aws", "rates.example"),
        )
    ],
    [
        group("parking", v.Endpoint("127.244.0.1", 8090), v.Endpoint("127.244.0.2", 8090)),
        group("review", upstream=v.Tls(v.Speaks.HTTP2)),
    ],
)


@pytest.mark.parametrize(
    ("name", "layout", "places"),
    [
        pytest.param(
            "own-addresses", OWN, Places({"svc-1": "127.171.0.9"}, {("127.171.0.9", 80): 80}), id="own addresses"
        ),
        pytest.param(
            "one-address",
            OneAddress("127.0.0.1"),
            Places({"svc-1": "127.0.0.1"}, {("127.0.0.1", 80): 10_080}),
            id="one address",
        ),
    ],
)
def test_the_configuration_is_as_reviewed(
    name: str, layout: Layout, places: Places, request: pytest.FixtureRequest
) -> None:
    configuration = lower(VIEW, places, Ground(("127.0.0.1", 8000), "run/routes", layout, v.Answers()))

    found = {
        "bootstrap": bootstrap(Files(Path("run"))),
        "clusters": configuration.clusters,
        "routes": configuration.routes,
        "listeners": configuration.listeners,
    }

    expected = GOLDEN / f"{name}.json"
    if request.config.getoption("--rewrite-golden", default=False):
        expected.write_text(json.dumps(found, indent=2) + "\n")
    assert found == json.loads(expected.read_text())
