"""From a request to the operation it means, driven by the model."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from lattice_emulator.api.request import Request
from lattice_emulator.api.services import Operation, Protocol, Service


@dataclass(frozen=True, slots=True)
class Routed:
    """An operation and the decoded labels of its path, by the names in the template."""

    operation: Operation
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Unrouted:
    """No operation of the service is asked for here; ``why`` is a sentence."""

    why: str


@dataclass(frozen=True, slots=True)
class Cbor:
    """The request is in a protocol that this port does not speak: RPC v2 with CBOR."""


@dataclass(frozen=True, slots=True)
class _Template:
    segments: tuple[str, ...]
    operation: Operation

    def labels(self, segments: tuple[str, ...]) -> Mapping[str, str] | None:
        """Give the labels when the decoded ``segments`` fit, else None."""
        labels = {}
        for expected, found in zip(self.segments, segments, strict=True):
            if expected.startswith("{"):
                if not found:
                    return None
                labels[expected[1:-1]] = found
            elif expected != found:
                return None
        return labels


@dataclass(frozen=True, slots=True)
class Router:
    """The operations of one service; of a REST service by method and number of path segments."""

    service: Service
    templates: Mapping[tuple[str, int], tuple[_Template, ...]]

    def route(self, request: Request) -> Routed | Unrouted | Cbor:
        """Tell which operation ``request`` means."""
        if _is_cbor(request):
            return Cbor()
        match self.service.protocol:
            case Protocol.REST_JSON:
                return self._by_path(request)
            case Protocol.JSON:
                return self._by_name(_target_name(request, self.service), "the header X-Amz-Target")
            case Protocol.QUERY:
                return self._by_name(_action(request), "the form field Action")

    def _by_path(self, request: Request) -> Routed | Unrouted:
        # Split before decoding: an ARN in a segment carries encoded slashes.
        segments = tuple(unquote(segment) for segment in request.path.split("/")[1:])
        for template in self.templates.get((request.method, len(segments)), ()):
            labels = template.labels(segments)
            if labels is not None:
                return Routed(template.operation, labels)
        return Unrouted(
            f"{self.service.title} has no operation {request.method} {request.path}; "
            "an ARN in a path must be percent-encoded (`/` as %2F)"
        )

    def _by_name(self, name: str, where: str) -> Routed | Unrouted:
        operation = self.service.operations.get(name)
        if operation is None:
            return Unrouted(f"{self.service.title} has no operation {name!r}; one of its names is expected in {where}")
        return Routed(operation, {})


def router_for(service: Service) -> Router:
    """Index the operations of ``service``."""
    return Router(service, _index(service.operations.values()) if service.protocol is Protocol.REST_JSON else {})


def _index(operations: Iterable[Operation]) -> Mapping[tuple[str, int], tuple[_Template, ...]]:
    index: dict[tuple[str, int], tuple[_Template, ...]] = {}
    for operation in operations:
        segments = tuple(operation.uri.split("/")[1:])
        key = (operation.method, len(segments))
        index[key] = (*index.get(key, ()), _Template(segments, operation))
    return index


def _is_cbor(request: Request) -> bool:
    return (
        request.headers.get("smithy-protocol", "") == "rpc-v2-cbor"
        or request.headers.get("content-type", "").partition(";")[0] == "application/cbor"
    )


def _target_name(request: Request, service: Service) -> str:
    prefix, _, name = request.headers.get("x-amz-target", "").rpartition(".")
    return name if prefix == service.target_prefix else request.headers.get("x-amz-target", "")


def _action(request: Request) -> str:
    return dict(parse_qsl(request.body.decode("utf-8", "replace"))).get("Action", "")
