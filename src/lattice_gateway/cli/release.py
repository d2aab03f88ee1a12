"""``lattice-gateway release-finalizers``: lets go what waits for a controller that was uninstalled first.

In: the cluster of a kubeconfig. Out: objects without our finalizers. Nothing is deleted, neither in the cluster (what
people asked to delete goes by itself then) nor in VPC Lattice.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Final

from lattice_gateway.adapters.kube import NotConfigured
from lattice_gateway.adapters.kube.api import Api, KubeFailure
from lattice_gateway.adapters.kube.catalogue import Catalogue, Served, discover
from lattice_gateway.adapters.kube.changing import Changer
from lattice_gateway.adapters.kube.client import open_client, read_config
from lattice_gateway.adapters.kube.connect import always
from lattice_gateway.adapters.kube.finalizers import without
from lattice_gateway.adapters.kube.known import Known
from lattice_gateway.adapters.kube.reading import Seen, read_item
from lattice_gateway.cli.at_work import at_work
from lattice_gateway.cli.exits import CommandError, Exit
from lattice_gateway.cli.glance import listed
from lattice_gateway.cli.where import InCluster
from lattice_gateway.core.objects import CLUSTER_SCOPED, GatewayClass, Kind, Ref
from lattice_gateway.core.objects.annotations import Annotation
from lattice_gateway.core.objects.finalizers import FINALIZERS
from lattice_gateway.core.objects.gateway import CONTROLLER_NAME
from lattice_gateway.engine.clock import SystemClock

STAYS: Final = (
    "What they have in VPC Lattice stays there, with our tags. A controller installed again with the same account, VPC "
    "and cluster name takes up what its objects ask for; `lattice-gateway sweep` names the rest and deletes what you "
    "name of it."
)
REMEDY: Final = "it removes them by itself when objects are deleted; uninstall it first, or say --force"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was typed: only these objects (all that are shown where empty), whether to do it, and at what risk."""

    names: tuple[str, ...] = ()
    agreed: bool = False
    forced: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """Objects that carry our finalizer, ordered, and kinds that the caller may not list."""

    objects: tuple[Seen, ...]
    hidden: tuple[Kind, ...]


async def release_text(place: InCluster, wanted: Wanted) -> tuple[str, Exit]:
    """What carries our finalizers, or what became of each, and the exit code.

    0: nothing of what was asked for carries one any more; 2: something does, and nothing was done; 3: refused, a
    controller is at work. Raises ``CommandError``, also where nothing was found and not everything may be seen.
    """
    try:
        config = read_config(place.kubeconfig, place.context)
        shown = None if place.everywhere else place.namespace or config.namespace
        async with open_client(config) as api:
            kinds = await discover(api)
            held = await _held(api, kinds, shown)
            chosen = tuple(_chosen(held.objects, wanted.names))
            if not chosen or not wanted.agreed:
                return _listing(chosen, held.hidden, shown)
            if not wanted.forced and (who := await at_work(api, SystemClock())):
                return f"Nothing was changed, as a controller is at work: {who}; {REMEDY}.", Exit.REFUSED
            return "\n".join([await _released(api, kinds, chosen), *_doubts(held.hidden)]), Exit.DONE
    except NotConfigured as error:
        raise CommandError(f"no cluster: {error}") from error
    except KubeFailure as failure:
        raise CommandError(f"the cluster cannot be read: {failure}") from failure


async def _held(api: Api, kinds: Catalogue, namespace: str | None) -> Held:
    """What carries a finalizer of ours: in one namespace, or (None) in all, and what lives in none."""
    asked = [kinds[kind] for kind in FINALIZERS if kind in kinds and (namespace is None or kind not in CLUSTER_SCOPED)]
    lists = await asyncio.gather(*(listed(api, _collection(served, namespace)) for served in asked))
    answers = dict(zip((served.kind for served in asked), lists, strict=True))
    seen = chain.from_iterable((read_item(item, served) for item in answers[served.kind] or ()) for served in asked)
    objects = sorted((each for each in seen if _is_held(each)), key=lambda each: each.ref)
    return Held(tuple(objects), tuple(kind for kind, answer in answers.items() if answer is None))


