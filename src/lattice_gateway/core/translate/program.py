"""The translation as a whole: its cells in an order in which each reads only what stands before it."""

from lattice_gateway.core.translate.attach import ATTACHMENTS, EACH_ROUTE
from lattice_gateway.core.translate.backends import GRANTS_OF
from lattice_gateway.core.translate.classes import CLASS_VIEWS, EACH_CLASS
from lattice_gateway.core.translate.endpoints import ENDPOINTS, SLICES_OF
from lattice_gateway.core.translate.gated import GATED
from lattice_gateway.core.translate.gateways import BY_NETWORK, EACH_GATEWAY, GATEWAY_VIEWS
from lattice_gateway.core.translate.groups import GROUPS, POLICIES_OF
from lattice_gateway.core.translate.naming import BY_DEFAULT_NAME, SERVICES_OF
from lattice_gateway.core.translate.networks import EACH_DEFAULT, NETWORKS, NETWORKS_HELD, ROUTES_AT, UNKNOWN_GATEWAYS
from lattice_gateway.core.translate.readiness import EACH_WAITING, EXPECTED, PLACES, ROUTED, WAITING
from lattice_gateway.core.translate.routes import BY_SERVICE, EACH_HTTP_ROUTE, ROUTE_VIEWS
from lattice_gateway.core.translate.services import BY_GROUP, FOLLOWED, SERVICE_VIEWS
from lattice_gateway.core.translate.standing import BY_LISTENER, STANDINGS
from lattice_gateway.core.translate.strays import STRAY_KINDS, STRAYS
from lattice_gateway.core.translate.view import Program

CELLS = (
    ENDPOINTS,
    GATED,
    STRAYS,
    STRAY_KINDS,
    CLASS_VIEWS,
    GATEWAY_VIEWS,
    ATTACHMENTS,
    NETWORKS,
    ROUTE_VIEWS,
    SERVICE_VIEWS,
    FOLLOWED,
    GROUPS,
    EXPECTED,
    WAITING,
    STANDINGS,
)
INDEXES = (
    SLICES_OF,
    GRANTS_OF,
    POLICIES_OF,
    SERVICES_OF,
    UNKNOWN_GATEWAYS,
    EACH_CLASS,
    EACH_GATEWAY,
    EACH_ROUTE,
    EACH_HTTP_ROUTE,
    BY_NETWORK,
    ROUTES_AT,
    NETWORKS_HELD,
    EACH_DEFAULT,
    BY_DEFAULT_NAME,
    BY_SERVICE,
    BY_GROUP,
    BY_LISTENER,
    EACH_WAITING,
    PLACES,
    ROUTED,
)
TRANSLATION = Program(CELLS, INDEXES)
