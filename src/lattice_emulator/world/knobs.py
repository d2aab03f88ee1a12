"""Every choice the sources leave open, every duration and every quota: one table, with its defaults.

A correction from a real account is one line here. Section numbers are those of the service's fact sheet,
lattice.md; "§16 #n" is a row of its list of open points.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from lattice_emulator.world.errors import Refusal
from lattice_emulator.world.knob_table import KnobRow, knob, read, rows


class PrefixMode(StrEnum):
    """How a path prefix is compared: by character, or by path element."""

    STRING = "string"
    SEGMENT = "segment"


class UpdateMode(StrEnum):
    """What an update does with members that were left out."""

    MERGE = "merge"
    REPLACE = "replace"


class ArnAccount(StrEnum):
    """Whose account stands in an ARN that two accounts see."""

    CALLER = "caller"
    CREATOR = "creator"


class CheckProtocol(StrEnum):
    """Where the default protocol of a health check comes from."""

    GROUP = "group"
    HTTP = "HTTP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Knobs:
    """The settings of one emulated service; times in emulated seconds."""

    # Durations
    service_create_seconds: float = knob(30.0, "§5.2", "A new service is CREATE_IN_PROGRESS for this long.")
    service_delete_seconds: float = knob(15.0, "§5.2", "A deleted service is DELETE_IN_PROGRESS for this long.")
    tg_create_seconds: float = knob(3.0, "§5.2", "A new target group is CREATE_IN_PROGRESS for this long.")
    tg_delete_seconds: float = knob(3.0, "§5.2", "A deleted target group is DELETE_IN_PROGRESS for this long.")
    snsa_create_seconds: float = knob(15.0, "§5.2", "A new service association needs this long to be ACTIVE.")
    snsa_delete_seconds: float = knob(15.0, "§5.2", "A deleted service association needs this long to be gone.")
    snva_create_seconds: float = knob(20.0, "§5.2", "A new VPC association needs this long to be ACTIVE.")
    snva_update_seconds: float = knob(20.0, "§5.2", "A changed VPC association needs this long to be ACTIVE again.")
    snva_delete_seconds: float = knob(75.0, "§5.2", "A deleted VPC association needs this long to be gone.")
    drain_seconds: float = knob(60.0, "§5.2, §16 #16", "A deregistered target of a used group is DRAINING this long.")
    unused_target_lingers_seconds: float = knob(
        0.0, "§4.4, §16 #33", "A deregistered target of an unused group stays listed, UNUSED, for this long."
    )
    token_life_seconds: float = knob(86_400.0, "§6, §16 #8", "A client token is remembered for this long.")
    tag_lag: float = knob(0.0, "§13.1, §16 #14", "Tags show in the tagging API this long after they were written.")

    # Quotas
    quota_services: int = knob(2000, "§8.1", "Services per account and Region (L-620C821E).")
    quota_networks: int = knob(50, "§8.1", "Service networks per account and Region (L-9CAD07FB).")
    quota_target_groups: int = knob(500, "§8.1", "Target groups per account and Region (L-BB11C6B9).")
    quota_listeners: int = knob(2, "§8.1", "Listeners per service (L-D64E952E).")
    quota_rules: int = knob(10, "§8.1", "Rules per listener (L-CF78395E).")
    quota_groups_per_service: int = knob(10, "§8.1", "Target groups that one service may use (L-3DEC3B9F).")
    quota_targets: int = knob(1000, "§8.1", "Targets per target group (L-D71303F3).")
    quota_service_associations: int = knob(500, "§8.1", "Services per service network (L-75D4A19E).")
    quota_vpc_associations: int = knob(500, "§8.1", "VPCs per service network (L-EF6E2D62).")
    quota_tags: int = knob(50, "§8.1", "Tags per resource; a breach is a refusal of the tags.")
    quota_policy_bytes: int = knob(10_240, "§8.1", "Bytes of an auth policy; a breach is a ValidationException.")
    default_rule_counts: bool = knob(default=False, section="§8.1, §16 #11", meaning="The default rule uses up quota.")

    # Identifiers, lists, tokens
    page_size: int = knob(100, "§1.1", "Items of a page when maxResults is left out.", least=1, most=100)
    bad_page_token: Refusal = knob(Refusal.VALIDATION, "§1.1", "Answer to a page token that was not issued here.")
    token_reuse: Refusal = knob(Refusal.CONFLICT, "§6, §16 #8", "Answer to a client token with other parameters.")
    foreign_identifier: Refusal = knob(
        Refusal.NOT_FOUND, "§1", "Answer to an identifier of another Region, parent or unrelated account."
    )
    unknown_list_parent_404: bool = knob(
        default=False,
        section="§2.15",
        meaning="A list by an unknown parent answers 404 instead of an empty list.",
    )
    ram_list: bool = knob(
        default=True,
        section="§4.5, §16 #32",
        meaning="Shared networks and services appear in the consumer's lists.",
    )
    association_arn_account: ArnAccount = knob(
        ArnAccount.CALLER, "§4.5, §16 #22", "Whose account an association's ARN names."
    )
    known_resources: tuple[str, ...] | None = knob(
        None, "§4.6, §16 #29", "ARNs of buckets, log groups, delivery streams that exist; null: all do."
    )
    updated_by_tags: bool = knob(
        default=False, section="§5.1, §16 #37", meaning="A change of tags moves lastUpdatedAt."
    )
    count_active_only: bool = knob(
        default=True, section="§4.5", meaning="numberOfAssociated... counts only ACTIVE associations."
    )

    # Services
    hosted_zone_id: str = knob("Z09127221KTH2CFUOHIZH", "§7, §16 #13", "hostedZoneId of every dnsEntry.")
    dns_label: str = knob("7d67968", "§7, §16 #13", "The label after a service's own in its generated name.")
    check_custom_domain: bool = knob(
        default=True, section="§3.2, §16 #30", meaning="A wildcard or malformed custom domain is refused."
    )
    check_certificates: bool = knob(
        default=False,
        section="§4.1, §16 #29",
        meaning="certificateArn must be ISSUED in this emulator's ACM.",
    )
    custom_domain_twice: Refusal = knob(
        Refusal.CONFLICT, "§6", "Answer to a second service with one custom domain in a network."
    )

    # Listeners and rules
    build_while_creating: bool = knob(
        default=False, section="§6", meaning="Listeners and rules may be made while their service is being created."
    )
    tls_default_port: int = knob(443, "§4.2, §16 #12", "Port of a TLS_PASSTHROUGH listener.", least=1, most=65535)
    listener_taken: Refusal = knob(Refusal.CONFLICT, "§6", "Answer to a listener name or port in use.")
    rule_taken: Refusal = knob(Refusal.CONFLICT, "§6", "Answer to a rule name or priority in use.")
    default_rule_name: str = knob("default", "§3.1", "Name of the rule that is made with a listener.")
    default_rule_priority: int | None = knob(None, "§3.1", "Priority shown for the default rule; null: none.", least=1)
    default_rule_fixed: Refusal = knob(Refusal.VALIDATION, "§6", "Answer to changing or deleting a default rule.")
    weight_default: int = knob(100, "§4.3, §16 #3", "Weight of a single group given without one.", most=999)
    missing_weight_refused: bool = knob(
        default=True, section="§3.2, §16 #27", meaning="A weight left out beside other groups is refused."
    )
    same_group_twice: bool = knob(
        default=True, section="§4.3, §16 #28", meaning="A forward may name a group twice; the weights add up."
    )
    empty_match_refused: bool = knob(
        default=True, section="§4.3, §16 #17", meaning="A httpMatch without any condition is refused."
    )
    same_match_twice: bool = knob(
        default=True, section="§4.3, §16 #17", meaning="Two rules of a listener may have the same match."
    )
    empty_method_is_absent: bool = knob(
        default=True, section="§3.2, §16 #18", meaning="An empty method is taken as none; else it is refused."
    )
    show_case_default: bool = knob(
        default=False, section="§4.3", meaning="Answers carry a caseSensitive flag that was left out."
    )
    unknown_group: Refusal = knob(Refusal.NOT_FOUND, "§6, §16 #9", "Answer to an action that names an unknown group.")
    group_of_other_service: Refusal = knob(
        Refusal.CONFLICT, "§6", "Answer to an action that names a group of another service."
    )
    protocol_mismatch: Refusal = knob(
        Refusal.VALIDATION, "§6", "Answer to a group whose protocol does not fit the listener."
    )
    allow_h2_on_http: bool = knob(
        default=False,
        section="§4.4, §16 #26",
        meaning="HTTP2 and GRPC groups may stand behind HTTP listeners.",
    )
    weight_zero_in_use: bool = knob(
        default=True,
        section="§16 #36",
        meaning="A group named only at weight 0 is checked and shown in serviceArns.",
    )
    batch_unknown_code: str = knob("RuleNotFound", "§6", "failureCode of an unknown rule in BatchUpdateRule.")
    batch_default_code: str = knob("InvalidRule", "§6", "failureCode of the default rule in BatchUpdateRule.")

    # Target groups and targets
    group_protocol_required: bool = knob(
        default=True, section="§4.4, §16 #34", meaning="A group without protocol is refused; else it is HTTP."
    )
    tcp_default_port: int | None = knob(
        None, "§4.4, §16 #34", "Port of a TCP group given none; null: refused.", least=1, most=65535
    )
    instance_ip_type_refused: bool = knob(
        default=True,
        section="§4.4",
        meaning="ipAddressType given to an INSTANCE group is refused; else dropped.",
    )
    health_check_protocol: CheckProtocol = knob(
        CheckProtocol.GROUP, "§4.4", "Default protocol of a health check: the group's, or always HTTP."
    )
    h2_check_default: bool = knob(
        default=False, section="§4.4", meaning="Health checks of HTTP2 and GRPC groups are on by default."
    )
    hc_update_mode: UpdateMode = knob(
        UpdateMode.MERGE,
        "§4.4, §16 #25",
        "Members left out of UpdateTargetGroup: kept (merge) or reset (replace).",
    )
    strict_tg_delete: bool = knob(
        default=True, section="§6, §16 #7", meaning="A group with listed targets cannot be deleted."
    )
    tg_with_targets: Refusal = knob(Refusal.CONFLICT, "§6", "Answer to deleting a group that has targets.")
    single_target: Refusal = knob(Refusal.VALIDATION, "§4.4", "Answer to a second target on LAMBDA or ALB.")
    register_revives_draining: bool = knob(
        default=True, section="§4.4", meaning="Registering a draining target again makes it INITIAL."
    )
    drain_ends_when_unused: bool = knob(
        default=True, section="§9.6", meaning="Draining targets go at once when their group falls out of use."
    )
    disabled_check_reason: str | None = knob(
        "HealthCheckDisabled", "§9.6, §16 #19", "reasonCode of targets without health check; null: none."
    )
    initial_reason: str | None = knob(None, "§9.6", "reasonCode of INITIAL targets; null: none.")
    draining_reason: str | None = knob(None, "§9.6", "reasonCode of DRAINING targets; null: none.")

    # Policies, logs, tags
    absent_policy_404: bool = knob(
        default=False,
        section="§4.6, §16 #10",
        meaning="Reading or deleting an absent auth policy answers 404.",
    )
    policy_newlines: bool = knob(default=True, section="§3.2, §16 #31", meaning="An auth policy may contain newlines.")
    policy_delete_under_iam: bool = knob(
        default=True, section="§4.6", meaning="An auth policy may be deleted while authType is AWS_IAM."
    )
    log_type_default: str | None = knob(
        "SERVICE", "§4.6", "serviceNetworkLogType of a network's subscription given none; null: not shown."
    )
    bad_tags: Refusal = knob(Refusal.VALIDATION, "§4.6", "Answer to reserved or too many tags.")

    # Data plane
    prefix_mode: PrefixMode = knob(PrefixMode.STRING, "§9.2, §16 #1", "What a path prefix matches.")
    path_case_default: bool = knob(
        default=True, section="§4.3, §16 #2", meaning="A path match without caseSensitive minds the case."
    )
    empty_tg_status: int = knob(503, "§9.6, §16 #4", "Answer for a group without targets.", least=200, most=599)
    slow_target_status: int = knob(504, "§9.7, §16 #5", "Answer when a target is too slow.", least=200, most=599)
    zero_weight_status: int = knob(500, "§9.2", "Answer when all weights are 0.", least=200, most=599)
    protocol_mismatch_status: int = knob(
        500, "§9.3, §16 #20", "Answer when the group cannot take the client's protocol.", least=200, most=599
    )
    garbage_status: int = knob(502, "§9.7", "Answer when a target's answer is malformed.", least=200, most=599)
    connect_timeout_seconds: float = knob(5.0, "§9.4", "How long connecting to a target may take.")
    initial_targets_serve: bool = knob(
        default=False, section="§9.6, §16 #24", meaning="INITIAL targets get traffic beside healthy ones."
    )

    @classmethod
    def from_mapping(cls, found: Mapping[str, object], where: str = "knobs") -> "Knobs":
        """The defaults with the values of ``found``; raises KnobError."""
        return read(cls, found, where)

    def fast(self) -> "Knobs":
        """The same with every life-cycle duration 0: a step is over before the next call."""
        steps = [each.name for each in fields(self) if each.name.endswith(_STEPS)]
        zeros: dict[str, Any] = dict.fromkeys(steps, 0.0)
        return replace(self, **zeros)


_STEPS = ("_create_seconds", "_update_seconds", "_delete_seconds", "drain_seconds")


def knob_rows() -> Iterator[KnobRow]:
    """The rows of the settings page, in the order of the table."""
    return rows(Knobs)
