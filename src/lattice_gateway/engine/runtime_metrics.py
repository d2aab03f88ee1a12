"""Metrics of work in the words of the Go controller's runtime, which dashboards and alerts know (controllers.md §11.2).

What it called the reconciling of an object is a run of a unit here. Units appear under the controller whose objects
they are made for: networks under ``gateway``, target groups under ``service``, services under their route's kind. The
queue knows no more than the unit: all services wait in ``httproute``.
"""

from collections.abc import Callable, Mapping
from typing import assert_never

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from lattice_gateway.core.lattice.keys import GroupKey, NetworkKey, ServiceKey, UnitKey
from lattice_gateway.core.lattice.outcome import RETRYABLE, Done, ErrorKind, Failed, Refusal, Result, Waiting
from lattice_gateway.core.lattice.units import Absent, Desired, Service

GATEWAY, GROUP, ROUTE = "gateway", "service", "httproute"
CONTROLLERS = (GATEWAY, GROUP, ROUTE)
RESULTS = ("success", "error", "requeue", "requeue_after")
TIMES = (
    *(0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0),
    *(1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 15.0, 20.0, 25.0, 30.0),
    *(40.0, 50.0, 60.0),
)
QUEUE_TIMES = tuple(10.0**power for power in range(-8, 4))
TERMINAL = frozenset(ErrorKind) - RETRYABLE - {ErrorKind.NOT_FOUND}
"""Errors that another try does not mend."""


class RuntimeMetrics:
    """Counters, gauges and histograms in a registry of their own."""

    def __init__(self, registry: CollectorRegistry) -> None:
        reconcile, of = "controller_runtime_reconcile", ("controller",)
        self._runs = Counter(reconcile, "Runs of units by result.", ("controller", "result"), registry=registry)
        self._errors = Counter(f"{reconcile}_errors", "Runs that failed.", of, registry=registry)
        self._terminal = Counter(
            "controller_runtime_terminal_reconcile_errors",
            "Runs whose failure only an edit mends.",
            of,
            registry=registry,
        )
        self._panics = Counter(f"{reconcile}_panics", "Runs that met a bug.", of, registry=registry)
        self._times = Histogram(f"{reconcile}_time_seconds", "Duration of runs.", of, buckets=TIMES, registry=registry)
        self._most = Gauge("controller_runtime_max_concurrent_reconciles", "Runs at a time.", of, registry=registry)
        self._active = Gauge("controller_runtime_active_workers", "Runs under way.", of, registry=registry)
        self._queues = _Queues(registry)
        self._retries = Counter("workqueue_retries", "Units to be tried again.", _QUEUE, registry=registry)
        for controller in CONTROLLERS:
            self._begin(controller)

    def queue(self, now: Callable[[], float], at_once: Mapping[type, int]) -> "QueueMetrics":
        """Watches one queue, in seconds of ``now``; ``at_once`` is how many units of a kind run at a time."""
        for kind, number in at_once.items():
            self._most.labels(_CONTROLLER_OF[kind]).set(number)
        return QueueMetrics(self._queues, self._active, now)

    def ran(self, desired: Desired, result: Result, seconds: float) -> None:
        """A run of a unit ended."""
        controller = controller_of(desired)
        self._runs.labels(controller, _word_for(result)).inc()
        self._times.labels(controller).observe(seconds)
        match result:
            case Failed(error) if error.kind in TERMINAL:
                self._errors.labels(controller).inc()
                self._terminal.labels(controller).inc()
            case Failed():
                self._errors.labels(controller).inc()
            case Done() | Waiting() | Refusal():
                return
            case _:
                assert_never(result)

    def retried(self, key: UnitKey) -> None:
        """A unit is to be tried again after a failure."""
        name = _CONTROLLER_OF[type(key)]
        self._retries.labels(name, name).inc()

    def panicked(self, desired: Desired) -> None:
        """A run met a bug."""
        self._panics.labels(controller_of(desired)).inc()

    def _begin(self, controller: str) -> None:
        """Series are there from the start, so that their first increase is seen."""
        for result in RESULTS:
            self._runs.labels(controller, result)
        for metric in (self._errors, self._terminal, self._panics, self._times, self._active):
            metric.labels(controller)
        self._retries.labels(controller, controller)


