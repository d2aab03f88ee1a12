"""Metrics of the process, named as the Go controller's where it has them (api.md §5.4)."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from lattice_gateway.core.lattice.outcome import ErrorKind, LatticeError, Result
from lattice_gateway.engine.call_names import CallName
from lattice_gateway.engine.lags import DEREGISTERED, REGISTERED
from lattice_gateway.engine.runtime_metrics import RuntimeMetrics

OK = "200"
DURATIONS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Parity: seconds of the default buckets of Go's client, which differ from Python's."""
LAGS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
STATUS_OF = {
    ErrorKind.CONFLICT: "409",
    ErrorKind.NOT_FOUND: "404",
    ErrorKind.THROTTLED: "429",
    ErrorKind.QUOTA: "402",
    ErrorKind.DENIED: "403",
    ErrorKind.INVALID: "400",
    ErrorKind.UNAVAILABLE: "500",
    ErrorKind.UNKNOWN_RESULT: "",
}
"""The status that stands for a kind of error; none where there was no answer."""


class Metrics:
    """Counters and histograms in a registry of their own."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.runtime = RuntimeMetrics(registry)
        labels = ("service", "operation", "status_code", "error_code")
        self._calls = Counter("aws_api_calls", "Calls to AWS.", labels, registry=registry)
        self._requests = Counter("aws_api_requests", "Requests to AWS; each attempt is one.", labels, registry=registry)
        names = ("service", "operation")
        self._call_times = Histogram(
            "aws_api_call_duration_seconds",
            "Time from the first attempt to the last answer.",
            names,
            buckets=DURATIONS,
            registry=registry,
        )
        self._request_times = Histogram(
            "aws_api_request_duration_seconds", "Time of one attempt.", names, buckets=DURATIONS, registry=registry
        )
        self._retries = Histogram(
            "aws_api_call_retries", "Further attempts of calls.", names, buckets=range(11), registry=registry
        )
        self._throttled = Counter(
            "lattice_gateway_throttled_calls", "Calls refused for their rate.", ("operation",), registry=registry
        )
        self._units = Counter(
            "lattice_gateway_unit_runs", "Runs of units by what came out.", ("kind", "result"), registry=registry
        )
        self._crashes = Counter(
            "lattice_gateway_bugs", "Units that failed because the program is wrong.", registry=registry
        )
        self._queued = Gauge("lattice_gateway_queued_units", "Units that wait to run.", registry=registry)
        self._orphans = Gauge(
            "lattice_gateway_orphans", "What is ours in Lattice without a record.", ("kind",), registry=registry
        )

        self._lags = Histogram(
            "lattice_gateway_target_lag_seconds",
            "Time from an EndpointSlice that shows a pod ready, or terminating, to the answer of Lattice.",
            ("change",),
            buckets=LAGS,
            registry=registry,
        )
        for change in (REGISTERED, DEREGISTERED):
            self._lags.labels(change)
        self._waiting_pods = Gauge(
            "lattice_gateway_waiting_pods",
            "Pods that only their readiness gate keeps from being ready.",
            registry=registry,
        )
        self._gate_wait = Gauge(
            "lattice_gateway_gate_wait_seconds",
            "How long the pod that waits longest has waited for its readiness gate.",
            registry=registry,
        )

    def request(self, name: CallName, error: LatticeError | None, seconds: float) -> None:
        """One attempt at a call, and how long it took."""
        self._requests.labels(*_labels(name, error)).inc()
        self._request_times.labels(name.service, name.operation).observe(seconds)

    def call(self, name: CallName, error: LatticeError | None, seconds: float, attempts: int) -> None:
        """A call that ended, after so many attempts; the time between them counts."""
        self._calls.labels(*_labels(name, error)).inc()
        self._call_times.labels(name.service, name.operation).observe(seconds)
        self._retries.labels(name.service, name.operation).observe(attempts - 1)

    def throttled(self, name: CallName) -> None:
        """A call was refused for its rate."""
        self._throttled.labels(name.operation).inc()

    def unit(self, kind: str, result: Result) -> None:
        """A run of a unit ended."""
        self._units.labels(kind, type(result).__name__).inc()

    def bug(self) -> None:
        """A unit raised what it must never raise."""
        self._crashes.inc()

    def queued(self, number: int) -> None:
        """How many units wait."""
        self._queued.set(number)

    def lag(self, change: str, seconds: float) -> None:
        """A pod's target was registered or deregistered so many seconds after its EndpointSlice said so."""
        self._lags.labels(change).observe(seconds)

    def waiting_pods(self, number: int) -> None:
        """How many pods only their readiness gate keeps from being ready."""
        self._waiting_pods.set(number)

    def gate_wait(self, longest: Callable[[], float]) -> None:
        """Who can be asked for how many seconds the pod that waits longest has waited."""
        self._gate_wait.set_function(longest)

    def orphans(self, kind: str, number: int) -> None:
        """How many things of one kind are ours without a record."""
        self._orphans.labels(kind).set(number)


def _labels(name: CallName, error: LatticeError | None) -> tuple[str, str, str, str]:
    """Parity: without an answer the status is 0 and the code ``internal`` (Go v2.1.3)."""
    if error is None:
        return (name.service, name.operation, OK, "")
    if error.status == 0:
        return (name.service, name.operation, "0", "internal")
    status = STATUS_OF[error.kind] if error.status is None else str(error.status)
    return (name.service, name.operation, status, error.code)
