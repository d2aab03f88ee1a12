"""Quotas of an account and of a resource, with the codes they are known by (spec/lattice.md §8.1)."""

from enum import Enum

from lattice_emulator.world import errors


class Quota(Enum):
    """A quota; each value is (resourceType of the error, quotaCode)."""

    SERVICES = ("SERVICE", "L-620C821E")
    NETWORKS = ("SERVICE_NETWORK", "L-9CAD07FB")
    TARGET_GROUPS = ("TARGET_GROUP", "L-BB11C6B9")
    LISTENERS = ("LISTENER", "L-D64E952E")
    RULES = ("RULE", "L-CF78395E")
    GROUPS_PER_SERVICE = ("TARGET_GROUP", "L-3DEC3B9F")
    TARGETS = ("TARGET", "L-D71303F3")
    SERVICE_ASSOCIATIONS = ("SERVICE_NETWORK_SERVICE_ASSOCIATION", "L-75D4A19E")
    VPC_ASSOCIATIONS = ("SERVICE_NETWORK_VPC_ASSOCIATION", "L-EF6E2D62")


def check(quota: Quota, wanted: int, limit: int, parent: str | None = None) -> None:
    """Raise ServiceQuotaExceededException when ``wanted`` is above ``limit``; ``parent`` None: the account's."""
    if wanted > limit:
        resource_type, code = quota.value
        owner = "this account" if parent is None else parent
        text = f"Quota {code} of {owner} is exceeded: {wanted} {resource_type} wanted, {limit} allowed."
        raise errors.over_quota(resource_type, code, parent, text)
