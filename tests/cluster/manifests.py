"""Manifests of this repository and of others, read and installed."""

from collections.abc import Iterable, Sequence
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.kube import ApiError, Kube, Object, eventually

REPOSITORY = Path(__file__).parents[2]
DEPLOY = REPOSITORY / "deploy"
CHART = REPOSITORY / "helm"
OUR_CRDS = tuple(sorted((REPOSITORY / "crds").glob("*.yaml")))

NOT_YET = (HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
"""What the server answers to a kind that is on its way: not in discovery, storage being made, too busy."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The loader in C reads the megabyte of Gateway API's CRDs in a fraction of a second."""


def read_manifest(text: str) -> list[Object]:
    """The objects of a manifest, empty documents left out."""
    return [document for document in yaml.load_all(text, Loader=_LOADER) if document]


def read_manifests(paths: Iterable[Path]) -> list[Object]:
    """The objects of several files, in their order."""
    return [each for path in paths for each in read_manifest(path.read_text())]


def gateway_api() -> list[Object]:
    """The standard channel of Gateway API, from the manifest we ship; a test holds that to the project's release."""
    shipped = read_manifests([DEPLOY / "install-with-gateway-api.yaml"])
    return [each for each in shipped if "gateway.networking.k8s.io" in each["metadata"]["name"]]


def install_crds(kube: Kube, objects: Sequence[Object]) -> None:
    """Apply CRDs (and what comes with them) and wait until the server serves their kinds."""
    for each in objects:
        kube.apply(each)
    crds = [each for each in objects if each["kind"] == "CustomResourceDefinition"]
    for each in crds:
        eventually(f"{each['metadata']['name']} is served", partial(_served, kube, each))


def _served(kube: Kube, crd: Object) -> bool:
    """Whether objects can be listed; the server says Established a little earlier, and at first has no conditions."""
    conditions = kube.get(crd).get("status", {}).get("conditions") or []
    if not any(each["type"] == "Established" and each["status"] == "True" for each in conditions):
        return False
    spec = crd["spec"]
    version = next(each["name"] for each in spec["versions"] if each["served"])
    try:
        kube.list(f"{spec['group']}/{version}", spec["names"]["kind"])
    except ApiError as error:
        if error.status not in NOT_YET:
            raise
        return False
    return True
