"""Tags of what a route becomes (model.md §1.7, §4.2; deploy.md §11 rows 2-7, 25)."""

from lattice_gateway.core.lattice.keys import GroupKey
from lattice_gateway.core.lattice.units import RouteOwner
from lattice_gateway.core.lattice.words import Owner, Tag, Tags
from lattice_gateway.core.translate.naming import ROUTE_TYPES

ROOM = 50 - 9
"""Tags that people may add: a target group carries eight of ours and the memory of keys (decision 15)."""


def child_tags(owner: Owner, extra: Tags) -> Tags:
    """Of associations, listeners and rules."""
    return Tags({Tag.MANAGED_BY: str(owner)}).over(extra)


def service_tags(owner: Owner, route: RouteOwner, extra: Tags) -> Tags:
    """Of the service itself."""
    ours: dict[str, str] = {
        Tag.MANAGED_BY: str(owner),
        Tag.ROUTE_NAME: route.name,
        Tag.ROUTE_NAMESPACE: route.namespace,
        Tag.ROUTE_TYPE: ROUTE_TYPES[route.source],
    }
    return Tags(ours).over(extra)


def group_tags(owner: Owner, route: RouteOwner, key: GroupKey, extra: Tags) -> Tags:
    """Of a target group made for a route."""
    ours: dict[str, str] = {
        Tag.MANAGED_BY: str(owner),
        Tag.CLUSTER_NAME: owner.cluster,
        Tag.SERVICE_NAME: key.name,
        Tag.SERVICE_NAMESPACE: key.namespace,
        Tag.SOURCE_TYPE: str(route.source),
        Tag.PROTOCOL_VERSION: str(key.version or ""),
        Tag.ROUTE_NAME: route.name,
        Tag.ROUTE_NAMESPACE: route.namespace,
    }
    return Tags(ours).over(extra)


def default_network_tags(owner: Owner) -> Tags:
    """Of the network of the settings, and of its VPC association (deploy.md §11 row 37)."""
    return Tags({Tag.MANAGED_BY: str(owner)})


def network_tags(owner: Owner, gateway: str) -> Tags:
    """Of a network that we create for a Gateway (``namespace/name``), and of its VPC association."""
    return Tags({Tag.MANAGED_BY: str(owner), Tag.GATEWAY: gateway})
