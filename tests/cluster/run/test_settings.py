"""Who we are, and what is said where that is not known."""

import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import monotonic

import pytest

from tests.cluster.run.stage import Stage, bare

IDENTITY = {
    "AWS_REGION": "eu-west-1",
    "AWS_ACCOUNT_ID": "444455556666",
    "CLUSTER_VPC_ID": "vpc-0f00",
    "CLUSTER_NAME": "shop",
}
METADATA = "AWS_EC2_METADATA_SERVICE_ENDPOINT"


class _Instance(BaseHTTPRequestHandler):
    """EC2 metadata, version 2, that knows its region and nothing else."""

    def do_PUT(self) -> None:
        self._answer("token")

    def do_GET(self) -> None:
        if self.path == "/latest/meta-data/placement/region":
            self._answer("eu-west-1")
        else:
            self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def _answer(self, text: str) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text.encode())


@pytest.fixture
def instance() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Instance) as server:
        serving = Thread(target=server.serve_forever)
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()


def ended(**variables: str) -> tuple[int, str, float]:
    """Exit code, standard error and duration of a controller that cannot start."""
    environment = {**os.environ, **bare(), "KUBECONFIG": "/nowhere", **variables}
    began = monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "lattice_gateway", "run"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr, monotonic() - began


@pytest.mark.process
def test_what_neither_environment_nor_metadata_know_is_named_within_five_seconds(instance: str) -> None:
    code, said, took = ended(**{METADATA: instance})

    assert code == 1
    assert all(name in said for name in ("AWS_ACCOUNT_ID", "CLUSTER_VPC_ID", "CLUSTER_NAME"))
    assert "AWS_REGION" not in said
    assert took < 8, "five seconds, and those in which Python starts on a busy machine"


@pytest.mark.process
def test_what_is_set_is_not_asked_for() -> None:
    code, said, took = ended(**IDENTITY, **{METADATA: "http://127.0.0.1:9"})

    assert (code, "no cluster: " in said) == (1, True)
    assert said.count("\n") == 1
    assert took < 8


@pytest.mark.cluster
def test_the_probes_say_what_is_missing(stage: Stage) -> None:
    replica = stage.replica("--webhook-bind-address=127.0.0.1:0", extra={"WEBHOOK_ENABLED": "True"})

    assert replica.port("webhook")
    said = replica.probe("/readyz")

    assert "[-]webhook failed" in said
    assert replica.probe("/healthz") == "ok"
