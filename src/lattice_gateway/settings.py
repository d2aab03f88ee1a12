"""Settings of the process: environment and flags, read once in the entry point into one frozen value.

Names are those of the Go controller (api.md §5) and of decisions.md. A flag wins over its variable.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from lattice_gateway.core.lattice.words import Owner, VpcId

LOOPBACK_REGION = "us-west-2"
LOOPBACK_ACCOUNT = "111122223333"
LOOPBACK_CLUSTER = "laptop"
LOOPBACK_VPC = VpcId("vpc-0123456789abcdef0")
"""Identity where the endpoint is on this machine (decision 41); the emulator uses the same."""


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable: what it means, what it is when unset, and the flag that wins over it, if any."""

    name: str
    default: str
    meaning: str
    flag: str | None = None


VARIABLES = (
    Variable("AWS_REGION", "", "Region; REGION and AWS_DEFAULT_REGION are read after it", "--region"),
    Variable("AWS_ACCOUNT_ID", "", "account that owns what we make; first part of the tag ManagedBy", "--account-id"),
    Variable("CLUSTER_NAME", "", "name of the cluster; second part of the tag ManagedBy", "--cluster-name"),
    Variable("CLUSTER_VPC_ID", "", "VPC of the targets; third part of the tag ManagedBy", "--vpc-id"),
    Variable(
        "LATTICE_ENDPOINT",
        "AWS",
        "URL of VPC Lattice; AWS_ENDPOINT_URL_VPC_LATTICE and AWS_ENDPOINT_URL are read after it. On a loopback "
        "endpoint credentials are dummies and region, account, cluster and VPC have constants",
        "--endpoint-url",
    ),
    Variable(
        "DEFAULT_SERVICE_NETWORK", "", "a network made and associated with the VPC where it is missing, never deleted"
    ),
    Variable("ENABLE_SERVICE_NETWORK_OVERRIDE", "false", "every route and Gateway uses DEFAULT_SERVICE_NETWORK"),
    Variable("DISABLE_TAGGING_SERVICE_API", "false", "read and write tags through VPC Lattice alone"),
    Variable("GATEWAY_CREATES_SERVICE_NETWORK", "true", "a Gateway's missing network is created and associated"),
    Variable("ENFORCE_REFERENCE_GRANTS", "true", "cross-namespace backends need a ReferenceGrant"),
    Variable("PATH_PREFIX_BY_ELEMENT", "false", "a prefix /v2 becomes exact /v2 and prefix /v2/"),
    Variable(
        "RECONCILE_DEFAULT_RESYNC_SECONDS", "600", "seconds between drift checks; 0 turns them off, else 60 or more"
    ),
    Variable("SWEEP_MIN_AGE", "600", "seconds an unused target group of ours is seen before it is swept"),
    Variable("WARM_UP_TIMEOUT", "120", "seconds a joining target group is waited for"),
    Variable(
        "TRUST_LAST_UPDATED_AT",
        "true",
        "what did not change its lastUpdatedAt is not read again by a drift check; false: everything is",
    ),
    Variable("PARENT_HOLD", "300", "seconds a Gateway that is gone still holds what only it wanted"),
    Variable(
        "APPLY_SWITCHOVER_DIFFERENCES",
        "false",
        "true: also what takes traffic away from routes that the Go controller left takes effect (switch-from-go.md)",
    ),
    Variable("WEBHOOK_ENABLED", "false", "serve the webhook that gives pods their readiness gate (run in a cluster)"),
    Variable(
        "ROUTE_MAX_CONCURRENT_RECONCILES",
        "",
        "read for the Go controller's sake: a whole number; what can be done at the same time is done so anyway",
    ),
    Variable("LOG_LEVEL", "info", "debug, info or error"),
    Variable("DEV_MODE", "", "any text: log lines for people instead of JSON"),
)
"""Every variable the process reads, in the order of the documentation."""

FLAGS = {variable.flag: variable.name for variable in VARIABLES if variable.flag}
"""Flag -> variable, for the command line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that configures the process; times in seconds.

    ``endpoint`` None means AWS itself. ``resync`` 0 turns the resync off.
    """

    region: str
    owner: Owner
    endpoint: str | None = None
    default_service_network: str | None = None
    service_network_override: bool = False
    tagging_api: bool = True
    gateway_creates_service_network: bool = True
    enforce_reference_grants: bool = True
    path_prefix_by_element: bool = False
    resync: float = 600.0
    sweep_min_age: float = 600.0
    warm_up_timeout: float = 120.0
    trust_last_updated_at: bool = True
    parent_hold: float = 300.0
    apply_switchover_differences: bool = False
    webhook: bool = False
    log_level: str = "info"
    dev_mode: bool = False

    @property
    def network_override(self) -> str | None:
        """The network that every route uses in override mode, else None (decision 21)."""
        return self.default_service_network if self.service_network_override else None


class SettingsError(Exception):
    """Settings that are missing or wrong; the message names all of them, what was found and what was expected."""


