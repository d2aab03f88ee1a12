"""Settings of the controller's Deployment: what is taken, what wins over it, what stays unknown."""

import json
from typing import Any

import pytest

from lattice_gateway.cli.deployed import Deployed, contradictions, merged, read_deployments
from lattice_gateway.core.lattice.words import Owner, VpcId

NONE = "settings of the controller: there is no Deployment of it; those of this shell and the defaults are used"


def deployment(
    *env: dict[str, Any], name: str = "gateway", labels: dict[str, str] | None = None, **container: Any
) -> bytes:
    given = {"name": "manager", "command": ["lattice-gateway", "run"], "env": env, **container}
    template = {"metadata": {"labels": labels or {}}, "spec": {"containers": [given]}}
    return json.dumps(
        {"metadata": {"name": name, "namespace": "home"}, "spec": {"replicas": 2, "template": template}}
    ).encode()


VPC = {"name": "CLUSTER_VPC_ID", "value": "vpc-1"}
FIELD = {"name": "AWS_ACCOUNT_ID", "valueFrom": {"secretKeyRef": {"name": "x", "key": "y"}}}
GO = {"control-plane": "gateway-api-controller"}


@pytest.mark.parametrize(
    ("items", "variables"),
    [
        pytest.param([deployment(VPC)], {"CLUSTER_VPC_ID": "vpc-1"}, id="a variable"),
        pytest.param([deployment({"name": "SECRET", "value": "s"})], {}, id="a variable that is no setting"),
        pytest.param([deployment(VPC, command=["/manager"])], {}, id="another program"),
        pytest.param(
            [deployment(VPC, command=["/manager"], labels=GO)], {"CLUSTER_VPC_ID": "vpc-1"}, id="the Go controller's"
        ),
        pytest.param(
            [deployment(VPC, args=["--vpc-id=vpc-2"])], {"CLUSTER_VPC_ID": "vpc-2"}, id="a flag wins over a variable"
        ),
        pytest.param(
            [deployment(args=["--vpc-id", "vpc-3", "--region=eu-west-1"])],
            {"CLUSTER_VPC_ID": "vpc-3", "AWS_REGION": "eu-west-1"},
            id="a flag and its value apart",
        ),
        pytest.param([b'{"kind": "nonsense"}', deployment(VPC)], {"CLUSTER_VPC_ID": "vpc-1"}, id="nonsense beside it"),
    ],
)
def test_variables_of_the_controller_are_found(items: list[bytes], variables: dict[str, str]) -> None:
    assert read_deployments(items, everywhere=True).variables == variables


@pytest.mark.parametrize(
    ("items", "sentence"),
    [
        pytest.param([], "there is no Deployment of it", id="none"),
        pytest.param([deployment(FIELD)], "setting AWS_ACCOUNT_ID", id="a value from elsewhere"),
        pytest.param(
            [deployment(envFrom=[{"configMapRef": {"name": "x"}}])], "envFrom", id="all values from elsewhere"
        ),
        pytest.param([deployment(), deployment(name="other")], "there are also home/other", id="two of them"),
    ],
)
def test_what_cannot_be_read_is_unknown(items: list[bytes], sentence: str) -> None:
    assert [one for one in read_deployments(items, everywhere=True).unknown if sentence in one]


def test_none_at_all_is_said() -> None:
    assert read_deployments([], everywhere=True) == Deployed({}, (NONE,))


@pytest.mark.parametrize(
    ("environment", "flags", "below", "expected"),
    [
        pytest.param({}, {}, {"A": "1"}, {"A": "1"}, id="nobody says more"),
        pytest.param({"A": "2"}, {}, {"A": "1"}, {"A": "2"}, id="the environment wins"),
        pytest.param({"A": ""}, {}, {"A": "1"}, {"A": "1"}, id="an empty variable says nothing"),
        pytest.param({"REGION": "x"}, {}, {"AWS_REGION": "y"}, {"REGION": "x"}, id="the same by another name"),
        pytest.param({}, {"LATTICE_ENDPOINT": "x"}, {"AWS_ENDPOINT_URL": "y"}, {}, id="a flag by another name"),
        pytest.param(
            {}, {"LATTICE_ENDPOINT": None}, {"AWS_ENDPOINT_URL": "y"}, {"AWS_ENDPOINT_URL": "y"}, id="no flag"
        ),
    ],
)
def test_the_caller_has_the_last_word(
    environment: dict[str, str], flags: dict[str, str | None], below: dict[str, str], expected: dict[str, str]
) -> None:
    assert merged(environment, flags, below) == expected


OWNER = Owner("1", "blue", VpcId("vpc-1"))


@pytest.mark.parametrize(
    ("below", "contradicted"),
    [
        pytest.param({}, [], id="it says nothing"),
        pytest.param({"AWS_ACCOUNT_ID": "1", "CLUSTER_NAME": "blue", "CLUSTER_VPC_ID": "vpc-1"}, [], id="the same"),
        pytest.param({"CLUSTER_NAME": ""}, [], id="an empty variable says nothing"),
        pytest.param({"CLUSTER_NAME": "green"}, ["CLUSTER_NAME is 'blue' here and 'green'"], id="another cluster"),
        pytest.param(
            {"AWS_ACCOUNT_ID": "2", "CLUSTER_VPC_ID": "vpc-2"},
            ["AWS_ACCOUNT_ID is '1' here and '2'", "CLUSTER_VPC_ID is 'vpc-1' here and 'vpc-2'"],
            id="another account and VPC",
        ),
    ],
)
def test_an_identity_that_is_not_the_controllers_is_told(below: dict[str, str], contradicted: list[str]) -> None:
    told = contradictions(OWNER, below)

    assert list(told) == [f"{each} in the controller's Deployment" for each in contradicted]
