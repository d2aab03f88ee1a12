"""The objects that decide about gates, as the source tells them; kept beside the engine, because every replica answers.

Only references to the engine's own objects are kept.
"""

from collections import defaultdict
from collections.abc import AsyncIterator

from lattice_gateway.core.objects import (
    CONTROLLER_NAME,
    Gateway,
    GatewayClass,
    GRPCRoute,
    HTTPRoute,
    Object,
    Ref,
    Route,
    Service,
    ServiceExport,
    TLSRoute,
)
from lattice_gateway.core.objects.refs import Kind
from lattice_gateway.engine.feed import Batch
from lattice_gateway.engine.ports import Source
from lattice_gateway.serve.webhook.decision import Pod, Surroundings, backends, parents, selects


class Known:
    """What the source told so far; ``complete`` once it told everything."""

    def __init__(self) -> None:
        self.complete = False
        self._classes: dict[str, GatewayClass] = {}
        self._gateways: dict[Ref, Gateway] = {}
        self._services: defaultdict[str, dict[str, Service]] = defaultdict(dict)
        self._exports: defaultdict[str, dict[str, ServiceExport]] = defaultdict(dict)
        self._routes: dict[Ref, Route] = {}
        self._users: defaultdict[Ref, set[Ref]] = defaultdict(set)

    def take(self, batch: Batch) -> None:
        """Learn what changed. What cannot be read stays as it was last."""
        for ref in batch.gone:
            self._forget(ref)
        for thing in batch.puts:
            self._learn(thing)
        self.complete = self.complete or batch.complete

    def around(self, pod: Pod) -> Surroundings:
        """What matters for a pod, found without a look at every route."""
        services = [each for each in self._services.get(pod.namespace, {}).values() if selects(each, pod)]
        routes = {ref for service in services for ref in self._users.get(service.ref, ())}
        return Surroundings(
            services=tuple(services),
            routes=tuple(route for route in map(self._routes.__getitem__, sorted(routes)) if self._is_ours(route)),
            exports=tuple(self._exports.get(pod.namespace, {}).values()),
        )

    def _is_ours(self, route: Route) -> bool:
        """Whether a parent is a Gateway of a class of ours."""
        gateways = (self._gateways.get(parent) for parent in parents(route))
        classes = (self._classes.get(each.spec.gateway_class_name) for each in gateways if each is not None)
        return any(each.spec.controller_name == CONTROLLER_NAME for each in classes if each is not None)

    def _learn(self, thing: Object) -> None:
        namespace, name = thing.metadata.namespace, thing.metadata.name
        match thing:
            case GatewayClass():
                self._classes[name] = thing
            case Gateway():
                self._gateways[thing.ref] = thing
            case Service():
                self._services[namespace][name] = thing
            case ServiceExport():
                self._exports[namespace][name] = thing
            case HTTPRoute() | GRPCRoute() | TLSRoute():
                self._forget(thing.ref)
                self._routes[thing.ref] = thing
                for service in _services_of(thing):
                    self._users[service].add(thing.ref)
            case _:
                return

    def _forget(self, ref: Ref) -> None:
        match ref.kind:
            case Kind.GATEWAY_CLASS:
                self._classes.pop(ref.name, None)
            case Kind.GATEWAY:
                self._gateways.pop(ref, None)
            case Kind.SERVICE:
                _drop(self._services, ref)
            case Kind.SERVICE_EXPORT:
                _drop(self._exports, ref)
            case Kind.HTTP_ROUTE | Kind.GRPC_ROUTE | Kind.TLS_ROUTE:
                self._forget_route(ref)
            case _:
                return

    def _forget_route(self, ref: Ref) -> None:
        route = self._routes.pop(ref, None)
        for service in _services_of(route) if route else ():
            self._users[service].discard(ref)
            if not self._users[service]:
                del self._users[service]


class Overheard:
    """A source whose batches are learned on their way to the engine."""

    def __init__(self, source: Source, known: Known) -> None:
        self._source = source
        self._known = known

    async def changes(self) -> AsyncIterator[Batch]:
        """The batches of the source, unchanged."""
        async for batch in self._source.changes():
            self._known.take(batch)
            yield batch


def _services_of(route: Route) -> set[Ref]:
    return {Ref(Kind.SERVICE, namespace, name) for namespace, name in backends(route)}


def _drop(things: defaultdict[str, dict[str, Service]] | defaultdict[str, dict[str, ServiceExport]], ref: Ref) -> None:
    things[ref.namespace].pop(ref.name, None)
    if not things[ref.namespace]:
        del things[ref.namespace]
