"""The demo's copy of the launch post's manifests: found, read, edited and deleted as a user would."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

EXAMPLE = "launch-post"


@dataclass(frozen=True, slots=True)
class Pod:
    """One endpoint of the example: where it listens as Kubernetes sees it, and whose backend it is.

    ``port_name`` is that of the Service's port; an EndpointSlice counts for a named port by that name.
    """

    name: str
    service: str
    address: str
    port: int
    port_name: str = ""


def example() -> Path:
    """Where the example's manifests are: beside this module in an installed package, else in the checkout."""
    packaged = Path(__file__).with_name(EXAMPLE)
    return packaged if packaged.is_dir() else Path(__file__).parents[4] / "examples" / EXAMPLE


def copy_to(directory: Path) -> None:
    """Copies the example there; the originals stay as they are."""
    shutil.copytree(example(), directory)


def pods(directory: Path) -> tuple[Pod, ...]:
    """Every endpoint of every EndpointSlice in the tree, in file order."""
    return tuple(pod for _, document in _documents(directory) for pod in _pods_of(document))


def move_pods(directory: Path, places: dict[Pod, tuple[str, int]]) -> None:
    """Rewrites the EndpointSlices so that each pod listens at its new (address, port), one slice a pod."""
    for path, document in tuple(_documents(directory)):
        if document.get("kind") == "EndpointSlice":
            path.unlink(missing_ok=True)
    slices = [_slice_for(pod, *place) for pod, place in places.items()]
    _write(directory / "endpointslices.yaml", slices)


def set_weights(directory: Path, route: str, weights: tuple[int, ...]) -> Path:
    """Gives the backends of a route's first rule new weights, in order; returns the file that was edited."""
    for path in _files(directory):
        documents = [document for document in yaml.safe_load_all(path.read_text()) if document]
        for document in documents:
            if document["kind"] == "HTTPRoute" and document["metadata"]["name"] == route:
                backends = document["spec"]["rules"][0]["backendRefs"]
                for backend, weight in zip(backends, weights, strict=True):
                    backend["weight"] = weight
                _write(path, documents)
                return path
    raise FileNotFoundError(f"no HTTPRoute {route} in {directory}")


def delete(directory: Path, kind: str) -> tuple[str, ...]:
    """Removes every object of a kind from the tree; returns their names."""
    removed = []
    for path in tuple(_files(directory)):
        documents = [document for document in yaml.safe_load_all(path.read_text()) if document]
        kept = [document for document in documents if document["kind"] != kind]
        removed += [document["metadata"]["name"] for document in documents if document["kind"] == kind]
        if not kept:
            path.unlink()
        elif len(kept) < len(documents):
            _write(path, kept)
    return tuple(removed)


def _files(directory: Path) -> Iterator[Path]:
    yield from sorted(directory.rglob("*.yaml"))


def _documents(directory: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in _files(directory):
        for document in yaml.safe_load_all(path.read_text()):
            if document:
                yield path, document


def _pods_of(document: dict[str, Any]) -> Iterator[Pod]:
    if document.get("kind") != "EndpointSlice":
        return
    service = document["metadata"]["labels"]["kubernetes.io/service-name"]
    port = document["ports"][0]
    for endpoint in document["endpoints"]:
        for address in endpoint["addresses"]:
            yield Pod(endpoint["targetRef"]["name"], service, address, port["port"], port.get("name", ""))


def _slice_for(pod: Pod, address: str, port: int) -> dict[str, Any]:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": pod.name, "labels": {"kubernetes.io/service-name": pod.service}},
        "addressType": "IPv4",
        "ports": [{"name": pod.port_name, "port": port, "protocol": "TCP"}],
        "endpoints": [
            {"addresses": [address], "conditions": {"ready": True}, "targetRef": {"kind": "Pod", "name": pod.name}}
        ],
    }


def _write(path: Path, documents: list[dict[str, Any]]) -> None:
    """Replaces the file whole: the controller never sees half of it."""
    new = path.with_suffix(".tmp")
    new.write_text(yaml.safe_dump_all(documents, sort_keys=False))
    new.replace(path)
