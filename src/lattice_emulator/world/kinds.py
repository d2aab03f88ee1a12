"""The kinds of resource: their words in ids, ARNs and errors (spec/lattice.md §3.1, §6)."""

from enum import Enum


class Kind(Enum):
    """A kind of resource; each value is (id prefix, ARN segment, resourceType)."""

    SERVICE = ("svc", "service", "SERVICE")
    LISTENER = ("listener", "listener", "LISTENER")
    RULE = ("rule", "rule", "RULE")
    TARGET_GROUP = ("tg", "targetgroup", "TARGET_GROUP")
    NETWORK = ("sn", "servicenetwork", "SERVICE_NETWORK")
    SERVICE_ASSOCIATION = (
        "snsa",
        "servicenetworkserviceassociation",
        "SERVICE_NETWORK_SERVICE_ASSOCIATION",
    )
    VPC_ASSOCIATION = ("snva", "servicenetworkvpcassociation", "SERVICE_NETWORK_VPC_ASSOCIATION")
    ACCESS_LOG = ("als", "accesslogsubscription", "ACCESS_LOG_SUBSCRIPTION")

    @property
    def prefix(self) -> str:
        """The word an id begins with, without the hyphen."""
        return self.value[0]

    @property
    def segment(self) -> str:
        """The word before the id in an ARN's tail."""
        return self.value[1]

    @property
    def resource_type(self) -> str:
        """The word for it in error bodies."""
        return self.value[2]


BY_PREFIX = {kind.prefix: kind for kind in Kind}


def kind_of(identifier: str) -> Kind | None:
    """The kind an id such as ``svc-0123…`` is of; None when its prefix is no kind's."""
    prefix, hyphen, _ = identifier.partition("-")
    return BY_PREFIX.get(prefix) if hyphen else None