class QueueMetrics:
    """A queue as it is seen from outside: what was added, taken and done, and when."""

    def __init__(self, metrics: "_Queues", active: Gauge, now: Callable[[], float]) -> None:
        self._metrics = metrics
        self._active = active
        self._now = now
        self._waiting: dict[UnitKey, float] = {}
        self._running: dict[UnitKey, float] = {}
        for name in CONTROLLERS:
            metrics.begin(name)
            metrics.unfinished.labels(name, name).set_function(self._asker(name, sum))
            metrics.longest.labels(name, name).set_function(self._asker(name, lambda ages: max(ages, default=0.0)))

    def added(self, key: UnitKey) -> None:
        """A unit waits that did not wait before."""
        name = _CONTROLLER_OF[type(key)]
        self._waiting[key] = self._now()
        self._metrics.adds.labels(name, name).inc()
        self._metrics.depth.labels(name, name, PRIORITY).inc()

    def taken(self, key: UnitKey) -> None:
        """A unit begins to run."""
        name, now = _CONTROLLER_OF[type(key)], self._now()
        self._metrics.depth.labels(name, name, PRIORITY).dec()
        self._metrics.waits.labels(name, name).observe(now - self._waiting.pop(key))
        self._running[key] = now
        self._active.labels(name).inc()

    def done(self, key: UnitKey) -> None:
        """A unit has run."""
        name = _CONTROLLER_OF[type(key)]
        began = self._running.pop(key, None)
        if began is not None:
            self._metrics.works.labels(name, name).observe(self._now() - began)
            self._active.labels(name).dec()

    def _asker(self, name: str, fold: Callable[[list[float]], float]) -> Callable[[], float]:
        """A gauge's value at the time of a scrape: the ages of running units, folded."""

        def ask() -> float:
            now = self._now()
            return fold([now - began for key, began in self._running.items() if _CONTROLLER_OF[type(key)] == name])

        return ask


PRIORITY = "0"
"""The runtime's queues have priorities in a label; ours are inside the queue."""

_QUEUE = ("name", "controller")
_CONTROLLER_OF: Mapping[type, str] = {NetworkKey: GATEWAY, GroupKey: GROUP, ServiceKey: ROUTE}


class _Queues:
    """What all queues of a process count into."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.depth = Gauge("workqueue_depth", "Units that wait.", (*_QUEUE, "priority"), registry=registry)
        self.adds = Counter("workqueue_adds", "Units that began to wait.", _QUEUE, registry=registry)
        self.waits = Histogram(
            "workqueue_queue_duration_seconds",
            "Time that units waited.",
            _QUEUE,
            buckets=QUEUE_TIMES,
            registry=registry,
        )
        self.works = Histogram(
            "workqueue_work_duration_seconds", "Time that units ran.", _QUEUE, buckets=QUEUE_TIMES, registry=registry
        )
        self.unfinished = Gauge(
            "workqueue_unfinished_work_seconds", "Age of all runs under way, added up.", _QUEUE, registry=registry
        )
        self.longest = Gauge(
            "workqueue_longest_running_processor_seconds", "Age of the oldest run.", _QUEUE, registry=registry
        )

    def begin(self, name: str) -> None:
        """Series are there from the start."""
        self.depth.labels(name, name, PRIORITY)
        for metric in (self.adds, self.waits, self.works):
            metric.labels(name, name)


def controller_of(desired: Desired) -> str:
    """The Go controller's name for the kind of object that a unit is made for."""
    match desired:
        case Service(owner=owner):
            return owner.source.lower()
        case Absent(key=ServiceKey(), owner=owner) if owner is not None:
            return owner.source.lower()
        case _:
            return _CONTROLLER_OF[type(desired.key)]


def _word_for(result: Result) -> str:
    """A refusal is no error of the program: it waits for a person."""
    match result:
        case Done() | Refusal():
            return "success"
        case Waiting():
            return "requeue_after"
        case Failed():
            return "error"
        case _:
            assert_never(result)
