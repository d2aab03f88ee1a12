"""Metrics of the webhook, named as the Go controller's runtime has them (controllers.md §11.2)."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Code:
    """The HTTP status of an answer, known at its end; 500 where there is none."""

    def __init__(self) -> None:
        self.status = int(HTTPStatus.INTERNAL_SERVER_ERROR)

    def is_(self, status: int) -> None:
        """The answer has this status."""
        self.status = status


class WebhookMetrics:
    """Counters and histograms in a registry of their own; ``webhook`` is the path."""

    def __init__(self, registry: CollectorRegistry) -> None:
        name = "controller_runtime_webhook"
        self._latency = Histogram(f"{name}_latency_seconds", "Duration of answers.", ("webhook",), registry=registry)
        self._flight = Gauge(
            f"{name}_requests_in_flight", "Requests that have no answer yet.", ("webhook",), registry=registry
        )
        self._requests = Counter(f"{name}_requests", "Answers by HTTP status.", ("webhook", "code"), registry=registry)
        self._panics = Counter(f"{name}_panics", "Bugs met while answering.", registry=registry)

    @contextmanager
    def request(self, webhook: str) -> Iterator[Code]:
        """Count and measure a request."""
        code, began = Code(), perf_counter()
        self._flight.labels(webhook).inc()
        try:
            yield code
        finally:
            self._flight.labels(webhook).dec()
            self._latency.labels(webhook).observe(perf_counter() - began)
            self._requests.labels(webhook, str(code.status)).inc()

    def panic(self) -> None:
        """A bug was met."""
        self._panics.inc()
