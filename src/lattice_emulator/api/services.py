"""The four services and their operations, read from botocore's models.

``EMULATED`` names what the world carries out; every other operation of the models is known by name and refused.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from botocore.loaders import Loader

from lattice_emulator.api.shapes import NOTHING, Structure, read_structure


class Protocol(StrEnum):
    """How a service puts its operations on the wire, in the words of the models."""

    REST_JSON = "rest-json"
    JSON = "json"
    QUERY = "query"


@dataclass(frozen=True, slots=True)
class Failure:
    """An error the model declares: HTTP status and the members of its body and headers."""

    status: int
    members: Structure


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation; ``uri`` is a template such as ``/services/{serviceIdentifier}``."""

    name: str
    method: str
    uri: str
    status: int
    input: Structure
    output: Structure
    emulated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One AWS service as this port answers for it; ``name`` is its signing name."""

    name: str
    title: str
    protocol: Protocol
    target_prefix: str
    namespace: str
    operations: Mapping[str, Operation]
    failures: Mapping[str, Failure]


# Signing name -> botocore's name of the model.
MODELS = {
    "vpc-lattice": "vpc-lattice",
    "tagging": "resourcegroupstaggingapi",
    "sts": "sts",
    "acm": "acm",
}

# Lattice: the 49 operations of tier 1, by family.
LATTICE_FAMILIES: Mapping[str, tuple[str, ...]] = {
    "Service": ("Create", "Get", "List", "Update", "Delete"),
    "Listener": ("Create", "Get", "List", "Update", "Delete"),
    "Rule": ("Create", "Get", "List", "Update", "BatchUpdate", "Delete"),
    "TargetGroup": ("Create", "Get", "List", "Update", "Delete"),
    "ServiceNetwork": ("Create", "Get", "List", "Update", "Delete"),
    "ServiceNetworkServiceAssociation": ("Create", "Get", "List", "Delete"),
    "ServiceNetworkVpcAssociation": ("Create", "Get", "List", "Update", "Delete"),
    "AccessLogSubscription": ("Create", "Get", "List", "Update", "Delete"),
    "AuthPolicy": ("Put", "Get", "Delete"),
}

EMULATED: Mapping[str, frozenset[str]] = {
    "vpc-lattice": frozenset(
        f"{verb}{family}{'s' if verb == 'List' else ''}" for family, verbs in LATTICE_FAMILIES.items() for verb in verbs
    )
    | {"RegisterTargets", "DeregisterTargets", "ListTargets"}
    | {"TagResource", "UntagResource", "ListTagsForResource"},
    "tagging": frozenset({"GetResources", "TagResources", "UntagResources"}),
    "sts": frozenset({"GetCallerIdentity"}),
    "acm": frozenset({"ListCertificates", "DescribeCertificate", "ImportCertificate"}),
}

# Limits that are documented (lattice.md §13.1) but left out of the model: laid over its shapes.
DOCUMENTED: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "tagging": {
        "ResourcesPerPage": {"min": 1, "max": 100},
        "TagsPerPage": {"min": 100, "max": 500},
        "TagFilter": {"required": ["Key"]},
    },
}


def load_services() -> Mapping[str, Service]:
    """Read the models of the installed botocore; keys are signing names."""
    loader = Loader()
    models = {name: loader.load_service_model(model, "service-2") for name, model in MODELS.items()}
    return {name: _service(name, _completed(model, DOCUMENTED.get(name, {}))) for name, model in models.items()}


def _completed(model: Mapping[str, Any], limits: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    shapes = {name: {**shape, **limits.get(name, {})} for name, shape in model["shapes"].items()}
    return {**model, "shapes": shapes}


def _service(name: str, model: Mapping[str, Any]) -> Service:
    metadata = model["metadata"]
    return Service(
        name=name,
        title=metadata["serviceFullName"],
        protocol=Protocol(metadata["protocol"]),
        target_prefix=metadata.get("targetPrefix", ""),
        namespace=metadata.get("xmlNamespace", ""),
        operations={o.name: o for o in _operations(model, EMULATED[name])},
        failures=dict(_failures(model["shapes"])),
    )


def _operations(model: Mapping[str, Any], emulated: frozenset[str]) -> Iterator[Operation]:
    for name, data in model["operations"].items():
        # Shapes are built for what is carried out only: the other models are large and never looked into.
        served = name in emulated
        yield Operation(
            name=name,
            method=data["http"]["method"],
            uri=data["http"]["requestUri"],
            status=data["http"].get("responseCode", 200),
            input=_structure(model, data.get("input")) if served else NOTHING,
            output=_structure(model, data.get("output")) if served else NOTHING,
            emulated=served,
        )


def _structure(model: Mapping[str, Any], reference: Mapping[str, Any] | None) -> Structure:
    return NOTHING if reference is None else read_structure(model["shapes"], reference["shape"])


def _failures(shapes: Mapping[str, Any]) -> Iterator[tuple[str, Failure]]:
    for name, data in shapes.items():
        if data.get("exception"):
            status = data.get("error", {}).get("httpStatusCode", 500 if data.get("fault") else 400)
            yield data.get("error", {}).get("code", name), Failure(status, read_structure(shapes, name))
