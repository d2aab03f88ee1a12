"""A cluster, read once with the caller's own rights: what ``plan`` and ``describe`` translate instead of a directory.

In: an API server. Out: the objects as the running controller's reading makes them, and what may not be listed. It
writes nothing and watches nothing.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from lattice_gateway.adapters.kube.api import Api, KubeError, KubeFailure
from lattice_gateway.adapters.kube.catalogue import BUILT_IN, Served, discover, missing
from lattice_gateway.adapters.kube.complaints import not_installed
from lattice_gateway.adapters.kube.follow import PAGE
from lattice_gateway.adapters.kube.reading import Seen, is_read, read_item, read_page
from lattice_gateway.cli.exits import CommandError
from lattice_gateway.core.objects import CLUSTER_SCOPED, EndpointSlice, Kind, Object, Ref

ATTEMPTS: Final = 3
"""Lists of one kind, where the version of the first is history before its last page."""


@dataclass(frozen=True, slots=True, order=True)
class Hidden:
    """Objects of a kind that the caller may not list; those of ``but`` were listed, None: none were."""

    kind: Kind
    but: str | None

    def covers(self, namespace: str) -> bool:
        """Whether objects of this namespace are not seen."""
        return self.but is None or namespace != self.but

    def __str__(self) -> str:
        beyond = f" outside of namespace {self.but}" if self.but is not None else ""
        return f"{self.kind} objects{beyond} may not be listed"


@dataclass(frozen=True, slots=True)
class Glance:
    """What was seen, ordered by reference, and what was not."""

    seen: tuple[Seen, ...]
    hidden: tuple[Hidden, ...]


async def glance(api: Api, namespace: str) -> Glance:
    """Every object of ours; where the cluster as a whole may not be listed, those of ``namespace``.

    Raises ``CommandError`` where the API server does not answer, or lacks the kinds without which there is nothing.
    """
    try:
        catalogue = await discover(api)
        if absent := missing(catalogue):
            raise CommandError(str(not_installed(absent)))
        all_but_pods = [served for kind, served in catalogue.items() if kind is not Kind.POD]
        parts = await asyncio.gather(*(_kind(api, served, namespace) for served in all_but_pods))
        parts.append(await _pods(api, (seen.thing for part in parts for seen in part.seen if seen.thing is not None)))
    except KubeFailure as failure:
        raise CommandError(f"the cluster cannot be read: {failure}") from failure
    return Glance(
        tuple(sorted((seen for part in parts for seen in part.seen), key=lambda seen: seen.ref)),
        tuple(sorted(hidden for part in parts for hidden in part.hidden)),
    )


def unready_services(objects: Iterable[Object]) -> frozenset[Ref]:
    """Services with a pod that is not ready: the pod itself would say whether it is to be registered all the same."""
    slices = (thing for thing in objects if isinstance(thing, EndpointSlice) and thing.service)
    return frozenset(
        Ref(Kind.SERVICE, part.metadata.namespace, part.service or "")
        for part in slices
        if any(not (each.conditions.ready or each.conditions.terminating) for each in part.endpoints)
    )


async def _pods(api: Api, objects: Iterable[Object]) -> Glance:
    """Pods with our readiness gate, looked for only where a pod is not ready: a cluster has very many."""
    served = BUILT_IN[Kind.POD]
    namespaces = sorted({ref.namespace for ref in unready_services(objects)})
    found = [await listed(api, f"{served.root}/namespaces/{each}/{served.plural}") for each in namespaces]
    seen = tuple(seen for items in found if items is not None for seen in _read(items, served))
    return Glance(seen, (Hidden(Kind.POD, None),) if None in found else ())


async def _kind(api: Api, served: Served, namespace: str) -> Glance:
    """One kind, as far as the caller may see it; raises ``KubeFailure``."""
    whole = await listed(api, served.collection)
    if whole is not None:
        return Glance(_read(whole, served), ())
    if served.kind in CLUSTER_SCOPED:
        return Glance((), (Hidden(served.kind, None),))
    part = await listed(api, f"{served.root}/namespaces/{namespace}/{served.plural}")
    if part is None:
        return Glance((), (Hidden(served.kind, None),))
    return Glance(_read(part, served), (Hidden(served.kind, namespace),))


def _read(items: Iterable[bytes], served: Served) -> tuple[Seen, ...]:
    return tuple(read_item(item, served) for item in items if is_read(item, served))


async def listed(api: Api, path: str) -> list[bytes] | None:
    """Every object of a collection as JSON, None where the caller may not list it; raises ``KubeFailure``."""
    last = KubeFailure(KubeError(message=f"{path} changed while it was read"))
    for _ in range(ATTEMPTS):
        try:
            return await _pages(api, path)
        except KubeFailure as failure:
            if failure.error.forbidden:
                return None
            if not failure.error.expired:
                raise
            last = failure
    raise last


async def _pages(api: Api, path: str) -> list[bytes]:
    items: list[bytes] = []
    token = ""
    while True:
        page = read_page(await api.get(path, {"limit": str(PAGE), **({"continue": token} if token else {})}))
        items += [bytes(item) for item in page.items]
        if not page.token:
            return items
        token = page.token
