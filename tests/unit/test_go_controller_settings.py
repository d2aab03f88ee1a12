"""Every variable and flag of the Go controller v2.1.3 (api.md §5) is read, and does what it did there or better."""

import logging
import sys
from typing import Any

import pytest
import structlog

from lattice_gateway.cli.logs import set_up_logs
from lattice_gateway.cli.run import as_go_takes_them, options
from lattice_gateway.settings import VARIABLES, Settings, SettingsError, read_settings

FULL = {
    "REGION": "eu-west-1",
    "AWS_ACCOUNT_ID": "444455556666",
    "CLUSTER_VPC_ID": "vpc-0123456789abcdef0",
    "CLUSTER_NAME": "shop",
}
NETWORK = {"DEFAULT_SERVICE_NETWORK": "shared"}


def read(**variables: str) -> Settings:
    return read_settings({**FULL, **variables}, {})


@pytest.mark.parametrize(
    ("variables", "member", "expected"),
    [
        pytest.param({}, "region", "eu-west-1", id="REGION"),
        pytest.param({"DEFAULT_SERVICE_NETWORK": "shared"}, "default_service_network", "shared", id="default network"),
        pytest.param({"DEFAULT_SERVICE_NETWORK": ""}, "default_service_network", None, id="no default network"),
        pytest.param(
            {**NETWORK, "ENABLE_SERVICE_NETWORK_OVERRIDE": "TRUE"}, "network_override", "shared", id="override"
        ),
        pytest.param({**NETWORK, "ENABLE_SERVICE_NETWORK_OVERRIDE": "yes"}, "network_override", None, id="not true"),
        pytest.param({"ENABLE_SERVICE_NETWORK_OVERRIDE": "true"}, "network_override", None, id="override of nothing"),
        pytest.param({"DISABLE_TAGGING_SERVICE_API": "True"}, "tagging_api", False, id="private cluster"),
        pytest.param({"DISABLE_TAGGING_SERVICE_API": ""}, "tagging_api", True, id="tagging API"),
        pytest.param({"WEBHOOK_ENABLED": "TRUE"}, "webhook", True, id="webhook"),
        pytest.param({"WEBHOOK_ENABLED": ""}, "webhook", False, id="no webhook"),
        pytest.param({"RECONCILE_DEFAULT_RESYNC_SECONDS": "0"}, "resync", 0, id="resync off"),
        pytest.param({"RECONCILE_DEFAULT_RESYNC_SECONDS": "60"}, "resync", 60, id="resync each minute"),
        pytest.param({"RECONCILE_DEFAULT_RESYNC_SECONDS": ""}, "resync", 600, id="resync on by itself"),
        pytest.param(
            {"LATTICE_ENDPOINT": "https://vpce.example.org"}, "endpoint", "https://vpce.example.org", id="URL"
        ),
        pytest.param({"DEV_MODE": "0"}, "dev_mode", True, id="any text is development"),
        pytest.param({"DEV_MODE": ""}, "dev_mode", False, id="JSON lines"),
    ],
)
def test_a_variable_acts(variables: dict[str, str], member: str, expected: object) -> None:
    assert getattr(read(**variables), member) == expected


def test_the_identity_is_that_of_the_tag() -> None:
    assert str(read().owner) == "444455556666/shop/vpc-0123456789abcdef0"


@pytest.mark.parametrize(
    ("given", "level"),
    [
        ("debug", logging.DEBUG),
        ("error", logging.ERROR),
        ("panic", logging.CRITICAL),
        ("info", logging.INFO),
        ("warn", logging.INFO),
        ("DEBUG", logging.INFO),
        ("", logging.INFO),
    ],
)
def test_a_log_level_is_one_of_three_words_else_info(
    given: str, level: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.root, "handlers", [])
    set_up_logs(read(LOG_LEVEL=given), sys.stderr)
    log = structlog.get_logger()
    for number in (logging.DEBUG, logging.INFO, logging.ERROR, logging.CRITICAL):
        log.log(number, str(number))

    said = capsys.readouterr().err

    assert [number for number in (10, 20, 40, 50) if f'"{number}"' in said] == [
        number for number in (10, 20, 40, 50) if number >= level
    ]


@pytest.mark.parametrize("number", ["1", "16", "0", "-1", "+4", ""])
def test_any_whole_number_of_workers_is_taken(number: str) -> None:
    """There it was the number of workers a kind of route, with 1 for what is below; here it has nothing to limit."""
    assert read(ROUTE_MAX_CONCURRENT_RECONCILES=number) == read()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("ROUTE_MAX_CONCURRENT_RECONCILES", "many", "invalid value for ROUTE_MAX_CONCURRENT_RECONCILES: 'many'"),
        ("RECONCILE_DEFAULT_RESYNC_SECONDS", "59", "must be 0 (disabled) or at least 60 seconds, got 59"),
        ("RECONCILE_DEFAULT_RESYNC_SECONDS", "-1", "RECONCILE_DEFAULT_RESYNC_SECONDS is '-1'"),
        ("RECONCILE_DEFAULT_RESYNC_SECONDS", "often", "RECONCILE_DEFAULT_RESYNC_SECONDS is 'often'"),
    ],
)
def test_what_ended_the_go_controller_is_named(name: str, value: str, message: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read(**{name: value})

    assert message in str(refused.value)


def test_all_of_its_variables_are_documented() -> None:
    documented = {each.name for each in VARIABLES} | {"REGION"}

    assert documented >= {
        *FULL,
        "DEFAULT_SERVICE_NETWORK",
        "ENABLE_SERVICE_NETWORK_OVERRIDE",
        "DISABLE_TAGGING_SERVICE_API",
        "WEBHOOK_ENABLED",
        "ROUTE_MAX_CONCURRENT_RECONCILES",
        "RECONCILE_DEFAULT_RESYNC_SECONDS",
        "LATTICE_ENDPOINT",
        "LOG_LEVEL",
        "DEV_MODE",
    }


@pytest.mark.parametrize(
    ("words", "member", "expected"),
    [
        pytest.param([], "metrics_bind_address", ":8080", id="metrics"),
        pytest.param(["--metrics-bind-address=:9090"], "metrics_bind_address", ":9090", id="metrics elsewhere"),
        pytest.param(["-metrics-bind-address", ":9090"], "metrics_bind_address", ":9090", id="metrics, one dash"),
        pytest.param([], "health_probe_bind_address", ":8081", id="probes"),
        pytest.param(["-health-probe-bind-address=:9091"], "health_probe_bind_address", ":9091", id="probes, one dash"),
        pytest.param([], "leader_elect", False, id="alone"),
        pytest.param(["--leader-elect"], "leader_elect", True, id="elects"),
        pytest.param(["-leader-elect"], "leader_elect", True, id="elects, one dash"),
        pytest.param(["--leader-elect=TRUE"], "leader_elect", True, id="elects in capitals"),
        pytest.param(["--leader-elect=1"], "leader_elect", True, id="elects in digits"),
        pytest.param(["--leader-elect=f"], "leader_elect", False, id="does not elect"),
    ],
)
def test_a_flag_is_read_as_go_reads_flags(words: list[str], member: str, expected: Any) -> None:
    assert getattr(options().parse_args(as_go_takes_them(words)), member) == expected


def test_a_kubeconfig_is_read_with_one_dash_or_two() -> None:
    found = [
        options().parse_args(as_go_takes_them([word, "/etc/kubeconfig"])).kubeconfig
        for word in ("--kubeconfig", "-kubeconfig")
    ]

    assert [str(each) for each in found] == ["/etc/kubeconfig"] * 2
