"""``lattice-gateway describe``: the topology as a tree, or one object's part of it."""

from dataclasses import replace

from rich.markup import escape
from rich.tree import Tree

from lattice_gateway.cli.exits import CommandError
from lattice_gateway.cli.look import Look, look
from lattice_gateway.cli.render.tree import BAD, Picture, add_route, gateway_tree, whole_tree
from lattice_gateway.cli.unknown import routes_shown, unknown_of
from lattice_gateway.cli.where import InCluster, Place
from lattice_gateway.core.objects import Ref
from lattice_gateway.core.translate.topology import Topology

NAMED = 3
"""Parts of a name with its namespace: ``KIND/NAMESPACE/NAME``."""


async def describe_tree(place: Place, name: str | None = None) -> Tree:
    """Everything, or the object called ``KIND/NAME`` or ``KIND/NAMESPACE/NAME``; raises ``CommandError``.

    What cannot be read has no place in the topology, what is unknown no verdict; both stand at the end.
    """
    seen = await look(_at(place, name))
    if name is not None:
        tree = _one(seen, name)
    else:
        tree = whole_tree(Picture.of(_shown(seen), seen.observed))
        for problem in seen.read.snapshot.problems:
            tree.add(f"{BAD} {escape(str(problem))}")
    for one in unknown_of(seen):
        tree.add(f"[yellow]?[/] unknown: {escape(str(one))}")
    return tree


def _at(place: Place, name: str | None) -> Place:
    """In a cluster, the namespace that the name itself names is shown, unless another one was asked for."""
    parts = (name or "").split("/")
    if not isinstance(place, InCluster) or place.everywhere or place.namespace is not None or len(parts) != NAMED:
        return place
    return replace(place, namespace=parts[1])


def _shown(seen: Look) -> Topology:
    """What belongs to the namespace that is shown, and the Gateways of others that its routes name."""
    sight, routes = seen.read.sight, tuple(routes_shown(seen))
    named = {parent.gateway for route in routes for parent in route.standing.parents}
    return replace(
        seen.topology,
        routes=routes,
        gateways=tuple(one for one in seen.topology.gateways if one.ref in named or sight.shows([one.ref.namespace])),
        unbuilt=tuple(ref for ref in seen.topology.unbuilt if sight.shows([ref.namespace])),
    )


def _one(seen: Look, name: str) -> Tree:
    topology = _shown(seen)
    picture = Picture.of(topology, seen.observed)
    found = [gateway for gateway in topology.gateways if _is_named(gateway.ref, name)]
    if found:
        return gateway_tree(found[0], picture)
    routes = [route for route in topology.routes if _is_named(route.ref, name)]
    if not routes:
        known = [str(gateway.ref) for gateway in topology.gateways]
        known += [str(route.ref) for route in topology.routes]
        raise CommandError(f"{name} is no Gateway or route of ours; found {', '.join(known) or 'none'}")
    tree = Tree("[bold]lattice-gateway[/]", guide_style="dim")
    for route in routes:
        add_route(tree, route, picture)
    return tree


def _is_named(ref: Ref, name: str) -> bool:
    kind, _, rest = name.partition("/")
    return kind.lower() == ref.kind.lower() and rest in {ref.name, f"{ref.namespace}/{ref.name}"}
