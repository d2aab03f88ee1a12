"""Which pods wait for VPC Lattice."""

from typing import Any

import pytest
from msgspec import structs

from lattice_gateway.core.objects import ServiceExport
from lattice_gateway.engine.feed import Batch
from lattice_gateway.serve.webhook.around import Known, Overheard
from lattice_gateway.serve.webhook.decision import (
    GATE,
    INJECT,
    Decision,
    Inject,
    Leave,
    Pod,
    Surroundings,
    decide,
    patch,
)
from tests.unit.serve.objects import CHECKOUT, TO_CHECKOUT, export, gateway, gateway_class, ours, route, service

POD = Pod(namespace="shop", labels={"app": "checkout", "pod-template-hash": "5d9"})
NO_SERVICE = Leave("no Service selects the pod")
NOBODY = Leave("no route of ours has a backend that selects the pod, no export names it")


def around(*services: Any, to: dict[str, Any] | None = TO_CHECKOUT, kind: str = "HTTPRoute") -> Surroundings:
    routes = (route("rates", to, kind=kind),) if to else ()
    return Surroundings(services=services or (CHECKOUT,), routes=routes)


@pytest.mark.parametrize(
    ("pod", "surroundings", "expected"),
    [
        pytest.param(POD, around(), Inject("HTTPRoute shop/rates"), id="backend of an HTTPRoute"),
        pytest.param(POD, around(kind="GRPCRoute"), Inject("GRPCRoute shop/rates"), id="backend of a GRPCRoute"),
        pytest.param(POD, around(kind="TLSRoute"), Inject("TLSRoute shop/rates"), id="backend of a TLSRoute"),
        pytest.param(POD, around(to=None), NOBODY, id="a Service that no route names"),
        pytest.param(
            Pod(namespace="shop", labels={"app": "cart"}), around(), NO_SERVICE, id="a pod that no Service selects"
        ),
        pytest.param(POD, around(service("checkout", None)), NO_SERVICE, id="a Service without a selector"),
        pytest.param(POD, around(service("checkout", {})), NO_SERVICE, id="a Service with an empty selector"),
        pytest.param(
            POD,
            around(service("checkout", {"app": "checkout"}, type="ExternalName", externalName="example.com")),
            NO_SERVICE,
            id="an ExternalName",
        ),
        pytest.param(
            POD, around(service("checkout", {"app": "checkout", "tier": "web"})), NO_SERVICE, id="half of a selector"
        ),
        pytest.param(POD, around(to={"name": "cart", "port": 80}), NOBODY, id="another backend"),
        pytest.param(POD, around(to={**TO_CHECKOUT, "namespace": "away"}), NOBODY, id="a namesake elsewhere"),
        pytest.param(
            POD,
            around(to={"name": "checkout", "kind": "ServiceImport", "group": "application-networking.k8s.aws"}),
            NOBODY,
            id="an import of that name",
        ),
        pytest.param(
            Pod(namespace="shop", labels={**POD.labels, INJECT: "disabled"}),
            around(),
            Leave("the pod's label says so"),
            id="a pod that does not want it",
        ),
        pytest.param(
            Pod(namespace="shop", labels=POD.labels, gates=("other", GATE)),
            around(),
            Leave("the gate is there already"),
            id="a pod that has it",
        ),
    ],
)
def test_a_pod_waits_if_its_service_is_a_backend(pod: Pod, surroundings: Surroundings, expected: Decision) -> None:
    assert decide(pod, surroundings) == expected


@pytest.mark.parametrize(
    ("exported", "expected"),
    [
        pytest.param(export("checkout"), Inject("ServiceExport shop/checkout"), id="of its name"),
        pytest.param(
            export("checkout", federation="amazon-vpc-lattice"), Inject("ServiceExport shop/checkout"), id="for us"
        ),
        pytest.param(export("checkout", federation="other"), NOBODY, id="for somebody else"),
        pytest.param(export("pay", service_name=" checkout "), Inject("ServiceExport shop/pay"), id="by annotation"),
        pytest.param(export("checkout", service_name="cart"), NOBODY, id="of another Service"),
        pytest.param(export("cart"), NOBODY, id="of another name"),
    ],
)
def test_a_pod_waits_if_its_service_is_exported(exported: ServiceExport, expected: Decision) -> None:
    assert decide(POD, Surroundings(services=(CHECKOUT,), exports=(exported,))) == expected


