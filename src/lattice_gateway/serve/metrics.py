"""``/metrics`` for Prometheus, and what the process tells of itself."""

from collections.abc import Callable

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.exposition import choose_encoder
from prometheus_client.process_collector import ProcessCollector

from lattice_gateway.engine.leases import LEASE_NAME


def registry_of_process() -> CollectorRegistry:
    """A registry with ``process_*``: memory, processor time, open files (controllers.md §11.2)."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    return registry


def tell_leader(registry: CollectorRegistry, leads: Callable[[], bool]) -> None:
    """``leader_election_master_status``: 1 on the replica that leads, asked at each scrape."""
    gauge = Gauge("leader_election_master_status", "1 on the replica that leads.", ("name",), registry=registry)
    gauge.labels(LEASE_NAME).set_function(lambda: float(leads()))


def requests_of_kube(registry: CollectorRegistry) -> Callable[[str, str, str], None]:
    """``rest_client_requests_total``: is to be told of each request to the API server by code, method and host."""
    requests = Counter(
        "rest_client_requests", "Requests to the API server.", ("code", "method", "host"), registry=registry
    )

    def told(code: str, method: str, host: str) -> None:
        requests.labels(code, method, host).inc()

    return told


def metrics_application(registry: CollectorRegistry) -> web.Application:
    """The server of metrics: the text that the scraper asks for, OpenMetrics or plain. No authentication."""

    async def scrape(request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(registry), headers={"Content-Type": content_type})

    application = web.Application()
    application.router.add_get("/metrics", scrape)
    return application
