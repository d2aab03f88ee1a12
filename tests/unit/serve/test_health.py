"""Probes: good, bad, and why."""

import json
from collections.abc import Mapping

import pytest
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import CollectorRegistry

from lattice_gateway.serve.health import Check, health_application
from lattice_gateway.serve.metrics import metrics_application, registry_of_process, tell_leader
from lattice_gateway.serve.web import Address, BadAddress, listening, read_address

LIVE: Mapping[str, Check] = {"lease": lambda: None}
READY: Mapping[str, Check] = {"source": lambda: None, "webhook": lambda: "the key is not the certificate's"}


async def asked(path: str, accept: str = "*/*") -> tuple[int, str]:
    server = TestServer(health_application(LIVE, READY))
    async with TestClient(server) as client, client.get(path, headers={"Accept": accept}) as response:
        return response.status, await response.text()


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        pytest.param("/healthz", 200, "ok", id="alive"),
        pytest.param("/healthz/", 200, "ok", id="with a slash"),
        pytest.param("/healthz/healthz", 200, "ok", id="the Go controller's sub-check"),
        pytest.param("/healthz/lease", 200, "ok", id="one of ours"),
        pytest.param(
            "/readyz",
            503,
            "[+]readyz ok\n[+]source ok\n[-]webhook failed: the key is not the certificate's\nreadyz check failed\n",
            id="not ready",
        ),
        pytest.param("/readyz/source", 200, "ok", id="a part that is ready"),
        pytest.param(
            "/readyz/webhook",
            503,
            "[-]webhook failed: the key is not the certificate's\nreadyz check failed\n",
            id="a part that is not",
        ),
        pytest.param("/readyz?exclude=webhook", 200, "ok", id="without a part"),
        pytest.param("/healthz?verbose", 200, "[+]healthz ok\n[+]lease ok\nhealthz check passed\n", id="at length"),
        pytest.param("/readyz/odd", 404, "no check 'odd'; there are readyz, source, webhook\n", id="no such part"),
    ],
)
async def test_a_probe_says_what_is_wrong(path: str, status: int, text: str) -> None:
    assert await asked(path) == (status, text)


async def test_a_program_is_told_in_json() -> None:
    status, text = await asked("/readyz", accept="application/json")

    assert status == 503
    assert json.loads(text) == {
        "ok": False,
        "checks": {"readyz": "ok", "source": "ok", "webhook": "the key is not the certificate's"},
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(":8081", Address(None, 8081), id="every address"),
        pytest.param("127.0.0.1:0", Address("127.0.0.1", 0), id="any port"),
        pytest.param("localhost:80", Address("localhost", 80), id="a name"),
        pytest.param("[::1]:80", Address("::1", 80), id="IPv6"),
        pytest.param("0", None, id="turned off"),
    ],
)
def test_an_address_is_read_as_the_go_controller_reads_it(text: str, expected: Address | None) -> None:
    assert read_address("--x", text) == expected


@pytest.mark.parametrize("text", ["", "8080", "host", ":", ":65536", "::1:80", "a b:80", ":http"])
def test_an_address_that_is_none_is_named_with_its_flag(text: str) -> None:
    with pytest.raises(BadAddress, match=r"--metrics-bind-address is .* expected HOST:PORT"):
        read_address("--metrics-bind-address", text)


async def test_metrics_are_served_in_the_text_that_is_asked_for() -> None:
    registry = registry_of_process()
    leads = [False]
    tell_leader(registry, lambda: leads[0])
    leads[0] = True
    async with TestClient(TestServer(metrics_application(registry))) as client:
        plain = await client.get("/metrics")
        openmetrics = await client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
        lines = (await plain.text()).splitlines()

        assert 'leader_election_master_status{name="amazon-vpc-lattice.io"} 1.0' in lines
        assert any(line.startswith("process_resident_memory_bytes ") for line in lines)
        assert plain.content_type == "text/plain"
        assert openmetrics.content_type == "application/openmetrics-text"
        assert (await openmetrics.text()).endswith("# EOF\n")


async def test_a_server_ends_with_its_block() -> None:
    async with listening(metrics_application(CollectorRegistry()), Address("127.0.0.1", 0), None) as port:
        taken = Address("127.0.0.1", port)
        with pytest.raises(OSError, match="address already in use"):
            async with listening(metrics_application(CollectorRegistry()), taken, None):
                pass

    async with listening(metrics_application(CollectorRegistry()), taken, None) as again:
        assert again == port
