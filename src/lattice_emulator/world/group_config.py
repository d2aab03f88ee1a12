"""The configuration of a target group: rules by type, and health checks with their defaults (spec/lattice.md §4.4)."""

import re
from collections.abc import Mapping
from typing import Any

from lattice_emulator.world import errors
from lattice_emulator.world import model as m
from lattice_emulator.world.context import Answer, present
from lattice_emulator.world.knobs import CheckProtocol, Knobs

DEFAULT_PORT = {m.GroupProtocol.HTTP: 80, m.GroupProtocol.HTTPS: 443}
CODES = re.compile(r"\d{3}(-\d{3})?(,\d{3}(-\d{3})?)*")
LAMBDA_REFUSES = ("port", "protocol", "protocolVersion", "ipAddressType", "vpcIdentifier", "healthCheck")
# Member of the answer: field, lowest value, highest value.
NUMBERS = {
    "healthCheckIntervalSeconds": ("interval", 5, 300),
    "healthCheckTimeoutSeconds": ("timeout", 1, 120),
    "healthyThresholdCount": ("healthy_threshold", 2, 10),
    "unhealthyThresholdCount": ("unhealthy_threshold", 2, 10),
}
Wire = Mapping[str, Any]


def read_lambda(config: Wire | None) -> str | None:
    """The event version of a LAMBDA group, None when none was given; raises ValidationException."""
    for member in LAMBDA_REFUSES:
        if config is not None and member in config:
            raise errors.invalid(f"config.{member}", f"A LAMBDA target group takes no {member}.")
    version: str | None = None if config is None else config.get("lambdaEventStructureVersion")
    return version


def read(knobs: Knobs, group_type: m.GroupType, config: Wire | None) -> m.GroupConfig:
    """The configuration of any other group, defaults filled in; raises ValidationException."""
    if config is None:
        raise errors.invalid("config", f"A target group of type {group_type} needs a config.")
    if "lambdaEventStructureVersion" in config:
        raise errors.invalid("config.lambdaEventStructureVersion", "Only LAMBDA target groups take an event version.")
    if "vpcIdentifier" not in config:
        raise errors.invalid("config.vpcIdentifier", f"A target group of type {group_type} needs a vpcIdentifier.")
    protocol = _protocol(knobs, config)
    version = _version(group_type, protocol, config)
    return m.GroupConfig(
        port=_port(knobs, protocol, config),
        protocol=protocol,
        version=version,
        ip_type=_ip_type(knobs, group_type, config),
        vpc_id=config["vpcIdentifier"],
        health_check=_first_check(knobs, group_type, protocol, version, config.get("healthCheck")),
    )


def read_check(
    base: m.HealthCheck | None, protocol: m.GroupProtocol, defaults: m.HealthCheck | None, wire: Wire
) -> m.HealthCheck | None:
    """``wire`` laid over ``base``, zeros and empty text back to ``defaults``; None: a TCP group's check is off.

    ``defaults`` is None for a TCP group, which has none but must name protocol and version. Raises ValidationException.
    """
    if protocol is m.GroupProtocol.TCP and not wire.get("enabled", base is not None):
        return None
    _check_tcp(base, protocol, wire)
    _check_protocol(wire)
    filled = base or defaults or _BLANK
    fallback = defaults or _BLANK
    return m.HealthCheck(
        enabled=wire.get("enabled", filled.enabled),
        protocol=m.GroupProtocol(wire.get("protocol", filled.protocol)),
        version=m.ProtocolVersion(wire.get("protocolVersion", filled.version)),
        port=(wire["port"] or None) if "port" in wire else filled.port,
        path=(wire["path"] or fallback.path) if "path" in wire else filled.path,
        matcher=_matcher(wire, filled, fallback),
        **{field: _number(wire, member, filled, fallback) for member, (field, _, _) in NUMBERS.items()},
    )


def default_check(knobs: Knobs, config: m.GroupConfig) -> m.HealthCheck | None:
    """What a group of this configuration checks when nothing is said; None for TCP."""
    return _defaults(knobs, config.protocol, config.version)


def render(config: m.GroupConfig, group_type: m.GroupType) -> Answer:
    """The configuration as answers nest it."""
    shown = present(
        port=config.port,
        protocol=str(config.protocol),
        protocolVersion=None if config.version is None else str(config.version),
        ipAddressType=config.ip_type,
        vpcIdentifier=config.vpc_id,
    )
    return shown if group_type is m.GroupType.ALB else shown | {"healthCheck": render_check(config.health_check)}


def render_check(check: m.HealthCheck | None) -> Answer:
    """The health check as answers show it; exactly ``{enabled: false}`` for a TCP group without one."""
    if check is None:
        return {"enabled": False}
    return present(
        enabled=check.enabled,
        protocol=str(check.protocol),
        protocolVersion=str(check.version),
        port=check.port,
        path=check.path,
        healthCheckIntervalSeconds=check.interval,
        healthCheckTimeoutSeconds=check.timeout,
        healthyThresholdCount=check.healthy_threshold,
        unhealthyThresholdCount=check.unhealthy_threshold,
        matcher={"httpCode": check.matcher},
    )


