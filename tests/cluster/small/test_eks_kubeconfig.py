"""The commands with the kubeconfig of EKS: its user is a program that prints a token."""

import json
from pathlib import Path

import pytest
import yaml

from tests.cluster.commands_look.asking import Person
from tests.cluster.control_plane import ControlPlane
from tests.cluster.run.hotel import Hotel
from tests.cluster.run.stage import Stage, fetched

pytestmark = pytest.mark.cluster

PLUGIN = """#!/bin/sh
echo run >> {runs}
cat {credential}
"""


def with_plugin(plane: ControlPlane, folder: Path, token: str) -> Path:
    """The administrator's kubeconfig whose user is a plugin, as `aws eks update-kubeconfig` writes it."""
    credential, script = folder / "credential.json", folder / "get-token"
    credential.write_text(json.dumps({"kind": "ExecCredential", "status": {"token": token}}))
    script.write_text(PLUGIN.format(runs=folder / "runs", credential=credential))
    script.chmod(0o755)
    config = yaml.safe_load((plane.folder / "admin.kubeconfig").read_text())
    for user in config["users"]:
        user["user"] = {
            "exec": {
                "apiVersion": "client.authentication.k8s.io/v1",
                "command": str(script),
                "args": ["eks", "get-token"],
                "env": None,
                "interactiveMode": "IfAvailable",
                "provideClusterInfo": False,
            }
        }
    made = folder / "eks.kubeconfig"
    made.write_text(yaml.safe_dump(config))
    return made


def test_plan_reads_the_cluster_with_the_token_of_a_plugin(hotel: Hotel, stage: Stage, tmp_path: Path) -> None:
    token = yaml.safe_load(stage.kubeconfig.read_text())["users"][0]["user"]["token"]
    person = Person(with_plugin(stage.plane, tmp_path, token), {"LATTICE_ENDPOINT": stage.emulator.url})

    said = person("plan", "-n", hotel.namespace, "-o", "json")

    assert (said.code, said.err) == (2, "")
    assert f"service/inventory-{hotel.namespace}" in said.units
    assert (tmp_path / "runs").read_text().count("run") == 1


def test_the_context_is_found_in_several_files_and_its_namespace_is_shown(
    hotel: Hotel, stage: Stage, tmp_path: Path
) -> None:
    config = yaml.safe_load((stage.plane.folder / "admin.kubeconfig").read_text())
    (context,) = config["contexts"]
    shop = {"name": "shop", "context": {**context["context"], "namespace": hotel.namespace}}
    contexts, people = tmp_path / "contexts", tmp_path / "people"
    contexts.write_text(yaml.safe_dump({"current-context": context["name"], "contexts": [context, shop]}))
    people.write_text(yaml.safe_dump({name: config[name] for name in ("clusters", "users")}))
    variables = {"KUBECONFIG": f"{contexts}:{people}", "LATTICE_ENDPOINT": stage.emulator.url}
    person = Person(contexts, variables)

    of_the_context = person.run("plan", "--context=shop", "-o", "json")
    of_the_current_one = person.run("plan", "-o", "json")

    assert of_the_context.code == 2, of_the_context.err
    assert f"service/inventory-{hotel.namespace}" in of_the_context.units
    assert of_the_current_one.units == {}


def test_a_token_that_is_refused_is_asked_for_once_more_and_then_it_is_one_sentence(
    stage: Stage, tmp_path: Path
) -> None:
    person = Person(with_plugin(stage.plane, tmp_path, "nobody"), {"LATTICE_ENDPOINT": stage.emulator.url})

    said = person("plan")

    assert (said.code, said.err.count("\n")) == (1, 1), said.err
    assert "401" in said.err
    assert (tmp_path / "runs").read_text().count("run") == 2


@pytest.mark.timeout(120)
def test_a_controller_can_lead_with_a_plugin(stage: Stage, tmp_path: Path) -> None:
    token = yaml.safe_load(stage.kubeconfig.read_text())["users"][0]["user"]["token"]
    kubeconfig = with_plugin(stage.plane, tmp_path, token)

    replica = stage.replica("--leader-elect", f"--kubeconfig={kubeconfig}").ready()

    assert replica.leads
    metrics = fetched(f"http://127.0.0.1:{replica.port('metrics')}/metrics")
    counted = [line for line in metrics.splitlines() if line.startswith("rest_client_requests_total")]
    host = f'host="127.0.0.1:{stage.plane.ports.api}"'
    assert [line for line in counted if host in line and 'code="200",' in line and 'method="GET"' in line]
    assert [line for line in counted if host in line and 'method="POST"' in line], "the Lease was created"
