"""Targets whose pods are ready but for our readiness gate (decision 18)."""

from collections.abc import Iterator
from typing import NamedTuple

from lattice_gateway.core.lattice.units import Target
from lattice_gateway.core.objects import Endpoint, EndpointSlice, Pod, Ref
from lattice_gateway.core.objects.refs import Kind
from lattice_gateway.core.translate.endpoints import Behind, Socket, behind, ports_of
from lattice_gateway.core.translate.inputs import PODS, last_good
from lattice_gateway.core.translate.view import Cells, View


class Gated(NamedTuple):
    """A target that waits for us, or whose pod becomes ready at this moment."""

    target: Target
    pod: Ref


def view_gated(view: View, socket: Socket) -> tuple[Gated, ...] | None:
    """Addresses that nothing but our gate keeps from being ready, each once, in order; None where there are none.

    An endpoint that is shown ready is not looked at, unless its Service shows pods before they are.
    """
    found = behind(view, socket)
    if found is None:
        return None
    early = found.service.spec.publish_not_ready_addresses
    gated = {
        each
        for part in found.slices
        for endpoint in part.endpoints
        if not endpoint.conditions.terminating and (early or not endpoint.conditions.ready)
        for each in _gated(view, found, part, endpoint)
    }
    return tuple(sorted(gated)) or None


def _gated(view: View, found: Behind, part: EndpointSlice, endpoint: Endpoint) -> Iterator[Gated]:
    """The targets of one endpoint; an address that its pod does not have any more, or not yet, is none."""
    pod = _pod(view, part.metadata.namespace, endpoint)
    if pod is not None and pod.is_ready_but_for_us:
        for address in filter(pod.has, endpoint.addresses):
            for port in ports_of(part, found.names):
                yield Gated(Target(address, port), pod.ref)


def _pod(view: View, namespace: str, endpoint: Endpoint) -> Pod | None:
    """The pod with a gate behind an endpoint; not another one of its name that came before or after it."""
    ref = endpoint.target_ref
    if ref is None or ref.kind != Kind.POD or ref.namespace not in {"", namespace}:
        return None
    pod = last_good(view.get(PODS, Ref(Kind.POD, namespace, ref.name)))
    return pod if pod is not None and ref.uid in {"", pod.metadata.uid} else None


GATED: Cells[Socket, tuple[Gated, ...] | None] = Cells("gated endpoints", view_gated)
