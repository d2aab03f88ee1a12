"""The commands by somebody who may read only a part: what is hidden is unknown, and nothing raises."""

from pathlib import Path

import pytest

from tests.cluster.commands_look.asking import GATEWAY_API, Person, a_caller, rule
from tests.cluster.kube import Object
from tests.cluster.run.hotel import Hotel
from tests.cluster.run.stage import Stage

pytestmark = pytest.mark.cluster

GATEWAYS = rule(GATEWAY_API, "gatewayclasses", "gateways", "httproutes")
LATTICE = rule("application-networking.k8s.aws", "*")
GRANTS = rule(GATEWAY_API, "referencegrants", "grpcroutes", "tlsroutes")
CORE = rule("", "services", "namespaces")
SLICES = rule("discovery.k8s.io", "endpointslices")
ALL = (GATEWAYS, LATTICE, GRANTS, CORE, SLICES)


def narrow(stage: Stage, namespace: str, *rules: Object, everywhere: bool) -> Person:
    kubeconfig = a_caller(stage.plane, namespace, rules, everywhere=everywhere)
    return Person(kubeconfig, {"LATTICE_ENDPOINT": stage.emulator.url})


def test_without_endpoints_only_the_groups_are_unknown(hotel: Hotel, stage: Stage) -> None:
    caller = narrow(stage, hotel.namespace, GATEWAYS, LATTICE, GRANTS, CORE, everywhere=True)

    said = caller("plan", "-n", hotel.namespace, "-o", "json")

    assert said.units[f"service/inventory-{hotel.namespace}"] == "create"
    assert not any(unit.startswith("group/") for unit in said.units)
    groups = [why for who, why in said.unknown.items() if who.startswith("group/")]
    assert groups
    assert set(groups) == {"EndpointSlice objects may not be listed"}


def test_a_service_that_may_not_be_read_is_no_missing_service(hotel: Hotel, stage: Stage) -> None:
    caller = narrow(stage, hotel.namespace, GATEWAYS, LATTICE, GRANTS, SLICES, everywhere=True)

    said = caller("plan", "-n", hotel.namespace, "-o", "json")

    assert said.document["rejected"] == []
    assert "Service objects may not be listed" in said.unknown[f"HTTPRoute {hotel.namespace}/inventory"]
    assert f"service/inventory-{hotel.namespace}" not in said.units


def test_of_one_namespace_everything_that_hangs_on_the_cluster_is_unknown(hotel: Hotel, stage: Stage) -> None:
    caller = narrow(stage, hotel.namespace, *ALL, everywhere=False)
    where = ("-n", hotel.namespace)

    said = caller("plan", *where, "-o", "json")
    shown = caller("describe", *where)
    swept = caller("sweep", *where)

    assert said.units == {}
    assert "GatewayClass objects may not be listed" in said.hidden
    assert f"HTTPRoute objects outside of namespace {hotel.namespace} may not be listed" in said.hidden
    assert any(why.startswith("settings of the controller: its Deployment may not be read") for why in said.hidden)
    assert "GatewayClass objects may not be listed" in said.unknown[f"HTTPRoute {hotel.namespace}/inventory"]
    assert (shown.code, shown.err) == (0, "")
    assert f"unknown: HTTPRoute {hotel.namespace}/inventory" in shown.out
    assert (swept.code, swept.err.count("\n")) == (1, 1)
    assert "orphans are unknown" in swept.err


def test_somebody_without_any_right_is_told_so(namespace: str, stage: Stage) -> None:
    caller = narrow(stage, namespace, everywhere=False)

    said = caller("plan", "-A", "-o", "json")

    assert said.units == {}
    assert "HTTPRoute objects may not be listed" in said.hidden


@pytest.mark.parametrize("command", ["plan", "describe", "sweep"])
def test_a_cluster_that_does_not_answer_is_one_sentence(command: str, tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(
        "{apiVersion: v1, kind: Config, current-context: x, contexts: [{name: x, context: {cluster: x, user: x}}],"
        " clusters: [{name: x, cluster: {server: 'https://127.0.0.1:9'}}], users: [{name: x, user: {token: t}}]}"
    )

    said = Person(kubeconfig, {"LATTICE_ENDPOINT": "http://127.0.0.1:9"})(command)

    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("error: the cluster cannot be read: no answer: ")
    assert said.err.count("\n") == 1


def test_a_token_that_is_not_known_is_one_sentence(stage: Stage) -> None:
    stranger = Person(stage.plane.kubeconfig("stranger", "nobody"), {"LATTICE_ENDPOINT": stage.emulator.url})

    said = stranger("plan")

    assert (said.code, said.err.count("\n")) == (1, 1), said.err
    assert "401" in said.err
