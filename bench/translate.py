"""Measures translation alone: a world from nothing, one moved pod, an edit that concerns every route.

Run: ``python bench/translate.py [--routes 1000]``. A route has two rules with two Services each, a Service five
endpoints. The first figure is the best of three.
"""

import argparse
import gc
import statistics
import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec import structs

from lattice_gateway.core.lattice.words import Owner, VpcId
from lattice_gateway.core.objects import (
    CONTROLLER_NAME,
    BackendRef,
    Endpoint,
    EndpointPort,
    EndpointSlice,
    Gateway,
    GatewayClass,
    GatewayClassSpec,
    GatewaySpec,
    HTTPRoute,
    HTTPRouteMatch,
    HTTPRouteRule,
    HTTPRouteSpec,
    Listener,
    Object,
    ObjectMeta,
    ParentRef,
    PathMatch,
    Service,
    ServicePort,
    ServiceSpec,
    SliceAddressType,
)
from lattice_gateway.core.objects.cluster import SERVICE_NAME_LABEL
from lattice_gateway.engine.translation import News, Translation
from lattice_gateway.settings import Settings

SETTINGS = Settings(region="us-west-2", owner=Owner("111122223333", "bench", VpcId("vpc-0123456789abcdef0")))
BORN = datetime(2026, 1, 1, tzinfo=UTC)
SERVICES_PER_ROUTE = 4
PODS = 5


def meta(name: str, labels: dict[str, str] | None = None) -> ObjectMeta:
    return ObjectMeta(name=name, namespace="bench", creation_timestamp=BORN, generation=1, labels=labels or {})


def gateway(ports: int) -> Gateway:
    listeners = tuple(Listener(name=f"web{n}", protocol="HTTP", port=80 + n) for n in range(ports))
    return Gateway(metadata=meta("edge"), spec=GatewaySpec(gateway_class_name="lattice", listeners=listeners))


def route(number: int) -> HTTPRoute:
    rules = tuple(
        HTTPRouteRule(
            matches=(HTTPRouteMatch(path=PathMatch(value=f"/{part}")),),
            backend_refs=tuple(BackendRef(name=f"s{number}-{2 * part + one}", port=80) for one in range(2)),
        )
        for part in range(2)
    )
    return HTTPRoute(
        metadata=meta(f"r{number}"), spec=HTTPRouteSpec(parent_refs=(ParentRef(name="edge"),), rules=rules)
    )


def endpoints(name: str, number: int, pods: int) -> EndpointSlice:
    return EndpointSlice(
        metadata=meta(f"{name}-x", labels={SERVICE_NAME_LABEL: name}),
        address_type=SliceAddressType.IPV4,
        ports=(EndpointPort(name="web", port=8080),),
        endpoints=tuple(Endpoint(addresses=(address(number * PODS + pod),)) for pod in range(pods)),
    )


def address(number: int) -> str:
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def world(routes: int) -> Iterator[Object]:
    yield GatewayClass(metadata=ObjectMeta(name="lattice"), spec=GatewayClassSpec(controller_name=CONTROLLER_NAME))
    yield gateway(1)
    port = ServicePort(name="web", port=80)
    for number in range(routes):
        yield route(number)
        for one in range(SERVICES_PER_ROUTE):
            name = f"s{number}-{one}"
            yield Service(metadata=meta(name), spec=ServiceSpec(ports=(port,)))
            yield endpoints(name, number * SERVICES_PER_ROUTE + one, PODS)


def timed(translation: Translation, news: News) -> tuple[float, dict[str, int]]:
    began = time.perf_counter()
    delta = translation.apply(news)
    return time.perf_counter() - began, delta.recomputed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--routes", type=int, default=1000)
    routes = parser.parse_args().routes
    objects = tuple(world(routes))
    gc.collect()

    whole, cells = min((timed(Translation(SETTINGS), News(puts=objects)) for _ in range(3)), key=lambda one: one[0])
    print(f"from nothing: {routes} routes, {routes * 4} Services, {routes * 20} endpoints: {whole:.2f} s")
    print(f"  cells: {cells}")

    tracemalloc.start()
    translation = Translation(SETTINGS)
    translation.apply(News(puts=objects))
    gc.collect()
    print(f"  memory of the translation: {tracemalloc.get_traced_memory()[0] / 2**20:.1f} MiB")
    tracemalloc.stop()

    moves = []
    for turn in range(1000):
        number = (turn * 37) % routes
        moved = endpoints(f"s{number}-1", number * 4 + 1, PODS - 1 - turn // routes % 2)
        took, cells = timed(translation, News(puts=(moved,)))
        moves.append(took)
    moves.sort()
    print(f"one EndpointSlice: median {statistics.median(moves) * 1e6:.0f} us, p99 {moves[989] * 1e6:.0f} us, {cells}")

    same = structs.replace(gateway(1), metadata=meta("edge", labels={"edited": "yes"}))
    took, cells = timed(translation, News(puts=(same,)))
    print(f"an edit of the Gateway that changes nothing: {took * 1e3:.2f} ms, {cells}")
    took, cells = timed(translation, News(puts=(gateway(2),)))
    print(f"a second port on the Gateway: {took * 1e3:.0f} ms, {cells}")


if __name__ == "__main__":
    main()