@dataclass(frozen=True, slots=True)
class Found:
    """Problems met while reading variables."""

    problems: list[str]

    def number(self, environment: Mapping[str, str], name: str, default: float) -> float:
        """A number of seconds, zero or more; ``default`` where the variable is unset or empty."""
        text = environment.get(name, "")
        if not text:
            return default
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        if not 0 <= value < float("inf"):
            self.problems.append(f"{name} is {text!r}; expected a number of seconds, 0 or more")
            return default
        return value

    def switch(self, environment: Mapping[str, str], name: str, default: str) -> bool:
        """``true`` or ``false`` in any case; ``default`` where unset or empty."""
        text = environment.get(name, "").strip().lower() or default
        if text not in {"true", "false"}:
            self.problems.append(f"{name} is {environment[name]!r}; expected true or false")
        return text == "true"


def is_loopback(endpoint: str | None) -> bool:
    """Whether an endpoint URL leads to this machine."""
    host = (urlsplit(endpoint or "").hostname or "").lower()
    return host in {"localhost", "::1"} or host.startswith("127.")


def read_settings(environment: Mapping[str, str], flags: Mapping[str, str | None]) -> Settings:
    """Settings from the environment, overridden by flags (variable name -> text or None where not given).

    Raises ``SettingsError`` with every problem at once.
    """
    values = {**environment, **{name: text for name, text in flags.items() if text is not None}}
    found = Found([])
    endpoint = endpoint_of(values)
    if endpoint is not None and not _is_url(endpoint):
        raise SettingsError(f"the endpoint is {endpoint!r}; expected a URL like http://127.0.0.1:8080")
    identity = _identity(values, endpoint, found)
    resync = found.number(values, "RECONCILE_DEFAULT_RESYNC_SECONDS", 600.0)
    if 0 < resync < 60:
        found.problems.append(
            f"RECONCILE_DEFAULT_RESYNC_SECONDS must be 0 (disabled) or at least 60 seconds, got {resync:g}"
        )
    concurrent = values.get("ROUTE_MAX_CONCURRENT_RECONCILES", "")
    if concurrent and not re.fullmatch("[+-]?[0-9]+", concurrent):
        found.problems.append(f"invalid value for ROUTE_MAX_CONCURRENT_RECONCILES: {concurrent!r}; expected a number")
    settings = Settings(
        region=identity["AWS_REGION"],
        owner=Owner(identity["AWS_ACCOUNT_ID"], identity["CLUSTER_NAME"], VpcId(identity["CLUSTER_VPC_ID"])),
        endpoint=endpoint,
        default_service_network=values.get("DEFAULT_SERVICE_NETWORK") or None,
        service_network_override=values.get("ENABLE_SERVICE_NETWORK_OVERRIDE", "").lower() == "true",
        tagging_api=values.get("DISABLE_TAGGING_SERVICE_API", "").lower() != "true",
        gateway_creates_service_network=found.switch(values, "GATEWAY_CREATES_SERVICE_NETWORK", "true"),
        enforce_reference_grants=found.switch(values, "ENFORCE_REFERENCE_GRANTS", "true"),
        path_prefix_by_element=found.switch(values, "PATH_PREFIX_BY_ELEMENT", "false"),
        resync=resync,
        sweep_min_age=found.number(values, "SWEEP_MIN_AGE", 600.0),
        warm_up_timeout=found.number(values, "WARM_UP_TIMEOUT", 120.0),
        trust_last_updated_at=found.switch(values, "TRUST_LAST_UPDATED_AT", "true"),
        parent_hold=found.number(values, "PARENT_HOLD", 300.0),
        apply_switchover_differences=found.switch(values, "APPLY_SWITCHOVER_DIFFERENCES", "false"),
        webhook=values.get("WEBHOOK_ENABLED", "").lower() == "true",
        log_level=values.get("LOG_LEVEL", "") or "info",
        dev_mode=bool(values.get("DEV_MODE", "")),
    )
    if found.problems:
        raise SettingsError("; ".join(found.problems))
    return settings


def endpoint_of(values: Mapping[str, str]) -> str | None:
    """LATTICE_ENDPOINT first, then the SDK's own variables (decision 23)."""
    for name in ("LATTICE_ENDPOINT", "AWS_ENDPOINT_URL_VPC_LATTICE", "AWS_ENDPOINT_URL"):
        if values.get(name):
            return values[name]
    return None


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port is no number, or the brackets of an address do not match
        return False


def _identity(values: Mapping[str, str], endpoint: str | None, found: Found) -> dict[str, str]:
    """The four parts of who we are; with a loopback endpoint the documented constants fill the gaps."""
    region = values.get("AWS_REGION") or values.get("REGION") or values.get("AWS_DEFAULT_REGION") or ""
    given = {
        "AWS_REGION": region,
        "AWS_ACCOUNT_ID": values.get("AWS_ACCOUNT_ID", ""),
        "CLUSTER_VPC_ID": values.get("CLUSTER_VPC_ID", ""),
        "CLUSTER_NAME": values.get("CLUSTER_NAME", ""),
    }
    if is_loopback(endpoint):
        constants = (LOOPBACK_REGION, LOOPBACK_ACCOUNT, LOOPBACK_VPC, LOOPBACK_CLUSTER)
        return {name: given[name] or constant for name, constant in zip(given, constants, strict=True)}
    missing = [name for name, value in given.items() if not value]
    if missing:
        found.problems.append(f"not set: {', '.join(missing)} (set the variable or its flag)")
    return given
