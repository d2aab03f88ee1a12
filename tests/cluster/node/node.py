"""The only node of the cluster: a scheduler and a kubelet for pods whose images it knows.

It looks at the pods of the API server again and again, starts a container for each, asks its probes, starts it again
when it dies, ends it when its pod is deleted, and reports all that in the pod's status. Controllers of the real
kube-controller-manager do the rest: Deployments make pods, pods make EndpointSlices.
"""

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import count
from threading import Event, Thread
from time import monotonic
from typing import Protocol

from tests.cluster.kube import STRATEGIC, ApiError, Kube, Object
from tests.cluster.kubelet import MOMENT, place

LOOK_AGAIN = 0.2
FAILURES = 3
"""Liveness probes in a row that fail before a container is started again; Kubernetes has the same default."""

FIRST_ADDRESS = ipaddress.ip_address("10.244.7.1")
RACES = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)
"""Somebody was faster; the next look sees it."""


class Container(Protocol):
    """What runs in a pod."""

    @property
    def alive(self) -> bool:
        """Whether it runs."""

    @property
    def ready(self) -> bool:
        """What its readiness probe answers."""

    @property
    def healthy(self) -> bool:
        """What its liveness probe answers."""

    def ask_to_end(self) -> None:
        """SIGTERM; it may take its time."""

    def kill(self) -> None:
        """End it as a crash would; where it has ended already, nothing of it is left."""


Start = Callable[[Object, str], Container]
"""Starts the container of a pod at an address."""


@dataclass(slots=True)
class Placed:
    """A pod of this node; ``reported`` is the last status that the API server was told.

    ``kill_at`` is the moment (``monotonic``) at which it ends by force, None while nobody asked it to end.
    """

    address: str
    container: Container
    starts: int = 1
    failures: int = 0
    kill_at: float | None = None
    reported: Object = field(default_factory=dict)


class Node:
    """Runs the pods whose image is in ``images`` (by the image's name without its tag)."""

    def __init__(self, kube: Kube, images: Mapping[str, Start]) -> None:
        self._kube = kube
        self._images = images
        self._addresses = count()
        self._end = Event()
        self._broken: Exception | None = None
        self.pods: dict[str, Placed] = {}
        """By ``namespace/name``."""

    def run(self) -> None:
        """Look after pods until told to end; an API server that is away is waited for."""
        while not self._end.wait(LOOK_AGAIN):
            try:
                self._look()
            except OSError:
                continue
            except ApiError as error:
                if error.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                    self._broken = error
                    return

    def stop(self) -> None:
        """End ``run``."""
        self._end.set()

    def close(self) -> None:
        """End everything that runs here. Raises what broke the node, if something did."""
        for placed in self.pods.values():
            placed.container.kill()
        if self._broken is not None:
            raise self._broken

    def of(self, namespace: str) -> dict[str, Placed]:
        """The pods of a namespace by their names."""
        parts = {name: name.split("/") for name in dict(self.pods)}
        return {pod: self.pods[name] for name, (home, pod) in parts.items() if home == namespace}

    def _look(self) -> None:
        found = {_name(pod): pod for pod in self._kube.list("v1", "Pod") if _image(pod) in self._images}
        for name in self.pods.keys() - found.keys():
            self.pods.pop(name).container.kill()
        for name, pod in found.items():
            try:
                self._see_to(name, pod)
            except ApiError as error:
                if error.status not in RACES:
                    raise

    def _see_to(self, name: str, pod: Object) -> None:
        placed = self.pods.get(name)
        if "deletionTimestamp" in pod["metadata"]:
            self._take_away(pod, placed)
        elif placed is None:
            self._begin(name, pod)
        else:
            self._keep(pod, placed)

    def _begin(self, name: str, pod: Object) -> None:
        if "nodeName" not in pod["spec"]:
            place(self._kube, pod)
        address = str(FIRST_ADDRESS + next(self._addresses))
        self.pods[name] = Placed(address, self._images[_image(pod)](pod, address))

    def _keep(self, pod: Object, placed: Placed) -> None:
        placed.failures = 0 if placed.container.healthy else placed.failures + 1
        if placed.failures == FAILURES or not placed.container.alive:
            placed.container.kill()
            placed.container = self._images[_image(pod)](pod, placed.address)
            placed.starts, placed.failures = placed.starts + 1, 0
        status = _status(pod, placed)
        if status != placed.reported:
            self._kube.request("PATCH", f"{self._kube.path(pod)}/status", {"status": status}, STRATEGIC)
            placed.reported = status

    def _take_away(self, pod: Object, placed: Placed | None) -> None:
        if placed is None or not placed.container.alive:
            if placed is not None:
                placed.container.kill()
            self._kube.request("DELETE", self._kube.path(pod) + "?gracePeriodSeconds=0")
        elif placed.kill_at is None:
            placed.kill_at = monotonic() + pod["spec"]["terminationGracePeriodSeconds"]
            placed.container.ask_to_end()
        elif monotonic() > placed.kill_at:
            placed.container.kill()


@contextmanager
def a_node(kube: Kube, images: Mapping[str, Start]) -> Iterator[Node]:
    """A node at work; what runs on it ends with the block."""
    node = Node(kube, images)
    thread = Thread(target=node.run, name="node")
    thread.start()
    try:
        yield node
    finally:
        node.stop()
        thread.join()
        node.close()


def _status(pod: Object, placed: Placed) -> Object:
    """Spec: pod lifecycle: a pod is ready when its containers are and all its readiness gates are True."""
    container = pod["spec"]["containers"][0]["name"]
    ready = placed.container.ready
    said = {each["type"]: each["status"] for each in pod.get("status", {}).get("conditions", ())}
    gates = [each["conditionType"] for each in pod["spec"].get("readinessGates", ())]
    open_ = all(said.get(gate) == "True" for gate in gates)
    conditions = {"Initialized": True, "ContainersReady": ready, "Ready": ready and open_}
    state = {"running": {"startedAt": MOMENT}}
    about = {"name": container, "image": "here", "imageID": "here", "ready": ready, "started": True, "state": state}
    return {
        "phase": "Running",
        "podIP": placed.address,
        "podIPs": [{"ip": placed.address}],
        "conditions": [
            {"type": kind, "status": str(holds), "lastTransitionTime": MOMENT} for kind, holds in conditions.items()
        ],
        "containerStatuses": [{**about, "restartCount": placed.starts - 1}],
    }


def _name(pod: Object) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"


def _image(pod: Object) -> str:
    return str(pod["spec"]["containers"][0]["image"]).rpartition(":")[0]
