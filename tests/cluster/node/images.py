"""The images that our node knows: a web server that says who it is, and lattice-gateway."""

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Thread, Timer
from typing import Any, TypeAlias

from lattice_gateway.cli.demo.pods import LOOPBACK_NETWORK, POD_NETWORK
from tests.cluster.kube import Kube, Object
from tests.cluster.node.launch import launch
from tests.cluster.node.node import Start
from tests.cluster.node.room import start_in_room
from tests.cluster.run.stage import Replica, fetched

OFFERS = {8080: "metrics", 8081: "probes", 9443: "webhook"}
"""What lattice-gateway listens for, by the ports that it and the chart have for it."""

Said: TypeAlias = Callable[[], tuple[int, Mapping[str, str]]]
"""Status and headers of the next answer."""

STAYS = 2.0
"""Seconds that a web server goes on after it was asked to end."""

NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class WebServer:
    """A container that is ready at once."""

    server: ThreadingHTTPServer
    thread: Thread

    @property
    def alive(self) -> bool:
        return self.thread.is_alive()

    @property
    def ready(self) -> bool:
        return self.alive

    @property
    def healthy(self) -> bool:
        return True

    def ask_to_end(self) -> None:
        """It goes on for a moment, as a pod whose preStop hook waits for those who still send it requests."""
        timer = Timer(STAYS, self.kill)
        timer.daemon = True
        timer.start()

    def kill(self) -> None:
        if self.alive:
            self.server.shutdown()
            self.thread.join()
            self.server.server_close()


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, said: Said, *arguments: Any) -> None:
        self._said = said
        super().__init__(*arguments)

    def do_GET(self) -> None:
        status, headers = self._said()
        self.send_response(status)
        for name, text in {"Content-Length": "0", **headers}.items():
            self.send_header(name, text)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


def serve(said: Said, address: str, port: int) -> WebServer:
    """A container that answers on its pod's address, as this machine has it."""
    server = _Server((on_this_machine(address), port), partial(_Answer, said))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name=f"pod {address}")
    thread.start()
    return WebServer(server, thread)


def web_server(pod: Object, address: str) -> WebServer:
    """The example's image; it answers with the label ``app``, which says whose pod it is."""
    headers = {"x-backend": pod["metadata"]["labels"]["app"]}
    return serve(lambda: (200, headers), address, pod["spec"]["containers"][0]["ports"][0]["containerPort"])


def on_this_machine(address: str) -> str:
    """Where the emulator finds a pod."""
    offset = int(ipaddress.ip_address(address)) - int(POD_NETWORK.network_address)
    return str(LOOPBACK_NETWORK.network_address + offset)


@dataclass(frozen=True, slots=True)
class Gateway:
    """A container of lattice-gateway, with the probes that its pod names."""

    replica: Replica
    readiness: tuple[str, str]
    liveness: tuple[str, str]

    @property
    def alive(self) -> bool:
        return self.replica.process.alive

    @property
    def ready(self) -> bool:
        return self._says_yes(*self.readiness)

    @property
    def healthy(self) -> bool:
        """Until it listens its probes are waited for, as ``initialDelaySeconds`` does."""
        return not self.replica.logged("listening") or self._says_yes(*self.liveness)

    def ask_to_end(self) -> None:
        self.replica.process.process.terminate()

    def kill(self) -> None:
        self.replica.process.kill()

    def _says_yes(self, offer: str, path: str) -> bool:
        if not self.alive or not self.replica.logged("listening"):
            return False
        return fetched(f"http://127.0.0.1:{self.replica.port(offer)}{path}") == "ok"


def gateway(kube: Kube, folder: Path) -> Start:
    """The image of lattice-gateway, for containers that keep their volumes and logs in ``folder``."""

    def start(pod: Object, address: str) -> Gateway:
        number = next(NUMBERS)
        log = folder / f"gateway-{number}.log"
        replica = Replica(start_in_room(launch(kube, pod), folder / f"volumes-{number}", log))
        container = pod["spec"]["containers"][0]
        return Gateway(replica, _probe(container, "readinessProbe"), _probe(container, "livenessProbe"))

    return start


def _probe(container: Object, name: str) -> tuple[str, str]:
    """What is asked, and at which path."""
    asked = container[name]["httpGet"]
    ports = {each.get("name"): each["containerPort"] for each in container["ports"]}
    return OFFERS[ports.get(asked["port"], asked["port"])], asked["path"]