def test_a_route_that_goes_is_not_waited_for() -> None:
    leaving = route("rates", TO_CHECKOUT, terminating=True)

    assert decide(POD, Surroundings(services=(CHECKOUT,), routes=(leaving,))) == NOBODY


def test_the_patch_makes_the_list_where_there_is_none() -> None:
    assert patch(POD) == ({"op": "add", "path": "/spec/readinessGates", "value": [{"conditionType": GATE}]},)


def test_the_patch_leaves_other_gates_alone() -> None:
    gated = Pod(namespace="shop", gates=("other",))

    assert patch(gated) == ({"op": "add", "path": "/spec/readinessGates/-", "value": {"conditionType": GATE}},)


@pytest.mark.parametrize(
    ("told", "injected"),
    [
        pytest.param(ours(), True, id="a Gateway of ours"),
        pytest.param((gateway_class(),), False, id="no such Gateway"),
        pytest.param((gateway(),), False, id="no such class"),
        pytest.param((gateway_class(controller="example.com/other"), gateway()), False, id="a Gateway of others"),
    ],
)
def test_only_routes_of_our_gateways_count(told: tuple[Any, ...], injected: bool) -> None:
    known = Known()
    known.take(Batch(puts=(CHECKOUT, route("rates", TO_CHECKOUT), *told)))

    assert isinstance(decide(POD, known.around(POD)), Inject) is injected


def test_a_route_of_another_namespace_counts() -> None:
    known = Known()
    far = route("rates", {**TO_CHECKOUT, "namespace": "shop"}, namespace="edge")
    known.take(Batch(puts=(CHECKOUT, far, *ours())))

    assert decide(POD, known.around(POD)) == Inject("HTTPRoute edge/rates")


@pytest.mark.parametrize("leaves", range(4), ids=["class", "Gateway", "Service", "route"])
def test_what_is_gone_counts_no_more(leaves: int) -> None:
    objects = (gateway_class(), gateway(), CHECKOUT, route("rates", TO_CHECKOUT))
    known = Known()
    known.take(Batch(puts=objects))

    known.take(Batch(gone=(objects[leaves].ref,)))

    assert isinstance(decide(POD, known.around(POD)), Leave)


def test_an_export_that_is_gone_counts_no_more() -> None:
    known = Known()
    known.take(Batch(puts=(CHECKOUT, export("checkout"))))
    before = decide(POD, known.around(POD))

    known.take(Batch(gone=(export("checkout").ref,)))

    assert (before, decide(POD, known.around(POD))) == (Inject("ServiceExport shop/checkout"), NOBODY)


def test_a_route_that_moves_its_backend_counts_where_it_leads_now() -> None:
    known = Known()
    known.take(Batch(puts=(CHECKOUT, route("rates", TO_CHECKOUT), *ours())))

    known.take(Batch(puts=(route("rates", {**TO_CHECKOUT, "namespace": "away"}),)))

    assert decide(POD, known.around(POD)) == NOBODY


def test_a_backend_that_cannot_be_read_names_nothing() -> None:
    rules = ({"backendRefs": [{"name": 7}, "odd", TO_CHECKOUT]}, {"backendRefs": 7}, {})
    plain = route("rates", TO_CHECKOUT, kind="GRPCRoute")
    odd = structs.replace(plain, spec=structs.replace(plain.spec, rules=rules))

    assert isinstance(decide(POD, Surroundings(services=(CHECKOUT,), routes=(odd,))), Inject)


async def test_the_engine_hears_what_the_webhook_hears() -> None:
    batches = (Batch(puts=(CHECKOUT,)), Batch(complete=True))

    class Told:
        async def changes(self) -> Any:
            for batch in batches:
                yield batch

    known = Known()

    heard = [(batch, known.complete) async for batch in Overheard(Told(), known).changes()]

    assert heard == [(batches[0], False), (batches[1], True)]
    assert known.around(POD).services == (CHECKOUT,)
