"""Clients that are not ours, each a process of its own: the aws command line and the AWS SDK for Go."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.process, pytest.mark.timeout(600)]

CACHE = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "lattice-gateway"


@pytest.fixture(scope="session")
def aws_command():
    """The aws command line, in an environment of its own since it pins its botocore; made once for the machine."""
    home = CACHE / "awscli"
    aws = home / "bin" / "aws"
    if not aws.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
        subprocess.run([home / "bin" / "pip", "install", "--quiet", "awscli"], check=True)
    return aws


@pytest.fixture
def aws(aws_command, emulator):
    """Run ``aws ARGUMENTS`` against a running emulator; gives the finished process."""

    def run(*arguments):
        environment = {
            "PATH": os.environ["PATH"],
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "us-west-2",
            "AWS_ENDPOINT_URL": emulator.url,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_MAX_ATTEMPTS": "1",
        }
        return subprocess.run([aws_command, *arguments], env=environment, capture_output=True, text=True, check=False)

    return run


def read(process):
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout) if process.stdout.strip() else None


def test_the_command_line_creates_reads_pages_tags_and_deletes(aws):
    network = read(aws("vpc-lattice", "create-service-network", "--name", "my-hotel", "--tags", "a=b"))
    names = ["rates", "inventory", "review"]
    services = [read(aws("vpc-lattice", "create-service", "--name", name)) for name in names]

    listed = read(aws("vpc-lattice", "list-services", "--page-size", "1"))
    by_arn = read(aws("vpc-lattice", "get-service", "--service-identifier", services[0]["arn"]))
    tags = read(aws("vpc-lattice", "list-tags-for-resource", "--resource-arn", network["arn"]))
    found = read(aws("resourcegroupstaggingapi", "get-resources", "--tag-filters", "Key=a,Values=b"))
    read(aws("vpc-lattice", "delete-service-network", "--service-network-identifier", network["id"]))
    gone = read(aws("vpc-lattice", "list-service-networks"))

    assert [item["name"] for item in listed["items"]] == names
    assert by_arn["id"] == services[0]["id"]
    assert tags == {"tags": {"a": "b"}}
    assert [each["ResourceARN"] for each in found["ResourceTagMappingList"]] == [network["arn"]]
    assert gone["items"] == []


def test_the_command_line_builds_a_service_that_forwards(aws):
    service = read(aws("vpc-lattice", "create-service", "--name", "rates"))["id"]
    config = json.dumps({"port": 80, "protocol": "HTTP", "vpcIdentifier": "vpc-0123456789abcdef0"})
    group = read(aws("vpc-lattice", "create-target-group", "--name", "pods", "--type", "IP", "--config", config))["id"]
    action = json.dumps({"forward": {"targetGroups": [{"targetGroupIdentifier": group, "weight": 1}]}})
    register = ("vpc-lattice", "register-targets", "--target-group-identifier", group)

    registered = read(aws(*register, "--targets", "id=10.0.0.1,port=8080"))
    listener = read(
        aws(
            *("vpc-lattice", "create-listener", "--service-identifier", service, "--name", "http"),
            *("--protocol", "HTTP", "--default-action", action),
        )
    )
    targets = read(aws("vpc-lattice", "list-targets", "--target-group-identifier", group))

    assert registered["successful"] == [{"id": "10.0.0.1", "port": 8080}]
    assert listener["port"] == 80
    assert [item["id"] for item in targets["items"]] == ["10.0.0.1"]


def test_the_command_line_knows_the_caller_and_the_certificates(aws):
    assert read(aws("sts", "get-caller-identity"))["Account"] == "111122223333"
    assert read(aws("acm", "list-certificates"))["CertificateSummaryList"] == []


def test_the_command_line_shows_the_error(aws):
    process = aws("vpc-lattice", "get-service", "--service-identifier", "svc-00000000000000000")

    assert process.returncode in (254, 255)
    assert "ResourceNotFoundException" in process.stderr


@pytest.mark.skipif(shutil.which("go") is None, reason="there is no `go` on PATH to build the SDK's program with")
def test_the_go_sdk_reads_what_the_emulator_answers(emulator, tmp_path):
    program = tmp_path / "gosdk"
    built = subprocess.run(
        ["go", "build", "-buildvcs=false", "-o", program, "."],
        cwd=Path(__file__).parent / "gosdk",
        capture_output=True,
        text=True,
        check=False,
    )
    if "dial tcp" in built.stderr or "no such host" in built.stderr:
        pytest.skip("the modules of the AWS SDK for Go are not in the cache, and cannot be fetched")
    assert built.returncode == 0, built.stderr

    process = subprocess.run([program, emulator.url], capture_output=True, text=True, check=False)

    assert process.returncode == 0, process.stderr
    seen = json.loads(process.stdout)
    assert "Options.Protocol" in seen.pop("cbor")
    assert seen.pop("createdAt") >= "2020"
    assert seen == {"created": "from-go", "listed": ["from-go"], "conflict": True, "missing": "SERVICE"}
