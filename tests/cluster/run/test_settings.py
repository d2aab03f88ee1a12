"""Who we are, and what is said where that is not known."""

import json
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import monotonic
from urllib.request import Request, urlopen

import pytest
import trustme

from tests.cluster.run.stage import Stage, bare

IDENTITY = {
    "AWS_REGION": "eu-west-1",
    "AWS_ACCOUNT_ID": "444455556666",
    "CLUSTER_VPC_ID": "vpc-0f00",
    "CLUSTER_NAME": "shop",
}
NAMED_WITHIN = 5.0
"""Seconds from the start of the process."""
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
    assert took < NAMED_WITHIN


@pytest.mark.process
def test_metadata_that_never_answers_do_not_delay_that() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        code, said, took = ended(**{METADATA: f"http://127.0.0.1:{silent.getsockname()[1]}"})

    assert code == 1
    assert all(name in said for name in ("AWS_REGION", "AWS_ACCOUNT_ID", "CLUSTER_VPC_ID", "CLUSTER_NAME"))
    assert "does not answer" in said
    assert took < NAMED_WITHIN


@pytest.mark.process
def test_what_is_set_is_not_asked_for() -> None:
    code, said, took = ended(**IDENTITY, **{METADATA: "http://127.0.0.1:9"})

    assert (code, "no cluster: " in said) == (1, True)
    assert said.count("\n") == 1
    assert took < NAMED_WITHIN


@pytest.mark.cluster
def test_the_probes_say_what_is_missing(stage: Stage) -> None:
    replica = stage.replica("--webhook-bind-address=127.0.0.1:0", extra={"WEBHOOK_ENABLED": "True"})

    assert replica.port("webhook")
    said = replica.probe("/readyz")

    assert "[-]webhook failed" in said
    assert replica.probe("/healthz") == "ok"


@pytest.mark.cluster
def test_the_webhook_answers_with_the_certificate_of_its_folder(stage: Stage) -> None:
    authority = trustme.CA()
    pair = authority.issue_cert("127.0.0.1")
    pair.cert_chain_pems[0].write_to_path(stage.folder / "tls.crt")
    pair.private_key_pem.write_to_path(stage.folder / "tls.key")
    options = ("--webhook-bind-address=127.0.0.1:0", f"--webhook-cert-dir={stage.folder}")
    replica = stage.replica(*options, extra={"WEBHOOK_ENABLED": "true"}).ready()
    review = {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {"uid": "1", "operation": "CREATE", "kind": {"group": "", "kind": "Pod"}, "object": {}},
    }
    context = ssl.create_default_context()
    authority.configure_trust(context)

    request = Request(
        f"https://127.0.0.1:{replica.port('webhook')}/mutate-pod", json.dumps(review).encode(), method="POST"
    )
    with urlopen(request, context=context, timeout=10) as answer:  # noqa: S310 - loopback
        said = json.loads(answer.read())["response"]

    assert (said["uid"], said["allowed"]) == ("1", True)
