"""Metrics that dashboards and alerts of the Go controller rely on: names, types, labels (controllers.md §11)."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

from lattice_gateway.core.lattice.keys import GroupKey, NetworkKey, ServiceKey, UnitKey
from lattice_gateway.core.lattice.outcome import Done, ErrorKind, Failed, LatticeError, Refusal, Result, Waiting
from lattice_gateway.core.lattice.units import Absent, Desired, RouteOwner
from lattice_gateway.core.lattice.words import SourceType
from lattice_gateway.engine.call_names import CallName
from lattice_gateway.engine.gate import Urgency
from lattice_gateway.engine.metrics import Metrics
from lattice_gateway.engine.queue import AT_ONCE, Queue
from lattice_gateway.serve.metrics import registry_of_process, requests_of_kube, tell_leader
from lattice_gateway.serve.webhook.metrics import WebhookMetrics
from tests.laws.engine_making import group_key

CALL = ("service", "operation")
ANSWER = (*CALL, "status_code", "error_code")
QUEUE = ("name", "controller")
RECONCILE = "controller_runtime_reconcile"
WEBHOOK = "controller_runtime_webhook"

TABLE = {
    "aws_api_calls_total": ("counter", ANSWER),
    "aws_api_call_duration_seconds": ("histogram", CALL),
    "aws_api_call_retries": ("histogram", CALL),
    "aws_api_requests_total": ("counter", ANSWER),
    "aws_api_request_duration_seconds": ("histogram", CALL),
    f"{RECONCILE}_total": ("counter", ("controller", "result")),
    f"{RECONCILE}_errors_total": ("counter", ("controller",)),
    "controller_runtime_terminal_reconcile_errors_total": ("counter", ("controller",)),
    f"{RECONCILE}_panics_total": ("counter", ("controller",)),
    f"{RECONCILE}_time_seconds": ("histogram", ("controller",)),
    "controller_runtime_max_concurrent_reconciles": ("gauge", ("controller",)),
    "controller_runtime_active_workers": ("gauge", ("controller",)),
    f"{WEBHOOK}_latency_seconds": ("histogram", ("webhook",)),
    f"{WEBHOOK}_requests_in_flight": ("gauge", ("webhook",)),
    f"{WEBHOOK}_requests_total": ("counter", ("webhook", "code")),
    f"{WEBHOOK}_panics_total": ("counter", ()),
    "workqueue_depth": ("gauge", (*QUEUE, "priority")),
    "workqueue_adds_total": ("counter", QUEUE),
    "workqueue_queue_duration_seconds": ("histogram", QUEUE),
    "workqueue_work_duration_seconds": ("histogram", QUEUE),
    "workqueue_unfinished_work_seconds": ("gauge", QUEUE),
    "workqueue_longest_running_processor_seconds": ("gauge", QUEUE),
    "workqueue_retries_total": ("counter", QUEUE),
    "leader_election_master_status": ("gauge", ("name",)),
    "rest_client_requests_total": ("counter", ("code", "method", "host")),
    "lattice_gateway_orphans": ("gauge", ("kind",)),
    "lattice_gateway_target_lag_seconds": ("histogram", ("change",)),
    "lattice_gateway_waiting_pods": ("gauge", ()),
    "lattice_gateway_gate_wait_seconds": ("gauge", ()),
    "process_resident_memory_bytes": ("gauge", ()),
    "process_cpu_seconds_total": ("counter", ()),
    "process_open_fds": ("gauge", ()),
}
BUCKETS = {
    "aws_api_call_retries": "0.0 1.0 2.0 3.0 4.0 5.0 6.0 7.0 8.0 9.0 10.0 +Inf",
    "aws_api_call_duration_seconds": "0.005 0.01 0.025 0.05 0.1 0.25 0.5 1.0 2.5 5.0 10.0 +Inf",
    "aws_api_request_duration_seconds": "0.005 0.01 0.025 0.05 0.1 0.25 0.5 1.0 2.5 5.0 10.0 +Inf",
    "workqueue_work_duration_seconds": "1e-08 1e-07 1e-06 1e-05 0.0001 0.001 0.01 0.1 1.0 10.0 100.0 1000.0 +Inf",
    f"{RECONCILE}_time_seconds": (
        "0.005 0.01 0.025 0.05 0.1 0.15 0.2 0.25 0.3 0.35 0.4 0.45 0.5 0.6 0.7 0.8 0.9 1.0 1.25 1.5 1.75 2.0 2.5 3.0 "
        "3.5 4.0 4.5 5.0 6.0 7.0 8.0 9.0 10.0 15.0 20.0 25.0 30.0 40.0 50.0 60.0 +Inf"
    ),
}
ROOT = Path(__file__).parents[3]
NAME = re.compile(r"\b(?:aws_api|controller_runtime|workqueue|leader_election|process|lattice_gateway|rest_client)_\w+")
GET_SERVICE = CallName("VPC Lattice", "GetService")
SERVICE, NETWORK = ServiceKey("rates"), NetworkKey("net")


class Process:
    """Everything that a process counts, once."""

    def __init__(self) -> None:
        self.registry = registry_of_process()
        self.metrics = Metrics(self.registry)
        self.moment = 100.0
        self.queue = Queue(self.metrics.runtime.queue(lambda: self.moment, AT_ONCE))
        tell_leader(self.registry, lambda: True)
        requests_of_kube(self.registry)("200", "GET", "10.100.0.1:443")
        with WebhookMetrics(self.registry).request("/mutate-pod") as code:
            code.is_(200)
        self.metrics.call(GET_SERVICE, None, 0.1, 1)
        self.metrics.orphans("service", 1)
        self.metrics.lag("registered", 0.1)
        self.metrics.request(GET_SERVICE, None, 0.1)

    def value(self, name: str, /, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, labels)

    async def run(self, key: UnitKey, *, waits: float, works: float) -> None:
        self.queue.add(key, Urgency.CHANGE)
        self.moment += waits
        await self.queue.take()
        self.moment += works
        self.queue.done(key)


@pytest.mark.parametrize(("name", "shape"), TABLE.items(), ids=TABLE)
def test_a_metric_has_its_name_its_type_and_its_labels(name: str, shape: tuple[str, tuple[str, ...]]) -> None:
    kind, labels = shape
    families = {
        family.name + ("_total" if family.type == "counter" else ""): family for family in Process().registry.collect()
    }

    found = families[name]
    names = {tuple(sorted(sample.labels.keys() - {"le"})) for sample in found.samples}

    assert found.type == kind
    assert names == {tuple(sorted(labels))}


@pytest.mark.parametrize(("name", "expected"), BUCKETS.items(), ids=BUCKETS)
def test_a_histogram_has_its_buckets(name: str, expected: str) -> None:
    families = {family.name: family for family in Process().registry.collect()}
    samples = [sample for sample in families[name].samples if sample.name.endswith("_bucket")]

    found = list(dict.fromkeys(sample.labels["le"] for sample in samples))

    assert " ".join(found) == expected


@pytest.mark.parametrize("file", ["helm/files/alerts.yaml", "helm/files/dashboard.json"])
def test_what_ships_asks_for_metrics_that_exist(file: str) -> None:
    expressions = _expressions(yaml.safe_load((ROOT / file).read_text()))
    exist = set(TABLE) | {each + "_bucket" for each, (kind, _) in TABLE.items() if kind == "histogram"}
    exist |= {sample.name for family in Process().registry.collect() for sample in family.samples}

    asked = {name for text in expressions for name in NAME.findall(text)}

    assert expressions
    assert not asked - exist


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        pytest.param(
            LatticeError(kind=ErrorKind.CONFLICT, operation="x", code="ConflictException", message="", status=409),
            "409",
            "ConflictException",
            id="answered",
        ),
        pytest.param(
            LatticeError(kind=ErrorKind.UNKNOWN_RESULT, operation="x", code="InternalServer", message="", status=500),
            "500",
            "InternalServer",
            id="answered, and yet unknown",
        ),
        pytest.param(
            LatticeError(kind=ErrorKind.UNAVAILABLE, operation="x", code="ReadTimeoutError", message="", status=0),
            "0",
            "internal",
            id="not answered",
        ),
    ],
)
def test_a_call_that_failed_says_how(error: LatticeError, status: str, code: str) -> None:
    process = Process()

    process.metrics.call(GET_SERVICE, error, 1.0, 3)

    labels = {"service": "VPC Lattice", "operation": "GetService", "status_code": status, "error_code": code}
    assert process.value("aws_api_calls_total", **labels) == 1


async def test_a_unit_that_waits_and_runs_is_measured() -> None:
    process = Process()

    await process.run(SERVICE, waits=2.0, works=0.5)

    of = {"name": "httproute", "controller": "httproute"}
    assert process.value("workqueue_adds_total", **of) == 1
    assert process.value("workqueue_depth", **of, priority="0") == 0
    assert process.value("workqueue_queue_duration_seconds_sum", **of) == 2.0
    assert process.value("workqueue_work_duration_seconds_sum", **of) == 0.5
    assert process.value("controller_runtime_active_workers", controller="httproute") == 0


async def test_units_that_run_have_an_age() -> None:
    process = Process()
    of = {"name": "gateway", "controller": "gateway"}
    for key, at in ((NETWORK, 0.0), (NetworkKey("other"), 3.0)):
        process.moment += at
        process.queue.add(key, Urgency.CHANGE)
        await process.queue.take()

    process.moment += 4.0

    assert process.value("workqueue_longest_running_processor_seconds", **of) == 7.0
    assert process.value("workqueue_unfinished_work_seconds", **of) == 11.0
    assert process.value("controller_runtime_active_workers", controller="gateway") == 2


def test_a_unit_that_is_wished_twice_waits_once() -> None:
    process = Process()
    key: GroupKey = group_key("a", "x")

    process.queue.add(key, Urgency.CHANGE)
    process.queue.add(key, Urgency.TARGETS)

    of = {"name": "service", "controller": "service"}
    assert process.value("workqueue_depth", **of, priority="0") == 1
    assert process.value("workqueue_adds_total", **of) == 1


def failed(kind: ErrorKind) -> Failed:
    return Failed(LatticeError(kind=kind, operation="x", code="y", message="z"))


@pytest.mark.parametrize(
    ("result", "word", "errors", "terminal"),
    [
        pytest.param(Done(), "success", 0, 0, id="done"),
        pytest.param(Waiting("creating"), "requeue_after", 0, 0, id="waiting"),
        pytest.param(Refusal("NotOurs", "because"), "success", 0, 0, id="refused"),
        pytest.param(failed(ErrorKind.CONFLICT), "error", 1, 0, id="to be tried again"),
        pytest.param(failed(ErrorKind.DENIED), "error", 1, 1, id="for a person to mend"),
    ],
)
def test_a_run_is_counted_by_its_result(result: Result, word: str, errors: int, terminal: int) -> None:
    process = Process()

    process.metrics.runtime.ran(Absent(NETWORK), result, 0.2)

    assert process.value(f"{RECONCILE}_total", controller="gateway", result=word) == 1
    assert process.value(f"{RECONCILE}_errors_total", controller="gateway") == errors
    assert process.value("controller_runtime_terminal_reconcile_errors_total", controller="gateway") == terminal
    assert process.value(f"{RECONCILE}_time_seconds_sum", controller="gateway") == 0.2


@pytest.mark.parametrize(
    ("desired", "controller"),
    [
        pytest.param(Absent(NETWORK), "gateway", id="a network"),
        pytest.param(Absent(group_key("a", "x")), "service", id="a group"),
        pytest.param(Absent(SERVICE), "httproute", id="a service of nobody"),
        pytest.param(
            Absent(SERVICE, owner=RouteOwner(namespace="default", name="chat", source=SourceType.GRPC_ROUTE)),
            "grpcroute",
            id="of a GRPCRoute",
        ),
    ],
)
def test_a_run_is_counted_for_the_kind_that_wants_the_unit(desired: Desired, controller: str) -> None:
    process = Process()

    process.metrics.runtime.ran(desired, Done(), 0.1)
    process.metrics.runtime.panicked(desired)

    assert process.value(f"{RECONCILE}_total", controller=controller, result="success") == 1
    assert process.value(f"{RECONCILE}_panics_total", controller=controller) == 1


def test_series_are_there_before_anything_happens() -> None:
    registry = CollectorRegistry()
    Metrics(registry)

    labels = {"controller": "httproute", "result": "success"}
    assert registry.get_sample_value(f"{RECONCILE}_total", labels) == 0


def _expressions(document: Any) -> list[str]:
    """Every ``expr`` of a document, however deep."""
    found: list[str] = []

    def walk(part: Any) -> None:
        match part:
            case dict():
                found.extend(text for key, text in part.items() if key == "expr" and isinstance(text, str))
                for each in part.values():
                    walk(each)
            case list():
                for each in part:
                    walk(each)

    walk(document)
    return found