def _collection(served: Served, namespace: str | None) -> str:
    return served.collection if namespace is None else f"{served.root}/namespaces/{namespace}/{served.plural}"


def _is_held(seen: Seen) -> bool:
    """Whether our finalizer is on it; that of classes is everybody's, so it is ours on classes of ours only."""
    if FINALIZERS[seen.ref.kind] not in seen.metadata.finalizers:
        return False
    if seen.ref.kind is not Kind.GATEWAY_CLASS:
        return True
    return isinstance(seen.thing, GatewayClass) and seen.thing.spec.controller_name == CONTROLLER_NAME


def _chosen(held: Sequence[Seen], names: Sequence[str]) -> Iterable[Seen]:
    """Those that are named, or all; raises ``CommandError`` for a name that is nobody's."""
    for name in names:
        if not any(_is_named(each.ref, name) for each in held):
            found = ", ".join(_name(each.ref) for each in held) or "none"
            raise CommandError(f"{name} carries no finalizer of ours where was looked; those that do: {found}")
    return (each for each in held if not names or any(_is_named(each.ref, name) for name in names))


def _is_named(ref: Ref, name: str) -> bool:
    kind, _, rest = name.partition("/")
    return kind.lower() == ref.kind.lower() and rest in {ref.name, f"{ref.namespace}/{ref.name}"}


def _name(ref: Ref) -> str:
    """As it is typed."""
    return f"{ref.kind}/{ref.namespace}/{ref.name}" if ref.namespace else f"{ref.kind}/{ref.name}"


def _listing(chosen: Sequence[Seen], hidden: Sequence[Kind], shown: str | None) -> tuple[str, Exit]:
    where = "the cluster" if shown is None else f"namespace {shown}"
    doubts = _doubts(hidden)
    if not chosen and doubts:
        raise CommandError(f"nothing that was seen in {where} carries a finalizer of ours; {' '.join(doubts)}")
    if not chosen:
        return f"Nothing in {where} carries a finalizer of ours.", Exit.DONE
    rows = [f"  {_row(each)}" for each in chosen]
    ending = f"Nothing was changed; --yes takes the finalizers off. {STAYS}"
    return "\n".join([f"These objects in {where} carry our finalizers:", *rows, *doubts, "", ending]), Exit.CHANGES


def _doubts(hidden: Sequence[Kind]) -> list[str]:
    return [f"Unknown: {kind} objects may not be listed." for kind in hidden]


def _row(seen: Seen) -> str:
    parts = [f"{_name(seen.ref)}: {FINALIZERS[seen.ref.kind]}"]
    if seen.leaving:
        parts.append("waits to be deleted")
    if arn := seen.metadata.annotations.get(Annotation.SERVICE_ARN):
        parts.append(f"leaves {arn}")
    return ", ".join(parts)


async def _released(api: Api, kinds: Catalogue, chosen: Sequence[Seen]) -> str:
    """Takes the finalizers off, one object after the other; raises ``CommandError`` where one is refused."""
    known = Known()
    known.installed(kinds)
    changer = Changer(api, known, always)
    lines: list[str] = []
    for seen in chosen:
        known.put(seen)
        try:
            there = await changer.change(seen.ref, partial(without, FINALIZERS[seen.ref.kind]))
        except KubeFailure as failure:
            done = "".join(f"{line}\n" for line in lines)
            raise CommandError(f"{done}{_name(seen.ref)} keeps its finalizer: {failure}") from failure
        lines.append(f"released {_row(seen)}" if there else f"gone already: {_name(seen.ref)}")
    return "\n".join([*lines, "", STAYS])
