"""The controller on a real cluster and the emulator's world: objects in, finalizers, status and annotations out."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

from lattice_emulator.world.knobs import Knobs
from lattice_gateway.adapters.kube import connect
from lattice_gateway.engine.clock import SystemClock
from lattice_gateway.engine.controller import Controller
from lattice_gateway.engine.metrics import Metrics
from tests.cluster.kube import Kube, Object
from tests.cluster.source.reader import until
from tests.laws.engine_stage import Stage

pytestmark = pytest.mark.cluster

ARN = "application-networking.k8s.aws/lattice-service-arn"
QUICK = Knobs(
    service_create_seconds=0.5,
    service_delete_seconds=0.2,
    tg_create_seconds=0.1,
    tg_delete_seconds=0.1,
    snsa_create_seconds=0.2,
    snsa_delete_seconds=0.2,
    snva_create_seconds=0.2,
    snva_delete_seconds=0.2,
)
MANIFESTS = """
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: whole}
spec: {controllerName: application-networking.k8s.aws/gateway-api-controller}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: whole-hotel}
spec:
  gatewayClassName: whole
  listeners: [{name: http, protocol: HTTP, port: 80}]
---
apiVersion: v1
kind: Service
metadata: {name: rooms}
spec: {ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: rooms-1, labels: {kubernetes.io/service-name: rooms}}
addressType: IPv4
endpoints: [{addresses: [10.0.0.1], conditions: {ready: true}}]
ports: [{name: "", port: 8080, protocol: TCP}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: rates}
spec:
  parentRefs: [{name: whole-hotel}]
  rules: [{backendRefs: [{name: rooms, port: 80}]}]
"""


def manifests(namespace: str) -> list[Object]:
    objects = list(yaml.safe_load_all(MANIFESTS))
    for each in objects:
        if each["kind"] != "GatewayClass":
            each["metadata"]["namespace"] = namespace
    return objects


async def test_a_route_is_served_says_so_and_goes_again_under_the_rights_of_the_chart(
    kube: Kube, as_controller: Path, namespace: str
) -> None:
    objects = manifests(namespace)
    for each in objects:
        kube.create(each)
    gateway_class, gateway, *_, route = objects
    stage = Stage(QUICK)
    stage.clock.next_loop()

    await play(stage, as_controller, lambda: is_served(kube, route))

    found = kube.get(route)
    assert found["metadata"]["annotations"][ARN].startswith("arn:aws:vpc-lattice:")
    assert found["metadata"]["finalizers"] == ["httproute.k8s.aws/resources"]
    assert condition(kube.get(gateway)["status"], "Programmed")["status"] == "True"
    assert condition(kube.get(gateway_class)["status"], "Accepted")["status"] == "True"
    assert kube.get(gateway)["status"]["listeners"][0]["attachedRoutes"] == 1
    assert "DeploySucceed" in {event["reason"] for event in kube.list("v1", "Event", namespace)}

    await play(stage, as_controller, lambda: True)

    assert kube.get(route) == found

    for each in objects:
        kube.delete(each)
    await play(stage, as_controller, lambda: not any(kube.exists(each) for each in objects))

    assert not stage.world.state.services
    assert not stage.world.state.networks


async def play(stage: Stage, kubeconfig: Path, holds: Callable[[], bool]) -> None:
    """Let a new process of the controller work until something holds and everything is written."""
    async with connect(kubeconfig) as connected:
        controller = Controller(
            settings=stage.settings,
            source=connected.source,
            state=connected.state(stage.settings.owner),
            status=connected.status,
            finalizers=connected.finalizers,
            herald=connected.events,
            lattice=stage.lattice(),
            clock=SystemClock(),
            random=Random(1),
            process="process 1",
            metrics=Metrics(CollectorRegistry()),
        )
        running = asyncio.create_task(controller.run())
        try:
            await until("it holds", lambda: controller.is_warm and holds(), within=40)
            async with asyncio.timeout(40):
                await controller.converged()
            await until("everything is written", lambda: connected.idle)
        finally:
            controller.stop()
            await running


def is_served(kube: Kube, route: Object) -> bool:
    parents = kube.get(route).get("status", {}).get("parents", [])
    programmed = "application-networking.k8s.aws/Programmed"
    return any(condition(each, programmed).get("status") == "True" for each in parents)


def condition(status: Object, kind: str) -> dict[str, Any]:
    return next((each for each in status.get("conditions", []) if each["type"] == kind), {})
