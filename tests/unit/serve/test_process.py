"""Election, probes, metrics and webhook put together, as a cluster meets them."""

import ssl
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import pytest
from aiohttp import ClientSession, TCPConnector
from prometheus_client import CollectorRegistry

from lattice_gateway.engine.clock import SystemClock
from lattice_gateway.engine.feed import Batch
from lattice_gateway.engine.leadership import Leadership
from lattice_gateway.serve.election.campaign import Campaign, Clocks
from lattice_gateway.serve.election.candidate import Timing
from lattice_gateway.serve.election.thread import Election
from lattice_gateway.serve.process import Front, Ports, Webhook, live_checks, ready_checks, serving
from lattice_gateway.serve.web import Address
from lattice_gateway.serve.webhook.around import Known
from lattice_gateway.serve.webhook.certificates import issue
from lattice_gateway.serve.webhook.tls import Serving, files_in
from tests.unit.serve.leases import Cluster, InMemory
from tests.unit.serve.test_review import review

ANY = Address("127.0.0.1", 0)
ISSUED = issue(("127.0.0.1",), datetime.now(UTC))


def an_election(cluster: Cluster) -> Election:
    clocks = Clocks(now=monotonic, moment=lambda: datetime.now(UTC))
    return Election(Campaign("me", InMemory(cluster, "ours"), Leadership(), clocks, Timing()), lambda: None)


def a_front(folder: Path, cluster: Cluster) -> Front:
    (folder / "tls.crt").write_bytes(ISSUED.pair.certificate)
    (folder / "tls.key").write_bytes(ISSUED.pair.key)
    files = files_in(folder)
    webhook = Webhook(address=ANY, certificates=files, tls=Serving(lambda: datetime.now(UTC)))
    return Front(
        registry=CollectorRegistry(),
        known=Known(),
        metrics=ANY,
        probes=ANY,
        webhook=webhook,
        election=an_election(cluster),
        live={"watches": lambda: None},
    )


async def fetched(url: str) -> tuple[int, str]:
    async with ClientSession() as session, session.get(url) as response:
        return response.status, await response.text()


async def test_a_replica_is_alive_at_once_and_ready_when_it_has_read_the_cluster(tmp_path: Path) -> None:
    front = a_front(tmp_path, Cluster())
    async with serving(front, SystemClock()) as ports:
        alive, _ = await fetched(f"http://127.0.0.1:{ports.probes}/healthz")
        early, why = await fetched(f"http://127.0.0.1:{ports.probes}/readyz")
        front.known.take(Batch(complete=True))
        while front.election is not None and ready_checks(front)["lease"]() is not None:
            await SystemClock().sleep(0.005)
        late = await fetched(f"http://127.0.0.1:{ports.probes}/readyz")
        metrics, _ = await fetched(f"http://127.0.0.1:{ports.metrics}/metrics")

    assert (alive, early, late, metrics) == (200, 503, (200, "ok"), 200)
    assert "[-]source failed: the cluster was not read yet" in why


async def test_the_webhook_answers_with_its_certificate(tmp_path: Path) -> None:
    front = a_front(tmp_path, Cluster())
    context = ssl.create_default_context(cadata=ISSUED.authority.decode())
    async with (
        serving(front, SystemClock()) as ports,
        ClientSession(connector=TCPConnector(ssl=context)) as session,
        session.post(f"https://127.0.0.1:{ports.webhook}/mutate-pod", data=review()) as response,
    ):
        answer = await response.json()

    assert answer["response"]["allowed"] is True


async def test_the_lease_is_given_back_at_the_end(tmp_path: Path) -> None:
    cluster = Cluster()
    front = a_front(tmp_path, cluster)

    async with serving(front, SystemClock()):
        while "ours" not in cluster.leases:
            await SystemClock().sleep(0.005)
        held = cluster.leases["ours"].holder

    assert (held, cluster.leases["ours"].holder) == ("me", "")


async def test_what_is_turned_off_does_not_listen() -> None:
    front = Front(registry=CollectorRegistry(), known=Known())

    async with serving(front, SystemClock()) as ports:
        assert ports == Ports()


def test_every_part_has_its_check(tmp_path: Path) -> None:
    front = a_front(tmp_path, Cluster())

    assert list(live_checks(front)) == ["lease", "watches"]
    assert list(ready_checks(front)) == ["source", "lease", "webhook"]
    assert ready_checks(front)["lease"]() == "the Lease was not looked at yet"
    assert ready_checks(front)["webhook"]() == "the webhook's certificate was not looked at yet"


async def test_an_address_that_is_taken_is_an_error_and_nothing_stays_behind(tmp_path: Path) -> None:
    cluster = Cluster()
    async with serving(Front(registry=CollectorRegistry(), known=Known(), probes=ANY), SystemClock()) as ports:
        assert ports.probes is not None
        front = Front(
            registry=CollectorRegistry(),
            known=Known(),
            probes=Address("127.0.0.1", ports.probes),
            election=an_election(cluster),
        )
        with pytest.raises(OSError, match="address already in use"):
            async with serving(front, SystemClock()):
                pass

    assert not cluster.leases
