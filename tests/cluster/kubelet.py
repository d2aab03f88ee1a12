"""What a scheduler and a kubelet would do to a pod, by hand: put it on a node, say that it runs and is ready."""

from tests.cluster.kube import STRATEGIC, Kube, Object

NODE: Object = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1"}}
"""The only node. Without one that exists, no slice ever lists a pod."""

MOMENT = "2026-01-01T00:00:00Z"


def place(kube: Kube, pod: Object) -> None:
    """Bind a pod to the node."""
    target = {"apiVersion": "v1", "kind": "Node", "name": NODE["metadata"]["name"]}
    metadata = {"name": pod["metadata"]["name"], "namespace": pod["metadata"]["namespace"]}
    binding = {"apiVersion": "v1", "kind": "Binding", "metadata": metadata, "target": target}
    kube.request("POST", f"{kube.path(pod)}/binding", binding)


def report_ready(kube: Kube, pod: Object, address: str) -> None:
    """Say that a pod runs at an address and is ready."""
    _report(kube, pod, address, "True")


def report_not_ready(kube: Kube, pod: Object, address: str) -> None:
    """Say that a pod runs at an address, and that its own checks fail."""
    _report(kube, pod, address, "False")


def _report(kube: Kube, pod: Object, address: str, ready: str) -> None:
    condition = {"type": "Ready", "status": ready, "lastTransitionTime": MOMENT}
    status = {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}], "conditions": [condition]}
    kube.request("PATCH", f"{kube.path(pod)}/status", {"status": status}, STRATEGIC)
