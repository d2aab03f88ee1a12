"""Pods of the shop that answer: small HTTP servers on loopback addresses, and what a kubelet would write of them."""

import random
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from tests.cluster.kube import Kube, Object
from tests.cluster.kubelet import place, report_ready

PORT = 8090
LOOPBACK_NETWORKS = range(64, 224)
"""Second numbers of 127.N.0.0/16; one is drawn, so that two runs on one machine do not meet."""


class _Answer(BaseHTTPRequestHandler):
    """Every path is there."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer()

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def _answer(self) -> None:
        body = str(self.connection.getsockname()[0]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A health check that hangs up early is nothing to report; anything else is."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # typeshed names private types


@dataclass(slots=True)
class Pods:
    """The pods of a cluster and their servers."""

    kube: Kube
    network: int = field(default_factory=lambda: random.choice(LOOPBACK_NETWORKS))
    servers: ExitStack = field(default_factory=ExitStack)

    @property
    def mapping(self) -> str:
        """How the emulator reaches pods on this machine."""
        return f"10.244.0.0/16=127.{self.network}.0.0/16"

    def loopback(self, address: str) -> str:
        """Where the pod of an address really listens."""
        return address.replace("10.244.", f"127.{self.network}.", 1)

    def start(self, namespace: str, app: str, name: str, address: str) -> Object:
        """A pod that is ready and answers; ``address`` is one of 10.244.0.0/16."""
        server = _Server((self.loopback(address), PORT), _Answer)
        self.servers.callback(server.server_close)
        self.servers.callback(server.shutdown)
        Thread(target=server.serve_forever, daemon=True).start()
        pod = a_pod(namespace, app, name)
        self.kube.create(pod)
        place(self.kube, pod)
        report_ready(self.kube, pod, address)
        return pod


def a_pod(namespace: str, app: str, name: str) -> Object:
    """A pod that a Service with this selector finds."""
    containers = [{"name": "server", "image": "http-server", "ports": [{"containerPort": PORT}]}]
    metadata = {"name": name, "namespace": namespace, "labels": {"app": app}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": containers}}


@contextmanager
def some_pods(kube: Kube) -> Iterator[Pods]:
    """Pods whose servers end with the block."""
    pods = Pods(kube)
    with pods.servers:
        yield pods
