"""What a kubelet starts for a container of ours: the words, the variables, and the files of its volumes.

What comes in: a Pod as the API server has it, and the objects that its volumes name. What goes out: a ``Launch``.
"""

import base64
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from tests.cluster.kube import Kube, Object

Files: TypeAlias = dict[str, bytes]
"""Contents by path below the folder where a volume is mounted."""

PROGRAMS: dict[str, tuple[str, ...]] = {"lattice-gateway": (), "/manager": ("run",)}
"""The image's programs (deploy/build-image-root.sh), and the words that each puts before those of its caller."""

OWN_ADDRESSES = (
    "--metrics-bind-address=127.0.0.1:0",
    "--health-probe-bind-address=127.0.0.1:0",
    "--webhook-bind-address=127.0.0.1:0",
)
"""Pods have addresses of their own; here all share one machine. So each listens at ports that the system chooses."""

PASSED_ON = ("PATH", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
"""What an image has in its environment: how its programs are found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """``mounts``: the files of each volume by the folder they are mounted at."""

    words: tuple[str, ...]
    variables: Mapping[str, str]
    mounts: Mapping[str, Files]


def launch(kube: Kube, pod: Object) -> Launch:
    """How the first container of a pod is started. Raises ``ApiError`` where an object that it needs is missing."""
    container = pod["spec"]["containers"][0]
    typed: list[str] = [*container.get("command", ()), *container.get("args", ())]
    command = (sys.executable, "-m", "lattice_gateway", *PROGRAMS[typed[0]], *typed[1:], *OWN_ADDRESSES)
    volumes = {each["name"]: each for each in pod["spec"].get("volumes", ())}
    mounts = {each["mountPath"]: volumes[each["name"]] for each in container.get("volumeMounts", ())}
    return Launch(
        words=command,
        variables={**_of_the_cluster(kube), **_variables(kube, pod, container)},
        mounts={where: _files(kube, pod, volume) for where, volume in mounts.items() if "emptyDir" not in volume},
    )


def _of_the_cluster(kube: Kube) -> dict[str, str]:
    """What every container finds in its environment."""
    image = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {**image, "KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(kube.endpoint.port)}


def _variables(kube: Kube, pod: Object, container: Object) -> dict[str, str]:
    return {each["name"]: _variable(kube, pod, each) for each in container.get("env", ())}


def _variable(kube: Kube, pod: Object, variable: Object) -> str:
    source = variable.get("valueFrom")
    if source is None:
        return str(variable.get("value", ""))
    if "fieldRef" in source:
        return _field(pod, source["fieldRef"]["fieldPath"])
    if "secretKeyRef" in source:
        chosen = source["secretKeyRef"]
        return _decoded(kube.get(_named("Secret", pod, chosen["name"])))[chosen["key"]].decode()
    raise NotImplementedError(f"the variable {variable['name']} comes from {', '.join(source)}")


def _field(pod: Object, path: str) -> str:
    found: Any = pod
    for name in path.split("."):
        found = found[name]
    return str(found)


def _files(kube: Kube, pod: Object, volume: Object) -> Files:
    """The files of a volume: a Secret, or what is projected into every pod for its service account."""
    if "secret" in volume:
        wanted = _named("Secret", pod, volume["secret"]["secretName"])
        absent = volume["secret"].get("optional", False) and not kube.exists(wanted)
        return {} if absent else _decoded(kube.get(wanted))
    if "projected" in volume:
        parts = [_projected(kube, pod, source) for source in volume["projected"]["sources"]]
        return {name: content for part in parts for name, content in part.items()}
    raise NotImplementedError(f"the volume {volume['name']} is {', '.join(volume)}")


def _projected(kube: Kube, pod: Object, source: Object) -> Files:
    match source:
        case {"serviceAccountToken": wanted}:
            return {wanted["path"]: _token(kube, pod, wanted["expirationSeconds"])}
        case {"configMap": {"name": name, "items": items}}:
            found = kube.get(_named("ConfigMap", pod, name))["data"]
            return {each["path"]: found[each["key"]].encode() for each in items}
        case {"downwardAPI": {"items": items}}:
            return {each["path"]: _field(pod, each["fieldRef"]["fieldPath"]).encode() for each in items}
        case _:
            raise NotImplementedError(f"a projected volume of {', '.join(source)}")


def _token(kube: Kube, pod: Object, seconds: int) -> bytes:
    """A token that is bound to the pod, as the kubelet asks for it."""
    metadata = pod["metadata"]
    bound = {"apiVersion": "v1", "kind": "Pod", "name": metadata["name"], "uid": metadata["uid"]}
    spec = {"expirationSeconds": seconds, "boundObjectRef": bound}
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
    account = kube.path(_named("ServiceAccount", pod, pod["spec"]["serviceAccountName"]))
    token: str = kube.request("POST", f"{account}/token", body)["status"]["token"]
    return token.encode()


def _decoded(secret: Object) -> Files:
    return {name: base64.b64decode(text) for name, text in secret.get("data", {}).items()}


def _named(kind: str, pod: Object, name: str) -> Object:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": pod["metadata"]["namespace"]}}
