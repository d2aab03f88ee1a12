"""Settings: environment, flags, identity with and without a loopback endpoint."""

import pytest

from lattice_gateway.settings import VARIABLES, SettingsError, is_loopback, read_settings

FULL = {"AWS_REGION": "eu-west-1", "AWS_ACCOUNT_ID": "999988887777", "CLUSTER_NAME": "c", "CLUSTER_VPC_ID": "vpc-1"}


def test_a_loopback_endpoint_fills_the_identity_with_the_documented_constants() -> None:
    settings = read_settings({"LATTICE_ENDPOINT": "http://127.0.0.1:4566"}, {})

    assert str(settings.owner) == "111122223333/laptop/vpc-0123456789abcdef0"
    assert settings.region == "us-west-2"


def test_against_aws_every_missing_part_of_the_identity_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as raised:
        read_settings({"AWS_REGION": "eu-west-1", "CLUSTER_NAME": "c"}, {})

    assert str(raised.value) == "not set: AWS_ACCOUNT_ID, CLUSTER_VPC_ID (set the variable or its flag)"


def test_a_flag_wins_over_its_variable() -> None:
    settings = read_settings(FULL, {"CLUSTER_NAME": "from-flag", "AWS_REGION": None})

    assert str(settings.owner) == "999988887777/from-flag/vpc-1"
    assert settings.region == "eu-west-1"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        pytest.param({"LATTICE_ENDPOINT": "http://a", "AWS_ENDPOINT_URL": "http://b"}, "http://a", id="ours first"),
        pytest.param(
            {"AWS_ENDPOINT_URL_VPC_LATTICE": "http://s", "AWS_ENDPOINT_URL": "http://b"}, "http://s", id="service's own"
        ),
        pytest.param({"AWS_ENDPOINT_URL": "http://b"}, "http://b", id="general"),
        pytest.param({"LATTICE_ENDPOINT": ""}, None, id="empty is unset"),
    ],
)
def test_the_endpoint_comes_from_the_first_variable_that_is_set(
    variables: dict[str, str], expected: str | None
) -> None:
    assert read_settings({**FULL, **variables}, {}).endpoint == expected


def test_differences_are_held_unless_the_switch_is_set() -> None:
    assert not read_settings(FULL, {}).apply_switchover_differences
    assert read_settings({**FULL, "APPLY_SWITCHOVER_DIFFERENCES": "True"}, {}).apply_switchover_differences


@pytest.mark.parametrize(
    "endpoint", ["nonsense", "127.0.0.1:80", "http://", "http://127.0.0.1:port", "http://[::1", "ftp://127.0.0.1"]
)
def test_an_endpoint_that_is_no_url_is_named(endpoint: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read_settings({**FULL, "LATTICE_ENDPOINT": endpoint}, {})

    assert str(raised.value) == f"the endpoint is {endpoint!r}; expected a URL like http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("SWEEP_MIN_AGE", "soon", "SWEEP_MIN_AGE is 'soon'; expected a number of seconds, 0 or more"),
        ("WARM_UP_TIMEOUT", "-1", "WARM_UP_TIMEOUT is '-1'; expected a number of seconds, 0 or more"),
        ("ENFORCE_REFERENCE_GRANTS", "maybe", "ENFORCE_REFERENCE_GRANTS is 'maybe'; expected true or false"),
        ("APPLY_SWITCHOVER_DIFFERENCES", "1", "APPLY_SWITCHOVER_DIFFERENCES is '1'; expected true or false"),
        (
            "RECONCILE_DEFAULT_RESYNC_SECONDS",
            "30",
            "RECONCILE_DEFAULT_RESYNC_SECONDS must be 0 (disabled) or at least 60 seconds, got 30",
        ),
    ],
)
def test_a_wrong_value_is_named_with_what_was_expected(name: str, value: str, message: str) -> None:
    with pytest.raises(SettingsError, match=r"expected|must be") as raised:
        read_settings({**FULL, name: value}, {})

    assert str(raised.value) == message


def test_defaults_are_those_of_the_decisions() -> None:
    settings = read_settings(FULL, {})

    assert (settings.resync, settings.sweep_min_age, settings.warm_up_timeout) == (600, 600, 120)
    assert settings.gateway_creates_service_network
    assert settings.enforce_reference_grants
    assert not settings.path_prefix_by_element


def test_the_network_override_needs_both_of_its_variables() -> None:
    both = {"ENABLE_SERVICE_NETWORK_OVERRIDE": "True", "DEFAULT_SERVICE_NETWORK": "shared"}

    assert read_settings({**FULL, **both}, {}).network_override == "shared"
    assert read_settings({**FULL, "ENABLE_SERVICE_NETWORK_OVERRIDE": "true"}, {}).network_override is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:1", True),
        ("http://localhost", True),
        ("http://[::1]:80", True),
        ("https://vpc-lattice.us-west-2.amazonaws.com", False),
        (None, False),
    ],
)
def test_loopback_is_told_by_the_host(url: str | None, expected: bool) -> None:
    assert is_loopback(url) is expected


def test_every_documented_default_is_the_one_that_applies() -> None:
    documented = {variable.name: variable.default for variable in VARIABLES if variable.default not in {"", "AWS"}}

    assert read_settings({**FULL, **documented}, {}) == read_settings(FULL, {})
