"""The launch post in a namespace of its own, as a person applies and looks at it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.cluster.commands import Kubectl
from tests.cluster.kube import Kube, Object, eventually
from tests.cluster.manifests import REPOSITORY

EXAMPLE = REPOSITORY / "examples" / "launch-post"
GATEWAY_API = "gateway.networking.k8s.io/v1"
CLASS = "gatewayclass"
TYPES = {
    CLASS: (GATEWAY_API, "GatewayClass"),
    "gateway": (GATEWAY_API, "Gateway"),
    "httproute": (GATEWAY_API, "HTTPRoute"),
    "service": ("v1", "Service"),
}
KINDS = tuple(TYPES)
P = "application-networking.k8s.aws/"
ROUTES = ("rates", "inventory")
WHOLE = {
    "SERVICE": 2,
    "LISTENER": 2,
    "RULE": 5,
    "TARGET_GROUP": 4,
    "TARGET": 8,
    "SERVICE_NETWORK": 1,
    "SERVICE_NETWORK_SERVICE_ASSOCIATION": 2,
    "SERVICE_NETWORK_VPC_ASSOCIATION": 1,
}
"""What the example is in VPC Lattice, default rules included."""


@dataclass(frozen=True)
class Hotel:
    """The example's objects in ``namespace``."""

    kube: Kube
    kubectl: Kubectl
    namespace: str

    def apply(self) -> None:
        """Apply the folder as it is."""
        self.here("apply", f"--filename={EXAMPLE}")

    def here(self, *words: str, stdin: str = "") -> str:
        """kubectl in the namespace."""
        return self.kubectl(*words, f"--namespace={self.namespace}", stdin=stdin)

    def built(self, within: float = 60.0) -> None:
        """Wait until both routes are in place."""
        for route in ROUTES:
            self.wait_for_route(route, f"{P}Programmed", within)

    def wait_for_route(self, route: str, kind: str, within: float = 60.0) -> str:
        """The line of docs/install.md: conditions of routes stand with each parent."""
        path = f'{{.status.parents[0].conditions[?(@.type=="{kind}")].status}}'
        return self.here("wait", f"httproute/{route}", f"--for=jsonpath={path}=True", f"--timeout={within:g}s")

    def object(self, kind: str, name: str) -> dict[str, Any]:
        """An object as it is now."""
        return self.kube.get(self._named(kind, name))

    def condition(self, kind: str, name: str, condition: str) -> dict[str, Any]:
        """A condition of an object, or of its first parent."""
        status = self.object(kind, name)["status"]
        conditions = status["parents"][0]["conditions"] if "parents" in status else status["conditions"]
        return next((each for each in conditions if each["type"] == condition), {})

    def delete(self, *kinds: str) -> None:
        """Ask for the deletion of all objects of these kinds and do not wait."""
        for kind in kinds:
            for name in self.left(kind):
                self.kube.delete(self._named(kind, name))

    def gone(self, kinds: Iterable[str] = KINDS, within: float = 60.0) -> None:
        """Wait until no object of these kinds is left."""
        for kind in kinds:
            eventually(f"no {kind} is left: {self.left(kind)}", partial(self.is_gone, kind), within=within)

    def is_gone(self, kind: str) -> bool:
        return not self.left(kind)

    def left(self, kind: str) -> list[str]:
        """Names of the objects of a kind."""
        home = None if kind == CLASS else self.namespace
        return [each["metadata"]["name"] for each in self.kube.list(*TYPES[kind], home)]

    def _named(self, kind: str, name: str) -> Object:
        version, its = TYPES[kind.lower()]
        home = {} if kind.lower() == CLASS else {"namespace": self.namespace}
        return {"apiVersion": version, "kind": its, "metadata": {"name": name, **home}}

    def weigh(self, *weights: int) -> None:
        """Edit the weights of ``inventory``, of as many of its backends as there are numbers."""
        path = "/spec/rules/0/backendRefs/{}/weight"
        edits = [
            {"op": "replace", "path": path.format(number), "value": weight} for number, weight in enumerate(weights)
        ]
        self.here("patch", "httproute/inventory", "--type=json", f"--patch={json.dumps(edits)}")

    def follows(self, within: float = 30.0) -> None:
        """Wait until the newest form of ``inventory`` is in place."""
        wanted = self.object("httproute", "inventory")["metadata"]["generation"]
        eventually("the edit is in place", lambda: self.serves(wanted), within=within)

    def serves(self, generation: int) -> bool:
        """Whether ``inventory`` is in place in this form."""
        said = self.condition("httproute", "inventory", f"{P}Programmed")
        return (said.get("status"), said.get("observedGeneration")) == ("True", generation)

    def events(self) -> list[Object]:
        return self.kube.list("v1", "Event", self.namespace)