def _protocol(knobs: Knobs, config: Wire) -> m.GroupProtocol:
    if "protocol" in config:
        return m.GroupProtocol(config["protocol"])
    if knobs.group_protocol_required:
        raise errors.invalid("config.protocol", "A target group needs a protocol: HTTP, HTTPS or TCP.")
    return m.GroupProtocol.HTTP


def _version(group_type: m.GroupType, protocol: m.GroupProtocol, config: Wire) -> m.ProtocolVersion | None:
    given = config.get("protocolVersion")
    if protocol is m.GroupProtocol.TCP:
        if given is not None:
            raise errors.invalid("config.protocolVersion", "A TCP target group takes no protocolVersion.")
        return None
    version = m.ProtocolVersion(given or "HTTP1")
    if group_type is m.GroupType.ALB and version is not m.ProtocolVersion.HTTP1:
        raise errors.invalid("config.protocolVersion", f"An ALB target group is HTTP1, not {version}.")
    return version


def _port(knobs: Knobs, protocol: m.GroupProtocol, config: Wire) -> int:
    port: int | None = config.get("port", DEFAULT_PORT.get(protocol, knobs.tcp_default_port))
    if port is None:
        raise errors.invalid("config.port", "A TCP target group needs a port.")
    return port


def _ip_type(knobs: Knobs, group_type: m.GroupType, config: Wire) -> str | None:
    given: str | None = config.get("ipAddressType")
    if group_type is not m.GroupType.INSTANCE:
        return given or "IPV4"
    if given is not None and knobs.instance_ip_type_refused:
        raise errors.invalid("config.ipAddressType", "An INSTANCE target group takes no ipAddressType.")
    return None


def _first_check(
    knobs: Knobs,
    group_type: m.GroupType,
    protocol: m.GroupProtocol,
    version: m.ProtocolVersion | None,
    wire: Wire | None,
) -> m.HealthCheck | None:
    if group_type is m.GroupType.ALB:
        if wire is not None:
            raise errors.invalid("config.healthCheck", "ALB Target Group does not support health check config")
        return None
    return read_check(None, protocol, _defaults(knobs, protocol, version), wire or {})


def _defaults(knobs: Knobs, protocol: m.GroupProtocol, version: m.ProtocolVersion | None) -> m.HealthCheck | None:
    if version is None:
        return None
    follows = knobs.health_check_protocol is CheckProtocol.GROUP
    http2 = version is m.ProtocolVersion.HTTP2
    return m.HealthCheck(
        enabled=version is m.ProtocolVersion.HTTP1 or knobs.h2_check_default,
        protocol=protocol if follows else m.GroupProtocol.HTTP,
        version=m.ProtocolVersion.HTTP2 if http2 else m.ProtocolVersion.HTTP1,
        port=None,
        path="/",
        interval=30,
        timeout=5,
        healthy_threshold=5,
        unhealthy_threshold=2,
        matcher="200",
    )


# The numbers every health check starts from; protocol and version are always given where this one is used.
_BLANK = m.HealthCheck(
    enabled=True,
    protocol=m.GroupProtocol.HTTP,
    version=m.ProtocolVersion.HTTP1,
    port=None,
    path="/",
    interval=30,
    timeout=5,
    healthy_threshold=5,
    unhealthy_threshold=2,
    matcher="200",
)


def _check_tcp(base: m.HealthCheck | None, protocol: m.GroupProtocol, wire: Wire) -> None:
    if protocol is not m.GroupProtocol.TCP or base is not None:
        return
    for member in ("protocol", "protocolVersion"):
        if member not in wire:
            text = f"The health check of a TCP target group needs a {member}."
            raise errors.invalid(f"healthCheck.{member}", text)


def _check_protocol(wire: Wire) -> None:
    if wire.get("protocol") == "TCP":
        raise errors.invalid("healthCheck.protocol", "A health check speaks HTTP or HTTPS, not TCP.")


def _number(wire: Wire, member: str, filled: m.HealthCheck, fallback: m.HealthCheck) -> int:
    field, low, high = NUMBERS[member]
    value: int = wire.get(member, getattr(filled, field))
    if value == 0:
        return int(getattr(fallback, field))
    if not low <= value <= high:
        raise errors.invalid(f"healthCheck.{member}", f"{member} {value} is outside {low}-{high}; 0 resets it.")
    return value


def _matcher(wire: Wire, filled: m.HealthCheck, fallback: m.HealthCheck) -> str:
    if "matcher" not in wire:
        return filled.matcher
    text: str = wire["matcher"].get("httpCode") or fallback.matcher
    parts = [part.split("-") for part in text.split(",")]
    sound = CODES.fullmatch(text) and all(200 <= int(c[0]) <= int(c[-1]) <= 499 for c in parts)
    if not sound:
        raise errors.invalid("healthCheck.matcher.httpCode", f"httpCode {text!r} is not codes or ranges in 200-499.")
    return text
